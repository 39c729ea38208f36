//! Which job comes after which: `needs`, and stages as implied needs.

use std::collections::HashMap;

use super::decide::Decision;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, similar};
use crate::pipeline::{ChildFile, Job, Need, Pipeline};

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
    /// The jobs whose artifacts it takes, if it says so.
    pub(super) takes: Option<Vec<usize>>,
}

impl Graph {
    /// Resolves the names of needs. What jobs need, and which are there for others to need, was
    /// decided before.
    pub(super) fn new(
        pipeline: &Pipeline,
        decisions: &[Decision<'_>],
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
        let mut groups: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, job) in pipeline.jobs.values().enumerate() {
            if let Some(group) = &job.group {
                groups.entry(group).or_default().push(index);
            }
        }
        let jobs = pipeline
            .jobs
            .values()
            .zip(decisions)
            .enumerate()
            .map(|(index, (job, decision))| {
                // What a job needs that does not run itself is nobody's concern.
                let mut nowhere = Diagnostics::new();
                let told = if decision.exists() { &mut *diagnostics } else { &mut nowhere };
                let resolver = Needs { pipeline, decisions, stages: &stages, groups: &groups };
                let needs =
                    decision.needs.map(|needs| resolver.resolve(job, stages[index], needs, told));
                let takes = resolver.takes(job, stages[index], decision.needs, &needs, told);
                resolver.check_artifacts(job, stages[index], &needs, told);
                Links { stage: stages[index], needs, takes }
            })
            .collect();
        let graph = Self { jobs };
        graph.report_circles(pipeline, decisions, diagnostics);
        graph
    }

