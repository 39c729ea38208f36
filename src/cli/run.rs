use std::collections::HashSet;
use std::io;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::again::AgainArgs;
use super::children::{Adjust, Children, Known};
use super::environment::{Color, Environment};
use super::exit_code::Exit;
use super::failure::Failure;
use super::front::Planned;
use super::images::{self, ImageArgs};
use super::limits::LimitArgs;
use super::output::Sink;
use super::pipeline::{PipelineArgs, Request};
use super::project::Project;
use super::signals::Signals;
use super::step::Files;
use super::value::{Mount, Size};
use super::workspace::{Place, WorkspaceArgs};
use super::{ask, children, choice, front, output, print, runtime, sandbox, step_grants, tell};
use crate::advice;
use crate::diagnostic::{Diagnostics, Severity, printable};
use crate::event::{Level, RunResult};
use crate::executor::{ExecutorConfig, PROJECT_DIRECTORY, SandboxExecutor};
use crate::pipeline::{Job, Pipeline};
use crate::plan::{self, Plan, Selection, SelectionError};
use crate::report::Reporter;
use crate::report::human::Human;
use crate::report::jsonl::JsonLines;
use crate::sandbox::store::{Progress, StoreWarning};
use crate::sandbox::{MountSpec, Notices};
use crate::schedule::{self, Cancel, CancelSwitch, Executor, Notifier, Options};

/// Records that wait for the report.
const WAITING_RECORDS: usize = 256;

/// Run a pipeline, or some of its jobs.
///
/// Every command runs as a WebAssembly module. Jobs see the project directory as /workspace, a /tmp
/// of their own and what is granted with --mount and --env; nothing else of this machine.
///
/// The report goes to standard output, what is wrong with the pipeline file to standard error.
/// Ctrl-C ends the scripts, runs every after_script and prints the summary; a second one ends
/// everything at once.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    greenroom run                              every job of .gitlab-ci.yml\n  \
    greenroom run examples/two-stages          the pipeline of another directory\n  \
    greenroom run unit lint                    two jobs, without those they need\n  \
    greenroom run --stage test --jobs 1        one stage, one job at a time\n  \
    greenroom run --resume                     what failed, and what comes after it\n  \
    greenroom run --var DEPLOY=no --env TOKEN --mount ./out:/srv/www\n  \
    greenroom run --format jsonl | jq -r 'select(.event == \"job_finished\") | .job'\n\n\
    Exit codes: 0 no job failed, 1 a job failed, 2 wrong usage, 3 invalid pipeline file,\n\
    4 greenroom could not do its work, 130 cancelled.")]
pub(super) struct RunArgs {
    /// Pipeline file, then jobs.
    ///
    /// The first word is the file if it ends in .yml or .yaml, or is an existing path with a `/`
    /// (a directory stands for its .gitlab-ci.yml); otherwise the file is .gitlab-ci.yml and all
    /// words are jobs. Jobs run without those they need: what these left in the workspace is there.
    #[arg(value_name = "FILE|JOB")]
    words: Vec<String>,

    #[command(flatten)]
    pipeline: PipelineArgs,

    /// All jobs of a stage; may be repeated.
    #[arg(long = "stage", value_name = "STAGE")]
    stages: Vec<String>,

    /// Ask for every variable that has a description, as GitLab's form does; without it only for
    /// those that have no value. Needs a terminal.
    #[arg(long)]
    ask: bool,

    /// Start delayed jobs without their delay.
    #[arg(long)]
    no_wait: bool,

    #[command(flatten)]
    again: AgainArgs,

    /// How many jobs may run at the same time [default: the number of CPUs].
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZeroUsize>,

    /// Let jobs use a directory of this machine; may be repeated.
    #[arg(long = "mount", value_name = "HOST:GUEST[:ro]", help_heading = "Grants")]
    mounts: Vec<Mount>,

    /// How the run is reported.
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    #[command(flatten)]
    images: ImageArgs,

    /// Tell at the end where the time went: until each job's first command began, and in each
    /// command. (The JSON lines have the times of everything in any case.)
    #[arg(long)]
    timings: bool,

    #[command(flatten)]
    workspace: WorkspaceArgs,

    #[command(flatten)]
    limits: LimitArgs,

