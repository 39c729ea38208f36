//! Running again: `--from`, `--resume`, `--keep-going`, `--dry-run`, and reports in files.

use std::fs;

use serde_json::Value;

use super::harness::Project;

const PIPELINE: &str = "stages: [build, test, deploy]\n\
    compile:\n  stage: build\n  script: [echo compiled >> log]\n\
    unit:\n  stage: test\n  script: ['echo unit >> log', 'test -e fixed']\n\
    lint:\n  stage: test\n  script: [echo lint >> log]\n\
    publish:\n  stage: deploy\n  script: [echo published >> log]\n";

fn project() -> Project {
    Project::empty().with(".gitlab-ci.yml", PIPELINE)
}

/// Exit code and the jobs that ran, in the order of their names.
fn ran(project: &Project, arguments: &[&str]) -> (Option<i32>, String) {
    let arguments = [arguments, &["--format", "jsonl"]].concat();
    let output = project.command(&arguments).output().expect("the binary starts");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let mut jobs: Vec<String> = stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect(line))
        .filter(|event| event["event"] == "job_started")
        .map(|event| event["job"].as_str().unwrap_or_default().to_owned())
        .collect();
    jobs.sort();
    (output.status.code(), jobs.join(" "))
}

fn expect(project: &Project, arguments: &[&str], code: i32, jobs: &str) {
    assert_eq!(ran(project, arguments), (Some(code), jobs.to_owned()), "{arguments:?}");
}

#[test]
fn a_failed_run_is_continued_in_the_same_workspace() {
    let project = project();
    let text = project.run(&["run", "--resume"]);
    assert!(text.starts_with("exit code 2\n") && text.contains("no run"), "{text}");
    expect(&project, &["run"], 1, "compile lint unit");
    // Single jobs do not change what is known of the run.
    expect(&project, &["run", "lint"], 0, "lint");
    expect(&project, &["run", "--resume"], 1, "unit");
    let project = project.with("fixed", "");
    expect(&project, &["run", "--resume"], 0, "publish unit");
    let log = fs::read_to_string(project.path().join("log")).expect("it was written");
    assert_eq!(log.matches("compiled").count(), 1, "{log}");
    let text = project.run(&["run", "--resume"]);
    assert_eq!(text, "exit code 0\n--- stderr\nthe last run ended well: nothing is left to do\n");
    expect(&project, &["run"], 0, "compile lint publish unit");
}

#[test]
fn a_run_that_was_torn_down_is_continued_too() {
    let project = project().with(
        "slow.yml",
        "stages: [a, b]\nfirst:\n  stage: a\n  script: [echo first]\n\
         second:\n  stage: b\n  script: ['echo ready > ready', 'sleep 60']\n",
    );
    let mut child = project
        .command(&["run", "slow.yml", "--jobs", "1"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("the binary starts");
    let start = std::time::Instant::now();
    while !project.path().join("ready").exists() {
        assert!(start.elapsed().as_secs() < 120, "the second job begins");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    child.kill().expect("it runs");
    child.wait().expect("it ended");
    expect(&project, &["run", "slow.yml", "--resume", "--timeout", "1s"], 1, "second");
}

#[test]
fn a_run_begins_where_it_is_told_to() {
    let project = project().with("fixed", "");
    expect(&project, &["run", "--from", "test"], 0, "lint publish unit");
    expect(&project, &["run", "--from", "unit"], 0, "publish unit");
    let text = project.run(&["run", "--from", "publihs"]);
    assert!(text.starts_with("exit code 2\n") && text.contains("did you mean"), "{text}");
}

#[test]
fn later_stages_run_if_they_are_to() {
    let project = project();
    expect(&project, &["run", "--keep-going"], 1, "compile lint publish unit");
}

#[test]
fn a_dry_run_runs_nothing() {
    let project = project();
    insta::assert_snapshot!(project.run(&["run", "--dry-run", "--from", "test"]));
    assert!(!project.path().join("log").exists());
}

#[test]
fn a_report_is_written_when_the_run_has_ended() {
    let project = project();
    expect(&project, &["run", "--report", "junit=report.xml"], 1, "compile lint unit");
    let report = fs::read_to_string(project.path().join("report.xml")).expect("it was written");
    assert!(report.contains("<testsuite name=\"test\" tests=\"2\" failures=\"1\""), "{report}");
    assert!(report.contains("<failure message=\"exit code 1 at .gitlab-ci.yml:7\"/>"), "{report}");
    assert!(report.contains("<skipped message=\"unit failed\"/>"), "{report}");
    for (argument, expected) in [
        ("junit=none/report.xml", "no directory none"),
        ("xml=report.xml", "no format"),
        ("junit", "junit=FILE"),
    ] {
        let text = project.run(&["run", "--report", argument]);
        assert!(text.starts_with("exit code 2\n") && text.contains(expected), "{text}");
    }
}
