use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::signal::unix::SignalKind;
use tokio::time::sleep;

use super::environment::Environment;
use super::exit_code::Exit;
use super::failure::Failure;
use super::limits::LimitArgs;
use super::signals::Signals;
use super::value::{EnvGrant, Mount};
use super::{runtime, sandbox, tell};
use crate::advice;
use crate::sandbox::store::{Progress, StoreWarning};
use crate::sandbox::{
    DEFAULT_PATH, Job, MountSpec, Notices, ProgramSpec, Scratch, StartError, Stdio,
};
use crate::settings::Settings;

/// How long a program may go on after it was told to end.
const GRACE: Duration = Duration::from_secs(2);

const TERM: u8 = 15;
const KILL: u8 = 9;

/// Run one WASI program in the sandbox.
///
/// It gets its arguments, standard input, output and error, and what is granted: no environment, no
/// directory and no network otherwise. Its exit code is greenroom's.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    greenroom exec hello.wasm\n  \
    greenroom exec --mount ./data:/data:ro jq.wasm . /data/in.json\n  \
    greenroom exec --dir . python.wasm -m unittest\n  \
    echo 'print(1)' | greenroom exec python.wasm -\n  \
    greenroom exec --dir . sh -c 'ls | wc -l'\n\n\
    Exit codes: the program's own, unchanged; 126 if the module cannot be run, 127 if there is none,\n\
    124 if its time is up, 134 if it trapped, 137 if it used too much memory; 2 wrong usage,\n\
    4 greenroom could not do its work.")]
pub(super) struct ExecArgs {
    /// WebAssembly module or component on this machine, or a command of the sandbox such as sh; then
    /// its arguments.
    ///
    /// A name without a `/` is a command of the sandbox unless there is such a file here. Everything
    /// after the module is passed on as it is, except a `--` right after it.
    // One list, because with two clap would take options after the module for its own.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    #[arg(value_names = ["MODULE", "ARGUMENTS"])]
    words: Vec<OsString>,

    /// Let the program use a directory of this machine; may be repeated.
    #[arg(long = "mount", value_name = "HOST:GUEST[:ro]", help_heading = "Grants")]
    mounts: Vec<Mount>,

    /// The same as --mount DIR:/workspace, and start there.
    #[arg(long, value_name = "DIR", help_heading = "Grants")]
    dir: Option<PathBuf>,

    /// Hand a variable of this environment to the program; may be repeated.
    #[arg(long, value_name = "NAME[=VALUE]", help_heading = "Grants")]
    env: Vec<EnvGrant>,

    #[command(flatten)]
    limits: LimitArgs,
}

impl ExecArgs {
    /// The module and its arguments.
    fn program(&self) -> (&OsStr, &[OsString]) {
        match self.words.as_slice() {
            [] => (OsStr::new(""), &[]),
            [module, dashes, arguments @ ..] if dashes == "--" => (module, arguments),
            [module, arguments @ ..] => (module, arguments),
        }
    }
}

pub(super) fn exec(args: &ExecArgs, environment: &Environment) -> Result<ExitCode, Failure> {
    let (name, arguments) = args.program();
    let module = module(Path::new(name))?;
    let variables = variables(args, module.is_none(), environment)?;
    // A module is one process, commands of the sandbox start others.
    let jobs = module.is_none().then_some(1);
    let runtime = jobs.map_or_else(runtime::single, runtime::for_jobs)?;
    // Before there is anything that would be left behind.
    let signals = Signals::within(&runtime)?;
    let scratch = Scratch::new()
        .map_err(|error| Failure::unable(format!("cannot make the program's /tmp: {error}")))?;
    let mounts = mounts(args, scratch.path())?;
    let limits = sandbox::limits(&args.limits, None, &Settings::default());
    let sandbox = sandbox::sandbox(environment, &limits, jobs, Arc::new(OnStderr))?;
    let job = sandbox
        .job(sandbox::job_spec(mounts, limits))
        .map_err(|error| sandbox::mount_failure(&error))?;
    let arguments = [name].into_iter().chain(arguments.iter().map(OsString::as_os_str));
    let program = ProgramSpec {
        program: name.as_bytes().to_vec(),
        module,
        arguments: arguments.map(|argument| argument.as_bytes().to_vec()).collect(),
        environment: variables,
        cwd: cwd(args).to_owned(),
        stdio: stdio().map_err(|error| {
            Failure::unable(format!("cannot hand over the standard streams: {error}"))
        })?,
    };
    let status = runtime.block_on(supervise(&job, program, args.limits.timeout, signals));
    runtime.block_on(job.close());
    // A thread may still wait for input that nobody wants any more.
    runtime.shutdown_background();
    status
}

