//! `spec:` — the header that declares the inputs of a file.

use indexmap::IndexMap;
use regex::Regex;

use super::Value;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Span, Spanned, similar};
use crate::pipeline::expression::Expression;
use crate::yaml::{Entry, Mapping, Node};

/// The most options that GitLab lets an input have.
const MAX_OPTIONS: usize = 50;

/// The longest description that GitLab takes, in characters.
const MAX_DESCRIPTION: usize = 1024;

/// The most memory that a compiled pattern may take, in bytes.
const MAX_PATTERN_SIZE: usize = 1024 * 1024;

/// What a header declares.
#[derive(Clone, Debug, Default)]
pub(in crate::pipeline) struct Header {
    /// The inputs in the order of the file.
    pub(super) inputs: Vec<Declaration>,
    /// What `spec:component` lets the file know about the component that it is.
    pub(super) component: Vec<String>,
    /// `spec:include`: where further declarations are.
    pub(in crate::pipeline) include: Option<Node>,
}

/// An input.
#[derive(Clone, Debug)]
pub(super) struct Declaration {
    pub(super) name: Spanned<String>,
    pub(super) kind: Kind,
    pub(super) default: Option<Value>,
    pub(super) options: Option<Vec<Value>>,
    pub(super) regex: Option<(String, Regex)>,
    pub(super) rules: Option<Vec<Rule>>,
}

/// What depends on other inputs.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) condition: Option<Expression>,
    pub(super) options: Option<Vec<Value>>,
    pub(super) default: Option<Value>,
}

/// The type of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    String,
    Number,
    Boolean,
    Array,
}

impl Kind {
    pub(super) const NAMES: [(&str, Self); 4] = [
        ("array", Self::Array),
        ("boolean", Self::Boolean),
        ("number", Self::Number),
        ("string", Self::String),
    ];

    pub(super) fn takes(self, value: &Value) -> bool {
        matches!(
            (self, value),
            (_, Value::Null)
                | (Self::String, Value::Text(_))
                | (Self::Number, Value::Integer(_) | Value::Float(_))
                | (Self::Boolean, Value::Bool(_))
                | (Self::Array, Value::List(_))
        )
    }

    /// The type with an article, for messages.
    pub(super) fn shown(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Number => "a number",
            Self::Boolean => "`true` or `false`",
            Self::Array => "a list",
        }
    }
}

/// Reads a header.
pub(in crate::pipeline) fn header(node: &Node, diagnostics: &mut Diagnostics) -> Header {
    let mut reader = Reader { diagnostics };
    let mut header = Header::default();
    let Some(root) = node.as_mapping() else { return header };
    reader.only("the header", root, &["spec"]);
    let Some(spec) = reader.inner("`spec`", root.get("spec")) else { return header };
    reader.only("`spec`", spec, &["component", "description", "include", "inputs"]);
    header.include = spec.get("include").map(|entry| entry.value.clone());
    if let Some(entry) = spec.get("component") {
        header.component = reader.component(&entry.value);
    }
    header.inputs = reader.inputs(spec.get("inputs"));
    header
}

/// Reads a file of declarations that a header includes.
pub(in crate::pipeline) fn included(root: &Mapping, diagnostics: &mut Diagnostics) -> Header {
    let mut reader = Reader { diagnostics };
    reader.only("a file of inputs", root, &["inputs"]);
    Header { inputs: reader.inputs(root.get("inputs")), ..Header::default() }
}

/// Checks the `inputs` of a job, which must have defaults.
pub(in crate::pipeline) fn check_job_inputs(entry: &Entry, diagnostics: &mut Diagnostics) {
    const MAX: usize = 50;
    let mut reader = Reader { diagnostics };
    let inputs = reader.inputs(Some(entry));
    if inputs.len() > MAX {
        let message = format!("a job has {MAX} inputs at most, not {}", inputs.len());
        reader.wrong(message, entry.key, "too many");
    }
    for input in inputs {
        let name = &input.name.value;
        let given = entry.value.as_mapping().and_then(|inputs| inputs.get(name));
        let spec = given.and_then(|entry| entry.value.as_mapping());
        if let Some(rules) = spec.and_then(|spec| spec.get("rules")) {
            reader.wrong("a job's input has no rules".to_owned(), rules.key, "unknown keyword");
        }
        if spec.is_none_or(|spec| !spec.contains_key("default")) {
            let message = format!("the input `{name}` of a job needs a default");
            reader.wrong(message, input.name.span, "`default` is missing");
        }
    }
}

