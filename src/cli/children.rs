//! Child pipelines: read and planned when their trigger jobs start, or before a run as far as their
//! files are there already.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::failure::Failure;
use super::front::{self, Loaded};
use super::pipeline::Request;
use crate::advice;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity, SourceMap};
use crate::pipeline::{Child, Job, Made};
use crate::plan::{self, LeftOutReason, MAX_PIPELINES, Plan, PlannedJob, Selection, Strategy};
use crate::schedule::{ChildPlan, Planner};

/// Warnings about a child pipeline that are told in a run; more are counted.
const MAX_WARNINGS: usize = 20;

/// What the command line says about the jobs of every pipeline of a run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Adjust {
    /// The longest a script may take.
    pub(super) timeout: Option<Duration>,
    /// Whether delayed jobs start at once.
    pub(super) no_wait: bool,
}

impl Adjust {
    /// Does it to a plan.
    pub(super) fn apply(self, plan: &mut Plan) {
        for job in &mut plan.jobs {
            if self.no_wait {
                job.settings.start_in = None;
            }
            if let Some(limit) = self.timeout {
                job.timeout = job.timeout.min(limit);
            }
        }
    }
}

/// Plans the child pipelines of one pipeline of a run.
#[derive(Debug)]
pub(super) struct Children {
    shared: Arc<Shared>,
    loaded: Loaded,
    sources: SourceMap,
    /// Which jobs of the pipeline the user asked for.
    selection: Selection,
}

/// What all pipelines of a run have in common.
#[derive(Debug)]
struct Shared {
    request: Mutex<Request>,
    adjust: Adjust,
}

impl Children {
    /// The planner of the run's first pipeline.
    pub(super) fn new(
        request: Request,
        loaded: Loaded,
        sources: SourceMap,
        selection: Selection,
        adjust: Adjust,
    ) -> Self {
        let shared = Arc::new(Shared { request: Mutex::new(request), adjust });
        Self { shared, loaded, sources, selection }
    }
}

impl Planner for Children {
    fn child(
        &self,
        job: &PlannedJob,
        number: u64,
        artifacts: Vec<Vec<u8>>,
    ) -> Result<ChildPlan, String> {
        let request = self.shared.request.lock().unwrap_or_else(PoisonError::into_inner);
        request.remotes.begin();
        let mut diagnostics = Diagnostics::with_sources(self.sources.clone());
        let found = read(&request, &self.loaded, job, number, artifacts, &mut diagnostics);
        let found = found.map_err(|failure| failure.to_string())?;
        let (loaded, plan) = match found {
            Some(found) if !diagnostics.has_errors() => found,
            _ => return Err(diagnostics.lines(Severity::Error).join("\n")),
        };
        let selection = self.selection.inside(&job.name);
        let mut plan = plan.select(&selection).map_err(|error| error.to_string())?;
        self.shared.adjust.apply(&mut plan);
        let runs = |job: &Job| plan.jobs.iter().any(|planned| planned.name == job.name.value);
        let provided = |name: &str| request.settings.commands.contains_key(name);
        advice::look(&loaded.pipeline, runs, provided, Severity::Warning, &mut diagnostics);
        let mut warnings = diagnostics.lines(Severity::Warning);
        let more = warnings.len().saturating_sub(MAX_WARNINGS);
        warnings.truncate(MAX_WARNINGS);
        if more > 0 {
            warnings.push(format!("and {more} more warnings about this pipeline"));
        }
        let shared = Arc::clone(&self.shared);
        let sources = diagnostics.sources().clone();
        let planner = Arc::new(Self { shared, loaded, sources, selection });
        Ok(ChildPlan { plan, planner, warnings })
    }
}

