use std::collections::BTreeSet;

use clap::Args;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use super::children::{self, Known};
use super::environment::{Color, Environment};
use super::exit_code::Exit;
use super::failure::Failure;
use super::front::{self, Loaded, Planned};
use super::group::Group;
use super::pipeline::PipelineArgs;
use super::value::Format;
use super::{masked, print, tell};
use crate::diagnostic::{SourceMap, Span, printable, similar};
use crate::pipeline::Pipeline;
use crate::plan::{
    self, AllowFailure, Explanation, Judged, LeftOutReason, Origin, Plan, PlannedJob, Verdict, When,
};
use crate::yaml::{Mapping, Node, Value as Yaml};

/// Explain a job: why it runs or not, and where its settings and variables come from.
///
/// Each place is the file and the line where something is written, through includes, `extends`,
/// references and `default`. Secrets are masked.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    greenroom explain deploy\n  \
    greenroom explain ci/nightly.yml 'test: [linux, 3.12]' --all\n  \
    greenroom explain deploy --var CI_COMMIT_TAG=v1.0\n  \
    greenroom explain deploy --format json | jq '.rules'")]
pub(super) struct ExplainArgs {
    /// Pipeline file, if it is not .gitlab-ci.yml; then the job.
    #[arg(required = true, num_args = 1..=2, value_names = ["FILE", "JOB"])]
    words: Vec<String>,

    #[command(flatten)]
    pipeline: PipelineArgs,

    /// Show predefined variables, too.
    #[arg(long)]
    all: bool,

    /// How it is written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn explain(
    args: &ExplainArgs,
    environment: &Environment,
    color: Color,
) -> Result<Exit, Failure> {
    let (project, words) = args.pipeline.project.locate(&args.words)?;
    let [name] = words else {
        return Err(Failure::usage("which job? Name one")
            .help("`greenroom list` shows them all; write `greenroom explain [FILE] JOB`"));
    };
    let request = args.pipeline.request(project, environment, color)?;
    let mut planned = front::valid_plan(&request, environment, color)?;
    let Planned { loaded, plan, diagnostics } = &mut planned;
    // Reading children costs time, and may tell of what nobody asked about.
    let children = match name.contains(" / ") && find(plan, loaded, &[], name).is_err() {
        true => {
            let children = children::known(&request, loaded, plan, diagnostics)?;
            tell(&diagnostics.render(environment.diagnostic_style(color)));
            children
        }
        false => vec![],
    };
    let Subject { job, reason, plan, loaded } = find(plan, loaded, &children, name)?;
    // In its file it has the name that it was planned with.
    let in_file = plan.run_names.iter().find(|(_, run)| **run == job.name);
    let in_file = in_file.map_or(job.name.as_str(), |(file, _)| file.as_str());
    let names = job.variables.iter().map(|(name, _)| name);
    let Some(explanation) = plan::explain(&loaded.pipeline, &loaded.context, in_file, names) else {
        return Err(Failure::unable(format!("the job {name} cannot be explained")));
    };
    let sources = diagnostics.sources();
    let page = Page {
        job,
        reason,
        settings: settings(&loaded.pipeline, in_file, sources),
        explanation,
        group: Group::of(plan, name),
        sources,
        after: job.after.iter().map(|id| plan.job(*id).name.as_str()).collect(),
    };
    match args.format {
        Format::Human => print(&page.text(args.all))?,
        Format::Json => print(&format!("{:#}\n", page.json()))?,
    }
    Ok(Exit::Success)
}

/// The job that is asked about, and its pipeline.
struct Subject<'p> {
    job: &'p PlannedJob,
    reason: Option<&'p LeftOutReason>,
    plan: &'p Plan,
    loaded: &'p Loaded,
}