    /// Tells the circles of needs.
    fn report_circles(
        &self,
        pipeline: &Pipeline,
        decisions: &[Decision<'_>],
        diagnostics: &mut Diagnostics,
    ) {
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
            for (job, pair) in circle.iter().zip(names.windows(2)).take(8) {
                let needs = decisions[*job].needs.into_iter().flatten();
                for need in
                    needs.filter(|need| need.job.value == pair[1] && need.pipeline.is_none())
                {
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

struct Needs<'a> {
    pipeline: &'a Pipeline,
    decisions: &'a [Decision<'a>],
    /// The place of each job's stage.
    stages: &'a [usize],
    /// The jobs that `parallel` makes of one, by its name.
    groups: &'a HashMap<&'a str, Vec<usize>>,
}

impl Needs<'_> {
    fn resolve(
        &self,
        job: &Job,
        stage: usize,
        needs: &[Need],
        diagnostics: &mut Diagnostics,
    ) -> Vec<usize> {
        let mut found = Vec::new();
        for need in needs.iter().filter(|need| need.pipeline.is_none()) {
            let named = self.named(need);
            if named.is_empty() && !need.optional {
                diagnostics.push(self.missing(job, need, None));
            }
            for index in named {
                if !self.decisions[index].exists() {
                    if !need.optional {
                        diagnostics.push(self.missing(job, need, Some(index)));
                    }
                } else if self.stages[index] > stage {
                    diagnostics.push(self.later_stage(job, need, index));
                } else if !found.contains(&index) {
                    found.push(index);
                }
            }
        }
        found
    }

    /// The jobs that a need names: one, or those that `parallel` makes of one.
    fn named(&self, need: &Need) -> Vec<usize> {
        let name = need.job.value.as_str();
        let group = self.groups.get(name).map(Vec::as_slice).unwrap_or_default();
        if let Some(matrix) = &need.matrix {
            let wanted = |index: &usize| {
                let rest = self.pipeline.jobs[*index].name.value.strip_prefix(name);
                rest.is_some_and(|rest| matrix.iter().any(|part| part == rest))
            };
            return group.iter().copied().filter(wanted).collect();
        }
        match self.pipeline.jobs.get_index_of(name) {
            Some(index) => vec![index],
            None => group.to_vec(),
        }
    }

    /// The jobs whose artifacts a job takes: its `dependencies`, else those of its needs that it
    /// does not take without. `None` stands for every job of earlier stages.
    fn takes(
        &self,
        job: &Job,
        stage: usize,
        written: Option<&[Need]>,
        needs: &Option<Vec<usize>>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Vec<usize>> {
        let Some(dependencies) = &job.execution.dependencies else {
            let with_artifacts =
                written?.iter().filter(|need| need.artifacts && need.pipeline.is_none());
            let mut found: Vec<usize> = with_artifacts.flat_map(|need| self.named(need)).collect();
            found.retain(|index| self.decisions[*index].exists());
            found.dedup();
            return Some(found);
        };
        let mut found = Vec::new();
        for name in dependencies {
            let need = Need {
                job: name.clone(),
                optional: true,
                matrix: None,
                artifacts: true,
                pipeline: None,
            };
            let named = self.named(&need);
            if named.is_empty() {
                let finding = Diagnostic::error(
                    Code::NeedsUnknown,
                    format!(
                        "`{}` depends on `{}`, which does not exist",
                        job.name.value, name.value
                    ),
                )
                .label(name.span, "no job has this name");
                let similar = similar(&name.value, self.pipeline.jobs.keys().map(String::as_str));
                diagnostics.push(match similar {
                    Some(similar) => finding.help(format!("did you mean `{similar}`?")),
                    None => finding,
                });
            }
            for index in named {
                let before = match needs {
                    Some(needs) => needs.contains(&index),
                    None => self.stages[index] < stage,
                };
                if !self.decisions[index].exists() {
                    continue;
                }
                if before {
                    found.push(index);
                    continue;
                }
                let (message, help) = match needs {
                    Some(_) => ("which it does not need", "add it to `needs`, too"),
                    None => ("which is not in an earlier stage", "move one of the jobs"),
                };
                diagnostics.push(
                    Diagnostic::error(
                        Code::NeedsUnknown,
                        format!("`{}` depends on `{}`, {message}", job.name.value, name.value),
                    )
                    .label(name.span, "its artifacts are not there yet")
                    .help(help),
                );
            }
        }
        Some(found)
    }

    /// Tells which jobs that make files of a child pipeline are not done when it is triggered.
    fn check_artifacts(
        &self,
        job: &Job,
        stage: usize,
        needs: &Option<Vec<usize>>,
        diagnostics: &mut Diagnostics,
    ) {
        for file in job.trigger.iter().flat_map(|trigger| trigger.files()) {
            let ChildFile::Artifact { job: name, .. } = file else { continue };
            // What variables make of a name is known when it is planned.
            if name.value.contains('$') {
                continue;
            }
            let Some((index, _, other)) = self.pipeline.jobs.get_full(name.value.as_str()) else {
                let finding = Diagnostic::error(
                    Code::NeedsUnknown,
                    format!(
                        "`{}` takes a file of `{}`, which does not exist",
                        job.name.value, name.value
                    ),
                )
                .label(name.span, "no job has this name");
                let names = self.pipeline.jobs.keys().map(String::as_str);
                diagnostics.push(match similar(&name.value, names) {
                    Some(similar) => finding.help(format!("did you mean `{similar}`?")),
                    None => finding,
                });
                continue;
            };
            let before = match needs {
                Some(needs) => self.stages[index] < stage || needs.contains(&index),
                None => self.stages[index] < stage,
            };
            if !before {
                diagnostics.push(
                    Diagnostic::error(
                        Code::NeedsUnknown,
                        format!(
                            "`{}` takes a file of `{}`, which does not come before it",
                            job.name.value, name.value
                        ),
                    )
                    .label(name.span, "its artifacts are not there yet")
                    .label(other.name.span, "the job that makes the file")
                    .help(format!("add `needs: [{}]`, or move one of the jobs", name.value)),
                );
            }
        }
    }

    fn later_stage(&self, job: &Job, need: &Need, index: usize) -> Diagnostic {
        let needed = &self.pipeline.jobs[index];
        let message = format!(
            "`{}` needs `{}`, which is in a later stage",
            job.name.value, needed.name.value
        );
        Diagnostic::error(Code::NeedsLaterStage, message)
            .label(need.job.span, "needed here")
            .label(needed.name.span, format!("its stage `{}` comes later", needed.stage.value))
            .help("move one of the jobs to another stage")
    }

    fn missing(&self, job: &Job, need: &Need, index: Option<usize>) -> Diagnostic {
        let name = index
            .map_or(need.job.value.as_str(), |index| self.pipeline.jobs[index].name.value.as_str());
        let from = &job.name.value;
        let reason = index.and_then(|index| self.decisions[index].reason.as_ref());
        if let Some(reason) = reason {
            return Diagnostic::error(
                Code::NeedsUnknown,
                format!("`{from}` needs `{name}`, which is not in this pipeline"),
            )
            .label(need.job.span, reason.to_string())
            .help("write `- job: NAME` with `optional: true` if it can do without");
        }
        let finding = Diagnostic::error(
            Code::NeedsUnknown,
            format!("`{from}` needs `{name}`, which does not exist"),
        )
        .label(need.job.span, "no job has this name");
        if need.matrix.is_some() && self.groups.contains_key(name) {
            return Diagnostic::error(
                Code::NeedsUnknown,
                format!("`{from}` needs a part of `{name}` that its matrix does not have"),
            )
            .label(need.job.span, "needed here")
            .help("name the variables in the order of the matrix of that job");
        }
        let similar = similar(name, self.pipeline.jobs.keys().map(String::as_str));
        match similar {
            Some(similar) => finding.help(format!("did you mean `{similar}`?")),
            None if name.starts_with('.') => {
                finding.help("a job whose name starts with a dot never runs")
            }
            None => finding,
        }
    }
}
