//! Images from an OCI registry.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};

use super::archive::{Tar, gz, module};
use super::place::Place;
use super::server::{Answer, Incoming, Server};

pub(crate) fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
    format!("sha256:{hex}")
}

/// What a registry has: manifests by tag and digest, blobs by digest.
#[derive(Clone, Default)]
pub(crate) struct Content {
    manifests: BTreeMap<String, Vec<u8>>,
    blobs: BTreeMap<String, Vec<u8>>,
}

pub(crate) const WASM: &str = "application/wasm";
pub(crate) const WASM_CONFIG: &str = "application/vnd.wasm.config.v0+json";
pub(crate) const IMAGE_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub(crate) const TAR_GZ: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

impl Content {
    fn blob(&mut self, kind: &str, bytes: &[u8]) -> String {
        let digest = digest(bytes);
        self.blobs.insert(digest.clone(), bytes.to_vec());
        format!(r#"{{"mediaType": "{kind}", "digest": "{digest}", "size": {}}}"#, bytes.len())
    }

    pub(crate) fn manifest(
        &mut self,
        tag: &str,
        config: (&str, &[u8]),
        layers: &[(&str, &[u8])],
    ) -> String {
        let config = self.blob(config.0, config.1);
        let layers: Vec<String> = layers.iter().map(|(k, bytes)| self.blob(k, bytes)).collect();
        self.put(
            tag,
            format!(
                r#"{{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                    "config": {config}, "layers": [{}]}}"#,
                layers.join(",")
            ),
        )
    }

    fn put(&mut self, tag: &str, text: String) -> String {
        let digest = digest(text.as_bytes());
        self.manifests.insert(tag.to_owned(), text.clone().into_bytes());
        self.manifests.insert(digest.clone(), text.into_bytes());
        digest
    }

    pub(crate) fn answer(&self, incoming: &Incoming) -> Answer {
        if incoming.path == "/v2/" {
            return Answer::ok("{}");
        }
        let (kind, name) = match incoming.path.rsplit_once('/') {
            Some((front, name)) => (front.rsplit('/').next().unwrap_or(""), name),
            None => ("", ""),
        };
        let found = match kind {
            "manifests" => self.manifests.get(name),
            "blobs" => self.blobs.get(name),
            _ => None,
        };
        match found {
            Some(bytes) => {
                let answer = Answer::ok(bytes.clone());
                answer.header("Docker-Content-Digest", &digest(bytes))
            }
            None => {
                let body =
                    br#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#;
                Answer { status: 404, body: body.to_vec(), ..Answer::default() }
            }
        }
    }

    pub(crate) fn serve(self) -> Server {
        Server::start(move |incoming| self.answer(incoming))
    }
}

pub(crate) fn place(server: &Server) -> Place {
    Place::new().settings(&format!("[registries.\"{}\"]\nhttp = true\n", server.host()))
}

fn container(os: &str, architecture: &str, entrypoint: &str) -> Vec<u8> {
    format!(
        r#"{{"os": "{os}", "architecture": "{architecture}",
            "config": {{"Entrypoint": ["{entrypoint}"], "Env": ["GREETING=hello", "PATH=/bin"]}}}}"#
    )
    .into_bytes()
}

#[test]
fn artifacts_of_every_layout() {
    let wasip1 = br#"{"os": "wasip1", "architecture": "wasm", "layerDigests": []}"#;
    let program = module("artifact\\n");
    for (config, layer) in [
        ((WASM_CONFIG, &wasip1[..]), WASM),
        (
            ("application/vnd.wasm.config.v1+json", b"{}"),
            "application/vnd.wasm.content.layer.v1+wasm",
        ),
        (
            ("application/vnd.oci.empty.v1+json", b"{}"),
            "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm",
        ),
    ] {
        let mut content = Content::default();
        let digest = content.manifest("1", config, &[(layer, &program)]);
        let server = content.serve();
        let image = format!("{}/tools/greet:1", server.host());
        let place = place(&server).job(&image, "greet");
        assert!(place.run(&["run"]).good().stdout.contains("artifact\n"));
        let place = place.job(&format!("oci:{}/tools/greet@{digest}", server.host()), "greet");
        place.run(&["run"]).good();
        let requests = server.seen().len();
        place.run(&["run"]).good();
        assert_eq!(server.seen().len(), requests, "the second run asks nobody");
    }
}

