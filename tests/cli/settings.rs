//! `greenroom.toml` as a user meets it: which files count, for what, and what is refused.

use super::harness::Project;

const PIPELINE: &str = "job:\n  script:\n    - echo \"<$GREETING>\"\n    - cat /srv/file\n";
const SETTINGS: &str = ".config/greenroom/greenroom.toml";

fn project() -> Project {
    Project::empty().with("shop/.gitlab-ci.yml", PIPELINE).with("data/file", "from the mount\n")
}

/// For this project, with the user's home around it.
fn of_project(project: &Project, text: &str) -> String {
    let root = project.path().canonicalize().expect("it exists");
    format!("[project.\"{}/shop\"]\n{text}", root.display())
}

#[test]
fn the_user_grants_what_the_project_may_not() {
    let project = project();
    let grants = "env = ['GREETING=hello', 'UNSET']\nmounts = ['~/data:/srv:ro']\n";
    let text = of_project(&project, grants);
    let project = project.with(SETTINGS, &text);
    let told = project.run(&["run", "shop/.gitlab-ci.yml"]);
    assert!(told.starts_with("exit code 0\n"), "{told}");
    assert!(told.contains("<hello>") && told.contains("from the mount"), "{told}");

    // The same grants, in another project and in the project's own file.
    let project = Project::empty()
        .with("shop/.gitlab-ci.yml", PIPELINE)
        .with(SETTINGS, &format!("[project.'/elsewhere']\n{grants}"));
    let told = project.run(&["run", "shop/.gitlab-ci.yml"]);
    assert!(told.starts_with("exit code 1\n") && told.contains("<>"), "{told}");

    let project = Project::empty()
        .with("shop/.gitlab-ci.yml", PIPELINE)
        .with("shop/greenroom.toml", "mounts = ['/usr:/srv:ro']\nimages.a = 'b'\n");
    for verb in ["run", "check", "list"] {
        let told = project.run(&[verb, "shop/.gitlab-ci.yml"]);
        assert!(told.starts_with("exit code 2\n--- stderr\n"), "{told}");
        assert!(told.contains("setting") && told.contains("greenroom.toml:1"), "{told}");
    }
    // Named by the user, it is the user's.
    let arguments = ["run", "shop/.gitlab-ci.yml", "--config", "shop/greenroom.toml"];
    let told = project.run(&arguments);
    assert!(told.starts_with("exit code 1\n"), "{told}");
}

#[test]
fn limits_of_the_project_only_lower() {
    let loud = "job:\n  script:\n    - while true; do echo 0123456789; done\n";
    let project = Project::empty()
        .with(".gitlab-ci.yml", loud)
        .with("greenroom.toml", "[limits]\nlog = '2k'\ntimeout = '1h'\n");
    let told = project.run(&["run", "--log-limit", "1G", "--format", "jsonl"]);
    assert!(told.starts_with("exit code 1\n") && told.contains("output_limit"), "{told}");
    assert!(told.len() < 20_000, "{}", told.len());
    let project = project.with("greenroom.toml", "[limits]\nlog = '1G'\n");
    let told = project.run(&["run", "--log-limit", "2k", "--format", "jsonl"]);
    assert!(told.contains("output_limit") && told.len() < 20_000, "{}", told.len());
}

#[test]
fn a_file_that_is_no_settings_is_told() {
    let project = Project::empty().with(".gitlab-ci.yml", "job:\n  script: 'true'\n");
    let told = project.run(&["check", "--config", "none.toml"]);
    assert!(told.starts_with("exit code 2\n"), "{told}");
    assert!(told.contains("cannot read the settings none.toml"), "{told}");
    let large = "#".repeat(2 << 20);
    for (bytes, expected) in [
        (large.as_bytes(), "larger than 1 MiB"),
        (b"a = '\xff'", "not UTF-8"),
        (b"limits = 1", "`limits` takes a table"),
    ] {
        let project = Project::empty()
            .with(".gitlab-ci.yml", "job:\n  script: 'true'\n")
            .with_bytes("greenroom.toml", bytes);
        let told = project.run(&["check"]);
        assert!(told.starts_with("exit code 2\n") && told.contains(expected), "{told}");
    }
    let told = project.run(&["check", "--config", "."]);
    assert!(told.contains("not a regular file"), "{told}");
}

#[test]
fn the_workspace_is_as_the_settings_say_unless_an_option_says_otherwise() {
    let project = Project::empty()
        .with("shop/.gitlab-ci.yml", "job: {script: [': > made']}\n")
        .with("shop/greenroom.toml", "workspace = \"isolated\"\n");
    let made = || project.path().join("shop/made").exists();
    assert!(project.run(&["run", "./shop"]).starts_with("exit code 0\n") && !made());
    assert!(project.run(&["run", "./shop", "--shared"]).starts_with("exit code 0\n") && made());

    let project = project.with("shop/greenroom.toml", "workspace = \"strict\"\n");
    let refused = project.run(&["run", "./shop"]);
    assert!(refused.starts_with("exit code 2\n") && refused.contains("git"), "{refused}");
    let refused = project.run(&["run", "./shop", "--no-artifacts"]);
    assert!(refused.starts_with("exit code 2\n") && refused.contains("--shared"), "{refused}");
}
