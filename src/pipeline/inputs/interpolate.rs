//! `$[[ … ]]` in a file, replaced by the values of its inputs.
//!
//! As on GitLab the tree is replaced and not the text: a block that is all of a string becomes its
//! value with its type, a block within a string becomes text. What comes out is not looked at again.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::Value;
use super::functions::{self, Lookup};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Span, similar};
use crate::yaml::{Entry, Mapping, Node, Value as Yaml, limits};

/// The most different blocks that GitLab replaces in a file.
const MAX_BLOCKS: usize = 10_000;

/// What blocks may name.
pub(in crate::pipeline) struct Contexts<'a> {
    /// `inputs.NAME`
    pub(in crate::pipeline) inputs: &'a IndexMap<String, Value>,
    /// `component.NAME`, if the header asks for it.
    pub(in crate::pipeline) component: &'a IndexMap<String, String>,
    /// Variables, for `expand_vars`.
    pub(in crate::pipeline) variables: Lookup<'a>,
}

/// Replaces the blocks of a file. `None` if what comes out is too much, which is told.
pub(in crate::pipeline) fn interpolate(
    root: Mapping,
    contexts: &Contexts<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Mapping> {
    let mut pass = Pass { contexts, blocks: HashMap::new(), bytes: 0, nodes: 0, diagnostics };
    pass.mapping(root)
}

struct Pass<'a> {
    contexts: &'a Contexts<'a>,
    /// The values of the blocks found so far.
    blocks: HashMap<String, Option<Value>>,
    /// What was put in so far.
    bytes: usize,
    nodes: usize,
    diagnostics: &'a mut Diagnostics,
}

