//! Every case of `tests/shell` in the sandbox, against what bash made of it
//! (`tests/shell/regenerate`).

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use greenroom::sandbox::{Sandbox, SandboxConfig};
use tokio::task::JoinSet;

/// What one case may take, on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// Cases that run at the same time.
const PARALLEL: usize = 4;

/// A case and what is expected of it.
struct Case {
    name: String,
    stdout: String,
    status: u8,
    stderr: Option<regex::Regex>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shell")
}

fn case(name: String) -> Case {
    let read = |extension: &str| {
        // A name may have a dot in it.
        fs::read(root().join(format!("{name}.{extension}"))).ok()
    };
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let stdout = read("out").unwrap_or_else(|| panic!("{name} has no .out: run regenerate"));
    let status = read("status").map_or(0, |s| text(s).trim().parse().expect("a status"));
    let stderr = read("err").map(|pattern| {
        let pattern = text(pattern);
        regex::Regex::new(&format!("^(?:{})\\s*$", pattern.trim_end())).expect("a pattern")
    });
    Case { name, stdout: text(stdout), status, stderr }
}

/// Runs a case; the text tells how it differs.
async fn check(sandbox: &Sandbox, case: &Case) -> Result<(), String> {
    let script = format!("/cases/{}.sh", case.name).into_bytes();
    let ended = common::bash(sandbox, &root(), &[&script], DEADLINE).await;
    let mut report = String::new();
    match &ended.exit {
        Err(reason) => report.push_str(&format!("{reason}\n")),
        Ok(exit) if exit.status != case.status => {
            let (expected, got) = (case.status, exit.status);
            report.push_str(&format!("status {got} instead of {expected} ({:?})\n", exit.how));
        }
        Ok(_) => {}
    }
    report.extend(common::difference(&case.stdout, &ended.stdout));
    // bash does not tell the column of a syntax error.
    let stderr = columns().replace_all(&ended.stderr, "").into_owned();
    if let Some(pattern) = &case.stderr
        && !pattern.is_match(&stderr)
    {
        report.push_str(&format!("stderr does not match\n{}\n", pattern.as_str()));
    }
    if report.is_empty() {
        return Ok(());
    }
    report.push_str(&format!("stderr was:\n{stderr}"));
    Err(report)
}

/// The lines that only this shell writes after a syntax error.
fn columns() -> regex::Regex {
    regex::Regex::new(r"(?m)^.*: column \d+\n").expect("a pattern")
}

#[test]
fn cases_behave_as_in_bash() {
    let sandbox = Sandbox::new(SandboxConfig::default()).expect("a sandbox");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let cases: Vec<Case> = common::cases(&root()).into_iter().map(case).collect();
    assert!(cases.len() >= 500, "only {} cases were found", cases.len());
    let total = cases.len();
    let failed = runtime.block_on(async {
        let mut failed = Vec::new();
        let mut running = JoinSet::new();
        let mut waiting = cases.into_iter();
        loop {
            while running.len() < PARALLEL
                && let Some(case) = waiting.next()
            {
                let sandbox = sandbox.clone();
                running.spawn(async move {
                    let result = check(&sandbox, &case).await;
                    (case.name, result)
                });
            }
            let Some(ended) = running.join_next().await else { return failed };
            if let (name, Err(report)) = ended.expect("no panic") {
                failed.push(format!("== {name}\n{report}"));
            }
        }
    });
    assert!(
        failed.is_empty(),
        "{} of {total} cases differ from bash:\n\n{}",
        failed.len(),
        failed.join("\n")
    );
}
