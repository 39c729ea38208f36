//! A node against its shape.

use super::{Field, Shape};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, similar};
use crate::yaml::{Mapping, Node, Value};

impl Shape {
    /// Checks a node; `what` is the path of keywords that leads to it, as in `artifacts:reports`.
    pub(in crate::pipeline) fn check(
        &self,
        what: &str,
        node: &Node,
        diagnostics: &mut Diagnostics,
    ) {
        // What an input or a matrix will put there is not known before it does, nor what stands in
        // a file that could not be had.
        let unknown = node.is_null() && diagnostics.is_incomplete();
        if unknown || node.as_str().is_some_and(|text| text.contains("$[[")) {
            return;
        }
        match self {
            Self::Any => {}
            Self::Word(words) => word(what, words, node, diagnostics),
            Self::Form(test, expected) => match node.as_str() {
                Some(text) if test(text) => {}
                Some(text) => {
                    let message = format!("`{what}` cannot be `{text}`");
                    wrong_value(message, expected, node, diagnostics);
                }
                None => wrong_type(what, "a string", node, diagnostics),
            },
            Self::List(of, min, max) => list(what, of, *min, *max, node, diagnostics),
            Self::Map(fields) => match node.as_mapping() {
                Some(mapping) => map(what, fields, mapping, node, diagnostics),
                None => wrong_type(what, "a mapping", node, diagnostics),
            },
            Self::Names(of) => match node.as_mapping() {
                Some(mapping) => {
                    for (name, entry) in mapping {
                        of.check(&format!("{what}:{name}"), &entry.value, diagnostics);
                    }
                }
                None => wrong_type(what, "a mapping", node, diagnostics),
            },
            Self::Either(shapes, expected) => match shapes.iter().find(|shape| shape.fits(node)) {
                Some(shape) => shape.check(what, node, diagnostics),
                None => wrong_type(what, expected, node, diagnostics),
            },
            Self::OneKeyOf(keys, shape) => {
                shape.check(what, node, diagnostics);
                if let Some(mapping) = node.as_mapping()
                    && !keys.iter().any(|key| mapping.contains_key(*key))
                {
                    let names: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
                    diagnostics.push(
                        Diagnostic::error(Code::WrongValue, format!("`{what}` is not complete"))
                            .label(node.span, format!("one of {} is missing", names.join(", "))),
                    );
                }
            }
            Self::Together(key, other, shape) => {
                shape.check(what, node, diagnostics);
                if let Some(mapping) = node.as_mapping()
                    && let Some(entry) = mapping.get(*key)
                    && !mapping.contains_key(*other)
                {
                    diagnostics.push(
                        Diagnostic::error(Code::WrongValue, format!("`{what}` is not complete"))
                            .label(entry.key, format!("with it, `{other}` is needed")),
                    );
                }
            }
            Self::NonEmpty if node.as_str().is_some_and(|text| text.trim().is_empty()) => {
                let message = format!("`{what}` is empty");
                wrong_value(message, "a text", node, diagnostics);
            }
            Self::Integer(min, max) if !in_range(node, *min, *max) => {
                let expected = match max {
                    &i128::MAX => "a whole number".to_owned(),
                    max => format!("a whole number from {min} to {max}"),
                };
                if matches!(node.value, Value::Integer(_)) {
                    let message = format!("`{what}` is out of its range");
                    wrong_value(message, &expected, node, diagnostics);
                } else {
                    wrong_type(what, &expected, node, diagnostics);
                }
            }
            Self::Text | Self::NonEmpty if node.as_str().is_none() => {
                wrong_type(what, "a string", node, diagnostics);
            }
            Self::Scalar if !self.fits(node) => {
                wrong_type(what, "a string or a number", node, diagnostics);
            }
            Self::Bool if !self.fits(node) => {
                wrong_type(what, "`true` or `false`", node, diagnostics);
            }
            _ => {}
        }
    }

