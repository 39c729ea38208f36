//! Images from an npm registry.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha512};

use super::archive::{Tar, gz, module};
use super::place::Place;
use super::server::{Answer, Server};

fn integrity(bytes: &[u8]) -> String {
    format!("sha512-{}", BASE64_STANDARD.encode(Sha512::digest(bytes)))
}

/// A registry with one package, `@team/tool`, in versions of which each has a tarball.
fn registry(versions: Vec<(&'static str, Vec<u8>)>) -> Server {
    Server::start(move |incoming| {
        let host = incoming.header("host").expect("a host");
        if incoming.path == "/@team%2ftool" {
            let listed: Vec<String> = versions
                .iter()
                .map(|(version, tarball)| {
                    let integrity = integrity(tarball);
                    format!(
                        r#""{version}": {{"dist": {{"tarball": "http://{host}/t/{version}.tgz",
                            "integrity": "{integrity}"}}}}"#
                    )
                })
                .collect();
            let (latest, _) = versions.last().expect("a version");
            let text = format!(
                r#"{{"dist-tags": {{"latest": "{latest}"}}, "versions": {{{}}}}}"#,
                listed.join(",")
            );
            return Answer::ok(text);
        }
        let found = versions.iter().find(|(v, _)| incoming.path == format!("/t/{v}.tgz"));
        found.map_or(Answer::status(404), |(_, tarball)| Answer::ok(tarball.clone()))
    })
}

fn package(text: &str) -> Vec<u8> {
    Tar::default()
        .file("package/package.json", b"{}")
        .file("package/dist/tool-1.2.3.wasm", &module(text))
        .file("package/dist/other.wasm", &module("other"))
        .gz()
}

#[test]
fn a_package_is_pulled_once_and_used_offline() {
    let server = registry(vec![("1.0.0", package("one\\n")), ("1.1.0", package("two\\n"))]);
    let place = Place::new()
        .npm(&server.url("/"))
        .job("npm:@team/tool@^1/dist/tool-1.2.3.wasm", "tool-1.2.3; tool");
    let first = place.run(&["run"]).good();
    assert!(first.stdout.contains("two\n"), "{}", first.all());
    assert_eq!(server.count("/t/1.1.0.tgz"), 1);
    let requests = server.seen().len();
    place.run(&["run"]).good();
    assert_eq!(server.seen().len(), requests, "the second run asks nobody");
    // `always` asks, and downloads nothing that is there.
    place.run(&["run", "--pull", "always"]).good();
    assert_eq!(server.count("/t/1.1.0.tgz"), 1);
    assert!(server.seen().len() > requests);
    drop(server);
    place.run(&["run", "--pull", "never"]).good();
    place.run(&["run", "--pull", "always"]).told("cannot be asked");
    place.run(&["run", "--pull", "always,if-not-present"]).good();
    place.run(&["image", "verify"]).good();
}

#[test]
fn what_is_not_there_is_told() {
    let server = registry(vec![("1.0.0", package("x"))]);
    let place = Place::new().npm(&server.url("/"));
    for (reference, expected) in [
        ("npm:@team/none", "the npm registry has no package @team/none"),
        ("npm:@team/tool@2", "has no version 2; it has 1.0.0"),
        ("npm:@team/tool@1/none.wasm", "there is no none.wasm in it; it has dist/other.wasm"),
        ("node:20", "add one to greenroom.toml, [images] \"node:*\" = "),
        ("npm:..", "its name is not one of a package"),
    ] {
        let told = place.run(&["image", "pull", reference]).told(expected);
        assert!(told.stderr.contains("image `"), "{}", told.all());
    }
    let never = place.job("npm:@team/new@1", "echo");
    never.run(&["run", "--pull", "never"]).told("not in the store, and the pull policy is `never`");
}

#[test]
fn policies_that_are_not_allowed_are_refused() {
    let server = registry(vec![("1.0.0", package("x"))]);
    let place = Place::new()
        .npm(&server.url("/"))
        .settings("allowed_pull_policies = ['never', 'if-not-present']\n")
        .write(
            "project/.gitlab-ci.yml",
            "job:\n  image: {name: 'npm:@team/tool@1', pull_policy: always}\n  script: other\n",
        );
    place.run(&["run"]).told("its pull policy (always) is not one of the allowed ones");
    assert_eq!(server.seen().len(), 0);
    let place = place.write(
        "project/.gitlab-ci.yml",
        "job:\n  image: {name: 'npm:@team/tool@1', pull_policy: [always, if-not-present]}\n  \
         script: other\n",
    );
    place.run(&["run"]).good();
}

