//! `rules`, `workflow`, `only` and `except`: what decides whether a job runs.

use super::settings::start_in;
use super::{Reader, flatten, value_of};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Span, Spanned};
use crate::pipeline::expression::{Expression, Pattern};
use crate::pipeline::keywords::Place;
use crate::pipeline::model::{Policy, RefName, RefPattern, Rule, Variables, When, Workflow};
use crate::yaml::{Mapping, Node};

/// The rules of an include, which may ask less than those of a job.
pub(in crate::pipeline) fn include_rules(node: &Node, diagnostics: &mut Diagnostics) -> Vec<Rule> {
    let mut reader = Reader::new(diagnostics);
    let rules = reader.rules("`include:rules`", Place::IncludeRule, node);
    for when in rules.iter().filter_map(|rule| rule.when.as_ref()) {
        if !matches!(when.value, When::Always | When::Never) {
            reader.diagnostics.push(
                Diagnostic::error(Code::WrongValue, "a rule of `include` says `always` or `never`")
                    .label(when.span, "not one of them")
                    .help("a file is included or it is not"),
            );
        }
    }
    rules
}

impl Reader<'_> {
    /// The rules of a job or of the workflow.
    pub(super) fn rules(&mut self, what: &str, place: Place, node: &Node) -> Vec<Rule> {
        if node.as_sequence().is_none() {
            self.wrong_type(what, "a list of rules", node);
            return vec![];
        }
        flatten(node).into_iter().filter_map(|node| self.rule(place, node)).collect()
    }

    fn rule(&mut self, place: Place, node: &Node) -> Option<Rule> {
        let mapping = self.mapping("a rule", node)?;
        self.keywords(place, mapping);
        if mapping.is_empty() {
            self.diagnostics.push(
                Diagnostic::error(Code::WrongValue, "a rule is empty")
                    .label(node.span, "nothing in it")
                    .help("write `- when: always` for a rule that always applies"),
            );
        }
        self.delay_complete("a rule", mapping);
        let key = mapping.values().next().map_or(node.span, |entry| entry.key);
        Some(Rule {
            span: key,
            condition: value_of(mapping, "if").and_then(|node| self.expression(node)),
            changes: value_of(mapping, "changes").and_then(|node| self.changes(node)),
            exists: value_of(mapping, "exists").and_then(|node| self.exists(node)),
            start_in: value_of(mapping, "start_in").and_then(start_in),
            when: value_of(mapping, "when").and_then(|node| self.when(node)),
            allow_failure: value_of(mapping, "allow_failure")
                .and_then(|node| self.allow_failure(node)),
            variables: match value_of(mapping, "variables") {
                Some(node) => self.variables(node, false),
                None => Variables::new(),
            },
            needs: value_of(mapping, "needs").map(|node| self.needs(node)),
        })
    }

    pub(super) fn expression(&mut self, node: &Node) -> Option<Expression> {
        let text = self.string("a condition", node)?;
        match Expression::parse(&text.value) {
            Ok(expression) => Some(expression),
            Err(error) => {
                let message = format!("this condition cannot be read: {error}");
                let span = self.inner(node.span, &text.value, error.at);
                let finding = Diagnostic::error(Code::RuleInvalid, message).label(span, "here");
                self.diagnostics.push(match error.help {
                    Some(help) => finding.help(help),
                    None => finding,
                });
                None
            }
        }
    }

    /// The place of a byte of a scalar's text, where that can be told: the text stands in the file
    /// as it is, perhaps in quotes.
    fn inner(&self, span: Span, text: &str, at: usize) -> Span {
        let written = self.diagnostics.sources().slice(span);
        match written.find(text) {
            Some(start) if !text.is_empty() => {
                let offset = u32::try_from(start + at).unwrap_or(0);
                let start = (span.start + offset).min(span.end.saturating_sub(1)).max(span.start);
                Span { start, end: start + 1, ..span }
            }
            _ => span,
        }
    }

    /// `workflow:`.
    pub(super) fn workflow(&mut self, mapping: &Mapping) -> Workflow {
        self.keywords(Place::Workflow, mapping);
        let rules = value_of(mapping, "rules")
            .map(|node| self.rules("`workflow:rules`", Place::WorkflowRule, node));
        for rule in rules.iter().flatten() {
            if let Some(when) = &rule.when
                && !matches!(when.value, When::Always | When::Never)
            {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::WrongValue,
                        "a rule of `workflow` says `always` or `never`",
                    )
                    .label(when.span, "not one of them")
                    .help("a pipeline is there or it is not"),
                );
            }
        }
        Workflow {
            rules,
            name: value_of(mapping, "name")
                .and_then(|node| self.string("`workflow:name`", node))
                .filter(|name| self.pipeline_name(name))
                .map(|name| name.value),
            span: mapping.get("rules").map_or(Span::default(), |entry| entry.key),
        }
    }

    fn pipeline_name(&mut self, name: &Spanned<String>) -> bool {
        const MAX: usize = 255;
        let fine = (1..=MAX).contains(&name.value.chars().count());
        if !fine {
            self.diagnostics.push(
                Diagnostic::error(Code::WrongValue, "a pipeline cannot have this name")
                    .label(name.span, format!("expected 1 to {MAX} characters")),
            );
        }
        fine
    }

    /// `only:` or `except:`.
    pub(super) fn policy(&mut self, what: &str, node: &Node) -> Policy {
        let Some(mapping) = node.as_mapping() else {
            return Policy { refs: Some(self.refs(what, node)), ..Policy::default() };
        };
        self.keywords(Place::Policy, mapping);
        let variables = value_of(mapping, "variables").map(|node| match node.as_sequence() {
            Some(items) => items.iter().filter_map(|item| self.expression(item)).collect(),
            None => {
                self.wrong_type(&format!("`{what}:variables`"), "a list of conditions", node);
                vec![]
            }
        });
        Policy {
            refs: value_of(mapping, "refs").map(|node| self.refs(&format!("{what}:refs"), node)),
            variables,
            changes: value_of(mapping, "changes").and_then(|node| self.changes(node)),
            kubernetes: value_of(mapping, "kubernetes").is_some_and(|node| {
                self.part("only:kubernetes", node);
                true
            }),
        }
    }

    fn refs(&mut self, what: &str, node: &Node) -> Vec<RefPattern> {
        let Some(items) = node.as_sequence() else {
            let finding =
                Diagnostic::error(Code::WrongType, format!("`{what}` must be a list of refs"))
                    .label(node.span, format!("this is {}", node.kind()));
            self.diagnostics.push(match node.as_str() {
                Some(name) => finding.help(format!("write `[{name}]`")),
                None => finding,
            });
            return vec![];
        };
        items.iter().filter_map(|item| self.reference_name(item)).collect()
    }

    fn reference_name(&mut self, node: &Node) -> Option<RefPattern> {
        let text = self.string("a ref", node)?;
        let (name, project) = match text.value.rsplit_once('@') {
            Some((name, project)) if !name.is_empty() && project.contains('/') => {
                (name, Some(project.to_owned()))
            }
            _ => (text.value.as_str(), None),
        };
        let name = if name.starts_with('/') {
            match Pattern::parse(name) {
                Some(pattern) => RefName::Pattern(pattern),
                None => {
                    self.diagnostics.push(
                        Diagnostic::error(Code::RuleInvalid, "this pattern is not valid")
                            .label(node.span, "expected `/pattern/`")
                            .help("patterns have RE2's syntax; flags are i, s, m and U"),
                    );
                    return None;
                }
            }
        } else {
            RefName::Text(name.to_owned())
        };
        Some(RefPattern { name, project })
    }

    /// `rules` excludes `only` and `except`.
    pub(super) fn rules_alone(&mut self, mapping: &Mapping) {
        let Some(rules) = mapping.get("rules").filter(|entry| !entry.value.is_null()) else {
            return;
        };
        for other in ["only", "except"] {
            if let Some(entry) = mapping.get(other).filter(|entry| !entry.value.is_null()) {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::KeywordConflict,
                        format!("a job has either `rules` or `{other}`"),
                    )
                    .label(entry.key, format!("`{other}`"))
                    .label(rules.key, "the rules")
                    .help("say it with a rule"),
                );
            }
        }
    }
}