    /// Whether a node is of this shape's type, whatever is in it.
    fn fits(&self, node: &Node) -> bool {
        match self {
            Self::Any => true,
            Self::Text | Self::NonEmpty | Self::Word(_) | Self::Form(..) => node.as_str().is_some(),
            Self::Scalar => {
                matches!(node.value, Value::String(_) | Value::Integer(_) | Value::Float(_))
            }
            Self::Bool => node.as_bool().is_some(),
            Self::Integer(..) => matches!(node.value, Value::Integer(_)),
            Self::List(..) => node.as_sequence().is_some(),
            Self::Map(_) | Self::Names(_) | Self::OneKeyOf(..) | Self::Together(..) => {
                node.as_mapping().is_some()
            }
            Self::Either(shapes, _) => shapes.iter().any(|shape| shape.fits(node)),
        }
    }
}

fn in_range(node: &Node, min: i128, max: i128) -> bool {
    matches!(node.value, Value::Integer(number) if (min..=max).contains(&number))
}

fn word(what: &str, words: &[&'static str], node: &Node, diagnostics: &mut Diagnostics) {
    let Some(text) = node.as_str() else {
        wrong_type(what, "a string", node, diagnostics);
        return;
    };
    if words.contains(&text) {
        return;
    }
    let finding = Diagnostic::error(Code::WrongValue, format!("`{what}` cannot be `{text}`"))
        .label(node.span, format!("expected one of: {}", words.join(", ")));
    diagnostics.push(match similar(text, words.iter().copied()) {
        Some(similar) => finding.help(format!("did you mean `{similar}`?")),
        None => finding,
    });
}

fn list(
    what: &str,
    of: &Shape,
    min: usize,
    max: usize,
    node: &Node,
    diagnostics: &mut Diagnostics,
) {
    let Some(items) = node.as_sequence() else {
        wrong_type(what, "a list", node, diagnostics);
        return;
    };
    if items.len() < min {
        diagnostics.push(
            Diagnostic::error(Code::WrongValue, format!("`{what}` is empty"))
                .label(node.span, "expected at least one entry")
                .help("leave the keyword out if there is nothing to say"),
        );
    } else if items.len() > max {
        diagnostics.push(
            Diagnostic::error(Code::WrongValue, format!("`{what}` has {} entries", items.len()))
                .label(node.span, format!("GitLab takes {max} at most")),
        );
    }
    for item in items {
        of.check(what, item, diagnostics);
    }
}

fn map(
    what: &str,
    fields: &[Field],
    mapping: &Mapping,
    node: &Node,
    diagnostics: &mut Diagnostics,
) {
    for (name, entry) in mapping {
        if let Some(field) = fields.iter().find(|field| field.name == name) {
            if !entry.value.is_null() {
                field.shape.check(&format!("{what}:{name}"), &entry.value, diagnostics);
            }
            continue;
        }
        let names = || fields.iter().map(|field| field.name);
        let finding =
            Diagnostic::error(Code::UnknownKeyword, format!("`{what}` has no keyword `{name}`"))
                .label(entry.key, "unknown keyword");
        diagnostics.push(match similar(name, names()) {
            Some(similar) => finding.help(format!("did you mean `{similar}`?")),
            None => finding.help(format!("known here: {}", names().collect::<Vec<_>>().join(", "))),
        });
    }
    for field in fields.iter().filter(|field| field.required) {
        if mapping.get(field.name).is_none_or(|entry| entry.value.is_null()) {
            diagnostics.push(
                Diagnostic::error(Code::WrongValue, format!("`{what}` is not complete"))
                    .label(node.span, format!("`{}` is missing", field.name)),
            );
        }
    }
}

fn wrong_type(what: &str, expected: &str, node: &Node, diagnostics: &mut Diagnostics) {
    let finding = Diagnostic::error(Code::WrongType, format!("`{what}` must be {expected}"))
        .label(node.span, format!("this is {}", node.kind()));
    let written = diagnostics.sources().slice(node.span).to_owned();
    diagnostics.push(match node.scalar_text() {
        Some(_) if expected.contains("string") && !written.contains(['\n', '"']) => {
            finding.help(format!("quote it: \"{written}\""))
        }
        _ => finding,
    });
}

fn wrong_value(message: String, expected: &str, node: &Node, diagnostics: &mut Diagnostics) {
    diagnostics.push(
        Diagnostic::error(Code::WrongValue, message)
            .label(node.span, format!("expected {expected}")),
    );
}