/// Opens the module. None stands for a command of the sandbox.
fn module(path: &Path) -> Result<Option<File>, Failure> {
    let shown = path.display();
    let is_name = !path.as_os_str().as_bytes().contains(&b'/');
    match File::open(path) {
        Ok(file) if file.metadata().is_ok_and(|metadata| metadata.is_file()) => Ok(Some(file)),
        Ok(_) if is_name => Ok(None),
        Ok(_) => Err(Failure::new(Exit::NotExecutable, format!("{shown}: not a regular file"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound && is_name => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Failure::new(Exit::NotFound, format!("{shown}: there is no such file")))
        }
        Err(error) => Err(Failure::new(Exit::NotExecutable, format!("{shown}: {error}"))),
    }
}

fn cwd(args: &ExecArgs) -> &'static str {
    if args.dir.is_some() { "/workspace" } else { "/" }
}

/// What the program finds in its environment: what is granted, where it is if it was given a
/// directory, and, for a command of the sandbox, what it takes to find others.
fn variables(
    args: &ExecArgs,
    is_command: bool,
    environment: &Environment,
) -> Result<Vec<Vec<u8>>, Failure> {
    let mut own = Vec::new();
    if is_command {
        own.extend([("PATH", DEFAULT_PATH), ("HOME", "/tmp"), ("LANG", "C.UTF-8")]);
    }
    if is_command || args.dir.is_some() || !args.mounts.is_empty() {
        own.push(("PWD", cwd(args)));
    }
    let granted = environment.granted(&args.env)?;
    let kept = own.iter().filter(|(name, _)| granted.iter().all(|(other, _)| name != other));
    let own = kept.map(|(name, value)| format!("{name}={value}").into_bytes());
    let granted = granted.iter().map(|(name, value)| format!("{name}={value}").into_bytes());
    Ok(own.chain(granted).collect())
}

fn mounts(args: &ExecArgs, scratch: &Path) -> Result<Vec<MountSpec>, Failure> {
    let mut mounts = sandbox::mounts(&args.mounts)?;
    let mut writable = |host: &Path, guest: &str| {
        let (host, guest) = (host.into(), guest.to_owned());
        mounts.push(MountSpec { host, guest, read_only: false });
    };
    if let Some(dir) = &args.dir {
        sandbox::check_directory(dir)?;
        writable(dir, "/workspace");
    }
    if !args.mounts.iter().any(|mount| mount.guest == "/tmp") {
        writable(scratch, "/tmp");
    }
    Ok(mounts)
}

pub(super) fn stdio() -> io::Result<[Stdio; 3]> {
    let host = |fd: io::Result<OwnedFd>| fd.map(Stdio::Host);
    Ok([
        host(io::stdin().as_fd().try_clone_to_owned())?,
        host(io::stdout().as_fd().try_clone_to_owned())?,
        host(io::stderr().as_fd().try_clone_to_owned())?,
    ])
}

/// Runs the program, passes signals on, and ends it when its time is up.
async fn supervise(
    job: &Arc<Job>,
    program: ProgramSpec,
    limit: Option<Duration>,
    mut signals: Signals,
) -> Result<ExitCode, Failure> {
    let mut signalled = false;
    let time_is_up = async {
        match limit {
            Some(limit) => sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    let words = [&program.program].into_iter().chain(program.arguments.iter().skip(1));
    let words: Vec<String> = words.map(|w| String::from_utf8_lossy(w).into_owned()).collect();
    let running = job.run(program);
    tokio::pin!(running, time_is_up);
    let ended = loop {
        tokio::select! {
            ended = &mut running => break ended,
            () = &mut time_is_up => {
                job.kill_all(TERM);
                // What it still says or does when told to end is its own affair.
                if tokio::time::timeout(GRACE, &mut running).await.is_err() {
                    job.kill_all(KILL);
                    let _ = tokio::time::timeout(GRACE, &mut running).await;
                }
                let limit = humantime::format_duration(limit.unwrap_or_default());
                return Err(Failure::new(Exit::TimedOut, format!("its time of {limit} is up")));
            }
            signal = signals.next() => {
                job.kill_all(if signalled { KILL } else { number(signal) });
                signalled = true;
            }
        }
    };
    match ended {
        Ok(exit) => Ok(ExitCode::from(exit.status)),
        Err(error) => {
            let exit = match error {
                StartError::NotFound(_) => Exit::NotFound,
                StartError::NotExecutable { .. } => Exit::NotExecutable,
            };
            let failure = Failure::new(exit, error.to_string());
            Err(match advice::reason(&words) {
                Some(reason) if exit == Exit::NotFound => failure.help(reason.help),
                _ => failure,
            })
        }
    }
}

pub(super) fn number(signal: SignalKind) -> u8 {
    u8::try_from(signal.as_raw_value()).unwrap_or(TERM)
}

/// Notices of the sandbox, beside the program's own standard error.
pub(super) struct OnStderr;

impl Notices for OnStderr {
    fn progress(&self, progress: Progress<'_>) {
        if let Some(text) = sandbox::progress_text(progress) {
            tell(&format!("greenroom: {text}\n"));
        }
    }

    fn warning(&self, warning: &StoreWarning) {
        tell(&format!("greenroom: warning: {warning}\n"));
    }
}
