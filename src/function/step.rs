//! The steps of a `run:` list, in a job as in a `func.yml`.

use std::sync::Arc;

use super::input::Input;
use super::location::Location;
use super::place::{Place, Problem, Text};
use super::reader::{self, Reader};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Span};
use crate::yaml::{Mapping, Node, Value};

/// Steps of one list.
pub const MAX_STEPS: usize = 10_000;

/// The steps of a list, shared by all that run it.
pub type Steps = Arc<[Step]>;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name: letters, digits and `_`.
    pub name: String,
    /// Where it begins.
    pub place: Place,
    /// The same, for findings while files are read.
    pub span: Span,
    /// What it does.
    pub action: Action,
    /// Variables that only it sees.
    pub env: Vec<(String, Text)>,
}

impl Step {
    /// What it does, as it is written.
    pub fn shown(&self) -> String {
        match &self.action {
            Action::Function { reference, .. } => reference.shown(),
            Action::Script(text) => text.source().trim_end().to_owned(),
        }
    }

    /// The line where what it does begins: for a script of several lines the first of them.
    pub fn first_line(&self) -> usize {
        match &self.action {
            Action::Function { .. } => self.place.line,
            Action::Script(text) => text.first_line(),
        }
    }
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Runs a function.
    Function {
        /// Which.
        reference: Reference,
        /// What it is called with, by name; names may hold expressions.
        inputs: Vec<(Text, Input, Span)>,
    },
    /// Runs a text in a shell.
    Script(Text),
}

/// What stands behind `func:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// A text, which may hold expressions.
    Text(Text, Span),
    /// `oci:` with its parts; `dir` and `file` as one path.
    Oci {
        /// `registry/repository:tag`.
        image: Vec<Text>,
        /// The directory or file in it.
        within: Vec<Text>,
        /// Where it stands.
        span: Span,
    },
}

impl Reference {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Self::Text(_, span) | Self::Oci { span, .. } => *span,
        }
    }

    /// The texts in it.
    pub fn texts(&self) -> Vec<&Text> {
        match self {
            Self::Text(text, _) => vec![text],
            Self::Oci { image, within, .. } => image.iter().chain(within).collect(),
        }
    }

    /// The function's place, given what turns its texts into strings.
    ///
    /// # Errors
    /// If a text has no value, or it is no place of a function.
    pub fn location(
        &self,
        mut value: impl FnMut(&Text) -> Result<String, Problem>,
    ) -> Result<Location, Problem> {
        match self {
            Self::Text(text, _) => {
                Location::parse(&value(text)?).map_err(|problem| problem.or_at(text.place()))
            }
            Self::Oci { image, within, .. } => {
                let mut join = |texts: &[Text], separators: &[&str]| {
                    let mut out = String::new();
                    for (index, text) in texts.iter().enumerate() {
                        if index > 0 {
                            out.push_str(separators.get(index - 1).copied().unwrap_or("/"));
                        }
                        out.push_str(&value(text)?);
                    }
                    Ok::<_, Problem>(out)
                };
                let reference = join(image, &["/", ":"])?;
                let within = join(within, &["/"])?;
                Location::image(&reference, &within)
            }
        }
    }

    /// As it is written, for messages.
    pub fn shown(&self) -> String {
        match self {
            Self::Text(text, _) => text.source().to_owned(),
            Self::Oci { image, .. } => image.iter().map(Text::source).collect::<Vec<_>>().join("/"),
        }
    }
}

const KEYS: [&str; 6] = ["name", "func", "step", "script", "inputs", "env"];

/// Reads the list behind `run:`. What is wrong with it is told; steps that cannot be read are left
/// out.
pub fn read_steps(node: &Node, diagnostics: &mut Diagnostics) -> Vec<Step> {
    let mut reader = Reader { diagnostics };
    let Some(items) = node.as_sequence() else {
        reader.wrong_type("`run`", "a list of steps", node);
        return vec![];
    };
    if items.is_empty() {
        reader.diagnostics.push(
            Diagnostic::error(Code::WrongValue, "`run` has no step")
                .label(node.span, "an empty list")
                .help("add a step with a `name` and a `func` or a `script`"),
        );
    }
    if items.len() > MAX_STEPS {
        reader.diagnostics.push(
            Diagnostic::error(Code::WrongValue, format!("`run` has more than {MAX_STEPS} steps"))
                .label(node.span, format!("these are {}", items.len())),
        );
        return vec![];
    }
    let mut steps: Vec<Step> = Vec::with_capacity(items.len());
    let mut names = std::collections::HashMap::new();
    for item in items {
        let Some(step) = reader.step(item) else { continue };
        if let Some(first) = names.insert(step.name.clone(), step.span) {
            reader.diagnostics.push(
                Diagnostic::error(Code::StepName, format!("two steps are named `{}`", step.name))
                    .label(step.span, "the second one")
                    .label(first, "the first one")
                    .help("`steps.NAME.outputs` would mean either: give one another name"),
            );
        }
        steps.push(step);
    }
    steps
}

