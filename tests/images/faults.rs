//! Registries that fail, disks that are full, processes that are killed: nothing half-written is
//! ever used, and the message says what happened.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::archive::{Tar, module};
use super::oci::{Content, IMAGE_CONFIG, TAR_GZ, WASM, WASM_CONFIG, digest, place};
use super::place::{Place, skipped};
use super::server::{Answer, Incoming, Server};

const WASIP1: &[u8] = br#"{"os": "wasip1", "architecture": "wasm"}"#;

/// Bytes that cannot be compressed.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let step = |_| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..length).map(step).collect()
}

fn layer() -> Vec<u8> {
    Tar::default()
        .file("bin/tool.wasm", &module("tool\\n"))
        .file("usr/share/noise", &noise(600_000))
        .gz()
}

fn content() -> Content {
    let mut content = Content::default();
    content.manifest("1", (IMAGE_CONFIG, WASIP1), &[(TAR_GZ, &layer())]);
    content
}

/// A registry that does with a request for a layer, the nth, what `fails` says.
fn failing(fails: impl Fn(usize, &Incoming, Answer) -> Answer + Send + Sync + 'static) -> Server {
    let (content, layer, asked) = (content(), digest(&layer()), AtomicUsize::new(0));
    Server::start(move |incoming| {
        let answer = content.answer(incoming);
        if !incoming.path.ends_with(&layer) {
            return answer;
        }
        fails(asked.fetch_add(1, Ordering::Relaxed), incoming, answer)
    })
}

fn pull(server: &Server) -> (Place, super::place::Done, Duration) {
    let place = place(server);
    let start = Instant::now();
    let done = place.run(&["image", "pull", &format!("{}/x:1", server.host())]);
    (place, done, start.elapsed())
}

#[track_caller]
fn fails(server: &Server, expected: &str) {
    let (place, done, took) = pull(server);
    let done = done.told(expected);
    assert!(done.stderr.contains("x:1"), "{}", done.all());
    assert!(took < Duration::from_secs(90), "it took {took:?}");
    assert_eq!(place.stored("tmp"), Vec::<String>::new());
    for directory in ["images", "trees", "refs"] {
        assert_eq!(place.stored(directory), Vec::<String>::new(), "{directory}");
    }
}

#[test]
fn a_registry_that_stops_in_the_middle_of_a_layer_is_asked_again() {
    let server = failing(|nth, _, answer| match nth {
        0 => Answer { cut_after: Some(100_000), ..answer },
        _ => answer,
    });
    let (place, done, _) = pull(&server);
    done.good();
    assert_eq!(place.run(&["image", "verify"]).good().code, 0);
    let server = failing(|_, _, answer| Answer { cut_after: Some(100_000), ..answer });
    fails(&server, "broke off");
    assert!(server.seen().len() > 4, "it is tried again");
}

#[test]
fn a_registry_that_is_busy_is_given_the_time_it_asks_for() {
    let server = failing(|nth, _, answer| match nth {
        0 => Answer::status(429).header("Retry-After", "2"),
        1 => Answer::status(503),
        _ => answer,
    });
    let (_place, done, took) = pull(&server);
    done.good();
    assert!(took > Duration::from_secs(2), "{took:?}");
    fails(&failing(|_, _, _| Answer::status(429).header("Retry-After", "0")), "429");
    fails(&failing(|_, _, _| Answer::status(500)), "500");
}

#[test]
fn manifests_that_cannot_be_had() {
    for (answer, expected) in [
        (Answer::status(500), "500"),
        (Answer::status(429).header("Retry-After", "0"), "429"),
        (Answer::redirect("/v2/x/manifests/1"), "redirect"),
    ] {
        fails(&Server::start(move |_| answer.clone()), expected);
    }
}

#[test]
fn redirects_in_a_circle_are_left() {
    let server = failing(|_, incoming, _| {
        let host = incoming.header("host").expect("a host");
        Answer::redirect(&format!("http://{host}{}", incoming.path))
    });
    fails(&server, "redirect");
    assert!(server.seen().len() < 100, "{}", server.seen().len());
}

#[test]
fn processes_that_pull_the_same_image_do_it_once() {
    let server = content().serve();
    let place = place(&server);
    let image = format!("{}/x:1", server.host());
    let start = |_| place.command(&["image", "pull", &image]).spawn().expect("it starts");
    let children: Vec<_> = (0..3).map(start).collect();
    for mut child in children {
        assert!(child.wait().expect("it ends").success());
    }
    assert_eq!(server.count(&format!("/v2/x/blobs/{}", digest(&layer()))), 1);
    place.run(&["image", "verify"]).good();
    assert_eq!(place.stored("images").len(), 1);
}

#[test]
fn whenever_it_is_killed_the_store_is_whole() {
    let server = content().serve();
    let image = format!("{}/x:1", server.host());
    let place = place(&server).job(&image, "tool");
    // How long a whole pull takes, so that the moments lie all over it.
    let (_, done, whole) = pull(&server);
    done.good();
    const MOMENTS: u32 = 16;
    let mut ended = 0;
    for moment in 0..MOMENTS {
        let mut child = place.command(&["image", "pull", &image]).spawn().expect("it starts");
        std::thread::sleep(whole * moment / MOMENTS);
        let _ = child.kill();
        ended += u32::from(child.wait().expect("it ends").success());
        place.run(&["image", "verify"]).good();
        place.run(&["image", "list"]).good();
    }
    assert!(ended < MOMENTS, "none was killed");
    place.run(&["image", "pull", &image]).good();
    place.run(&["image", "verify"]).good();
    assert!(place.run(&["run", "--pull", "never"]).good().stdout.contains("tool\n"));
    // What was begun and not ended goes at the latest with this.
    place.run(&["image", "prune"]).good();
    assert_eq!(place.stored("tmp"), Vec::<String>::new());
    assert_eq!(place.stored("trees").len(), 2, "a tree and its list");
}

