//! The parser's errors in a pipeline author's words.

use serde_saphyr::granit_parser::{ErrorKind, ScanError};

use crate::diagnostic::{Code, Diagnostic, Span};

/// The finding that a parser's error becomes. `line_before` is the text of the line before it.
pub(super) fn finding(error: &ScanError, line_before: &str, span: Span) -> Diagnostic {
    if *error.kind() == ErrorKind::RecursionLimitExceeded {
        return too_deep(span);
    }
    let (message, label, help) = words(error.kind(), line_before);
    let finding = Diagnostic::error(Code::YamlSyntax, message).label(span, label);
    if help.is_empty() { finding } else { finding.help(help) }
}

/// The finding that too many nested collections become.
pub(super) fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::error(
        Code::YamlTooDeep,
        format!("lists and mappings are nested more than {} deep", super::limits::MAX_DEPTH),
    )
    .label(span, "this one is too deep")
    .help("a pipeline file is flat: is this really one?")
}

/// Message, label and help.
fn words(kind: &ErrorKind, line_before: &str) -> (String, String, &'static str) {
    const TABS: &str = "YAML indents with blanks only: replace the tab by blanks";
    const CLOSE: &str = "close it, or quote the value if the character belongs to it";
    let fixed = |message: &str, label: &str, help| (message.to_owned(), label.to_owned(), help);
    match kind {
        ErrorKind::TabInIndentation
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabNotAllowed
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => {
            fixed("a tab stands where YAML allows only blanks", "here", TABS)
        }
        ErrorKind::UnclosedQuotedScalar => fixed(
            "a quoted value is not closed",
            "it starts here",
            "add the closing quote; inside '…' write '' for a quote, inside \"…\" write \\\"",
        ),
        ErrorKind::UnclosedFlowCollection { open } => {
            (format!("`{open}` is not closed"), "it starts here".to_owned(), CLOSE)
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            (format!("`{open}` is closed with `{close}`"), "here".to_owned(), CLOSE)
        }
        ErrorKind::MappingValueNotAllowed if !line_before.contains(": ") => fixed(
            "the line above is neither `key: value` nor a list entry",
            "a mapping value cannot start here",
            "add the `:` to the line above, or indent this one to make it part of that value",
        ),
        ErrorKind::MappingValueNotAllowed => fixed(
            "a second `: ` in one line",
            "a mapping value cannot start here",
            "quote the whole value if the colon belongs to it",
        ),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => fixed(
            "a line that is neither `key: value` nor a list entry",
            "a `:` is missing after this",
            "check the indentation, and the `:` after the key",
        ),
        ErrorKind::InvalidIndentation | ErrorKind::ExpectedBlockMappingKey => fixed(
            "the indentation does not fit the lines before",
            "here",
            "entries of one mapping or list start in the same column",
        ),
        ErrorKind::BlockSequenceEntryNotAllowed | ErrorKind::ExpectedBlockSequenceEntry => fixed(
            "a list entry stands where none can be",
            "here",
            "entries of one list start in the same column, on lines of their own",
        ),
        ErrorKind::UnexpectedCharacter { character } => {
            (format!("`{character}` cannot start a value"), "here".to_owned(), "quote the value")
        }
        ErrorKind::InvalidColonPlacement
        | ErrorKind::ExpectedFlowSequenceSeparator
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping => fixed(
            "a list in `[ ]` or a mapping in `{ }` is not right",
            "this does not fit",
            "close the bracket that was opened before, or put a `,` between the entries",
        ),
        ErrorKind::UnknownQuotedScalarEscape => fixed(
            "an escape that YAML does not know",
            "in this value",
            "write `\\\\` for a backslash, or use single quotes",
        ),
        ErrorKind::MissingAnchorOrAliasName => fixed(
            "`*` or `&` without a name",
            "here",
            "quote the value if the character belongs to it",
        ),
        ErrorKind::UndeclaredTagHandle => fixed(
            "a tag whose prefix is not declared",
            "here",
            "quote the value if the `!` belongs to it",
        ),
        other => (format!("this is not YAML: {other}"), "here".to_owned(), ""),
    }
}