#[test]
fn container_images_with_layers() {
    let first = Tar::default()
        .directory("etc/")
        .file("etc/old", b"old")
        .file("etc/kept", b"kept\n")
        .file("gone/file", b"x")
        .directory("opaque/")
        .file("opaque/below", b"x")
        .file("app.wasm", &module("from the entrypoint\\n"))
        .file("bin/tool.wasm", &module("from bin\\n"))
        .gz();
    let second = Tar::default()
        .file("etc/.wh.old", b"")
        .file(".wh.gone", b"")
        .file("opaque/.wh..wh..opq", b"")
        .file("opaque/above", b"above\n")
        .bytes();
    let mut content = Content::default();
    let config = container("wasip1", "wasm", "/app.wasm");
    let layers = [(TAR_GZ, &first[..]), ("application/vnd.oci.image.layer.v1.tar", &second[..])];
    let inner = content.manifest("inner", (IMAGE_CONFIG, &config), &layers);
    content.put(
        "1",
        format!(
            r#"{{"manifests": [
                {{"digest": "sha256:{}", "platform": {{"os": "linux", "architecture": "amd64"}}}},
                {{"digest": "{inner}", "platform": {{"os": "wasip1", "architecture": "wasm"}}}}]}}"#,
            "0".repeat(64)
        ),
    );
    let other = Tar::default().file("etc/new", b"new\n").gz();
    let layers = [(TAR_GZ, &first[..]), (TAR_GZ, &other[..])];
    content.manifest("2", (IMAGE_CONFIG, &config), &layers);
    let server = content.serve();
    let image = format!("{}/app:1", server.host());
    let script = "app; tool; cat /etc/kept /opaque/above; ls /etc /opaque; echo $GREETING; \
                  test ! -e /gone";
    let place = place(&server).job(&image, script);
    let done = place.run(&["run"]).good();
    for expected in ["from the entrypoint\n", "from bin\n", "kept\n", "above\n", "hello\n"] {
        assert!(done.stdout.contains(expected), "{}", done.all());
    }
    for hidden in ["old", "below"] {
        assert!(!done.stdout.contains(hidden), "{}", done.all());
    }
    // An image that shares a layer downloads the other one only.
    let shared = format!("/v2/app/blobs/{}", digest(&first));
    assert_eq!(server.count(&shared), 1);
    place.run(&["image", "pull", &format!("{}/app:2", server.host())]).good();
    assert_eq!(server.count(&shared), 1);
}

#[test]
fn an_entrypoint_starts_the_shell() {
    let entrypoint = b"#!/bin/sh\nexport SET_UP=\"by the entrypoint of $1\"\nexec \"$@\"\n";
    let layer = Tar::default()
        .file("entrypoint.sh", entrypoint)
        .file("usr/local/bin/deep.sh", entrypoint)
        .file("usr/bin/tool.wasm", &module("tool\\n"))
        .gz();
    let mut content = Content::default();
    for (tag, program) in [("top", "/entrypoint.sh"), ("deep", "/usr/local/bin/deep.sh")] {
        let config = container("wasip1", "wasm", program);
        content.manifest(tag, (IMAGE_CONFIG, &config), &[(TAR_GZ, &layer)]);
    }
    let module = container("wasip1", "wasm", "/usr/bin/tool.wasm");
    content.manifest("module", (IMAGE_CONFIG, &module), &[(TAR_GZ, &layer)]);
    let server = content.serve();
    let place = place(&server);
    let run = |place: Place, tag: &str, more: &str| {
        let host = server.host();
        let pipeline = format!(
            "job:\n  image: {{name: '{host}/x:{tag}'{more}}}\n  script: ['echo \"[$SET_UP]\"', tool]\n"
        );
        let place = place.write("project/.gitlab-ci.yml", &pipeline);
        let done = place.run(&["run"]).good();
        assert!(done.stdout.contains("tool\n"), "{}", done.all());
        // The entrypoint does not hide the script's commands from the report.
        assert!(done.stdout.contains("$ tool\n"), "{}", done.all());
        (place, done.stdout.contains("[by the entrypoint of bash]\n"))
    };
    let (place, wrapped) = run(place, "top", "");
    assert!(wrapped);
    let (place, wrapped) = run(place, "deep", "");
    assert!(wrapped);
    // One that is a module says what the image is for.
    let (place, wrapped) = run(place, "module", "");
    assert!(!wrapped);
    let (place, wrapped) = run(place, "module", ", entrypoint: [/entrypoint.sh]");
    assert!(wrapped);
    let (_place, wrapped) = run(place, "top", ", entrypoint: ['']");
    assert!(!wrapped);
}