    /// Output of one job, e.g. 10M.
    #[arg(long, value_name = "SIZE", help_heading = "Limits")]
    log_limit: Option<Size>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text for people.
    #[default]
    Human,
    /// One JSON object per event and line.
    Jsonl,
}

pub(super) fn run(
    args: &RunArgs,
    environment: &Environment,
    color: Color,
) -> Result<Exit, Failure> {
    let (project, jobs) = args.pipeline.project.locate(&args.words)?;
    let mut request = args.pipeline.request(project, environment, color)?;
    if environment.can_ask() {
        ask_for_variables(&mut request, args.ask)?;
    }
    if args.pipeline.choice.leaves_manual_jobs() && jobs.is_empty() && environment.can_ask() {
        let mut quiet = Diagnostics::new();
        let loaded = front::load(&request, &mut quiet)?;
        let plan =
            loaded.and_then(|loaded| plan::build(&loaded.pipeline, &loaded.context, &mut quiet));
        if let Some(plan) = plan {
            request.choice.manual = choice::ask(&plan, io::stdin().lock(), io::stderr())
                .map_err(|error| Failure::unable(format!("cannot ask: {error}")))?;
        }
    }
    let planned = front::valid_plan(&request, environment, color)?;
    args.pipeline.choice.check(&planned.plan)?;
    let project = &request.project;
    let Some(selection) = args.again.selection(jobs, &args.stages, project, environment)? else {
        tell("the last run ended well: nothing is left to do\n");
        return Ok(Exit::Success);
    };
    let mut plan = planned.plan.select(&selection).map_err(selection_failure)?;
    for (job, need) in plan.unmet_needs() {
        if selection.from.is_some() || selection.done.iter().any(|done| done == need) {
            // It ran before; that is what these options say.
            continue;
        }
        let text = format!("note: {} needs {need}, which does not run this time", job.name);
        tell(&format!("{}\n", printable(&text)));
    }
    let timeout = sandbox::timeout(&args.limits, &request.settings);
    let adjust = Adjust { timeout, no_wait: args.no_wait };
    adjust.apply(&mut plan);
    let planned_names: Vec<String> = planned.plan.jobs.iter().map(|job| job.name.clone()).collect();
    let Planned { loaded, mut diagnostics, .. } = planned;
    let style = environment.diagnostic_style(color);
    advise(&loaded.pipeline, &plan, &request, &mut diagnostics);
    tell(&diagnostics.render(style));
    diagnostics.clear();
    if args.again.dry_run {
        let children = children::known(&request, &loaded, &plan, &mut diagnostics)?;
        tell(&diagnostics.render(style));
        print(&dry_run(&plan, &children, 0))?;
        return Ok(Exit::Success);
    }
    let whole = selection.jobs.is_empty() && selection.stages.is_empty();
    let done = done(&planned_names, &plan, &selection);
    let sinks = args.again.sinks(whole, &done, project, environment)?;
    let jobs = args.jobs.unwrap_or_else(runtime::cpus);
    // How many jobs a child pipeline has is not known yet.
    let at_once = if plan.has_triggers() { jobs.get() } else { jobs.get().min(plan.jobs.len()) };
    let runtime = runtime::for_jobs(at_once)?;
    let (notifier, notices) = schedule::notices();
    let place = args.workspace.place(&request, &plan, environment)?;
    let with = (&plan, &place);
    let executor = executor(args, &request, with, environment, at_once, notifier)?;
    let style = environment.report_style(color);
    let (reporter, live): (Box<dyn Reporter>, bool) = match args.format {
        Format::Human if args.timings => (Box::new(Human::new(style).with_timings()), style.live),
        Format::Human => (Box::new(Human::new(style)), style.live),
        Format::Jsonl => (Box::new(JsonLines), false),
    };
    let options = Options {
        pipeline: name(&request.project),
        jobs,
        notices,
        keep_going: args.again.keep_going,
        mask: request.mask.clone(),
        planner: plan.has_triggers().then(|| {
            let sources = diagnostics.sources().clone();
            Arc::new(Children::new(request, loaded, sources, selection, adjust)) as _
        }),
    };
    let result = supervise(&runtime, plan, executor, options, (reporter, sinks), live);
    // What still runs — a thread that compiles, a read from a terminal — is not waited for.
    runtime.shutdown_background();
    Ok(match result? {
        RunResult::Success | RunResult::Blocked | RunResult::Skipped => Exit::Success,
        RunResult::Failed => Exit::JobsFailed,
        RunResult::Cancelled => Exit::Cancelled,
    })
}

