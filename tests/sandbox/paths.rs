//! Attempts to leave the mounts: every operation of `tests/adversarial/paths/operations.txt` with
//! every path of `paths.txt`, from several places, over the workspace of `tree.txt`. Once with
//! `openat2` and once with that system call blocked, as on a kernel that lacks it.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use greenroom::sandbox::Limits;
use rustix::fs::{CWD, RenameFlags};

use crate::outside::{Outside, walk};
use crate::puppet::Kind;
use crate::script::Script;
use crate::stage::Stage;
use crate::workers;

const TREE: &str = include_str!("../adversarial/paths/tree.txt");
const PATHS: &str = include_str!("../adversarial/paths/paths.txt");
const OPERATIONS: &str = include_str!("../adversarial/paths/operations.txt");

/// Where paths start: the program's kind, its working directory, the variable of the directory,
/// and what leads from there to the workspace.
const BASES: &[(Kind, &str, &str, &str)] = &[
    (Kind::Preview1, "/workspace", "dot", ""),
    (Kind::Preview1, "/workspace", "workspace", ""),
    (Kind::Preview1, "/workspace/sub", "dot", "../"),
    (Kind::Own, "/workspace", "root", "workspace/"),
];

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty())
}

/// An entry of the workspace.
enum Entry {
    Directory,
    File,
    Link(String),
    /// Another link to this one.
    Hard(&'static str),
}

/// The workspace as it should be, parents first.
fn tree(outside: &str) -> Vec<(&'static str, Entry)> {
    let entry = |line: &'static str| {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["directory", path] => (path, Entry::Directory),
            ["file", path] => (path, Entry::File),
            ["link", path, to] => (path, Entry::Link(to.replace("OUTSIDE", outside))),
            ["hard", path, to] => (path, Entry::Hard(to)),
            _ => panic!("tree.txt: {line}"),
        }
    };
    lines(TREE).map(entry).collect()
}

