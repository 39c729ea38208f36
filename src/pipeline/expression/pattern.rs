//! `/pattern/flags`.

use regex::{Regex, RegexBuilder};

/// A regular expression in RE2's syntax.
#[derive(Clone, Debug)]
pub struct Pattern {
    written: String,
    regex: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

/// The most memory that one compiled pattern may take, in bytes.
const MAX_SIZE: usize = 1024 * 1024;

impl Pattern {
    /// Reads the whole text as `/pattern/flags`, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        let (pattern, length) = Self::parse_start(text)?;
        if length == text.len() { pattern } else { None }
    }

    /// Reads a pattern at the start of a text and gives its length in bytes. The pattern itself is
    /// `None` if it is one in form, but the expression in it is not valid.
    ///
    /// GitLab takes no pattern of a single character.
    pub(super) fn parse_start(text: &str) -> Option<(Option<Self>, usize)> {
        let body = text.strip_prefix('/')?;
        let mut escaped = false;
        let end = body.char_indices().find_map(|(at, c)| {
            let ends = c == '/' && !escaped;
            escaped = c == '\\' && !escaped;
            ends.then_some(at)
        })?;
        let source = &body[..end];
        if source.chars().count() < 2 {
            return None;
        }
        let rest = &body[end + 1..];
        let flags = rest.find(|c| !"ismU".contains(c)).map_or(rest, |at| &rest[..at]);
        let regex = RegexBuilder::new(&source.replace("\\/", "/"))
            .case_insensitive(flags.contains('i'))
            .dot_matches_new_line(flags.contains('s'))
            .multi_line(flags.contains('m'))
            .swap_greed(flags.contains('U'))
            .size_limit(MAX_SIZE)
            .build();
        let length = end + 2 + flags.len();
        let written = text[..length].to_owned();
        Some((regex.ok().map(|regex| Self { written, regex }), length))
    }

    /// Whether a text without slashes and flags is an expression.
    pub fn is_valid(source: &str) -> bool {
        RegexBuilder::new(source).size_limit(MAX_SIZE).build().is_ok()
    }

    /// Whether the expression matches anywhere in a text.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}
