//! The variables that every job gets without anybody writing them: GitLab's `CI_*` core set.
//!
//! What cannot be known here (a merge request, a registry, a token) is not set at all, because a
//! rule or a script tells an unset variable from an empty one.

use super::Context;
use super::slug::slug;

/// The version of GitLab whose behaviour is followed.
const GITLAB_VERSION: &str = "18.5.0";

/// What the predefined variables need to know of a job.
pub(super) struct JobFacts<'a> {
    pub(super) id: u64,
    pub(super) name: &'a str,
    pub(super) stage: &'a str,
    pub(super) timeout_seconds: u64,
    pub(super) manual: bool,
    /// Its number among parallel jobs, from 1, and how many there are.
    pub(super) node: Option<(usize, usize)>,
}

/// A list of variables being made.
struct List(Vec<(&'static str, String)>);

impl List {
    fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.push((name, value.into()));
    }

    fn set_known(&mut self, name: &'static str, value: &str) {
        if !value.is_empty() {
            self.set(name, value);
        }
    }
}

/// The variables that are the same for all jobs.
pub(super) fn of_pipeline(context: &Context) -> Vec<(&'static str, String)> {
    let mut list = List(Vec::with_capacity(64));
    list.set("CI", "true");
    list.set("GITLAB_CI", "true");
    list.set("GITLAB_FEATURES", "");
    server(&mut list, context);
    project(&mut list, context);
    commit(&mut list, context);
    let id = context.pipeline_id.to_string();
    list.set("CI_PIPELINE_ID", id.clone());
    list.set("CI_PIPELINE_IID", id);
    list.set("CI_PIPELINE_SOURCE", &*context.source);
    list.set("CI_PIPELINE_TRIGGERED", (context.source == "trigger").to_string());
    list.set_known("CI_PIPELINE_CREATED_AT", &context.now);
    list.set("CI_CONFIG_PATH", &*context.config_path);
    list.set("CI_BUILDS_DIR", parent(&context.project_dir));
    list.set("CI_CONCURRENT_ID", "0");
    list.set("CI_CONCURRENT_PROJECT_ID", "0");
    list.set("CI_RUNNER_DESCRIPTION", "greenroom");
    list.set("CI_RUNNER_EXECUTABLE_ARCH", "wasi/wasm32");
    list.set("CI_RUNNER_TAGS", "[]");
    list.set("CI_RUNNER_VERSION", env!("CARGO_PKG_VERSION"));
    list.set("CI_SHARED_ENVIRONMENT", "true");
    list.set("GITLAB_USER_EMAIL", &*context.user.email);
    list.set("GITLAB_USER_LOGIN", &*context.user.login);
    list.set("GITLAB_USER_NAME", &*context.user.name);
    list.0
}

/// The variables of one job.
pub(super) fn of_job(job: &JobFacts<'_>) -> Vec<(&'static str, String)> {
    let mut list = List(Vec::with_capacity(12));
    list.set("CI_JOB_ID", job.id.to_string());
    list.set("CI_JOB_NAME", job.name);
    list.set("CI_JOB_NAME_SLUG", slug(job.name));
    list.set("CI_JOB_STAGE", job.stage);
    list.set("CI_JOB_TIMEOUT", job.timeout_seconds.to_string());
    list.set("CI_NODE_TOTAL", job.node.map_or(1, |(_, total)| total).to_string());
    if let Some((index, _)) = job.node {
        list.set("CI_NODE_INDEX", index.to_string());
    }
    if job.manual {
        list.set("CI_JOB_MANUAL", "true");
    }
    list.0
}

fn server(list: &mut List, context: &Context) {
    let remote = Remote::parse(&context.git.remote);
    list.set("CI_SERVER", "yes");
    list.set("CI_SERVER_NAME", "GitLab");
    list.set("CI_SERVER_PROTOCOL", remote.protocol);
    list.set("CI_SERVER_HOST", remote.host);
    list.set("CI_SERVER_PORT", remote.port());
    list.set("CI_SERVER_FQDN", remote.fqdn());
    list.set("CI_SERVER_URL", remote.url());
    list.set("CI_API_V4_URL", format!("{}/api/v4", remote.url()));
    list.set("CI_API_GRAPHQL_URL", format!("{}/api/graphql", remote.url()));
    list.set("CI_SERVER_VERSION", GITLAB_VERSION);
    let mut parts = GITLAB_VERSION.split('.');
    for name in ["CI_SERVER_VERSION_MAJOR", "CI_SERVER_VERSION_MINOR", "CI_SERVER_VERSION_PATCH"] {
        list.set(name, parts.next().unwrap_or("0"));
    }
    list.set("CI_SERVER_REVISION", "");
    list.set("CI_PROJECT_URL", format!("{}/{}", remote.url(), context.project_path));
    list.set_known("CI_REPOSITORY_URL", &context.git.remote);
}

fn project(list: &mut List, context: &Context) {
    let path = context.project_path.as_str();
    let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
    list.set("CI_PROJECT_ID", "1");
    list.set("CI_PROJECT_DIR", &*context.project_dir);
    list.set("CI_PROJECT_NAME", name);
    list.set("CI_PROJECT_TITLE", name);
    list.set("CI_PROJECT_PATH", path);
    list.set("CI_PROJECT_PATH_SLUG", slug(path));
    list.set("CI_PROJECT_NAMESPACE", namespace);
    list.set("CI_PROJECT_NAMESPACE_SLUG", slug(namespace));
    list.set("CI_PROJECT_ROOT_NAMESPACE", namespace.split('/').next().unwrap_or_default());
    list.set("CI_PROJECT_VISIBILITY", "private");
}

fn commit(list: &mut List, context: &Context) {
    let git = &context.git;
    let default = if git.default_branch.is_empty() { "main" } else { &git.default_branch };
    list.set("CI_DEFAULT_BRANCH", default);
    list.set("CI_DEFAULT_BRANCH_SLUG", slug(default));
    list.set_known("CI_COMMIT_SHA", &git.commit);
    list.set_known("CI_COMMIT_SHORT_SHA", git.commit.get(..8).unwrap_or(&git.commit));
    let before = if git.parent.is_empty() { &"0".repeat(40) } else { &git.parent };
    list.set("CI_COMMIT_BEFORE_SHA", before.as_str());
    // A pipeline is a branch's or a tag's, never both.
    let ref_name = if git.tag.is_empty() {
        list.set_known("CI_COMMIT_BRANCH", &git.branch);
        &git.branch
    } else {
        list.set("CI_COMMIT_TAG", &*git.tag);
        &git.tag
    };
    list.set_known("CI_COMMIT_REF_NAME", ref_name);
    list.set_known("CI_COMMIT_REF_SLUG", &slug(ref_name));
    list.set("CI_COMMIT_REF_PROTECTED", "false");
    let (title, description) = match git.message.split_once('\n') {
        Some((title, rest)) => (title, rest.trim_start_matches('\n')),
        None => (git.message.as_str(), ""),
    };
    list.set("CI_COMMIT_MESSAGE", &*git.message);
    list.set("CI_COMMIT_TITLE", title.trim_end());
    list.set("CI_COMMIT_DESCRIPTION", description);
    list.set("CI_COMMIT_AUTHOR", &*git.author);
    list.set_known("CI_COMMIT_TIMESTAMP", &git.timestamp);
}

fn parent(path: &str) -> &str {
    match path.trim_end_matches('/').rsplit_once('/') {
        Some((parent, _)) if !parent.is_empty() => parent,
        _ => "/",
    }
}

/// The server that the remote of a repository names.
struct Remote<'a> {
    protocol: &'a str,
    host: &'a str,
    port: Option<&'a str>,
}

