//! `greenroom explain`.

use super::harness::Project;

const PIPELINE: &str = r#"
include: ci/base.yml
default:
  image: ./tools
  timeout: 10 minutes
variables:
  REGION: eu
  EMPTY: ""
workflow:
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule"
      when: never
    - if: $CI_PROJECT_NAME
      variables: {KIND: normal}
    - when: always
deploy:
  extends: .deploy
  stage: deploy
  inherit:
    default: [timeout]
  variables:
    TARGET: "$REGION-$KIND"
    TOKEN_COPY: "$TOKEN"
  rules:
    - if: $CI_COMMIT_TAG
    - if: $REGION == "eu"
      allow_failure: true
      variables: {HOW: by rule}
    - when: manual
  script:
    - !reference [.login, script]
    - make deploy
never:
  script: [make]
  rules:
    - if: $CI_COMMIT_TAG
wide:
  parallel:
    matrix:
      - OS: [linux, wasi]
  script: [make $OS]
"#;

const BASE: &str = ".login:\n  script:\n    - make login\n.deploy:\n  before_script:\n    - pwd\n  \
                    variables:\n    WHO: base\n";

fn project() -> Project {
    Project::empty().with(".gitlab-ci.yml", PIPELINE).with("ci/base.yml", BASE)
}

fn run(arguments: &[&str]) -> String {
    let project = project();
    let output = project.command(arguments).env("TOKEN", "hunter2-Zq3rTc7w").output();
    project.show(&output.expect("the binary starts"))
}

#[test]
fn a_job_is_explained_with_the_places_of_everything() {
    let mut all = String::new();
    for arguments in [
        &["explain", "deploy", "--secret", "TOKEN", "--env", "REGION=eu"][..],
        &["explain", "never"],
        &["explain", "wide"],
        &["explain", ".gitlab-ci.yml", "wide: [wasi]", "--source", "schedule"],
        &["explain", "deplyo"],
        &["explain", "."],
    ] {
        all += &format!("$ greenroom {}\n{}\n", arguments.join(" "), run(arguments));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn as_json() {
    let text = run(&["explain", "deploy", "--secret", "TOKEN", "--format", "json"]);
    let json = text.strip_prefix("exit code 0\n--- stdout\n").expect("no findings");
    assert!(!json.contains("Zq3rTc7w"), "{json}");
    let json: serde_json::Value = serde_json::from_str(json).expect("JSON");
    assert_eq!(json["runs"], true);
    assert_eq!(json["rules"][1]["verdict"], "applies");
    assert_eq!(json["rules"][1]["place"]["line"], 26);
    let find = |list: &str, key: &str, name: &str| {
        let entries = json[list].as_array().expect("a list");
        let found = entries.iter().find(|entry| entry[key] == name);
        found.unwrap_or_else(|| panic!("{name} in {list}")).clone()
    };
    assert_eq!(find("settings", "keyword", "timeout")["inherited_from"], "default");
    assert_eq!(find("variables", "name", "WHO")["place"]["file"], "ci/base.yml");
    assert_eq!(find("variables", "name", "TOKEN")["value"], "[MASKED]");
    assert_eq!(find("variables", "name", "HOW")["origin"], "rule");
    assert_eq!(find("variables", "name", "CI")["origin"], "predefined");
}

#[test]
fn a_group_of_parallel_jobs_as_json() {
    let text = run(&["explain", "wide", "--format", "json"]);
    let json = text.strip_prefix("exit code 0\n--- stdout\n").expect("no findings");
    let json: serde_json::Value = serde_json::from_str(json).expect("JSON");
    let jobs = json["parallel"].as_array().expect("a list");
    let own = |index: usize| (&jobs[index]["name"], &jobs[index]["variables"]);
    let variables = |value: &str| serde_json::json!([{ "name": "OS", "value": value }]);
    assert_eq!(own(0), (&"wide: [linux]".into(), &variables("linux")));
    assert_eq!(own(1), (&"wide: [wasi]".into(), &variables("wasi")));
    assert_eq!(jobs.len(), 2);
}
