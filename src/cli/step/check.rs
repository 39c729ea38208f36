use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::OnStderr;
use super::function::{Local, open};
use crate::cli::environment::{Color, Environment};
use crate::cli::exit_code::Exit;
use crate::cli::failure::Failure;
use crate::cli::{print, sandbox};
use crate::executor::PROJECT_DIRECTORY;
use crate::function::expression::Value;
use crate::function::{Body, Definition, Outputs, StepContext};
use crate::sandbox::{Limits, MountSpec};

/// Check a step: its func.yml, the steps that it is made of, and what its module imports.
///
/// The interface goes to standard output, what is wrong to standard error. The exit code is 3 if
/// something is, and 0 otherwise.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Directory with a func.yml, or a .yml file, or the .wasm file of a typed step.
    #[arg(value_name = "DIR", default_value = ".")]
    path: PathBuf,
}

pub(super) fn check(
    args: &CheckArgs,
    environment: &Environment,
    color: Color,
) -> Result<Exit, Failure> {
    let local = open(&args.path, environment, color)?;
    loadable(&local, environment)?;
    print(&interface(&local.definition))?;
    Ok(Exit::Success)
}

/// Loads the function's own module, so that everything it imports is known to be there.
pub(super) fn loadable(local: &Local, environment: &Environment) -> Result<(), Failure> {
    let (program, place) = match &local.definition.body {
        Body::Exec { command, .. } => {
            let Some(word) = command.first() else { return Ok(()) };
            let context = StepContext::new()
                .with("func_dir", "/func")
                .with("work_dir", PROJECT_DIRECTORY)
                .with("inputs", Value::NULL)
                .with("env", Value::NULL)
                .with("vars", Value::NULL);
            // What depends on an input is only known when the step runs.
            let Ok(program) = word.evaluate(&context) else { return Ok(()) };
            (program.to_string(), word.place())
        }
        Body::Component => {
            let file = local.file();
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (format!("/func/{name}"), &local.definition.place)
        }
        Body::Run { .. } => return Ok(()),
    };
    let limits = Limits::default();
    let invalid = |text: String| Failure::new(Exit::InvalidPipeline, text);
    let sandbox = sandbox::sandbox(environment, &limits, 1, Arc::new(OnStderr))?;
    let mount = |host: PathBuf, guest: &str| MountSpec {
        host: host.into(),
        guest: guest.to_owned(),
        read_only: true,
    };
    let mounts =
        vec![mount(local.directory(), "/func"), mount(local.root.clone(), PROJECT_DIRECTORY)];
    let job = sandbox
        .job(sandbox::job_spec(mounts, limits))
        .map_err(|error| sandbox::mount_failure(&error))?;
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::unable(format!("cannot start threads: {error}")))?;
    let loaded = runtime.block_on(job.preload(&program));
    runtime.shutdown_background();
    loaded.map_err(|error| {
        let failure = invalid(format!("{place}: {error}"));
        match program.ends_with(".wasm") {
            true => failure.help("build the module first, or correct its path"),
            false => {
                failure.help("commands are found in the toolbox, in the job's image or by path")
            }
        }
    })
}

/// The interface, for people.
pub(super) fn interface(definition: &Definition) -> String {
    let mut out = String::new();
    let mut section = |title: &str, rows: Vec<[String; 3]>| {
        if rows.is_empty() {
            out += &format!("{title}: none\n");
            return;
        }
        out += &format!("{title}:\n");
        for [name, kind, text] in rows {
            out += format!("  {name:<16} {kind:<8} {text}").trim_end();
            out.push('\n');
        }
    };
    let row = |(name, declaration): (&String, &crate::function::Declaration)| {
        let mut notes = Vec::new();
        match &declaration.default {
            Some(value) if declaration.sensitive && value.is_truthy() => {
                notes.push("has a default".to_owned());
            }
            Some(value) if *value == Value::NULL => notes.push("optional".to_owned()),
            Some(value) => {
                let json = serde_json::to_string(value).unwrap_or_default();
                notes.push(format!("default {json}"));
            }
            None => notes.push("required".to_owned()),
        }
        if declaration.sensitive {
            notes.push("sensitive".to_owned());
        }
        let detail = declaration.detail.as_ref().filter(|kind| !kind.is_plain());
        let detail = detail.map(|_| declaration.takes());
        let description = declaration.description.as_ref().or(detail.as_ref());
        let description = description.map(|text| format!("; {text}"));
        let text = format!("{}{}", notes.join(", "), description.unwrap_or_default());
        [name.clone(), declaration.kind.name().to_owned(), text]
    };
    section("inputs", definition.spec.inputs.iter().map(row).collect());
    match &definition.spec.outputs {
        Outputs::Declared(outputs) => section("outputs", outputs.iter().map(row).collect()),
        Outputs::Delegate => out += "outputs: those of one of its steps\n",
    }
    let needs = &definition.needs;
    let mut asked: Vec<String> = Vec::new();
    asked.extend(needs.network.iter().map(|host| format!("network {host}")));
    asked.extend(needs.mounts.iter().map(|place| format!("a directory at {place}")));
    asked.extend(needs.env.iter().map(|name| format!("the variable {name}")));
    asked.extend(needs.memory.map(|bytes| format!("{} MiB of memory", bytes >> 20)));
    asked.extend(needs.timeout.map(|time| format!("{} of time", humantime::format_duration(time))));
    if asked.is_empty() {
        out += "needs: nothing beyond the workspace\n";
    } else {
        out += &format!("needs: {}\n", asked.join(", "));
    }
    if let Body::Run { steps, .. } = &definition.body {
        out += "steps:\n";
        for step in steps.iter() {
            let shown = step.shown();
            out += &format!("  {:<16} {}\n", step.name, shown.lines().next().unwrap_or_default());
        }
    }
    crate::diagnostic::printable(&out)
}
