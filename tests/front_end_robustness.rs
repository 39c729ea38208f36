//! Whatever bytes are handed in: no panic, no hang, and every place lies in its source.

use std::time::{Duration, Instant};

use greenroom::diagnostic::{Diagnostics, Style};
use greenroom::pipeline::{self, LoadError, Loader};
use greenroom::plan::{self, Context};
use proptest::prelude::*;

struct Bytes<'a>(&'a [u8]);

impl Loader for Bytes<'_> {
    fn load(&self, path: &str, _limit: u64) -> Result<Vec<u8>, LoadError> {
        match path {
            "ci.yml" => Ok(self.0.to_vec()),
            "other.yml" => Ok(b"other: {script: x}\n".to_vec()),
            _ => Err(LoadError::NotFound),
        }
    }
}

/// Reads and plans; gives what was said about it.
fn run(bytes: &[u8]) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    if let Some(pipeline) = pipeline::load("ci.yml", &Bytes(bytes), &mut diagnostics) {
        let plan = plan::build(&pipeline, &Context::default(), &mut diagnostics);
        assert!(plan.is_some() || diagnostics.has_errors(), "no plan needs a reason");
    } else {
        assert!(diagnostics.has_errors(), "no pipeline needs a reason");
    }
    let text = diagnostics.render(Style { color: true, unicode: false, width: 80 });
    assert!(!text.contains("Failed to read contents"), "{text}");
    let json = diagnostics.to_json().to_string();
    assert!(json.starts_with('['));
    diagnostics
}

/// Pieces that meet in pipeline files and in attacks on YAML readers.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("job:".to_owned()),
        Just("script:".to_owned()),
        Just("  ".to_owned()),
        Just("\n".to_owned()),
        Just("- ".to_owned()),
        Just("\t".to_owned()),
        Just("&a ".to_owned()),
        Just("*a".to_owned()),
        Just("<<: ".to_owned()),
        Just("!reference [job, script]".to_owned()),
        Just("extends: ".to_owned()),
        Just("needs: [job]".to_owned()),
        Just("variables: {A: $A$B, B: ${A}}".to_owned()),
        Just("---\n".to_owned()),
        Just("...\n".to_owned()),
        Just("rules: [{if: '$A =~ /x/ && $B'}]".to_owned()),
        Just("when: manual".to_owned()),
        Just("\"\\x".to_owned()),
        Just("é\u{202e}".to_owned()),
        Just("|-\n".to_owned()),
        Just("[".to_owned()),
        Just("{".to_owned()),
        Just("}".to_owned()),
        Just("? ".to_owned()),
        Just("%TAG ! x\n".to_owned()),
        Just("include: ci.yml\n".to_owned()),
        Just(
            "include: [{local: $CI.yml, rules: [{if: $A, changes: [x]}], inputs: {a: b}}]\n"
                .to_owned()
        ),
        Just("spec: {inputs: {a: {type: number, default: 1}, b: }}\n---\n".to_owned()),
        Just("$[[ inputs.a | truncate(0,1) ]]".to_owned()),
        Just("$[[".to_owned()),
        Just("]]".to_owned()),
        Just("trigger: {include: [{artifact: a.yml, job: job}]}".to_owned()),
        Just("rules: [{changes: {paths: ['{a,b}[/**'], compare_to: $A}}]".to_owned()),
        Just("parallel: {matrix: [{A: [a, b]}]}".to_owned()),
        Just("artifacts: {reports: {junit: [x]}}".to_owned()),
        "[ -~]{0,6}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        run(&bytes);
    }

    #[test]
    fn any_yaml_like_text(pieces in proptest::collection::vec(piece(), 0..40)) {
        run(pieces.concat().as_bytes());
    }

    #[test]
    fn any_damage_to_a_valid_file(at in 0usize..2000, byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = include_bytes!("cases/needs/forms/pipeline.yml").to_vec();
        let at = at % bytes.len();
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        run(&bytes);
    }
}

/// How long the slowest of the inputs below may take, in an unoptimised build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn in_time(name: &str, bytes: &[u8]) -> Diagnostics {
    let start = Instant::now();
    let diagnostics = run(bytes);
    assert!(start.elapsed() < PATIENCE, "{name} took {:?}", start.elapsed());
    diagnostics
}

