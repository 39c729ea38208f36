use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::Url;
use reqwest::redirect::{Attempt, Policy};

use super::error::{Error, Problem};
use super::request::Request;

/// Redirects that are followed.
const MAX_REDIRECTS: usize = 10;

/// Whom to trust and how long to wait.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Hosts (`host` or `host:port`) that may be reached without encryption.
    pub plain_hosts: BTreeSet<String>,
    /// Files of further certificates to trust, in PEM format.
    pub certificates: Vec<PathBuf>,
    /// How long to wait.
    pub timing: Timing,
}

/// How long to wait, and how often to try.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// For a connection.
    pub connect: Duration,
    /// For the next bytes.
    pub stall: Duration,
    /// For all of one attempt. A download that still makes progress then is given up.
    pub total: Duration,
    /// Attempts altogether.
    pub attempts: u32,
    /// Before the second attempt; doubled for each further one. A server may ask for more.
    pub pause: Duration,
    /// The longest pause, also if a server asks for more.
    pub longest_pause: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            stall: Duration::from_secs(30),
            total: Duration::from_secs(3600),
            attempts: 4,
            pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(20),
        }
    }
}

/// Makes requests. Clones share their connections.
#[derive(Clone, Debug, Default)]
pub struct Client {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    config: Config,
    inner: OnceLock<Result<reqwest::Client, String>>,
}

impl Client {
    /// A client, which costs nothing until its first request.
    pub fn new(config: Config) -> Self {
        Self { shared: Arc::new(Shared { config, inner: OnceLock::new() }) }
    }

    pub(super) fn timing(&self) -> &Timing {
        &self.shared.config.timing
    }

    pub(super) fn inner(&self) -> Result<&reqwest::Client, Problem> {
        let made = self.shared.inner.get_or_init(|| build(&self.shared.config));
        made.as_ref().map_err(|reason| Problem::Setup(reason.clone()))
    }

    /// Checks that an address may be asked.
    pub(super) fn check(&self, request: &Request) -> Result<Url, Error> {
        let failed = |problem| Error { url: request.shown(), problem, attempts: 1 };
        let url = Url::parse(&request.url)
            .map_err(|error| failed(Problem::Url(format!("it is no address: {error}"))))?;
        allowed(&url, &self.shared.config.plain_hosts)
            .map_err(|reason| failed(Problem::Url(reason)))?;
        Ok(url)
    }
}

/// Makes rustls use ring, once in a process. Everything that speaks TLS calls it first.
pub fn install_crypto() {
    // An error says that somebody was faster, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn build(config: &Config) -> Result<reqwest::Client, String> {
    install_crypto();
    let plain_hosts = config.plain_hosts.clone();
    let certificates = certificates(&config.certificates)?;
    reqwest::Client::builder()
        .user_agent(concat!("greenroom/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(config.timing.connect)
        .timeout(config.timing.total)
        // A reused connection that the server has closed looks like a fault of the server.
        .pool_idle_timeout(Duration::from_secs(15))
        .referer(false)
        .redirect(Policy::custom(move |attempt| redirect(attempt, &plain_hosts)))
        .tls_certs_merge(certificates)
        .build()
        .map_err(|error| format!("cannot set up HTTPS: {}", super::error::reason(&error)))
}

fn certificates(files: &[PathBuf]) -> Result<Vec<reqwest::Certificate>, String> {
    let mut all = Vec::new();
    for file in files {
        let cannot =
            |reason: String| format!("cannot use the certificates in {}: {reason}", file.display());
        let pem = read(file).map_err(|error| cannot(error.to_string()))?;
        let found = reqwest::Certificate::from_pem_bundle(&pem)
            .map_err(|error| cannot(super::error::reason(&error)))?;
        if found.is_empty() {
            return Err(cannot("there is none in PEM format".to_owned()));
        }
        all.extend(found);
    }
    Ok(all)
}

/// At most 4 MiB: more than all certificate authorities of the web.
fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read;
    let mut bytes = Vec::new();
    std::fs::File::open(file)?.take(4 << 20).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn redirect(attempt: Attempt<'_>, plain_hosts: &BTreeSet<String>) -> reqwest::redirect::Action {
    if attempt.previous().contains(attempt.url()) {
        return attempt.error("its redirects lead in a circle");
    }
    if attempt.previous().len() > MAX_REDIRECTS {
        return attempt.error(format!("it redirects more than {MAX_REDIRECTS} times"));
    }
    match allowed(attempt.url(), plain_hosts) {
        Ok(()) => attempt.follow(),
        Err(reason) => {
            attempt.error(format!("it redirects to an address that is refused: {reason}"))
        }
    }
}

fn allowed(url: &Url, plain_hosts: &BTreeSet<String>) -> Result<(), String> {
    let Some(host) = url.host_str() else { return Err("it names no host".to_owned()) };
    match url.scheme() {
        "https" => Ok(()),
        "http" => {
            let is_named = |name: &str| plain_hosts.contains(name);
            let with_port = format!("{host}:{}", url.port_or_known_default().unwrap_or(80));
            if is_loopback(url) || is_named(host) || is_named(&with_port) {
                Ok(())
            } else {
                Err(format!(
                    "http://{host} is not encrypted; use https, or allow it in the user's \
                     greenroom.toml: [registries.{host:?}] http = true"
                ))
            }
        }
        scheme => Err(format!("{scheme}:// cannot be used; write https://…")),
    }
}

/// Whether an address is this very machine.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or("");
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