fn find<'p>(
    plan: &'p Plan,
    loaded: &'p Loaded,
    children: &'p [Known],
    name: &str,
) -> Result<Subject<'p>, Failure> {
    for child in children {
        if let Ok(subject) = find(&child.plan, &child.loaded, &child.children, name) {
            return Ok(subject);
        }
    }
    let subject = |job, reason| Subject { job, reason, plan, loaded };
    let runs = plan.jobs.iter().map(|job| subject(job, None));
    let left = plan.left_out.iter().map(|left| subject(&left.job, Some(&left.reason)));
    let group = plan.groups.get(name).and_then(|members| members.first());
    let wanted = group.map_or(name, String::as_str);
    let mut all = runs.chain(left);
    all.find(|subject| subject.job.name == wanted).ok_or_else(|| {
        let names = plan.jobs.iter().chain(plan.left_out.iter().map(|left| &left.job));
        let failure = Failure::usage(format!("there is no job named `{name}`"));
        match similar(name, names.map(|job| job.name.as_str())) {
            Some(similar) => failure.help(format!("did you mean {similar:?}?")),
            None => failure.help("`greenroom list` shows them all"),
        }
    })
}

/// A keyword of the job and the places that it comes from.
struct Setting {
    keyword: String,
    places: Vec<String>,
    /// Where it is inherited from, if it is not the job's own.
    inherited: Option<&'static str>,
}

fn settings(pipeline: &Pipeline, job: &str, sources: &SourceMap) -> Vec<Setting> {
    let groups = pipeline.jobs.get(job).and_then(|job| job.group.as_deref());
    let name = groups.unwrap_or(job);
    let own = pipeline.merged.get(name).and_then(|entry| entry.value.as_mapping());
    let own = own.cloned().unwrap_or_default();
    let mut settings: Vec<Setting> = own
        .iter()
        .map(|(keyword, entry)| Setting {
            keyword: keyword.clone(),
            places: places(&entry.value, entry.key, sources),
            inherited: None,
        })
        .collect();
    let inherit = own.get("inherit").and_then(|entry| entry.value.as_mapping());
    let taken = |keyword: &str| takes(inherit, keyword);
    let default = pipeline.merged.get("default").and_then(|entry| entry.value.as_mapping());
    for (keyword, entry) in default.into_iter().flatten() {
        if !own.contains_key(keyword) && taken(keyword) {
            let places = places(&entry.value, entry.key, sources);
            let inherited = Some("default");
            settings.push(Setting { keyword: keyword.clone(), places, inherited });
        }
    }
    for keyword in ["image", "services", "cache", "before_script", "after_script"] {
        if let Some(entry) = pipeline.merged.get(keyword)
            && !own.contains_key(keyword)
            && taken(keyword)
        {
            let places = places(&entry.value, entry.key, sources);
            let inherited = Some("top level");
            settings.push(Setting { keyword: keyword.to_owned(), places, inherited });
        }
    }
    settings
}

/// Whether a job takes a keyword of `default`.
fn takes(inherit: Option<&Mapping>, keyword: &str) -> bool {
    let Some(default) = inherit.and_then(|inherit| inherit.get("default")) else { return true };
    match &default.value.value {
        Yaml::Bool(all) => *all,
        Yaml::Sequence(names) => names.iter().any(|name| name.as_str() == Some(keyword)),
        _ => true,
    }
}

/// The files and lines of a value; of a collection those of its entries.
fn places(node: &Node, key: Span, sources: &SourceMap) -> Vec<String> {
    let mut spans = BTreeSet::new();
    match &node.value {
        Yaml::Sequence(items) if !items.is_empty() => {
            spans.extend(items.iter().map(|item| item.span));
        }
        Yaml::Mapping(entries) if !entries.is_empty() => {
            spans.extend(entries.values().map(|entry| entry.key));
        }
        _ => {
            spans.insert(key);
        }
    }
    // Lines that follow each other are one place.
    let mut places: Vec<(String, usize, usize)> = Vec::new();
    for span in spans {
        let place = sources.location(span);
        match places.last_mut() {
            Some((file, _, last)) if *file == place.file && place.line <= *last + 1 => {
                *last = (*last).max(place.line);
            }
            _ => places.push((place.file.to_owned(), place.line, place.line)),
        }
    }
    let shown = |(file, first, last): (String, usize, usize)| {
        if first == last { format!("{file}:{first}") } else { format!("{file}:{first}-{last}") }
    };
    places.into_iter().map(shown).collect()
}

