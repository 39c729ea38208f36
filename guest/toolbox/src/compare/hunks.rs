//! The difference of two files as hunks, and its formats.

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

/// How differences are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Normal,
    Unified(usize),
    Context(usize),
    Ed,
}

/// A file's lines, each with its end, and the keys that are compared.
pub(super) struct Lines<'a> {
    pub(super) lines: Vec<&'a [u8]>,
    pub(super) keys: Vec<Vec<u8>>,
}

/// Color of added and removed lines.
#[derive(Clone, Copy)]
pub(super) struct Paint(pub(super) bool);

impl Paint {
    fn line(self, out: &mut Vec<u8>, color: &str, mark: &str, line: &[u8]) {
        let (body, ended) = match line.strip_suffix(b"\n") {
            Some(body) => (body, true),
            None => (line, false),
        };
        if self.0 && !color.is_empty() {
            out.extend_from_slice(format!("\x1b[{color}m").as_bytes());
        }
        out.extend_from_slice(mark.as_bytes());
        out.extend_from_slice(body);
        if self.0 && !color.is_empty() {
            out.extend_from_slice(b"\x1b[0m");
        }
        out.push(b'\n');
        if !ended {
            out.extend_from_slice(b"\\ No newline at end of file\n");
        }
    }
}

/// The changes between two files.
pub(super) fn changes(old: &Lines<'_>, new: &Lines<'_>) -> Vec<DiffOp> {
    capture_diff_slices(Algorithm::Myers, &old.keys, &new.keys)
}

/// Whether anything that counts is different.
pub(super) fn differs(
    operations: &[DiffOp],
    old: &Lines<'_>,
    new: &Lines<'_>,
    ignorable: &dyn Fn(&[u8]) -> bool,
) -> bool {
    operations.iter().any(|operation| {
        !matches!(operation, DiffOp::Equal { .. })
            && old.lines[operation.old_range()]
                .iter()
                .chain(&new.lines[operation.new_range()])
                .any(|line| !ignorable(line))
    })
}

pub(super) fn show(
    format: Format,
    operations: Vec<DiffOp>,
    old: &Lines<'_>,
    new: &Lines<'_>,
    headers: [&str; 2],
    paint: Paint,
) -> Vec<u8> {
    let mut out = Vec::new();
    match format {
        Format::Normal => normal(&mut out, &operations, old, new, paint),
        Format::Ed => ed(&mut out, &operations, new),
        Format::Unified(context) => {
            out.extend_from_slice(format!("--- {}\n+++ {}\n", headers[0], headers[1]).as_bytes());
            for group in group_diff_ops(operations, context) {
                unified(&mut out, &group, old, new, paint);
            }
        }
        Format::Context(context) => {
            out.extend_from_slice(format!("*** {}\n--- {}\n", headers[0], headers[1]).as_bytes());
            for group in group_diff_ops(operations, context) {
                with_context(&mut out, &group, old, new, paint);
            }
        }
    }
    out
}

/// `3`, `3,5`: lines from 1.
fn span(start: usize, length: usize) -> String {
    match length {
        0 => start.to_string(),
        1 => (start + 1).to_string(),
        _ => format!("{},{}", start + 1, start + length),
    }
}

fn normal(
    out: &mut Vec<u8>,
    operations: &[DiffOp],
    old: &Lines<'_>,
    new: &Lines<'_>,
    paint: Paint,
) {
    for operation in operations {
        let (before, after) = (operation.old_range(), operation.new_range());
        let letter = match operation {
            DiffOp::Equal { .. } => continue,
            DiffOp::Delete { .. } => 'd',
            DiffOp::Insert { .. } => 'a',
            DiffOp::Replace { .. } => 'c',
        };
        let (left, right) = (span(before.start, before.len()), span(after.start, after.len()));
        out.extend_from_slice(format!("{left}{letter}{right}\n").as_bytes());
        for line in &old.lines[before] {
            paint.line(out, "31", "< ", line);
        }
        if letter == 'c' {
            out.extend_from_slice(b"---\n");
        }
        for line in &new.lines[after] {
            paint.line(out, "32", "> ", line);
        }
    }
}

