//! GitLab's API: files at commits, releases of components.

use std::cell::RefCell;
use std::collections::HashMap;

use semver::Version;
use serde_json::Value;

use super::source::{Remotes, authority};
use crate::http::Error;
use crate::pipeline::{Fetched, LoadError};

/// The most bytes of an answer that is not a file.
const MAX_ANSWER: u64 = 8 << 20;

/// Pages of a hundred releases that are looked through.
const MAX_PAGES: usize = 5;

/// The project that GitLab's templates are in, the directory there, and whose GitLab has it.
const TEMPLATES: (&str, &str, &str) =
    ("gitlab-org/gitlab", "lib/gitlab/ci/templates", "https://gitlab.com");

/// What GitLab said already: the commit of a project's branch or tag.
pub(super) type Memory = HashMap<(String, String, String), String>;

/// Asks GitLab.
pub(super) struct Gitlab<'a> {
    pub(super) remotes: &'a Remotes,
    pub(super) memory: &'a RefCell<Memory>,
    pub(super) limit: u64,
}

impl Gitlab<'_> {
    /// A file of a project.
    pub(super) fn project(
        &self,
        server: &str,
        project: &str,
        reference: Option<&str>,
        path: &str,
    ) -> Result<Fetched, LoadError> {
        let commit = self.commit(server, project, reference.unwrap_or("HEAD"))?;
        let bytes = self.file(server, project, &commit, path).map_err(|error| {
            self.failure(server, &error, &format!("there is no `{path}` in `{project}`"))
        })?;
        let at = reference.map(|reference| format!("@{reference}")).unwrap_or_default();
        Ok(Fetched {
            bytes,
            name: format!("{project}{at}:{path}"),
            commit: Some(commit),
            project: Some(project.to_owned()),
            component: vec![],
        })
    }

    /// One of GitLab's templates, of the newest GitLab.
    pub(super) fn template(&self, server: &str, path: &str) -> Result<Fetched, LoadError> {
        let (project, directory, home) = TEMPLATES;
        // A server on this very machine stands in for all of GitLab.
        let is_local =
            ["127.", "localhost", "[::1]"].iter().any(|host| authority(server).starts_with(host));
        let server = if is_local { server } else { home };
        let path = path.trim_start_matches('/');
        let found = self.project(server, project, None, &format!("{directory}/{path}"))?;
        Ok(Fetched { name: format!("template:{path}"), ..found })
    }

    /// A component: `HOST/GROUP/PROJECT/NAME@VERSION`.
    pub(super) fn component(&self, server: &str, address: &str) -> Result<Fetched, LoadError> {
        let wrong = |reason: &str| LoadError::Unavailable {
            reason: reason.to_owned(),
            help: "write `component: gitlab.com/group/project/name@1.0`".to_owned(),
        };
        let (path, version) =
            address.rsplit_once('@').ok_or_else(|| wrong("it names no version"))?;
        let (host, path) = path.split_once('/').ok_or_else(|| wrong("it names no project"))?;
        let (project, name) = path.rsplit_once('/').ok_or_else(|| wrong("it names no project"))?;
        if project.is_empty() || name.is_empty() || version.is_empty() {
            return Err(wrong("it is not complete"));
        }
        let server = match host.eq_ignore_ascii_case(authority(server)) {
            true => server.to_owned(),
            false => format!("https://{host}"),
        };
        let (commit, tag) = self.version(&server, project, version)?;
        let single = format!("templates/{name}.yml");
        let (bytes, path) = match self.file(&server, project, &commit, &single) {
            Ok(bytes) => (bytes, single),
            Err(error) if error.status() == Some(404) => {
                let path = format!("templates/{name}/template.yml");
                let bytes = self.file(&server, project, &commit, &path).map_err(|error| {
                    let missing = format!("there is no component `{name}` in `{project}`");
                    self.failure(&server, &error, &missing)
                })?;
                (bytes, path)
            }
            Err(error) => return Err(self.failure(&server, &error, "it is not there")),
        };
        let fact = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Ok(Fetched {
            bytes,
            name: format!("{host}/{project}@{version}:{path}"),
            component: vec![
                fact("name", name),
                fact("reference", version),
                fact("sha", &commit),
                fact("version", &tag),
            ],
            commit: Some(commit),
            project: Some(project.to_owned()),
        })
    }

    /// The commit and the tag that a component's version means.
    fn version(
        &self,
        server: &str,
        project: &str,
        version: &str,
    ) -> Result<(String, String), LoadError> {
        let is_part = |part: &str| part.bytes().all(|b| b.is_ascii_digit()) && !part.is_empty();
        let parts: Vec<&str> = version.split('.').collect();
        let wanted: Vec<u64> = match version {
            "~latest" => vec![],
            _ if parts.len() <= 2 && parts.iter().all(|part| is_part(part)) => {
                parts.iter().filter_map(|part| part.parse().ok()).collect()
            }
            _ => {
                let commit = self.commit(server, project, version)?;
                return Ok((commit, version.to_owned()));
            }
        };
        let mut best: Option<(Version, String, String)> = None;
        for page in 1..=MAX_PAGES {
            let id = encoded(project);
            let url = format!("{server}/api/v4/projects/{id}/releases?per_page=100&page={page}");
            let answer = self.json(server, &url, &format!("there is no project `{project}`"))?;
            let releases = answer.as_array().map(Vec::as_slice).unwrap_or_default();
            for release in releases {
                let text = |value: &Value| value.as_str().map(str::to_owned);
                let (Some(tag), Some(commit)) =
                    (text(&release["tag_name"]), text(&release["commit"]["id"]))
                else {
                    continue;
                };
                let Ok(found) = Version::parse(tag.trim_start_matches('v')) else { continue };
                let numbers = [found.major, found.minor];
                let fits = found.pre.is_empty() && numbers.starts_with(&wanted);
                if fits && best.as_ref().is_none_or(|(best, ..)| found > *best) {
                    best = Some((found, tag, commit));
                }
            }
            if releases.len() < 100 {
                break;
            }
        }
        match best {
            Some((_, tag, commit)) if is_commit(&commit) => Ok((commit, tag)),
            _ => Err(LoadError::Unavailable {
                reason: format!("`{project}` has no release that is `{version}`"),
                help: "name a tag, a branch or a commit after the `@`".to_owned(),
            }),
        }
    }

    /// The commit of a branch or a tag.
    fn commit(&self, server: &str, project: &str, reference: &str) -> Result<String, LoadError> {
        if is_commit(reference) {
            return Ok(reference.to_owned());
        }
        let key = (server.to_owned(), project.to_owned(), reference.to_owned());
        if let Some(commit) = self.memory.borrow().get(&key) {
            return Ok(commit.clone());
        }
        let (id, name) = (encoded(project), encoded(reference));
        let url = format!("{server}/api/v4/projects/{id}/repository/commits/{name}");
        let missing = match reference {
            "HEAD" => format!("there is no project `{project}`"),
            _ => format!("there is no `{reference}` in `{project}`, or no such project"),
        };
        let answer = self.json(server, &url, &missing)?;
        // What comes from the server becomes part of addresses and of names of files.
        match answer["id"].as_str().filter(|id| is_commit(id)) {
            Some(commit) => {
                self.memory.borrow_mut().insert(key, commit.to_owned());
                Ok(commit.to_owned())
            }
            None => Err(LoadError::Unavailable {
                reason: format!("{} does not answer as GitLab does", authority(server)),
                help: "name the address of GitLab: --var CI_SERVER_URL=https://…".to_owned(),
            }),
        }
    }

    fn file(
        &self,
        server: &str,
        project: &str,
        commit: &str,
        path: &str,
    ) -> Result<Vec<u8>, Error> {
        let (id, file) = (encoded(project), encoded(path));
        let url = format!("{server}/api/v4/projects/{id}/repository/files/{file}/raw?ref={commit}");
        self.remotes.get(&url, self.limit, self.remotes.is_server(&url))
    }

    fn json(&self, server: &str, url: &str, missing: &str) -> Result<Value, LoadError> {
        let bytes = self
            .remotes
            .get(url, MAX_ANSWER, self.remotes.is_server(url))
            .map_err(|error| self.failure(server, &error, missing))?;
        serde_json::from_slice(&bytes).map_err(|error| LoadError::Unavailable {
            reason: format!("{} does not answer as GitLab does: {error}", authority(server)),
            help: "name the address of GitLab: --var CI_SERVER_URL=https://…".to_owned(),
        })
    }

    fn failure(&self, server: &str, error: &Error, missing: &str) -> LoadError {
        let host = authority(server);
        let (reason, help) = match error.status() {
            Some(404) => (
                format!("{host}: {missing} (404)"),
                "a private project needs a token: --secret GITLAB_TOKEN",
            ),
            Some(status @ (401 | 403)) => (
                format!("{host} does not let us see it ({status})"),
                "give a token that may read the project: --secret GITLAB_TOKEN",
            ),
            Some(_) => (
                format!("{host}: {}", error.problem),
                "try again later; --offline uses what was fetched before",
            ),
            None => (
                format!("{host}: {}", error.problem),
                "check the connection, or name another GitLab: --var CI_SERVER_URL=https://…",
            ),
        };
        LoadError::Unavailable { reason, help: help.to_owned() }
    }
}

/// Whether a text is the name of a commit.
pub(super) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A text as one part of an address's path.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            // Two dots alone would be taken for a step up.
            b'.' if text.trim_matches('.').is_empty() => out.push_str("%2E"),
            b'.' => out.push('.'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
