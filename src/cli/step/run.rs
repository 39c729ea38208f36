use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::Args;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::OnStderr;
use super::function::open;
use crate::cli::environment::{Color, Environment};
use crate::cli::exit_code::Exit;
use crate::cli::failure::Failure;
use crate::cli::images::{self, ImageArgs};
use crate::cli::limits::LimitArgs;
use crate::cli::signals::Signals;
use crate::cli::{print, sandbox, settings, tell};
use crate::diagnostic::Diagnostics;
use crate::event::{Event, RunResult, Stream};
use crate::executor::{ExecutorConfig, PROJECT_DIRECTORY, SandboxExecutor};
use crate::function::{Declaration, Type, read_steps};
use crate::mask::Mask;
use crate::plan::{AllowFailure, JobId, Plan, PlannedJob, ScriptEntry, Stage, When};
use crate::schedule::{self, Cancel, CancelSwitch, Options};

/// Run one step alone and print its outputs.
///
/// It sees the current directory as the project, or its own directory if that lies elsewhere. Its
/// output and annotations go to standard error, its outputs to standard output, one JSON object
/// per line, as it wrote them. The exit code is 0 if it succeeded and 1 if it failed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    greenroom step run steps/lint --input files='[\"README.md\"]' --input limit=100\n  \
    greenroom step run steps/lint --env LEVEL=2 | jq -r 'select(.name == \"score\") | .value'")]
pub(super) struct RunArgs {
    /// Directory with a func.yml, or a .yml file, or the .wasm file of a typed step.
    #[arg(value_name = "DIR")]
    path: PathBuf,

    /// An input; text as it is, everything else as JSON.
    #[arg(long = "input", short, value_name = "NAME=VALUE")]
    inputs: Vec<String>,

    /// A variable for the step, as `env:` of a job's step sets it.
    #[arg(long = "env", value_name = "NAME=VALUE")]
    env: Vec<String>,

    /// What stands in `vars`, as job variables do.
    #[arg(long = "var", value_name = "NAME=VALUE")]
    variables: Vec<String>,

    #[command(flatten)]
    images: ImageArgs,

    #[command(flatten)]
    limits: LimitArgs,
}

pub(super) fn run(
    args: &RunArgs,
    environment: &Environment,
    color: Color,
) -> Result<Exit, Failure> {
    let local = open(&args.path, environment, color)?;
    let inputs = args.inputs.iter().map(|given| input(given, &local.definition.spec.inputs));
    let inputs = inputs.collect::<Result<serde_json::Map<_, _>, _>>()?;
    let env = pairs("--env", &args.env)?;
    let env: serde_json::Map<_, _> =
        env.into_iter().map(|(name, value)| (name, literal(value.into()))).collect();
    let step = serde_json::json!([
        { "name": "step", "func": local.reference, "inputs": inputs, "env": env }
    ]);
    // JSON is YAML: the step is read as one of a pipeline file is.
    let mut diagnostics = Diagnostics::new();
    let text = serde_json::to_vec(&step).unwrap_or_default();
    let documents = crate::yaml::parse("command line", &text, &mut diagnostics);
    let steps = documents
        .and_then(|documents| documents.content)
        .map(|node| read_steps(&node, &mut diagnostics))
        .unwrap_or_default();
    if diagnostics.has_errors() {
        tell(&diagnostics.render(environment.diagnostic_style(color)));
        return Err(Failure::told(Exit::Usage));
    }
    let mut variables = pairs("--var", &args.variables)?;
    variables.insert(0, ("CI_PROJECT_DIR".to_owned(), PROJECT_DIRECTORY.to_owned()));
    let job = PlannedJob {
        id: JobId(0),
        name: "step".to_owned(),
        stage: "test".to_owned(),
        needs: None,
        when: When::OnSuccess,
        allow_failure: AllowFailure::No,
        timeout: args.limits.timeout.unwrap_or(Duration::from_secs(3600)),
        script: vec![ScriptEntry {
            text: local.reference.clone(),
            file: "command line".to_owned(),
            line: 1,
        }],
        run: Some(steps.into()),
        variables: variables.into_iter().collect(),
        ..PlannedJob::default()
    };
    let plan = Plan {
        stages: vec![Stage { name: job.stage.clone(), jobs: vec![job.id] }],
        jobs: vec![job],
        ..Plan::default()
    };
    let settings = settings::read(Some(&local.root), None, environment, color)?;
    let limits = sandbox::limits(&args.limits, None, &settings);
    let runtime = Runtime::new()
        .map_err(|error| Failure::unable(format!("cannot start threads: {error}")))?;
    let sandbox = sandbox::sandbox(environment, &limits, 1, Arc::new(OnStderr))?;
    let images = images::images(&args.images, &settings, None, environment, &sandbox)?;
    let config = ExecutorConfig {
        data: None,
        project: local.root.clone().into(),
        mounts: Vec::new(),
        environment: Vec::new(),
        files: Vec::new(),
        limits,
        images: Arc::new(images),
        steps: sandbox::step_grants(&settings, environment)?,
    };
    let executor =
        SandboxExecutor::new(sandbox, config).map_err(|error| sandbox::mount_failure(&error))?;
    let result = runtime.block_on(supervise(plan, executor));
    runtime.shutdown_background();
    result
}