#[test]
fn a_tag_that_moved_is_noticed_by_always() {
    let content = Arc::new(Mutex::new(Content::default()));
    let wasip1 = br#"{"os": "wasip1", "architecture": "wasm"}"#;
    let put = |text: &str| {
        let program = module(text);
        content.lock().unwrap().manifest("1", (WASM_CONFIG, wasip1), &[(WASM, &program)]);
    };
    put("before\\n");
    let shared = Arc::clone(&content);
    let server = Server::start(move |incoming| shared.lock().unwrap().answer(incoming));
    let place = place(&server).job(&format!("{}/greet:1", server.host()), "greet");
    assert!(place.run(&["run"]).good().stdout.contains("before\n"));
    put("after\\n");
    assert!(place.run(&["run"]).good().stdout.contains("before\n"));
    assert!(place.run(&["run", "--pull", "always"]).good().stdout.contains("after\n"));
    let blobs =
        |server: &Server| server.seen().iter().filter(|i| i.path.contains("/blobs/")).count();
    let before = blobs(&server);
    place.run(&["run", "--pull", "always"]).good();
    assert_eq!(blobs(&server), before, "nothing is downloaded that is there");
}

#[test]
fn what_cannot_run_or_is_wrong_is_told() {
    let wasip1 = br#"{"os": "wasip1", "architecture": "wasm"}"#;
    let program = module("x");
    let component = wat::parse_str("(component)").expect("valid text");
    let mut content = Content::default();
    content.manifest("two", (WASM_CONFIG, wasip1), &[(WASM, &program), (WASM, &program)]);
    content.manifest("component", (WASM_CONFIG, wasip1), &[(WASM, &component)]);
    content.manifest("text", (WASM_CONFIG, wasip1), &[(WASM, b"hello")]);
    content.manifest("linux", (IMAGE_CONFIG, &container("linux", "amd64", "/x")), &[]);
    let empty = Tar::default().file("README", b"x").gz();
    let config = br#"{"os": "wasip1", "architecture": "wasm"}"#;
    content.manifest("nothing", (IMAGE_CONFIG, config), &[(TAR_GZ, &empty)]);
    for (tag, layer) in [
        ("escape", Tar::default().file("a/../../evil", b"x").gz()),
        ("device", Tar::default().device("dev/sda").gz()),
        ("huge", Tar::default().claims("huge", 10 << 30).gz()),
        ("damaged", gz(b"no archive")),
    ] {
        content.manifest(tag, (IMAGE_CONFIG, config), &[(TAR_GZ, &layer)]);
    }
    content.put(
        "index",
        format!(
            r#"{{"manifests": [{{"digest": "sha256:{}",
                "platform": {{"os": "linux", "architecture": "arm64"}}}}]}}"#,
            "0".repeat(64)
        ),
    );
    content.put("garbage", "<html>".to_owned());
    // A blob that is not what its digest says, and one that claims ten gigabytes.
    content.manifest("swapped", (WASM_CONFIG, wasip1), &[(WASM, &module("swapped"))]);
    content.blobs.insert(digest(&module("swapped")), module("SWAPPED"));
    let claims = format!(
        r#"{{"config": {{"mediaType": "{WASM_CONFIG}", "digest": "{}", "size": {}}}, "layers":
            [{{"mediaType": "{WASM}", "digest": "{}", "size": 10737418240}}]}}"#,
        digest(wasip1),
        wasip1.len(),
        digest(&program)
    );
    content.put("claims", claims);
    let server = content.serve();
    let place = place(&server);
    for (tag, expected) in [
        ("none", "has no such image"),
        ("two", "it has 2 layers, and a WebAssembly artifact has exactly one"),
        ("component", "its configuration says wasip1/wasm and its layer is a component (wasip2)"),
        ("text", "its layer is not a WebAssembly module"),
        ("linux", "no WebAssembly platform (it has linux/amd64)"),
        ("index", "no WebAssembly platform (it has linux/arm64)"),
        ("garbage", "its manifest cannot be read"),
        ("swapped", "is not what it should be"),
        ("claims", "more than the limit of 4 GiB"),
        ("escape", "leads out of the archive"),
        ("device", "is a device"),
        ("huge", "unpacks to more than is allowed"),
        ("damaged", "it is damaged"),
        ("nothing", "has no WebAssembly module"),
    ] {
        let image = format!("{}/x:{tag}", server.host());
        let told = place.run(&["image", "pull", &image]).told(expected);
        assert!(told.stderr.contains(&format!("x:{tag}")), "{}", told.all());
        assert_eq!(place.stored("tmp"), Vec::<String>::new(), "{tag}");
    }
    place.run(&["image", "rm", &format!("{}/x:nothing", server.host())]).good();
    place.assert_nothing_stored();
}

