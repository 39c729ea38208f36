//! Pipeline files → plans and diagnostics. Adding a case is adding a file:
//!
//! - `tests/cases/FEATURE/CASE/pipeline.yml` with `plan.txt`, the plan that it becomes and the
//!   warnings on the way; `case.txt` may set the surroundings (see `Case::setting`). The other files
//!   of the directory can be included.
//! - `tests/invalid/NAME.yml` with `NAME.err`, the diagnostics that it gets.
//!
//! Every keyword that is supported needs some of them (`pipeline/coverage.rs`).
//!
//! `GREENROOM_BLESS=1 cargo test --test pipeline` rewrites the expectations.

#[path = "pipeline/coverage.rs"]
mod coverage;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use greenroom::diagnostic::{Code, Diagnostics, Style};
use greenroom::pipeline::inputs::{Argument, Arguments, Value};
use greenroom::pipeline::{
    self, Child, Fetched, LoadError, Loader, Made, Pipeline, Request, Source,
};
use greenroom::plan::{
    self, AllowFailure, Context, Manual, OfUpstream, Plan, PlannedJob, Retry, Selection, Settings,
    Takes, Trigger, When,
};

/// The files of a case's directory.
struct Directory<'a> {
    path: PathBuf,
    /// Whether they can be listed.
    listed: bool,
    /// What changed, by what it is compared with; nothing is known of anything else.
    changes: &'a [(Option<String>, String)],
}

impl Directory<'_> {
    fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), listed: false, changes: &[] }
    }
}

impl Loader for Directory<'_> {
    fn load(&self, path: &str, limit: u64) -> Result<Vec<u8>, LoadError> {
        if path.split('/').any(|part| part == "..") {
            return Err(LoadError::Outside);
        }
        let bytes = fs::read(self.path.join(path)).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => LoadError::NotFound,
            _ => LoadError::Unreadable(error.to_string()),
        })?;
        if bytes.len() as u64 > limit { Err(LoadError::TooLarge { limit }) } else { Ok(bytes) }
    }

    fn files(&self) -> Option<Vec<String>> {
        self.listed.then(|| {
            let mut found = Vec::new();
            let mut open = vec![self.path.clone()];
            while let Some(directory) = open.pop() {
                for path in entries(&directory) {
                    if path.is_dir() {
                        open.push(path);
                    } else {
                        let path = path.strip_prefix(&self.path).unwrap();
                        found.push(path.to_string_lossy().into_owned());
                    }
                }
            }
            found.sort();
            found
        })
    }

    fn changes(&self, compare_to: Option<&str>) -> Result<Option<Vec<String>>, String> {
        let of = |(since, _): &&(Option<String>, String)| since.as_deref() == compare_to;
        let files: Vec<String> = self.changes.iter().filter(of).map(|(_, f)| f.clone()).collect();
        Ok((!files.is_empty()).then_some(files))
    }

    /// Files from elsewhere are in `elsewhere/`, by their last name.
    fn fetch(&self, source: &Source, limit: u64) -> Result<Fetched, LoadError> {
        let (project, path) = match source {
            Source::Project { project, path, .. } => (Some(project.clone()), path.clone()),
            Source::Remote { url, .. } => (None, url.clone()),
            Source::Template { path } => (None, path.clone()),
            Source::Component { address } => {
                let (path, _) = address.split_once('@').unwrap();
                (Some("group/parts".to_owned()), format!("{path}.yml"))
            }
        };
        let name = path.rsplit('/').next().unwrap();
        let bytes = self.load(&format!("elsewhere/{name}"), limit).map_err(|error| {
            let help = "try again".to_owned();
            LoadError::Unavailable { reason: error.to_string(), help }
        })?;
        let fact = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let component = vec![fact("name", "deploy"), fact("version", "1.2.0")];
        Ok(Fetched { bytes, name: format!("elsewhere:{name}"), commit: None, component, project })
    }
}

#[derive(Default)]
struct Case {
    context: Context,
    selection: Selection,
    show_predefined: bool,
    files: bool,
    inputs: Arguments,
    changes: Vec<(Option<String>, String)>,
}

