//! `greenroom shell`, with commands from a pipe; and what reads commands from a terminal.

use std::io::Write;
use std::process::Stdio;

use super::harness::Project;

const PIPELINE: &str = "stages: [build, test]\n\
    compile:\n  stage: build\n  script: [mkdir dist, echo built > dist/file]\n\
    unit:\n  stage: test\n  variables: {MODE: strict}\n  script: ['test -e fixed']\n\
    lint:\n  stage: test\n  when: manual\n  variables: {MODE: loose}\n  script: ['true']\n";

fn project() -> Project {
    Project::empty().with(".gitlab-ci.yml", PIPELINE)
}

fn type_into(project: &Project, arguments: &[&str], input: &str) -> String {
    let mut child = project
        .command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    // A shell that does not start reads nothing.
    let _ = child.stdin.take().expect("it is a pipe").write_all(input.as_bytes());
    project.show(&child.wait_with_output().expect("it ends"))
}

#[test]
fn a_shell_is_opened_where_the_last_run_failed() {
    let project = project();
    assert!(project.run(&["run"]).starts_with("exit code 1\n"));
    let text =
        type_into(&project, &["shell"], "echo $CI_JOB_NAME $MODE\npwd\ncat dist/file\nexit 5\n");
    assert!(
        text.starts_with("exit code 5\n--- stdout\nunit strict\n/workspace\nbuilt\n"),
        "{text}"
    );
    assert!(text.contains("unit, which failed last"), "{text}");
    let text = type_into(&project, &["shell", "lint"], "echo $MODE; touch fixed; false");
    assert!(text.starts_with("exit code 1\n--- stdout\nloose\n"), "{text}");
    assert!(project.run(&["run", "--resume"]).starts_with("exit code 0\n"));
}

#[test]
fn without_a_job_it_is_the_sandbox_s_own() {
    let text = type_into(&project(), &["shell", "--var", "A=1"], "echo $A ${CI_JOB_NAME-none}\n");
    assert!(text.contains("--- stdout\n1 none\n"), "{text}");
    let text = project().run(&["shell", "untit"]);
    assert!(text.starts_with("exit code 2\n") && text.contains("did you mean \"unit\""), "{text}");
}

#[test]
fn commands_are_read_until_they_are_complete() {
    let reader = include_str!("../../src/cli/shell.sh");
    let lines = "for i in 1 2\ndo echo \"$i\ndone\"\ndone\nfalse\necho $?\ncd /tmp; X=5\n\
                 echo $X $PWD\necho a \\\nb\n(exit 3)\n";
    let text = type_into(&Project::empty(), &["exec", "sh", "-c", reader], lines);
    let expected = "exit code 3\n--- stdout\n1\ndone\n2\ndone\n1\n5 /tmp\na b\n";
    assert!(text.starts_with(expected), "{text}");
}
