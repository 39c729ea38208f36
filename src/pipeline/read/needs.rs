//! `needs`: the jobs that a job waits for.

use std::collections::HashSet;

use super::{Reader, flatten, value_of};
use crate::diagnostic::{Code, Diagnostic, Spanned};
use crate::pipeline::keywords::{Place, Support};
use crate::pipeline::model::Need;
use crate::yaml::Node;

/// The most jobs that GitLab lets a job need.
const MAX_NEEDS: usize = 50;

/// What a need of a pipeline without a job is here.
const ELSEWHERE: Support = Support::NoEffect("the pipelines of other projects are on the server");

impl Reader<'_> {
    /// The jobs of the same pipeline in a `needs:`. Whether they exist is the plan's question.
    pub(super) fn needs(&mut self, node: &Node) -> Vec<Need> {
        if node.as_sequence().is_none() && node.as_mapping().is_none() {
            self.diagnostics.push(
                Diagnostic::error(Code::WrongType, "`needs` must be a list")
                    .label(node.span, format!("this is {}", node.kind()))
                    .help("write `needs: [job]`, or `needs: []` to wait for nothing"),
            );
            return vec![];
        }
        let in_list = node.as_sequence().is_some();
        let mut needs: Vec<Need> =
            flatten(node).into_iter().filter_map(|item| self.need(item, in_list)).collect();
        if needs.len() > MAX_NEEDS {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::NeedsTooMany,
                    format!("a job can need {MAX_NEEDS} others at most, not {}", needs.len()),
                )
                .label(node.span, "too many")
                .help("leave `needs` out to wait for all earlier stages"),
            );
        }
        let mut seen = HashSet::new();
        needs.retain(|need| {
            let pipeline = need.pipeline.as_ref().map(|pipeline| pipeline.value.clone());
            let first = seen.insert((need.job.value.clone(), pipeline));
            if !first {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::WrongValue,
                        format!("`{}` is needed twice", need.job.value),
                    )
                    .label(need.job.span, "the second time")
                    .help("remove one of them"),
                );
            }
            first
        });
        needs
    }

    fn need(&mut self, node: &Node, in_list: bool) -> Option<Need> {
        let Some(mapping) = node.as_mapping() else {
            let job = self.string("an entry of `needs`", node)?;
            return Some(Need {
                job,
                optional: false,
                artifacts: true,
                matrix: None,
                pipeline: None,
            });
        };
        self.keywords(Place::Need, mapping);
        self.part("needs:", node);
        // Needs of other projects only hand over artifacts.
        if mapping.contains_key("project") {
            for missing in ["job", "ref"].iter().filter(|key| value_of(mapping, key).is_none()) {
                self.diagnostics.push(
                    Diagnostic::error(Code::WrongValue, "`needs:project` is not complete")
                        .label(node.span, format!("`{missing}` is missing")),
                );
            }
            return None;
        }
        let pipeline = mapping.get("pipeline").filter(|entry| !entry.value.is_null());
        if let Some(entry) = pipeline
            && value_of(mapping, "job").is_none()
        {
            if in_list {
                self.diagnostics.push(
                    Diagnostic::error(Code::WrongValue, "`needs:pipeline` is not complete")
                        .label(node.span, "`job` is missing"),
                );
            } else {
                // The job would take over the status of another project's pipeline.
                self.note(Place::Need, "pipeline", ELSEWHERE, entry);
            }
            return None;
        }
        let Some(job) = value_of(mapping, "job") else {
            self.diagnostics.push(
                Diagnostic::error(Code::WrongValue, "an entry of `needs` names no job")
                    .label(node.span, "`job` is missing")
                    .help("write `- job: NAME`"),
            );
            return None;
        };
        let job = self.string("`needs:job`", job)?;
        if let Some(entry) = mapping.get("ref") {
            self.diagnostics.push(
                Diagnostic::error(Code::WrongValue, "an entry of `needs` names no project")
                    .label(entry.key, "`ref` is of a `project`, which is missing")
                    .help("remove `ref`: a job of this pipeline is of the same commit"),
            );
        }
        let optional = match value_of(mapping, "optional") {
            Some(node) => self.boolean("`needs:optional`", node).unwrap_or(false),
            None => false,
        };
        let artifacts = match value_of(mapping, "artifacts") {
            Some(node) => self.boolean("`needs:artifacts`", node).unwrap_or(true),
            None => true,
        };
        let matrix = value_of(mapping, "parallel").map(|node| {
            let parallel = self.parallel(node);
            parallel.into_iter().map(|part| part.name).collect()
        });
        let pipeline = match pipeline {
            // An identifier may be written as a number.
            Some(entry) => match entry.value.scalar_text() {
                Some(text) => Some(Spanned::new(text.to_string(), entry.value.span)),
                None => Some(self.string("`needs:pipeline`", &entry.value)?),
            },
            None => None,
        };
        Some(Need { job, optional, artifacts, matrix, pipeline })
    }
}