/// Reads and plans the child pipeline of a job of a pipeline that was read. None if there is
/// nothing to plan with, which is told; the plan is not one to run if there are errors.
fn read(
    request: &Request,
    parent: &Loaded,
    job: &PlannedJob,
    number: u64,
    artifacts: Vec<Vec<u8>>,
    diagnostics: &mut Diagnostics,
) -> Result<Option<(Loaded, Plan)>, Failure> {
    let written = job.trigger.as_ref().and_then(|trigger| {
        let written = parent.pipeline.jobs.get(&trigger.name)?;
        Some((trigger, written.trigger.as_ref()?))
    });
    let Some((trigger, written)) = written else { return Ok(None) };
    if parent.context.is_deepest() {
        diagnostics.push(
            Diagnostic::error(
                Code::TriggerTooDeep,
                format!("`{}` triggers a pipeline below two others", job.name),
            )
            .label(written.span, "GitLab follows two levels of child pipelines")
            .help("include the jobs instead of triggering them"),
        );
        return Ok(None);
    }
    let context = parent.context.of_child(&job.name, trigger, number);
    let made = trigger.artifacts.iter().zip(artifacts);
    let made: Vec<Made> =
        made.map(|(made, bytes)| Made { name: made.to_string(), bytes }).collect();
    let child = Child { files: written.files(), artifacts: &made, span: written.span };
    let Some(loaded) = front::read(request, context, Some(child), diagnostics)? else {
        return Ok(None);
    };
    if diagnostics.has_errors() {
        return Ok(None);
    }
    let Some(plan) = plan::build(&loaded.pipeline, &loaded.context, diagnostics) else {
        return Ok(None);
    };
    plan::check_child(written, &plan, diagnostics);
    Ok(Some((loaded, plan)))
}

/// A child pipeline that is known before a run.
pub(super) struct Known {
    /// The trigger job, by its name in the run.
    pub(super) trigger: String,
    pub(super) loaded: Loaded,
    /// With the names of the run.
    pub(super) plan: Plan,
    /// Its own child pipelines.
    pub(super) children: Vec<Known>,
}

/// The child pipelines of a plan whose files are there before a run, with all that is wrong with
/// them. Those that jobs of the run make are left out.
pub(super) fn known(
    request: &Request,
    parent: &Loaded,
    plan: &Plan,
    diagnostics: &mut Diagnostics,
) -> Result<Vec<Known>, Failure> {
    known_of(request, parent, plan, &mut 0, diagnostics)
}

fn known_of(
    request: &Request,
    parent: &Loaded,
    plan: &Plan,
    count: &mut u64,
    diagnostics: &mut Diagnostics,
) -> Result<Vec<Known>, Failure> {
    let could_run = |reason: &LeftOutReason| {
        matches!(
            reason,
            LeftOutReason::Manual | LeftOutReason::Waits { .. } | LeftOutReason::NotSelected
        )
    };
    let others = plan.left_out.iter().filter(|left| could_run(&left.reason)).map(|left| &left.job);
    let mut found = Vec::new();
    for job in plan.jobs.iter().chain(others) {
        let Some(trigger) = &job.trigger else { continue };
        if !trigger.artifacts.is_empty() || *count + 1 >= MAX_PIPELINES {
            continue;
        }
        *count += 1;
        // What is wrong with one child keeps none of the others from being read.
        let sources = std::mem::take(diagnostics.sources_mut());
        let mut own = Diagnostics::with_sources(sources);
        let child = read(request, parent, job, *count, vec![], &mut own);
        let child = child.map(|child| child.filter(|_| !own.has_errors()));
        let (sources, findings) = own.into_parts();
        *diagnostics.sources_mut() = sources;
        findings.into_iter().for_each(|finding| diagnostics.push(finding));
        if let Some((loaded, child)) = child? {
            let names = |name: &str| {
                let all = plan.jobs.iter().chain(plan.left_out.iter().map(|left| &left.job));
                all.into_iter().any(|job| job.name == name)
            };
            let child = child.inside(&job.name, &names);
            let children = known_of(request, &loaded, &child, count, diagnostics)?;
            found.push(Known { trigger: job.name.clone(), loaded, plan: child, children });
        }
    }
    Ok(found)
}

/// What a trigger job does, in a line.
pub(super) fn summary(job: &PlannedJob) -> String {
    let Some(trigger) = &job.trigger else { return String::new() };
    let mut text = "triggers a child pipeline".to_owned();
    let made: Vec<String> = trigger.artifacts.iter().map(ToString::to_string).collect();
    if !made.is_empty() {
        text += &format!(" that the run makes ({})", made.join(", "));
    }
    text += match trigger.strategy {
        None => "",
        Some(Strategy::Depend) => " and waits for it",
        Some(Strategy::Mirror) => " and takes over its status",
    };
    text
}

/// The job of a child pipeline with a name.
pub(super) fn find<'c>(children: &'c [Known], name: &str) -> Option<&'c PlannedJob> {
    children.iter().find_map(|child| {
        let left = child.plan.left_out.iter().map(|left| &left.job);
        let mut all = child.plan.jobs.iter().chain(left);
        all.find(|job| job.name == name).or_else(|| find(&child.children, name))
    })
}
