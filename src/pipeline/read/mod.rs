//! Nodes → the typed model, with everything that is wrong told on the way.

mod artifacts;
mod cache;
mod environment;
mod execution;
mod job;
mod needs;
mod parallel;
mod paths;
mod root;
mod rules;
mod script;
mod settings;
mod stages;
mod trigger;
mod variables;

pub(super) use root::read;
pub(super) use rules::include_rules;

use indexmap::IndexMap;

use super::keywords::{self, Place, Support};
use super::shape;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Span, Spanned, similar};
use crate::yaml::{Entry, Mapping, Node};

/// Reads nodes and collects what is wrong with them.
pub(super) struct Reader<'a> {
    pub(super) diagnostics: &'a mut Diagnostics,
    /// Keywords that have no effect here or not yet, each with its first place and how many there
    /// are; told once at the end.
    idle: IndexMap<(Place, &'static str), Idle>,
}

struct Idle {
    first: Span,
    places: usize,
    support: Support,
}

impl<'a> Reader<'a> {
    pub(super) fn new(diagnostics: &'a mut Diagnostics) -> Self {
        Self { diagnostics, idle: IndexMap::new() }
    }

    /// Checks the keys of a mapping against the keywords of its place.
    fn keywords(&mut self, place: Place, mapping: &Mapping) {
        for (name, entry) in mapping {
            match keywords::find(place, name) {
                Some(keyword) => {
                    self.note(place, keyword.name, keyword.support, entry);
                    self.form(place, keyword.name, &entry.value);
                }
                None => self.unknown(place, name, entry),
            }
        }
    }

    /// Checks the form of a keyword that has no reader of its own.
    fn form(&mut self, place: Place, name: &str, node: &Node) {
        let has_table = matches!(
            place,
            Place::Job
                | Place::Default
                | Place::Global
                | Place::Workflow
                | Place::Rule
                | Place::WorkflowRule
        );
        if has_table
            && !node.is_null()
            && let Some(shape) = shape::of(name)
        {
            shape.check(name, node, self.diagnostics);
        }
    }

    /// Checks the form of a part of a keyword.
    fn part(&mut self, name: &str, node: &Node) {
        if !node.is_null()
            && let Some(shape) = shape::of(name)
        {
            shape.check(name.trim_end_matches(':'), node, self.diagnostics);
        }
    }

    /// Remembers a keyword that does nothing.
    fn note(&mut self, place: Place, name: &'static str, support: Support, entry: &Entry) {
        if support == Support::Yes || entry.value.is_null() {
            return;
        }
        // `default: retry` and a job's `retry` are one thing to the reader of the message.
        let group = match place {
            Place::Default | Place::Global => Place::Job,
            place => place,
        };
        let idle =
            self.idle.entry((group, name)).or_insert(Idle { first: entry.key, places: 0, support });
        idle.places += 1;
    }

    fn unknown(&mut self, place: Place, name: &str, entry: &Entry) {
        let finding =
            Diagnostic::error(Code::UnknownKeyword, format!("{place} has no keyword `{name}`"))
                .label(entry.key, "unknown keyword");
        let elsewhere = [Place::Job, Place::Global, Place::Default, Place::Workflow]
            .into_iter()
            .find(|other| *other != place && keywords::find(*other, name).is_some());
        let finding = match similar(name, keywords::names(place)) {
            Some(similar) => finding.help(format!("did you mean `{similar}`?")),
            None => match elsewhere {
                Some(other) => finding.help(format!("`{name}` belongs into {other}")),
                None => {
                    let known: Vec<&str> = keywords::names(place).collect();
                    finding.help(format!("known here: {}", known.join(", ")))
                }
            },
        };
        self.diagnostics.push(finding);
    }

    /// Tells every idle keyword once.
    fn tell_idle(&mut self) {
        for ((place, name), idle) in std::mem::take(&mut self.idle) {
            let name = match place {
                Place::Trigger => format!("trigger:{name}"),
                Place::Need => format!("needs:{name}"),
                _ => name.to_owned(),
            };
            let more = match idle.places {
                0 | 1 => String::new(),
                2 => " (and in one more place)".to_owned(),
                n => format!(" (and in {} more places)", n - 1),
            };
            let finding = match idle.support {
                Support::Yes => continue,
                Support::NoEffect(why) => Diagnostic::warning(
                    Code::NoEffect,
                    format!("`{name}` has no effect here: {why}"),
                )
                .label(idle.first, format!("no effect{more}")),
                Support::NotYet(meaning) => Diagnostic::warning(
                    Code::NotSupported,
                    format!("`{name}` is not supported yet: {meaning}"),
                )
                .label(idle.first, format!("not supported yet{more}")),
                Support::Refused(meaning) => Diagnostic::error(
                    Code::NotSupported,
                    format!("`{name}` is not supported yet: {meaning}"),
                )
                .label(idle.first, format!("not supported yet{more}"))
                .help("take it out, or copy what it would bring into this file"),
            };
            self.diagnostics.push(finding);
        }
    }

    fn wrong_type(&mut self, what: &str, expected: &str, node: &Node) {
        self.diagnostics.push(
            Diagnostic::error(Code::WrongType, format!("{what} must be {expected}"))
                .label(node.span, format!("this is {}", node.kind())),
        );
    }

    /// A string, or a finding.
    fn string(&mut self, what: &str, node: &Node) -> Option<Spanned<String>> {
        match node.as_str() {
            Some(text) => Some(Spanned::new(text.to_owned(), node.span)),
            None => {
                let written = self.diagnostics.sources().slice(node.span).to_owned();
                let finding =
                    Diagnostic::error(Code::WrongType, format!("{what} must be a string"))
                        .label(node.span, format!("YAML reads this as {}", node.kind()));
                self.diagnostics.push(match node.scalar_text() {
                    Some(_) => finding.help(format!("quote it: \"{written}\"")),
                    None => finding,
                });
                None
            }
        }
    }

    /// A mapping, or a finding.
    fn mapping<'n>(&mut self, what: &str, node: &'n Node) -> Option<&'n Mapping> {
        let mapping = node.as_mapping();
        if mapping.is_none() {
            self.wrong_type(what, "a mapping", node);
        }
        mapping
    }

    /// `true` or `false`, or a finding.
    fn boolean(&mut self, what: &str, node: &Node) -> Option<bool> {
        let value = node.as_bool();
        if value.is_none() {
            self.wrong_type(what, "`true` or `false`", node);
        }
        value
    }
}

/// An entry's value, if the key is there with something in it.
fn value_of<'n>(mapping: &'n Mapping, name: &str) -> Option<&'n Node> {
    mapping.get(name).map(|entry| &entry.value).filter(|node| !node.is_null())
}

/// The elements of a list, those of lists within it included.
fn flatten(node: &Node) -> Vec<&Node> {
    fn walk<'n>(node: &'n Node, out: &mut Vec<&'n Node>) {
        match node.as_sequence() {
            Some(items) => items.iter().for_each(|item| walk(item, out)),
            None => out.push(node),
        }
    }
    let mut out = Vec::new();
    walk(node, &mut out);
    out
}