impl Header {
    /// What the file may know of the component that it is.
    pub(in crate::pipeline) fn component_facts(
        &self,
        facts: &[(String, String)],
    ) -> IndexMap<String, String> {
        facts.iter().filter(|(name, _)| self.component.contains(name)).cloned().collect()
    }

    /// Puts another header's inputs before this one's, which have the last word.
    pub(in crate::pipeline) fn include(&mut self, mut other: Self) {
        other
            .inputs
            .retain(|input| self.inputs.iter().all(|own| own.name.value != input.name.value));
        other.inputs.append(&mut self.inputs);
        self.inputs = other.inputs;
    }
}

struct Reader<'a> {
    diagnostics: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn wrong(&mut self, message: String, span: Span, label: impl Into<String>) {
        let finding = Diagnostic::error(Code::InputInvalid, message);
        self.diagnostics.push(finding.label(span, label));
    }

    fn only(&mut self, what: &str, mapping: &Mapping, known: &[&'static str]) {
        for (name, entry) in mapping {
            if !known.contains(&name.as_str()) {
                let message = format!("{what} has no keyword `{name}`");
                let finding = Diagnostic::error(Code::UnknownKeyword, message)
                    .label(entry.key, "unknown keyword");
                self.diagnostics.push(match similar(name, known.iter().copied()) {
                    Some(similar) => finding.help(format!("did you mean `{similar}`?")),
                    None => finding.help(format!("known here: {}", known.join(", "))),
                });
            }
        }
    }

    fn inner<'n>(&mut self, what: &str, entry: Option<&'n Entry>) -> Option<&'n Mapping> {
        let entry = entry.filter(|entry| !entry.value.is_null())?;
        let mapping = entry.value.as_mapping();
        if mapping.is_none() {
            let label = format!("this is {}", entry.value.kind());
            self.wrong(format!("{what} must be a mapping"), entry.value.span, label);
        }
        mapping
    }

    fn component(&mut self, node: &Node) -> Vec<String> {
        const KNOWN: [&str; 4] = ["name", "reference", "sha", "version"];
        let Some(items) = node.as_sequence() else {
            let label = format!("this is {}", node.kind());
            self.wrong("`spec:component` must be a list".to_owned(), node.span, label);
            return vec![];
        };
        let mut names = Vec::new();
        for item in items {
            match item.as_str().filter(|name| KNOWN.contains(name)) {
                Some(name) => names.push(name.to_owned()),
                None => self.wrong(
                    "`spec:component` names what a component may know of itself".to_owned(),
                    item.span,
                    format!("expected one of: {}", KNOWN.join(", ")),
                ),
            }
        }
        names
    }

    fn inputs(&mut self, entry: Option<&Entry>) -> Vec<Declaration> {
        let Some(inputs) = self.inner("`spec:inputs`", entry) else { return vec![] };
        inputs.iter().map(|(name, entry)| self.input(name, entry)).collect()
    }

    fn input(&mut self, name: &str, entry: &Entry) -> Declaration {
        let mut input = Declaration {
            name: Spanned::new(name.to_owned(), entry.key),
            kind: Kind::String,
            default: None,
            options: None,
            regex: None,
            rules: None,
        };
        let what = format!("the input `{name}`");
        // A name alone declares a string that must be given.
        let Some(spec) = self.inner(&what, Some(entry)) else { return input };
        self.only(&what, spec, &["default", "description", "options", "regex", "rules", "type"]);
        if let Some(kind) = spec.get("type") {
            input.kind = self.kind(&what, &kind.value);
        }
        if let Some(description) = spec.get("description") {
            self.description(&what, &description.value);
        }
        input.options = self.options(&what, spec, input.kind);
        input.regex = self.regex(&what, spec, input.kind);
        input.default = self.default(&what, spec, input.kind);
        if let Some(rules) = spec.get("rules") {
            for other in ["default", "options"] {
                if let Some(entry) = spec.get(other) {
                    let message = format!("{what} has either `rules` or `{other}`");
                    self.wrong(message, entry.key, "say it in a rule");
                }
            }
            input.rules = Some(self.rules(&what, &rules.value, input.kind));
        }
        input
    }

    fn kind(&mut self, what: &str, node: &Node) -> Kind {
        let found = Kind::NAMES.iter().find(|(name, _)| node.as_str() == Some(name));
        if let Some((_, kind)) = found {
            return *kind;
        }
        let names: Vec<&str> = Kind::NAMES.iter().map(|(name, _)| *name).collect();
        let label = format!("expected one of: {}", names.join(", "));
        self.wrong(format!("{what} has an unknown type"), node.span, label);
        Kind::String
    }

    fn description(&mut self, what: &str, node: &Node) {
        match node.as_str() {
            Some(text) if text.chars().count() <= MAX_DESCRIPTION => {}
            Some(_) => {
                let label = format!("GitLab takes {MAX_DESCRIPTION} characters at most");
                self.wrong(format!("the description of {what} is too long"), node.span, label);
            }
            None if node.is_null() => {}
            None => {
                let label = format!("this is {}", node.kind());
                self.wrong(format!("the description of {what} must be a string"), node.span, label);
            }
        }
    }

    fn options(&mut self, what: &str, spec: &Mapping, kind: Kind) -> Option<Vec<Value>> {
        let entry = spec.get("options").filter(|entry| !entry.value.is_null())?;
        let node = &entry.value;
        let Some(items) = node.as_sequence() else {
            let label = format!("this is {}", node.kind());
            self.wrong(format!("the options of {what} must be a list"), node.span, label);
            return None;
        };
        if !matches!(kind, Kind::String | Kind::Number) {
            let message = format!("{what} cannot have options");
            self.wrong(message, entry.key, "only strings and numbers can");
            return None;
        }
        if items.len() > MAX_OPTIONS {
            let label = format!("GitLab takes {MAX_OPTIONS} at most");
            self.wrong(format!("{what} has {} options", items.len()), node.span, label);
        }
        let mut options = Vec::with_capacity(items.len());
        for item in items {
            match Value::of(item) {
                Value::List(_) | Value::Mapping(_) | Value::Null => {
                    let label = format!("this is {}", item.kind());
                    self.wrong(format!("an option of {what} must be a value"), item.span, label);
                }
                value => options.push(value),
            }
        }
        Some(options)
    }

    fn regex(&mut self, what: &str, spec: &Mapping, kind: Kind) -> Option<(String, Regex)> {
        let entry = spec.get("regex").filter(|entry| !entry.value.is_null())?;
        let node = &entry.value;
        if kind != Kind::String {
            self.wrong(format!("{what} cannot have a `regex`"), entry.key, "only strings can");
            return None;
        }
        let Some(text) = node.as_str() else {
            let label = format!("this is {}", node.kind());
            self.wrong(format!("the `regex` of {what} must be a string"), node.span, label);
            return None;
        };
        match regex::RegexBuilder::new(text).size_limit(MAX_PATTERN_SIZE).build() {
            Ok(regex) => Some((text.to_owned(), regex)),
            Err(_) => {
                let label = "patterns have RE2's syntax, without look-around and back references";
                self.wrong(format!("the `regex` of {what} is not valid"), node.span, label);
                None
            }
        }
    }

    fn default(&mut self, what: &str, mapping: &Mapping, kind: Kind) -> Option<Value> {
        let entry = mapping.get("default")?;
        let value = Value::of(&entry.value);
        if !kind.takes(&value) {
            let message = format!("the default of {what} must be {}", kind.shown());
            self.wrong(message, entry.value.span, format!("this is {}", value.kind()));
            return Some(Value::Null);
        }
        Some(value)
    }

    fn rules(&mut self, what: &str, node: &Node, kind: Kind) -> Vec<Rule> {
        let Some(items) = node.as_sequence() else {
            let label = format!("this is {}", node.kind());
            self.wrong(format!("the rules of {what} must be a list"), node.span, label);
            return vec![];
        };
        items.iter().filter_map(|item| self.rule(what, item, kind)).collect()
    }

    fn rule(&mut self, what: &str, node: &Node, kind: Kind) -> Option<Rule> {
        let what = format!("a rule of {what}");
        let Some(mapping) = node.as_mapping() else {
            let label = format!("this is {}", node.kind());
            self.wrong(format!("{what} must be a mapping"), node.span, label);
            return None;
        };
        self.only(&what, mapping, &["default", "if", "options"]);
        let options = self.options(&what, mapping, kind);
        let default = self.default(&what, mapping, kind);
        let condition = match mapping.get("if") {
            None => None,
            Some(entry) => {
                let text = entry.value.as_str().unwrap_or_default();
                match Expression::parse(text) {
                    Ok(condition) => Some(condition),
                    Err(error) => {
                        let message = format!("the condition of {what} cannot be read: {error}");
                        self.wrong(message, entry.value.span, "here");
                        return None;
                    }
                }
            }
        };
        if options.is_none() && (condition.is_none() || default.is_none()) {
            let missing = if condition.is_some() { "`options` or `default`" } else { "`options`" };
            let label = format!("{missing} is missing");
            self.wrong(format!("{what} is not complete"), node.span, label);
        }
        Some(Rule { condition, options, default })
    }
}
