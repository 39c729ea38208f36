//! `greenroom step` and the example of custom steps, with a registry on this machine.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::thread;

use sha2::{Digest, Sha256};

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/custom-steps")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true if entry.file_name() == "target" => {}
            true => copy(&entry.path(), &target),
            false => {
                fs::copy(entry.path(), target).unwrap();
            }
        }
    }
}

/// A project with its own settings, store of images and home; modules are compiled once for all.
struct Project(tempfile::TempDir);

impl Project {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn of_example() -> Self {
        let project = Self::new();
        copy(&example(), project.0.path());
        project
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn greenroom(&self, arguments: &[&str]) -> Output {
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("step-cache");
        Command::new(env!("CARGO_BIN_EXE_greenroom"))
            .args(arguments)
            .current_dir(self.0.path())
            .env_clear()
            .env("HOME", self.0.path())
            .env("XDG_CONFIG_HOME", self.0.path().join("config"))
            .env("GREENROOM_CACHE_DIR", cache)
            .output()
            .unwrap()
    }

    /// Standard output of a call that succeeds.
    fn good(&self, arguments: &[&str]) -> String {
        let output = self.greenroom(arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {out}{err}");
        out
    }
}

#[test]
fn the_example_is_green_and_its_modules_are_those_of_its_digests() {
    let project = Project::of_example();
    let out = project.good(&["run", "--jobs", "1"]);
    assert!(out.contains("5 links and 1 files are fine"), "{out}");
    assert!(out.contains("4 tests, 0 failed, 1 skipped"), "{out}");
    assert!(out.contains("1 comments wait for an issue"), "{out}");
    let digests = fs::read_to_string(example().join("digests.txt")).unwrap();
    for line in digests.lines() {
        let (digest, file) = line.split_once("  ").unwrap();
        let module = fs::read(example().join("steps").join(file)).unwrap();
        assert_eq!(hex(&module), digest, "{file}");
    }
    assert_eq!(digests.lines().count(), 4);
}

#[test]
fn the_example_finds_what_is_wrong() {
    let project = Project::of_example();
    project.write("docs/index.md", "[a](nowhere.md) `[b](no)`\n\n[c](guide.md#no-such-part)\n");
    project.write("src/other.c", "int x;\n");
    let run = |step: &str, input: &str| {
        let output = project.greenroom(&["step", "run", step, "--input", input]);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let links = run("steps/links", "files=[\"docs/index.md\"]");
    assert!(links.contains("docs/index.md:1: broken link: there is no docs/nowhere.md"), "{links}");
    assert!(links.contains("docs/index.md:3: broken link: there is no heading"), "{links}");
    project.write("src/third.c", "// FIXME: nobody knows when\n");
    let todo = run("steps/todo", "paths=[\"src\"]");
    let found = "warning: src/third.c:1: left to be done: // FIXME: nobody knows when";
    assert!(todo.contains(found) && todo.contains("error: 1 comments do not say"), "{todo}");
    let licence = run("steps/licence", "paths=[\"src\"]");
    assert!(licence.contains("error: src/other.c:1: no licence"), "{licence}");
}

#[test]
fn a_new_step_runs_at_once() {
    let project = Project::new();
    project.write("README.md", "short\nthis line has more than twenty characters\n");
    // As the README says: what it prints is a pipeline.
    let pipeline = project.good(&["step", "new", "steps/lint", "--lang", "shell"]);
    project.write(".gitlab-ci.yml", &pipeline);
    assert!(project.good(&["run"]).contains("1 succeeded"));
    let interface = project.good(&["step", "check", "steps/lint"]);
    assert!(interface.contains("files            array    required"), "{interface}");
    let inputs = ["--input", "files=[\"README.md\"]", "--input", "limit=20"];
    let out = project.good(&[&["step", "run", "steps/lint"][..], &inputs].concat());
    assert_eq!(out, "{\"name\":\"long_lines\",\"value\":1}\n");
    for (language, file) in
        [("rust", "func.yml"), ("c", "func.yml"), ("rust-typed", "wit/step.wit")]
    {
        let name = format!("of-{language}");
        project.good(&["step", "new", &name, "--lang", language]);
        assert!(project.0.path().join(&name).join(file).exists());
        let output = project.greenroom(&["step", "check", &name]);
        assert_eq!(output.status.code(), Some(3), "its module is not built");
    }
    let output = project.greenroom(&["step", "new", "steps/lint"]);
    assert_eq!(output.status.code(), Some(2), "nothing is overwritten");
}

#[test]
fn a_step_is_published_looked_at_and_run_from_a_registry() {
    let registry = Registry::start();
    let project = Project::of_example();
    let host = &registry.host;
    let settings = format!("[registries.\"{host}\"]\nhttp = true\n");
    project.write("config/greenroom/greenroom.toml", &settings);
    let reference = format!("{host}/me/licence:1.0.0");
    let published = project.good(&["step", "publish", &reference, "steps/licence"]);
    assert!(published.starts_with(&format!("{reference}@sha256:")), "{published}");

    let manifest = registry.text("me/licence/manifests/1.0.0");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["config"]["mediaType"], "application/vnd.wasm.config.v0+json");
    assert_eq!(manifest["layers"].as_array().unwrap().len(), 1);
    assert_eq!(manifest["layers"][0]["mediaType"], "application/wasm");
    let config = manifest["config"]["digest"].as_str().unwrap();
    let config = registry.text(&format!("me/licence/blobs/{config}"));
    let config: serde_json::Value = serde_json::from_str(&config).unwrap();
    assert_eq!((&config["architecture"], &config["os"]), (&"wasm".into(), &"wasip1".into()));
    assert_eq!(config["layerDigests"][0], manifest["layers"][0]["digest"]);

    let shown = project.good(&["step", "inspect", &reference]);
    assert!(shown.contains("paths            array    required"), "{shown}");
    assert!(shown.contains("digest: sha256:"), "{shown}");
    let pipeline = format!(
        "job:\n  run:\n    - name: licence\n      func: {reference}\n      inputs: {{paths: [src]}}\n    \
         - {{name: tell, script: 'echo ${{{{ steps.licence.outputs.files }}}} file'}}\n"
    );
    project.write(".gitlab-ci.yml", &pipeline);
    let out = project.good(&["run"]);
    assert!(out.contains("1 file\n"), "{out}");
    // A typed step is published as it is: its interface is in it.
    let typed = format!("{host}/me/todo:1.0.0");
    project.good(&["step", "publish", &typed, "steps/todo"]);
    let module = fs::read(example().join("steps/todo/func.wasm")).unwrap();
    assert!(!registry.place_of(&module).is_empty());
    let shown = project.good(&["step", "inspect", &typed]);
    assert!(shown.contains("typed component") && shown.contains("one of `issue`"), "{shown}");
    let pipeline = format!(
        "{pipeline}    - {{name: todo, func: \"{typed}\", inputs: {{paths: [src], words: [FIXME]}}}}\n    \
         - {{name: more, script: 'echo ${{{{ steps.todo.outputs.found }}}} comments'}}\n"
    );
    project.write(".gitlab-ci.yml", &pipeline);
    let out = project.good(&["run"]);
    assert!(out.contains("0 comments\n"), "{out}");
    // From the store, without the registry.
    drop(registry);
    let out = project.good(&["run", "--pull", "never"]);
    assert!(out.contains("1 file\n"), "{out}");
}

/// With Debian's docker-registry, where that is installed.
#[test]
#[expect(clippy::print_stderr, reason = "a skipped test is told")]
fn the_example_runs_from_a_real_registry() {
    let project = Project::of_example();
    let output = Command::new(project.0.path().join("from-registry"))
        .env("GREENROOM", env!("CARGO_BIN_EXE_greenroom"))
        .env("GREENROOM_CACHE_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("step-cache"))
        .env("HOME", project.0.path())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    if output.status.code() == Some(77) {
        eprintln!("SKIPPED: {err}");
        return;
    }
    assert!(output.status.success(), "{out}{err}");
    assert!(out.contains("typed component") && out.contains("1 files, 1 comments"), "{out}");
}

/// With a C compiler for WASI, where there is one.
#[test]
#[expect(clippy::print_stderr, reason = "a skipped test is told")]
fn the_template_in_c_says_what_it_needs_or_is_built() {
    let project = Project::new();
    project.write("README.md", "short\nthis line has more than twenty characters\n");
    project.good(&["step", "new", "lint", "--lang", "c"]);
    let script = project.0.path().join("lint/build.sh");
    let output = Command::new("sh").arg(script).output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() == Some(1) && err.contains("none of them is here") {
        eprintln!("SKIPPED: {err}");
        assert!(err.contains("wasi-sdk") && err.contains("pip install ziglang"), "{err}");
        return;
    }
    assert!(output.status.success(), "{err}");
    let inputs = ["--input", "files=[\"README.md\"]", "--input", "limit=20"];
    let out = project.good(&[&["step", "run", "lint"][..], &inputs].concat());
    assert_eq!(out, "{\"name\":\"long_lines\",\"value\":1}\n");
}

#[test]
fn what_cannot_be_published_is_told() {
    let project = Project::of_example();
    for (arguments, code, expected) in [
        (["step", "publish", "licence:1", "steps/licence"], 2, "no place in an OCI registry"),
        (["step", "publish", "127.0.0.1:1/x:1", "steps/quality"], 3, "one module of its own"),
        (["step", "publish", "127.0.0.1:1/x:1", "steps/licence"], 4, "cannot be reached"),
        (["step", "publish", "127.0.0.1:1/x:1", "docs"], 3, "there is no func.yml"),
        (["step", "inspect", "steps/licence/licence.wasm", "--locked"], 3, "does not say"),
    ] {
        let output = project.greenroom(&arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        assert!(text.contains(expected), "{arguments:?}: {text}");
    }
}

/// A registry of the OCI distribution specification, as much as pushing and pulling take.
struct Registry {
    host: String,
    kept: Kept,
}

/// Blobs and manifests by their paths, with their media types.
type Kept = Arc<Mutex<HashMap<String, (String, Vec<u8>)>>>;

impl Registry {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let kept = Kept::default();
        let shared = Arc::clone(&kept);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&shared);
                thread::spawn(move || while answer(&stream, &kept).is_some() {});
            }
        });
        Self { host, kept }
    }

    /// The path of the blob with this content.
    fn place_of(&self, content: &[u8]) -> String {
        let kept = self.kept.lock().unwrap();
        let blob = kept.iter().find(|(_, (_, bytes))| bytes == content);
        blob.map(|(path, _)| path.clone()).unwrap_or_default()
    }

    fn text(&self, path: &str) -> String {
        String::from_utf8(self.kept.lock().unwrap()[path].1.clone()).unwrap()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.kept.lock().unwrap().clear();
    }
}

