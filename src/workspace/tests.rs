//! Copies of hostile trees, and the stores under use by several at once.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::*;

const SMALL: CopyLimits = CopyLimits { bytes: 1 << 20, files: 50 };

fn tree(files: &[&str]) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a temporary directory");
    for file in files {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().expect("below the root")).expect("writable");
        fs::write(path, file).expect("writable");
    }
    root
}

fn listing(root: &Path) -> Vec<String> {
    fn walk(root: &Path, at: &Path, out: &mut Vec<String>) {
        for entry in fs::read_dir(at).expect("readable") {
            let path = entry.expect("readable").path();
            let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
            let kind = fs::symlink_metadata(&path).expect("there").file_type();
            if kind.is_dir() {
                let before = out.len();
                walk(root, &path, out);
                if out.len() == before {
                    out.push(format!("{name}/"));
                }
            } else if kind.is_symlink() {
                out.push(format!("{name} -> {}", fs::read_link(&path).expect("a link").display()));
            } else {
                out.push(name);
            }
        }
    }
    let mut out = Vec::new();
    walk(root, root, &mut out);
    out.sort();
    out
}

fn patterns(texts: &[&str]) -> Patterns {
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    Patterns::new(&texts, "/workspace").expect("valid")
}

fn wanted(include: &[&str], exclude: &[&str], untracked: Option<&[&str]>) -> Filter {
    let tracked =
        |paths: &[&str]| Arc::new(Tracked::new(paths.iter().map(|path| path.as_bytes().to_vec())));
    Filter::Patterns {
        include: patterns(include),
        exclude: patterns(exclude),
        untracked: untracked.map(tracked),
    }
}

fn copied(from: &Path, filter: &Filter) -> (tempfile::TempDir, Result<Copied, CopyError>) {
    let to = tempfile::tempdir().expect("a temporary directory");
    let result = copy(
        File::open(from).expect("there"),
        File::open(to.path()).expect("there"),
        filter,
        SMALL,
    );
    (to, result)
}

#[test]
fn only_what_is_wanted_is_copied() {
    let from = tree(&[
        "a/b/x.log",
        "a/y.log",
        "a/z.txt",
        "top.log",
        "out/deep/f",
        "out/tmp/g",
        ".git/config",
    ]);
    fs::create_dir(from.path().join("out/empty")).expect("writable");
    for (filter, expected) in [
        (wanted(&["**/*.log"], &[], None), &["a/b/x.log", "a/y.log", "top.log"][..]),
        (wanted(&["out/"], &[], None), &["out/deep/f", "out/empty/", "out/tmp/g"]),
        (wanted(&["out"], &["out/tmp/**"], None), &["out/deep/f", "out/empty/"]),
        (wanted(&["out"], &["**/f"], None), &["out/deep/", "out/empty/", "out/tmp/g"]),
        (wanted(&["nothing"], &[], None), &[]),
        // git's own directory is nobody's artifact.
        (wanted(&["**"], &["a/**", "out/**"], None), &["top.log"]),
        (
            wanted(&[], &["top.log"], Some(&["a/y.log", "a/z.txt"])),
            &["a/b/x.log", "out/deep/f", "out/tmp/g"],
        ),
        (
            Filter::Tracked(Arc::new(Tracked::new([b"a/y.log".to_vec(), b"gone".to_vec()]))),
            &["a/y.log"],
        ),
    ] {
        let (to, result) = copied(from.path(), &filter);
        result.expect("copied");
        assert_eq!(listing(to.path()), expected, "{filter:?}");
    }
}

#[test]
fn no_link_is_followed() {
    let outside = tree(&["secret"]);
    let from = tree(&["out/real"]);
    symlink(outside.path(), from.path().join("way-out")).expect("writable");
    symlink(outside.path(), from.path().join("out/dir")).expect("writable");
    symlink(outside.path().join("secret"), from.path().join("out/file")).expect("writable");
    let (to, result) =
        copied(from.path(), &wanted(&["out", "way-out/secret", "way-out"], &[], None));
    assert_eq!(result.expect("copied").files, 4);
    let target = outside.path().display();
    assert_eq!(
        listing(to.path()),
        [
            format!("out/dir -> {target}"),
            format!("out/file -> {target}/secret"),
            "out/real".to_owned(),
            format!("way-out -> {target}"),
        ]
    );
    // Nor where it is written: what is in the way is replaced.
    let (source, target) = (tree(&["a/f", "b"]), tree(&[]));
    symlink(outside.path(), target.path().join("a")).expect("writable");
    symlink(outside.path().join("secret"), target.path().join("b")).expect("writable");
    let open = |path: &Path| File::open(path).expect("there");
    copy(open(source.path()), open(target.path()), &Filter::All, SMALL).expect("copied");
    assert_eq!(listing(target.path()), ["a/f", "b"]);
    assert_eq!(listing(outside.path()), ["secret"]);
    assert_eq!(fs::read(outside.path().join("secret")).expect("there"), b"secret");
}

