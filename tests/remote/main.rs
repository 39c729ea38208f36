//! Files from elsewhere, against a server on this machine that answers as GitLab does.

#[path = "../http/server.rs"]
mod server;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use greenroom::http::{Client, Config, Timing};
use greenroom::pipeline::{Fetched, LoadError, Source};
use greenroom::remote::{Access, Remotes, Store};
use server::{Answer, Incoming, Server};

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";
const OTHER: &str = "89abcdef0123456789abcdef0123456789abcdef";

/// A GitLab with one project of templates, `group/ci`, and its releases.
fn gitlab(incoming: &Incoming) -> Answer {
    let project = "/api/v4/projects/group%2Fci";
    let private = "/api/v4/projects/group%2Fprivate";
    let token = incoming.header("authorization");
    let path = incoming.path.as_str();
    let commit = |sha: &str| Answer::ok(format!("{{\"id\": \"{sha}\"}}"));
    let raw = |file: &str, sha: &str| format!("/repository/files/{file}/raw?ref={sha}");
    if let Some(rest) = path.strip_prefix(private) {
        return match token {
            Some("Bearer t0ken") if rest == "/repository/commits/HEAD" => commit(SHA),
            Some("Bearer t0ken") if rest == raw("a.yml", SHA) => Answer::ok("a: {script: a}\n"),
            _ => Answer::status(404),
        };
    }
    match path {
        "/redirected.yml" => return Answer::redirect("/plain.yml"),
        "/plain.yml" => return Answer::ok("plain: {script: plain}\n"),
        "/large.yml" => return Answer::ok("x".repeat(5000)),
        "/down.yml" => return Answer::status(503),
        _ => {}
    }
    let Some(rest) = path.strip_prefix(project) else { return Answer::status(404) };
    match rest {
        "/repository/commits/HEAD" | "/repository/commits/v1" => commit(SHA),
        "/repository/commits/odd" => Answer::ok("{\"id\": \"../../etc\"}"),
        "/repository/commits/page" => Answer::ok("<html>sign in</html>"),
        "/releases?per_page=100&page=1" => Answer::ok(format!(
            "[{{\"tag_name\": \"2.0.0-rc1\", \"commit\": {{\"id\": \"{OTHER}\"}}}},
              {{\"tag_name\": \"1.2.0\", \"commit\": {{\"id\": \"{SHA}\"}}}},
              {{\"tag_name\": \"1.10.0\", \"commit\": {{\"id\": \"{OTHER}\"}}}},
              {{\"tag_name\": \"1.2.9\", \"commit\": {{\"id\": \"{SHA}\"}}}}]"
        )),
        rest if rest == raw("jobs%2Fbuild.yml", SHA) => {
            Answer::ok("include: /jobs/more.yml\nbuild: {script: make}\n")
        }
        rest if rest == raw("jobs%2Fmore.yml", SHA) => Answer::ok("more: {script: more}\n"),
        rest if rest == raw("templates%2Fscan.yml", OTHER) => Answer::ok(
            "spec:\n  inputs: {stage: {default: test}}\n  component: [name, version]\n---\n\
             \"$[[ component.name ]]-$[[ component.version ]]\":\n  stage: $[[ inputs.stage ]]\n  \
             script: scan\n",
        ),
        rest if rest == raw("templates%2Fdeep%2Ftemplate.yml", SHA) => {
            Answer::ok("deep: {script: deep}\n")
        }
        _ => Answer::status(404),
    }
}

fn remotes(server: &str, store: Option<&Path>, change: impl Fn(&mut Access)) -> Remotes {
    let mut access = Access { server: server.to_owned(), ..Access::default() };
    change(&mut access);
    let timing = Timing { attempts: 1, ..Timing::default() };
    let client = Client::new(Config { timing, ..Config::default() });
    Remotes::new(access, client, store.map(Store::new))
}

fn project(project: &str, reference: Option<&str>, path: &str) -> Source {
    Source::Project {
        project: project.to_owned(),
        reference: reference.map(str::to_owned),
        path: path.to_owned(),
    }
}

fn component(host: &str, rest: &str) -> Source {
    Source::Component { address: format!("{host}/{rest}") }
}

fn reason(result: Result<Fetched, LoadError>) -> String {
    match result {
        Err(LoadError::Unavailable { reason, help }) => format!("{reason} | {help}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn files_of_projects_are_read_at_one_commit() {
    let server = Server::start(gitlab);
    let remotes = remotes(&server.url(""), None, |_| {});
    let build = remotes.fetch(&project("group/ci", Some("v1"), "jobs/build.yml"), 1000).unwrap();
    assert_eq!(build.name, "group/ci@v1:jobs/build.yml");
    assert_eq!(build.commit.as_deref(), Some(SHA));
    remotes.fetch(&project("group/ci", Some("v1"), "jobs/more.yml"), 1000).unwrap();
    let commits = "/api/v4/projects/group%2Fci/repository/commits/v1";
    assert_eq!(server.count(commits), 1, "asked for once");
    for (source, expected) in [
        (project("group/ci", None, "none.yml"), "there is no `none.yml` in `group/ci` (404)"),
        (project("group/none", None, "a.yml"), "there is no project `group/none` (404)"),
        (project("group/ci", Some("nowhere"), "a.yml"), "there is no `nowhere` in `group/ci`"),
        (project("group/ci", Some("odd"), "a.yml"), "does not answer as GitLab does"),
        (project("group/ci", Some("page"), "a.yml"), "does not answer as GitLab does"),
    ] {
        let shown = reason(remotes.fetch(&source, 1000));
        assert!(shown.contains(expected), "{source:?}: {shown}");
    }
}

#[test]
fn components_have_versions() {
    let server = Server::start(gitlab);
    let remotes = remotes(&server.url(""), None, |_| {});
    let fetch = |rest: &str| remotes.fetch(&component(server.host(), rest), 1000);
    for version in ["~latest", "1", "1.10", "1.10.0"] {
        // The last one is a tag, for which the releases are not asked.
        let found = fetch(&format!("group/ci/scan@{version}"));
        if version == "1.10.0" {
            assert!(reason(found).contains("there is no `1.10.0`"));
            continue;
        }
        let facts = found.unwrap().component;
        let fact = |name: &str| facts.iter().find(|(n, _)| n == name).unwrap().1.clone();
        assert_eq!((fact("name"), fact("version")), ("scan".to_owned(), "1.10.0".to_owned()));
        assert_eq!((fact("reference"), fact("sha")), (version.to_owned(), OTHER.to_owned()));
    }
    assert_eq!(fetch("group/ci/deep@1.2").unwrap().bytes, b"deep: {script: deep}\n");
    assert_eq!(fetch(&format!("group/ci/scan@{OTHER}")).unwrap().commit.as_deref(), Some(OTHER));
    for (rest, expected) in [
        ("group/ci/scan@7", "has no release that is `7`"),
        ("group/ci/none@1", "there is no component `none`"),
        ("group/ci/scan", "it names no version"),
        ("scan@1", "it names no project"),
    ] {
        let shown = reason(fetch(rest));
        assert!(shown.contains(expected), "{rest}: {shown}");
    }
}

#[test]
fn the_token_goes_to_its_server_only() {
    let server = Server::start(gitlab);
    let elsewhere = Server::start(|incoming| {
        assert_eq!(incoming.header("authorization"), None, "{incoming:?}");
        Answer::status(404)
    });
    let remotes = remotes(&server.url(""), None, |access| access.token = Some("t0ken".to_owned()));
    assert!(remotes.fetch(&project("group/private", None, "a.yml"), 1000).is_ok());
    let address = elsewhere.url("/x.yml");
    let remote = |url: String| Source::Remote { url, integrity: None };
    assert!(remotes.fetch(&remote(address), 1000).is_err());
    // Not even there, if the address does not come from the server's own API.
    assert!(remotes.fetch(&remote(server.url("/plain.yml")), 1000).is_ok());
    let plain = server.seen().into_iter().find(|seen| seen.path == "/plain.yml").unwrap();
    assert_eq!(plain.header("authorization"), None);
    let without = self::remotes(&server.url(""), None, |_| {});
    let shown = reason(without.fetch(&project("group/private", None, "a.yml"), 1000));
    assert!(shown.contains("404") && shown.contains("--secret GITLAB_TOKEN"), "{shown}");
    assert_eq!(elsewhere.seen().len(), 1);
}

#[test]
fn addresses_have_limits() {
    let server = Server::start(gitlab);
    let remotes = remotes(&server.url(""), None, |_| {});
    let fetch = |url: String| remotes.fetch(&Source::Remote { url, integrity: None }, 1000);
    assert_eq!(fetch(server.url("/redirected.yml")).unwrap().bytes, b"plain: {script: plain}\n");
    for (url, expected) in [
        (server.url("/large.yml"), "more than the limit of 1000"),
        (server.url("/down.yml"), "the server answers 503"),
        (server.url("/none.yml"), "404"),
        ("http://git.example/x.yml".to_owned(), "encrypt"),
        ("http://127.0.0.1:1/x.yml".to_owned(), "cannot connect"),
    ] {
        let shown = reason(fetch(url.clone()));
        assert!(shown.contains(expected), "{url}: {shown}");
    }
}

#[test]
fn what_was_fetched_is_there_offline() {
    let server = Server::start(gitlab);
    let dir = tempfile::tempdir().unwrap();
    let store = Some(dir.path());
    let source = project("group/ci", Some("v1"), "jobs/build.yml");
    let address = server.url("");
    let fetched = remotes(&address, store, |_| {}).fetch(&source, 1000).unwrap();
    let asked = server.seen().len();
    let offline = || remotes(&address, store, |access| access.offline = true);
    assert_eq!(offline().fetch(&source, 1000).unwrap(), fetched);
    // What was fetched a moment ago is not asked for again, unless that is wanted.
    assert_eq!(remotes(&address, store, |_| {}).fetch(&source, 1000).unwrap(), fetched);
    assert_eq!(server.seen().len(), asked);
    remotes(&address, store, |access| access.refresh = true).fetch(&source, 1000).unwrap();
    assert!(server.seen().len() > asked);
    let other = project("group/ci", None, "jobs/more.yml");
    assert!(reason(offline().fetch(&other, 1000)).contains("it was not fetched before"));
    // A stored file that is not what it was is not there.
    for object in fs::read_dir(dir.path().join("objects")).unwrap() {
        fs::write(object.unwrap().path(), "evil: {script: evil}\n").unwrap();
    }
    assert!(reason(offline().fetch(&source, 1000)).contains("it was not fetched before"));
}

fn check(project: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_greenroom"))
        .arg("check")
        .args(arguments)
        .current_dir(project)
        .env("GREENROOM_CACHE_DIR", project.join("cache"))
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

#[test]
fn a_pipeline_is_put_together_from_everywhere() {
    let server = Server::start(gitlab);
    let dir = tempfile::tempdir().unwrap();
    let host = server.host();
    let pipeline = format!(
        "include:\n  - project: $WHERE/ci\n    ref: v1\n    file: [/jobs/build.yml]\n  \
         - component: $CI_SERVER_FQDN/group/ci/scan@~latest\n    inputs: {{stage: build}}\n  \
         - remote: http://{host}/plain.yml\n    \
         integrity: sha256-{digest}\n",
        digest = "l2s5K9kq4g8Tn0RZ4D1M8m3E4Z0Y4b1yqf1cV4Q1R9E="
    );
    fs::write(dir.path().join(".gitlab-ci.yml"), &pipeline).unwrap();
    let server_url = format!("CI_SERVER_URL={}", server.url(""));
    let arguments = ["--var", &server_url, "--var", "WHERE=group"];
    let output = check(dir.path(), &arguments);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains("is not the file that was meant"), "{told}");
    // The message says what the digest is.
    let digest = told.split("its digest is sha256-").nth(1).unwrap().split_whitespace().next();
    let mended = pipeline.replace("l2s5K9kq4g8Tn0RZ4D1M8m3E4Z0Y4b1yqf1cV4Q1R9E=", digest.unwrap());
    fs::write(dir.path().join(".gitlab-ci.yml"), mended).unwrap();
    let output = check(dir.path(), &arguments);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("valid, 4 jobs in 2 stages"), "{told}");
    drop(server);
    let output = check(dir.path(), &[&arguments[..], &["--offline"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