impl Case {
    fn read(directory: &Path) -> Self {
        let mut case = Self::default();
        case.context.now = "2026-01-02T03:04:05Z".to_owned();
        case.context.git.branch = "main".to_owned();
        case.context.git.commit = "0123456789abcdef0123456789abcdef01234567".to_owned();
        if let Ok(text) = fs::read_to_string(directory.join("case.txt")) {
            text.lines().filter(|line| !line.trim().is_empty()).for_each(|line| case.setting(line));
        }
        case
    }

    fn setting(&mut self, line: &str) {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        let value = value.to_owned();
        let git = &mut self.context.git;
        match key {
            "job" => self.selection.jobs.push(value),
            "stage" => self.selection.stages.push(value),
            "from" => self.selection.from = Some(value),
            "done" => self.selection.done.push(value),
            "var" => {
                let (name, value) = value.split_once('=').expect("NAME=VALUE");
                self.context.variables.push((name.to_owned(), value.to_owned()));
            }
            "branch" => git.branch = value,
            "tag" => git.tag = value,
            "default-branch" => git.default_branch = value,
            "message" => git.message = value.replace("\\n", "\n"),
            "author" => git.author = value,
            "timestamp" => git.timestamp = value,
            "remote" => git.remote = value,
            "project" => self.context.project_path = value,
            "source" => self.context.source = value,
            "files" => self.files = true,
            "input" => {
                let (name, value) = value.split_once('=').expect("NAME=VALUE");
                let value = Value::Text(value.to_owned());
                self.inputs.insert(name.to_owned(), Argument { value, span: None });
            }
            "changed" => self.changes.push((None, value)),
            "changed-since" => {
                let (since, file) = value.split_once(' ').expect("WHAT FILE");
                self.changes.push((Some(since.to_owned()), file.to_owned()));
            }
            "manual" if value == "all" => self.context.manual = Manual::All,
            "manual" => self.context.manual = Manual::Jobs(vec![value]),
            "tag-of-runner" => self.context.tags.get_or_insert_default().push(value),
            "show-predefined" => self.show_predefined = true,
            other => panic!("case.txt has no setting {other:?}"),
        }
    }