#[test]
fn pipes_and_sockets_are_left_out() {
    let from = tree(&["out/file"]);
    let pipe = from.path().join("out/pipe");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, pipe, rustix::fs::FileType::Fifo, mode, 0).expect("made");
    let socket = std::os::unix::net::UnixListener::bind(from.path().join("out/s")).expect("made");
    let (to, result) = copied(from.path(), &wanted(&["out"], &[], None));
    assert_eq!(result.expect("copied"), Copied { files: 1, bytes: 8, special: 2 });
    assert_eq!(listing(to.path()), ["out/file"]);
    drop(socket);
}

#[test]
fn limits_hold() {
    let sparse = tree(&[]);
    let file = File::create(sparse.path().join("sparse")).expect("writable");
    file.set_len(10 << 30).expect("no blocks are needed");
    let (to, result) = copied(sparse.path(), &Filter::All);
    assert!(matches!(result, Err(CopyError::TooLarge { .. })), "{result:?}");
    assert_eq!(listing(to.path()), [""; 0]);

    let many = tree(&[]);
    (0..60).for_each(|n| fs::write(many.path().join(n.to_string()), "").expect("writable"));
    let (_to, result) = copied(many.path(), &Filter::All);
    assert!(matches!(result, Err(CopyError::TooMany { limit: 50 })), "{result:?}");

    let deep = tree(&[&format!("{}x", "d/".repeat(140))]);
    let (_to, result) = copied(deep.path(), &Filter::All);
    assert!(
        matches!(result, Err(CopyError::TooDeep { .. } | CopyError::TooMany { .. })),
        "{result:?}"
    );
}

#[test]
fn holes_modes_and_times_stay() {
    let from = tree(&["run"]);
    let path = from.path().join("sparse");
    let file = File::create(&path).expect("writable");
    std::os::unix::fs::FileExt::write_at(&file, b"end", 700_000).expect("writable");
    fs::set_permissions(from.path().join("run"), fs::Permissions::from_mode(0o751)).expect("ours");
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    file.set_modified(long_ago).expect("ours");
    let (to, result) = copied(from.path(), &Filter::All);
    assert_eq!(result.expect("copied").bytes, 700_003 + 3);
    let sparse = fs::metadata(to.path().join("sparse")).expect("there");
    assert_eq!(sparse.modified().expect("known"), long_ago);
    assert!(sparse.blocks() * 512 < 300_000, "{} blocks", sparse.blocks());
    assert_eq!(fs::read(to.path().join("sparse")).expect("there")[700_000..], *b"end");
    let run = fs::metadata(to.path().join("run")).expect("there");
    assert_eq!(run.permissions().mode() & 0o777, 0o751);
}

fn manifest(job: &str, pipeline: u64, expires: Option<u64>) -> Manifest {
    Manifest {
        job: job.to_owned(),
        stage: "test".to_owned(),
        pipeline,
        ref_name: "main".to_owned(),
        name: "artifacts".to_owned(),
        created: pipeline,
        expires,
        succeeded: true,
        files: 0,
        bytes: 0,
        reports: vec![],
        variables: vec![],
        tests: None,
        coverage: None,
    }
}