/// Everything that is told.
struct Page<'p> {
    job: &'p PlannedJob,
    reason: Option<&'p LeftOutReason>,
    after: Vec<&'p str>,
    settings: Vec<Setting>,
    explanation: Explanation,
    /// The jobs of the group, if its name was given; what else is told is its first job's.
    group: Option<Group<'p>>,
    sources: &'p SourceMap,
}

impl Page<'_> {
    fn text(&self, all: bool) -> String {
        let job = self.job;
        let mut text = format!("{} (stage {})\n", printable(&job.name), printable(&job.stage));
        text += &match self.reason {
            Some(reason) => format!("  does not run: {}\n", printable(&reason.to_string())),
            None => format!("  runs {}\n", self.runs()),
        };
        if let Some(group) = &self.group {
            text += &format!("\nparallel\n{}", columns(&group.rows()));
        }
        text += &self.rules_text("workflow:rules", &self.explanation.workflow);
        text += &self.rules_text("rules", &self.explanation.rules);
        text += "\nsettings\n";
        let rows: Vec<[String; 2]> = self
            .settings
            .iter()
            .map(|setting| {
                let mut places = setting.places.join(", ");
                if let Some(from) = setting.inherited {
                    places += &format!(" ({from})");
                }
                [setting.keyword.clone(), places]
            })
            .collect();
        text += &columns(&rows);
        if let Some(trigger) = &job.trigger {
            text += &format!("\nchild pipeline\n  {}\n", printable(&children::summary(job)));
            let given = trigger.variables.iter();
            let given = given.map(|(name, value)| {
                [format!("{name}={}", value.replace('\n', "\\n")), "handed over".to_owned()]
            });
            text += &columns(&given.collect::<Vec<_>>());
        }
        text += "\nvariables\n";
        let mut rows = Vec::new();
        let mut hidden = 0;
        for ((name, value), origin) in job.variables.iter().zip(&self.explanation.origins) {
            if *origin == Origin::Predefined && !all {
                hidden += 1;
                continue;
            }
            let value = value.replace('\n', "\\n");
            rows.push([format!("{name}={value}"), self.origin_text(*origin)]);
        }
        text += &columns(&rows);
        if hidden > 0 {
            text += &format!("  and {hidden} predefined ones, which --all shows\n");
        }
        text
    }

    fn runs(&self) -> String {
        let mut text = match self.job.when {
            When::OnSuccess => "on success",
            When::OnFailure => "on failure",
            When::Always => "always",
        }
        .to_owned();
        match &self.job.allow_failure {
            AllowFailure::No => {}
            AllowFailure::Yes => text += ", may fail",
            AllowFailure::ExitCodes(codes) => {
                let codes: Vec<String> = codes.iter().map(u8::to_string).collect();
                text += &format!(", may fail with {}", codes.join(", "));
            }
        }
        match (&self.job.needs, self.after.as_slice()) {
            (_, []) => text += ", after nothing",
            (Some(_), after) => text += &format!(", after its needs: {}", after.join(", ")),
            (None, after) => text += &format!(", after earlier stages: {}", after.join(", ")),
        }
        printable(&text)
    }

    fn rules_text(&self, title: &str, rules: &[Judged]) -> String {
        if rules.is_empty() {
            return String::new();
        }
        let rows: Vec<[String; 3]> = rules
            .iter()
            .map(|judged| [self.place(judged.span), self.line(judged.span), verdict(judged)])
            .collect();
        format!("\n{title}\n{}", columns(&rows))
    }

    fn place(&self, span: Span) -> String {
        let place = self.sources.location(span);
        format!("{}:{}", place.file, place.line)
    }

    /// The line that a rule begins with, as it is written.
    fn line(&self, span: Span) -> String {
        let text = self.sources.text(span.file);
        let line = self.sources.location(span).line;
        let line = text.lines().nth(line - 1).unwrap_or_default().trim();
        line.chars().take(80).collect()
    }

    fn origin_text(&self, origin: Origin) -> String {
        match origin {
            Origin::Predefined => "predefined".to_owned(),
            Origin::TopLevel(span) => format!("{} (top level)", self.place(span)),
            Origin::Workflow(span) => format!("{} (workflow)", self.place(span)),
            Origin::Job(span) => format!("{} (job)", self.place(span)),
            Origin::Rule(span) => format!("{} (rule)", self.place(span)),
            Origin::Outside => "command line or settings".to_owned(),
            Origin::Parent => "handed over by the job that triggers the pipeline".to_owned(),
        }
    }

    fn json(&self) -> Value {
        let place = |span: Span| {
            let place = self.sources.location(span);
            json!({ "file": place.file, "line": place.line })
        };
        let rules = |rules: &[Judged]| -> Vec<Value> {
            rules
                .iter()
                .map(|judged| {
                    json!({
                        "place": place(judged.span),
                        "text": self.line(judged.span),
                        "verdict": verdict(judged),
                    })
                })
                .collect()
        };
        let settings: Vec<Value> = self
            .settings
            .iter()
            .map(|setting| {
                json!({
                    "keyword": setting.keyword,
                    "places": setting.places,
                    "inherited_from": setting.inherited,
                })
            })
            .collect();
        let variables: Vec<Value> = self
            .job
            .variables
            .iter()
            .zip(&self.explanation.origins)
            .map(|((name, value), origin)| {
                let (kind, span) = match *origin {
                    Origin::Predefined => ("predefined", None),
                    Origin::TopLevel(span) => ("top_level", Some(span)),
                    Origin::Workflow(span) => ("workflow", Some(span)),
                    Origin::Job(span) => ("job", Some(span)),
                    Origin::Rule(span) => ("rule", Some(span)),
                    Origin::Outside => ("outside", None),
                    Origin::Parent => ("parent", None),
                };
                json!({
                    "name": name,
                    "value": value,
                    "origin": kind,
                    "place": span.map(place),
                })
            })
            .collect();
        json!({
            "name": self.job.name,
            "stage": self.job.stage,
            "runs": self.reason.is_none(),
            "reason": self.reason.map(LeftOutReason::to_string),
            "after": self.after,
            "parallel": self.group.as_ref().map(Group::json),
            "workflow_rules": rules(&self.explanation.workflow),
            "rules": rules(&self.explanation.rules),
            "settings": settings,
            "child_pipeline": self.job.trigger.as_ref().map(|trigger| {
                let given = trigger.variables.iter();
                let given: Vec<Value> = given
                    .map(|(name, value)| json!({ "name": name, "value": value }))
                    .collect();
                json!({ "what": children::summary(self.job), "variables": given })
            }),
            "variables": variables,
        })
    }
}

fn verdict(judged: &Judged) -> String {
    match judged.verdict {
        Verdict::Applies => "applies".to_owned(),
        Verdict::Fails => "does not apply".to_owned(),
        Verdict::Unknown(keyword) => format!("not known: `{keyword}`"),
        Verdict::NotReached => "not reached".to_owned(),
    }
}

/// The widest column that others are aligned to.
const WIDEST: usize = 60;

/// Rows of cells, aligned.
fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    // Masked before they are measured: the width of a column must not tell a secret's length.
    let rows: Vec<[String; N]> =
        rows.iter().map(|row| row.each_ref().map(|cell| printable(&masked(cell)))).collect();
    let width = |column: usize| {
        rows.iter().map(|row| row[column].width()).filter(|w| *w <= WIDEST).max().unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for row in &rows {
        let mut line = String::from("  ");
        for (cell, width) in row.iter().zip(widths) {
            line += cell;
            line += &" ".repeat(width.saturating_sub(cell.width()) + 2);
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}