#[test]
fn what_is_not_what_it_should_be_is_never_stored() {
    let tarball = package("x");
    let wrong = integrity(b"something else");
    let sent = tarball.clone();
    let server = Server::start(move |incoming| match incoming.path.as_str() {
        "/tool" => {
            let host = incoming.header("host").expect("a host");
            let dist = |url: &str, integrity: &str| {
                format!(
                    r#"{{"dist": {{"tarball": "http://{host}/{url}", "integrity": "{integrity}"}}}}"#
                )
            };
            let good = integrity(&sent);
            Answer::ok(format!(
                r#"{{"versions": {{"1.0.0": {}, "2.0.0": {}, "3.0.0": {}, "4.0.0": {}}}}}"#,
                dist("whole", &wrong),
                dist("cut", &good),
                dist("whole", "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="),
                dist("busy", &good),
            ))
        }
        "/whole" => Answer::ok(sent.clone()),
        "/cut" => Answer { cut_after: Some(100), ..Answer::ok(sent.clone()) },
        "/busy" => Answer::status(503),
        "/page" => Answer::ok("<html>"),
        _ => Answer::status(404),
    });
    let place = Place::new().npm(&server.url("/"));
    for (version, expected) in [
        ("1.0.0", "what was downloaded is not what it should be"),
        ("2.0.0", "the download broke off"),
        ("3.0.0", "gives no SHA-512"),
        ("4.0.0", "the server answers 503"),
    ] {
        place.run(&["image", "pull", &format!("npm:tool@{version}")]).told(expected);
        place.assert_nothing_stored();
    }
    let place = Place::new().npm(&server.url("/page"));
    place.run(&["image", "pull", "npm:tool"]).told("the npm registry");
}

#[test]
fn hostile_packages_reach_nothing() {
    let bomb = gz(&vec![0; 300 << 20]);
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (Tar::default().file("package/../../evil", b"x").gz(), "leads out of the archive"),
        (Tar::default().file("/evil", b"x").gz(), "is an absolute path"),
        (Tar::default().device("package/null").gz(), "is a device"),
        (Tar::default().symlink("package/link", "../../x").gz(), "leads out of the archive"),
        (
            Tar::default().symlink("package/a", "b").hard_link("package/c", "package/a").gz(),
            "a hard link to something that is no file",
        ),
        (Tar::default().hard_link("package/x", "package/../../evil").gz(), "leads out"),
        (Tar::default().hard_link("package/x", "/etc/passwd").gz(), "is an absolute path"),
        (Tar::default().claims("package/huge", 10 << 30).gz(), "unpacks to more than is allowed"),
        (Tar::default().claims("package/cut", 5000).gz(), "cut short"),
        (bomb, "no WebAssembly module"),
        (gz(b"not an archive at all"), "it is damaged"),
        (b"<html>no</html>".to_vec(), "it is damaged"),
        (package("x")[..200].to_vec(), "it cannot be unpacked"),
        (Tar::default().file("package/README", b"x").gz(), "no WebAssembly module"),
    ];
    for (index, (tarball, expected)) in cases.into_iter().enumerate() {
        let server = registry(vec![("1.0.0", tarball)]);
        let place = Place::new().npm(&server.url("/")).write("home/evil", "untouched");
        let told = place.run(&["image", "pull", "npm:@team/tool"]).told(expected);
        assert!(told.stderr.contains("npm:@team/tool"), "{index}: {}", told.all());
        assert_eq!(std::fs::read_to_string(place.path("evil")).expect("there"), "untouched");
        assert_eq!(place.stored("tmp"), Vec::<String>::new(), "{index}");
        if !expected.contains("no WebAssembly") {
            place.assert_nothing_stored();
        }
    }
}

#[test]
fn links_stay_in_the_package() {
    let tarball = Tar::default()
        .symlink("package/absolute", "/real")
        .symlink("package/real", "dist")
        .file("package/real/tool.wasm", &module("linked\\n"))
        .hard_link("package/dist/same.wasm", "package/dist/tool.wasm")
        .gz();
    let server = registry(vec![("1.0.0", tarball)]);
    let place = Place::new().npm(&server.url("/")).job("npm:@team/tool/absolute", "tool && same");
    // `real` becomes a link to a directory that is not there yet, so the file makes it a directory.
    let done = place.run(&["run"]);
    assert!(done.code == 0 || done.all().contains("it cannot be unpacked"), "{}", done.all());
}

