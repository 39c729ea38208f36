//! The variables that every job gets without anybody writing them. What is known of each, and which
//! are missing, stands in `known`.
//!
//! What cannot be known here (a merge request, a registry, a token) is not set at all, because a
//! rule or a script tells an unset variable from an empty one.

use super::Context;
use super::slug::slug;

/// The version of GitLab whose behaviour is followed.
const GITLAB_VERSION: &str = "18.5.0";

/// The identifier of every project.
const PROJECT_ID: &str = "1";

/// The source of merge request pipelines.
const MERGE_REQUEST: &str = "merge_request_event";

/// What the predefined variables need to know of a job.
pub(super) struct JobFacts<'a> {
    pub(super) id: u64,
    pub(super) name: &'a str,
    /// Its name in the file, without what `parallel` adds.
    pub(super) group: &'a str,
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
    let tags: Vec<String> = context.tags.iter().flatten().map(|tag| format!("\"{tag}\"")).collect();
    list.set("CI_RUNNER_TAGS", format!("[{}]", tags.join(", ")));
    list.set("CI_RUNNER_ID", "1");
    list.set("CI_RUNNER_VERSION", env!("CARGO_PKG_VERSION"));
    list.set("CI_TEMPLATE_REGISTRY_HOST", "registry.gitlab.com");
    list.set("CI_SHARED_ENVIRONMENT", "true");
    if context.event() == MERGE_REQUEST {
        merge_request(&mut list, context);
    }
    if let Some(parent) = context.upstream.last() {
        list.set("CI_UPSTREAM_PIPELINE_ID", parent.pipeline_id.to_string());
        list.set("CI_UPSTREAM_JOB_ID", parent.job_id.to_string());
        list.set("CI_UPSTREAM_PROJECT_ID", PROJECT_ID);
    }
    list.set("GITLAB_USER_ID", "1");
    list.set("GITLAB_USER_EMAIL", &*context.user.email);
    list.set("GITLAB_USER_LOGIN", &*context.user.login);
    list.set("GITLAB_USER_NAME", &*context.user.name);
    list.0
}

/// The variables that `include` may name: what is known before the file is read, and what the
/// command line says. A project that is on no GitLab takes what it includes from gitlab.com.
pub fn of_includes(context: &Context) -> Vec<(String, String)> {
    let mut known = context.clone();
    let server = context.given().rev().find(|(name, _)| name == "CI_SERVER_URL");
    if let Some((_, url)) = server {
        known.git.remote = format!("{}/", url.trim_end_matches('/'));
    } else if Remote::parse(&known.git.remote).host == Remote::parse("").host {
        known.git.remote = "https://gitlab.com/".to_owned();
    }
    let predefined = of_pipeline(&known).into_iter();
    let given = context.given().cloned();
    let mut all: Vec<(String, String)> = Vec::new();
    for (name, value) in predefined.map(|(name, value)| (name.to_owned(), value)).chain(given) {
        all.retain(|(other, _)| *other != name);
        all.push((name, value));
    }
    all
}

