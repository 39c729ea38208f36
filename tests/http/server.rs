//! A small HTTP server on 127.0.0.1 that misbehaves as it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What came in.
#[derive(Clone, Debug)]
#[allow(dead_code, reason = "not every suite looks at everything")]
pub(crate) struct Incoming {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
}

impl Incoming {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// What goes out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The length to announce, if not the body's.
    pub(crate) announce: Option<u64>,
    /// After so many bytes of the body nothing comes any more.
    pub(crate) stall_after: Option<usize>,
    /// After so many bytes of the body the connection ends.
    pub(crate) cut_after: Option<usize>,
    /// The body is sent again and again, without an announced length.
    pub(crate) endless: bool,
}

#[allow(dead_code, reason = "not every suite makes every answer")]
impl Answer {
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, body: body.into(), ..Self::default() }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn redirect(to: &str) -> Self {
        Self::status(302).header("Location", to)
    }
}

type Handler = dyn Fn(&Incoming) -> Answer + Send + Sync;

pub(crate) struct Server {
    address: String,
    seen: Arc<Mutex<Vec<Incoming>>>,
    stopped: Arc<AtomicBool>,
}

#[allow(dead_code, reason = "not every suite needs everything")]
impl Server {
    pub(crate) fn start(handler: impl Fn(&Incoming) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let stopped = Arc::new(AtomicBool::new(false));
        let handler: Arc<Handler> = Arc::new(handler);
        let (log, stop) = (Arc::clone(&seen), Arc::clone(&stopped));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let (handler, log, stop) =
                    (Arc::clone(&handler), Arc::clone(&log), Arc::clone(&stop));
                thread::spawn(move || serve(&stream, &*handler, &log, &stop));
            }
        });
        Self { address, seen, stopped }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> &str {
        &self.address
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Incoming> {
        self.seen.lock().unwrap().clone()
    }

    /// How many requests there were for a path.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.seen().iter().filter(|incoming| incoming.path == path).count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(&self.address);
    }
}

fn serve(stream: &TcpStream, handler: &Handler, log: &Mutex<Vec<Incoming>>, stop: &AtomicBool) {
    let mut reader = BufReader::new(stream);
    while let Some(incoming) = read(&mut reader) {
        log.lock().unwrap().push(incoming.clone());
        let answer = handler(&incoming);
        if respond(stream, &incoming, &answer, stop).is_none() {
            break;
        }
    }
    let _ = stream.shutdown(std::net::Shutdown::Both);
}

fn read(reader: &mut BufReader<&TcpStream>) -> Option<Incoming> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
    let mut words = line.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|n| *n > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let incoming = Incoming { method, path, headers };
    if let Some(length) = incoming.header("content-length").and_then(|v| v.parse().ok()) {
        std::io::copy(&mut reader.take(length), &mut std::io::sink()).ok()?;
    }
    Some(incoming)
}

fn respond(
    mut stream: &TcpStream,
    incoming: &Incoming,
    answer: &Answer,
    stop: &AtomicBool,
) -> Option<()> {
    let mut head = format!("HTTP/1.1 {} Reason\r\n", answer.status);
    for (name, value) in &answer.headers {
        head += &format!("{name}: {value}\r\n");
    }
    let length = answer.announce.unwrap_or(answer.body.len() as u64);
    if answer.endless {
        head += "Connection: close\r\n\r\n";
    } else {
        head += &format!("Content-Length: {length}\r\n\r\n");
    }
    stream.write_all(head.as_bytes()).ok()?;
    if incoming.method == "HEAD" {
        return Some(());
    }
    if answer.endless {
        while !stop.load(Ordering::Relaxed) {
            stream.write_all(&answer.body).ok()?;
        }
        return None;
    }
    if let Some(count) = answer.stall_after {
        stream.write_all(&answer.body[..count]).ok()?;
        while !stop.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(20));
        }
        return None;
    }
    if let Some(count) = answer.cut_after {
        stream.write_all(&answer.body[..count]).ok()?;
        return None;
    }
    stream.write_all(&answer.body).ok()
}
