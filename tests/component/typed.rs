//! Components that are called with values: typed steps.

use std::sync::{Arc, Mutex};

use greenroom::sandbox::{Exit, Finding, How, StepCall, StepHost, signature};
use greenroom::signature::Signature;
use serde_json::{Map, Value, json};

use crate::case::{Case, case, component, program};

/// What a step said and returned.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Told {
    fn add(&self, text: String) {
        self.0.lock().expect("not poisoned").push(text);
    }
}

impl StepHost for Told {
    fn annotation(&self, finding: Finding) -> Result<(), String> {
        self.add(format!("{finding:?}"));
        if finding.message == "too much" { Err("that is too much".to_owned()) } else { Ok(()) }
    }

    fn mask(&self, text: &str) {
        self.add(format!("mask {text}"));
    }

    fn set_variable(&self, name: &str, value: &str) -> Result<(), String> {
        self.add(format!("{name}={value}"));
        if name.is_empty() { Err("it has no name".to_owned()) } else { Ok(()) }
    }

    fn returned(&self, outputs: Map<String, Value>) {
        self.add(Value::Object(outputs).to_string());
    }
}

async fn call(case: &Case, text: &str, inputs: Value) -> (Exit, Vec<String>) {
    let Value::Object(inputs) = inputs else { panic!("an object") };
    let told = Arc::new(Told::default());
    let file = component(case.place.path(), text);
    let run = case.job.run_step(
        program(file, &[]),
        StepCall { inputs, host: Arc::clone(&told) as Arc<dyn StepHost> },
    );
    let exit = run.await.expect("it starts");
    let told = told.0.lock().expect("not poisoned").clone();
    (exit, told)
}

fn read(text: &str) -> Signature {
    signature(&wat::parse_str(text).expect("valid")).expect("can be told").expect("a step")
}

