//! The values of the inputs of a file: those that it is given, and defaults for the others.

use indexmap::IndexMap;

use super::declare::{Declaration, Header, Kind, Rule};
use super::{Argument, Arguments, Value};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Span, similar};

/// Decides the values; `None` if one is missing or not valid, which is told. `at` is where the file
/// is included.
pub(in crate::pipeline) fn resolve(
    header: &Header,
    arguments: &Arguments,
    at: Option<Span>,
    diagnostics: &mut Diagnostics,
) -> Option<IndexMap<String, Value>> {
    let before = diagnostics.error_count();
    for (name, argument) in arguments {
        if header.inputs.iter().all(|input| input.name.value != *name) {
            let finding =
                Diagnostic::error(Code::InputInvalid, format!("the file has no input `{name}`"));
            let finding = match argument.span.or(at) {
                Some(span) => finding.label(span, "given here"),
                None => finding,
            };
            let names = header.inputs.iter().map(|input| input.name.value.as_str());
            diagnostics.push(match similar(name, names) {
                Some(similar) => finding.help(format!("did you mean `{similar}`?")),
                None if header.inputs.is_empty() => {
                    finding.help("it has no `spec:inputs`: declare the input there")
                }
                None => finding.help("declare it in the `spec:inputs` of the file"),
            });
        }
    }
    let mut values: IndexMap<String, Value> = IndexMap::new();
    for input in &header.inputs {
        let argument = arguments.get(&input.name.value);
        if let Some(value) = input.value(argument, arguments, &values, at, diagnostics) {
            values.insert(input.name.value.clone(), value);
        }
    }
    (diagnostics.error_count() == before).then_some(values)
}

impl Declaration {
    fn value(
        &self,
        argument: Option<&Argument>,
        arguments: &Arguments,
        values: &IndexMap<String, Value>,
        at: Option<Span>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Value> {
        let name = &self.name.value;
        let rule = self
            .rules
            .as_ref()
            .and_then(|rules| rules.iter().find(|rule| rule.applies(arguments, values)));
        let default = rule.and_then(|rule| rule.default.as_ref()).or(self.default.as_ref());
        let given = argument.filter(|argument| argument.value != Value::Null);
        let (value, span) = match (given, default) {
            (Some(argument), _) => (self.coerced(&argument.value), argument.span.or(at)),
            (None, Some(default)) => (default.clone(), Some(self.name.span)),
            (None, None) => {
                let finding =
                    Diagnostic::error(Code::InputInvalid, format!("the input `{name}` is missing"));
                let finding = match at {
                    Some(at) => finding
                        .label(at, "not given here")
                        .label(self.name.span, "declared without a default"),
                    None => finding.label(self.name.span, "declared without a default"),
                };
                let help = format!(
                    "give it a value: `inputs: {{{name}: …}}` where the file is \
                                    included, or `--input {name}=…`"
                );
                diagnostics.push(finding.help(help));
                return None;
            }
        };
        let mut wrong = |message: String, help: Option<String>| {
            let finding = Diagnostic::error(Code::InputInvalid, message);
            let finding = match span {
                Some(span) if span != self.name.span => {
                    finding.label(span, "given here").label(self.name.span, "declared here")
                }
                _ => finding.label(self.name.span, "declared here"),
            };
            diagnostics.push(match help {
                Some(help) => finding.help(help),
                None => finding,
            });
            None
        };
        if !self.kind.takes(&value) {
            let (wanted, found) = (self.kind.shown(), value.kind());
            return wrong(format!("the input `{name}` must be {wanted}, not {found}"), None);
        }
        let options = rule.and_then(|rule| rule.options.as_ref()).or(self.options.as_ref());
        if let Some(options) = options
            && value != Value::Null
            && !options.contains(&value)
        {
            let shown: Vec<String> = options.iter().map(Value::text).collect();
            return wrong(
                format!("the input `{name}` cannot be `{}`", value.text()),
                Some(format!("its options are: {}", shown.join(", "))),
            );
        }
        if let Some((written, regex)) = &self.regex
            && !regex.is_match(&value.text())
        {
            return wrong(
                format!("`{}` does not fit the pattern of the input `{name}`", value.text()),
                Some(format!("the pattern is `{written}`")),
            );
        }
        Some(value)
    }

    /// A text that is meant as something else: a number on the command line, or in quotes.
    fn coerced(&self, value: &Value) -> Value {
        match value {
            Value::Text(text) if self.kind != Kind::String => {
                Value::of_json(text).unwrap_or_else(|| value.clone())
            }
            _ => value.clone(),
        }
    }
}

impl Rule {
    fn applies(&self, arguments: &Arguments, values: &IndexMap<String, Value>) -> bool {
        let Some(condition) = &self.condition else { return true };
        // The condition borrows texts, so all that it could ask for is written out first.
        let texts: IndexMap<String, String> = arguments
            .iter()
            .map(|(name, argument)| (name, &argument.value))
            .chain(values)
            .filter(|(_, value)| **value != Value::Null)
            .map(|(name, value)| (format!("inputs.{name}"), value.text()))
            .collect();
        condition.holds(&|name| texts.get(name).map(String::as_str))
    }
}