/// The variables of one job.
pub(super) fn of_job(job: &JobFacts<'_>) -> Vec<(&'static str, String)> {
    let mut list = List(Vec::with_capacity(12));
    list.set("CI_JOB_ID", job.id.to_string());
    list.set("CI_JOB_NAME", job.name);
    list.set("CI_JOB_NAME_SLUG", slug(job.name));
    list.set("CI_JOB_GROUP_NAME", job.group);
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
    list.set("CI_SERVER_SHELL_SSH_HOST", remote.host);
    list.set("CI_SERVER_SHELL_SSH_PORT", "22");
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
    list.set("CI_PROJECT_ID", PROJECT_ID);
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
    // A pipeline is a branch's, a tag's or a merge request's.
    let ref_name = if git.tag.is_empty() || context.event() == MERGE_REQUEST {
        if context.event() != MERGE_REQUEST {
            list.set_known("CI_COMMIT_BRANCH", &git.branch);
        }
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

/// A merge request of the branch that is checked out into the default branch. Everything about it
/// can be said otherwise with variables of the command line.
fn merge_request(list: &mut List, context: &Context) {
    let git = &context.git;
    let default = if git.default_branch.is_empty() { "main" } else { &git.default_branch };
    let path = context.project_path.as_str();
    let url = format!("{}/{path}", Remote::parse(&git.remote).url());
    list.set("CI_MERGE_REQUEST_ID", "1");
    list.set("CI_MERGE_REQUEST_IID", "1");
    list.set("CI_MERGE_REQUEST_EVENT_TYPE", "detached");
    list.set("CI_MERGE_REQUEST_DRAFT", "false");
    list.set("CI_MERGE_REQUEST_SQUASH_ON_MERGE", "false");
    list.set("CI_MERGE_REQUEST_REF_PATH", "refs/merge-requests/1/head");
    list.set("CI_MERGE_REQUEST_TITLE", git.message.lines().next().unwrap_or_default());
    list.set("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", &*git.branch);
    list.set("CI_MERGE_REQUEST_SOURCE_BRANCH_PROTECTED", "false");
    list.set("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", default);
    list.set("CI_MERGE_REQUEST_TARGET_BRANCH_PROTECTED", "true");
    list.set("CI_MERGE_REQUEST_PROJECT_ID", "1");
    list.set("CI_MERGE_REQUEST_PROJECT_PATH", path);
    list.set("CI_MERGE_REQUEST_PROJECT_URL", &*url);
    list.set("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "1");
    list.set("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", path);
    list.set("CI_MERGE_REQUEST_SOURCE_PROJECT_URL", url);
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
    use std::collections::BTreeSet;

    use super::super::known::{Here, KNOWN};
    use super::super::{Context, GitFacts, Upstream};
    use super::{JobFacts, Remote, of_job, of_pipeline};

    /// What is set elsewhere: while the job runs, with its image, or with its environment.
    const ELSEWHERE: [&str; 9] = [
        "CI_ENVIRONMENT_ACTION",
        "CI_ENVIRONMENT_NAME",
        "CI_ENVIRONMENT_SLUG",
        "CI_ENVIRONMENT_TIER",
        "CI_ENVIRONMENT_URL",
        "CI_JOB_IMAGE",
        "CI_JOB_STARTED_AT",
        "CI_JOB_STATUS",
        "CI_PIPELINE_NAME",
    ];

    #[test]
    fn what_is_said_of_a_variable_is_what_is_done_about_it() {
        let git = |branch: &str, tag: &str| GitFacts {
            commit: "0".repeat(40),
            branch: branch.to_owned(),
            tag: tag.to_owned(),
            timestamp: "2026-01-02T03:04:05Z".to_owned(),
            remote: "https://gitlab.com/a/b.git".to_owned(),
            ..GitFacts::default()
        };
        let now = "2026-01-02T03:04:05Z".to_owned();
        let push = Context { git: git("b", ""), now, ..Context::default() };
        let tag = Context { git: git("", "v1"), ..push.clone() };
        let source = "merge_request_event".to_owned();
        let request = Context { source, ..push.clone() };
        let job = JobFacts {
            id: 1,
            name: "j 1/2",
            group: "j",
            stage: "test",
            timeout_seconds: 1,
            manual: true,
            node: Some((1, 2)),
        };
        let names = |list: Vec<(&'static str, String)>| list.into_iter().map(|(name, _)| name);
        let mut set: BTreeSet<&str> = ELSEWHERE.into_iter().collect();
        set.extend(names(of_job(&job)));
        set.extend(names(of_pipeline(&push)).chain(names(of_pipeline(&tag))));
        let upstream = Upstream { pipeline_id: 1, source: "push".to_owned(), job_id: 2 };
        let child = Context { upstream: vec![upstream], ..push.clone() };
        set.extend(names(of_pipeline(&child)));
        let requests: BTreeSet<&str> =
            names(of_pipeline(&request)).filter(|name| !set.contains(name)).collect();
        for known in KNOWN {
            let (here, with_request) = (set.contains(known.name), requests.contains(known.name));
            let said = match known.here {
                Here::Never(_) => (false, false),
                Here::Request(_) => (false, true),
                _ => (true, false),
            };
            assert_eq!((here, with_request), said, "{}", known.name);
        }
        let table: Vec<&str> = KNOWN.iter().map(|known| known.name).collect();
        for name in set.iter().chain(&requests) {
            assert!(table.contains(name), "{name} is set and not told");
        }
        assert!(table.is_sorted(), "by name");
    }

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
