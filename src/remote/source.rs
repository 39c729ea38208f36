//! A source as `include` names it → a file.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

use super::gitlab::{self, Gitlab};
use super::store::{Found, Store};
use crate::http::{Client, Error, Problem, Request, header};
use crate::pipeline::{Fetched, LoadError, Source};

/// How long a file that may change is taken from the store without asking.
const FRESH: Duration = Duration::from_secs(600);

/// How long all files of a pipeline may take to fetch.
const PATIENCE: Duration = Duration::from_secs(120);

/// Whom to ask, and with what.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// The address of GitLab, as in `https://gitlab.com`.
    pub server: String,
    /// A token for it.
    pub token: Option<String>,
    /// Nobody is asked: only what is stored is there.
    pub offline: bool,
    /// What is stored is asked for again.
    pub refresh: bool,
}

/// Fetches files.
#[derive(Debug)]
pub struct Remotes {
    access: Access,
    client: Client,
    store: Option<Store>,
    /// Hosts that could not be reached, so that each is waited for once.
    unreachable: RefCell<HashMap<String, String>>,
    started: RefCell<Option<Instant>>,
    gitlab: RefCell<gitlab::Memory>,
}

impl Remotes {
    /// Without a store every file is fetched anew.
    pub fn new(access: Access, client: Client, store: Option<Store>) -> Self {
        Self {
            access,
            client,
            store,
            unreachable: RefCell::default(),
            started: RefCell::default(),
            gitlab: RefCell::default(),
        }
    }

    /// Begins with the files of another pipeline, which have the same time again.
    pub fn begin(&self) {
        self.unreachable.borrow_mut().clear();
        *self.started.borrow_mut() = None;
    }

    /// A file from elsewhere, of at most `limit` bytes.
    ///
    /// # Errors
    /// If it cannot be had: the error says why, and what to do.
    pub fn fetch(&self, source: &Source, limit: u64) -> Result<Fetched, LoadError> {
        let key = format!("{}\n{source:?}", self.access.server);
        let stored = self.store.as_ref().and_then(|store| store.find(&key));
        if let Some(Found { fetched, time }) = &stored {
            let age = SystemTime::now().duration_since(*time).unwrap_or_default();
            let fresh = !self.access.refresh && (age < FRESH || is_fixed(source));
            if (self.access.offline || fresh) && fetched.bytes.len() as u64 <= limit {
                return Ok(fetched.clone());
            }
        }
        if self.access.offline {
            return Err(LoadError::Unavailable {
                reason: "it was not fetched before, and --offline asks nobody".to_owned(),
                help: "run greenroom check once without --offline".to_owned(),
            });
        }
        match self.ask(source, limit) {
            Ok(fetched) => {
                if let Some(store) = &self.store {
                    // A store that fails costs time and nothing else.
                    let _ = store.keep(&key, &fetched);
                }
                Ok(fetched)
            }
            Err(LoadError::Unavailable { reason, .. }) if stored.is_some() => {
                let help = "--offline uses what was fetched before".to_owned();
                Err(LoadError::Unavailable { reason, help })
            }
            Err(error) => Err(error),
        }
    }

    fn ask(&self, source: &Source, limit: u64) -> Result<Fetched, LoadError> {
        let gitlab = Gitlab { remotes: self, memory: &self.gitlab, limit };
        match source {
            Source::Remote { url, .. } => {
                let bytes = self.get(url, limit, false).map_err(|error| self.address(&error))?;
                let name = url.split(['?', '#']).next().unwrap_or_default().to_owned();
                Ok(Fetched { bytes, name, ..Fetched::default() })
            }
            Source::Project { project, reference, path } => {
                gitlab.project(&self.access.server, project, reference.as_deref(), path)
            }
            Source::Template { path } => gitlab.template(&self.access.server, path),
            Source::Component { address } => gitlab.component(&self.access.server, address),
        }
    }

    /// What is at an address. The token is only sent to the server that it is for.
    pub(super) fn get(&self, url: &str, limit: u64, with_token: bool) -> Result<Vec<u8>, Error> {
        let failed = |problem| Error { url: shown(url), problem, attempts: 1 };
        let started = *self.started.borrow_mut().get_or_insert_with(Instant::now);
        let Some(left) = PATIENCE.checked_sub(started.elapsed()) else {
            return Err(failed(Problem::Stalled(PATIENCE)));
        };
        let host = authority(url).to_owned();
        if let Some(reason) = self.unreachable.borrow().get(&host) {
            return Err(failed(Problem::Connect(reason.clone())));
        }
        let mut request = Request::get(url, limit);
        if with_token && let Some(token) = &self.access.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let answer = on_a_thread(&self.client, &request, left);
        if let Err(Error { problem: Problem::Connect(reason), .. }) = &answer {
            self.unreachable.borrow_mut().insert(host, reason.clone());
        }
        answer
    }

    /// Whether the token is for an address.
    pub(super) fn is_server(&self, url: &str) -> bool {
        let scheme = |url: &str| url.split_once("://").map(|(scheme, _)| scheme.to_lowercase());
        authority(url).eq_ignore_ascii_case(authority(&self.access.server))
            && scheme(url) == scheme(&self.access.server)
    }

    fn address(&self, error: &Error) -> LoadError {
        let help = match error.status() {
            Some(401 | 403 | 404) => {
                "GitLab fetches addresses without a login: for files of \
                                      a private project use `project` and `file`"
            }
            Some(_) => "try again later; --offline uses what was fetched before",
            None => "check the address and the connection",
        };
        LoadError::Unavailable { reason: error.problem.to_string(), help: help.to_owned() }
    }
}

/// Whether a source can never mean another content.
fn is_fixed(source: &Source) -> bool {
    match source {
        Source::Remote { integrity, .. } => integrity.is_some(),
        Source::Project { reference, .. } => reference.as_deref().is_some_and(gitlab::is_commit),
        Source::Component { address } => {
            address.rsplit_once('@').is_some_and(|(_, version)| gitlab::is_commit(version))
        }
        Source::Template { .. } => false,
    }
}

/// Host and port.
pub(super) fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest[..end].rsplit('@').next().unwrap_or_default()
}

fn shown(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().to_owned()
}

/// Makes a request on a thread of its own: whoever asks may or may not be within a runtime.
fn on_a_thread(client: &Client, request: &Request, limit: Duration) -> Result<Vec<u8>, Error> {
    let failed =
        |reason: String| Error { url: String::new(), problem: Problem::Setup(reason), attempts: 1 };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("fetch".to_owned());
        let handle = thread.spawn_scoped(scope, || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| failed(error.to_string()))?;
            runtime.block_on(async {
                match tokio::time::timeout(limit, client.fetch(request)).await {
                    Ok(answer) => answer.map(|response| response.body),
                    Err(_) => Err(failed(format!("it took longer than {} s", limit.as_secs()))),
                }
            })
        });
        match handle.map(|handle| handle.join()) {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(failed("the download ended unexpectedly".to_owned())),
            Err(error) => Err(failed(format!("no thread: {error}"))),
        }
    })
}
