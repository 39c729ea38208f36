//! `!reference [job, keyword, …]`: a part of the file, taken over at another place.

use super::budget::Budget;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, similar};
use crate::yaml::{Mapping, Node, Tag, Value};

/// References within references that GitLab follows.
const MAX_LEVELS: usize = 10;

/// Replaces every reference by what it names.
pub(super) fn resolve(
    root: &mut Mapping,
    budget: &mut Budget,
    diagnostics: &mut Diagnostics,
) -> Option<()> {
    if !root.values().any(|entry| contains_reference(&entry.value)) {
        return Some(());
    }
    let source = root.clone();
    let mut resolver = Resolver { root: &source, chain: Vec::new(), budget, diagnostics };
    for entry in root.values_mut() {
        resolver.node(&mut entry.value)?;
    }
    Some(())
}

fn contains_reference(node: &Node) -> bool {
    match &node.value {
        _ if node.tag == Some(Tag::Reference) => true,
        Value::Sequence(items) => items.iter().any(contains_reference),
        Value::Mapping(mapping) => mapping.values().any(|entry| contains_reference(&entry.value)),
        _ => false,
    }
}

struct Resolver<'a> {
    root: &'a Mapping,
    /// The references that are being followed, outermost first.
    chain: Vec<Vec<String>>,
    budget: &'a mut Budget,
    diagnostics: &'a mut Diagnostics,
}

impl<'a> Resolver<'a> {
    fn node(&mut self, node: &mut Node) -> Option<()> {
        if node.tag == Some(Tag::Reference) {
            *node = self.reference(node)?;
            return Some(());
        }
        match &mut node.value {
            Value::Sequence(items) => items.iter_mut().try_for_each(|item| self.node(item)),
            Value::Mapping(mapping) => {
                mapping.values_mut().try_for_each(|entry| self.node(&mut entry.value))
            }
            _ => Some(()),
        }
    }

    fn reference(&mut self, node: &Node) -> Option<Node> {
        let nothing = Node::new(node.span, Value::Null);
        let Some(path) = self.path(node) else { return Some(nothing) };
        let shown = path.join(", ");
        if self.chain.contains(&path) {
            self.diagnostics.push(
                Diagnostic::error(Code::ReferenceCircular, "a `!reference` leads back to itself")
                    .label(node.span, format!("`[{shown}]` is being followed already"))
                    .help("take the circle apart: copy the part that both need"),
            );
            return Some(nothing);
        }
        if self.chain.len() >= MAX_LEVELS {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::ReferenceCircular,
                    format!("references are nested more than {MAX_LEVELS} deep"),
                )
                .label(node.span, "this one is too deep"),
            );
            return Some(nothing);
        }
        let Some(target) = self.find(&path, node) else { return Some(nothing) };
        self.budget.spend(target, node.span, self.diagnostics)?;
        let mut copy = target.clone();
        self.chain.push(path);
        self.node(&mut copy)?;
        self.chain.pop();
        Some(copy)
    }

    fn path(&mut self, node: &Node) -> Option<Vec<String>> {
        let Value::Sequence(items) = &node.value else { return None };
        let path: Option<Vec<String>> = items.iter().map(path_part).collect();
        let path = path.filter(|path| !path.is_empty());
        if path.is_none() {
            self.diagnostics.push(
                Diagnostic::error(Code::ReferenceInvalid, "a `!reference` is a list of names")
                    .label(node.span, "not every entry is a name")
                    .help("write `!reference [job, keyword]`"),
            );
        }
        path
    }

    fn find(&mut self, path: &[String], node: &Node) -> Option<&'a Node> {
        let first = path.first()?;
        let mut entry = match self.root.get(first) {
            Some(entry) => &entry.value,
            None => {
                let names = self.root.keys().map(String::as_str);
                self.missing("the file has no", first, names, node);
                return None;
            }
        };
        for (index, name) in path.iter().enumerate().skip(1) {
            let shown = path[..index].join(", ");
            entry = match &entry.value {
                Value::Mapping(mapping) => match mapping.get(name) {
                    Some(entry) => &entry.value,
                    None => {
                        let names = mapping.keys().map(String::as_str);
                        self.missing(&format!("`{shown}` has no"), name, names, node);
                        return None;
                    }
                },
                Value::Sequence(items) if name.parse::<usize>().is_ok() => {
                    let item = name.parse::<usize>().ok().and_then(|number| items.get(number));
                    if item.is_none() {
                        self.missing(&format!("`{shown}` has no entry"), name, [], node);
                    }
                    item?
                }
                _ => {
                    self.diagnostics.push(
                        Diagnostic::error(
                            Code::ReferenceUnknown,
                            format!("`{shown}` has no entries to refer to"),
                        )
                        .label(node.span, "not found")
                        .label(entry.span, format!("this is {}", entry.kind())),
                    );
                    return None;
                }
            };
        }
        Some(entry)
    }

    fn missing<'n>(
        &mut self,
        place: &str,
        name: &str,
        names: impl IntoIterator<Item = &'n str>,
        node: &Node,
    ) {
        let finding =
            Diagnostic::error(Code::ReferenceUnknown, format!("{place} `{name}` to refer to"))
                .label(node.span, "not found");
        self.diagnostics.push(match similar(name, names) {
            Some(similar) => finding.help(format!("did you mean `{similar}`?")),
            None => finding,
        });
    }
}

/// A name, or the number of a list's entry.
fn path_part(node: &Node) -> Option<String> {
    match node.value {
        Value::String(_) | Value::Integer(_) => node.scalar_text(),
        _ => None,
    }
}
