//! `variables`: names and values, in the short and in the long form.

use super::{Reader, value_of};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::pipeline::keywords::{self, Place};
use crate::pipeline::model::{Variable, Variables};
use crate::yaml::{Entry, Mapping, Node, Value};

impl Reader<'_> {
    /// The variables of the top level (`global`) or of a job.
    pub(super) fn variables(&mut self, node: &Node, global: bool) -> Variables {
        let Some(mapping) = self.mapping("`variables`", node) else { return Variables::new() };
        let mut variables = Variables::new();
        for (name, entry) in mapping {
            if self.variable_name(name, entry.key)
                && let Some(variable) = self.variable(name, entry, global)
            {
                variables.insert(name.clone(), variable);
            }
        }
        variables
    }

    fn variable_name(&mut self, name: &str, span: Span) -> bool {
        let usable = !name.is_empty() && !name.contains(['=', '\0']);
        if !usable {
            self.diagnostics.push(
                Diagnostic::error(Code::VariableInvalid, format!("`{name}` cannot be a variable"))
                    .label(span, "no environment can hold this name")
                    .help("use letters, digits and `_`"),
            );
        }
        usable
    }

    fn variable(&mut self, name: &str, entry: &Entry, global: bool) -> Option<Variable> {
        let node = &entry.value;
        if let Some(long) = node.as_mapping() {
            return self.long_form(name, entry.key, long, global);
        }
        let value = self.variable_value(name, node)?;
        Some(Variable { value, expand: true, description: None, options: vec![], span: node.span })
    }

    fn long_form(
        &mut self,
        name: &str,
        key: Span,
        long: &Mapping,
        global: bool,
    ) -> Option<Variable> {
        for (keyword, entry) in long {
            let only_global = matches!(keyword.as_str(), "description" | "options");
            if keywords::find(Place::Variable, keyword).is_none() {
                self.unknown(Place::Variable, keyword, entry);
            } else if only_global && !global {
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::UnknownKeyword,
                        format!("a job's variable has no `{keyword}`"),
                    )
                    .label(entry.key, "only for variables of the top level")
                    .help("nobody is asked for a job's variable: remove it"),
                );
            }
        }
        let value_node = value_of(long, "value");
        let value = match value_node {
            Some(node) => self.variable_value(name, node)?,
            None => String::new(),
        };
        let expand = match value_of(long, "expand") {
            Some(node) => self.boolean("`expand`", node).unwrap_or(true),
            None => true,
        };
        let description = value_of(long, "description").and_then(Node::scalar_text);
        if let Some(node) = value_of(long, "description") {
            self.string("`description`", node);
        }
        let options = match value_of(long, "options") {
            Some(node) => self.options(node),
            None => vec![],
        };
        if let Some(node) = value_node
            && !options.is_empty()
            && !options.contains(&value)
        {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::VariableInvalid,
                    format!("the value of `{name}` is not one of its options"),
                )
                .label(node.span, format!("expected one of: {}", options.join(", ")))
                .help("add the value to `options`"),
            );
        }
        let span = value_node.map_or(key, |node| node.span);
        Some(Variable { value, expand, description, options, span })
    }

    fn options(&mut self, node: &Node) -> Vec<String> {
        match node.as_sequence() {
            Some([]) => {
                self.diagnostics.push(
                    Diagnostic::error(Code::WrongValue, "`options` has no entry")
                        .label(node.span, "expected at least one")
                        .help("leave `options` out if every value will do"),
                );
                vec![]
            }
            Some(items) => items
                .iter()
                .filter_map(|item| self.string("an option", item))
                .map(|option| option.value)
                .collect(),
            None => {
                self.wrong_type("`options`", "a list of strings", node);
                vec![]
            }
        }
    }

    /// The text of a value. GitLab takes strings and whole numbers; what else has a text is taken
    /// with a warning.
    fn variable_value(&mut self, name: &str, node: &Node) -> Option<String> {
        if node.is_null() {
            self.diagnostics.push(
                Diagnostic::warning(Code::VariableInvalid, format!("`{name}` has no value"))
                    .label(node.span, "read as an empty one")
                    .help("write \"\" if that is meant"),
            );
            return Some(String::new());
        }
        let Some(text) = node.scalar_text() else {
            let finding = Diagnostic::error(
                Code::VariableInvalid,
                format!("the value of `{name}` must be a string or a number"),
            )
            .label(node.span, format!("this is {}", node.kind()));
            self.diagnostics
                .push(finding.help("write a list as one string, for example with blanks between"));
            return None;
        };
        if text.contains('\0') {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::VariableInvalid,
                    format!("the value of `{name}` contains a NUL character"),
                )
                .label(node.span, "no environment can hold it"),
            );
            return None;
        }
        if matches!(node.value, Value::Bool(_) | Value::Float(_)) {
            let written = self.diagnostics.sources().slice(node.span).to_owned();
            self.diagnostics.push(
                Diagnostic::warning(
                    Code::VariableInvalid,
                    format!("GitLab refuses {} as the value of `{name}`", node.kind()),
                )
                .label(node.span, format!("read as `{text}`"))
                .help(format!("quote it: \"{written}\"")),
            );
        }
        Some(text)
    }
}
