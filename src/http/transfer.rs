//! One request from its first attempt to its last.

use std::time::{Duration, SystemTime};

use reqwest::Url;
use reqwest::header::{CONTENT_RANGE, HeaderMap, RANGE, RETRY_AFTER};
use tokio::time::{sleep, timeout};

use super::client::Client;
use super::error::{Error, Problem, reason};
use super::request::{Request, Response, shown};

/// What a server says about an error is read up to here.
const MAX_MESSAGE: usize = 4096;

/// Takes a download as it comes.
pub trait Sink: Send {
    /// Everything so far is void: the download begins anew. `total` is what it will have, if the
    /// server says so.
    ///
    /// # Errors
    /// Ends the download.
    fn begin(&mut self, total: Option<u64>) -> std::io::Result<()>;

    /// Takes the next bytes.
    ///
    /// # Errors
    /// Ends the download.
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()>;
}

impl Sink for Vec<u8> {
    fn begin(&mut self, _: Option<u64>) -> std::io::Result<()> {
        self.clear();
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.extend_from_slice(bytes);
        Ok(())
    }
}

/// How one attempt failed.
struct Failed {
    problem: Problem,
    /// Whether another attempt may do better.
    again: bool,
    /// What the server asks for.
    pause: Option<Duration>,
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self { problem, again: false, pause: None }
    }
}

impl Client {
    /// Makes a request and reads the answer into memory.
    ///
    /// # Errors
    /// [`Error`], also if the answer's status is not a success.
    pub async fn fetch(&self, request: &Request) -> Result<Response, Error> {
        let mut body = Vec::new();
        let mut response = self.download(request, &mut body).await?;
        response.body = body;
        Ok(response)
    }

    /// Makes a request and hands the answer to a sink as it comes; the response's own body stays
    /// empty. A download that breaks off is taken up where it was if the server can do that.
    ///
    /// # Errors
    /// [`Error`], also if the answer's status is not a success.
    pub async fn download(
        &self,
        request: &Request,
        sink: &mut dyn Sink,
    ) -> Result<Response, Error> {
        let url = self.check(request)?;
        let timing = *self.timing();
        let mut pause = timing.pause;
        let mut attempts = 0;
        let mut progress = Progress::default();
        loop {
            attempts += 1;
            let before = progress.received;
            let failed = match self.attempt(request, &url, sink, &mut progress).await {
                Ok(response) => return Ok(response),
                Err(failed) => failed,
            };
            if !failed.again || attempts >= timing.attempts {
                return Err(Error { url: shown(&url), problem: failed.problem, attempts });
            }
            if progress.received > before {
                // It is slow going, but going.
                pause = timing.pause;
            }
            let asked = failed.pause.unwrap_or(pause).max(pause).min(timing.longest_pause);
            sleep(asked).await;
            pause = (pause * 2).min(timing.longest_pause);
        }
    }

