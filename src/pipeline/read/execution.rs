//! What a job says about its execution: `retry`, `coverage`, `start_in`, `resource_group`, `tags`,
//! `dependencies`.

use std::collections::HashSet;

use super::{Reader, flatten, value_of};
use crate::diagnostic::{Code, Diagnostic, Spanned, similar};
use crate::pipeline::execution::{Artifacts, Cache, Execution, Retry, RetryReason};
use crate::pipeline::expression::Pattern;
use crate::pipeline::keywords::Place;
use crate::pipeline::model::Inherit;
use crate::yaml::{Mapping, Node, Value};

/// How often GitLab tries a job again at most.
const MAX_RETRIES: u8 = 2;

/// What jobs take over from `default`.
#[derive(Default)]
pub(super) struct ExecutionDefaults {
    retry: Option<Retry>,
    tags: Option<Vec<Spanned<String>>>,
    artifacts: Option<Artifacts>,
    caches: Option<Vec<Cache>>,
}

impl ExecutionDefaults {
    /// Reads them; `find` gives the node of a keyword.
    pub(super) fn read<'n>(
        reader: &mut Reader<'_>,
        find: impl Fn(&str) -> Option<&'n Node>,
    ) -> Self {
        Self {
            retry: find("retry").map(|node| reader.retry(node)),
            tags: find("tags").map(|node| reader.names("tags", node)),
            artifacts: find("artifacts").and_then(|node| reader.artifacts(node)),
            caches: find("cache").map(|node| reader.caches(node)),
        }
    }
}

impl Reader<'_> {
    /// The part of a job that is about its execution.
    pub(super) fn execution(
        &mut self,
        mapping: &Mapping,
        defaults: &ExecutionDefaults,
        inherit: &Inherit,
    ) -> Execution {
        // With rules, a rule may say `delayed` and leave the time to the job.
        if value_of(mapping, "rules").is_none() {
            self.delay_complete("a job", mapping);
        }
        let takes = |name: &str| inherit.includes(name);
        Execution {
            retry: match value_of(mapping, "retry") {
                Some(node) => self.retry(node),
                None => defaults.retry.clone().filter(|_| takes("retry")).unwrap_or_default(),
            },
            coverage: value_of(mapping, "coverage").and_then(|node| self.coverage(node)),
            resource_group: value_of(mapping, "resource_group")
                .and_then(|node| self.string("`resource_group`", node)),
            tags: match value_of(mapping, "tags") {
                Some(node) => self.names("tags", node),
                None => defaults.tags.clone().filter(|_| takes("tags")).unwrap_or_default(),
            },
            dependencies: value_of(mapping, "dependencies")
                .map(|node| self.names("dependencies", node)),
            artifacts: match value_of(mapping, "artifacts") {
                Some(node) => self.artifacts(node),
                None => defaults.artifacts.clone().filter(|_| takes("artifacts")),
            },
            caches: match mapping.get("cache") {
                // `cache: []` and `cache: {}` switch the default off.
                Some(entry) if !entry.value.is_null() => self.caches(&entry.value),
                _ => defaults.caches.clone().filter(|_| takes("cache")).unwrap_or_default(),
            },
        }
    }

    fn retry(&mut self, node: &Node) -> Retry {
        let Some(mapping) = node.as_mapping() else {
            return Retry { max: self.retries("retry", node), ..Retry::default() };
        };
        self.keywords(Place::Retry, mapping);
        Retry {
            max: value_of(mapping, "max").map_or(0, |node| self.retries("retry:max", node)),
            when: value_of(mapping, "when").map(|node| {
                let nodes = node.as_sequence().unwrap_or(std::slice::from_ref(node));
                nodes.iter().filter_map(|node| self.retry_reason(node)).collect()
            }),
            exit_codes: value_of(mapping, "exit_codes").map(|node| {
                let nodes = node.as_sequence().unwrap_or(std::slice::from_ref(node));
                nodes.iter().filter_map(|node| self.exit_code(node)).collect()
            }),
        }
    }

    fn retries(&mut self, what: &str, node: &Node) -> u8 {
        let number = match node.value {
            Value::Integer(number) => u8::try_from(number).ok(),
            _ => None,
        };
        number.filter(|number| *number <= MAX_RETRIES).unwrap_or_else(|| {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::WrongValue,
                    format!("`{what}` is 0, 1 or {MAX_RETRIES}: GitLab tries no job more often"),
                )
                .label(node.span, "not one of them"),
            );
            0
        })
    }

    fn retry_reason(&mut self, node: &Node) -> Option<RetryReason> {
        let text = self.string("a reason of `retry:when`", node)?;
        let found = RetryReason::NAMES.iter().find(|(name, _)| *name == text.value);
        if let Some((_, reason)) = found {
            return Some(*reason);
        }
        let names = RetryReason::NAMES.iter().map(|(name, _)| *name);
        let finding = Diagnostic::error(
            Code::WrongValue,
            format!("`retry:when` has no reason `{}`", text.value),
        )
        .label(node.span, "not a reason of GitLab's");
        self.diagnostics.push(match similar(&text.value, names) {
            Some(similar) => finding.help(format!("did you mean `{similar}`?")),
            None => finding.help("`always` and `script_failure` are the usual ones"),
        });
        None
    }

    fn coverage(&mut self, node: &Node) -> Option<Spanned<String>> {
        let text = self.string("`coverage`", node)?;
        let inner = text.value.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
        let valid = inner.is_some_and(|inner| {
            // A pattern with flags or of one character is none in a condition; here the slashes
            // are all that counts.
            Pattern::is_valid(inner)
        });
        match inner {
            Some(inner) if valid => Some(Spanned::new(inner.to_owned(), text.span)),
            _ => {
                self.diagnostics.push(
                    Diagnostic::error(Code::WrongValue, "`coverage` must be a pattern in slashes")
                        .label(node.span, "expected `/pattern/`")
                        .help("patterns have RE2's syntax, as in '/Total: (\\d+\\.\\d+)%/'"),
                );
                None
            }
        }
    }

    /// `delayed` and `start_in` belong together.
    pub(super) fn delay_complete(&mut self, what: &str, mapping: &Mapping) {
        let delayed = value_of(mapping, "when").and_then(Node::as_str) == Some("delayed");
        let when = mapping.get("when").map(|entry| entry.value.span);
        match (delayed, mapping.get("start_in").filter(|entry| !entry.value.is_null()), when) {
            (true, None, Some(when)) => self.diagnostics.push(
                Diagnostic::error(Code::KeywordConflict, format!("{what} is delayed by nothing"))
                    .label(when, "`start_in` is missing")
                    .help("add `start_in: 30 minutes`"),
            ),
            (false, Some(start_in), _) => self.diagnostics.push(
                Diagnostic::error(
                    Code::KeywordConflict,
                    format!("{what} has `start_in` but is not delayed"),
                )
                .label(start_in.key, "only with `when: delayed`"),
            ),
            _ => {}
        }
    }

    /// A list of strings, each of them once.
    pub(super) fn names(&mut self, what: &str, node: &Node) -> Vec<Spanned<String>> {
        if node.as_sequence().is_none() {
            self.wrong_type(&format!("`{what}`"), "a list of strings", node);
            return vec![];
        }
        let mut seen = HashSet::new();
        flatten(node)
            .into_iter()
            .filter_map(|item| self.string(&format!("an entry of `{what}`"), item))
            .filter(|name| seen.insert(name.value.clone()))
            .collect()
    }
}
