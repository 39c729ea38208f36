//! `parallel`: one job of the file becomes several, by number or by a matrix of variables.

use indexmap::IndexMap;

use super::{Reader, value_of};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::pipeline::keywords::Place;
use crate::pipeline::model::{Job, Variable};
use crate::yaml::{Node, Value};

/// The most jobs that GitLab makes of one.
const MAX_JOBS: usize = 200;

/// One of the jobs that a job becomes.
pub(super) struct Part {
    /// What its name has after the job's own: ` 1/3` or `: [a, b]`.
    pub(super) name: String,
    /// The variables of its place in the matrix.
    variables: Vec<(String, String, Span)>,
}

/// The jobs that a job becomes.
pub(super) fn jobs(job: &Job, parts: Vec<Part>) -> Vec<Job> {
    let total = parts.len();
    parts
        .into_iter()
        .enumerate()
        .map(|(index, part)| {
            let mut one = job.clone();
            one.group = Some(job.name.value.clone());
            one.name.value.push_str(&part.name);
            one.node = Some((index + 1, total));
            fill_needs(&mut one, &part.variables);
            for (name, value, span) in part.variables {
                let variable =
                    Variable { value, expand: true, description: None, options: vec![], span };
                one.variables.insert(name, variable);
            }
            one
        })
        .collect()
}

/// Replaces `$[[ matrix.NAME ]]` in the parts of other jobs that a job needs.
fn fill_needs(job: &mut Job, variables: &[(String, String, Span)]) {
    let rules = job.rules.iter_mut().flatten().filter_map(|rule| rule.needs.as_mut());
    for need in job.needs.iter_mut().chain(rules).flatten() {
        for part in need.matrix.iter_mut().flatten() {
            if part.contains("$[[") {
                *part = filled(part, variables);
            }
        }
    }
}

fn filled(text: &str, variables: &[(String, String, Span)]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, inside, after)) = rest
        .split_once("$[[")
        .and_then(|(before, from)| from.split_once("]]").map(|(i, after)| (before, i, after)))
    {
        out.push_str(before);
        let name = inside.trim().strip_prefix("matrix.");
        match variables.iter().find(|(other, ..)| Some(other.as_str()) == name) {
            Some((_, value, _)) => out.push_str(value),
            None => out.push_str(&format!("$[[{inside}]]")),
        }
        rest = after;
    }
    out + rest
}

impl Reader<'_> {
    /// What a job becomes; nothing if that cannot be told, which is a finding.
    pub(super) fn parallel(&mut self, node: &Node) -> Vec<Part> {
        if let Some(mapping) = node.as_mapping() {
            self.keywords(Place::Parallel, mapping);
            return match value_of(mapping, "matrix") {
                Some(matrix) => self.matrix(matrix),
                None => {
                    self.diagnostics.push(
                        Diagnostic::error(Code::WrongValue, "`parallel` has no matrix")
                            .label(node.span, "`matrix` is missing")
                            .help("write `parallel: 3`, or `matrix` with lists of variables"),
                    );
                    vec![]
                }
            };
        }
        let number = match node.value {
            Value::Integer(number) => usize::try_from(number).ok(),
            _ => None,
        };
        match number.filter(|number| (1..=MAX_JOBS).contains(number)) {
            Some(total) => (1..=total)
                .map(|n| Part { name: format!(" {n}/{total}"), variables: vec![] })
                .collect(),
            None => {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::WrongValue,
                        format!("`parallel` is a number from 1 to {MAX_JOBS}, or a matrix"),
                    )
                    .label(node.span, format!("this is {}", node.kind())),
                );
                vec![]
            }
        }
    }

    fn matrix(&mut self, node: &Node) -> Vec<Part> {
        let Some(rows) = node.as_sequence() else {
            self.wrong_type("`matrix`", "a list of variables with their values", node);
            return vec![];
        };
        let mut parts = Vec::new();
        for row in rows {
            let axes = self.axes(row);
            let count =
                axes.values().map(|(values, _)| values.len()).try_fold(1, usize::checked_mul);
            if count.is_none_or(|count| parts.len() + count > MAX_JOBS) {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::WrongValue,
                        format!("`matrix` makes more than {MAX_JOBS} jobs"),
                    )
                    .label(row.span, "too many")
                    .help("every value of a variable is combined with every one of the others"),
                );
                return vec![];
            }
            if !axes.is_empty() {
                parts.extend(product(&axes));
            }
        }
        parts
    }

    /// The variables of a row of the matrix with their values.
    fn axes(&mut self, row: &Node) -> IndexMap<String, (Vec<String>, Span)> {
        let mut axes = IndexMap::new();
        let Some(mapping) = self.mapping("an entry of `matrix`", row) else { return axes };
        for (name, entry) in mapping {
            let nodes = match entry.value.as_sequence() {
                Some(items) => items,
                None => std::slice::from_ref(&entry.value),
            };
            let mut values = Vec::new();
            for node in nodes {
                match node.scalar_text().filter(|_| node.as_bool().is_none()) {
                    Some(text) if !text.contains('\0') => values.push(text),
                    _ => {
                        self.wrong_type(&format!("a value of `{name}`"), "a string", node);
                    }
                }
            }
            axes.insert(name.clone(), (values, entry.key));
        }
        axes
    }
}

/// Every value of every variable with every one of the others; the last one changes first.
fn product(axes: &IndexMap<String, (Vec<String>, Span)>) -> Vec<Part> {
    let mut rows: Vec<Vec<(String, String, Span)>> = vec![vec![]];
    for (name, (values, span)) in axes {
        rows = rows
            .iter()
            .flat_map(|row| {
                values.iter().map(|value| {
                    let mut row = row.clone();
                    row.push((name.clone(), value.clone(), *span));
                    row
                })
            })
            .collect();
    }
    rows.into_iter()
        .map(|variables| {
            let values: Vec<&str> = variables.iter().map(|(_, value, _)| value.as_str()).collect();
            Part { name: format!(": [{}]", values.join(", ")), variables }
        })
        .collect()
}
