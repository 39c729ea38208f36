//! Which job comes after which: `needs`, and stages as implied needs.

use std::collections::HashMap;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, similar};
use crate::pipeline::{Job, Pipeline};

/// For each job of the pipeline, by its place in the file, the jobs that it waits for.
pub(super) struct Graph {
    pub(super) jobs: Vec<Links>,
}

/// What a job waits for.
pub(super) struct Links {
    /// Its place among the stages.
    pub(super) stage: usize,
    /// The jobs it needs by name; `None` if it waits for earlier stages.
    pub(super) needs: Option<Vec<usize>>,
}

impl Graph {
    /// Resolves the names. Jobs for which `exists` says no are not there for others to need.
    pub(super) fn new(
        pipeline: &Pipeline,
        exists: impl Fn(usize) -> bool,
        diagnostics: &mut Diagnostics,
    ) -> Self {
        let stage_index: HashMap<&str, usize> = pipeline
            .stages
            .iter()
            .enumerate()
            .map(|(index, name)| (name.as_str(), index))
            .collect();
        // A job of a stage that is not defined has been told of; where it stands does not matter.
        let stages: Vec<usize> = pipeline
            .jobs
            .values()
            .map(|job| stage_index.get(job.stage.value.as_str()).copied().unwrap_or(0))
            .collect();
        let jobs = pipeline
            .jobs
            .values()
            .zip(&stages)
            .map(|(job, stage)| Links {
                stage: *stage,
                needs: job
                    .needs
                    .as_ref()
                    .map(|_| needs_of(job, *stage, &stages, pipeline, &exists, diagnostics)),
            })
            .collect();
        let graph = Self { jobs };
        graph.report_circles(pipeline, diagnostics);
        graph
    }

    /// Tells the circles of needs.
    fn report_circles(&self, pipeline: &Pipeline, diagnostics: &mut Diagnostics) {
        for circle in self.circles() {
            let names: Vec<&str> = circle
                .iter()
                .chain(&circle[..1])
                .filter_map(|job| pipeline.jobs.get_index(*job).map(|(name, _)| name.as_str()))
                .collect();
            let shown = match names.len() {
                0..=10 => names.join(" → "),
                n => format!("{} → … → {}", names[..8].join(" → "), names[n - 1]),
            };
            let mut finding = Diagnostic::error(
                Code::NeedsCircular,
                format!("`needs` goes in a circle: {shown}"),
            );
            for pair in names.windows(2).take(8) {
                let needs = pipeline.jobs[pair[0]].needs.iter().flatten();
                for need in needs.filter(|need| need.job.value == pair[1]) {
                    let text = format!("`{}` needs `{}`", pair[0], pair[1]);
                    finding = finding.label(need.job.span, text);
                }
            }
            diagnostics.push(finding.help("none of these jobs could ever start: remove one need"));
        }
    }

    /// Circles, each as jobs of which every one needs the next: at least one of every knot.
    fn circles(&self) -> Vec<Vec<usize>> {
        #[derive(Clone, Copy, PartialEq)]
        enum Mark {
            New,
            Open,
            Done,
        }
        let mut circles = Vec::new();
        let mut marks = vec![Mark::New; self.jobs.len()];
        for start in 0..self.jobs.len() {
            // An explicit stack: a chain of needs may be as long as the file.
            let mut path: Vec<(usize, usize)> = Vec::new();
            if marks[start] == Mark::New {
                marks[start] = Mark::Open;
                path.push((start, 0));
            }
            while let Some((job, next)) = path.last_mut() {
                let needs = self.jobs[*job].needs.as_deref().unwrap_or_default();
                let Some(&needed) = needs.get(*next) else {
                    marks[*job] = Mark::Done;
                    path.pop();
                    continue;
                };
                *next += 1;
                match marks[needed] {
                    Mark::Done => {}
                    Mark::New => {
                        marks[needed] = Mark::Open;
                        path.push((needed, 0));
                    }
                    Mark::Open if circles.len() < MAX_CIRCLES => {
                        let start = path.iter().position(|(job, _)| *job == needed).unwrap_or(0);
                        circles.push(path[start..].iter().map(|(job, _)| *job).collect());
                    }
                    Mark::Open => {}
                }
            }
        }
        circles
    }
}

/// More circles than these are not worth telling.
const MAX_CIRCLES: usize = 20;

fn needs_of(
    job: &Job,
    stage: usize,
    stages: &[usize],
    pipeline: &Pipeline,
    exists: &impl Fn(usize) -> bool,
    diagnostics: &mut Diagnostics,
) -> Vec<usize> {
    let mut found = Vec::new();
    for need in job.needs.iter().flatten() {
        let name = need.job.value.as_str();
        match pipeline.jobs.get_index_of(name) {
            Some(index) if exists(index) => {
                if stages[index] > stage {
                    let needed = &pipeline.jobs[index];
                    diagnostics.push(
                        Diagnostic::error(
                            Code::NeedsLaterStage,
                            format!(
                                "`{}` needs `{name}`, which is in a later stage",
                                job.name.value
                            ),
                        )
                        .label(need.job.span, "needed here")
                        .label(
                            needed.name.span,
                            format!("its stage `{}` comes later", needed.stage.value),
                        )
                        .help("move one of the jobs to another stage"),
                    );
                } else {
                    found.push(index);
                }
            }
            _ if need.optional => {}
            Some(_) => diagnostics.push(
                Diagnostic::error(
                    Code::NeedsUnknown,
                    format!("`{}` needs `{name}`, which never runs", job.name.value),
                )
                .label(need.job.span, "not in this pipeline")
                .help("write `- job: NAME` with `optional: true` if it can do without"),
            ),
            None => {
                let finding = Diagnostic::error(
                    Code::NeedsUnknown,
                    format!("`{}` needs `{name}`, which does not exist", job.name.value),
                )
                .label(need.job.span, "no job has this name");
                let similar = similar(name, pipeline.jobs.keys().map(String::as_str));
                diagnostics.push(match similar {
                    Some(similar) => finding.help(format!("did you mean `{similar}`?")),
                    None if name.starts_with('.') => {
                        finding.help("a job whose name starts with a dot never runs")
                    }
                    None => finding,
                });
            }
        }
    }
    found
}
