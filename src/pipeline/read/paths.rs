//! `changes` and `exists`: questions about files.

use regex::Regex;

use super::{Reader, value_of};
use crate::diagnostic::{Code, Diagnostic, similar};
use crate::pipeline::model::PathCondition;
use crate::yaml::Node;

/// The most patterns that GitLab takes.
const MAX_PATTERNS: usize = 50;

/// The longest regular expression that GitLab takes, in characters.
const MAX_REGEXP: usize = 255;

impl Reader<'_> {
    /// `changes`.
    pub(super) fn changes(&mut self, node: &Node) -> Option<PathCondition> {
        self.paths("`changes`", &["compare_to", "paths", "regexp"], node)
    }

    /// `exists`.
    pub(super) fn exists(&mut self, node: &Node) -> Option<PathCondition> {
        self.paths("`exists`", &["paths", "project", "ref", "regexp"], node)
    }

    fn paths(&mut self, what: &str, known: &[&'static str], node: &Node) -> Option<PathCondition> {
        let mut condition = PathCondition {
            patterns: vec![],
            regex: None,
            compare_to: None,
            elsewhere: false,
            span: node.span,
        };
        let Some(mapping) = node.as_mapping() else {
            condition.patterns = self.patterns(what, node)?;
            return Some(condition);
        };
        for (name, entry) in mapping {
            if !known.contains(&name.as_str()) {
                let finding = Diagnostic::error(
                    Code::UnknownKeyword,
                    format!("{what} has no keyword `{name}`"),
                )
                .label(entry.key, "unknown keyword");
                self.diagnostics.push(match similar(name, known.iter().copied()) {
                    Some(similar) => finding.help(format!("did you mean `{similar}`?")),
                    None => finding.help(format!("known here: {}", known.join(", "))),
                });
            }
        }
        match (value_of(mapping, "paths"), value_of(mapping, "regexp")) {
            (Some(paths), None) => condition.patterns = self.patterns(what, paths)?,
            (None, Some(regexp)) => condition.regex = Some(self.regexp(what, regexp)?),
            (Some(_), Some(regexp)) => {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::KeywordConflict,
                        format!("{what} has either `paths` or `regexp`"),
                    )
                    .label(regexp.span, "one too many"),
                );
                return None;
            }
            (None, None) => {
                self.diagnostics.push(
                    Diagnostic::error(Code::WrongValue, format!("{what} is not complete"))
                        .label(node.span, "`paths` is missing"),
                );
                return None;
            }
        }
        for name in ["compare_to", "project", "ref"] {
            if let Some(node) = value_of(mapping, name).filter(|_| known.contains(&name)) {
                let text = self.string(&format!("`{name}`"), node)?;
                match name {
                    "compare_to" => {
                        condition.compare_to = Some(text.value);
                        condition.span = text.span;
                    }
                    _ => condition.elsewhere = true,
                }
            }
        }
        if let Some(reference) = mapping.get("ref")
            && known.contains(&"ref")
            && !mapping.contains_key("project")
        {
            self.diagnostics.push(
                Diagnostic::error(Code::WrongValue, format!("{what} is not complete"))
                    .label(reference.key, "`ref` is of a `project`, which is missing"),
            );
        }
        Some(condition)
    }

    fn patterns(&mut self, what: &str, node: &Node) -> Option<Vec<String>> {
        // Unlike scripts and needs, lists within the list are none of GitLab's.
        let Some(nodes) = node.as_sequence() else {
            self.wrong_type(what, "a list of paths", node);
            return None;
        };
        if nodes.len() > MAX_PATTERNS {
            self.diagnostics.push(
                Diagnostic::error(Code::WrongValue, format!("{what} has {} patterns", nodes.len()))
                    .label(node.span, format!("GitLab takes {MAX_PATTERNS} at most"))
                    .help("say more with one of them: `src/**/*`, `*.{c,h}`"),
            );
        }
        let texts = nodes.iter().filter_map(|item| self.string("a path", item));
        Some(texts.map(|path| path.value).collect())
    }

    fn regexp(&mut self, what: &str, node: &Node) -> Option<Regex> {
        let text = self.string(&format!("{what} with `regexp`"), node)?;
        let regex = regex::RegexBuilder::new(&text.value).size_limit(1024 * 1024).build();
        if text.value.chars().count() > MAX_REGEXP {
            self.diagnostics.push(
                Diagnostic::error(Code::WrongValue, "this regular expression is too long")
                    .label(node.span, format!("GitLab takes {MAX_REGEXP} characters at most")),
            );
        } else if regex.is_err() {
            self.diagnostics.push(
                Diagnostic::error(Code::RuleInvalid, "this pattern is not valid")
                    .label(node.span, "not a regular expression")
                    .help("patterns have RE2's syntax, without look-around and back references"),
            );
        }
        regex.ok()
    }
}
