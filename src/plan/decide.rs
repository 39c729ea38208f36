//! Whether and how a job runs: `rules`, `only` and `except` with the variables of this run.

use std::time::Duration;

use super::Context;
use super::LeftOutReason;
use crate::pipeline::{
    AllowFailure, Applies, Facts, Job, Need, Pipeline, Policy, RefName, RefPattern, Rule, Target,
    Variables, When,
};

/// What was decided about a job.
#[derive(Clone, Debug)]
pub(super) struct Decision<'a> {
    /// Why it does not run, if it does not.
    pub(super) reason: Option<LeftOutReason>,
    pub(super) when: When,
    pub(super) allow_failure: AllowFailure,
    /// The variables of the rule that applies.
    pub(super) variables: Option<&'a Variables>,
    pub(super) needs: Option<&'a [Need]>,
    /// How long it waits, if it is delayed.
    pub(super) start_in: Option<Duration>,
}

impl Decision<'_> {
    /// What is left of a job that cannot be decided about, because of an error told elsewhere.
    pub(super) fn unknown(job: &Job) -> Self {
        Self {
            reason: None,
            when: job.when.value,
            allow_failure: AllowFailure::Any(false),
            variables: None,
            needs: None,
            start_in: None,
        }
    }

    /// Whether the job is part of the pipeline, so that others may need it.
    pub(super) fn exists(&self) -> bool {
        !matches!(
            self.reason,
            Some(LeftOutReason::Never | LeftOutReason::NoRule | LeftOutReason::Refs)
        )
    }
}

/// What conditions are asked about.
pub(super) struct Surroundings<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) context: &'a Context,
    pub(super) facts: Facts<'a>,
}

impl<'a> Surroundings<'a> {
    /// Decides about a job whose variables have the given values.
    pub(super) fn job<'v>(
        &self,
        job: &'a Job,
        value: &dyn Fn(&str) -> Option<&'v str>,
    ) -> Decision<'a> {
        let mut decision = Decision {
            reason: None,
            when: job.when.value,
            allow_failure: match &job.allow_failure {
                Some(allowed) => allowed.clone(),
                // A manual job may fail unless it says otherwise.
                None => AllowFailure::Any(job.when.value == When::Manual),
            },
            variables: None,
            needs: job.needs.as_deref(),
            start_in: job.start_in,
        };
        if let Some(rules) = &job.rules {
            match self.facts.first(rules, value) {
                Applies::Rule(rule) => decision.follow(rule),
                Applies::None => decision.reason = Some(LeftOutReason::NoRule),
                Applies::Unknown(keyword) => {
                    let keyword = keyword.to_owned();
                    decision.reason = Some(LeftOutReason::Undecided { keyword });
                }
            }
        } else if !self.policies_allow(job, value) {
            decision.reason = Some(LeftOutReason::Refs);
        }
        if decision.reason.is_none() {
            decision.reason = match decision.when {
                When::Never => Some(LeftOutReason::Never),
                _ if other_project(job).is_some() => other_project(job),
                When::Manual
                    if !self.context.manual.starts(&job.name.value, job.group.as_deref()) =>
                {
                    Some(LeftOutReason::Manual)
                }
                _ => self.missing_tags(job),
            };
        }
        if decision.when != When::Delayed {
            decision.start_in = None;
        }
        decision
    }

    /// A runner with tags takes the jobs whose tags it has, and those without any. Tags that are
    /// made of variables count as they are written.
    fn missing_tags(&self, job: &Job) -> Option<LeftOutReason> {
        let own = self.context.tags.as_ref()?;
        let tags = job.execution.tags.iter().map(|tag| &tag.value);
        let missing: Vec<String> = tags.filter(|tag| !own.contains(tag)).cloned().collect();
        (!missing.is_empty()).then_some(LeftOutReason::Tags { missing })
    }

    fn policies_allow<'v>(&self, job: &Job, value: &dyn Fn(&str) -> Option<&'v str>) -> bool {
        let any = |expressions: &[crate::pipeline::expression::Expression]| {
            expressions.iter().any(|expression| expression.holds(value))
        };
        let only = match &job.only {
            None => true,
            // Conditions of different kinds must all hold; refs have a default.
            Some(Policy { refs, variables, changes, kubernetes }) => {
                refs.as_ref().is_none_or(|refs| self.any_ref(refs))
                    && variables.as_ref().is_none_or(|list| any(list))
                    && changes.as_ref().is_none_or(|changes| self.facts.changed(changes, value))
                    && !kubernetes
            }
        };
        let except = job.except.as_ref().is_some_and(|policy| {
            policy.refs.as_ref().is_some_and(|refs| self.any_ref(refs))
                || policy.variables.as_ref().is_some_and(|list| any(list))
                || policy.changes.as_ref().is_some_and(|changes| self.facts.changed(changes, value))
        });
        only && !except
    }

    fn any_ref(&self, refs: &[RefPattern]) -> bool {
        let git = &self.context.git;
        let is_tag = !git.tag.is_empty();
        let name = if is_tag { &git.tag } else { &git.branch };
        let (source, event) = (self.context.source.as_str(), self.context.event());
        refs.iter().any(|pattern| {
            let here =
                pattern.project.as_ref().is_none_or(|path| *path == self.context.project_path);
            here && match &pattern.name {
                RefName::Pattern(pattern) => pattern.is_match(name),
                RefName::Text(word) => match word.as_str() {
                    "branches" => !is_tag,
                    "tags" => is_tag,
                    "pushes" => source == "push",
                    "schedules" => source == "schedule",
                    "triggers" => source == "trigger",
                    "pipelines" => source == "pipeline",
                    "merge_requests" => event == "merge_request_event",
                    "external_pull_requests" => event == "external_pull_request_event",
                    word => word == source || word == name,
                },
            }
        })
    }
}

/// Why a job that triggers the pipeline of another project does not run.
fn other_project(job: &Job) -> Option<LeftOutReason> {
    match &job.trigger.as_ref()?.target {
        Target::Project { path, .. } => {
            Some(LeftOutReason::OtherProject { path: path.value.clone() })
        }
        Target::Child(_) => None,
    }
}

impl<'a> Decision<'a> {
    fn follow(&mut self, rule: &'a Rule) {
        if let Some(when) = &rule.when {
            self.when = when.value;
            if when.value == When::Delayed {
                self.start_in = rule.start_in.or(self.start_in);
            }
        }
        if let Some(allowed) = &rule.allow_failure {
            self.allow_failure = allowed.clone();
        }
        if let Some(needs) = &rule.needs {
            self.needs = Some(needs);
        }
        self.variables = Some(&rule.variables);
    }
}