/// Returns what it is called with. As there are more than 16 values, they are handed over in
/// memory, and the record can be copied as it is.
const ECHO: &str = r#"(component
    (type $the-mode (enum "fast" "line-by-line"))
    (import "mode" (type $mode (eq $the-mode)))
    (type $the-secret (record (field "secret" string)))
    (import "secret" (type $secret (eq $the-secret)))
    (type $the-place (record (field "the-file" string) (field "line" (option u32))))
    (import "place" (type $place (eq $the-place)))
    (type $everything (record
        (field "yes" bool)
        (field "tiny" s8) (field "byte" u8) (field "short" s16) (field "word" u16)
        (field "int" s32) (field "count" u32) (field "long" s64) (field "size" u64)
        (field "float" f32) (field "double" f64)
        (field "text" string)
        (field "mode" $mode)
        (field "token" $secret)
        (field "names" (list string))
        (field "places" (list $place))
        (field "some" (option string))
        (field "none" (option string))))
    (import "inputs" (type $inputs (eq $everything)))
    (core module $m
        (memory (export "memory") 2)
        (global $top (mut i32) (i32.const 4096))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32)
            (local $at i32)
            (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
            (global.set $top (i32.add (local.get $at) (local.get 3)))
            (local.get $at))
        (func (export "run") (param $inputs i32) (result i32)
            ;; 0 is `ok`; what follows is aligned to 8.
            (i32.store8 (i32.const 1024) (i32.const 0))
            (memory.copy (i32.const 1032) (local.get $inputs) (i32.const 1024))
            (i32.const 1024)))
    (core instance $i (instantiate $m))
    (func $run (param "inputs" $inputs) (result (result $inputs (error string)))
        (canon lift (core func $i "run")
            (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
    (export "run" (func $run)))"#;

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_value_arrives_and_comes_back() {
    let case = case();
    let inputs = json!({
        "yes": true,
        "tiny": -128, "byte": 255, "short": -32768, "word": 65535,
        "int": -2_147_483_648_i64, "count": 4_294_967_295_u32,
        "long": -9_007_199_254_740_992_i64, "size": 9_007_199_254_740_992_u64,
        "float": 1.5, "double": -0.25,
        "text": "zwölf ☂",
        "mode": "line-by-line",
        "token": "hush",
        "names": ["a", "", "ü"],
        "places": [{"the_file": "a.c", "line": 3}, {"the_file": "b.c", "line": null}],
        "some": "x",
        "none": null,
    });
    let (exit, told) = call(&case, ECHO, inputs.clone()).await;
    assert_eq!(exit, Exit { status: 0, how: How::Exited }, "{}", case.err());
    let returned: Value = serde_json::from_str(&told[0]).expect("JSON");
    assert_eq!(returned, inputs);
    let signature = read(ECHO);
    let names: Vec<&str> = signature.inputs.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names.len(), 18);
    assert!(signature.inputs[13].kind.is_secret());
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_do_not_fit_never_reach_the_step() {
    let case = case();
    for inputs in [json!({}), json!({"yes": 1}), json!({"yes": true, "tiny": 1000})] {
        let (exit, told) = call(&case, ECHO, inputs).await;
        assert!(matches!(&exit.how, How::NotLoadable(text) if text.contains("cannot be called")));
        assert!(told.is_empty());
    }
}

/// A step with one number as its output, or a failure.
fn returning(kind: &str, code: &str) -> String {
    format!(
        r#"(component
            (type $record (record (field "value" {kind})))
            (import "outputs" (type $outputs (eq $record)))
            (core module $m
                (memory (export "memory") 1)
                (data (i32.const 100) "no such thing")
                (func (export "run") (result i32) {code} (i32.const 16)))
            (core instance $i (instantiate $m))
            (func $run (result (result $outputs (error string)))
                (canon lift (core func $i "run") (memory (core memory $i "memory"))))
            (export "run" (func $run)))"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_fails_by_what_it_returns() {
    let case = case();
    let fails = "(i32.store8 (i32.const 16) (i32.const 1)) \
                 (i32.store (i32.const 20) (i32.const 100)) (i32.store (i32.const 24) (i32.const 13))";
    let (exit, told) = call(&case, &returning("u32", fails), json!({})).await;
    assert_eq!(exit, Exit { status: 1, how: How::Exited });
    assert!(told.is_empty());
    assert_eq!(case.err(), "error: no such thing\n");

    let (exit, _) = call(&case, &returning("u32", "unreachable"), json!({})).await;
    assert!(matches!(exit.how, How::Trapped(_)), "{exit:?}");
    let far = "(i32.store8 (i32.const 16) (i32.const 1)) \
               (i32.store (i32.const 20) (i32.const 0x7fffffff)) (i32.store (i32.const 24) (i32.const 9))";
    let (exit, _) = call(&case, &returning("u32", far), json!({})).await;
    assert!(matches!(exit.how, How::Trapped(_)), "{exit:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_a_pipeline_cannot_hold_are_told() {
    let case = case();
    for (kind, code, expected) in [
        ("u64", "(i64.store (i32.const 24) (i64.const 0x20000000000000))", "9007199254740992"),
        ("u64", "(i64.store (i32.const 24) (i64.const 0x20000000000001))", "exact up to 2^53"),
        ("s64", "(i64.store (i32.const 24) (i64.const -0x20000000000001))", "exact up to 2^53"),
        ("f64", "(f64.store (i32.const 24) (f64.const nan))", "`value` is NaN, no number"),
        ("f64", "(f64.store (i32.const 24) (f64.const -inf))", "`value` is -inf, no number"),
    ] {
        let (exit, told) = call(&case, &returning(kind, code), json!({})).await;
        let found = match exit.how {
            How::Exited => told.join(""),
            How::Trapped(text) => text,
            other => panic!("{other:?}"),
        };
        assert!(found.contains(expected), "{kind}: {found}");
    }
}

/// Calls what `greenroom:step/host` offers.
fn telling(code: &str) -> String {
    format!(
        r#"(component
            (import "greenroom:step/host@0.1.0" (instance $host
                (type $a (enum "debug" "info" "warning" "error"))
                (export "level" (type $level (eq $a)))
                (type $b (enum "notice" "warning" "error"))
                (export "severity" (type $severity (eq $b)))
                (type $c (record
                    (field "severity" $severity) (field "message" string)
                    (field "title" (option string)) (field "file" (option string))
                    (field "line" (option u32)) (field "column" (option u32))))
                (export "finding" (type $finding (eq $c)))
                (type $d (record (field "secret" string)))
                (export "secret" (type $secret (eq $d)))
                (export "log" (func (param "level" $level) (param "message" string)))
                (export "annotation" (func (param "finding" $finding)))
                (export "mask" (func (param "text" $secret)))
                (export "set-variable" (func (param "name" string) (param "value" string)
                    (result (result (error string)))))))
            (core module $memory
                (memory (export "memory") 1)
                (data (i32.const 100) "hello\n")
                (data (i32.const 110) "too much")
                (data (i32.const 120) "src/a.c")
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 2048)))
            (core instance $memory (instantiate $memory))
            (core func $log (canon lower (func $host "log") (memory (core memory $memory "memory"))))
            (core func $annotation
                (canon lower (func $host "annotation") (memory (core memory $memory "memory"))))
            (core func $mask (canon lower (func $host "mask") (memory (core memory $memory "memory"))))
            (core func $set (canon lower (func $host "set-variable") (memory (core memory $memory "memory"))
                (realloc (core func $memory "realloc"))))
            (core module $m
                (import "env" "memory" (memory 1))
                (import "env" "log" (func $log (param i32 i32 i32)))
                (import "env" "annotation" (func $annotation
                    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
                (import "env" "mask" (func $mask (param i32 i32)))
                (import "env" "set" (func $set (param i32 i32 i32 i32 i32)))
                (func (export "run") (result i32) {code} (i32.const 16)))
            (core instance $i (instantiate $m (with "env" (instance
                (export "memory" (memory $memory "memory"))
                (export "log" (func $log))
                (export "annotation" (func $annotation))
                (export "mask" (func $mask))
                (export "set" (func $set))))))
            (func $run (result (result (error string)))
                (canon lift (core func $i "run") (memory (core memory $memory "memory"))))
            (export "run" (func $run)))"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_logs_and_annotates() {
    let case = case();
    let code = "(call $log (i32.const 0) (i32.const 100) (i32.const 6))
        (call $log (i32.const 1) (i32.const 100) (i32.const 6))
        (call $log (i32.const 2) (i32.const 100) (i32.const 5))
        (call $annotation (i32.const 2) (i32.const 100) (i32.const 5)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 120) (i32.const 7)
            (i32.const 1) (i32.const 12) (i32.const 0) (i32.const 0))
        (call $mask (i32.const 100) (i32.const 5))
        (call $set (i32.const 100) (i32.const 5) (i32.const 110) (i32.const 3) (i32.const 32))";
    let (exit, told) = call(&case, &telling(code), json!({})).await;
    assert_eq!(exit, Exit { status: 0, how: How::Exited }, "{}", case.err());
    assert_eq!(case.err(), "hello\nwarning: hello\n");
    let finding = Finding {
        severity: "error".to_owned(),
        message: "hello".to_owned(),
        file: Some("src/a.c".to_owned()),
        line: Some(12),
        ..Finding::default()
    };
    assert_eq!(told, [&format!("{finding:?}"), "mask hello", "hello=too", "{}"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_too_far_ends_the_step() {
    let case = case();
    let too_much = "(loop $again (call $annotation (i32.const 0) (i32.const 110) (i32.const 8)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)) (br $again))";
    let (exit, told) = call(&case, &telling(too_much), json!({})).await;
    assert!(matches!(&exit.how, How::Trapped(text) if text.contains("too much")), "{exit:?}");
    assert_eq!(told.len(), 1);
    // The log's limit holds for what is logged, too.
    let flood = "(loop $again (call $log (i32.const 1) (i32.const 100) (i32.const 5)) (br $again))";
    let (exit, _) = call(&case, &telling(flood), json!({})).await;
    assert_eq!(exit, Exit { status: 137, how: How::Signaled(9) });
    assert!(case.job.breach().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_is_no_program() {
    let case = case();
    let file = component(case.place.path(), &telling(""));
    let exit = case.start(program(file, &[])).await;
    assert!(matches!(&exit.how, How::NotLoadable(text) if text.contains("greenroom step run")));
    let (exit, _) = call(
        &case,
        "(module (memory (export \"memory\") 1) (func (export \"_start\")))",
        json!({}),
    )
    .await;
    assert!(matches!(&exit.how, How::NotLoadable(text) if text.contains("no component")));
}