impl<'a> Remote<'a> {
    /// Reads `https://host:port/path`, `ssh://git@host/path` and `git@host:path`. Without any the
    /// server is `localhost`.
    fn parse(address: &'a str) -> Self {
        let nowhere = Self { protocol: "https", host: "localhost", port: None };
        let (protocol, rest) = match address.split_once("://") {
            Some((scheme @ ("http" | "https"), rest)) => (scheme, rest),
            Some(("ssh" | "git", rest)) => ("https", rest),
            Some(_) => return nowhere,
            None => match address.split_once(':') {
                Some((host, _)) if !host.contains('/') => ("https", host),
                _ => return nowhere,
            },
        };
        let authority = rest.split('/').next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        let (host, port) = match host.split_once(':') {
            // The port of ssh says nothing about the web server.
            Some((host, port)) if address.starts_with("http") => (host, Some(port)),
            Some((host, _)) => (host, None),
            None => (host, None),
        };
        if host.is_empty() { nowhere } else { Self { protocol, host, port } }
    }

    fn port(&self) -> &'a str {
        self.port.unwrap_or(if self.protocol == "http" { "80" } else { "443" })
    }

    fn fqdn(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.to_owned(),
        }
    }

    fn url(&self) -> String {
        format!("{}://{}", self.protocol, self.fqdn())
    }
}

#[cfg(test)]
mod tests {
    use super::Remote;

    #[test]
    fn the_server_is_read_from_the_remote() {
        for (address, url, port) in [
            ("https://gitlab.com/group/project.git", "https://gitlab.com", "443"),
            ("http://git.example:8080/a/b", "http://git.example:8080", "8080"),
            ("git@gitlab.com:group/project.git", "https://gitlab.com", "443"),
            ("ssh://git@git.example:2222/a/b.git", "https://git.example", "443"),
            ("https://user@git.example/a", "https://git.example", "443"),
            ("/srv/git/project.git", "https://localhost", "443"),
            ("file:///srv/git", "https://localhost", "443"),
            ("", "https://localhost", "443"),
        ] {
            let remote = Remote::parse(address);
            assert_eq!((remote.url().as_str(), remote.port()), (url, port), "{address}");
        }
    }
}
