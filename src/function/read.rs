//! `func.yml` → [`Definition`].

use indexmap::IndexMap;

use super::definition::{Body, Declaration, Definition, Outputs, Spec};
use super::expression::Value;
use super::input::Input;
use super::place::{Place, Text};
use super::reader::{Reader, value_of};
use super::step::{is_name, read_steps};
use super::types::Type;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity, similar};
use crate::yaml::{self, Mapping, Node};

/// The names that the file of a function may have, the best first.
pub const FILES: [&str; 2] = ["func.yml", "step.yml"];

/// The name of a function's component, where no file tells more about it.
pub const COMPONENT: &str = "func.wasm";

/// Inputs or outputs of one function.
const MAX_DECLARATIONS: usize = 1_000;
/// Words of one command.
const MAX_WORDS: usize = 10_000;

/// Reads the file of a function.
///
/// Everything that is wrong is pushed to `diagnostics`; the result is `None` if something is.
pub fn read(name: &str, bytes: &[u8], diagnostics: &mut Diagnostics) -> Option<Definition> {
    let before = diagnostics.error_count();
    let documents = yaml::parse(name, bytes, diagnostics)?;
    refuse_twice(diagnostics);
    let mut reader = Reader { diagnostics };
    if name.rsplit('/').next() == Some(FILES[1]) {
        reader.deprecated(
            "`step.yml` is called `func.yml` now",
            documents.file,
            "rename the file; on GitLab, newer step runners look for `func.yml` first",
        );
    }
    let Some(header) = &documents.header else {
        reader.invalid(
            documents.file,
            "there is no `spec`",
            "begin the file with `spec:` and a line `---`, even if there are no inputs",
        );
        return None;
    };
    let Some(content) = &documents.content else {
        reader.invalid(
            header.span.at_start(),
            "nothing follows the `spec`",
            "add a line `---` and below it an `exec` or a `run`",
        );
        return None;
    };
    let spec = reader.spec(header);
    let definition = reader.definition(content, spec.unwrap_or_default())?;
    (diagnostics.error_count() == before).then_some(definition)
}

/// GitLab reads pipelines with Ruby, where the last of two keys counts, but functions with Go,
/// which refuses them.
fn refuse_twice(diagnostics: &mut Diagnostics) {
    let twice: Vec<Diagnostic> = diagnostics
        .iter()
        .filter(|d| d.code == Code::DuplicateKey && d.severity == Severity::Warning)
        .map(|d| Diagnostic {
            severity: Severity::Error,
            code: Code::FunctionInvalid,
            help: Some("GitLab refuses the file: remove one of them".to_owned()),
            ..d.clone()
        })
        .collect();
    twice.into_iter().for_each(|diagnostic| diagnostics.push(diagnostic));
}