/// Makes the workspace as it should be. What is already so stays, because making and removing
/// thousands of files is slow.
fn restore(workspace: &Path, tree: &[(&'static str, Entry)]) {
    for path in walk(workspace) {
        let inside = path.strip_prefix(workspace).unwrap();
        let entry = tree.iter().find(|(path, _)| Path::new(path) == inside);
        if entry.is_some_and(|(_, entry)| is_as_it_should_be(&path, entry, tree)) {
            continue;
        }
        match path.symlink_metadata() {
            Ok(found) if found.is_dir() => std::fs::remove_dir_all(path).unwrap(),
            Ok(_) => std::fs::remove_file(path).unwrap(),
            Err(_) => {}
        }
    }
    for (path, entry) in tree {
        let path = workspace.join(path);
        if path.symlink_metadata().is_ok() {
            continue;
        }
        match entry {
            Entry::Directory => std::fs::create_dir(path),
            Entry::File => std::fs::write(path, "inside"),
            Entry::Link(to) => symlink(to, path),
            Entry::Hard(to) => std::fs::hard_link(workspace.join(to), path),
        }
        .unwrap();
    }
}

fn is_as_it_should_be(path: &Path, entry: &Entry, tree: &[(&str, Entry)]) -> bool {
    let Ok(found) = path.symlink_metadata() else { return false };
    match entry {
        Entry::Directory => found.is_dir() && found.mode() & 0o777 == 0o755,
        Entry::File => {
            found.is_file()
                && found.mode() & 0o777 == 0o644
                && std::fs::read(path).is_ok_and(|content| content == b"inside")
        }
        Entry::Link(to) => path.read_link().is_ok_and(|found| found == Path::new(to)),
        Entry::Hard(to) => {
            let (_, to) = tree.iter().find(|(path, _)| path == to).expect("it is in the tree");
            is_as_it_should_be(path, to, tree)
        }
    }
}

/// The operations: what each is called, and its calls.
fn operations(own: bool) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut all: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in lines(OPERATIONS) {
        match (line.strip_prefix("= "), all.last_mut()) {
            (Some(name), _) => all.push((name, Vec::new())),
            (None, Some((_, calls))) => calls.push(line),
            (None, None) => panic!("operations.txt: {line} has no name"),
        }
    }
    all.retain(|(_, calls)| own || calls[0] != "? own");
    all.into_iter()
        .map(|(name, calls)| (name, calls.into_iter().filter(|call| *call != "? own").collect()))
        .collect()
}

fn stage() -> Stage {
    Stage::with(Limits::default(), &[("reader", &workers::reads_a_secret())])
}

/// A program with the variables `$base` and `$other`.
fn start(stage: Stage, kind: Kind, cwd: &str, base: &str) -> Script {
    let mut script = Script::new(stage, kind, cwd).unwrap();
    script.variables.insert("base".to_owned(), script.variables[base]);
    if kind == Kind::Own {
        script.line("path_open $root 0 \"other\" DIRECTORY FD_READDIR ALL 0 -> ok =other").unwrap();
    }
    script
}

/// Tries everything.
fn battery() {
    let (mut attempts, mut failures) = (0, Vec::new());
    let mut succeeded: BTreeMap<&str, u32> = BTreeMap::new();
    for (kind, cwd, base, prefix) in BASES {
        let stage = stage();
        let outside = Outside::make(&stage.host("outside"));
        let (place, workspace) = (stage.host("outside"), stage.host("workspace"));
        let place = place.to_str().unwrap();
        std::fs::write(stage.host("other").join("brought"), "brought").unwrap();
        let tree = tree(place);
        restore(&workspace, &tree);
        let mut script = start(stage, *kind, cwd, base);
        script.secrets = outside.secrets();
        for path in lines(PATHS) {
            let raw = path.replace("OUTSIDE", place);
            let from_base =
                if raw.starts_with('/') { raw.clone() } else { format!("{prefix}{raw}") };
            for (operation, calls) in operations(*kind == Kind::Own) {
                attempts += 1;
                script.succeeded = false;
                let calls: Vec<String> = calls
                    .iter()
                    .map(|call| call.replace("{raw}", &raw).replace("{base}", prefix))
                    .map(|call| call.replace("{}", &from_base))
                    .collect();
                if let Err(error) = script.lines(&calls) {
                    failures.push(format!("{operation}, {base} {cwd}: {error}"));
                }
                if let Err(error) = outside.untouched() {
                    panic!("{operation}, {base} {cwd}, {path}: {error}");
                }
                if script.succeeded {
                    *succeeded.entry(operation).or_default() += 1;
                    restore(&workspace, &tree);
                    let other = script.stage.host("other");
                    let _ = std::fs::remove_file(other.join("stolen"));
                    std::fs::write(other.join("brought"), "brought").unwrap();
                }
            }
            // Descriptors that were opened go with their program.
            let Script { stage, secrets, .. } = script;
            script = start(stage, *kind, cwd, base);
            script.secrets = secrets;
        }
        let log = script.stage.log.text();
        assert!(!log.contains("canary"), "{log}");
    }
    assert!(attempts > 10_000, "only {attempts} attempts");
    // The battery does reach what it may reach: no operation fails with every path.
    for (operation, _) in operations(true) {
        let may_never = ["hard link between mounts", "rename between mounts"];
        let count = succeeded.get(operation).copied().unwrap_or(0);
        assert!(count > 0 || may_never.contains(&operation), "{operation} never succeeds");
    }
    let count = failures.len();
    assert!(failures.is_empty(), "{count} of {attempts} escape:\n{}", failures.join("\n"));
}

/// What a guest tries while a directory is flipped to a link that leads outside, and back.
const RACES: &[&str] = &[
    "path_open $dot FOLLOW \"flip/secret\" 0 FD_READ 0 0 -> any =f",
    "fd_read $f [100] -> any",
    "fd_close $f -> any",
    "path_open $dot 0 \"flip\" DIRECTORY FD_READDIR 0 0 -> any =f",
    "fd_readdir $f 1000 0 -> any",
    "fd_close $f -> any",
    "path_open $dot 0 \"flip/secret\" CREAT|TRUNC FD_WRITE 0 0 -> any =f",
    "fd_write $f [\"changed\"] -> any",
    "fd_close $f -> any",
    "path_open $dot 0 \"flip/new\" CREAT FD_WRITE 0 0 -> any =f",
    "fd_close $f -> any",
    "path_filestat_get $dot FOLLOW \"flip/secret\" -> any",
    "path_filestat_set_times $dot FOLLOW \"flip/secret\" 1 1 ATIM|MTIM -> any",
    "path_create_directory $dot \"flip/newdir\" -> any",
    "path_rename $dot \"flip/secret\" $dot \"stolen\" -> any",
    "path_rename $dot \"stolen\" $dot \"flip/secret\" -> any",
    "path_link $dot 0 \"flip/secret\" $dot \"linked\" -> any",
    "path_unlink_file $dot \"linked\" -> any",
    "path_symlink \"x\" $dot \"flip/link2\" -> any",
    "path_remove_directory $dot \"flip/empty\" -> any",
    "path_readlink $dot \"flip/link\" 100 -> any",
];

fn race() {
    let stage = stage();
    let outside = Outside::make(&stage.host("outside"));
    let workspace = stage.host("workspace");
    std::fs::create_dir(workspace.join("flip")).unwrap();
    std::fs::write(workspace.join("flip/secret"), "inside").unwrap();
    symlink("../outside", workspace.join("link")).unwrap();
    let mut script = Script::new(stage, Kind::Preview1, "/workspace").unwrap();
    script.secrets = outside.secrets();
    let races: Vec<String> = RACES.iter().map(|call| (*call).to_owned()).collect();
    let mut rounds = 0u32;
    let end = Instant::now() + Duration::from_secs(3);
    let flips = std::thread::scope(|scope| {
        let flipping = scope.spawn(|| {
            let (flip, link) = (workspace.join("flip"), workspace.join("link"));
            let mut flips = 0u32;
            while Instant::now() < end {
                rustix::fs::renameat_with(CWD, &flip, CWD, &link, RenameFlags::EXCHANGE).unwrap();
                flips += 1;
            }
            flips
        });
        while Instant::now() < end {
            script.lines(&races).unwrap();
            outside.untouched().unwrap();
            rounds += 1;
        }
        flipping.join().unwrap()
    });
    assert!(flips > 1000 && rounds > 100, "only {flips} flips and {rounds} rounds");
}

#[test]
fn nothing_leaves_the_mounts() {
    battery();
}

#[test]
fn nothing_leaves_the_mounts_while_a_directory_becomes_a_link() {
    race();
}

#[test]
fn nothing_leaves_the_mounts_without_openat2() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "paths::in_a_process_without_openat2", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
#[ignore = "blocks a system call for its whole process: started by the test above"]
fn in_a_process_without_openat2() {
    block_openat2();
    battery();
    race();
}

/// Makes `openat2` answer `ENOSYS` in all threads of this process.
fn block_openat2() {
    use rustix::fs::{Mode, OFlags, ResolveFlags};
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter_all_threads};
    /// The same number on every architecture.
    const OPENAT2: i64 = 437;
    let probe = || {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        rustix::fs::openat2(CWD, ".", flags, Mode::empty(), ResolveFlags::BENEATH)
    };
    if probe().is_err() {
        // A kernel that lacks it: what is to be tried is what always happens here.
        return;
    }
    let filter = SeccompFilter::new(
        [(OPENAT2, Vec::new())].into(),
        SeccompAction::Allow,
        SeccompAction::Errno(rustix::io::Errno::NOSYS.raw_os_error() as u32),
        std::env::consts::ARCH.try_into().unwrap(),
    )
    .unwrap();
    let program: BpfProgram = filter.try_into().unwrap();
    apply_filter_all_threads(&program).unwrap();
    assert_eq!(probe().err(), Some(rustix::io::Errno::NOSYS), "openat2 is not blocked");
}