    fn request(&self, inputs: Arguments) -> Request<'_> {
        let variables = plan::of_includes(&self.context);
        Request { file: "pipeline.yml", child: None, inputs, variables }
    }

    fn run(&self, directory: &Path) -> String {
        let mut diagnostics = Diagnostics::new();
        let path = directory.to_owned();
        let loader = Directory { path, listed: self.files, changes: &self.changes };
        let request = self.request(self.inputs.clone());
        let planned =
            pipeline::load_with(&request, &loader, &mut diagnostics).and_then(|pipeline| {
                let plan = plan::build(&pipeline, &self.context, &mut diagnostics)?;
                Some((pipeline, plan))
            });
        let mut out = match planned.as_ref().map(|(_, plan)| plan.select(&self.selection)) {
            Some(Ok(plan)) => self.dump(&plan),
            Some(Err(error)) => format!("selection: {error}\n{error:?}\n"),
            None => "no plan\n".to_owned(),
        };
        if let Some((pipeline, plan)) = &planned {
            self.children(&loader, pipeline, &self.context, plan, &mut diagnostics, &mut out);
        }
        if !diagnostics.is_empty() {
            out.push_str("\n--- diagnostics\n");
            out.push_str(&diagnostics.render(Style::PLAIN));
        }
        out
    }

    /// The child pipelines of a plan, and theirs. What a job would make is in `made/`.
    fn children(
        &self,
        loader: &dyn Loader,
        pipeline: &Pipeline,
        context: &Context,
        plan: &Plan,
        diagnostics: &mut Diagnostics,
        out: &mut String,
    ) {
        for job in &plan.jobs {
            let Some(trigger) = &job.trigger else { continue };
            if context.is_deepest() {
                writeln!(out, "\n=== child of {}: too deep", job.name).unwrap();
                continue;
            }
            let made = trigger.artifacts.iter().map(|made| Made {
                name: made.to_string(),
                bytes: loader.load(&format!("made/{}", made.path), 1 << 20).unwrap_or_default(),
            });
            let artifacts: Vec<Made> = made.collect();
            let written = pipeline.jobs[&trigger.name].trigger.as_ref().unwrap();
            let context = context.of_child(&job.name, trigger, 1);
            let child =
                Some(Child { files: written.files(), artifacts: &artifacts, span: written.span });
            let (inputs, variables) = (Arguments::new(), plan::of_includes(&context));
            let request = Request { file: "pipeline.yml", child, inputs, variables };
            // What is wrong with one child has nothing to do with the others.
            let sources = std::mem::take(diagnostics.sources_mut());
            let mut own = Diagnostics::with_sources(sources);
            let found = pipeline::load_with(&request, loader, &mut own).and_then(|child| {
                let plan = plan::build(&child, &context, &mut own)?;
                plan::check_child(written, &plan, &mut own);
                Some((child, plan))
            });
            let errors = own.has_errors();
            let (sources, findings) = own.into_parts();
            *diagnostics.sources_mut() = sources;
            findings.into_iter().for_each(|finding| diagnostics.push(finding));
            writeln!(out, "\n=== child of {}", job.name).unwrap();
            let Some((child, found)) = found.filter(|_| !errors) else {
                out.push_str("no plan\n");
                continue;
            };
            let names = |name: &str| plan.jobs.iter().any(|job| job.name == name);
            let found = found.inside(&job.name, &names);
            out.push_str(&self.dump(&found));
            self.children(loader, &child, &context, &found, diagnostics, out);
        }
    }

    fn dump(&self, plan: &Plan) -> String {
        let mut out = String::new();
        let stages: Vec<&str> = plan.stages.iter().map(|stage| stage.name.as_str()).collect();
        writeln!(out, "stages: {}", stages.join(", ")).unwrap();
        for job in &plan.jobs {
            assert_eq!(plan.job(job.id).name, job.name, "a job's id is its place");
            assert!(job.after.iter().all(|id| *id != job.id), "a job does not wait for itself");
            out.push('\n');
            self.dump_job(plan, job, &mut out);
        }
        for left in &plan.left_out {
            writeln!(out, "\nleft out: {} ({})", left.job.name, left.reason).unwrap();
        }
        for (job, need) in plan.unmet_needs() {
            writeln!(out, "\nunmet: {} needs {need}", job.name).unwrap();
        }
        out
    }

    fn dump_job(&self, plan: &Plan, job: &PlannedJob, out: &mut String) {
        writeln!(out, "{} [{}]", job.name, job.stage).unwrap();
        let after: Vec<&str> = job.after.iter().map(|id| plan.job(*id).name.as_str()).collect();
        if !after.is_empty() {
            writeln!(out, "  after: {}", after.join(", ")).unwrap();
        }
        if let Some(needs) = &job.needs {
            writeln!(out, "  needs: [{}]", needs.join(", ")).unwrap();
        }
        match job.when {
            When::OnSuccess => {}
            When::OnFailure => out.push_str("  when: on_failure\n"),
            When::Always => out.push_str("  when: always\n"),
        }
        match &job.allow_failure {
            AllowFailure::No => {}
            AllowFailure::Yes => out.push_str("  allow_failure: true\n"),
            AllowFailure::ExitCodes(codes) => {
                writeln!(out, "  allow_failure: exit codes {codes:?}").unwrap();
            }
        }
        if job.timeout.as_secs() != 3600 {
            writeln!(out, "  timeout: {} s", job.timeout.as_secs()).unwrap();
        }
        if let Some(image) = &job.image {
            writeln!(out, "  image: {image}").unwrap();
        }
        if !job.pull_policy.is_empty() {
            writeln!(out, "  pull_policy: {:?}", job.pull_policy).unwrap();
        }
        if let Some(Trigger { strategy, artifacts, variables, .. }) = &job.trigger {
            writeln!(out, "  triggers a child pipeline, strategy {strategy:?}").unwrap();
            for made in artifacts {
                writeln!(out, "    file: {} of {}", made.path, made.job).unwrap();
            }
            for (name, value) in variables {
                writeln!(out, "    {name}={value}").unwrap();
            }
        }
        settings(job, out);
        for (name, script) in [("script", &job.script), ("after_script", &job.after_script)] {
            for entry in script {
                let text = entry.text.trim_end_matches('\n').replace('\n', "\n      ");
                writeln!(out, "  {name} {}:{}: {text}", entry.file, entry.line).unwrap();
            }
        }
        for (name, value) in job.variables.iter() {
            let predefined =
                ["CI", "GITLAB_"].iter().any(|p| name.starts_with(p)) && name != "CI_PIPELINE_NAME";
            if self.show_predefined || !predefined {
                writeln!(out, "  {name}={}", value.replace('\n', "\\n")).unwrap();
            }
        }
    }
}