impl Reader<'_> {
    fn step(&mut self, node: &Node) -> Option<Step> {
        let Some(mapping) = node.as_mapping() else {
            self.wrong_type("a step", "a mapping with a `name`", node);
            return None;
        };
        let before = self.diagnostics.error_count();
        for (name, entry) in mapping {
            if name == "action" {
                self.diagnostics.push(
                    Diagnostic::error(Code::UnknownKeyword, "GitLab has given `action` up")
                        .label(entry.key, "unknown keyword")
                        .help("use a function with `func`, or a `script`"),
                );
            } else {
                self.known(name, entry.key, "a step", &KEYS);
            }
        }
        let name = self.step_name(node, mapping);
        let action = self.action(node, mapping);
        let env = match reader::value_of(mapping, "env") {
            Some(node) => self.env(node),
            None => vec![],
        };
        if self.diagnostics.error_count() > before {
            return None;
        }
        let (name, span) = name?;
        Some(Step { name, place: Place::of(span, self.diagnostics), span, action: action?, env })
    }

    fn step_name(&mut self, step: &Node, mapping: &Mapping) -> Option<(String, Span)> {
        let Some(node) = reader::value_of(mapping, "name") else {
            self.diagnostics.push(
                Diagnostic::error(Code::StepName, "a step has no name")
                    .label(step.span.at_start(), "this step")
                    .help("add `name: …`; later steps find its outputs by it"),
            );
            return None;
        };
        let name = self.string("a step's name", node)?;
        if !is_name(&name) {
            self.diagnostics.push(
                Diagnostic::error(Code::StepName, format!("a step cannot be named `{name}`"))
                    .label(node.span, "not a name")
                    .help("names have letters, digits and `_`, and do not begin with a digit"),
            );
            return None;
        }
        Some((name, node.span))
    }

    fn action(&mut self, step: &Node, mapping: &Mapping) -> Option<Action> {
        let given: Vec<&str> = ["func", "step", "script"]
            .into_iter()
            .filter(|key| reader::value_of(mapping, key).is_some())
            .collect();
        let key = match given[..] {
            [key] => key,
            [] => {
                self.diagnostics.push(
                    Diagnostic::error(Code::JobWithoutScript, "a step has nothing to run")
                        .label(step.span.at_start(), "this step")
                        .help("add a `func` or a `script`"),
                );
                return None;
            }
            [first, second, ..] => {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::KeywordConflict,
                        format!("a step has either `{first}` or `{second}`"),
                    )
                    .label(mapping[first].key, format!("`{first}`"))
                    .label(mapping[second].key, format!("`{second}`"))
                    .help("make two steps of it"),
                );
                return None;
            }
        };
        let entry = &mapping[key];
        if key == "script" {
            if let Some(inputs) = mapping.get("inputs") {
                self.diagnostics.push(
                    Diagnostic::error(Code::KeywordConflict, "a `script` has no `inputs`")
                        .label(inputs.key, "only a function takes them")
                        .help("use `env`, or expressions in the script"),
                );
            }
            let text = self.string("`script`", &entry.value)?;
            return Text::read(&entry.value, &text, self.diagnostics).map(Action::Script);
        }
        if key == "step" {
            self.deprecated("`step` is called `func` now", entry.key, "write `func`");
        }
        let inputs = match reader::value_of(mapping, "inputs") {
            Some(node) => self.inputs(node),
            None => vec![],
        };
        Some(Action::Function { reference: self.reference(&entry.value)?, inputs })
    }

    fn inputs(&mut self, node: &Node) -> Vec<(Text, Input, Span)> {
        let Some(mapping) = node.as_mapping() else {
            self.wrong_type("`inputs`", "a mapping of names to values", node);
            return vec![];
        };
        let read = |(name, entry): (&String, &crate::yaml::Entry)| {
            let key = Node::new(entry.key, Value::Null);
            let name = Text::read(&key, name, self.diagnostics)?;
            Some((name, Input::read(&entry.value, self.diagnostics)?, entry.key))
        };
        mapping.iter().filter_map(read).collect()
    }

    fn reference(&mut self, node: &Node) -> Option<Reference> {
        if let Some(text) = node.as_str() {
            let text = Text::read(node, text, self.diagnostics)?;
            let problem = text.as_literal().and_then(|literal| Location::parse(literal).err());
            if let Some(problem) = problem {
                self.unusable(&problem, node.span);
                return None;
            }
            return Some(Reference::Text(text, node.span));
        }
        let Some(mapping) = node.as_mapping() else {
            self.wrong_type("`func`", "a place of a function", node);
            return None;
        };
        if let Some(git) = mapping.get("git") {
            let problem = Location::parse("git@").err()?;
            self.unusable(&problem, git.key);
            return None;
        }
        for (name, entry) in mapping {
            self.known(name, entry.key, "`func`", &["oci", "git"]);
        }
        let oci = reader::value_of(mapping, "oci")?;
        let Some(parts) = oci.as_mapping() else {
            self.wrong_type("`oci`", "a mapping", oci);
            return None;
        };
        for (name, entry) in parts {
            self.known(name, entry.key, "`oci`", &["registry", "repository", "tag", "dir", "file"]);
        }
        let mut part = |name: &str, required: bool| {
            let Some(node) = reader::value_of(parts, name) else {
                if required {
                    self.diagnostics.push(
                        Diagnostic::error(Code::WrongValue, format!("`oci` has no `{name}`"))
                            .label(oci.span, "here"),
                    );
                }
                return None;
            };
            let text = self.string(&format!("`{name}`"), node)?;
            Text::read(node, &text, self.diagnostics)
        };
        let image = ["registry", "repository", "tag"].map(|name| part(name, true));
        let within = ["dir", "file"].map(|name| part(name, false));
        let image: Vec<Text> = image.into_iter().collect::<Option<_>>()?;
        Some(Reference::Oci {
            image,
            within: within.into_iter().flatten().collect(),
            span: oci.span,
        })
    }

    fn unusable(&mut self, problem: &Problem, span: Span) {
        let finding =
            Diagnostic::error(Code::StepReference, problem.message.clone()).label(span, "");
        self.diagnostics.push(match &problem.help {
            Some(help) => finding.help(help.clone()),
            None => finding,
        });
    }
}

/// Whether a text can name a step, an input, an output or a variable.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
