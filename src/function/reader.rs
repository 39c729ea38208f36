//! What reading steps and functions have in common.

use super::place::Text;
use super::step::is_name;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Span, similar};
use crate::yaml::{Mapping, Node};

/// Reads nodes and tells what is wrong with them.
pub(super) struct Reader<'a> {
    pub(super) diagnostics: &'a mut Diagnostics,
}

/// An entry's value, if the key is there with something in it.
pub(super) fn value_of<'n>(mapping: &'n Mapping, name: &str) -> Option<&'n Node> {
    mapping.get(name).map(|entry| &entry.value).filter(|node| !node.is_null())
}

impl Reader<'_> {
    pub(super) fn wrong_type(&mut self, what: &str, expected: &str, node: &Node) {
        self.diagnostics.push(
            Diagnostic::error(Code::WrongType, format!("{what} must be {expected}"))
                .label(node.span, format!("this is {}", node.kind())),
        );
    }

    /// A string. Other scalars are taken as their text, as everywhere in a `func.yml`.
    pub(super) fn string(&mut self, what: &str, node: &Node) -> Option<String> {
        let text = node.scalar_text();
        if text.is_none() {
            self.wrong_type(what, "a string", node);
        }
        text
    }

    /// Tells of a key that is not among those of its place.
    pub(super) fn known(&mut self, name: &str, key: Span, place: &str, names: &[&str]) -> bool {
        if names.contains(&name) {
            return true;
        }
        let finding =
            Diagnostic::error(Code::UnknownKeyword, format!("{place} has no keyword `{name}`"))
                .label(key, "unknown keyword");
        self.diagnostics.push(match similar(name, names.iter().copied()) {
            Some(similar) => finding.help(format!("did you mean `{similar}`?")),
            None => finding.help(format!("known here: {}", names.join(", "))),
        });
        false
    }

    pub(super) fn deprecated(&mut self, message: &str, at: Span, help: &str) {
        self.diagnostics.push(
            Diagnostic::warning(Code::Deprecated, message).label(at, "the old name").help(help),
        );
    }

    /// `env:`: names and texts.
    pub(super) fn env(&mut self, node: &Node) -> Vec<(String, Text)> {
        let Some(mapping) = node.as_mapping() else {
            self.wrong_type("`env`", "a mapping of names to texts", node);
            return vec![];
        };
        let mut env = Vec::with_capacity(mapping.len());
        for (name, entry) in mapping {
            if !is_name(name) {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::VariableInvalid,
                        format!("a variable cannot be named `{name}`"),
                    )
                    .label(entry.key, "not a name")
                    .help("names have letters, digits and `_`, and do not begin with a digit"),
                );
                continue;
            }
            let Some(text) = self.string(&format!("`{name}`"), &entry.value) else { continue };
            env.extend(
                Text::read(&entry.value, &text, self.diagnostics).map(|text| (name.clone(), text)),
            );
        }
        env
    }
}
