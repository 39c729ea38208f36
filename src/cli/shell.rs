use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::signal::unix::SignalKind;

use super::children::{self, Known};
use super::environment::{Color, Environment};
use super::failure::Failure;
use super::front::{self, Planned};
use super::images::{self, ImageArgs};
use super::limits::LimitArgs;
use super::pipeline::{PipelineArgs, Request};
use super::signals::Signals;
use super::value::Mount;
use super::{again, exec, runtime, sandbox, tell};
use crate::diagnostic::similar;
use crate::executor::{PROJECT_DIRECTORY, write_files};
use crate::plan::{Plan, PlannedJob};
use crate::sandbox::{DEFAULT_PATH, Job, MountSpec, ProgramSpec, Scratch};

/// What reads commands from a terminal: the shell of the sandbox is made for scripts.
const READER: &str = include_str!("shell.sh");

/// How long processes may go on after they were told to end.
const GRACE: Duration = Duration::from_secs(2);

const KILL: u8 = 9;

/// Open a shell in the sandbox, in the workspace as a job left it.
///
/// It has the job's image and variables and begins in the same directory; the job's /tmp is gone.
/// Without a JOB it is the one that failed last, or else a shell without a job. On a terminal it
/// asks for commands; otherwise they are read from standard input. Its exit code is greenroom's.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    greenroom shell                            where the last run failed\n  \
    greenroom shell unit                       as the job unit has it\n  \
    echo 'ls -l dist' | greenroom shell deploy")]
pub(super) struct ShellArgs {
    /// Pipeline file, if it is not .gitlab-ci.yml; then the job.
    #[arg(value_name = "FILE|JOB", num_args = 0..=2)]
    words: Vec<String>,

    #[command(flatten)]
    pipeline: PipelineArgs,

    /// Let the shell use a directory of this machine; may be repeated.
    #[arg(long = "mount", value_name = "HOST:GUEST[:ro]", help_heading = "Grants")]
    mounts: Vec<Mount>,

    #[command(flatten)]
    images: ImageArgs,

    #[command(flatten)]
    limits: LimitArgs,
}

pub(super) fn shell(
    args: &ShellArgs,
    environment: &Environment,
    color: Color,
) -> Result<ExitCode, Failure> {
    let (project, words) = args.pipeline.project.locate(&args.words)?;
    let request = args.pipeline.request(project, environment, color)?;
    let mut planned = front::valid_plan(&request, environment, color)?;
    let failed = match words {
        [] => again::last_run(&request.project, environment).ok().flatten(),
        _ => None,
    };
    let failed = failed.and_then(|last| last.failed);
    let name = words.first().or(failed.as_ref());
    // Reading child pipelines costs time.
    let children = match name {
        Some(name) if planned.plan.trigger_of(name).is_some() => {
            let Planned { loaded, plan, diagnostics } = &mut planned;
            children::known(&request, loaded, plan, diagnostics)?
        }
        _ => vec![],
    };
    let job = match words {
        [] => failed.and_then(|name| last_failed(&planned, &children, &name)),
        [name] => Some(match children::find(&children, name) {
            Some(job) => job,
            None => find(&planned.plan, name)?,
        }),
        _ => return Err(Failure::usage("one job at a time")),
    };
    let scratch = Scratch::new()
        .map_err(|error| Failure::unable(format!("cannot make the shell's /tmp: {error}")))?;
    write_files(&request.files, scratch.path()).map_err(|error| {
        Failure::unable(format!("cannot write variables of type file: {error}"))
    })?;
    let runtime = runtime::for_jobs(1)?;
    let limits = sandbox::limits(&args.limits, None, &request.settings);
    let sandbox = sandbox::sandbox(environment, &limits, 1, Arc::new(exec::OnStderr))?;
    let images = images::images(
        &args.images,
        &request.settings,
        Some(&request.project),
        environment,
        &sandbox,
    )?;
    let name = job.and_then(|job| job.image.as_deref());
    let project = request.project.root.clone().into();
    let image = runtime
        .block_on(images.open(&project, name, &[], &()))
        .map_err(|error| Failure::unable(error.to_string()))?;
    for warning in &image.warnings {
        tell(&format!("greenroom: warning: {warning}\n"));
    }
    let writable = |host: &std::path::Path, guest: &str| MountSpec {
        host: host.into(),
        guest: guest.to_owned(),
        read_only: false,
    };
    let mut mounts =
        vec![writable(&request.project.root, PROJECT_DIRECTORY), writable(scratch.path(), "/tmp")];
    mounts.extend(image.mounts);
    let granted: Vec<Mount> = request.settings.mounts.iter().chain(&args.mounts).cloned().collect();
    mounts.extend(sandbox::mounts(&granted)?);
    let mut spec = sandbox::job_spec(mounts, limits);
    spec.commands = image.commands;
    let opened = sandbox.job(spec).map_err(|error| sandbox::mount_failure(&error))?;
    let variables = variables(job, &image.environment, &request);
    let program = program(job, variables, environment)?;
    let status = runtime.block_on(supervise(&opened, program));
    runtime.block_on(opened.close());
    // A thread may still wait for input that nobody wants any more.
    runtime.shutdown_background();
    status
}

