//! An image that is in the store can be used without its source.

use greenroom::image::{DockerConfig, Images, LockFile, NpmConfig, Sources};
use greenroom::sandbox::{Sandbox, SandboxConfig};
use greenroom::settings::Settings;
use sha2::{Digest, Sha256};

use super::place::Place;
use super::server::{Answer, Server};

/// A program of 26 MB, most of it data, as an interpreter with its library has it.
fn large() -> Vec<u8> {
    let text = format!(
        r#"(module (memory (export "memory") 500) (data (i32.const 0) "{}")
             (func (export "_start")))"#,
        "greenroom ".repeat(2_600_000)
    );
    wat::parse_str(text).expect("valid text")
}

#[test]
fn a_large_module_is_ready_without_its_server() {
    let program = large();
    let hex: String = Sha256::digest(&program).iter().map(|b| format!("{b:02x}")).collect();
    let server = Server::start(move |_| Answer::ok(program.clone()));
    let image = format!("{}#sha256={hex}", server.url("/large.wasm"));
    let place = Place::new();
    place.run(&["image", "pull", &image]).good();
    drop(server);
    place.run(&["image", "pull", "--pull", "never", &image]).good();
    let project = place.path("project");
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let config =
        SandboxConfig { store: Some(place.path("cache/modules")), ..SandboxConfig::default() };
    let sandbox = Sandbox::new(config).expect("a sandbox");
    let sources = Sources {
        store: place.path("cache/images"),
        npm: NpmConfig::default(),
        docker: DockerConfig::default(),
        sandbox: sandbox.clone(),
        lock: LockFile::default(),
        locked: false,
        pull_policy: None,
    };
    let images = Images::new(&Settings::default()).expect("no aliases");
    let images = images.with_sources(sources).expect("a store");
    let project = project.clone().into();
    let opened = runtime.block_on(images.open(&project, Some(&image), &[], &()));
    let opened = opened.expect("it is in the store");
    let modules = opened.modules().expect("readable");
    assert_eq!(modules.len(), 1);
    for (file, name) in modules {
        runtime.block_on(sandbox.preload(file, &name)).expect("it is compiled");
    }
}
