use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use clap::{Args, ValueEnum};

use super::environment::Environment;
use super::exit_code::Exit;
use super::failure::Failure;
use super::project::{Project, ProjectArgs};
use super::runtime;
use super::signals::Signals;
use super::value::span;
use super::{print, tell, whole_file};
use crate::bench::{
    self, Case, Command, Effort, HotProgram, Machine, Report, Shape, Stages, Surroundings, Watch,
};
use crate::diagnostic::printable;
use crate::sandbox::Scratch;

/// A module that does nothing: one page of memory and an empty `_start`.
const NO_OP: &[u8] = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x05\x03\x01\0\x01\
    \x07\x13\x02\x06memory\x02\0\x06_start\0\0\x0a\x04\x01\x02\0\x0b";
/// How old a file of the store is before it is taken for unchanged without reading it again.
const SETTLED: Duration = Duration::from_secs(4);
/// The first case: what all others are compared with.
const PROCESS: &str = "/bin/true";

/// Measure what starting a stage costs on this machine.
///
/// A stage of greenroom is measured cold (nothing compiled), warm (a new process) and hot (the same
/// process), beside whatever else the machine has to start one: a process, a shell, bubblewrap,
/// crun, runc, docker, podman, wasmtime, gitlab-ci-local. All take turns, so that a machine that is
/// busy for a while is so for all of them. What cannot be measured is named with the reason.
///
/// With a pipeline, that is run over and over, really, and measured stage by stage.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    greenroom bench\n  \
    greenroom bench --stages 3 --jobs 10 --steps 100\n  \
    greenroom bench .gitlab-ci.yml --runs 10 --chart bench.html\n  \
    greenroom bench --peer 'podman run --rm alpine true' --format markdown\n  \
    greenroom bench --no-peers --save base.json          then, after a change:\n  \
    greenroom bench --no-peers --compare base.json --threshold 15\n\n\
    Exit codes: 0 measured, and nothing slower than the baseline; 1 something is slower;\n\
    2 wrong usage, 3 invalid pipeline file, 4 greenroom could not do its work, 130 cancelled.")]
pub(super) struct BenchArgs {
    /// Pipeline file to measure, or a directory with a .gitlab-ci.yml.
    #[arg(value_name = "FILE", conflicts_with = "pipeline")]
    file: Option<String>,

    /// The same.
    #[arg(long, value_name = "FILE")]
    pipeline: Option<String>,

    /// Measure a pipeline of so many stages.
    #[arg(long, value_name = "N", conflicts_with_all = ["file", "pipeline"])]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1000), help_heading = "Shape")]
    stages: Option<u16>,

    /// Jobs of each of its stages.
    #[arg(long, value_name = "N", conflicts_with_all = ["file", "pipeline"])]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=10_000), help_heading = "Shape")]
    jobs: Option<u16>,

    /// Steps of each of its jobs; each starts a program.
    #[arg(long, value_name = "N", conflicts_with_all = ["file", "pipeline"])]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=20_000), help_heading = "Shape")]
    steps: Option<u16>,

    /// Measure this command as well; may be repeated. Words are split as a shell does, nothing else
    /// of it is a shell's.
    #[arg(long = "peer", value_name = "CMD", help_heading = "Peers")]
    peers: Vec<String>,

    /// The container image that docker and podman start [default: the first they list].
    #[arg(long, value_name = "IMAGE", help_heading = "Peers")]
    peer_image: Option<String>,

    /// How long a peer may take for one start, before it is given up.
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = span)]
    #[arg(help_heading = "Peers")]
    peer_timeout: Duration,

    /// Look for no peers of this machine.
    #[arg(long, help_heading = "Peers")]
    no_peers: bool,

    /// Measure only what has this in its name; may be repeated. /bin/true is always measured.
    #[arg(long, value_name = "TEXT", help_heading = "Effort")]
    only: Vec<String>,

    /// Rounds that are counted; in each, everything has its turn.
    #[arg(long, value_name = "N", default_value_t = 30)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000), help_heading = "Effort")]
    runs: u32,

    /// Rounds before them.
    #[arg(long, value_name = "N", default_value_t = 2)]
    #[arg(value_parser = clap::value_parser!(u32).range(0..=1000), help_heading = "Effort")]
    warm_up: u32,

    /// Time for each case, after which it has no more turns; three it always has.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = span)]
    #[arg(help_heading = "Effort")]
    time: Duration,

    /// How the figures are written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    /// Write a page with a chart to this file as well.
    #[arg(long, value_name = "FILE")]
    chart: Option<PathBuf>,

    /// Keep the figures in this file, for --compare.
    #[arg(long, value_name = "FILE", help_heading = "Baseline")]
    save: Option<PathBuf>,

    /// Compare with the figures in this file; fail if something is slower.
    #[arg(long, value_name = "FILE", help_heading = "Baseline")]
    compare: Option<PathBuf>,

    /// By how many percent something has to differ to count, beyond what is noise.
    #[arg(long, value_name = "PERCENT", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u16).range(0..=10_000), help_heading = "Baseline")]
    threshold: u16,

    /// Options for each `greenroom run` of the pipeline, such as --var and --mount.
    #[arg(last = true, value_name = "RUN OPTIONS")]
    run: Vec<OsString>,
}

