//! Feeds the shell arbitrary bytes and scripts made by a grammar, through the sandbox. What
//! `fuzz/` does at length with a nightly compiler, this does for some seconds.
//!
//! `GREENROOM_FUZZ_SECONDS` sets for how long, `GREENROOM_FUZZ_SEED` where it begins.

mod common;
#[path = "../fuzz/src/script.rs"]
#[expect(unreachable_pub, reason = "the fuzz targets use it, too")]
mod script;

use std::path::Path;
use std::time::{Duration, Instant};

use greenroom::sandbox::{How, Sandbox, SandboxConfig};
use script::Choices;

/// For how long new scripts are begun, without a wish.
const SECONDS: u64 = 6;

/// What a script may take before it counts as endless.
const DEADLINE: Duration = Duration::from_secs(60);

fn wish(name: &str) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "the switches of this test")]
    let value = std::env::var(name).ok()?;
    Some(value.parse().expect("a number"))
}

/// A generator of bytes that gives the same from the same seed everywhere (splitmix64).
struct Bytes(u64);

impl Bytes {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }

    /// Bytes that a parser has an opinion about, mostly.
    fn syntax(&mut self) -> Vec<u8> {
        const TOKENS: [&str; 48] = [
            "if ",
            "then ",
            "fi ",
            "for ",
            "do ",
            "done ",
            "case ",
            "in ",
            "esac ",
            "while ",
            "{ ",
            "} ",
            "(",
            ")",
            "((",
            "))",
            "[[ ",
            "]] ",
            "$(",
            "${",
            "`",
            "'",
            "\"",
            "$'",
            "\\",
            "\n",
            ";",
            ";;",
            "&",
            "&&",
            "|",
            "||",
            "<<E\n",
            "E\n",
            "<(",
            ">",
            "<<<",
            "=",
            "+=",
            "a",
            "[",
            "]",
            "#",
            "!",
            "function ",
            "x",
            "$((",
            "\u{e9}",
        ];
        let mut out = Vec::new();
        for _ in 0..self.next() % 40 {
            match self.next() % 10 {
                0 => out.push((self.next() as u8).max(1)),
                _ => out.extend_from_slice(TOKENS[self.next() as usize % TOKENS.len()].as_bytes()),
            }
        }
        out.retain(|b| *b != 0);
        out
    }
}

/// What must not happen to the shell; the text tells what did.
async fn run(sandbox: &Sandbox, arguments: &[&[u8]]) -> Result<(), String> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shell");
    let ended = common::bash(sandbox, &cases, arguments, DEADLINE).await;
    match ended.exit {
        Err(reason) => Err(format!("{reason}\n{}", ended.stderr)),
        Ok(exit) => match exit.how {
            How::Trapped(how) => Err(format!("{how}\n{}", ended.stderr)),
            How::NotLoadable(why) => Err(why),
            // Children that trapped are told of on standard error.
            _ if ended.stderr.contains("panicked at") => Err(ended.stderr),
            _ => Ok(()),
        },
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_script_ends_the_shell_as_a_trap() {
    let store = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shell-fuzz-store");
    let sandbox = Sandbox::new(SandboxConfig { store: Some(store), ..SandboxConfig::default() })
        .expect("a sandbox");
    let seed = wish("GREENROOM_FUZZ_SEED").unwrap_or(20_261_124);
    let seconds = wish("GREENROOM_FUZZ_SECONDS").unwrap_or(SECONDS);
    // The shell is compiled before the clock starts.
    run(&sandbox, &[b"-c", b":"]).await.expect("the shell starts");
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut round = 0;
    while Instant::now() < until || round < 20 {
        let mut bytes = Bytes(seed.wrapping_add(round));
        let (what, text) = match round % 3 {
            0 => ("-n", bytes.syntax()),
            _ => ("-c", Choices::new(&bytes.take(160)).script().into_bytes()),
        };
        // With `-n`, the text is parsed and not run.
        let arguments: &[&[u8]] =
            if what == "-n" { &[b"-n", b"-c", &text] } else { &[b"-c", &text] };
        if let Err(failure) = run(&sandbox, arguments).await {
            panic!(
                "seed {}: bash {what} of\n{}\n---\n{failure}",
                seed.wrapping_add(round),
                String::from_utf8_lossy(&text)
            );
        }
        round += 1;
    }
}