/// What a job says about its execution and data, where that is not what every job has.
fn settings(job: &PlannedJob, out: &mut String) {
    let Settings {
        retry,
        coverage,
        start_in,
        resource_group,
        tags,
        takes,
        upstream,
        artifacts,
        caches,
    } = &job.settings;
    if retry.max > 0 {
        let Retry { max, when, exit_codes } = retry;
        writeln!(out, "  retry: {max} when {when:?} exit codes {exit_codes:?}").unwrap();
    }
    if let Some(coverage) = coverage {
        writeln!(out, "  coverage: {coverage}").unwrap();
    }
    if let Some(wait) = start_in {
        writeln!(out, "  start_in: {} s", wait.as_secs()).unwrap();
    }
    if let Some(name) = resource_group {
        writeln!(out, "  resource_group: {name}").unwrap();
    }
    if !tags.is_empty() {
        writeln!(out, "  tags: {tags:?}").unwrap();
    }
    if let Takes::Only(names) = takes
        && Some(names) != job.needs.as_ref()
    {
        writeln!(out, "  takes: {names:?}").unwrap();
    }
    for OfUpstream { pipeline, job } in upstream {
        writeln!(out, "  takes: {job} of pipeline {pipeline}").unwrap();
    }
    if let Some(artifacts) = artifacts {
        writeln!(out, "  {artifacts:?}").unwrap();
    }
    for cache in caches {
        writeln!(out, "  {cache:?}").unwrap();
    }
}

fn bless() -> bool {
    #[expect(clippy::disallowed_methods, reason = "the switch of this test")]
    std::env::var_os("GREENROOM_BLESS").is_some()
}

/// Compares with the expectation, or rewrites it.
fn check(expectation: &Path, actual: &str, failures: &mut Vec<String>) {
    if bless() {
        fs::write(expectation, actual).unwrap();
        return;
    }
    let expected = fs::read_to_string(expectation).unwrap_or_default();
    if expected != actual {
        failures.push(format!(
            "{}\n--- expected\n{expected}\n--- actual\n{actual}",
            expectation.display()
        ));
    }
}

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

#[test]
fn cases_become_the_expected_plans() {
    let mut failures = Vec::new();
    let mut count = 0;
    for feature in entries(&here("cases")) {
        for case in entries(&feature) {
            count += 1;
            check(&case.join("plan.txt"), &Case::read(&case).run(&case), &mut failures);
        }
    }
    assert!(count >= 40, "only {count} cases found");
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// A loader with one file, and the names of those of a case.
struct Merged<'a>(&'a str, &'a Directory<'a>);

impl Loader for Merged<'_> {
    fn load(&self, path: &str, _limit: u64) -> Result<Vec<u8>, LoadError> {
        assert_eq!(path, "pipeline.yml", "nothing is left to include");
        Ok(self.0.as_bytes().to_vec())
    }

    fn files(&self) -> Option<Vec<String>> {
        self.1.files()
    }

    fn changes(&self, compare_to: Option<&str>) -> Result<Option<Vec<String>>, String> {
        self.1.changes(compare_to)
    }
}

