//! Nodes as YAML that reads back as the same nodes, here and on GitLab.

use super::scalar::{Plain, plain, ruby_float};
use super::{Mapping, Node, Value};

/// The text of a mapping, in block style.
pub fn write(mapping: &Mapping) -> String {
    let mut out = String::new();
    if mapping.is_empty() {
        out.push_str("{}\n");
    }
    for (index, (key, entry)) in mapping.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        self::entry(key, &entry.value, 0, &mut out);
    }
    out
}

/// A key with its value; the cursor stands at `indent`.
fn entry(key: &str, value: &Node, indent: usize, out: &mut String) {
    out.push_str(&inline(key));
    out.push(':');
    match &value.value {
        Value::Mapping(mapping) if !mapping.is_empty() => {
            out.push('\n');
            entries(mapping, indent + 2, out);
        }
        Value::Sequence(items) if !items.is_empty() => {
            out.push('\n');
            elements(items, indent + 2, out);
        }
        other => {
            out.push(' ');
            scalar(other, indent + 2, out);
        }
    }
}

fn entries(mapping: &Mapping, indent: usize, out: &mut String) {
    for (key, entry) in mapping {
        spaces(indent, out);
        self::entry(key, &entry.value, indent, out);
    }
}

fn elements(items: &[Node], indent: usize, out: &mut String) {
    for item in items {
        spaces(indent, out);
        out.push_str("- ");
        match &item.value {
            Value::Mapping(mapping) if !mapping.is_empty() => {
                for (index, (key, entry)) in mapping.iter().enumerate() {
                    if index > 0 {
                        spaces(indent + 2, out);
                    }
                    self::entry(key, &entry.value, indent + 2, out);
                }
            }
            Value::Sequence(inner) if !inner.is_empty() => {
                // On a line of its own: a dash after a dash is hard to read.
                out.truncate(out.trim_end_matches(' ').len());
                out.push('\n');
                elements(inner, indent + 2, out);
            }
            other => scalar(other, indent + 2, out),
        }
    }
}

fn spaces(count: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', count));
}

/// What has no entries, and the end of its line.
fn scalar(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Integer(value) => out.push_str(&value.to_string()),
        Value::Float(value) => out.push_str(&float(*value)),
        Value::String(text) if block(text, indent, out) => return,
        Value::String(text) => out.push_str(&inline(text)),
        Value::Sequence(_) => out.push_str("[]"),
        Value::Mapping(_) => out.push_str("{}"),
    }
    out.push('\n');
}

fn float(value: f64) -> String {
    match value {
        _ if value.is_nan() => ".nan".to_owned(),
        f64::INFINITY => ".inf".to_owned(),
        f64::NEG_INFINITY => "-.inf".to_owned(),
        _ => ruby_float(value),
    }
}

/// Writes a text of several lines as a block, if one can hold it as it is.
fn block(text: &str, indent: usize, out: &mut String) -> bool {
    let core = text.trim_end_matches('\n');
    let fits = core.contains('\n') || (!core.is_empty() && text.len() > core.len());
    // The first line's blanks would be taken for the block's indentation, and a text that ends with
    // empty lines would take in those between the entries of the file.
    let ends = text.len() - core.len();
    if !fits
        || ends > 1
        || core.starts_with([' ', '\t', '\n'])
        || text.chars().any(|c| c != '\n' && needs_escape(c))
    {
        return false;
    }
    out.push_str(if ends == 0 { "|-\n" } else { "|\n" });
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        if !line.is_empty() {
            spaces(indent, out);
            out.push_str(line);
        }
        out.push('\n');
    }
    true
}

/// A text on one line, in quotes if it would be something else without.
fn inline(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if needs_escape(c) => match u32::from(c) {
                code @ 0..=0xff => out.push_str(&format!("\\x{code:02x}")),
                code @ 0x100..=0xffff => out.push_str(&format!("\\u{code:04x}")),
                code => out.push_str(&format!("\\U{code:08x}")),
            },
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Whether a text without quotes is read as this very string.
fn is_plain(text: &str) -> bool {
    let first =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '$' | '(' | '+');
    text.starts_with(first)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.contains(['\n', '\t'])
        && !text.starts_with("...")
        && !text.chars().any(needs_escape)
        // The reader folds nothing, but others take these for flow collections inside of one.
        && !text.contains(['[', ']', '{', '}', ','])
        && matches!(plain(text), Plain::Value(Value::String(read)) if read == text)
}