/// Runs greenroom with its store on a disk of so many kilobytes, and then `after` in a shell.
fn on_a_small_disk(
    place: &Place,
    size: u32,
    arguments: &[&str],
    after: &str,
) -> Option<(i32, String)> {
    let disk = place.path("disk");
    std::fs::create_dir_all(&disk).expect("writable");
    let mount = format!("mount -t tmpfs -o size={size}k,mode=700 tmpfs \"$0\"");
    let isolated = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]).arg(&disk);
        command
    };
    if !isolated(&mount).output().is_ok_and(|output| output.status.success()) {
        skipped("a full disk: none can be mounted here (unshare, tmpfs)");
        return None;
    }
    let greenroom = place.command(arguments);
    let script = format!("{mount} && {{ \"$@\"; code=$?; cd \"$0\"; {after}; exit $code; }}");
    let mut command = isolated(&script);
    command.arg(greenroom.get_program()).args(greenroom.get_args());
    command.current_dir(greenroom.get_current_dir().unwrap_or(Path::new("/"))).env_clear();
    command.envs(greenroom.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("GREENROOM_CACHE_DIR", &disk);
    let output = command.output().expect("it starts");
    let text = [output.stdout, output.stderr].concat();
    Some((output.status.code().unwrap_or(-1), String::from_utf8_lossy(&text).into_owned()))
}

const LEFT: &str = "find images/tmp images/trees images/images images/refs -mindepth 1";

#[test]
fn a_full_disk_ends_a_pull_and_leaves_nothing() {
    let mut content = Content::default();
    let large = [module("x"), noise(6_000_000)].concat();
    content.manifest("module", (WASM_CONFIG, WASIP1), &[(WASM, &large)]);
    // Small as long as it is packed.
    let layer = Tar::default().file("bin/zeros", &vec![0; 30_000_000]).gz();
    content.manifest("layer", (IMAGE_CONFIG, WASIP1), &[(TAR_GZ, &layer)]);
    let server = content.serve();
    let place = place(&server);
    for (tag, size) in [("module", 4000), ("layer", 20_000)] {
        let image = format!("{}/x:{tag}", server.host());
        let pull = ["image", "pull", "--no-compile", &image];
        let Some((code, text)) = on_a_small_disk(&place, size, &pull, LEFT) else { return };
        assert_eq!(code, 4, "{text}");
        assert!(text.contains(&format!("x:{tag}")), "{text}");
        assert!(text.contains("No space left on device") || text.contains("disk"), "{text}");
        assert!(!text.contains("images/tmp/") && !text.contains("images/trees/"), "{text}");
    }
}

#[test]
fn a_full_disk_costs_the_compiled_form_and_not_the_run() {
    let place = Place::new();
    let functions =
        "(func (param i32) (result i32) local.get 0 i32.const 7 i32.mul)".repeat(20_000);
    let text =
        format!("(module {functions} (func (export \"_start\")) (memory (export \"memory\") 1))");
    std::fs::write(place.path("big.wasm"), wat::parse_str(text).expect("valid text"))
        .expect("writable");
    let path = place.path("big.wasm").display().to_string();
    let left = "ls modules";
    let Some((code, text)) = on_a_small_disk(&place, 200, &["exec", &path], left) else { return };
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("compiled modules cannot be kept in"), "{text}");
    assert!(text.contains("No space left on device"), "{text}");
    assert!(!text.contains("tmp-") && !text.contains(".cwasm"), "{text}");
}

#[test]
fn jobs_that_need_one_module_compile_it_once_and_pulling_compiles_all() {
    let functions = "(func (param i32) (result i32) local.get 0 i32.const 7 i32.mul)".repeat(1000);
    let tool = |name: &str| {
        let padding = "x".repeat(1_100_000);
        let text = format!(
            "(module {functions} (memory (export \"memory\") 20) (data (i32.const 0) \"{name}{padding}\")
             (func (export \"_start\")))"
        );
        wat::parse_str(text).expect("valid text")
    };
    let names = ["one", "two", "three", "four", "five", "six"];
    let tar = names
        .iter()
        .fold(Tar::default(), |tar, name| tar.file(&format!("usr/bin/{name}.wasm"), &tool(name)));
    let tar = tar.file("usr/bin/wrapped", b"#!/usr/bin/env -S six\n");
    let mut content = Content::default();
    content.manifest("1", (IMAGE_CONFIG, WASIP1), &[(TAR_GZ, &tar.gz())]);
    let server = content.serve();
    let image = format!("{}/x:1", server.host());
    let pipeline = format!(
        "default:\n  image: {image}\n\
         a:\n  script: ['two; three']\n\
         b:\n  script: ['two', 'type wrapped']\n\
         c:\n  script: ['two']\n"
    );
    let place = place(&server).write("project/.gitlab-ci.yml", &pipeline);
    let compiled = |text: &str, name: &str| text.matches(&format!("/{name}.wasm (1.1 MB)")).count();
    let done = place.run(&["run", "--jobs", "3"]).good();
    // Those that are named, before the scripts begin; the others never.
    for (name, times) in [("one", 0), ("two", 1), ("three", 1), ("four", 0), ("six", 1)] {
        assert_eq!(compiled(&done.all(), name), times, "{name}: {}", done.all());
    }
    let done = place.run(&["image", "pull", &image]).good();
    for (name, times) in [("one", 1), ("two", 0), ("four", 1), ("five", 1), ("six", 0)] {
        assert_eq!(compiled(&done.all(), name), times, "{name}: {}", done.all());
    }
}
