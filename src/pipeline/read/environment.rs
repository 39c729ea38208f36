//! `environment`: its name, or a mapping with the name and more.

use super::{Reader, value_of};
use crate::diagnostic::Spanned;
use crate::pipeline::model::Environment;
use crate::yaml::{Entry, Node};

impl Reader<'_> {
    /// Where a job deploys to.
    pub(super) fn environment(&self, entry: &Entry) -> Option<Environment> {
        let node = &entry.value;
        let Some(mapping) = node.as_mapping() else {
            let name = self.environment_name(node)?;
            return Some(Environment { name, url: None, action: None, tier: None });
        };
        // Its form is checked by its table.
        let name = value_of(mapping, "name")?;
        let text = |name: &str| value_of(mapping, name).and_then(Node::scalar_text);
        Some(Environment {
            name: self.environment_name(name)?,
            url: text("url"),
            action: text("action"),
            tier: text("deployment_tier"),
        })
    }

    fn environment_name(&self, node: &Node) -> Option<Spanned<String>> {
        let name = node.as_str().filter(|name| !name.trim().is_empty())?;
        Some(Spanned::new(name.to_owned(), node.span))
    }
}
