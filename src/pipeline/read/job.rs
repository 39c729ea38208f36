//! A job, and what it takes over from `default`.

use std::sync::Arc;
use std::time::Duration;

use super::execution::ExecutionDefaults;
use super::settings::start_in;
use super::{Reader, parallel, value_of};
use crate::diagnostic::{Code, Diagnostic, Spanned, similar};
use crate::function;
use crate::pipeline::PullPolicy;
use crate::pipeline::inputs;
use crate::pipeline::keywords::Place;
use crate::pipeline::model::{Inherit, Job, Script, Variables, When};
use crate::yaml::{Mapping, Node};

/// What jobs take over if they do not say otherwise: `default:`, and the same keywords at the top
/// level, where GitLab took them before there was `default`.
#[derive(Default)]
pub(super) struct Defaults {
    before_script: Option<Script>,
    after_script: Option<Script>,
    image: Option<Spanned<String>>,
    pull_policy: Vec<PullPolicy>,
    entrypoint: Option<Vec<String>>,
    timeout: Option<Duration>,
    execution: ExecutionDefaults,
}

/// The keywords that may stand in `default:` and at the top level, but not in both.
const EITHER: [&str; 5] = ["after_script", "before_script", "cache", "image", "services"];

impl Defaults {
    pub(super) fn read(reader: &mut Reader<'_>, root: &Mapping) -> Self {
        let nothing = Mapping::new();
        let default = value_of(root, "default").and_then(Node::as_mapping).unwrap_or(&nothing);
        for name in EITHER {
            if let (Some(top), Some(inner)) = (root.get(name), default.get(name))
                && !top.value.is_null()
                && !inner.value.is_null()
            {
                reader.diagnostics.push(
                    Diagnostic::error(
                        Code::KeywordConflict,
                        format!("`{name}` is at the top level and in `default`"),
                    )
                    .label(top.key, "the old place")
                    .label(inner.key, "the new place")
                    .help("keep the one in `default`"),
                );
            }
        }
        // A job that is named like a keyword has been told of.
        let is_job = |node: &&Node| node.as_mapping().is_some_and(|m| m.contains_key("script"));
        let find = |name: &str| {
            value_of(default, name).or_else(|| value_of(root, name).filter(|node| !is_job(node)))
        };
        Self {
            before_script: find("before_script").map(|node| reader.script("before_script", node)),
            after_script: find("after_script").map(|node| reader.script("after_script", node)),
            image: find("image").and_then(|node| reader.image(node)),
            pull_policy: find("image").map(|node| reader.pull_policy(node)).unwrap_or_default(),
            entrypoint: find("image").and_then(|node| reader.entrypoint(node)),
            timeout: value_of(default, "timeout").and_then(|node| reader.timeout(node)),
            execution: ExecutionDefaults::read(reader, |name| match name {
                "cache" => find(name),
                _ => value_of(default, name),
            }),
        }
    }
}