/// Answers one request of a connection; nothing when it ends.
fn answer(stream: &TcpStream, kept: &Kept) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let mut body = Vec::new();
    if let Some(length) = headers.get("content-length") {
        reader.take(length.parse().ok()?).read_to_end(&mut body).ok()?;
    }
    let path = path.strip_prefix("/v2/").unwrap_or_default().to_owned();
    let (plain, query) = path.split_once('?').unwrap_or((&path, ""));
    let mut kept = kept.lock().unwrap();
    let (status, more, content) = match method.as_str() {
        "GET" | "HEAD" if plain.is_empty() => ("200 OK", String::new(), vec![]),
        "GET" | "HEAD" => match kept.get(plain) {
            Some((kind, bytes)) => {
                let digest = hex(bytes);
                let more =
                    format!("Content-Type: {kind}\r\nDocker-Content-Digest: sha256:{digest}\r\n");
                ("200 OK", more, bytes.clone())
            }
            None => ("404 Not Found", String::new(), vec![]),
        },
        "POST" => {
            let at =
                format!("Location: /v2/{}one\r\n", plain.trim_end_matches('/').to_owned() + "/");
            ("202 Accepted", at, vec![])
        }
        "PATCH" => {
            let upload = kept.entry(plain.to_owned()).or_default();
            upload.1.extend(body);
            let range = upload.1.len().saturating_sub(1);
            let more = format!("Location: /v2/{plain}\r\nRange: 0-{range}\r\n");
            ("202 Accepted", more, vec![])
        }
        "PUT" if plain.contains("/uploads/") => {
            let (_, mut bytes) = kept.remove(plain).unwrap_or_default();
            bytes.extend(body);
            let digest = query.split_once("digest=").unwrap().1.replace("%3A", ":");
            assert_eq!(digest, format!("sha256:{}", hex(&bytes)), "the digest of what was sent");
            let repository = plain.split("/blobs/").next()?;
            let place = format!("{repository}/blobs/{digest}");
            kept.insert(place.clone(), ("application/octet-stream".to_owned(), bytes));
            ("201 Created", format!("Location: /v2/{place}\r\n"), vec![])
        }
        "PUT" => {
            let kind = headers.remove("content-type").unwrap_or_default();
            let (repository, _) = plain.split_once("/manifests/")?;
            let by_digest = format!("{repository}/manifests/sha256:{}", hex(&body));
            kept.insert(by_digest, (kind.clone(), body.clone()));
            kept.insert(plain.to_owned(), (kind, body));
            ("201 Created", format!("Location: /v2/{plain}\r\n"), vec![])
        }
        _ => ("405 Method Not Allowed", String::new(), vec![]),
    };
    drop(kept);
    let head = format!("HTTP/1.1 {status}\r\n{more}Content-Length: {}\r\n\r\n", content.len());
    let mut stream = stream;
    stream.write_all(head.as_bytes()).ok()?;
    if method != "HEAD" {
        stream.write_all(&content).ok()?;
    }
    Some(())
}
