//! Modules and archives at an address.

use sha2::{Digest, Sha256};

use super::archive::{Tar, module};
use super::place::Place;
use super::server::{Answer, Server};

#[test]
fn a_module_or_an_archive_with_its_digest() {
    let hex = |bytes: &[u8]| -> String {
        Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let program = module("from an address\\n");
    let archive = Tar::default().file("tools/greet.wasm", &program).gz();
    let (module_hex, archive_hex) = (hex(&program), hex(&archive));
    let server = Server::start(move |incoming| match incoming.path.as_str() {
        "/greet-1.0.wasm" => Answer::ok(program.clone()),
        "/tools.tar.gz" => Answer::ok(archive.clone()),
        _ => Answer::redirect("/greet-1.0.wasm"),
    });
    for (path, hex, inner) in [
        ("/greet-1.0.wasm", &module_hex, ""),
        ("/latest/greet.wasm", &module_hex, ""),
        ("/tools.tar.gz", &archive_hex, "&path=tools"),
        ("/tools.tar.gz", &archive_hex, ""),
    ] {
        let image = format!("'{}#sha256={hex}{inner}'", server.url(path));
        let place = Place::new().job(&image, "greet");
        let done = place.run(&["run"]).good();
        assert!(done.stdout.contains("from an address\n"), "{}", done.all());
        let requests = server.seen().len();
        place.run(&["run"]).good();
        assert_eq!(server.seen().len(), requests);
    }
    let wrong = format!("{}#sha256={archive_hex}", server.url("/greet-1.0.wasm"));
    let place = Place::new();
    place.run(&["image", "pull", &wrong]).told("is not what it should be");
    place.assert_nothing_stored();
    place.run(&["image", "pull", &server.url("/greet-1.0.wasm")]).told("needs a digest");
}