/// The jobs of the whole plan that are not to run this time, because they have run before, and those
/// of child pipelines that will be planned again.
fn done(all: &[String], plan: &Plan, selection: &Selection) -> Vec<String> {
    let now: HashSet<&str> = plan.jobs.iter().map(|job| job.name.as_str()).collect();
    let inside = selection.done.iter().filter(|name| {
        !all.contains(name) && plan.trigger_of(name).is_some_and(|job| now.contains(&*job.name))
    });
    all.iter().filter(|name| !now.contains(name.as_str())).chain(inside).cloned().collect()
}

/// What would run: the jobs in their order with what they come after and their commands.
fn dry_run(plan: &Plan, children: &[Known], depth: usize) -> String {
    let indent = "    ".repeat(depth);
    let mut text = String::new();
    for stage in &plan.stages {
        text += &format!("{indent}{}\n", printable(&stage.name));
        for job in stage.jobs.iter().map(|id| plan.job(*id)) {
            let after: Vec<&str> = job.after.iter().map(|id| plan.job(*id).name.as_str()).collect();
            let after = match after.as_slice() {
                [] => String::new(),
                names => format!(" (after {})", names.join(", ")),
            };
            text += &format!("{indent}  {}{}\n", printable(&job.name), printable(&after));
            if let Some(image) = &job.image {
                text += &format!("{indent}    image {}\n", printable(image));
            }
            for entry in job.script.iter().chain(&job.after_script) {
                let commands = printable(entry.text.trim_end());
                let commands = commands.replace('\n', &format!("\n{indent}      "));
                text += &format!("{indent}    $ {commands}\n");
            }
            if job.trigger.is_some() {
                text += &format!("{indent}    {}\n", printable(&children::summary(job)));
            }
            for child in children.iter().filter(|child| child.trigger == job.name) {
                text += &dry_run(&child.plan, &child.children, depth + 1);
            }
        }
    }
    for left in &plan.left_out {
        let line = format!("{} does not run: {}", left.job.name, left.reason);
        text += &format!("{indent}{}\n", printable(&line));
    }
    text
}

/// Looks for lines of the plan's jobs that cannot work here.
fn advise(pipeline: &Pipeline, plan: &Plan, request: &Request, diagnostics: &mut Diagnostics) {
    let names: HashSet<&str> = plan.jobs.iter().map(|job| job.name.as_str()).collect();
    let provided = |name: &str| request.settings.commands.contains_key(name);
    let runs = |job: &Job| names.contains(job.name.value.as_str());
    advice::look(pipeline, runs, provided, Severity::Warning, diagnostics);
}

/// Completes the variables with what somebody at the terminal says.
fn ask_for_variables(request: &mut Request, all: bool) -> Result<(), Failure> {
    // What is wrong with the file is told afterwards.
    let mut quiet = Diagnostics::new();
    if let Some(loaded) = front::load(request, &mut quiet)?
        && !quiet.has_errors()
    {
        let given = &request.variables;
        let (answers, questions) = (io::stdin().lock(), io::stderr());
        let answered = ask::variables(&loaded.pipeline, given, all, answers, questions)
            .map_err(|error| Failure::unable(format!("cannot ask: {error}")))?;
        request.variables.extend(answered);
    }
    Ok(())
}

/// Runs the plan while signals are listened to and the report is written.
fn supervise(
    runtime: &Runtime,
    plan: Plan,
    executor: Arc<dyn Executor>,
    options: Options,
    (reporter, sinks): (Box<dyn Reporter>, Vec<Box<dyn Sink>>),
    live: bool,
) -> Result<RunResult, Failure> {
    let (events, records) = mpsc::channel(WAITING_RECORDS);
    let writer = output::start(reporter, sinks, records, live, runtime.handle().clone())
        .map_err(|error| Failure::unable(format!("cannot start a thread: {error}")))?;
    let switch = CancelSwitch::new();
    let result = runtime.block_on(async {
        let _listening = tokio::spawn(listen(Signals::new()?, switch.clone()));
        Ok(schedule::run(plan, executor, options, switch, events).await)
    });
    match writer.join() {
        Ok(Ok(())) => result,
        Ok(Err(error)) => Err(Failure::output(&error)),
        Err(_) => Err(Failure::unable("the report ended with a panic, which is a bug")),
    }
}

