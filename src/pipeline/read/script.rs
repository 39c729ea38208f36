//! `script`, `before_script`, `after_script`: a string, or strings in lists within lists.

use super::Reader;
use crate::diagnostic::{Code, Diagnostic};
use crate::pipeline::model::{Command, Script};
use crate::yaml::{Node, Value};

/// Lists within lists that GitLab follows.
const MAX_LEVELS: usize = 10;

impl Reader<'_> {
    pub(super) fn script(&mut self, what: &str, node: &Node) -> Script {
        let mut commands = Vec::new();
        self.commands(what, node, 0, &mut commands);
        commands.into()
    }

    fn commands(&mut self, what: &str, node: &Node, level: usize, out: &mut Vec<Command>) {
        match &node.value {
            Value::String(text) => {
                out.push(Command { text: text.clone(), span: self.first_line(node) });
            }
            // Something that is not there could not be taken over.
            Value::Null if self.diagnostics.is_incomplete() => {}
            Value::Sequence(_) if level >= MAX_LEVELS => self.diagnostics.push(
                Diagnostic::error(
                    Code::NestedTooDeep,
                    format!("`{what}` nests lists more than {MAX_LEVELS} deep"),
                )
                .label(node.span, "this list is too deep")
                .help("GitLab follows ten levels; put the commands into one list"),
            ),
            Value::Sequence(items) if node.tag.is_none() => {
                for item in items {
                    self.commands(what, item, level + 1, out);
                }
            }
            _ => {
                let finding = Diagnostic::error(
                    Code::WrongType,
                    format!("`{what}` takes strings, and lists of strings"),
                )
                .label(node.span, format!("YAML reads this as {}", node.kind()));
                self.diagnostics.push(finding.help(self.command_help(node)));
            }
        }
    }

    /// Where the text of a block scalar starts: the line after its `|` or `>`.
    fn first_line(&self, node: &Node) -> crate::diagnostic::Span {
        let written = self.diagnostics.sources().slice(node.span);
        match written.find('\n') {
            Some(line_end) if written.starts_with(['|', '>']) => {
                let start = node.span.start + u32::try_from(line_end).unwrap_or(0) + 1;
                crate::diagnostic::Span { start: start.min(node.span.end), ..node.span }
            }
            _ => node.span,
        }
    }

    fn command_help(&self, node: &Node) -> String {
        match &node.value {
            Value::Mapping(_) => "a `: ` in a line makes it a mapping: quote the whole line with \
                                  single quotes, or write it as a block after `|`"
                .to_owned(),
            Value::Null => "an empty entry is no command: remove it".to_owned(),
            Value::Sequence(_) => "a `!reference` must name strings".to_owned(),
            _ => {
                let written = self.diagnostics.sources().slice(node.span);
                format!("quote it: \"{written}\"")
            }
        }
    }
}
