//! `stages`, and the stage that a job names.

use std::collections::HashSet;

use super::{Reader, flatten};
use crate::diagnostic::{Code, Diagnostic, Span, Spanned, similar};
use crate::yaml::Node;

/// The stages of a file without `stages:`, between `.pre` and `.post`.
const DEFAULT: [&str; 3] = ["build", "test", "deploy"];

/// The stage of a job that names none.
pub(super) const DEFAULT_STAGE: &str = "test";

impl Reader<'_> {
    /// All stages in order; `.pre` is always the first one and `.post` the last one.
    pub(super) fn stages(&mut self, node: Option<&Node>) -> Vec<String> {
        let named: Vec<String> = match node {
            None => DEFAULT.map(str::to_owned).to_vec(),
            Some(node) if node.as_sequence().is_none() => {
                self.wrong_type("`stages`", "a list of names", node);
                DEFAULT.map(str::to_owned).to_vec()
            }
            Some(node) => flatten(node)
                .into_iter()
                .filter_map(|item| self.string("the name of a stage", item))
                .map(|name| name.value)
                .collect(),
        };
        let mut seen = HashSet::new();
        let between = named.into_iter().filter(|name| name != ".pre" && name != ".post");
        std::iter::once(".pre".to_owned())
            .chain(between)
            .chain([".post".to_owned()])
            .filter(|name| seen.insert(name.clone()))
            .collect()
    }

    /// The stage of a job. One that does not exist is told, and the name given all the same.
    pub(super) fn stage(
        &mut self,
        job: &Spanned<String>,
        node: Option<&Node>,
        stages: &[String],
    ) -> Spanned<String> {
        let stage = match node {
            Some(node) => match self.string("`stage`", node) {
                Some(stage) => stage,
                None => return Spanned::new(stages[0].clone(), node.span),
            },
            None => Spanned::new(DEFAULT_STAGE.to_owned(), job.span),
        };
        if !stages.contains(&stage.value) {
            self.undefined(job, &stage, node.map(|node| node.span), stages);
        }
        stage
    }

    fn undefined(
        &mut self,
        job: &Spanned<String>,
        stage: &Spanned<String>,
        written: Option<Span>,
        stages: &[String],
    ) {
        let known = || format!("the stages are {}", stages.join(", "));
        let finding = Diagnostic::error(
            Code::StageUndefined,
            format!("the stage `{}` of `{}` is not defined", stage.value, job.value),
        );
        self.diagnostics.push(match written {
            Some(span) => {
                let help = match similar(&stage.value, stages.iter().map(String::as_str)) {
                    Some(similar) => format!("did you mean `{similar}`? {}", known()),
                    None => format!("add it to `stages`; {}", known()),
                };
                finding.label(span, "not among `stages`").help(help)
            }
            None => finding
                .label(job.span, format!("a job that names no stage is in `{DEFAULT_STAGE}`"))
                .help(format!("give the job a `stage`; {}", known())),
        });
    }
}
