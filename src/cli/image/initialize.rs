use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::super::environment::Environment;
use super::super::exec::{self, OnStderr};
use super::super::exit_code::Exit;
use super::super::failure::Failure;
use super::super::limits::LimitArgs;
use super::super::signals::Signals;
use super::super::value::{EnvGrant, Mount};
use super::super::{print, runtime, sandbox, whole_file};
use crate::sandbox::{Initialization, InitializeError, ProgramSpec, StartError};
use crate::settings::Settings;
use crate::workspace::readable_size;

/// How long an initialisation may take unless `--timeout` says so.
const TIME: Duration = Duration::from_secs(60);

/// Run a module's own initialisation once and keep what it prepared.
///
/// The module exports a function for this, by the convention of Wizer. It is called in the sandbox,
/// with nothing but the directories and variables granted here; its memory and variables as they are
/// when it returns become a new module, which starts from there. What it opened is not kept, and what
/// it drew at random is the same at every start.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    greenroom image initialize app.wasm -o tools/app.wasm\n  \
    greenroom image initialize python.wasm -o image/bin/python.wasm --mount ./image/usr:/usr:ro\n\n\
    Exit codes: 0 written; 2 wrong usage; 124 its time was up; 126 the module cannot be initialised;\n\
    127 there is no such module; 130 cancelled; 4 greenroom could not do its work.")]
pub(super) struct InitializeArgs {
    /// WebAssembly module on this machine.
    #[arg(value_name = "MODULE")]
    module: PathBuf,

    /// Where the new module is written.
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,

    /// The exported function that is called.
    #[arg(long, value_name = "NAME", default_value = "wizer-initialize")]
    function: String,

    /// Let the new module export the function OLD by the name NEW, in place of what has that name;
    /// may be repeated.
    #[arg(long = "rename", value_name = "NEW=OLD", value_parser = renamed)]
    renamed: Vec<(String, String)>,

    /// Let the function use a directory of this machine; may be repeated.
    #[arg(long = "mount", value_name = "HOST:GUEST[:ro]", help_heading = "Grants")]
    mounts: Vec<Mount>,

    /// Hand a variable of this environment to the function; may be repeated.
    #[arg(long, value_name = "NAME[=VALUE]", help_heading = "Grants")]
    env: Vec<EnvGrant>,

    #[command(flatten)]
    limits: LimitArgs,
}

fn renamed(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((new, old)) if !new.is_empty() && !old.is_empty() => {
            Ok((new.to_owned(), old.to_owned()))
        }
        _ => Err("write NEW=OLD, such as _start=resume".to_owned()),
    }
}

pub(super) fn initialize(
    args: &InitializeArgs,
    environment: &Environment,
) -> Result<Exit, Failure> {
    let shown = args.module.display();
    let module = File::open(&args.module).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Failure::new(Exit::NotFound, format!("{shown}: there is no such file"))
        }
        _ => Failure::new(Exit::NotExecutable, format!("{shown}: {error}")),
    })?;
    if !module.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Err(Failure::new(Exit::NotExecutable, format!("{shown}: not a regular file")));
    }
    let before = module.metadata().map(|metadata| metadata.len()).unwrap_or_default();
    let limits = sandbox::limits(&args.limits, None, &Settings::default());
    let mounts = sandbox::mounts(&args.mounts)?;
    let variables = environment.granted(&args.env)?;
    let variables = variables.iter().map(|(name, value)| format!("{name}={value}").into_bytes());
    let runtime = runtime::single()?;
    let sandbox = sandbox::sandbox(environment, &limits, None, Arc::new(OnStderr))?;
    let job = sandbox
        .job(sandbox::job_spec(mounts, limits))
        .map_err(|error| sandbox::mount_failure(&error))?;
    let name = shown.to_string().into_bytes();
    let spec = ProgramSpec {
        program: name.clone(),
        module: Some(module),
        arguments: vec![name],
        environment: variables.collect(),
        cwd: "/".to_owned(),
        stdio: exec::stdio().map_err(|error| {
            Failure::unable(format!("cannot hand over the standard streams: {error}"))
        })?,
    };
    let (function, renamed) = (args.function.clone(), args.renamed.clone());
    let initialization = Initialization { function, renamed };
    let limit = args.limits.timeout.unwrap_or(TIME);
    let made = runtime.block_on(async {
        let mut signals = Signals::new()?;
        tokio::select! {
            made = job.initialize(spec, &initialization) => {
                made.map_err(|error| failure(&args.module, &error))
            }
            () = tokio::time::sleep(limit) => {
                let limit = humantime::format_duration(limit);
                let message = format!("{shown}: `{}`: its time of {limit} is up", args.function);
                Err(Failure::new(Exit::TimedOut, message).help("give it more with --timeout"))
            }
            _ = signals.next() => Err(Failure::new(Exit::Cancelled, "cancelled")),
        }
    });
    runtime.block_on(job.close());
    let made = made?;
    whole_file::write(&args.output, &made)?;
    print(&format!(
        "{}: {} ({} before), begins where `{}` ended\n",
        args.output.display(),
        readable_size(made.len() as u64),
        readable_size(before),
        args.function,
    ))?;
    Ok(Exit::Success)
}

fn failure(module: &Path, error: &InitializeError) -> Failure {
    let message = format!("{}: {error}", module.display());
    match error {
        InitializeError::Io(_) => Failure::unable(message),
        InitializeError::Start(StartError::NotFound(_)) => Failure::new(Exit::NotFound, message),
        InitializeError::NoFunction(_) => Failure::new(Exit::NotExecutable, message).help(
            "a program has to be built with a function for this (see `docs/images.md`); name it with \
             --function",
        ),
        InitializeError::Unsupported(_)
        | InitializeError::TooLarge(_)
        | InitializeError::Start(_)
        | InitializeError::Ended { .. } => Failure::new(Exit::NotExecutable, message),
    }
}