/// Whether a character may not stand in YAML as it is, or breaks lines in it.
fn needs_escape(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{85}' | '\u{a0}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => true,
        '\u{fffe}' | '\u{ffff}' => true,
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        c => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::diagnostic::{Diagnostics, Span};
    use crate::yaml::{Entry, parse};

    fn node(value: Value) -> Node {
        Node::new(Span::default(), value)
    }

    fn entry(value: Node) -> Entry {
        Entry { key: Span::default(), value }
    }

    fn read(text: &str) -> Node {
        let mut diagnostics = Diagnostics::new();
        let documents = parse("x.yml", text.as_bytes(), &mut diagnostics);
        let content = documents.and_then(|documents| documents.content);
        assert!(diagnostics.is_empty(), "{text}\n{diagnostics:?}");
        content.unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn it_looks_as_people_write_it() {
        let text = "stages:\n  - test\n\n\"on\": true\n\njob:\n  variables: {}\n  script:\n    \
                    - echo hello $NAME\n    - |\n      two\n\n        lines\n    - |-\n      no\n      end\n    \
                    -\n      - \"a: b\"\n      - []\n  rules:\n    - if: $A == \"b\"\n      \
                    when: never\n    - exists:\n        - \"*.c\"\n  timeout: 1.5\n  retry: 2\n  \
                    empty: null\n  date: \"2024-01-31\"\n";
        let Value::Mapping(mapping) = read(text).value else { panic!("a mapping") };
        assert_eq!(write(&mapping), text);
    }

    #[test]
    fn empty_lines_at_the_end_of_a_text_stay_its_own() {
        let text = "a:\n  - b: \"x\\n\\n\"\n\nc: d\n";
        let Value::Mapping(mapping) = read(text).value else { panic!("a mapping") };
        assert_eq!(write(&mapping), text);
    }

    fn texts() -> impl Strategy<Value = String> {
        prop_oneof![
            "[ -~]{0,12}",
            "\\PC{0,8}",
            "([ab :#-]{0,4}\n){0,4}[ab]{0,2}",
            any::<String>(),
            prop::sample::select(
                &[
                    "yes",
                    "null",
                    "~",
                    "",
                    "<<",
                    "=",
                    "- x",
                    "? x",
                    "0x1f",
                    "1_000",
                    "1:30",
                    ":sym",
                    "2024-01-31",
                    "---",
                    "...",
                    "%YAML",
                    "!reference",
                    "&a",
                    "*a",
                    "| x",
                    "> x",
                    "@x",
                    "x: y",
                    "x #y",
                    "x\n",
                    "\nx",
                    " x\ny",
                    "x\n\n",
                    "\n",
                    "x \ny",
                    "\tx\ny",
                    "x\r\ny",
                ][..]
            )
            .prop_map(str::to_owned),
        ]
        .prop_filter("YAML has no NUL", |text| !text.contains('\0'))
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(|n| Value::Integer(i128::from(n))),
            any::<f64>().prop_map(Value::Float),
            texts().prop_map(Value::String),
        ];
        leaf.prop_recursive(4, 30, 5, |inner| {
            let list = prop::collection::vec(inner.clone().prop_map(node), 0..4);
            let mapping = prop::collection::vec((texts(), inner.prop_map(node)), 0..4);
            prop_oneof![
                list.prop_map(Value::Sequence),
                mapping.prop_map(|pairs| {
                    let pairs = pairs.into_iter().filter(|(key, _)| key != "<<");
                    Value::Mapping(pairs.map(|(key, value)| (key, entry(value))).collect())
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(pairs in prop::collection::vec((texts(), values()), 0..4)) {
            let pairs = pairs.into_iter().filter(|(key, _)| key != "<<");
            let mapping: Mapping =
                pairs.map(|(key, value)| (key, entry(node(value)))).collect();
            let text = write(&mapping);
            let back = read(&text);
            prop_assert!(back.same_as(&node(Value::Mapping(mapping))), "{}\n{:?}", text, back);
        }
    }
}