#[test]
fn a_token_is_sent_to_its_registry_only() {
    let tarball = package("x");
    let integrity = integrity(&tarball);
    let elsewhere = Server::start(move |_| Answer::ok(tarball.clone()));
    let url = elsewhere.url("/t.tgz").replace("127.0.0.1", "localhost");
    let server = Server::start(move |incoming| match incoming.header("authorization") {
        Some("Bearer t0ken") => Answer::ok(format!(
            r#"{{"versions": {{"1.0.0": {{"dist": {{"tarball": "{url}", "integrity": "{integrity}"}}}}}}}}"#
        )),
        _ => Answer::status(401),
    });
    let place = Place::new().npm(&server.url("/"));
    place.run(&["image", "pull", "npm:tool@1"]).told("log in with `npm login`");
    let npmrc = format!("//{}/:_authToken=${{TOKEN}}\n", server.host());
    let place = place.write("home/.npmrc", &npmrc).with("TOKEN", "t0ken");
    place.run(&["image", "pull", "--no-compile", "npm:tool@1"]).good();
    assert_eq!(elsewhere.seen()[0].header("authorization"), None);
    // A project's own .npmrc comes with the repository.
    let place =
        Place::new().npm(&server.url("/")).with("TOKEN", "t0ken").write("project/.npmrc", &npmrc);
    place.run(&["image", "pull", "npm:tool@1"]).told("log in");
}

#[test]
fn two_processes_that_want_the_same_download_it_once() {
    let server = registry(vec![("1.0.0", package("x"))]);
    let place = Place::new().npm(&server.url("/"));
    let start = || {
        let mut command = place.command(&["image", "pull", "--no-compile", "npm:@team/tool"]);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        command.spawn().expect("it starts")
    };
    let children: Vec<_> = (0..4).map(|_| start()).collect();
    for mut child in children {
        assert!(child.wait().expect("it ends").success());
    }
    assert_eq!(server.count("/t/1.0.0.tgz"), 1);
    place.run(&["image", "verify"]).good();
    assert_eq!(place.stored("tmp"), Vec::<String>::new());
}

#[test]
fn the_store_is_listed_checked_and_emptied() {
    let server = registry(vec![("1.0.0", package("x")), ("1.1.0", package("y"))]);
    let place = Place::new().npm(&server.url("/"));
    place.run(&["image", "pull", "--no-compile", "npm:@team/tool@1.0.0"]).good();
    place.run(&["image", "pull", "--no-compile", "npm:@team/tool@1.1.0"]).good();
    place.run(&["image", "pull", "--no-compile", "npm:@team/tool@^1"]).good();
    let list = place.run(&["image", "list"]).good().stdout;
    assert_eq!(list.lines().count(), 3, "{list}");
    let json = place.run(&["image", "inspect", "npm:@team/tool@^1"]).good().stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["exactly"], "npm:@team/tool@1.1.0");
    // Two references mean one image: it stays until both are gone.
    place.run(&["image", "rm", "npm:@team/tool@^1"]).good();
    assert_eq!(place.stored("images").len(), 2);
    place.run(&["image", "rm", "npm:@team/tool@1.1.0"]).good();
    assert_eq!(place.stored("images").len(), 1);
    place.run(&["image", "rm", "npm:@team/toll@1.0.0"]).told("did you mean npm:@team/tool@1.0.0?");
    // A file that somebody changed.
    let tree = place.stored("trees").into_iter().find(|n| !n.ends_with(".list")).expect("a tree");
    let file = place.path("cache/images/trees").join(tree).join("dist/other.wasm");
    std::fs::write(file, b"\0asm changed").expect("writable");
    let told = place.run(&["image", "verify"]).told("damaged: dist/other.wasm was changed");
    assert_eq!(told.code, 1);
    // What a killed process left.
    std::fs::create_dir(place.path("cache/images/tmp/pull-x")).expect("writable");
    place.run(&["image", "prune", "--all"]).good();
    place.assert_nothing_stored();
}

#[test]
fn a_lock_decides_what_a_reference_means() {
    let server = registry(vec![("1.0.0", package("old\\n")), ("1.1.0", package("new\\n"))]);
    let place =
        Place::new().npm(&server.url("/")).job("npm:@team/tool@1.0/dist/tool-1.2.3.wasm", "tool");
    place.run(&["run", "--locked"]).told("there is no greenroom.lock");
    let text = place.run(&["image", "lock"]).good();
    assert!(text.stdout.contains("greenroom.lock: 1 image\n"), "{}", text.all());
    let lock = std::fs::read_to_string(place.path("project/greenroom.lock")).expect("written");
    assert!(lock.contains("\"npm:@team/tool@1.0\" = \"sha512:"), "{lock}");
    assert!(place.run(&["run", "--locked"]).good().stdout.contains("old\n"));
    // Now the same reference means something else there.
    let moved = registry(vec![("1.0.9", package("new\\n"))]);
    let place = place.npm(&moved.url("/"));
    assert!(place.run(&["run", "--locked", "--pull", "always"]).good().stdout.contains("old\n"));
    place.run(&["image", "prune", "--all"]).good();
    place.run(&["run"]).told("and greenroom.lock has sha512:");
    place.assert_nothing_stored();
    let place = place.job("npm:@team/tool@1", "tool");
    place.run(&["run", "--locked"]).told("greenroom.lock does not have it");
    place.run(&["run"]).good();
    let place = place.write("project/greenroom.lock", "version = 7\n");
    place.run(&["run"]).told("greenroom.lock has version 7");
}
