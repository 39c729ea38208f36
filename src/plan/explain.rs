//! Why a job is as it is: which rule decided about it, and where its variables come from.

use super::Context;
use super::build::{facts, workflow};
use super::decide::Surroundings;
use super::variables::Variables;
use crate::diagnostic::{Diagnostics, Span};
use crate::pipeline::{Applies, Facts, Job, Pipeline, Rule};

/// Why a job is in the pipeline or not, and where its variables come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The rules of `workflow`, up to the one that applies and beyond.
    pub workflow: Vec<Judged>,
    /// The job's own rules.
    pub rules: Vec<Judged>,
    /// The origin of each variable of the job that the caller asked about, in the order given.
    pub origins: Vec<Origin>,
}

/// A rule and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Where the rule is written.
    pub span: Span,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It applies.
    Applies,
    /// It does not.
    Fails,
    /// It asks for something that is not known.
    Unknown(&'static str),
    /// A rule before it applies already.
    NotReached,
}

/// Where a variable's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// GitLab defines it.
    Predefined,
    /// `variables` of the top level.
    TopLevel(Span),
    /// `variables` of the workflow's rule.
    Workflow(Span),
    /// `variables` of the job, or of its row of a matrix.
    Job(Span),
    /// `variables` of the job's rule.
    Rule(Span),
    /// The command line or the settings.
    Outside,
    /// The job that triggers this child pipeline.
    Parent,
}

/// Explains a job; `names` are those of its variables. None if there is no such job.
///
/// The pipeline is one that was [built](super::build()) with the same context, so that nothing new is
/// found wrong with it.
pub fn explain<'n>(
    pipeline: &Pipeline,
    context: &Context,
    job: &str,
    names: impl IntoIterator<Item = &'n str>,
) -> Option<Explanation> {
    let (index, _, job) = pipeline.jobs.get_full(job)?;
    let mut quiet = Diagnostics::new();
    let asked = Facts::new(pipeline.files.as_deref(), &pipeline.changes);
    let surroundings = Surroundings { pipeline, context, facts: asked };
    let mut variables = Variables::new(pipeline, context);
    let mut explanation = Explanation::default();
    let mut workflow_rule = None;
    if let Some(rules) = &pipeline.workflow.rules {
        let judged = variables.for_conditions(None, &mut quiet, |values| {
            judge(&surroundings, rules, &|name| values.value(name))
        });
        explanation.workflow = judged.unwrap_or_default();
        workflow_rule = applied(&explanation.workflow, rules);
    }
    workflow(&surroundings, &mut variables, &mut quiet);
    let mut job_rule = None;
    if let Some(rules) = &job.rules {
        let facts = facts(job, index, context, job.when.value);
        let judged = variables.for_conditions(Some((job, &facts)), &mut quiet, |values| {
            judge(&surroundings, rules, &|name| values.value(name))
        });
        explanation.rules = judged.unwrap_or_default();
        job_rule = applied(&explanation.rules, rules);
    }
    let origin = |name: &str| origin(pipeline, context, job, workflow_rule, job_rule, name);
    explanation.origins = names.into_iter().map(origin).collect();
    Some(explanation)
}

fn judge<'v>(
    surroundings: &Surroundings<'_>,
    rules: &[Rule],
    value: &dyn Fn(&str) -> Option<&'v str>,
) -> Vec<Judged> {
    let mut decided = false;
    let mut judged = Vec::with_capacity(rules.len());
    for rule in rules {
        let verdict = if decided {
            Verdict::NotReached
        } else {
            match surroundings.facts.first(std::slice::from_ref(rule), value) {
                Applies::Rule(_) => Verdict::Applies,
                Applies::None => Verdict::Fails,
                Applies::Unknown(keyword) => Verdict::Unknown(keyword),
            }
        };
        decided |= !matches!(verdict, Verdict::Fails);
        judged.push(Judged { span: rule.span, verdict });
    }
    judged
}

fn applied<'r>(judged: &[Judged], rules: &'r [Rule]) -> Option<&'r Rule> {
    let found = judged.iter().position(|judged| judged.verdict == Verdict::Applies)?;
    rules.get(found)
}

fn origin(
    pipeline: &Pipeline,
    context: &Context,
    job: &Job,
    workflow: Option<&Rule>,
    rule: Option<&Rule>,
    name: &str,
) -> Origin {
    let global = || pipeline.variables.get(name).filter(|_| job.inherit_variables.includes(name));
    if !context.upstream.is_empty() && context.variables.iter().any(|(other, _)| other == name) {
        Origin::Parent
    } else if context.given().any(|(other, _)| other == name) {
        Origin::Outside
    } else if let Some(variable) = rule.and_then(|rule| rule.variables.get(name)) {
        Origin::Rule(variable.span)
    } else if let Some(variable) = job.variables.get(name) {
        Origin::Job(variable.span)
    } else if let Some(variable) = workflow.and_then(|rule| rule.variables.get(name)) {
        Origin::Workflow(variable.span)
    } else if let Some(variable) = global() {
        Origin::TopLevel(variable.span)
    } else {
        Origin::Predefined
    }
}