impl Reader<'_> {
    pub(super) fn job(
        &mut self,
        name: Spanned<String>,
        node: &Node,
        defaults: &Defaults,
        stages: &[String],
    ) -> Vec<Job> {
        let Some(mapping) = node.as_mapping() else { return vec![] };
        self.keywords(Place::Job, mapping);
        let (inherit_default, inherit_variables) = match value_of(mapping, "inherit") {
            Some(node) => self.inherit(node),
            None => Default::default(),
        };
        let execution = self.execution(mapping, &defaults.execution, &inherit_default);
        let defaults = Inherited { defaults, inherit: &inherit_default };
        if let Some(inputs) = mapping.get("inputs") {
            inputs::check_job_inputs(inputs, self.diagnostics);
        }
        self.rules_alone(mapping);
        self.trigger_alone(mapping);
        let script = self.own_script(&name, mapping);
        let run = self.run(mapping);
        let before_script = match value_of(mapping, "before_script") {
            Some(node) => Some(self.script("before_script", node)),
            // Steps have a shell of their own each, if they have any.
            None if run.is_some() => None,
            None => defaults.take("before_script", |d| d.before_script.clone()),
        };
        let after_script = match value_of(mapping, "after_script") {
            Some(node) => Some(self.script("after_script", node)),
            None if run.is_some() => None,
            None => defaults.take("after_script", |d| d.after_script.clone()),
        };
        let image = match value_of(mapping, "image") {
            Some(node) => self.image(node),
            None => defaults.take("image", |d| d.image.clone()),
        };
        let pull_policy = match value_of(mapping, "image") {
            Some(node) => self.pull_policy(node),
            None => defaults.take("image", |d| Some(d.pull_policy.clone())).unwrap_or_default(),
        };
        let entrypoint = match value_of(mapping, "image") {
            Some(node) => self.entrypoint(node),
            None => defaults.take("image", |d| d.entrypoint.clone()),
        };
        let timeout = match value_of(mapping, "timeout") {
            Some(node) => self.timeout(node),
            None => defaults.take("timeout", |d| d.timeout),
        };
        let variables = match value_of(mapping, "variables") {
            Some(node) => self.variables(node, false),
            None => Variables::new(),
        };
        let parts = value_of(mapping, "parallel").map(|node| self.parallel(node));
        let job = Job {
            stage: self.stage(&name, value_of(mapping, "stage"), stages),
            before_script: before_script.unwrap_or_else(no_commands),
            script,
            after_script: after_script.unwrap_or_else(no_commands),
            run,
            variables,
            node: None,
            group: None,
            inherit_variables,
            needs: value_of(mapping, "needs").map(|node| self.needs(node)),
            when: self.job_when(&name, mapping),
            start_in: value_of(mapping, "start_in").and_then(start_in),
            allow_failure: value_of(mapping, "allow_failure")
                .and_then(|node| self.allow_failure(node)),
            timeout,
            image,
            pull_policy,
            entrypoint,
            environment: mapping
                .get("environment")
                .filter(|entry| !entry.value.is_null())
                .and_then(|entry| self.environment(entry)),
            trigger: mapping
                .get("trigger")
                .filter(|entry| !entry.value.is_null())
                .and_then(|entry| self.trigger(entry)),
            execution,
            rules: value_of(mapping, "rules").map(|node| self.rules("`rules`", Place::Rule, node)),
            only: value_of(mapping, "only").map(|node| self.policy("only", node)),
            except: value_of(mapping, "except").map(|node| self.policy("except", node)),
            name,
        };
        match parts {
            Some(parts) if !parts.is_empty() => parallel::jobs(&job, parts),
            _ => vec![job],
        }
    }

    /// The script of a job, which must have one.
    fn own_script(&mut self, name: &Spanned<String>, mapping: &Mapping) -> Script {
        let other = ["trigger", "run"].iter().find(|key| value_of(mapping, key).is_some());
        match (value_of(mapping, "script"), other) {
            (Some(node), None) => {
                let before = self.diagnostics.error_count();
                let script = self.script("script", node);
                let empty = script.is_empty() || node.as_str() == Some("");
                if empty && self.diagnostics.error_count() == before {
                    self.without_script(name, "its `script` is empty", node.span);
                }
                script
            }
            (Some(node), Some(other)) => {
                // With `run` it is told there, as for the other scripts.
                if *other != "run" {
                    self.diagnostics.push(
                        Diagnostic::error(
                            Code::KeywordConflict,
                            format!("a job has either `script` or `{other}`"),
                        )
                        .label(node.span, "the script")
                        .label(mapping[*other].key, format!("`{other}`"))
                        .help("make two jobs of it"),
                    );
                }
                no_commands()
            }
            (None, Some(_)) => no_commands(),
            // The mistake that hides the script is told where it is.
            (None, None) if mapping.contains_key("extends") => no_commands(),
            (None, None) if mapping.keys().any(|key| similar(key, ["script"]).is_some()) => {
                no_commands()
            }
            (None, None) => {
                self.without_script(name, "this job has no `script`", name.span);
                no_commands()
            }
        }
    }

    /// The steps of a job, which then has no scripts.
    fn run(&mut self, mapping: &Mapping) -> Option<function::Steps> {
        let node = value_of(mapping, "run")?;
        for name in ["script", "before_script", "after_script", "trigger"] {
            let Some(entry) = mapping.get(name).filter(|entry| !entry.value.is_null()) else {
                continue;
            };
            self.diagnostics.push(
                Diagnostic::error(
                    Code::KeywordConflict,
                    format!("these keys cannot be used together: {name}, run"),
                )
                .label(entry.key, format!("`{name}`"))
                .label(mapping["run"].key, "`run`")
                .help("make a step of it: `- name: …` with a `script`"),
            );
        }
        let steps = function::read_steps(node, self.diagnostics).into();
        // In a `func.yml` a number may stand for its digits, in a pipeline file it may not.
        self.part("run:", node);
        Some(steps)
    }

    fn without_script(
        &mut self,
        name: &Spanned<String>,
        label: &str,
        span: crate::diagnostic::Span,
    ) {
        self.diagnostics.push(
            Diagnostic::error(
                Code::JobWithoutScript,
                format!("the job `{}` has nothing to run", name.value),
            )
            .label(span, label)
            .help("add a `script`, or start the name with a dot to make it a template"),
        );
    }

    fn job_when(&mut self, name: &Spanned<String>, mapping: &Mapping) -> Spanned<When> {
        let Some(node) = value_of(mapping, "when") else {
            return Spanned::new(When::OnSuccess, name.span);
        };
        let when = self.when(node).unwrap_or(Spanned::new(When::OnSuccess, node.span));
        if when.value == When::Never {
            self.diagnostics.push(
                Diagnostic::warning(Code::WrongValue, "GitLab takes `when: never` only in a rule")
                    .label(node.span, "the job never runs here; on GitLab the file is invalid")
                    .help("start the job's name with a dot to switch it off"),
            );
        }
        when
    }
}

fn no_commands() -> Script {
    Arc::from([])
}

/// The defaults that a job takes over.
struct Inherited<'a> {
    defaults: &'a Defaults,
    inherit: &'a Inherit,
}

impl Inherited<'_> {
    fn take<T>(&self, name: &str, get: impl Fn(&Defaults) -> Option<T>) -> Option<T> {
        if self.inherit.includes(name) { get(self.defaults) } else { None }
    }
}