#[test]
fn artifacts_appear_as_a_whole_and_expire() {
    let state = tempfile::tempdir().expect("a temporary directory");
    let project = ProjectState::new(state.path(), Path::new("/some where/project"));
    let store = Artifacts::new(project.clone());
    assert_eq!(store.list(), []);
    let at = |s| SystemTime::UNIX_EPOCH + Duration::from_secs(s);

    let unfinished = store.begin().expect("writable");
    fs::write(unfinished.files().join("a"), "1").expect("writable");
    assert_eq!(store.list(), [], "not before it is finished");
    drop(unfinished);
    let left = fs::read_dir(project.path().join("artifacts")).expect("there").count();
    assert_eq!(left, 0, "what is given up leaves nothing");

    for pipeline in 1..=5 {
        let unfinished = store.begin().expect("writable");
        fs::write(unfinished.files().join("a"), pipeline.to_string()).expect("writable");
        unfinished.finish(&manifest("one", pipeline, Some(pipeline + 100))).expect("stored");
    }
    store.begin().expect("writable").finish(&manifest("two", 1, None)).expect("stored");
    assert_eq!(store.list().len(), 6);
    let latest = store.latest("one", at(10)).expect("there");
    assert_eq!(latest.manifest.pipeline, 5);
    assert_eq!(store.latest("one", at(105)), None, "expired");
    let to = tempfile::tempdir().expect("a temporary directory");
    latest.restore(File::open(to.path()).expect("there")).expect("copied");
    assert_eq!(fs::read(to.path().join("a")).expect("there"), b"5");

    let reading = store.reading().expect("free");
    store.tidy(at(10)).expect("not while somebody reads");
    assert_eq!(store.list().len(), 6);
    drop(reading);
    store.tidy(at(10)).expect("removed");
    assert_eq!(store.list().len(), 4, "the newest three of one job, and the other's");
    store.tidy(at(1000)).expect("removed");
    let jobs: Vec<String> = store.list().into_iter().map(|entry| entry.manifest.job).collect();
    assert_eq!(jobs, ["two"]);
}

#[test]
fn caches_are_replaced_at_once() {
    let state = tempfile::tempdir().expect("a temporary directory");
    let caches = Caches::new(ProjectState::new(state.path(), Path::new("/project")));
    let open = |path: &Path| File::open(path).expect("there");
    let filter = wanted(&["vendor"], &[], None);
    let now = SystemTime::now();
    assert!(caches.restore("k", open(state.path())).expect("readable").is_none());
    let empty = tree(&["other"]);
    assert_eq!(caches.save("k", open(empty.path()), &filter, now).expect("copied"), None);
    for files in [&["vendor/a", "vendor/b", "other"][..], &["vendor/c"]] {
        let from = tree(files);
        let saved = caches.save("k/../..", open(from.path()), &filter, now).expect("saved");
        assert_eq!(saved.expect("something").key, "k/../..");
    }
    let to = tree(&["vendor/old"]);
    let restored = caches.restore("k/../..", open(to.path())).expect("restored");
    assert_eq!(restored.expect("there").files, 1);
    assert_eq!(listing(to.path()), ["vendor/c", "vendor/old"]);
    assert_eq!(caches.list().len(), 1);
    assert!(caches.remove("k/../..").expect("removed") && !caches.remove("k").expect("nothing"));
    assert!(caches.list().is_empty());
}

#[test]
fn writers_and_readers_of_a_cache_do_not_disturb_each_other() {
    let state = tempfile::tempdir().expect("a temporary directory");
    let caches = Caches::new(ProjectState::new(state.path(), Path::new("/project")));
    let filter = wanted(&["v"], &[], None);
    std::thread::scope(|scope| {
        for writer in 0..3 {
            let (caches, filter) = (caches.clone(), filter.clone());
            scope.spawn(move || {
                for round in 0..10 {
                    let from = tree(&[]);
                    fs::create_dir(from.path().join("v")).expect("writable");
                    // All files of one version say the same.
                    for file in 0..5 {
                        let text = format!("{writer}-{round}");
                        fs::write(from.path().join(format!("v/{file}")), text).expect("writable");
                    }
                    let open = File::open(from.path()).expect("there");
                    caches.save("k", open, &filter, SystemTime::now()).expect("saved");
                }
            });
        }
        for _ in 0..2 {
            let caches = caches.clone();
            scope.spawn(move || {
                for _ in 0..15 {
                    let to = tree(&[]);
                    let open = File::open(to.path()).expect("there");
                    if caches.restore("k", open).expect("readable").is_some() {
                        let read = |file: u32| {
                            fs::read_to_string(to.path().join(format!("v/{file}"))).expect("whole")
                        };
                        (1..5).for_each(|file| assert_eq!(read(file), read(0)));
                    }
                }
            });
        }
    });
}