impl BenchArgs {
    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|text| name.contains(text))
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table.
    #[default]
    Human,
    /// One object with the machine, the figures in nanoseconds, and what was not measured.
    Json,
    /// One line for each case.
    Csv,
    /// A table for a document.
    Markdown,
}

pub(super) fn bench(args: &BenchArgs, environment: &Environment) -> Result<Exit, Failure> {
    let baseline = args.compare.as_deref().map(read).transpose()?;
    let date = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let mut report = Report::new(Machine::here(), date);
    let watch = &cancelled_by_signals()?;
    let scratch = Scratch::new()
        .map_err(|error| Failure::unable(format!("cannot make a directory: {error}")))?;
    let place = Place::new(scratch.path(), watch)?;
    let subject = subject(args, &place)?;
    let process = Command { watch: watch.clone(), ..Command::new([PROCESS]) };
    let mut cases = vec![case(PROCESS, "", process)];
    own(args, &place, environment, &mut cases, &mut report);
    let settling = Instant::now();
    if let Some((_, _, images)) = &subject {
        self::images(images, &place, &mut cases, &mut report);
    }
    if !args.no_peers {
        let surroundings = Surroundings {
            path: environment.get("PATH").unwrap_or_default().to_owned(),
            scratch: place.directory.clone(),
            project: place.project.clone(),
            module: place.module.clone(),
            image: args.peer_image.clone(),
            limit: Some(args.peer_timeout),
            watch: watch.clone(),
        };
        let found = bench::peers(&surroundings);
        cases.extend(found.cases.into_iter().filter(|case| args.wants(&case.name)));
        report.skipped.extend(found.skipped.into_iter().filter(|case| args.wants(&case.name)));
    }
    for peer in &args.peers {
        let words = bench::words(peer)
            .map_err(|reason| Failure::usage(format!("--peer {peer:?}: {reason}")))?;
        let (limit, watch) = (Some(args.peer_timeout), watch.clone());
        cases.push(case(peer, "", Command { limit, watch, ..Command::new(words) }));
    }
    // What was compiled just now is read in full until it is old enough to be trusted.
    while settling.elapsed() < SETTLED && !watch.cancelled() {
        thread::sleep(Duration::from_millis(50));
    }
    let effort =
        Effort { rounds: args.runs as usize, warm_up: args.warm_up as usize, time: args.time };
    let mut last = Instant::now();
    let told = |round, rounds| {
        if last.elapsed() > Duration::from_secs(10) {
            last = Instant::now();
            tell(&format!("greenroom: round {} of {rounds}\n", round + 1));
        }
    };
    if let Some((name, stages, _)) = &subject {
        let trial = Box::new(Rc::clone(stages));
        let (name, version) = (name.clone(), String::new());
        cases.push(Case { name, version, slow: false, trial });
    }
    let taken = bench::measure(&mut cases, effort, watch, told);
    if watch.cancelled() {
        return Ok(Exit::Cancelled);
    }
    report.add(&cases, taken);
    if let Some((_, stages, _)) = &subject {
        for (name, samples) in &stages.borrow().stages {
            report.add_samples(&format!("- stage {name}"), "", Ok(samples.clone()));
        }
    }
    finish(args, environment, &report, baseline.as_ref())
}

/// What a signal ends: the command that is being measured, and all that would follow.
fn cancelled_by_signals() -> Result<Watch, Failure> {
    let watch = Watch::default();
    let cancel = watch.clone();
    let runtime = runtime::single()?;
    let mut signals = Signals::within(&runtime)?;
    thread::spawn(move || {
        runtime.block_on(async {
            loop {
                signals.next().await;
                cancel.cancel();
            }
        });
    });
    Ok(watch)
}