impl Pass<'_> {
    fn mapping(&mut self, mapping: Mapping) -> Option<Mapping> {
        let mut out = Mapping::with_capacity(mapping.len());
        for (key, Entry { key: span, value }) in mapping {
            let key = if key.contains("$[[") { self.text(&key, span)? } else { key };
            let value = self.node(value)?;
            out.insert(key, Entry { key: span, value });
        }
        Some(out)
    }

    fn node(&mut self, node: Node) -> Option<Node> {
        let Node { span, tag, value } = node;
        let value = match value {
            Yaml::String(text) if text.contains("$[[") => match whole(&text) {
                Some((_, inside)) => {
                    let Some(value) = self.block(inside, &text, span)? else {
                        return Some(Node { span, tag, value: Yaml::String(text) });
                    };
                    let node = value.to_node(span);
                    self.nodes += node.count();
                    self.spend(value.text().len(), span)?;
                    return Some(node);
                }
                None => Yaml::String(self.text(&text, span)?),
            },
            Yaml::Sequence(items) => Yaml::Sequence(
                items.into_iter().map(|item| self.node(item)).collect::<Option<_>>()?,
            ),
            Yaml::Mapping(mapping) => Yaml::Mapping(self.mapping(mapping)?),
            other => other,
        };
        Some(Node { span, tag, value })
    }

    /// A text with its blocks replaced.
    fn text(&mut self, text: &str, span: Span) -> Option<String> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, written, inside, after)) = next(rest) {
            out.push_str(before);
            match self.block(inside, text, span)? {
                Some(value) => out.push_str(&value.text()),
                None => out.push_str(written),
            }
            rest = after;
        }
        out.push_str(rest);
        self.spend(out.len(), span)?;
        Some(out)
    }

    fn spend(&mut self, bytes: usize, span: Span) -> Option<()> {
        self.bytes += bytes;
        if self.bytes <= limits::MAX_TEXT_BYTES && self.nodes <= limits::MAX_NODES {
            return Some(());
        }
        self.diagnostics.push(
            Diagnostic::error(Code::YamlTooBig, "the inputs make the file too big")
                .label(span, "the limit is reached here")
                .help("use large inputs in fewer places"),
        );
        None
    }

    /// The value of a block; the inner `None` leaves it as it is written. The outer `None` ends all.
    #[expect(clippy::option_option, reason = "two different ends")]
    fn block(&mut self, inside: &str, text: &str, span: Span) -> Option<Option<Value>> {
        if let Some(value) = self.blocks.get(inside) {
            return Some(value.clone());
        }
        if self.blocks.len() >= MAX_BLOCKS {
            let message = format!("the file has more than {MAX_BLOCKS} blocks to replace");
            self.diagnostics
                .push(Diagnostic::error(Code::YamlTooBig, message).label(span, "one too many"));
            return None;
        }
        let value = match self.evaluate(inside) {
            Ok(value) => value,
            Err((message, help)) => {
                let at = self.diagnostics.sources().slice(span).find(inside);
                let place = match (at, text.is_empty()) {
                    (Some(at), false) => {
                        let start = span.start + u32::try_from(at).unwrap_or(0);
                        let length = u32::try_from(inside.len()).unwrap_or(0);
                        Span { start, end: start + length, ..span }
                    }
                    _ => span,
                };
                let finding = Diagnostic::error(Code::InputInvalid, message).label(place, "here");
                self.diagnostics.push(match help {
                    Some(help) => finding.help(help),
                    None => finding,
                });
                None
            }
        };
        self.blocks.insert(inside.to_owned(), value.clone());
        Some(value)
    }

    fn evaluate(&self, inside: &str) -> Result<Option<Value>, (String, Option<String>)> {
        let mut parts = inside.split('|').map(str::trim);
        let access = parts.next().unwrap_or_default();
        let functions: Vec<&str> = parts.collect();
        let (context, path) = access.split_once('.').unwrap_or((access, ""));
        let value = match context {
            // `parallel:matrix` fills these in.
            "matrix" => return Ok(None),
            "inputs" => self.input(path)?,
            "component" => match self.contexts.component.get(path) {
                Some(text) => Value::Text(text.clone()),
                None => {
                    let help = "list it in `spec:component`: name, reference, sha or version";
                    let message = format!("`component.{path}` is not known here");
                    return Err((message, Some(help.to_owned())));
                }
            },
            _ => {
                return Err((
                    format!("a block cannot name `{context}`"),
                    Some("write `$[[ inputs.NAME ]]`".to_owned()),
                ));
            }
        };
        match functions::apply(&functions, &value, self.contexts.variables) {
            Ok(value) => Ok(Some(value)),
            Err(message) => Err((message, None)),
        }
    }

    /// An input, or a part of one: `list[0]`, `list[0].name`.
    fn input(&self, path: &str) -> Result<Value, (String, Option<String>)> {
        let mut names = path.split('.');
        let first = names.next().unwrap_or_default();
        let (name, numbers) = first.split_once('[').unwrap_or((first, ""));
        let Some(input) = self.contexts.inputs.get(name) else {
            let known = self.contexts.inputs.keys().map(String::as_str);
            let help = match similar(name, known) {
                Some(similar) => format!("did you mean `{similar}`?"),
                None => "declare it in `spec:inputs`".to_owned(),
            };
            return Err((format!("there is no input `{name}`"), Some(help)));
        };
        let missing = || (format!("the input `{name}` has no `{path}`"), None);
        let mut value = entries(input, numbers).ok_or_else(missing)?;
        for name in names {
            let (name, numbers) = name.split_once('[').unwrap_or((name, ""));
            let Value::Mapping(inner) = value else { return Err(missing()) };
            let found = inner.iter().find(|(other, _)| other == name).ok_or_else(missing)?;
            value = entries(&found.1, numbers).ok_or_else(missing)?;
        }
        Ok(value.clone())
    }
}

/// The entry of a list that `0]` names, or `0][1]` of a list of lists.
fn entries<'v>(value: &'v Value, numbers: &str) -> Option<&'v Value> {
    numbers.split('[').filter(|number| !number.is_empty()).try_fold(value, |value, number| {
        let number: usize = number.strip_suffix(']')?.trim().parse().ok()?;
        match value {
            Value::List(items) => items.get(number),
            _ => None,
        }
    })
}

/// The next block: what is before it, itself, what is in it, and what comes after.
fn next(text: &str) -> Option<(&str, &str, &str, &str)> {
    let start = text.find("$[[")?;
    let length = text[start + 3..].find("]]")? + 5;
    // `]]]`: the first one belongs to what is inside, as in `$[[ inputs.list[0]]]`.
    let length = length + text[start + length..].bytes().take_while(|b| *b == b']').count();
    let (written, after) = text[start..].split_at(length);
    Some((&text[..start], written, written[3..length - 2].trim(), after))
}

/// The inside of a text that is one block and nothing else.
fn whole(text: &str) -> Option<(&str, &str)> {
    match next(text)? {
        ("", written, inside, "") => Some((written, inside)),
        _ => None,
    }
}