/// A script for `ed`, from the end to the beginning.
fn ed(out: &mut Vec<u8>, operations: &[DiffOp], new: &Lines<'_>) {
    for operation in operations.iter().rev() {
        let (before, after) = (operation.old_range(), operation.new_range());
        let letter = match operation {
            DiffOp::Equal { .. } => continue,
            DiffOp::Delete { .. } => 'd',
            DiffOp::Insert { .. } => 'a',
            DiffOp::Replace { .. } => 'c',
        };
        out.extend_from_slice(format!("{}{letter}\n", span(before.start, before.len())).as_bytes());
        if letter != 'd' {
            for line in &new.lines[after] {
                out.extend_from_slice(line);
            }
            out.extend_from_slice(b".\n");
        }
    }
}

/// `3,4` of a unified hunk: first line and count.
fn unified_span(start: usize, length: usize) -> String {
    match length {
        0 => format!("{start},0"),
        1 => (start + 1).to_string(),
        _ => format!("{},{length}", start + 1),
    }
}

fn range(group: &[DiffOp], of: fn(&DiffOp) -> std::ops::Range<usize>) -> (usize, usize) {
    let start = group.first().map_or(0, |operation| of(operation).start);
    let end = group.last().map_or(0, |operation| of(operation).end);
    (start, end - start)
}

fn unified(out: &mut Vec<u8>, group: &[DiffOp], old: &Lines<'_>, new: &Lines<'_>, paint: Paint) {
    let (before, after) = (range(group, DiffOp::old_range), range(group, DiffOp::new_range));
    let header =
        format!("@@ -{} +{} @@", unified_span(before.0, before.1), unified_span(after.0, after.1));
    paint.line(out, "36", &header, b"\n");
    for operation in group {
        if let DiffOp::Equal { .. } = operation {
            for line in &old.lines[operation.old_range()] {
                paint.line(out, "", " ", line);
            }
            continue;
        }
        for line in &old.lines[operation.old_range()] {
            paint.line(out, "31", "-", line);
        }
        for line in &new.lines[operation.new_range()] {
            paint.line(out, "32", "+", line);
        }
    }
}

fn with_context(
    out: &mut Vec<u8>,
    group: &[DiffOp],
    old: &Lines<'_>,
    new: &Lines<'_>,
    paint: Paint,
) {
    let (before, after) = (range(group, DiffOp::old_range), range(group, DiffOp::new_range));
    out.extend_from_slice(b"***************\n");
    let deletes = |op: &DiffOp| matches!(op, DiffOp::Delete { .. } | DiffOp::Replace { .. });
    let inserts = |op: &DiffOp| matches!(op, DiffOp::Insert { .. } | DiffOp::Replace { .. });
    out.extend_from_slice(format!("*** {} ****\n", span(before.0, before.1)).as_bytes());
    if group.iter().any(deletes) {
        for operation in group {
            let (color, mark) = match operation {
                DiffOp::Equal { .. } => ("", "  "),
                DiffOp::Replace { .. } => ("31", "! "),
                _ => ("31", "- "),
            };
            for line in &old.lines[operation.old_range()] {
                paint.line(out, color, mark, line);
            }
        }
    }
    out.extend_from_slice(format!("--- {} ----\n", span(after.0, after.1)).as_bytes());
    if group.iter().any(inserts) {
        for operation in group {
            let (color, mark) = match operation {
                DiffOp::Equal { .. } => ("", "  "),
                DiffOp::Replace { .. } => ("32", "! "),
                _ => ("32", "+ "),
            };
            for line in &new.lines[operation.new_range()] {
                paint.line(out, color, mark, line);
            }
        }
    }
}
