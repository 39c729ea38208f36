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

/// Lines that no sandbox can run, in the file, in an included one and in a template.
const OUTSIDE: &str = r#"
include: ci/base.yml
build:
  extends: .docker
  script:
    - docker build -t "$CI_REGISTRY_IMAGE" .
    - |
      if true; then
        # docker push is in a comment
        docker push "$CI_REGISTRY_IMAGE"
      fi
    - 'echo "sudo is only a word"; ls docker'
deploy:
  extends: .docker
  script:
    - kubectl apply -f k8s && curl -f https://example.com
    - apt() { echo mine; }
    - apt install
local:
  script: [make, "command -v podman || echo none"]
"#;

const BASE: &str =
    ".docker:\n  before_script:\n    - sudo apt-get update\n    - apt-get install -y git\n";

#[test]
fn check_names_what_no_sandbox_can_run() {
    let project = Project::empty().with(".gitlab-ci.yml", OUTSIDE).with("ci/base.yml", BASE);
    insta::assert_snapshot!(project.run(&["check"]));
    let output = project.command(&["check", "--format", "json"]).output().expect("it starts");
    let findings: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let severities: Vec<&str> = findings
        .as_array()
        .expect("an array")
        .iter()
        .filter_map(|finding| finding["severity"].as_str())
        .collect();
    assert!(severities.contains(&"note") && severities.contains(&"warning"), "{severities:?}");
    // What the settings provide is no problem.
    let project = project.with("greenroom.toml", "[commands]\ndocker = \"echo no\"\n");
    assert!(!project.run(&["check"]).contains("`docker`"));
}

#[test]
fn run_and_exec_say_so_too() {
    let project = Project::empty().with(
        ".gitlab-ci.yml",
        "a:\n  script: [docker version]\nb:\n  script: [kubectl version]\n",
    );
    let text = project.run(&["run", "a"]);
    assert!(text.starts_with("exit code 1\n"), "{text}");
    assert!(text.contains("warning[sandbox-command]: `docker`"), "{text}");
    assert!(!text.contains("kubectl"), "it does not run: {text}");
    let text = project.run(&["exec", "docker", "version"]);
    assert!(text.starts_with("exit code 127\n") && text.contains("help: keep the job"), "{text}");
}

#[test]
fn expand_prints_one_file() {
    let project = Project::empty().with(".gitlab-ci.yml", OUTSIDE).with("ci/base.yml", BASE);
    let text = project.run(&["expand"]);
    insta::assert_snapshot!(text);
    let yaml = text.strip_prefix("exit code 0\n--- stdout\n").expect("nothing to complain about");
    let project = project.with("merged.yml", yaml);
    assert_eq!(project.run(&["expand", "merged.yml"]), text);
    let broken = Project::empty().with("broken.yml", BROKEN);
    assert!(broken.run(&["expand", "broken.yml"]).starts_with("exit code 3\n--- stderr\n"));
}
