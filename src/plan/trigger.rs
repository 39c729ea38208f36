//! Child pipelines: what a job with `trigger` hands to one, and how its plan becomes part of a run.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use super::{Context, JobId, LeftOutReason, Manual, Plan, Takes, Upstream};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::pipeline;

pub use crate::pipeline::Strategy;

/// How deep child pipelines may be nested (GitLab's `MAX_NESTED_CHILDREN`).
pub const MAX_DEPTH: usize = 2;

/// How many pipelines a run may have, the first one included (GitLab's `pipeline_hierarchy_size`).
/// It is also what keeps their identifiers apart.
pub const MAX_PIPELINES: u64 = 1000;

/// What stands between the name of a trigger job and those of its child pipeline's jobs.
const SEPARATOR: &str = " / ";

/// What a planned job with `trigger` does. The files of the child pipeline are read when it starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trigger {
    /// The job's name in its file.
    pub name: String,
    /// Its identifier (`CI_JOB_ID`).
    pub job_id: u64,
    /// Whether it waits for the child pipeline.
    pub strategy: Option<Strategy>,
    /// Those files of the child pipeline that jobs make, in their order.
    pub artifacts: Vec<Generated>,
    /// The variables that the child pipeline gets, in ascending precedence, expanded.
    pub variables: Vec<(String, String)>,
    /// The file and the line, from 1, where it is written.
    pub place: (String, usize),
}

/// A file of a child pipeline that a job makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// The job, by its name in the run.
    pub job: String,
    /// The path among the job's artifacts, relative to the project.
    pub path: String,
}

impl fmt::Display for Generated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.path, self.job)
    }
}

impl Context {
    /// The surroundings of the child pipeline of the job `name`, as it is called in the run: the
    /// same commit, what the job hands over, and an identifier made of the run's and of the child's
    /// `number`, from 1, in the run.
    #[must_use]
    pub fn of_child(&self, name: &str, trigger: &Trigger, number: u64) -> Self {
        let outermost =
            self.upstream.first().map_or(self.pipeline_id, |upstream| upstream.pipeline_id);
        let mut child = self.clone();
        child.upstream.push(Upstream {
            pipeline_id: self.pipeline_id,
            source: self.source.clone(),
            job_id: trigger.job_id,
        });
        child.pipeline_id = outermost.saturating_mul(MAX_PIPELINES).saturating_add(number);
        child.source = "parent_pipeline".to_owned();
        child.variables.clone_from(&trigger.variables);
        if let Manual::Jobs(jobs) = &self.manual {
            let inside = jobs.iter().filter_map(|job| name_inside(name, job));
            child.manual = Manual::Jobs(inside.map(str::to_owned).collect());
        }
        child
    }

    /// Whether a pipeline in these surroundings is as deep as one can be.
    pub fn is_deepest(&self) -> bool {
        self.upstream.len() >= MAX_DEPTH
    }
}

impl Plan {
    /// Whether a job of the plan starts a child pipeline.
    pub fn has_triggers(&self) -> bool {
        self.jobs.iter().any(|job| job.trigger.is_some())
    }

    /// The plan as the child pipeline of a job: its jobs are called `TRIGGER / JOB` in the run. If
    /// `taken` knows such a name already, a number makes it another one.
    #[must_use]
    pub fn inside(mut self, trigger: &str, taken: &dyn Fn(&str) -> bool) -> Self {
        let all = self.jobs.iter().chain(self.left_out.iter().map(|left| &left.job));
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        let mut own = HashSet::new();
        for job in all {
            let name = child_name(trigger, &job.name);
            let numbered = (2..).map(|number| format!("{name} ({number})"));
            let mut free = std::iter::once(name.clone()).chain(numbered);
            let free = free.find(|name| !taken(name) && !own.contains(name)).unwrap_or(name);
            own.insert(free.clone());
            names.insert(job.name.clone(), free);
        }
        let rename = |name: &mut String| {
            if let Some(new) = names.get(name.as_str()) {
                name.clone_from(new);
            }
        };
        for job in self.jobs.iter_mut().chain(self.left_out.iter_mut().map(|left| &mut left.job)) {
            rename(&mut job.name);
            job.needs.iter_mut().flatten().for_each(rename);
            if let Takes::Only(jobs) = &mut job.settings.takes {
                jobs.iter_mut().for_each(rename);
            }
            let generated = job.trigger.iter_mut().flat_map(|trigger| &mut trigger.artifacts);
            generated.for_each(|generated| rename(&mut generated.job));
        }
        for left in &mut self.left_out {
            if let LeftOutReason::Waits { job } = &mut left.reason {
                rename(job);
            }
        }
        self.groups.values_mut().flatten().for_each(rename);
        self.run_names = names;
        self
    }

    /// The plan with identifiers that begin at `first`, so that its jobs can stand beside others.
    /// [`Plan::job`] is not for it.
    #[must_use]
    pub fn beginning_at(mut self, first: usize) -> Self {
        let moved = |JobId(index): &mut JobId| *index += first;
        // Jobs that wait for the same ones share the list, and go on doing so.
        let mut lists: HashMap<*const JobId, Arc<[JobId]>> = HashMap::new();
        for job in &mut self.jobs {
            moved(&mut job.id);
            let list = lists.entry(job.after.as_ptr()).or_insert_with(|| {
                job.after.iter().map(|JobId(index)| JobId(index + first)).collect()
            });
            job.after = Arc::clone(list);
        }
        self.stages.iter_mut().flat_map(|stage| &mut stage.jobs).for_each(moved);
        self
    }
}

/// What a job of a child pipeline is called in the run.
pub fn child_name(trigger: &str, job: &str) -> String {
    format!("{trigger}{SEPARATOR}{job}")
}

/// What a job is called in the child pipeline of a trigger job, if it is one of it.
pub fn name_inside<'n>(trigger: &str, name: &'n str) -> Option<&'n str> {
    name.strip_prefix(trigger)?.strip_prefix(SEPARATOR)
}

/// Tells that GitLab creates no such child pipeline, if it does not: one without jobs.
pub fn check_child(trigger: &pipeline::Trigger, plan: &Plan, diagnostics: &mut Diagnostics) {
    let exists = |reason: &LeftOutReason| {
        !matches!(
            reason,
            LeftOutReason::Never
                | LeftOutReason::NoRule
                | LeftOutReason::Refs
                | LeftOutReason::NoPipeline
        )
    };
    let mut stages = plan.jobs.iter().map(|job| job.stage.as_str()).chain(
        plan.left_out
            .iter()
            .filter(|left| exists(&left.reason))
            .map(|left| left.job.stage.as_str()),
    );
    let reason = if plan.left_out.iter().any(|left| left.reason == LeftOutReason::NoPipeline) {
        "its `workflow:rules` want no pipeline"
    } else if plan.jobs.is_empty() && plan.left_out.iter().all(|left| !exists(&left.reason)) {
        "the rules of its jobs want none of them"
    } else if stages.all(|stage| matches!(stage, ".pre" | ".post")) {
        "it has jobs only in `.pre` and `.post`"
    } else {
        return;
    };
    diagnostics.push(
        Diagnostic::error(Code::PipelineEmpty, format!("the child pipeline is empty: {reason}"))
            .label(trigger.span, "triggered here")
            .help(
                "in a child pipeline CI_PIPELINE_SOURCE is `parent_pipeline`: rules may have to \
                 ask for it",
            ),
    );
}
