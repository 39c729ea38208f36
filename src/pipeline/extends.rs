//! `extends`: a job takes over the entries of others, mappings merged deeply, lists replaced.

use std::collections::{HashMap, HashSet};

use super::budget::Budget;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Span, similar};
use crate::yaml::{Entry, Mapping, Node, Value};

/// GitLab follows a chain of eleven.
const MAX_LEVELS: usize = 11;

/// Replaces every job that extends others by what it becomes.
pub(super) fn resolve(
    root: &mut Mapping,
    budget: &mut Budget,
    diagnostics: &mut Diagnostics,
) -> Option<()> {
    let mut resolver = Resolver {
        root,
        done: HashMap::new(),
        chain: Vec::new(),
        incomplete: HashSet::new(),
        budget,
        diagnostics,
    };
    let names: Vec<String> = resolver
        .root
        .iter()
        .filter(|(_, entry)| bases_of(&entry.value).is_some())
        .map(|(name, _)| name.clone())
        .collect();
    for name in &names {
        resolver.job(name)?;
    }
    let done = resolver.done;
    for (name, job) in done {
        if let Some(entry) = root.get_mut(&name) {
            entry.value = job.node;
        }
    }
    Some(())
}

fn bases_of(node: &Node) -> Option<&Entry> {
    node.as_mapping()?.get("extends")
}

/// Puts `over` on top of `base`: mappings entry by entry, everything else replaced.
pub(super) fn deep_merge(base: &mut Mapping, over: &Mapping) {
    for (key, entry) in over {
        if let Some(below) = base.get_mut(key)
            && let Value::Mapping(lower) = &mut below.value.value
            && let Value::Mapping(upper) = &entry.value.value
        {
            deep_merge(lower, upper);
            below.key = entry.key;
        } else {
            base.insert(key.clone(), entry.clone());
        }
    }
}

struct Extended {
    node: Node,
    /// How many links the longest chain below has.
    levels: usize,
}

struct Resolver<'a> {
    root: &'a Mapping,
    done: HashMap<String, Extended>,
    /// The jobs that are being resolved, outermost first.
    chain: Vec<String>,
    /// Jobs with a base that is not there.
    incomplete: HashSet<String>,
    budget: &'a mut Budget,
    diagnostics: &'a mut Diagnostics,
}

impl Resolver<'_> {
    /// Resolves a job and gives the number of links below it. `None` if the budget is spent.
    fn job(&mut self, name: &str) -> Option<usize> {
        if let Some(done) = self.done.get(name) {
            return Some(done.levels);
        }
        let Some(entry) = self.root.get(name) else { return Some(0) };
        let Some(bases) = bases_of(&entry.value) else { return Some(0) };
        let Some(own) = entry.value.as_mapping() else { return Some(0) };
        self.chain.push(name.to_owned());
        let mut merged = Mapping::new();
        let mut levels = 0;
        for (base, span) in self.base_names(bases) {
            levels = levels.max(self.base(name, &base, span, &mut merged)? + 1);
        }
        self.chain.pop();
        self.budget.spend(&entry.value, entry.key, self.diagnostics)?;
        deep_merge(&mut merged, own);
        // A job whose bases are not all known keeps the keyword: what it lacks may be theirs.
        if !self.incomplete.contains(name) {
            merged.shift_remove("extends");
        }
        let node = Node { value: Value::Mapping(merged), ..entry.value.clone_shallow() };
        self.done.insert(name.to_owned(), Extended { node, levels });
        Some(levels)
    }

    /// Merges one base into what a job has so far.
    fn base(&mut self, job: &str, base: &str, span: Span, merged: &mut Mapping) -> Option<usize> {
        if let Some(start) = self.chain.iter().position(|name| name == base) {
            let mut circle: Vec<&str> = self.chain[start..].iter().map(String::as_str).collect();
            circle.push(base);
            self.diagnostics.push(
                Diagnostic::error(Code::ExtendsCircular, "`extends` goes in a circle")
                    .label(span, circle.join(" → "))
                    .help("take one of these out of its job's `extends`"),
            );
            self.incomplete.insert(job.to_owned());
            return Some(0);
        }
        let Some(entry) = self.root.get(base) else {
            let finding = Diagnostic::error(
                Code::ExtendsUnknown,
                format!("`{job}` extends `{base}`, which does not exist"),
            )
            .label(span, "no job has this name");
            let similar = similar(base, self.root.keys().map(String::as_str));
            self.diagnostics.push(match similar {
                Some(similar) => finding.help(format!("did you mean `{similar}`?")),
                None => finding.help("hidden jobs start with a dot"),
            });
            self.incomplete.insert(job.to_owned());
            return Some(0);
        };
        if entry.value.as_mapping().is_none() {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::ExtendsUnknown,
                    format!("`{job}` extends `{base}`, which is not a job"),
                )
                .label(span, "named here")
                .label(entry.key, format!("this is {}", entry.value.kind()))
                .help("use `!reference` for a part that is not a mapping"),
            );
            self.incomplete.insert(job.to_owned());
            return Some(0);
        }
        let below = self.done.get(base).map(|done| done.levels);
        if self.chain.len() + below.unwrap_or(0) > MAX_LEVELS {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::ExtendsTooDeep,
                    format!("a chain of `extends` is longer than {MAX_LEVELS}"),
                )
                .label(span, format!("from `{}` to here", self.chain[0]))
                .help("extend several jobs at once: `extends: [.one, .two]`"),
            );
            self.incomplete.insert(job.to_owned());
            return Some(0);
        }
        let levels = self.job(base)?;
        let resolved = match self.done.get(base) {
            Some(done) => &done.node,
            None => &entry.value,
        };
        if self.incomplete.contains(base) {
            self.incomplete.insert(job.to_owned());
        }
        self.budget.spend(resolved, span, self.diagnostics)?;
        if let Some(mapping) = resolved.as_mapping() {
            deep_merge(merged, mapping);
        }
        Some(levels)
    }

    fn base_names(&mut self, bases: &Entry) -> Vec<(String, Span)> {
        let nodes = match &bases.value.value {
            Value::Null => return Vec::new(),
            Value::Sequence(_) if bases.value.tag.is_none() => {
                bases.value.as_sequence().unwrap_or_default()
            }
            _ => std::slice::from_ref(&bases.value),
        };
        let mut names = Vec::new();
        for node in nodes {
            match node.as_str() {
                Some(name) => names.push((name.to_owned(), node.span)),
                None => self.diagnostics.push(
                    Diagnostic::error(Code::WrongType, "`extends` takes the names of jobs")
                        .label(node.span, format!("this is {}", node.kind()))
                        .help("write `extends: .name` or `extends: [.one, .two]`"),
                ),
            }
        }
        names
    }
}