/// Runs the plan of one job, and shows what its step says.
async fn supervise(plan: Plan, executor: SandboxExecutor) -> Result<Exit, Failure> {
    let (events, mut records) = mpsc::channel(256);
    let switch = CancelSwitch::new();
    let (_, notices) = schedule::notices();
    let options = Options {
        pipeline: "step".to_owned(),
        jobs: NonZeroUsize::MIN,
        notices,
        keep_going: false,
        mask: Mask::default(),
        planner: None,
    };
    let mut signals = Signals::new()?;
    let cancel = switch.clone();
    let listening = tokio::spawn(async move {
        for level in [Cancel::Gracefully, Cancel::AtOnce] {
            signals.next().await;
            cancel.raise(level);
        }
    });
    let running = tokio::spawn(schedule::run(plan, Arc::new(executor), options, switch, events));
    let outputs = Mutex::new(String::new());
    while let Some(record) = records.recv().await {
        show(&record.event, &outputs);
    }
    listening.abort();
    let result = running
        .await
        .map_err(|error| Failure::unable(format!("the step ended with a panic: {error}")))?;
    print(&outputs.into_inner().unwrap_or_default())?;
    Ok(match result {
        RunResult::Success | RunResult::Blocked | RunResult::Skipped => Exit::Success,
        RunResult::Failed => Exit::JobsFailed,
        RunResult::Cancelled => Exit::Cancelled,
    })
}

fn show(event: &Event, outputs: &Mutex<String>) {
    match event {
        Event::Output { chunk, stream: Stream::Stdout | Stream::Stderr, .. } => {
            use std::io::Write;
            let _ = std::io::stderr().lock().write_all(&chunk.0);
        }
        Event::StepStarted { step, text, .. } => {
            let first = text.lines().next().unwrap_or_default();
            tell(&format!("$ {}: {first}\n", step.trim_start_matches("step/")));
        }
        Event::StepFinished { step, outputs: written, .. } if step == "step" => {
            let lines = written.iter().map(|(name, value)| {
                format!("{}\n", serde_json::json!({ "name": name, "value": value }))
            });
            if let Ok(mut outputs) = outputs.lock() {
                outputs.extend(lines);
            }
        }
        Event::Annotation { annotation, .. } => {
            tell(&format!("{}: {annotation}\n", annotation.level.name()));
        }
        Event::Notice { message, .. } => tell(&format!("greenroom: {message}\n")),
        Event::JobFinished { outcome, .. } if !outcome.is_success() => {
            tell(&format!("greenroom: the step failed: {outcome}\n"));
        }
        _ => {}
    }
}

/// The value of an input: text for a string, and JSON for everything else.
fn input(
    given: &str,
    declared: &indexmap::IndexMap<String, Declaration>,
) -> Result<(String, serde_json::Value), Failure> {
    let Some((name, text)) = given.split_once('=') else {
        return Err(Failure::usage(format!("--input {given}: there is no `=`"))
            .help("write --input NAME=VALUE"));
    };
    let kind = declared.get(name).map(|declaration| declaration.kind);
    if kind.is_none_or(|kind| kind == Type::String) {
        return Ok((name.to_owned(), literal(text.into())));
    }
    let value = serde_json::from_str(text).map_err(|error| {
        let kind = kind.map(|kind| kind.to_string()).unwrap_or_default();
        Failure::usage(format!("--input {name}: {text:?} is not {kind}: {error}"))
            .help("write it as JSON, e.g. --input files='[\"a.txt\"]'")
    })?;
    Ok((name.to_owned(), literal(value)))
}

/// A value in which nothing is an expression.
fn literal(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::String(text) => text.replace("${{", "\\${{").into(),
        serde_json::Value::Array(items) => items.into_iter().map(literal).collect(),
        serde_json::Value::Object(entries) => entries
            .into_iter()
            .map(|(name, value)| (name.replace("${{", "\\${{"), literal(value)))
            .collect(),
        value => value,
    }
}

fn pairs(option: &str, given: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let pair = |text: &String| match text.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err(Failure::usage(format!("{option} {text}: there is no `=`"))),
    };
    given.iter().map(pair).collect()
}
