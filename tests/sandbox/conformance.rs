//! The cases of `tests/wasi/cases`, in both snapshots of WASI.

use std::path::{Path, PathBuf};

use crate::function;
use crate::puppet::Kind;
use crate::script;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wasi/cases");

/// The cases in the directories whose names `wanted` accepts.
fn cases(wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for directory in std::fs::read_dir(CASES).unwrap() {
        let directory = directory.unwrap();
        if wanted(&directory.file_name().to_string_lossy()) {
            for case in std::fs::read_dir(directory.path()).unwrap() {
                found.push(case.unwrap().path());
            }
        }
    }
    found.sort();
    found
}

fn run(path: &Path, kinds: &[Kind]) -> Vec<String> {
    let case = std::fs::read_to_string(path).unwrap();
    let name = path.strip_prefix(CASES).unwrap().display();
    let mut failures = Vec::new();
    for kind in kinds {
        if let Err(error) = script::run(&case, *kind) {
            failures.push(format!("{name} ({kind:?}), {error}"));
        }
    }
    failures
}

#[expect(clippy::disallowed_methods, reason = "tests have no command line of their own")]
fn run_all(wanted: impl Fn(&str) -> bool, kinds: &[Kind]) {
    let only = std::env::var("CASE").ok();
    let cases = cases(wanted);
    assert!(!cases.is_empty());
    let failures: Vec<String> = cases
        .iter()
        .filter(|path| only.as_ref().is_none_or(|only| path.to_string_lossy().contains(only)))
        .flat_map(|path| run(path, kinds))
        .collect();
    let (failed, all) = (failures.len(), cases.len());
    assert!(failures.is_empty(), "{failed} of {all} cases fail:\n{}", failures.join("\n"));
}

const BOTH: &[Kind] = &[Kind::Preview1, Kind::Unstable];

#[test]
fn descriptors() {
    run_all(|directory| directory.starts_with("fd_"), BOTH);
}

#[test]
fn paths() {
    run_all(|directory| directory.starts_with("path_"), BOTH);
}

#[test]
fn programs_clocks_and_polling() {
    let others = |d: &str| !d.starts_with("fd_") && !d.starts_with("path_") && d != "greenroom";
    run_all(others, BOTH);
}

#[test]
fn own_imports() {
    run_all(|directory| directory == "greenroom", &[Kind::Own]);
}

#[test]
fn every_function_of_wasi_has_a_case() {
    for function in function::all().iter().filter(|function| !function.own) {
        let directory = Path::new(CASES).join(function.name);
        assert!(directory.is_dir(), "there is no case for {}", function.name);
    }
}
