//! Secrets: jobs have them, and nobody sees them.

use super::harness::Project;

const TOKEN: &str = "hunter2-Zq3rTc7w";

/// Shows the secret in every way that comes to mind.
const PIPELINE: &str = r#"
stages: [show, fail]
show:
  stage: show
  script:
    - test ${#TOKEN} -eq 16
    - echo "it is $TOKEN!"
    - echo "to stderr $TOKEN" >&2
    - for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do printf %s "${TOKEN:$i:1}"; done; echo
    - echo "$TOKEN" | base64
    - echo "x$TOKEN" | base64
    - printf "xx$TOKEN" | base64
    - (set -x; true "$TOKEN")
    - 'echo {\"token\": \"$TOKEN\"}'
    - echo "$OTHER glpat-0123456789abcdef"
    - echo "$LINES"
fail:
  stage: fail
  when: always
  script:
    - |
      : hunter2-Zq3rTc7w
      false
"#;

fn project() -> Project {
    Project::empty()
        .with(".gitlab-ci.yml", PIPELINE)
        .with("other.txt", "Zq3rTc7w overlapping\n")
        .with("lines.txt", "-----BEGIN KEY-----\nabcdefgh0123\nijklmnop4567\n")
}

fn output(arguments: &[&str]) -> String {
    let project = project();
    let output = project.command(arguments).env("TOKEN", TOKEN).output();
    project.show(&output.expect("the binary starts"))
}

const GRANTS: [&str; 6] =
    ["--secret", "TOKEN", "--secret", "OTHER=@other.txt", "--secret", "LINES=@lines.txt"];

#[test]
fn no_form_of_a_secret_is_shown() {
    let run = |arguments: &[&str]| output(&[arguments, &GRANTS].concat());
    let text = run(&["run", "--jobs", "1"]);
    assert!(text.starts_with("exit code 1\n"), "{text}");
    let lines: Vec<&str> =
        text.lines().filter(|line| line.contains("[MASKED]") || line.contains("glpat")).collect();
    insta::assert_snapshot!(lines.join("\n"));
    for shown in [text, run(&["run", "--format", "jsonl"]), run(&["run", "hunter2-Zq3rTc7w"])] {
        for secret in ["Zq3rTc7w", "hunter2", "WnEzclRjN3", "abcdefgh0123", "0123456789abcdef"] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}

#[test]
fn a_secret_in_the_file_is_not_shown_either() {
    let project = Project::empty()
        .with(".gitlab-ci.yml", "job:\n  scirpt: [curl -H hunter2-Zq3rTc7w]\n  needs: [7]\n");
    for format in ["human", "json"] {
        let output = project
            .command(&["check", "--format", format, "--secret", "TOKEN"])
            .env("TOKEN", TOKEN)
            .output()
            .expect("the binary starts");
        let text = project.show(&output);
        assert!(text.starts_with("exit code 3") && !text.contains("Zq3"), "{text}");
    }
}

#[test]
fn the_settings_name_secrets() {
    let project = project().with("user.toml", "secrets = [\"TOKEN\", \"NOT_SET\"]\n");
    let output = project
        .command(&["run", "show", "--config", "user.toml", "--env", "OTHER=x", "--env", "LINES=y"])
        .env("TOKEN", TOKEN)
        .output()
        .expect("the binary starts");
    let text = project.show(&output);
    assert!(text.contains("it is [MASKED]!") && !text.contains("Zq3rTc7w"), "{text}");
    assert!(text.starts_with("exit code 0"), "{text}");
}

#[test]
fn secrets_that_cannot_be() {
    let project = project().with("empty", "").with("short", "abc\n");
    let mut all = String::new();
    for arguments in [
        &["run", "--secret", "NOT_SET"][..],
        &["run", "--secret", "TOKEN=value"],
        &["run", "--secret", "TOKEN=@none"],
        &["run", "--secret", "TOKEN=@empty"],
        &["run", "--secret", "TOKEN=@short"],
    ] {
        let output = project.run(arguments);
        assert!(output.starts_with("exit code 2\n--- stderr\n"), "{arguments:?}: {output}");
        all += &format!("$ greenroom {}\n{output}\n", arguments.join(" "));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn variables_of_type_file_hold_a_path() {
    let project = Project::empty()
        .with("config.txt", "line one\nline two\n")
        .with("key.txt", "-----BEGIN KEY-----\nabcdefgh0123\n")
        .with(
            ".gitlab-ci.yml",
            "job:\n  variables: {ALSO: \"see $CONFIG\"}\n  script:\n    - cat $CONFIG\n    \
             - cat < \"$KEY\"\n    - echo \"$ALSO\"\n    \
             - case $CONFIG in $CI_PROJECT_DIR/*) exit 1;; esac\n",
        );
    let text =
        project.run(&["run", "--var-file", "CONFIG=config.txt", "--secret-file", "KEY=key.txt"]);
    assert!(text.starts_with("exit code 0\n"), "{text}");
    assert!(text.contains("line one\nline two\n"), "{text}");
    assert!(text.contains("[MASKED]\n") && !text.contains("abcdefgh0123"), "{text}");
    assert!(text.contains("see /tmp/variables/CONFIG"), "{text}");
    let text = project.run(&["run", "--var-file", "CONFIG=none.txt"]);
    assert!(text.starts_with("exit code 2\n") && text.contains("none.txt"), "{text}");
    let text = project.run(&["run", "--var-file", "CONFIG"]);
    assert!(text.starts_with("exit code 2\n") && text.contains("NAME=FILE"), "{text}");
}
