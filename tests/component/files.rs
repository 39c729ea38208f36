//! The files that a component sees, and those that it does not.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use crate::case::{case, fixture, program};

#[tokio::test(flavor = "multi_thread")]
async fn files_are_read_and_written_in_the_workspace() {
    let case = case();
    let ok = |out: &str| (0, out.to_owned());
    for name in ["a", "./b", "sub/c", "/workspace/d", "sub/../e", "/tmp/f"] {
        assert_eq!(case.run(&["write", name, "text"]).await, ok(""), "{name}");
        assert_eq!(case.run(&["append", name, " more"]).await, ok(""), "{name}");
        assert_eq!(case.run(&["read", name]).await, ok("text more"), "{name}");
    }
    assert_eq!(case.read("workspace/sub/c"), "text more");
    assert_eq!(case.read("tmp/f"), "text more");
    assert_eq!(case.run(&["list", "."]).await, ok("a b d e sub\n"));
    assert_eq!(case.run(&["list", "/workspace/sub"]).await, ok("c\n"));
    assert_eq!(case.run(&["list", "/usr"]).await, ok("bin lib\n"));
    assert_eq!(case.run(&["stat", "sub"]).await.1.split(' ').next(), Some("dir=true"));
    assert_eq!(case.run(&["stat", "a"]).await, ok("dir=false len=9\n"));
    assert_eq!(case.run(&["mkdir", "new"]).await, ok(""));
    assert_eq!(case.run(&["rename", "a", "new/a"]).await, ok(""));
    assert_eq!(case.run(&["link", "new/a", "hard"]).await, ok(""));
    assert_eq!(case.run(&["symlink", "new/a", "soft"]).await, ok(""));
    assert_eq!(case.run(&["read", "hard"]).await, ok("text more"));
    assert_eq!(case.run(&["read", "soft"]).await, ok("text more"));
    assert_eq!(case.run(&["touch", "hard"]).await, ok(""));
    let time = fs::metadata(case.path("workspace/hard")).expect("exists").modified();
    let expected = std::time::UNIX_EPOCH + Duration::from_secs(1_000_000);
    assert_eq!(time.expect("a time"), expected);
    assert_eq!(case.run(&["resize", "hard", "4"]).await, ok(""));
    assert_eq!(case.read("workspace/hard"), "text");
    assert_eq!(case.run(&["truncate", "hard"]).await, ok(""));
    assert_eq!(case.run(&["create-new", "hard"]).await.0, 1);
    assert_eq!(case.run(&["remove", "hard"]).await, ok(""));
    assert_eq!(case.run(&["rmdir", "new"]).await.0, 1, "not empty");
    assert_eq!(case.run(&["remove", "new/a"]).await, ok(""));
    assert_eq!(case.run(&["rmdir", "new"]).await, ok(""));
    let (status, text) = case.run(&["read", "none"]).await;
    assert!(status == 1 && text.starts_with("NotFound:"), "{status} {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_are_there() {
    let case = case();
    assert_eq!(case.run(&["read", "/dev/null"]).await, (0, String::new()));
    assert_eq!(case.run(&["write", "/dev/null", "text"]).await, (0, String::new()));
    assert_eq!(case.run(&["append", "/dev/stdout", "text"]).await, (0, "text".into()));
    assert_eq!(case.run(&["list", "/dev/sda"]).await.0, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_working_directory_is_the_given_one() {
    let case = case();
    let mut spec = program(fixture(), &["write", "here", "text"]);
    spec.cwd = "/workspace/sub".to_owned();
    assert_eq!(case.start(spec).await.status, 0, "{}", case.err());
    assert_eq!(case.read("workspace/sub/here"), "text");
    let mut spec = program(fixture(), &["write", "../above", "text"]);
    spec.cwd = "/workspace/sub".to_owned();
    assert_eq!(case.start(spec).await.status, 0, "{}", case.err());
    assert_eq!(case.read("workspace/above"), "text");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_tree_is_not_changed() {
    let case = case();
    assert_eq!(case.run(&["read", "/usr/lib/data"]).await, (0, "data of the image".into()));
    assert_eq!(case.run(&["write", "seed", "seed"]).await.0, 0);
    for arguments in [
        &["write", "/usr/lib/data", "text"][..],
        &["write", "/usr/lib/new", "text"],
        &["append", "/usr/lib/data", "text"],
        &["truncate", "/usr/lib/data"],
        &["resize", "/usr/lib/data", "1"],
        &["touch", "/usr/lib/data"],
        &["remove", "/usr/lib/data"],
        &["mkdir", "/usr/lib/new"],
        &["symlink", "data", "/usr/lib/new"],
        &["link", "/usr/lib/data", "/usr/lib/new"],
        &["link", "/usr/lib/data", "linked"],
        &["link", "seed", "/usr/lib/new"],
        &["rename", "/usr/lib/data", "moved"],
        &["rename", "seed", "/usr/lib/data"],
    ] {
        assert_eq!(case.run(arguments).await.0, 1, "{arguments:?}");
        case.assert_outside_untouched();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_leads_outside() {
    let case = case();
    let secret = case.path("outside/secret").to_string_lossy().into_owned();
    symlink(&secret, case.path("workspace/absolute")).expect("links");
    symlink("../outside/secret", case.path("workspace/relative")).expect("links");
    symlink("../outside", case.path("workspace/dir")).expect("links");
    symlink("dir", case.path("workspace/chain")).expect("links");
    symlink("../outside/new", case.path("workspace/dangling")).expect("links");
    // Links that the component makes itself, where it may.
    for (contents, name) in [
        ("../outside/secret", "own"),
        ("../../outside", "sub/own"),
        ("/", "root"),
        ("..", "up"),
        ("../outside/new", "own-dangling"),
    ] {
        let _ = case.run(&["symlink", contents, name]).await;
    }
    assert_eq!(case.run(&["write", "seed", "seed"]).await.0, 0);
    let files = [
        "../outside/secret",
        "sub/../../outside/secret",
        "/workspace/../outside/secret",
        "/../outside/secret",
        "absolute",
        "relative",
        "dir/secret",
        "chain/secret",
        "own",
        "sub/own/secret",
        "up/outside/secret",
        "root/etc/passwd",
        &secret,
        "/etc/passwd",
        "/proc/self/environ",
        "absolute/",
        "dir//secret",
        "./dir/./secret",
    ];
    for path in files {
        let (status, text) = case.run(&["read", path]).await;
        assert_eq!((status, text.contains("secret")), (1, false), "read {path}: {text}");
        for arguments in [
            &["write", path, "text"][..],
            &["append", path, "text"],
            &["truncate", path],
            &["touch", path],
            &["link", path, "linked"],
        ] {
            let (status, text) = case.run(arguments).await;
            // A hard link to a symbolic link is one to the link itself.
            assert!(status == 1 || arguments[0] == "link", "{arguments:?}: {text}");
            case.assert_outside_untouched();
            assert!(
                !fs::read(case.path("workspace/linked")).is_ok_and(|t| t == b"secret")
                    || fs::symlink_metadata(case.path("workspace/linked"))
                        .is_ok_and(|m| m.is_symlink())
            );
            let _ = fs::remove_file(case.path("workspace/linked"));
        }
    }
    for dir in ["..", "../outside", "dir", "chain", "dir/", "dir/.", "up", "root/etc", "/.."] {
        let (status, text) = case.run(&["list", dir]).await;
        assert!(
            status == 1 || !text.contains("secret") && !text.contains("outside"),
            "{dir}: {text}"
        );
        for name in ["new", "new/"] {
            let path = format!("{dir}/{name}");
            let _ = case.run(&["write", &path, "text"]).await;
            let _ = case.run(&["mkdir", &path]).await;
            let _ = case.run(&["rename", "seed", &path]).await;
            let _ = case.run(&["symlink", "x", &path]).await;
            case.assert_outside_untouched();
        }
    }
    for path in ["dangling", "own-dangling"] {
        for verb in ["write", "append"] {
            assert_eq!(case.run(&[verb, path, "text"]).await.0, 1, "{verb} {path}");
        }
        let _ = case.run(&["create-new", path]).await;
        let _ = case.run(&["resize", path, "10"]).await;
        case.assert_outside_untouched();
    }
    assert_eq!(case.run(&["rename", "seed", "/tmp/seed"]).await.0, 1, "across mounts");
    assert_eq!(case.run(&["link", "seed", "/tmp/seed"]).await.0, 1, "across mounts");
}