#[test]
fn hostile_files_end_in_time() {
    let many_errors: String =
        (0..20_000).map(|n| format!("j{n}: {{script: x, stage: s{n}}}\n")).collect();
    let diagnostics = in_time("20,000 errors", many_errors.as_bytes());
    assert!(diagnostics.dropped() > 0);
    assert!(diagnostics.error_count() <= Diagnostics::LIMIT);

    let deep = "[".repeat(100_000);
    assert!(in_time("100,000 brackets", deep.as_bytes()).has_errors());
    let deep: String = (0..5_000).map(|n| format!("{}a:\n", " ".repeat(n % 500))).collect();
    assert!(in_time("deep indentation", deep.as_bytes()).has_errors());

    let keys: String = (0..100_000).map(|n| format!("k{n}: {n}\n")).collect();
    assert!(in_time("100,000 keys", keys.as_bytes()).has_errors());
    let quote = format!("job: {{script: \"{}", "x".repeat(3_000_000));
    assert!(in_time("an endless quote", quote.as_bytes()).has_errors());
    let large = vec![b'a'; 100 * 1024 * 1024];
    assert!(in_time("100 MB", &large).has_errors());

    let template: String = (0..2_000).map(|n| format!("    V{n}: x\n")).collect();
    let jobs: String = (0..20_000).map(|n| format!("j{n}: {{extends: .t, script: x}}\n")).collect();
    let grown = format!(".t:\n  variables:\n{template}{jobs}");
    assert!(in_time("a large template", grown.as_bytes()).has_errors());

    let shared = format!("variables: {{A: {}}}\n", "x".repeat(100_000));
    let jobs: String = (0..5_000).map(|n| format!("j{n}: {{script: x}}\n")).collect();
    // It is there once for all jobs, but not if each has its own.
    assert!(!in_time("a large variable", format!("{shared}{jobs}").as_bytes()).has_errors());
    let own = format!("variables: {{A: {}, B: $A$CI_JOB_NAME}}\n", "x".repeat(100_000));
    assert!(in_time("large variables", format!("{own}{jobs}").as_bytes()).has_errors());

    let chain: String = (0..20_000)
        .map(|n| format!("j{n}: {{script: x, needs: [j{}]}}\n", (n + 1) % 20_000))
        .collect();
    assert!(in_time("a circle of 20,000 needs", chain.as_bytes()).has_errors());

    let blocks: String = (0..200_000).map(|n| format!("$[[ inputs.a{} ]]", n % 7)).collect();
    let header = "spec: {inputs: {a1: {default: x}}}\n---\n";
    let many = in_time("200,000 blocks", format!("{header}job: {{script: '{blocks}'}}").as_bytes());
    assert!(many.has_errors());
    let grown = format!(
        "spec: {{inputs: {{a: {{default: {}}}}}}}\n---\njob: {{script: '{}'}}\n",
        "x".repeat(100_000),
        "$[[ inputs.a ]]".repeat(10_000)
    );
    assert!(in_time("a large input in many places", grown.as_bytes()).has_errors());
    let nested = format!(
        "spec: {{inputs: {{a: {{type: array, default: {}1{}}}}}}}\n---\n\
                          job: {{script: $[[ inputs.a ]]}}\n",
        "[".repeat(90),
        "]".repeat(90)
    );
    in_time("nested inputs", nested.as_bytes());

    let includes: String = (0..200).map(|_| "  - {local: other.yml}\n").collect();
    let many = format!("include:\n{includes}job: {{script: x}}\n");
    assert!(in_time("200 includes", many.as_bytes()).has_errors());

    let crlf = "job:\r\n  script:\r\n    - echo\r\n";
    assert!(in_time("CRLF", crlf.as_bytes()).is_empty());
    assert!(in_time("BOM", format!("\u{feff}{crlf}").as_bytes()).is_empty());
    assert!(in_time("invalid UTF-8", b"job: {script: \xff}").has_errors());
    assert!(in_time("a program", b"\x7fELF\x02\x01\x01\0\0\0").has_errors());

    let aliases = format!("a: &a [{}]\nb: [{}]\n", "x,".repeat(1000), "*a,".repeat(100_000));
    assert!(in_time("many aliases", aliases.as_bytes()).has_errors());
}

#[test]
fn a_large_pipeline_is_planned() {
    let mut text = String::from("stages: [build, test, deploy]\n");
    for n in 0..5_000 {
        let (stage, need) = match n % 3 {
            0 => ("build", String::new()),
            1 => ("test", format!("  needs: [j{}]\n", n - 1)),
            _ => ("deploy", format!("  needs: [j{}, j{}]\n", n - 1, n - 2)),
        };
        text.push_str(&format!("j{n}:\n  stage: {stage}\n  script: [echo {n}]\n{need}"));
    }
    assert!(in_time("5,000 jobs", text.as_bytes()).is_empty());
}
