use clap::Args;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use super::children::{self, Known};
use super::environment::{Color, Environment};
use super::exit_code::Exit;
use super::failure::Failure;
use super::front::{self, Planned};
use super::pipeline::PipelineArgs;
use super::value::Format;
use super::{masked, print, tell};
use crate::diagnostic::printable;
use crate::plan::{AllowFailure, LeftOut, Plan, PlannedJob, Strategy, When, child_name};

/// List the stages and jobs of a pipeline, and why a job does not run.
///
/// The list goes to standard output, findings to standard error.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    greenroom list\n  \
    greenroom list examples/two-stages\n  \
    greenroom list --format json | jq -r '.jobs[] | select(.runs) | .name'")]
pub(super) struct ListArgs {
    /// Pipeline file, or a directory with a .gitlab-ci.yml [default: .gitlab-ci.yml].
    #[arg(value_name = "FILE", conflicts_with = "file")]
    path: Option<String>,

    #[command(flatten)]
    pipeline: PipelineArgs,

    /// How the list is written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn list(
    args: &ListArgs,
    environment: &Environment,
    color: Color,
) -> Result<Exit, Failure> {
    let request = args.pipeline.of_file(args.path.as_deref(), environment, color)?;
    let Planned { loaded, plan, mut diagnostics } =
        front::valid_plan(&request, environment, color)?;
    let children = children::known(&request, &loaded, &plan, &mut diagnostics)?;
    tell(&diagnostics.render(environment.diagnostic_style(color)));
    match args.format {
        Format::Human => print(&table(&plan, &children))?,
        Format::Json => print(&format!("{:#}\n", json(&plan, &children)))?,
    }
    Ok(Exit::Success)
}

/// Every job of the pipeline in its order, with the reason if it does not run.
fn jobs(plan: &Plan) -> Vec<(&PlannedJob, Option<&LeftOut>)> {
    let mut jobs: Vec<_> = plan.jobs.iter().map(|job| (job, None)).collect();
    for left_out in &plan.left_out {
        // Beside the others of its stage, or at the end.
        let same = |(job, _): &(&PlannedJob, _)| job.stage == left_out.job.stage;
        let place = jobs.iter().rposition(same).map_or(jobs.len(), |index| index + 1);
        jobs.insert(place, (&left_out.job, Some(left_out)));
    }
    jobs
}

/// The names of the jobs that a job needs, if it says so itself.
fn needs(job: &PlannedJob) -> Option<String> {
    let needs = job.needs.as_ref()?;
    Some(if needs.is_empty() { "nothing".to_owned() } else { needs.join(", ") })
}

fn table(plan: &Plan, children: &[Known]) -> String {
    let mut rows = vec![["STAGE", "JOB", "RUNS", "NEEDS"].map(String::from)];
    add_rows(plan, children, "", &mut rows);
    let width = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2), 0];
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line += cell;
            line += &" ".repeat(width.saturating_sub(cell.width()) + 2);
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

/// Adds the jobs of a pipeline, those of its children after the jobs that trigger them. The names
/// of stages begin with `prefix`.
fn add_rows(plan: &Plan, children: &[Known], prefix: &str, rows: &mut Vec<[String; 4]>) {
    let mut stage = "";
    for (job, left_out) in jobs(plan) {
        let shown = match job.stage == stage {
            true => String::new(),
            false => format!("{prefix}{}", job.stage),
        };
        stage = &job.stage;
        let mut runs = match left_out {
            Some(left_out) => format!("no: {}", left_out.reason),
            None => match job.when {
                When::OnSuccess => "on success".to_owned(),
                When::OnFailure => "on failure".to_owned(),
                When::Always => "always".to_owned(),
            },
        };
        if left_out.is_none() && job.allow_failure != AllowFailure::No {
            runs += ", may fail";
        }
        if job.trigger.is_some() {
            runs += &format!("; {}", children::summary(job));
        }
        let row = [shown, job.name.clone(), runs, needs(job).unwrap_or_default()];
        rows.push(row.map(|cell| printable(&masked(&cell))));
        for child in children.iter().filter(|child| child.trigger == job.name) {
            add_rows(&child.plan, &child.children, &child_name(&child.trigger, ""), rows);
            // The stage goes on below them.
            stage = "";
        }
    }
}

fn json(plan: &Plan, children: &[Known]) -> Value {
    let jobs: Vec<Value> = jobs(plan)
        .into_iter()
        .map(|(job, left_out)| {
            let (allow_failure, exit_codes) = match &job.allow_failure {
                AllowFailure::No => (false, None),
                AllowFailure::Yes => (true, None),
                AllowFailure::ExitCodes(codes) => (true, Some(codes)),
            };
            json!({
                "name": job.name,
                "stage": job.stage,
                "runs": left_out.is_none(),
                "reason": left_out.map(|left_out| left_out.reason.to_string()),
                "when": match job.when {
                    When::OnSuccess => "on_success",
                    When::OnFailure => "on_failure",
                    When::Always => "always",
                },
                "needs": job.needs,
                "after": job.after.iter().map(|id| plan.job(*id).name.as_str()).collect::<Vec<_>>(),
                "allow_failure": allow_failure,
                "allow_failure_exit_codes": exit_codes,
                "image": job.image,
                "timeout_seconds": job.timeout.as_secs(),
                "trigger": job.trigger.as_ref().map(|trigger| {
                    let child = children.iter().find(|child| child.trigger == job.name);
                    let made = trigger.artifacts.iter();
                    json!({
                        "strategy": trigger.strategy.map(|strategy| match strategy {
                            Strategy::Depend => "depend",
                            Strategy::Mirror => "mirror",
                        }),
                        "artifacts": made
                            .map(|made| json!({ "job": made.job, "path": made.path }))
                            .collect::<Vec<_>>(),
                        "pipeline": child.map(|child| json(&child.plan, &child.children)),
                    })
                }),
            })
        })
        .collect();
    let stages: Vec<&str> = plan.stages.iter().map(|stage| stage.name.as_str()).collect();
    json!({ "stages": stages, "jobs": jobs })
}
