//! Against a registry that others wrote, filled by a writer that others wrote: Debian's
//! `docker-registry` and `skopeo`, if they are installed. What registries do wrong is tested without
//! them, in `oci`.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::archive::{Tar, module};
use super::place::{Place, skipped};

/// `jo:secret`, as htpasswd writes it.
const PASSWORDS: &str = "jo:$2y$05$0fD7vlFi16FoXsQFgfGXR./6csOPNDHnZ3UOss0V7sbwvgF30I62K\n";

struct Registry {
    process: Child,
    host: String,
    directory: tempfile::TempDir,
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn program(name: &str) -> Option<PathBuf> {
    ["/usr/bin", "/usr/local/bin"].iter().map(|d| Path::new(d).join(name)).find(|p| p.exists())
}

/// A registry, with passwords and encryption or without.
#[expect(clippy::disallowed_methods, reason = "a switch for whoever runs the tests")]
fn start(secure: bool) -> Option<Registry> {
    let registry = program("docker-registry");
    let (Some(registry), Some(_)) = (registry, program("skopeo")) else {
        let required = std::env::var_os("GREENROOM_REQUIRE_REGISTRY").is_some();
        assert!(!required, "docker-registry and skopeo are not installed");
        skipped("a real registry: docker-registry and skopeo are not installed");
        return None;
    };
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name);
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").port()
    };
    let host = format!("127.0.0.1:{port}");
    let mut config = format!(
        "version: 0.1\nlog: {{level: error}}\nstorage:\n  filesystem: {{rootdirectory: {}}}\n\
         http:\n  addr: {host}\n",
        path("data").display()
    );
    if secure {
        let made = Command::new(program("openssl")?)
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
            .args(["-nodes", "-days", "2", "-subj", "/CN=registry", "-addext"])
            .args(["subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE"])
            .arg("-keyout")
            .arg(path("key.pem"))
            .arg("-out")
            .arg(path("cert.pem"))
            .stderr(Stdio::null())
            .status();
        assert!(made.expect("openssl starts").success());
        fs::write(path("htpasswd"), PASSWORDS).expect("writable");
        config += &format!(
            "  tls: {{certificate: {}, key: {}}}\nauth:\n  htpasswd: {{realm: r, path: {}}}\n",
            path("cert.pem").display(),
            path("key.pem").display(),
            path("htpasswd").display()
        );
    }
    fs::write(path("config.yml"), config).expect("writable");
    let process = Command::new(registry)
        .arg("serve")
        .arg(path("config.yml"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let registry = Registry { process, host, directory };
    let deadline = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(&registry.host).is_err() {
        assert!(Instant::now() < deadline, "the registry does not listen");
        std::thread::sleep(Duration::from_millis(50));
    }
    Some(registry)
}

/// An image of the platform `wasip1/wasm` as a directory of the OCI layout, which skopeo pushes.
fn push(registry: &Registry, secure: bool) {
    let layout = registry.directory.path().join("layout");
    let blobs = layout.join("blobs/sha256");
    fs::create_dir_all(&blobs).expect("writable");
    let blob = |bytes: &[u8]| {
        let hex: String = Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
        fs::write(blobs.join(&hex), bytes).expect("writable");
        format!(r#""digest": "sha256:{hex}", "size": {}"#, bytes.len())
    };
    let layer = Tar::default().file("greet.wasm", &module("from a registry\\n")).bytes();
    let hex: String = Sha256::digest(&layer).iter().map(|b| format!("{b:02x}")).collect();
    let config = format!(
        r#"{{"os": "wasip1", "architecture": "wasm", "config": {{"Entrypoint": ["/greet.wasm"]}},
            "rootfs": {{"type": "layers", "diff_ids": ["sha256:{hex}"]}}}}"#
    );
    let manifest = format!(
        r#"{{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {{"mediaType": "application/vnd.oci.image.config.v1+json", {}}},
            "layers": [{{"mediaType": "application/vnd.oci.image.layer.v1.tar", {}}}]}}"#,
        blob(config.as_bytes()),
        blob(&layer)
    );
    let index = format!(
        r#"{{"schemaVersion": 2, "manifests": [{{
            "mediaType": "application/vnd.oci.image.manifest.v1+json", {},
            "annotations": {{"org.opencontainers.image.ref.name": "1"}}}}]}}"#,
        blob(manifest.as_bytes())
    );
    fs::write(layout.join("index.json"), index).expect("writable");
    fs::write(layout.join("oci-layout"), r#"{"imageLayoutVersion": "1.0.0"}"#).expect("writable");
    let mut skopeo = Command::new(program("skopeo").expect("it was found"));
    skopeo.args([
        "--override-os",
        "wasip1",
        "--override-arch",
        "wasm",
        "--insecure-policy",
        "copy",
    ]);
    skopeo.arg("--dest-tls-verify=false");
    if secure {
        skopeo.args(["--dest-creds", "jo:secret"]);
    }
    skopeo.arg(format!("oci:{}:1", layout.display()));
    skopeo.arg(format!("docker://{}/team/greet:1", registry.host));
    let pushed = skopeo.output().expect("it starts");
    assert!(pushed.status.success(), "{}", String::from_utf8_lossy(&pushed.stderr));
}

