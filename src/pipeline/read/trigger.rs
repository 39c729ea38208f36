//! `trigger`: a job that starts another pipeline. Its form is checked by its table.

use super::{Reader, value_of};
use crate::diagnostic::{Code, Diagnostic, Spanned};
use crate::pipeline::inputs::{self, Arguments};
use crate::pipeline::keywords::{self, Place};
use crate::pipeline::trigger::{ChildFile, Forward, Strategy, Target, Trigger};
use crate::yaml::{Entry, Mapping, Node};

/// The keywords that a job with `trigger` cannot have, because nothing of it runs on a runner
/// (GitLab's `Entry::Bridge`).
const NOT_OF_TRIGGERS: [&str; 19] = [
    "after_script",
    "artifacts",
    "before_script",
    "cache",
    "coverage",
    "dependencies",
    "hooks",
    "id_tokens",
    "identity",
    "image",
    "pages",
    "release",
    "retry",
    "secrets",
    "services",
    "start_in",
    "tags",
    "timeout",
    "inputs",
];

impl Reader<'_> {
    /// Tells what a job cannot have beside its `trigger`.
    pub(super) fn trigger_alone(&mut self, job: &Mapping) {
        let Some(trigger) = job.get("trigger").filter(|entry| !entry.value.is_null()) else {
            return;
        };
        for name in NOT_OF_TRIGGERS {
            let Some(entry) = job.get(name).filter(|entry| !entry.value.is_null()) else {
                continue;
            };
            self.diagnostics.push(
                Diagnostic::error(
                    Code::KeywordConflict,
                    format!("a job with `trigger` has no `{name}`"),
                )
                .label(entry.key, "nothing of the job runs here")
                .label(trigger.key, "it starts another pipeline")
                .help(format!("take `{name}` out, or into the jobs of that pipeline")),
            );
        }
    }

    /// What a job starts; `None` if that cannot be told, which has been.
    pub(super) fn trigger(&mut self, entry: &Entry) -> Option<Trigger> {
        let node = &entry.value;
        let simple = |target| {
            let (strategy, forward, span) = (None, Forward::default(), entry.key);
            Trigger { target, strategy, forward, span }
        };
        if let Some(path) = text(node) {
            if let Some(project) = keywords::find(Place::Trigger, "project") {
                self.note(Place::Trigger, project.name, project.support, entry);
            }
            let (branch, inputs) = (None, Arguments::new());
            return Some(simple(Target::Project { path, branch, inputs }));
        }
        let mapping = node.as_mapping()?;
        self.keywords(Place::Trigger, mapping);
        // It is told with the project.
        self.idle.shift_remove(&(Place::Trigger, "branch"));
        let target = match (value_of(mapping, "include"), value_of(mapping, "project")) {
            (Some(include), None) => Target::Child(self.child_files(include, mapping)?),
            (None, Some(project)) => Target::Project {
                path: text(project)?,
                branch: text_of(mapping, "branch"),
                inputs: arguments(mapping),
            },
            (Some(_), Some(project)) => {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::KeywordConflict,
                        "`trigger` has either `include` or `project`",
                    )
                    .label(project.span, "the project")
                    .label(mapping["include"].key, "the files")
                    .help("make two jobs of it"),
                );
                return None;
            }
            (None, None) => return None,
        };
        let strategy = match text_of(mapping, "strategy").as_deref() {
            Some("depend") => Some(Strategy::Depend),
            Some("mirror") => Some(Strategy::Mirror),
            _ => None,
        };
        let forward = value_of(mapping, "forward").and_then(Node::as_mapping);
        let forwards = |name: &str, default: bool| {
            let value = forward.and_then(|forward| value_of(forward, name));
            value.and_then(Node::as_bool).unwrap_or(default)
        };
        let Forward { yaml_variables, pipeline_variables } = Forward::default();
        let forward = Forward {
            yaml_variables: forwards("yaml_variables", yaml_variables),
            pipeline_variables: forwards("pipeline_variables", pipeline_variables),
        };
        Some(Trigger { target, strategy, forward, span: entry.key })
    }

    fn child_files(&mut self, node: &Node, trigger: &Mapping) -> Option<Vec<ChildFile>> {
        let nodes = node.as_sequence().unwrap_or(std::slice::from_ref(node));
        // Inputs beside `include` are those of every file that has none of its own.
        nodes.iter().map(|node| self.child_file(node, &arguments(trigger))).collect()
    }

    fn child_file(&mut self, node: &Node, shared: &Arguments) -> Option<ChildFile> {
        if let Some(path) = text(node) {
            let inputs = shared.clone();
            return Some(match path.value.contains("://") {
                false => ChildFile::Local { path, inputs },
                true => ChildFile::Elsewhere {
                    keyword: "remote",
                    source: path,
                    files: vec![],
                    reference: None,
                    inputs,
                },
            });
        }
        let mapping = node.as_mapping()?;
        let own = arguments(mapping);
        let inputs = if own.is_empty() { shared.clone() } else { own };
        let spanned = |name: &str| value_of(mapping, name).and_then(text);
        if let Some(path) = spanned("local") {
            return Some(ChildFile::Local { path, inputs });
        }
        if let Some(path) = spanned("artifact") {
            let Some(job) = spanned("job") else {
                self.diagnostics.push(
                    Diagnostic::error(Code::WrongValue, "`trigger:include` is not complete")
                        .label(node.span, "`job` is missing")
                        .help("name the job that leaves the artifact"),
                );
                return None;
            };
            return Some(ChildFile::Artifact { path, job, inputs });
        }
        let (keyword, source) = ["project", "remote", "template", "component"]
            .into_iter()
            .find_map(|keyword| spanned(keyword).map(|source| (keyword, source)))?;
        let files = value_of(mapping, "file")
            .map_or(&[][..], |node| node.as_sequence().unwrap_or(std::slice::from_ref(node)));
        if keyword == "project" && files.is_empty() {
            self.diagnostics.push(
                Diagnostic::error(Code::WrongValue, "`trigger:include` is not complete")
                    .label(node.span, "`file` is missing")
                    .help("name the file of that project"),
            );
            return None;
        }
        Some(ChildFile::Elsewhere {
            keyword,
            source,
            files: files.iter().filter_map(Node::as_str).map(str::to_owned).collect(),
            reference: text_of(mapping, "ref"),
            inputs,
        })
    }
}

fn text(node: &Node) -> Option<Spanned<String>> {
    node.as_str().map(|text| Spanned::new(text.to_owned(), node.span))
}

fn text_of(mapping: &Mapping, name: &str) -> Option<String> {
    value_of(mapping, name).and_then(Node::as_str).map(str::to_owned)
}

fn arguments(mapping: &Mapping) -> Arguments {
    value_of(mapping, "inputs").map(inputs::arguments).unwrap_or_default()
}
