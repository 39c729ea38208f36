//! How much a file may grow when jobs take over parts of each other.

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Span};
use crate::yaml::Node;

/// Values that may be copied into jobs by `extends` and `!reference`.
const MAX_COPIED: usize = 1_500_000;

/// What is left of it.
pub(super) struct Budget {
    left: usize,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { left: MAX_COPIED }
    }

    /// Pays for one copy of a node, before it is made.
    pub(super) fn spend(
        &mut self,
        node: &Node,
        at: Span,
        diagnostics: &mut Diagnostics,
    ) -> Option<()> {
        match self.left.checked_sub(node.count()) {
            Some(left) => {
                self.left = left;
                Some(())
            }
            None => {
                diagnostics.push(
                    Diagnostic::error(
                        Code::YamlTooBig,
                        format!(
                            "the pipeline has more than {MAX_COPIED} values once its \
                                 jobs are put together"
                        ),
                    )
                    .label(at, "the limit is reached here")
                    .help("large templates multiply with every job: extend smaller ones"),
                );
                None
            }
        }
    }
}
