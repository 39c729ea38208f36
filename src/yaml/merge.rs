//! Keys that come twice, and merge keys (`<<`).
//!
//! Psych takes a mapping's entries in their order, merge keys included: the last value of a key
//! counts, even where the merge key stands below an entry of the mapping itself. YAML's own rule
//! is the opposite there, so that case is worth a warning.

use std::collections::HashSet;

use super::{Entry, Mapping, Node, Value};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Span};

/// A mapping being read.
#[derive(Default)]
pub(super) struct Builder {
    mapping: Mapping,
    /// Keys whose value came in through a merge key.
    merged: HashSet<String>,
}

impl Builder {
    pub(super) fn finish(self) -> Mapping {
        self.mapping
    }

    pub(super) fn insert(&mut self, key: String, entry: Entry, diagnostics: &mut Diagnostics) {
        // An entry that a merge brought in is meant to be replaced.
        if !self.merged.remove(&key)
            && let Some(first) = self.mapping.get(&key)
        {
            diagnostics.push(
                Diagnostic::warning(Code::DuplicateKey, format!("the key `{key}` is there twice"))
                    .label(entry.key, "this one counts, as on GitLab")
                    .label(first.key, "this one is lost")
                    .help("remove one of them, or merge what they say"),
            );
        }
        self.mapping.insert(key, entry);
    }

    /// Takes over the entries of `value`, which stands at a merge key.
    pub(super) fn merge(&mut self, value: Node, at: Span, diagnostics: &mut Diagnostics) {
        let kind = value.kind();
        match value.value {
            Value::Mapping(mapping) => self.take(mapping, at, diagnostics),
            Value::Sequence(items)
                if value.tag.is_none() && items.iter().all(|item| item.as_mapping().is_some()) =>
            {
                // Of several mappings the first one has the last word.
                let mut all = Mapping::new();
                for item in items.into_iter().rev() {
                    if let Value::Mapping(mapping) = item.value {
                        all.extend(mapping);
                    }
                }
                self.take(all, at, diagnostics);
            }
            _ => {
                diagnostics.push(
                    Diagnostic::error(Code::MergeValue, "`<<` merges mappings only")
                        .label(value.span, format!("this is {kind}"))
                        .help(
                            "write `<<: *anchor` or `<<: [*one, *two]`, with anchors of mappings",
                        ),
                );
            }
        }
    }

    fn take(&mut self, mapping: Mapping, at: Span, diagnostics: &mut Diagnostics) {
        for (key, entry) in mapping {
            if let Some(own) = self.mapping.get(&key)
                && !self.merged.contains(&key)
                && !own.value.same_as(&entry.value)
            {
                diagnostics.push(
                    Diagnostic::warning(
                        Code::MergeOverride,
                        format!("the merge replaces `{key}`, which stands above it"),
                    )
                    .label(own.key, "this is lost, as on GitLab")
                    .label(at, "the later one counts")
                    .help("move `<<` to the top of the mapping"),
                );
            }
            self.merged.insert(key.clone());
            self.mapping.insert(key, entry);
        }
    }
}
