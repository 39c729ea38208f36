//! Lowering: the pipeline's jobs become planned ones, and those that do not run are set aside.

use std::sync::Arc;
use std::time::Duration;

use super::decide::{Decision, Surroundings};
use super::graph::Graph;
use super::predefined::JobFacts;
use super::shared;
use super::variables::{self, Variables};
use super::{
    AllowFailure, Context, JobId, LeftOut, LeftOutReason, Plan, PlannedJob, ScriptEntry, Settings,
    Takes, Trigger, When,
};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, SourceMap};
use crate::function::Step;
use crate::pipeline::{self, Applies, Facts, Job, Pipeline, Script};

/// How long a job may take that does not say so: GitLab's default.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3600);

/// What all jobs of a plan may weigh together, in bytes of scripts and variables: a long script in
/// `default` is there once for each job.
const MAX_PLAN_BYTES: usize = 256 * 1024 * 1024;

/// Makes a pipeline concrete.
///
/// What is wrong is pushed to `diagnostics`; the result is `None` if no plan can be made. Check
/// [`Diagnostics::has_errors`] before running it.
pub fn build(
    pipeline: &Pipeline,
    context: &Context,
    diagnostics: &mut Diagnostics,
) -> Option<Plan> {
    let facts = Facts::new(pipeline.files.as_deref(), &pipeline.changes);
    let surroundings = Surroundings { pipeline, context, facts };
    variables::check_options(pipeline, context, diagnostics);
    let mut variables = Variables::new(pipeline, context);
    let workflow = workflow(&surroundings, &mut variables, diagnostics);
    let decisions = decisions(&surroundings, &variables, workflow.as_ref(), diagnostics);
    let graph = Graph::new(pipeline, &decisions, diagnostics);
    if diagnostics.has_errors() {
        // Needs in a circle, or a job in no stage, have no order.
        return None;
    }
    let order = order(&graph);
    let reasons = waiting_reasons(pipeline, &graph, &order, &decisions);
    let mut builder =
        Builder { pipeline, context, variables, decisions: &decisions, weight: 0, diagnostics };
    let mut plan = Plan {
        stage_order: pipeline.stages.clone(),
        pipeline_id: context.pipeline_id,
        upstream: context.upstream.iter().map(|upstream| upstream.pipeline_id).collect(),
        given: context.given().map(|(name, _)| name.clone()).collect(),
        ..Plan::default()
    };
    for job in pipeline.jobs.values() {
        if let Some(group) = &job.group {
            plan.groups.entry(group.clone()).or_default().push(job.name.value.clone());
        }
    }
    let mut ids: Vec<Option<JobId>> = vec![None; pipeline.jobs.len()];
    // By stage, and within a stage as in the file.
    let mut by_stage: Vec<usize> = (0..pipeline.jobs.len()).collect();
    by_stage.sort_by_key(|index| graph.jobs[*index].stage);
    for index in &by_stage {
        if reasons[*index].is_none() {
            let id = JobId(plan.jobs.len());
            ids[*index] = Some(id);
            plan.jobs.push(PlannedJob { id, ..builder.job(*index, &graph)? });
        }
    }
    for index in &by_stage {
        if let Some(reason) = &reasons[*index] {
            let job = builder.job(*index, &graph)?;
            plan.left_out.push(LeftOut { job, reason: reason.clone() });
        }
    }
    link(&mut plan, &graph, &by_stage, &ids);
    plan.fill_stages();
    tell(pipeline, &reasons, &plan, diagnostics);
    shared::tell(pipeline, &graph, diagnostics);
    Some(plan)
}

