//! The top level of the file.

use super::job::Defaults;
use super::{Reader, value_of};
use crate::diagnostic::{Code, Diagnostic, Span, Spanned, similar};
use crate::pipeline::keywords::{self, Place};
use crate::pipeline::model::Pipeline;
use crate::yaml::{Entry, Mapping};

/// Job names that GitLab keeps for itself.
const RESERVED: [&str; 4] = ["true", "false", "nil", "null"];

/// The longest name that GitLab gives a job.
const MAX_NAME: usize = 255;

/// Reads the whole file, whose `extends` and references are resolved.
pub(in crate::pipeline) fn read(reader: &mut Reader<'_>, root: &Mapping, file: Span) -> Pipeline {
    let mut pipeline =
        Pipeline { stages: reader.stages(value_of(root, "stages")), ..Pipeline::default() };
    if let Some(node) = value_of(root, "variables") {
        pipeline.variables = reader.variables(node, true);
    }
    if let Some(node) = value_of(root, "workflow")
        && let Some(mapping) = reader.mapping("`workflow`", node)
    {
        pipeline.workflow = reader.workflow(mapping);
    }
    let mut templates = false;
    let mut jobs: Vec<(&String, &Entry)> = Vec::new();
    for (name, entry) in root {
        if name.starts_with('.') {
            templates = true;
        } else if let Some(keyword) = keywords::find(Place::Global, name) {
            reader.global(keyword, entry);
        } else {
            jobs.push((name, entry));
        }
    }
    let defaults = Defaults::read(reader, root);
    for (name, entry) in &jobs {
        if !reader.job_name(name, entry) {
            continue;
        }
        let name = Spanned::new((*name).clone(), entry.key);
        for job in reader.job(name, &entry.value, &defaults, &pipeline.stages) {
            pipeline.jobs.insert(job.name.value.clone(), job);
        }
    }
    // After other errors the jobs may only be missing with a file that was not included.
    if jobs.is_empty() && !reader.diagnostics.has_errors() {
        let finding = Diagnostic::error(Code::NoJobs, "the pipeline has no job").label(file, "");
        reader.diagnostics.push(if templates {
            finding.help("jobs whose name starts with a dot are templates: remove the dot of one")
        } else {
            finding.help("add a job: a name with a `script`")
        });
    }
    reader.tell_idle();
    pipeline
}

impl Reader<'_> {
    fn global(&mut self, keyword: &'static keywords::Keyword, entry: &Entry) {
        // `default` and `workflow` have keywords of their own to compare with.
        let is_job = !matches!(keyword.name, "default" | "workflow")
            && entry.value.as_mapping().is_some_and(|mapping| mapping.contains_key("script"));
        if is_job {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::JobName,
                    format!("a job cannot be named `{}`", keyword.name),
                )
                .label(entry.key, "this is a keyword of GitLab's")
                .help("give the job another name"),
            );
            return;
        }
        self.note(Place::Global, keyword.name, keyword.support, entry);
        self.form(Place::Global, keyword.name, &entry.value);
        match keyword.name {
            "default" if !entry.value.is_null() => {
                if let Some(mapping) = self.mapping("`default`", &entry.value) {
                    self.keywords(Place::Default, mapping);
                }
            }
            _ => {}
        }
    }

    /// Whether an entry of the top level can be a job.
    fn job_name(&mut self, name: &str, entry: &Entry) -> bool {
        // Asked only where it matters: most entries are jobs.
        let similar = || similar(name, keywords::names(Place::Global));
        let Some(mapping) = entry.value.as_mapping() else {
            let finding = Diagnostic::error(
                Code::UnknownKeyword,
                format!("`{name}` is neither a keyword nor a job"),
            )
            .label(entry.key, format!("its value is {}", entry.value.kind()));
            self.diagnostics.push(match similar() {
                Some(similar) => finding.help(format!("did you mean `{similar}`?")),
                None if keywords::find(Place::Job, name).is_some() => {
                    finding.help(format!("`{name}` belongs into a job or `default`"))
                }
                None => finding.help("a job is a mapping with a `script`"),
            });
            return false;
        };
        let runs = ["script", "trigger", "run"].iter().any(|key| mapping.contains_key(*key));
        if !runs && let Some(similar) = similar() {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::UnknownKeyword,
                    format!("`{name}` is neither a keyword nor a job with a `script`"),
                )
                .label(entry.key, "unknown keyword")
                .help(format!("did you mean `{similar}`?")),
            );
            return false;
        }
        let (message, help) = if name.trim().is_empty() {
            ("a job has no name".to_owned(), "write a name before the `:`")
        } else if RESERVED.contains(&name) {
            (format!("a job cannot be named `{name}`"), "give the job another name")
        } else if name.chars().count() > MAX_NAME {
            (format!("a job's name is longer than {MAX_NAME} characters"), "shorten it")
        } else {
            return true;
        };
        self.diagnostics.push(
            Diagnostic::error(Code::JobName, message).label(entry.key, "named here").help(help),
        );
        false
    }
}
