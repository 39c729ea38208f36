//! Every case of `tests/toolbox` in the sandbox, against what the GNU tools made of it
//! (`tests/toolbox/regenerate`).

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use greenroom::sandbox::{Sandbox, SandboxConfig};

/// What one case may take, on a busy machine.
const DEADLINE: Duration = Duration::from_secs(120);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/toolbox")
}

/// Runs a case; the text tells how it differs.
async fn check(sandbox: &Sandbox, case: &str) -> Result<(), String> {
    let expected = fs::read(root().join(format!("{case}.out")))
        .map_err(|e| format!("{case} has no .out ({e}): run tests/toolbox/regenerate"))?;
    let script = format!("/cases/{case}.sh").into_bytes();
    let ended = common::bash(sandbox, &root(), &[&script], DEADLINE).await;
    let stderr = ended.stderr;
    if let Err(reason) = ended.exit {
        return Err(format!("{case}: {reason}\n{stderr}"));
    }
    match common::difference(&String::from_utf8_lossy(&expected), &ended.stdout) {
        None => Ok(()),
        Some(difference) => Err(format!("{case}: {difference}standard error:\n{stderr}")),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_do_what_gnu_does() {
    let store = Path::new(env!("CARGO_TARGET_TMPDIR")).join("toolbox-store");
    let sandbox = Sandbox::new(SandboxConfig { store: Some(store), ..SandboxConfig::default() })
        .expect("a sandbox");
    let cases = common::cases(&root());
    assert!(!cases.is_empty(), "there are no cases");
    let mut failures = Vec::new();
    for case in cases {
        if let Err(failure) = check(&sandbox, &case).await {
            failures.push(failure);
        }
    }
    assert!(failures.is_empty(), "{} cases differ\n\n{}", failures.len(), failures.join("\n\n"));
}