/// Decides whether there is a pipeline; the reason if there is none.
pub(super) fn workflow<'a>(
    surroundings: &Surroundings<'a>,
    variables: &mut Variables<'a>,
    diagnostics: &mut Diagnostics,
) -> Option<LeftOutReason> {
    let workflow = &surroundings.pipeline.workflow;
    let mut reason = None;
    let mut chosen = None;
    if let Some(rules) = &workflow.rules {
        let applies = variables.for_conditions(None, diagnostics, |values| {
            surroundings.facts.first(rules, &|name| values.value(name))
        });
        let (none, label) = match applies {
            Some(Applies::Rule(rule)) => {
                chosen = Some(&rule.variables);
                let never =
                    rule.when.as_ref().is_some_and(|when| when.value == pipeline::When::Never);
                (never.then_some(LeftOutReason::NoPipeline), (rule.span, "this rule applies"))
            }
            Some(Applies::None) => {
                (Some(LeftOutReason::NoPipeline), (workflow.span, "none of these rules applies"))
            }
            Some(Applies::Unknown(keyword)) => {
                let keyword = keyword.to_owned();
                (
                    Some(LeftOutReason::Undecided { keyword }),
                    (workflow.span, "whether a rule applies is not known"),
                )
            }
            None => (None, (workflow.span, "")),
        };
        if none.is_some() {
            diagnostics.push(
                Diagnostic::warning(Code::PipelineEmpty, "`workflow:rules` want no pipeline")
                    .label(label.0, label.1)
                    .help("name a job on the command line to run it all the same"),
            );
        }
        reason = none;
    }
    variables.set_workflow(chosen, diagnostics);
    reason
}

/// Decides about every job.
fn decisions<'a>(
    surroundings: &Surroundings<'a>,
    variables: &Variables<'a>,
    no_pipeline: Option<&LeftOutReason>,
    diagnostics: &mut Diagnostics,
) -> Vec<Decision<'a>> {
    let pipeline = surroundings.pipeline;
    let mut decisions = Vec::with_capacity(pipeline.jobs.len());
    for (index, job) in pipeline.jobs.values().enumerate() {
        let asks = job.rules.is_some() || job.only.is_some() || job.except.is_some();
        let mut decision = if asks {
            let facts = facts(job, index, surroundings.context, job.when.value);
            variables
                .for_conditions(Some((job, &facts)), diagnostics, |values| {
                    surroundings.job(job, &|name| values.value(name))
                })
                .unwrap_or_else(|| Decision::unknown(job))
        } else {
            surroundings.job(job, &|_| None)
        };
        if let Some(reason) = no_pipeline {
            decision.reason = Some(reason.clone());
        }
        decisions.push(decision);
    }
    decisions
}

/// What the predefined variables of a job say about it.
pub(super) fn facts<'a>(
    job: &'a Job,
    index: usize,
    context: &Context,
    when: pipeline::When,
) -> JobFacts<'a> {
    JobFacts {
        // Unique among runs, as long as no pipeline has a hundred thousand jobs.
        id: context.pipeline_id.saturating_mul(100_000).saturating_add(index as u64 + 1),
        name: &job.name.value,
        group: job.group.as_deref().unwrap_or(&job.name.value),
        stage: &job.stage.value,
        timeout_seconds: job.timeout.unwrap_or(DEFAULT_TIMEOUT).as_secs(),
        manual: when == pipeline::When::Manual,
        node: job.node,
    }
}

/// The jobs in an order in which everything comes after what it needs.
fn order(graph: &Graph) -> Vec<usize> {
    let mut by_stage: Vec<usize> = (0..graph.jobs.len()).collect();
    by_stage.sort_by_key(|index| graph.jobs[*index].stage);
    let mut order = Vec::with_capacity(by_stage.len());
    let mut placed = vec![false; by_stage.len()];
    for start in by_stage {
        let mut path = vec![(start, 0)];
        while let Some((job, next)) = path.last_mut() {
            let needs = graph.jobs[*job].needs.as_deref().unwrap_or_default();
            if placed[*job] {
                path.pop();
            } else if let Some(&needed) = needs.get(*next) {
                *next += 1;
                path.push((needed, 0));
            } else {
                placed[*job] = true;
                order.push(*job);
                path.pop();
            }
        }
    }
    order
}

