//! `greenroom check` and `greenroom list`.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Stdio;

use super::harness::Project;

const PIPELINE: &str = r#"
stages: [build, test, deploy]
compile:
  stage: build
  script: [make]
unit:
  stage: test
  needs: [compile]
  script: [make test]
"lint: strict":
  stage: test
  needs: []
  script: [make lint]
  allow_failure: true
publish:
  stage: deploy
  script: [make publish]
  when: manual
notify:
  stage: deploy
  script: [echo it failed]
  when: on_failure
"#;

const BROKEN: &str = "stages: [test]\nunit:\n  stage: tset\n  scirpt: [make]\n";

#[test]
fn check_reports_everything_with_its_place() {
    let project = Project::empty().with(".gitlab-ci.yml", PIPELINE).with("broken.yml", BROKEN);
    let mut all = String::new();
    for arguments in [
        &["check"][..],
        &["check", "."],
        &["check", "broken.yml"],
        &["check", "-f", "broken.yml"],
        &["check", "missing.yml"],
        &["check", "missing/ci.yml"],
    ] {
        all += &format!("$ greenroom {}\n{}\n", arguments.join(" "), project.run(arguments));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn check_as_json() {
    let project = Project::empty().with("broken.yml", BROKEN);
    let output = project.command(&["check", "broken.yml", "--format", "json"]).output();
    let output = output.expect("the binary starts");
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let findings: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let findings = findings.as_array().expect("an array");
    assert!(findings.iter().any(|finding| finding["labels"][0]["line"] == 3), "{findings:?}");
    assert!(findings.iter().any(|finding| finding["labels"][0]["line"] == 4), "{findings:?}");
}

#[test]
fn list_shows_stages_jobs_and_why_a_job_does_not_run() {
    let project = Project::empty().with(".gitlab-ci.yml", PIPELINE).with("broken.yml", BROKEN);
    let stdout = |arguments: &[&str]| {
        let output = project.command(arguments).output().expect("the binary starts");
        format!("{}\n{}", output.status, String::from_utf8_lossy(&output.stdout))
    };
    insta::assert_snapshot!(stdout(&["list"]));
    insta::assert_snapshot!("list-json", stdout(&["list", "--format", "json"]));
    assert_eq!(stdout(&["list", "broken.yml"]), "exit status: 3\n");
}

#[test]
fn what_cannot_be_read_is_told() {
    let project = Project::empty().with("dir.yml/x", "").with("empty.yml", "");
    fs::write(project.path().join("binary.yml"), b"\xff\xfe\x00").expect("writable");
    symlink("/etc/hostname", project.path().join("outside.yml")).expect("writable");
    symlink("loop.yml", project.path().join("loop.yml")).expect("writable");
    for file in ["dir.yml", "empty.yml", "binary.yml", "outside.yml", "loop.yml"] {
        let output = project.run(&["check", file]);
        assert!(output.starts_with("exit code 3\n--- stderr\n"), "{file}: {output}");
        assert!(output.contains("error["), "{file}: {output}");
    }
}

#[test]
fn a_reader_that_stops_reading_is_no_reason_to_complain() {
    let project = Project::empty().with(".gitlab-ci.yml", PIPELINE);
    let mut child = project
        .command(&["list"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(141));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("panicked") && !stderr.contains("greenroom:"), "{stderr}");
}
