use std::fs;

use super::*;

#[derive(serde::Deserialize)]
struct Inputs {
    name: String,
    times: f64,
}

#[derive(serde::Serialize)]
struct Outputs {
    greeting: String,
}

fn greet(inputs: Inputs, step: &mut Step) -> StepResult<Outputs> {
    if inputs.name.is_empty() {
        return Err("nobody is greeted".into());
    }
    step.export("GREETED", &inputs.name)?;
    Ok(Outputs { greeting: format!("hello {}", inputs.name).repeat(inputs.times as usize) })
}

/// Calls a step with files of its own; what it returns, and what it wrote.
fn called(inputs: &str, name: &str) -> (Result<(), (u8, String)>, String, String) {
    let at = std::env::temp_dir().join(format!("greenroom-step-{}-{name}", std::process::id()));
    fs::create_dir_all(&at).unwrap();
    let file = |name: &str| at.join(name).to_string_lossy().into_owned();
    let result = call(vec![inputs.to_owned(), file("out"), file("export")], greet);
    let read = |name: &str| fs::read_to_string(file(name)).unwrap_or_default();
    let found = (result, read("out"), read("export"));
    fs::remove_dir_all(&at).unwrap();
    found
}

#[test]
fn outputs_and_exports_are_json_lines() {
    let (result, out, export) = called(r#"{"name": "Ada", "times": 1}"#, "lines");
    assert_eq!(result, Ok(()));
    assert_eq!(out, "{\"name\":\"greeting\",\"value\":\"hello Ada\"}\n");
    assert_eq!(export, "{\"name\":\"GREETED\",\"value\":\"Ada\"}\n");
}

#[test]
fn a_step_that_fails_has_no_outputs() {
    let (result, out, _) = called(r#"{"name": "", "times": 1}"#, "fails");
    assert_eq!(result, Err((1, "nobody is greeted".to_owned())));
    assert_eq!(out, "");
}

#[test]
fn inputs_of_other_types_are_told() {
    let (result, ..) = called(r#"{"name": 1}"#, "types");
    let (code, message) = result.unwrap_err();
    assert_eq!(code, 2);
    assert!(message.contains("invalid type"), "{message}");
    assert_eq!(call::<(), ()>(vec![], |(), _| Ok(())).unwrap_err().0, 2);
}

#[test]
fn annotations_leave_out_what_is_not_known() {
    let annotation = Annotation::error("broken").at("a.md", 3).title("link");
    assert_eq!(
        serde_json::to_string(&annotation).unwrap(),
        r#"{"level":"error","message":"broken","title":"link","file":"a.md","line":3}"#
    );
}