/// Adds the jobs that wait for a job that does not run: a need that nobody starts never ends, and
/// a manual job that may not fail holds up all later stages.
fn waiting_reasons(
    pipeline: &Pipeline,
    graph: &Graph,
    order: &[usize],
    decisions: &[Decision<'_>],
) -> Vec<Option<LeftOutReason>> {
    let mut reasons: Vec<Option<LeftOutReason>> =
        decisions.iter().map(|decision| decision.reason.clone()).collect();
    let waits = |job: usize| LeftOutReason::Waits { job: pipeline.jobs[job].name.value.clone() };
    // The first stage that holds up the later ones, and its job.
    let blocking = (0..pipeline.jobs.len())
        .filter(|index| {
            reasons[*index] == Some(LeftOutReason::Manual)
                && decisions[*index].allow_failure == pipeline::AllowFailure::Any(false)
        })
        .min_by_key(|index| graph.jobs[*index].stage);
    for &index in order {
        if reasons[index].is_some() {
            continue;
        }
        reasons[index] = match &graph.jobs[index].needs {
            Some(needs) => needs
                .iter()
                .find(|needed| {
                    matches!(
                        reasons[**needed],
                        Some(
                            LeftOutReason::Manual
                                | LeftOutReason::Tags { .. }
                                | LeftOutReason::Undecided { .. }
                                | LeftOutReason::OtherProject { .. }
                                | LeftOutReason::Waits { .. }
                        )
                    )
                })
                .map(|needed| waits(*needed)),
            None => blocking
                .filter(|blocking| graph.jobs[*blocking].stage < graph.jobs[index].stage)
                .map(waits),
        };
    }
    reasons
}

/// Fills in what each job comes after.
fn link(plan: &mut Plan, graph: &Graph, by_stage: &[usize], ids: &[Option<JobId>]) {
    let mut earlier: Option<(usize, Arc<[JobId]>)> = None;
    for &index in by_stage {
        let Some(id) = ids[index] else { continue };
        let links = &graph.jobs[index];
        plan.jobs[id.0].after = match (&links.needs, &earlier) {
            (Some(needs), _) => {
                let mut after: Vec<JobId> =
                    needs.iter().filter_map(|needed| ids[*needed]).collect();
                after.sort_unstable();
                after.into()
            }
            (None, Some((stage, after))) if *stage == links.stage => Arc::clone(after),
            (None, _) => {
                let before = by_stage.iter().take_while(|o| graph.jobs[**o].stage < links.stage);
                let after: Arc<[JobId]> = before.filter_map(|other| ids[*other]).collect();
                earlier = Some((links.stage, Arc::clone(&after)));
                after
            }
        };
    }
}

/// Says which jobs are left out, once for each reason that the user can do something about.
fn tell(
    pipeline: &Pipeline,
    reasons: &[Option<LeftOutReason>],
    plan: &Plan,
    diagnostics: &mut Diagnostics,
) {
    const HELP: &str = "name a job on the command line to run it";
    const MANUAL: &str = "--manual NAME runs it when its turn comes, naming the job runs it alone";
    let mut warn = |message: &str, help: &str, wanted: &dyn Fn(&LeftOutReason) -> bool| {
        let mut jobs = pipeline
            .jobs
            .values()
            .zip(reasons)
            .filter(|(_, reason)| reason.as_ref().is_some_and(wanted))
            .map(|(job, _)| job);
        let Some(first) = jobs.next() else { return };
        let more = match jobs.count() {
            0 => String::new(),
            1 => " (and one more job)".to_owned(),
            n => format!(" (and {n} more jobs)"),
        };
        diagnostics.push(
            Diagnostic::warning(Code::JobLeftOut, message)
                .label(
                    first.when.span,
                    format!("`{}` runs only if it is named{more}", first.name.value),
                )
                .help(help),
        );
    };
    warn("jobs with `when: manual` wait for somebody to start them", MANUAL, &|reason| {
        *reason == LeftOutReason::Manual
    });
    warn("the runner lacks the tags of a job", HELP, &|reason| {
        matches!(reason, LeftOutReason::Tags { .. })
    });
    warn("a job waits for one that is left out", HELP, &|reason| {
        matches!(reason, LeftOutReason::Waits { .. })
    });
    warn(
        "whether a rule with `exists` applies is not known",
        HELP,
        &|reason| matches!(reason, LeftOutReason::Undecided { keyword } if keyword == "rules:exists"),
    );
    if reasons.contains(&Some(LeftOutReason::NoPipeline)) {
        // Told with the workflow's rules.
    } else if !plan.upstream.is_empty() {
        // A child pipeline without jobs is an error of its trigger job.
    } else if plan.jobs.is_empty() && !pipeline.jobs.is_empty() {
        diagnostics.push(
            Diagnostic::warning(Code::PipelineEmpty, "no job runs unless it is named").help(HELP),
        );
    } else if plan.stages.iter().all(|stage| matches!(&*stage.name, ".pre" | ".post")) {
        diagnostics.push(Diagnostic::warning(
            Code::PipelineEmpty,
            "GitLab creates no pipeline that has jobs only in `.pre` and `.post`",
        ));
    }
}

struct Builder<'a> {
    pipeline: &'a Pipeline,
    context: &'a Context,
    variables: Variables<'a>,
    decisions: &'a [Decision<'a>],
    weight: usize,
    diagnostics: &'a mut Diagnostics,
}

