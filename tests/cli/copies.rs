//! What a killed run leaves is removed by the next, and what a running one uses is not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::Project;

const PIPELINE: &str = "long: {script: [touch begun, sleep 600]}\nquick: {script: [echo quick]}\n";

/// The directories of runs that are there.
fn copies(state: &Path) -> Vec<PathBuf> {
    let projects = fs::read_dir(state.join("projects")).into_iter().flatten().flatten();
    let runs = projects.flat_map(|entry| fs::read_dir(entry.path().join("runs")));
    runs.flatten().flatten().map(|entry| entry.path()).collect()
}

fn isolated(project: &Project, state: &Path, job: &str) -> Command {
    let mut command = project.command(&["run", "--isolated", job]);
    command.env("GREENROOM_STATE_DIR", state);
    command
}

/// Begins a run in a copy and waits until its script works there.
#[expect(clippy::zombie_processes, reason = "the caller ends it")]
fn begin(project: &Project, state: &Path) -> (Child, PathBuf) {
    let before = copies(state);
    let mut command = isolated(project, state, "long");
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let start = Instant::now();
    loop {
        let begun =
            |copy: &&PathBuf| !before.contains(*copy) && copy.join("project/begun").exists();
        if let Some(copy) = copies(state).iter().find(begun) {
            return (child, copy.clone());
        }
        assert!(start.elapsed() < Duration::from_secs(120), "the script does not begin");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_a_killed_run_leaves_is_removed_by_the_next() {
    let project = Project::empty().with(".gitlab-ci.yml", PIPELINE);
    let state = tempfile::tempdir().expect("a temporary directory");
    let state = state.path();
    let (mut killed, left) = begin(&project, state);
    killed.kill().expect("it runs");
    killed.wait().expect("it ends");
    assert!(left.join("project/begun").exists(), "nobody could remove it");

    // The next run removes it, and one that is alive keeps its own.
    let (mut alive, used) = begin(&project, state);
    assert!(!left.exists());
    let output = isolated(&project, state, "quick").output().expect("it starts");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(copies(state), [used]);

    // So does a run that makes no copy itself.
    alive.kill().expect("it runs");
    alive.wait().expect("it ends");
    let mut plain = project.command(&["run", "quick"]);
    let output = plain.env("GREENROOM_STATE_DIR", state).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("removed the copy of a run that was killed"), "{said}");
    assert!(copies(state).is_empty());
}