/// Cancels the run at the first signal and ends it at the second.
async fn listen(mut signals: Signals, switch: CancelSwitch) {
    for level in [Cancel::Gracefully, Cancel::AtOnce] {
        signals.next().await;
        switch.raise(level);
    }
}

/// What the run is called in its report.
fn name(project: &Project) -> String {
    let path = project.root.join(&project.file);
    let here = std::env::current_dir().ok().and_then(|dir| dir.canonicalize().ok());
    let short = here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_path_buf));
    short.unwrap_or(path).to_string_lossy().into_owned()
}

fn selection_failure(error: SelectionError) -> Failure {
    let help = match &error {
        SelectionError::UnknownJob { suggestion: Some(name), .. }
        | SelectionError::UnknownStage { suggestion: Some(name), .. }
        | SelectionError::UnknownStart { suggestion: Some(name), .. } => {
            format!("did you mean {name:?}?")
        }
        SelectionError::UnknownJob { .. }
        | SelectionError::UnknownStage { .. }
        | SelectionError::UnknownStart { .. }
        | SelectionError::NotRunnable { .. } => "`greenroom list` shows them all".to_owned(),
    };
    Failure::usage(error.to_string()).help(help)
}

fn executor(
    args: &RunArgs,
    request: &Request,
    (plan, place): (&Plan, &Place),
    environment: &Environment,
    jobs: usize,
    notifier: Notifier,
) -> Result<Arc<dyn Executor>, Failure> {
    let Request { project, settings, .. } = request;
    let mut mounts = settings.mounts.clone();
    // A place that the command line gives to another directory is that directory's.
    mounts.retain(|mount| !args.mounts.iter().any(|given| given.guest == mount.guest));
    mounts.extend(args.mounts.iter().cloned());
    let mounts = sandbox::mounts(&mounts)?;
    let limits = sandbox::limits(&args.limits, args.log_limit, settings);
    let sandbox = sandbox::sandbox(environment, &limits, jobs, Arc::new(InReport(notifier)))?;
    // Every job will have these mounts: what is wrong with them is said once, before anything runs.
    let project_mount = MountSpec {
        host: place.project.clone().into(),
        guest: PROJECT_DIRECTORY.to_owned(),
        read_only: false,
    };
    let all = [project_mount].into_iter().chain(mounts.iter().cloned()).collect();
    sandbox
        .job(sandbox::job_spec(all, limits.clone()))
        .map_err(|error| sandbox::mount_failure(&error))?;
    let images = images::images(&args.images, settings, Some(project), environment, &sandbox)?;
    let mut grants = sandbox::step_grants(settings, environment)?;
    if environment.can_ask() && plan.jobs.iter().any(|job| job.run.is_some()) {
        let source = Files::open(project)?;
        let (answers, questions) = (io::stdin().lock(), io::stderr());
        step_grants::ask(
            plan,
            &source,
            limits.memory,
            environment,
            &mut grants,
            answers,
            questions,
        )
        .map_err(|error| Failure::unable(format!("cannot ask: {error}")))?;
    }
    let config = ExecutorConfig {
        project: place.project.clone().into(),
        data: place.data.clone(),
        mounts,
        // Granted variables are variables of the pipeline: conditions see them, too.
        environment: Vec::new(),
        files: request.files.clone(),
        limits,
        images: Arc::new(images),
        steps: grants,
    };
    let executor =
        SandboxExecutor::new(sandbox, config).map_err(|error| sandbox::mount_failure(&error))?;
    Ok(Arc::new(executor))
}

/// Notices of the sandbox, as part of the run's report.
struct InReport(Notifier);

impl Notices for InReport {
    fn progress(&self, progress: Progress<'_>) {
        if let Some(text) = sandbox::progress_text(progress) {
            self.0.say(Level::Info, text);
        }
    }

    fn warning(&self, warning: &StoreWarning) {
        self.0.say(Level::Warning, warning.to_string());
    }
}