impl Builder<'_> {
    fn job(&mut self, index: usize, graph: &Graph) -> Option<PlannedJob> {
        let job = &self.pipeline.jobs[index];
        let decision = &self.decisions[index];
        let facts = facts(job, index, self.context, decision.when);
        let environment = self.variables.of_job(job, decision, &facts, self.diagnostics);
        let sources = self.diagnostics.sources();
        let mut script = entries(&job.before_script, sources);
        script.extend(entries(&job.script, sources));
        script.extend(job.run.iter().flat_map(|steps| steps.iter()).map(step_entry));
        let after_script = entries(&job.after_script, sources);
        self.weight += script.iter().chain(&after_script).map(|e| e.text.len() + 64).sum::<usize>();
        self.weight += environment.variables.own_bytes();
        if self.weight > MAX_PLAN_BYTES {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::YamlTooBig,
                    format!(
                        "the jobs' scripts and variables take more than {} MiB together",
                        MAX_PLAN_BYTES >> 20
                    ),
                )
                .label(job.name.span, "the limit is reached with this job")
                .help("what stands in `default` counts for each job"),
            );
            return None;
        }
        let names = |needs: &Vec<usize>| {
            needs.iter().map(|needed| self.pipeline.jobs[*needed].name.value.clone()).collect()
        };
        Some(PlannedJob {
            id: JobId(index),
            name: job.name.value.clone(),
            stage: job.stage.value.clone(),
            after: Arc::default(),
            needs: graph.jobs[index].needs.as_ref().map(names),
            when: when(decision),
            allow_failure: allow_failure(decision),
            timeout: job.timeout.unwrap_or(DEFAULT_TIMEOUT),
            image: environment.image,
            pull_policy: job.pull_policy.clone(),
            entrypoint: job.entrypoint.clone(),
            image_place: job.image.as_ref().map(|image| {
                let place = sources.location(image.span);
                (place.file.to_owned(), place.line)
            }),
            script,
            after_script,
            run: job.run.clone(),
            trigger: environment.trigger.map(|trigger| Trigger {
                name: job.name.value.clone(),
                job_id: facts.id,
                place: job.trigger.as_ref().map_or_else(Default::default, |trigger| {
                    let place = sources.location(trigger.span);
                    (place.file.to_owned(), place.line)
                }),
                ..trigger
            }),
            settings: Settings {
                start_in: decision.start_in,
                takes: graph.jobs[index]
                    .takes
                    .as_ref()
                    .map_or(Takes::Earlier, |takes| Takes::Only(names(takes))),
                ..environment.settings
            },
            variables: environment.variables,
        })
    }
}

fn when(decision: &Decision<'_>) -> When {
    match decision.when {
        pipeline::When::OnFailure => When::OnFailure,
        pipeline::When::Always => When::Always,
        // Jobs that somebody starts by hand run then, given that what they need went well.
        pipeline::When::OnSuccess
        | pipeline::When::Never
        | pipeline::When::Manual
        | pipeline::When::Delayed => When::OnSuccess,
    }
}

fn allow_failure(decision: &Decision<'_>) -> AllowFailure {
    match &decision.allow_failure {
        pipeline::AllowFailure::Any(true) => AllowFailure::Yes,
        pipeline::AllowFailure::Any(false) => AllowFailure::No,
        pipeline::AllowFailure::ExitCodes(codes) => AllowFailure::ExitCodes(codes.clone()),
    }
}

/// A step as the report of a run shows it.
fn step_entry(step: &Step) -> ScriptEntry {
    ScriptEntry {
        text: format!("{}: {}", step.name, step.shown()),
        file: step.place.file.to_string(),
        line: step.first_line(),
    }
}

fn entries(script: &Script, sources: &SourceMap) -> Vec<ScriptEntry> {
    script
        .iter()
        .map(|command| {
            let place = sources.location(command.span);
            // The text of a block scalar begins on the line after its `|` or `>`, which no other
            // scalar can begin with.
            let is_block = sources.slice(command.span).starts_with(['|', '>']);
            ScriptEntry {
                text: command.text.clone(),
                file: place.file.to_owned(),
                line: place.line + usize::from(is_block),
            }
        })
        .collect()
}