/// The directory of a measurement, with what is measured in it.
struct Place {
    directory: PathBuf,
    /// Of a pipeline of two stages that run `true`.
    project: PathBuf,
    module: PathBuf,
    greenroom: PathBuf,
    watch: Watch,
}

impl Place {
    fn new(directory: &Path, watch: &Watch) -> Result<Self, Failure> {
        let unable = |error: std::io::Error| {
            Failure::unable(format!("cannot write to {}: {error}", directory.display()))
        };
        let project = directory.join("project");
        fs::create_dir(&project).map_err(unable)?;
        let pipeline = "stages: [one, two]\n\
            first:\n  stage: one\n  script: [\"true\"]\n\
            second:\n  stage: two\n  script: [\"true\"]\n";
        fs::write(project.join(".gitlab-ci.yml"), pipeline).map_err(unable)?;
        let module = directory.join("no-op.wasm");
        fs::write(&module, NO_OP).map_err(unable)?;
        let greenroom = std::env::current_exe()
            .map_err(|error| Failure::unable(format!("cannot find greenroom itself: {error}")))?;
        let (directory, watch) = (directory.to_owned(), watch.clone());
        Ok(Self { directory, project, module, greenroom, watch })
    }

    /// greenroom itself with these arguments.
    fn greenroom<'a>(&self, arguments: impl IntoIterator<Item = &'a Path>) -> Command {
        let mut command = Command { watch: self.watch.clone(), ..Command::new([&self.greenroom]) };
        command.words.extend(arguments.into_iter().map(|word| word.as_os_str().to_owned()));
        command.directory = Some(self.project.clone());
        command
    }

    fn run(&self, project: &Path) -> Command {
        let words = ["run", "--format", "jsonl"].map(Path::new);
        self.greenroom(words.into_iter().chain([project]))
    }
}

fn case(name: &str, version: &str, command: Command) -> Case {
    Case {
        name: name.to_owned(),
        version: version.to_owned(),
        slow: false,
        trial: Box::new(command),
    }
}

/// greenroom's own starts.
fn own(
    args: &BenchArgs,
    place: &Place,
    environment: &Environment,
    cases: &mut Vec<Case>,
    report: &mut Report,
) {
    let run = place.run(&place.project);
    let exec = place.greenroom([Path::new("exec"), &place.module]);
    // Compiles what is not compiled yet, so that the first round is like the others.
    for (name, command) in [
        ("warm: run, 2 stages of `true`", run.clone()),
        ("warm: exec, a no-op module", exec),
        ("warm: exec sh -c true", place.greenroom(["exec", "sh", "-c", "true"].map(Path::new))),
    ] {
        match command.output() {
            _ if !args.wants(name) => {}
            Ok(_) => cases.push(case(name, "", command)),
            Err(reason) => report.add_samples(name, "", Err(reason)),
        }
    }
    let cache = place.directory.join("cold");
    let mut cold = run;
    cold.variables.push(("GREENROOM_CACHE_DIR".to_owned(), cache.clone().into()));
    cold.forgets = Some(cache);
    let cold = Case { slow: true, ..case("cold: run, 2 stages of `true`", "", cold) };
    if args.wants(&cold.name) {
        cases.push(cold);
    }
    let module = fs::File::open(&place.module).map_err(|error| error.to_string());
    let store = environment.store_dir();
    let no_op = module.and_then(|m| HotProgram::new(&["no-op"], Some(m), store.clone()));
    let shell = HotProgram::new(&["sh", "-c", "true"], None, store.clone());
    let command = HotProgram::new(&["sh", "-c", "command env true"], None, store);
    for (name, program, starts) in [
        ("hot: a no-op module", no_op, 200),
        ("hot: sh -c true", shell, 20),
        ("hot: sh -c with a command", command, 20),
    ] {
        match program {
            _ if !args.wants(name) => {}
            Ok(program) => {
                let trial = Box::new(program.starts(starts));
                let (name, version) = (name.to_owned(), String::new());
                cases.push(Case { name, version, slow: false, trial });
            }
            Err(reason) => report.add_samples(name, "", Err(reason)),
        }
    }
}

/// A pipeline: what it is called, its runs, and the modules that its jobs name as images.
type Subject = (String, Rc<RefCell<Stages>>, BTreeSet<PathBuf>);