#[test]
fn registries_that_want_credentials() {
    let wasip1 = br#"{"os": "wasip1", "architecture": "wasm"}"#;
    let mut content = Content::default();
    content.manifest("1", (WASM_CONFIG, wasip1), &[(WASM, &module("in\\n"))]);
    let basic = content.clone();
    let server = Server::start(move |incoming| match incoming.header("authorization") {
        Some("Basic am86c2VjcmV0") => basic.answer(incoming),
        _ => Answer::status(401).header("WWW-Authenticate", "Basic realm=\"r\""),
    });
    let image = format!("{}/greet:1", server.host());
    let plain = place(&server);
    plain.run(&["image", "pull", &image]).told("log in with `docker login");
    let auth = format!(r#"{{"auths": {{"{}": {{"auth": "am86c2VjcmV0"}}}}}}"#, server.host());
    plain.write("home/.docker/config.json", &auth).run(&["image", "pull", &image]).good();

    // Tokens, as most registries hand them out.
    let server = Server::start(move |incoming| {
        let host = incoming.header("host").expect("a host").to_owned();
        if incoming.path.starts_with("/token") {
            return match incoming.header("authorization") {
                Some("Basic am86c2VjcmV0") => Answer::ok(r#"{"token": "t1"}"#),
                _ => Answer::status(401),
            };
        }
        if incoming.header("authorization") == Some("Bearer t1") {
            return content.answer(incoming);
        }
        let challenge = format!("Bearer realm=\"http://{host}/token\",service=\"s\"");
        Answer::status(401).header("WWW-Authenticate", &challenge)
    });
    let image = format!("{}/greet:1", server.host());
    let auth = |password: &str| {
        let host = server.host();
        format!(r#"{{"auths": {{"{host}": {{"username": "jo", "password": "{password}"}}}}}}"#)
    };
    place(&server)
        .with("DOCKER_AUTH_CONFIG", auth("wrong"))
        .run(&["image", "pull", &image])
        .told("refuses the credentials");
    place(&server)
        .with("DOCKER_AUTH_CONFIG", auth("secret"))
        .run(&["image", "pull", &image])
        .good();
}

#[test]
fn mirrors_are_asked_first_and_plain_http_has_to_be_allowed() {
    let wasip1 = br#"{"os": "wasip1", "architecture": "wasm"}"#;
    let mut content = Content::default();
    content.manifest("1", (WASM_CONFIG, wasip1), &[(WASM, &module("x"))]);
    let server = content.serve();
    let broken = Server::start(|_| Answer::status(404));
    let settings = format!(
        "[registries.\"registry.invalid\"]\nmirrors = ['{0}', '{1}']\n[registries.\"{0}\"]\nhttp = true\n\
         [registries.\"{1}\"]\nhttp = true\n",
        broken.host(),
        server.host()
    );
    let place = Place::new().settings(&settings);
    place.run(&["image", "pull", "registry.invalid/greet:1"]).good();
    assert!(!broken.seen().is_empty());
    let image = format!("{}/greet:1", server.host());
    Place::new().run(&["image", "pull", &image]).told("cannot be reached");
}
