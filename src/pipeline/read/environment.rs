//! `environment`: its name, or a mapping with the name and more.

use super::{Reader, value_of};
use crate::diagnostic::{Code, Diagnostic, Spanned};
use crate::pipeline::model::Environment;
use crate::yaml::{Entry, Node};

/// What a job may do with its environment.
const ACTIONS: [&str; 5] = ["start", "stop", "prepare", "verify", "access"];

impl Reader<'_> {
    /// Where a job deploys to.
    pub(super) fn environment(&mut self, entry: &Entry) -> Option<Environment> {
        let node = &entry.value;
        let Some(mapping) = node.as_mapping() else {
            let name = self.environment_name(node)?;
            return Some(Environment { name, url: None, action: None, tier: None });
        };
        let Some(name) = value_of(mapping, "name") else {
            self.diagnostics.push(
                Diagnostic::error(Code::WrongValue, "`environment` has no name")
                    .label(entry.key, "`name` is missing")
                    .help("write `environment: NAME`, or add `name: NAME`"),
            );
            return None;
        };
        let text = |name: &str| value_of(mapping, name).and_then(Node::scalar_text);
        let action = text("action");
        if let (Some(action), Some(node)) = (&action, value_of(mapping, "action"))
            && !ACTIONS.contains(&action.as_str())
        {
            self.diagnostics.push(
                Diagnostic::error(
                    Code::WrongValue,
                    format!("`environment:action` cannot be `{action}`"),
                )
                .label(node.span, format!("expected one of: {}", ACTIONS.join(", "))),
            );
        }
        Some(Environment {
            name: self.environment_name(name)?,
            url: text("url"),
            action,
            tier: text("deployment_tier"),
        })
    }

    fn environment_name(&mut self, node: &Node) -> Option<Spanned<String>> {
        let name = self.string("the name of an environment", node)?;
        if name.value.trim().is_empty() {
            self.diagnostics.push(
                Diagnostic::error(Code::WrongValue, "the name of an environment is empty")
                    .label(name.span, "empty"),
            );
            return None;
        }
        Some(name)
    }
}