/// The plan without the places where its parts are written.
fn placeless(mut plan: Plan) -> Plan {
    let left_out = plan.left_out.iter_mut().map(|left| &mut left.job);
    for job in plan.jobs.iter_mut().chain(left_out) {
        job.image_place = None;
        if let Some(trigger) = &mut job.trigger {
            trigger.place = (String::new(), 0);
        }
        // Its steps have places inside; what they say is in the script, too.
        job.run = None;
        for entry in job.script.iter_mut().chain(&mut job.after_script) {
            (entry.file, entry.line) = (String::new(), 0);
        }
    }
    plan
}

#[test]
fn an_expanded_pipeline_is_the_same_pipeline() {
    let mut count = 0;
    for feature in entries(&here("cases")) {
        for directory in entries(&feature) {
            let case = Case::read(&directory);
            let path = directory.clone();
            let loader = Directory { path, listed: case.files, changes: &case.changes };
            let load = |loader: &dyn Loader, inputs: Arguments| {
                let mut diagnostics = Diagnostics::new();
                let request = case.request(inputs);
                let pipeline = pipeline::load_with(&request, loader, &mut diagnostics);
                let plan = pipeline.as_ref().and_then(|pipeline| {
                    plan::build(pipeline, &case.context, &mut diagnostics).map(placeless)
                });
                (pipeline, plan, diagnostics)
            };
            let (Some(pipeline), plan, diagnostics) = load(&loader, case.inputs.clone()) else {
                continue;
            };
            if diagnostics.has_errors() {
                continue;
            }
            count += 1;
            let text = pipeline.to_yaml();
            let (again, same, diagnostics) = load(&Merged(&text, &loader), Arguments::new());
            let shown = diagnostics.render(Style::PLAIN);
            assert!(!diagnostics.has_errors(), "{}\n{text}\n{shown}", directory.display());
            assert_eq!(again.unwrap().to_yaml(), text, "{}", directory.display());
            assert!(same == plan, "{}\n{text}", directory.display());
        }
    }
    assert!(count >= 40, "only {count} cases expanded");
}

/// What a file gets told. Every place in it must lie in the file.
fn diagnose(directory: &Path, file: &str) -> String {
    let mut diagnostics = Diagnostics::new();
    let loader = Directory::new(directory);
    if let Some(pipeline) = pipeline::load(file, &loader, &mut diagnostics) {
        plan::build(&pipeline, &Context::default(), &mut diagnostics);
    }
    for diagnostic in diagnostics.iter() {
        for label in &diagnostic.labels {
            let text = diagnostics.sources().text(label.span.file);
            assert!(label.span.end as usize <= text.len() + 1, "{diagnostic:?}");
        }
    }
    assert!(!diagnostics.is_empty(), "{file} is not invalid");
    diagnostics.render(Style::PLAIN)
}

#[test]
fn invalid_files_get_the_expected_diagnostics() {
    let directory = here("invalid");
    let mut failures = Vec::new();
    let mut count = 0;
    for path in entries(&directory) {
        if path.extension().is_some_and(|extension| extension == "yml") {
            count += 1;
            let name = path.file_name().unwrap().to_string_lossy();
            let actual = diagnose(&directory, &name);
            check(&path.with_extension("err"), &actual, &mut failures);
        }
    }
    assert!(count >= 40, "only {count} files found");
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn the_documentation_lists_every_keyword_and_code() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let mut failures = Vec::new();
    for (file, table) in [
        ("keywords.md", pipeline::keywords::documentation()),
        ("diagnostics.md", Code::documentation()),
        ("variables.md", plan::variables_documentation()),
        ("settings.md", greenroom::settings::documentation()),
    ] {
        let path = docs.join(file);
        let text = fs::read_to_string(&path).unwrap();
        let mark = "<!-- generated -->\n";
        let (head, _) = text.split_once(mark).expect("a mark above the table");
        check(&path, &format!("{head}{mark}{table}"), &mut failures);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn the_schema_in_the_documentation_is_the_one_of_the_tables() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema.json");
    let mut failures = Vec::new();
    check(&path, &format!("{:#}\n", pipeline::schema()), &mut failures);
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