impl Reader<'_> {
    pub(super) fn invalid(&mut self, at: crate::diagnostic::Span, message: &str, help: &str) {
        self.diagnostics
            .push(Diagnostic::error(Code::FunctionInvalid, message).label(at, "").help(help));
    }

    fn spec(&mut self, header: &Node) -> Option<Spec> {
        let header = header.as_mapping()?;
        for (name, entry) in header {
            self.known(name, entry.key, "the header of a function", &["spec"]);
        }
        let Some(node) = value_of(header, "spec") else { return Some(Spec::default()) };
        let Some(mapping) = node.as_mapping() else {
            self.wrong_type("`spec`", "a mapping", node);
            return None;
        };
        for (name, entry) in mapping {
            self.known(name, entry.key, "`spec`", &["inputs", "outputs"]);
        }
        let inputs = match value_of(mapping, "inputs") {
            Some(node) => self.declarations("input", node),
            None => IndexMap::new(),
        };
        let outputs = match value_of(mapping, "outputs") {
            Some(node) if node.as_str() == Some("delegate") => Outputs::Delegate,
            Some(node) if node.as_str().is_some() => {
                self.wrong_type("`outputs`", "a mapping, or the word `delegate`", node);
                return None;
            }
            Some(node) => Outputs::Declared(self.declarations("output", node)),
            None => Outputs::default(),
        };
        Some(Spec { inputs, outputs })
    }

    fn declarations(&mut self, what: &str, node: &Node) -> IndexMap<String, Declaration> {
        let mut declarations = IndexMap::new();
        let Some(mapping) = node.as_mapping() else {
            self.wrong_type(&format!("`{what}s`"), "a mapping of names", node);
            return declarations;
        };
        if mapping.len() > MAX_DECLARATIONS {
            self.invalid(node.span, &format!("there are more than {MAX_DECLARATIONS} {what}s"), "");
            return declarations;
        }
        for (name, entry) in mapping {
            if !is_name(name) {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::FunctionInvalid,
                        format!("an {what} cannot be named `{name}`"),
                    )
                    .label(entry.key, "not a name")
                    .help("names have letters, digits and `_`, and do not begin with a digit"),
                );
            } else if let Some(declaration) = self.declaration(what, name, entry) {
                declarations.insert(name.clone(), declaration);
            }
        }
        declarations
    }

    fn declaration(&mut self, what: &str, name: &str, entry: &yaml::Entry) -> Option<Declaration> {
        let missing = |reader: &mut Self| {
            reader.diagnostics.push(
                Diagnostic::error(
                    Code::FunctionInvalid,
                    format!("the {what} `{name}` has no type"),
                )
                .label(entry.key, "declared here")
                .help(format!("add `type:` and one of {}", types())),
            );
        };
        if entry.value.is_null() {
            missing(self);
            return None;
        }
        let Some(mapping) = entry.value.as_mapping() else {
            self.wrong_type(
                &format!("the {what} `{name}`"),
                "a mapping with a `type`",
                &entry.value,
            );
            return None;
        };
        let keys: &[&str] = match what {
            "input" => &["type", "default", "description", "sensitive"],
            _ => &["type", "default", "sensitive", "description"],
        };
        for (key, entry) in mapping {
            self.known(key, entry.key, &format!("an {what}"), keys);
        }
        let Some(node) = value_of(mapping, "type") else {
            missing(self);
            return None;
        };
        let written = self.string("`type`", node)?;
        let Some(kind) = Type::named(&written) else {
            let finding =
                Diagnostic::error(Code::WrongValue, format!("there is no type `{written}`"))
                    .label(node.span, "not a type");
            let names = Type::NAMES.iter().map(|(name, _)| *name);
            self.diagnostics.push(match similar(&written, names) {
                Some(similar) => finding.help(format!("did you mean `{similar}`?")),
                None => finding.help(format!("the types are {}", types())),
            });
            return None;
        };
        let default = match mapping.get("default") {
            Some(entry) => Some(self.default(kind, &entry.value)?),
            None => None,
        };
        let description =
            value_of(mapping, "description").and_then(|node| self.string("`description`", node));
        let sensitive = match value_of(mapping, "sensitive") {
            Some(node) => match node.as_bool() {
                Some(sensitive) => sensitive,
                None => {
                    self.wrong_type("`sensitive`", "`true` or `false`", node);
                    return None;
                }
            },
            None => false,
        };
        let default = default.map(|value| value.marked(sensitive));
        let place = Place::of(entry.key, self.diagnostics);
        Some(Declaration { kind, default, description, sensitive, detail: None, place })
    }

    fn default(&mut self, kind: Type, node: &Node) -> Option<Value> {
        let value = match Input::read(node, self.diagnostics)? {
            Input::Value(value) => value,
            _ => {
                self.diagnostics.push(
                    Diagnostic::error(Code::ExpressionInvalid, "a default cannot be an expression")
                        .label(node.span, "this one is")
                        .help("compute the value where the input is used: `${{ inputs.x || … }}`"),
                );
                return None;
            }
        };
        if kind.accepts(&value) {
            return Some(value);
        }
        let finding = Diagnostic::error(Code::WrongType, format!("the default must be {kind}"))
            .label(node.span, format!("this is {}", value.kind()));
        self.diagnostics.push(match kind.advice(&value) {
            Some(advice) => finding.help(advice),
            None => finding,
        });
        None
    }

    fn definition(&mut self, content: &Node, spec: Spec) -> Option<Definition> {
        let Some(mapping) = content.as_mapping() else {
            self.wrong_type("the definition of a function", "a mapping", content);
            return None;
        };
        const KEYS: [&str; 8] =
            ["exec", "run", "env", "outputs", "delegate", "greenroom", "steps", "type"];
        for (name, entry) in mapping {
            self.known(name, entry.key, "a function", &KEYS);
            match name.as_str() {
                "steps" => self.deprecated("`steps` is called `run` now", entry.key, "write `run`"),
                "type" => self.deprecated("`type` has no meaning any more", entry.key, "remove it"),
                _ => {}
            }
        }
        let env = value_of(mapping, "env").map(|node| self.env(node)).unwrap_or_default();
        let needs = value_of(mapping, "greenroom").map(|node| self.needs(node)).unwrap_or_default();
        let steps = ["run", "steps"].into_iter().find(|key| value_of(mapping, key).is_some());
        let body = match (value_of(mapping, "exec"), steps) {
            (Some(node), None) => self.exec(node, mapping, &spec)?,
            (None, Some(key)) => self.composition(&mapping[key].value, mapping, &spec)?,
            (Some(_), Some(key)) => {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::KeywordConflict,
                        "a function has either `exec` or `run`",
                    )
                    .label(mapping["exec"].key, "`exec`")
                    .label(mapping[key].key, format!("`{key}`"))
                    .help("make a step of the command: a function of its own, named in `run`"),
                );
                return None;
            }
            (None, None) => {
                self.invalid(
                    content.span.at_start(),
                    "the function does nothing",
                    "add `exec` with a `command`, or `run` with steps",
                );
                return None;
            }
        };
        let place = Place::of(content.span, self.diagnostics);
        Some(Definition { spec, body, env, needs, place })
    }

    fn exec(&mut self, node: &Node, function: &Mapping, spec: &Spec) -> Option<Body> {
        for key in ["outputs", "delegate"] {
            if let Some(entry) = function.get(key) {
                self.invalid(
                    entry.key,
                    &format!("`{key}` goes with `run`, and this function has an `exec`"),
                    "the command writes its outputs into `${{ output_file }}`",
                );
            }
        }
        let Some(mapping) = node.as_mapping() else {
            self.wrong_type("`exec`", "a mapping with a `command`", node);
            return None;
        };
        for (name, entry) in mapping {
            self.known(name, entry.key, "`exec`", &["command", "work_dir"]);
        }
        let _ = spec;
        let Some(command) = value_of(mapping, "command") else {
            self.invalid(
                node.span,
                "`exec` has no `command`",
                "add one: `command: [\"${{ func_dir }}/lint.wasm\"]`",
            );
            return None;
        };
        let Some(words) = command.as_sequence() else {
            let finding = Diagnostic::error(Code::WrongType, "`command` must be a list of words")
                .label(command.span, format!("this is {}", command.kind()));
            self.diagnostics.push(match command.as_str() {
                Some(text) => {
                    let words: Vec<String> =
                        text.split_whitespace().map(|word| format!("{word:?}")).collect();
                    finding.help(format!(
                        "there is no shell between: write `[{}]`, or `[\"sh\", \"-c\", …]`",
                        words.join(", ")
                    ))
                }
                None => finding,
            });
            return None;
        };
        if words.is_empty() || words.len() > MAX_WORDS {
            self.invalid(
                command.span,
                &format!("`command` has {} words", words.len()),
                "the first word is the program",
            );
            return None;
        }
        let mut read = |what: &str, node: &Node| {
            let text = self.string(what, node)?;
            Text::read(node, &text, self.diagnostics)
        };
        let command = words.iter().map(|word| read("a word of `command`", word));
        let command = command.collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>()?;
        let work_dir = match value_of(mapping, "work_dir") {
            Some(node) => Some(read("`work_dir`", node)?),
            None => None,
        };
        Some(Body::Exec { command, work_dir })
    }

    fn composition(&mut self, node: &Node, function: &Mapping, spec: &Spec) -> Option<Body> {
        let before = self.diagnostics.error_count();
        let steps = read_steps(node, self.diagnostics);
        let outputs = match value_of(function, "outputs") {
            Some(node) => match node.as_mapping() {
                Some(mapping) => mapping
                    .iter()
                    .filter_map(|(name, entry)| {
                        let input = Input::read(&entry.value, self.diagnostics)?;
                        Some((name.clone(), input, entry.key))
                    })
                    .collect(),
                None => {
                    self.wrong_type("`outputs`", "a mapping of names to values", node);
                    vec![]
                }
            },
            None => vec![],
        };
        let delegate = match value_of(function, "delegate") {
            Some(node) => {
                let name = self.string("`delegate`", node)?;
                if !steps.iter().any(|step| step.name == name)
                    && self.diagnostics.error_count() == before
                {
                    let finding = Diagnostic::error(
                        Code::ExpressionUnknown,
                        format!("there is no step `{name}`"),
                    )
                    .label(node.span, "named here");
                    let names = steps.iter().map(|step| step.name.as_str());
                    self.diagnostics.push(match similar(&name, names) {
                        Some(similar) => finding.help(format!("did you mean `{similar}`?")),
                        None => finding,
                    });
                }
                Some(name)
            }
            None => None,
        };
        self.fit(function, spec, &outputs, delegate.is_some());
        Some(Body::Run { steps: steps.into(), outputs, delegate })
    }

    /// Whether what is returned is what the spec declares.
    fn fit(
        &mut self,
        function: &Mapping,
        spec: &Spec,
        outputs: &[(String, Input, crate::diagnostic::Span)],
        delegates: bool,
    ) {
        let key = |name: &str| function.get(name).map(|entry| entry.key);
        match &spec.outputs {
            Outputs::Delegate => {
                if !delegates {
                    let at = key("run").or(key("steps")).unwrap_or_default();
                    self.invalid(
                        at,
                        "the spec delegates the outputs, but not to which step",
                        "add `delegate: NAME`",
                    );
                }
                if let Some(at) = key("outputs") {
                    self.invalid(
                        at,
                        "the spec delegates the outputs",
                        "remove `outputs`, or declare them in `spec`",
                    );
                }
            }
            Outputs::Declared(declared) => {
                if let Some(at) = key("delegate") {
                    self.invalid(
                        at,
                        "the spec does not delegate its outputs",
                        "write `outputs: delegate` in `spec`",
                    );
                }
                for (name, value, at) in outputs {
                    let Some(declaration) = declared.get(name) else {
                        let finding = Diagnostic::error(
                            Code::FunctionInvalid,
                            format!("the output `{name}` is not declared"),
                        )
                        .label(*at, "returned here");
                        self.diagnostics.push(
                            match similar(name, declared.keys().map(String::as_str)) {
                                Some(similar) => finding.help(format!("did you mean `{similar}`?")),
                                None => finding
                                    .help(format!("add `{name}` with a `type` to `spec: outputs`")),
                            },
                        );
                        continue;
                    };
                    if let Some(value) = value.as_value()
                        && let Some(misfit) = declaration.misfit(value)
                    {
                        self.diagnostics.push(
                            Diagnostic::error(
                                Code::WrongType,
                                format!("the output {}", misfit.told(name)),
                            )
                            .label(*at, format!("its value is {}", misfit.found)),
                        );
                    }
                }
                for (name, declaration) in declared {
                    if declaration.default.is_none() && !outputs.iter().any(|(n, ..)| n == name) {
                        let at = key("outputs").or(key("run")).or(key("steps")).unwrap_or_default();
                        self.invalid(
                            at,
                            &format!("nothing is returned as the output `{name}`"),
                            "add it to `outputs`, or give it a `default` in `spec`",
                        );
                    }
                }
            }
        }
    }
}

fn types() -> String {
    Type::NAMES.map(|(name, _)| format!("`{name}`")).join(", ")
}
