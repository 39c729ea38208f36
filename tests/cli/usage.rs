//! What is wrong with a command line is said without running anything; the exit code is 2.

use super::harness::Project;

#[test]
fn usage_errors() {
    let project = Project::empty().with("a.yml", "job:\n  script: [exit 1]\n");
    let mut all = String::new();
    for arguments in [
        &["run", "--mount", "public"][..],
        &["run", "--mount", "public:srv"],
        &["run", "--mount", "public:/srv/../etc"],
        &["run", "--var", "KEY"],
        &["run", "--var", "1=x"],
        &["run", "--env", "NOT_SET"],
        &["run", "--env", "A B"],
        &["run", "--jobs", "0"],
        &["run", "--jobs", "many"],
        &["run", "--memory-limit", "5X"],
        &["run", "--timeout", "10"],
        &["run", "--format", "xml"],
        &["run", "--project", "a.yml"],
        &["check", "a.yml", "--file", "b.yml"],
        &["chekc"],
        &["exec"],
    ] {
        let output = project.run(arguments);
        assert!(output.starts_with("exit code 2\n--- stderr\n"), "{arguments:?}: {output}");
        all += &format!("$ greenroom {}\n{output}\n", arguments.join(" "));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn help_and_version_are_no_errors() {
    let project = Project::empty();
    for arguments in [&["--help"][..], &["run", "--help"], &["exec", "--help"], &["help", "list"]] {
        let output = project.run(arguments);
        assert!(output.starts_with("exit code 0\n--- stdout\n"), "{output}");
        assert!(output.contains("Examples:") && output.contains("Usage:"), "{output}");
        assert!(!output.contains("--- stderr"), "{output}");
    }
    let version = project.run(&["--version"]);
    assert_eq!(
        version,
        format!("exit code 0\n--- stdout\ngreenroom {}\n", env!("CARGO_PKG_VERSION"))
    );
}