#[test]
fn a_real_registry() {
    let Some(registry) = start(false) else { return };
    push(&registry, false);
    let place = Place::new()
        .settings(&format!("[registries.\"{}\"]\nhttp = true\n", registry.host))
        .job(&format!("{}/team/greet:1", registry.host), "greet");
    let done = place.run(&["run"]).good();
    assert!(done.stdout.contains("from a registry\n"), "{}", done.all());
    place.run(&["run", "--pull", "always"]).good();
    place.run(&["image", "pull", &format!("{}/team/none:1", registry.host)]).told("no such image");
    drop(registry);
    place.run(&["run"]).good();
}

#[test]
fn a_real_registry_with_passwords_and_encryption() {
    let Some(registry) = start(true) else { return };
    push(&registry, true);
    let image = format!("{}/team/greet:1", registry.host);
    let certificate = registry.directory.path().join("cert.pem");
    let settings =
        format!("[registries.\"{}\"]\nca = '{}'\n", registry.host, certificate.display());
    let auth = |password: &str| {
        let host = &registry.host;
        format!(r#"{{"auths": {{"{host}": {{"username": "jo", "password": "{password}"}}}}}}"#)
    };
    let place = Place::new().with("DOCKER_AUTH_CONFIG", auth("secret"));
    place.run(&["image", "pull", &image]).told("certificate");
    let place = place.settings(&settings);
    place.run(&["image", "pull", &image]).good();
    for credentials in [None, Some(auth("wrong"))] {
        let mut place = Place::new().settings(&settings);
        if let Some(text) = credentials {
            place = place.with("DOCKER_AUTH_CONFIG", text);
        }
        place.run(&["image", "pull", &image]).told("log in with `docker login");
    }
    // The system's own way to trust a certificate.
    let place = Place::new()
        .with("SSL_CERT_FILE", certificate.display().to_string())
        .with("DOCKER_AUTH_CONFIG", auth("secret"));
    place.run(&["image", "pull", &image]).good();
}

#[test]
fn credential_helpers_are_asked() {
    let Some(registry) = start(true) else { return };
    push(&registry, true);
    let image = format!("{}/team/greet:1", registry.host);
    let bin = registry.directory.path().join("bin");
    fs::create_dir(&bin).expect("writable");
    let helper = bin.join("docker-credential-test");
    let script = "#!/bin/sh\nread host\nprintf '{\"ServerURL\": \"%s\", \"Username\": \"jo\", \
                  \"Secret\": \"secret\"}' \"$host\"\n";
    fs::write(&helper, script).expect("writable");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&helper, executable).expect("ours");
    let certificate = registry.directory.path().join("cert.pem");
    let place = Place::new()
        .with("SSL_CERT_FILE", certificate.display().to_string())
        .with(
            "DOCKER_AUTH_CONFIG",
            format!(r#"{{"credHelpers": {{"{}": "test"}}}}"#, registry.host),
        )
        .with("PATH", format!("{}:/usr/bin:/bin", bin.display()));
    place.run(&["image", "pull", &image]).good();
}