/// The job that failed in the last run, if it is still in the pipeline.
fn last_failed<'p>(
    planned: &'p Planned,
    children: &'p [Known],
    failed: &str,
) -> Option<&'p PlannedJob> {
    let job = children::find(children, failed).or_else(|| find(&planned.plan, failed).ok());
    if job.is_some() {
        tell(&format!("{}, which failed last\n", crate::diagnostic::printable(failed)));
    }
    job
}

fn find<'p>(plan: &'p Plan, name: &str) -> Result<&'p PlannedJob, Failure> {
    let left = plan.left_out.iter().map(|left| &left.job);
    let jobs: Vec<&PlannedJob> = plan.jobs.iter().chain(left).collect();
    let member = plan.groups.get(name).and_then(|members| members.first());
    let wanted = member.map_or(name, String::as_str);
    jobs.iter().find(|job| job.name == wanted).copied().ok_or_else(|| {
        let failure = Failure::usage(format!("there is no job named `{name}`"));
        match similar(name, jobs.iter().map(|job| job.name.as_str())) {
            Some(similar) => failure.help(format!("did you mean {similar:?}?")),
            None => failure.help("`greenroom list` shows them all"),
        }
    })
}

/// The environment: the sandbox's own, the image's, then the job's.
fn variables(
    job: Option<&PlannedJob>,
    image: &[(String, String)],
    request: &Request,
) -> Vec<Vec<u8>> {
    let own = [
        ("PATH", DEFAULT_PATH),
        ("HOME", "/tmp"),
        ("LANG", "C.UTF-8"),
        ("SHELL", "/bin/bash"),
        ("TMPDIR", "/tmp"),
        ("PWD", PROJECT_DIRECTORY),
        ("GREENROOM_SHELL", job.map_or("no job", |job| &job.name)),
    ];
    let own = own.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let of_job: Vec<(String, String)> = match job {
        Some(job) => job.variables.owned().collect(),
        None => request.project_variables.iter().chain(&request.variables).cloned().collect(),
    };
    let all: HashMap<String, String> = own.chain(image.iter().cloned()).chain(of_job).collect();
    all.into_iter().map(|(name, value)| format!("{name}={value}").into_bytes()).collect()
}

fn program(
    job: Option<&PlannedJob>,
    environment: Vec<Vec<u8>>,
    host: &Environment,
) -> Result<ProgramSpec, Failure> {
    let mut arguments = vec!["bash"];
    if host.can_ask() {
        arguments.extend(["-c", READER]);
        let what = job.map_or("the sandbox", |job| &job.name);
        tell(&format!(
            "a shell in {}; Ctrl-D or exit leaves it\n",
            crate::diagnostic::printable(what)
        ));
    }
    Ok(ProgramSpec {
        program: b"bash".to_vec(),
        module: None,
        arguments: arguments.into_iter().map(|argument| argument.as_bytes().to_vec()).collect(),
        environment,
        cwd: PROJECT_DIRECTORY.to_owned(),
        stdio: exec::stdio().map_err(|error| {
            Failure::unable(format!("cannot hand over the standard streams: {error}"))
        })?,
    })
}

/// Runs the shell. An interrupt is for what runs in it; a second request to end is the last.
async fn supervise(job: &Arc<Job>, program: ProgramSpec) -> Result<ExitCode, Failure> {
    let mut signals = Signals::new()?;
    let mut ending = false;
    let running = job.run(program);
    tokio::pin!(running);
    loop {
        tokio::select! {
            ended = &mut running => {
                let exit = ended.map_err(|error| Failure::unable(error.to_string()))?;
                return Ok(ExitCode::from(exit.status));
            }
            signal = signals.next() => {
                if signal == SignalKind::interrupt() {
                    job.kill_all(exec::number(signal));
                    continue;
                }
                job.kill_all(if ending { KILL } else { exec::number(signal) });
                if !ending && tokio::time::timeout(GRACE, &mut running).await.is_ok() {
                    return Ok(ExitCode::from(128 + exec::number(signal)));
                }
                ending = true;
                job.kill_all(KILL);
            }
        }
    }
}