    async fn attempt(
        &self,
        request: &Request,
        url: &Url,
        sink: &mut dyn Sink,
        progress: &mut Progress,
    ) -> Result<Response, Failed> {
        let client = self.inner()?;
        let stall = self.timing().stall;
        let headers = request.header_map().map_err(Problem::Url)?;
        let built = if request.head { client.head(url.clone()) } else { client.get(url.clone()) };
        let mut built = built.headers(headers);
        if progress.can_resume {
            built = built.header(RANGE, format!("bytes={}-", progress.received));
        }
        let answer = timeout(stall + self.timing().connect, built.send()).await;
        let mut response = match answer {
            Err(_) => return Err(again(Problem::Stalled(stall))),
            Ok(Err(error)) => return Err(request_failed(&error)),
            Ok(Ok(response)) => response,
        };
        let status = response.status();
        if !status.is_success() {
            let pause = retry_after(response.headers());
            let message = timeout(stall, message(&mut response)).await.unwrap_or_default();
            let problem = Problem::Status { status: status.as_u16(), message };
            let busy = matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504);
            // The rest may have become another resource.
            progress.can_resume = false;
            return Err(Failed { problem, again: busy, pause });
        }
        let made = Response {
            status: status.as_u16(),
            url: response.url().to_string(),
            body: Vec::new(),
            headers: response.headers().clone(),
        };
        if request.head {
            return Ok(made);
        }
        let resumed = status.as_u16() == 206
            && progress.can_resume
            && range_start(&made) == Some(progress.received);
        let rest = response.content_length();
        if !resumed {
            if let Some(size) = rest {
                let limit = request.limit;
                if size > limit {
                    return Err(Problem::TooLarge { limit, announced: Some(size) }.into());
                }
                check_size(request, size)?;
            }
            *progress = Progress::default();
            sink.begin(rest).map_err(Problem::Sink)?;
        }
        let expected = rest.map(|rest| rest.saturating_add(progress.received));
        progress.can_resume = false;
        loop {
            let chunk = match timeout(stall, response.chunk()).await {
                Err(_) => {
                    progress.can_resume = request.expected.is_some() && progress.received > 0;
                    return Err(again(Problem::Stalled(stall)));
                }
                Ok(Err(error)) => {
                    progress.can_resume = request.expected.is_some() && progress.received > 0;
                    return Err(again(Problem::CutShort(reason(&error))));
                }
                Ok(Ok(None)) => break,
                Ok(Ok(Some(chunk))) => chunk,
            };
            progress.received = progress.received.saturating_add(chunk.len() as u64);
            let limit = request.limit.min(request.expected.unwrap_or(u64::MAX));
            if progress.received > limit {
                return Err(Problem::TooLarge { limit, announced: None }.into());
            }
            sink.write(&chunk).map_err(Problem::Sink)?;
        }
        if expected.is_some_and(|expected| expected != progress.received) {
            return Err(again(Problem::CutShort("its end is missing".to_owned())));
        }
        check_size(request, progress.received)?;
        Ok(made)
    }
}

/// How far a download has come, over all attempts.
#[derive(Default)]
struct Progress {
    received: u64,
    can_resume: bool,
}

fn check_size(request: &Request, size: u64) -> Result<(), Problem> {
    match request.expected {
        Some(expected) if expected != size => {
            Err(Problem::CutShort(format!("it has {size} bytes, and should have {expected}")))
        }
        _ => Ok(()),
    }
}

fn again(problem: Problem) -> Failed {
    Failed { problem, again: true, pause: None }
}

fn request_failed(error: &reqwest::Error) -> Failed {
    if error.is_redirect() {
        return Problem::Redirects(reason(error)).into();
    }
    if error.is_builder() {
        return Problem::Url(reason(error)).into();
    }
    let reason = reason(error);
    // A certificate does not become good by asking again.
    let certificate = reason.contains("certificate");
    let problem = if certificate || error.is_connect() || error.is_timeout() {
        Problem::Connect(reason)
    } else {
        Problem::CutShort(reason)
    };
    Failed { problem, again: !certificate, pause: None }
}

/// The start of a server's words about an error: the message of a registry, or plain text.
async fn message(response: &mut reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_MESSAGE {
            break;
        }
    }
    bytes.truncate(MAX_MESSAGE);
    let text = String::from_utf8_lossy(&bytes);
    let json = serde_json::from_str::<serde_json::Value>(&text).ok();
    let message = json.as_ref().and_then(|json| {
        let registry = json.pointer("/errors/0/message");
        registry.or_else(|| json.get("error")).or_else(|| json.get("message"))?.as_str()
    });
    let is_page = text.trim_start().starts_with('<');
    let text = message.unwrap_or(if is_page || json.is_some() { "" } else { &text });
    crate::diagnostic::printable(text.lines().next().unwrap_or("")).chars().take(200).collect()
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    httpdate(value)?.duration_since(SystemTime::now()).ok()
}

/// The preferred form of a date in HTTP (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
fn httpdate(text: &str) -> Option<SystemTime> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let rest = text.split_once(", ")?.1.strip_suffix(" GMT")?;
    let mut parts = rest.split(' ');
    let (day, month, year, time) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    humantime::parse_rfc3339(&format!("{year}-{month:02}-{day}T{time}Z")).ok()
}

/// Where a part of a resource begins: `bytes 100-199/200`.
fn range_start(response: &Response) -> Option<u64> {
    let range = response.header(CONTENT_RANGE.as_str())?.strip_prefix("bytes ")?;
    range.split_once('-')?.0.parse().ok()
}