fn subject(args: &BenchArgs, place: &Place) -> Result<Option<Subject>, Failure> {
    if let Some(file) = args.file.as_deref().or(args.pipeline.as_deref()) {
        let project = ProjectArgs::default().file_or_default(Some(file))?;
        let path = project.root.join(&project.file);
        let mut run = place.run(&path);
        run.words.extend(args.run.iter().cloned());
        run.directory = Some(project.root.clone());
        let images = images_of(place, &project)?;
        return Ok(Some((format!("run {file}"), Rc::new(RefCell::new(Stages::new(run))), images)));
    }
    if args.stages.is_none() && args.jobs.is_none() && args.steps.is_none() {
        return Ok(None);
    }
    let number = |given: Option<u16>| usize::from(given.unwrap_or(1));
    let (stages, jobs, steps) = (number(args.stages), number(args.jobs), number(args.steps));
    let directory = place.directory.join("synthetic");
    let text = bench::pipeline(Shape { stages, jobs, steps });
    let written =
        fs::create_dir(&directory).and_then(|()| fs::write(directory.join(".gitlab-ci.yml"), text));
    written.map_err(|error| Failure::unable(format!("cannot write a pipeline: {error}")))?;
    let name = format!("run {stages} stages x {jobs} jobs x {steps} steps");
    let mut run = place.run(&directory);
    run.words.extend(args.run.iter().cloned());
    Ok(Some((name, Rc::new(RefCell::new(Stages::new(run))), BTreeSet::new())))
}

/// The modules that the jobs of a pipeline name as their images.
fn images_of(place: &Place, project: &Project) -> Result<BTreeSet<PathBuf>, Failure> {
    let path = project.root.join(&project.file);
    let list = ["list", "--format", "json"].map(Path::new).into_iter().chain([path.as_path()]);
    let mut list = place.greenroom(list);
    list.directory = Some(project.root.clone());
    let list = list.output().map_err(|reason| {
        Failure::new(Exit::InvalidPipeline, format!("{} {reason}", path.display()))
            .help("`greenroom check` says everything that is wrong with it")
    })?;
    let list: serde_json::Value = serde_json::from_str(&list)
        .map_err(|error| Failure::unable(format!("cannot read the list of jobs: {error}")))?;
    let jobs = list["jobs"].as_array().into_iter().flatten();
    let images = jobs.filter_map(|job| job["image"].as_str());
    let modules = images.map(|image| project.root.join(image)).filter(|path| path.is_file());
    Ok(modules.collect())
}

/// Images that are modules, each started as a process with nothing to do.
fn images(modules: &BTreeSet<PathBuf>, place: &Place, cases: &mut Vec<Case>, report: &mut Report) {
    for module in modules {
        let name = module.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("warm: exec {name}");
        let command = place.greenroom([Path::new("exec"), module]);
        match command.output() {
            Ok(_) => cases.push(case(&name, "", command)),
            Err(reason) => report.add_samples(&name, "", Err(reason)),
        }
    }
}

/// Tells, keeps and compares what was measured.
fn finish(
    args: &BenchArgs,
    environment: &Environment,
    report: &Report,
    baseline: Option<&Report>,
) -> Result<Exit, Failure> {
    let json = || format!("{:#}\n", serde_json::json!(report));
    let text = match args.format {
        Format::Human => bench::human(report, environment.unicode()),
        Format::Json => json(),
        Format::Csv => bench::csv(report),
        Format::Markdown => bench::markdown(report),
    };
    print(&printable(&text))?;
    if let Some(path) = &args.chart {
        whole_file::write(path, bench::html(report).as_bytes())?;
    }
    if let Some(path) = &args.save {
        whole_file::write(path, json().as_bytes())?;
    }
    let Some(baseline) = baseline else { return Ok(Exit::Success) };
    let comparison = bench::compare(baseline, report, f64::from(args.threshold) / 100.0);
    let text = printable(&format!("\nSince {}:\n{comparison}", baseline.date));
    // A program that reads the figures is not to find anything else between them.
    if args.format == Format::Human {
        print(&text)?
    } else {
        tell(&text)
    }
    Ok(if comparison.is_slower() { Exit::JobsFailed } else { Exit::Success })
}

/// A report that was kept.
fn read(path: &Path) -> Result<Report, Failure> {
    let refused = |reason: String| {
        Failure::usage(format!("--compare {}: {reason}", path.display()))
            .help("make a baseline with `greenroom bench --save FILE`")
    };
    let text = fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
    let report = Report::read(&text).map_err(refused)?;
    Ok(report)
}
