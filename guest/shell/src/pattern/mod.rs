//! Patterns: `*`, `?`, `[…]` and, where enabled, `@(a|b)` and its relatives.

mod compile;
mod matching;

use compile::Compiler;
use matching::{boundaries, matches};

use crate::bytes;

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Pattern {
    nodes: Vec<Node>,
    fold: bool,
}

#[derive(Debug)]
enum Node {
    Byte(u8),
    /// `?`
    Any,
    /// `*`
    Star,
    Set(Set),
    /// The kind is one of `? * + @ !`.
    Group(u8, Vec<Vec<Node>>),
}

#[derive(Debug)]
struct Set {
    negated: bool,
    items: Vec<SetItem>,
}

#[derive(Debug)]
enum SetItem {
    Range(char, char),
    Byte(u8),
    Class(Class),
}

#[derive(Clone, Copy, Debug)]
enum Class {
    Alnum,
    Alpha,
    Ascii,
    Blank,
    Cntrl,
    Digit,
    Graph,
    Lower,
    Print,
    Punct,
    Space,
    Upper,
    Word,
    Xdigit,
}

impl Pattern {
    /// Compiles a pattern in which a backslash quotes the next byte.
    pub(crate) fn new(text: &[u8], extglob: bool, fold: bool) -> Self {
        Self { nodes: Compiler::new(text, extglob).sequence(false), fold }
    }

    /// Whether all of `text` matches.
    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        matches(&self.nodes, text, self.fold)
    }

    /// The text that the pattern stands for, if it has no special characters.
    pub(crate) fn literal(&self) -> Option<Vec<u8>> {
        self.nodes.iter().map(|n| if let Node::Byte(b) = n { Some(*b) } else { None }).collect()
    }

    /// Whether a name that begins with a dot can only match through an explicit dot.
    pub(crate) fn starts_with_dot(&self) -> bool {
        match self.nodes.first() {
            Some(Node::Byte(b'.')) => true,
            Some(Node::Group(kind, alternatives)) => {
                *kind != b'!'
                    && alternatives.iter().any(|a| matches!(a.first(), Some(Node::Byte(b'.'))))
            }
            _ => false,
        }
    }

    /// The end of the shortest or longest match that begins at the start of `text`.
    pub(crate) fn prefix(&self, text: &[u8], longest: bool) -> Option<usize> {
        if let Some(literal) = self.plain() {
            return text.starts_with(&literal).then_some(literal.len());
        }
        let mut ends = boundaries(text);
        if longest {
            ends.reverse();
        }
        ends.into_iter().find(|&end| self.matches(&text[..end]))
    }

    /// The start of the shortest or longest match that ends at the end of `text`.
    pub(crate) fn suffix(&self, text: &[u8], longest: bool) -> Option<usize> {
        if let Some(literal) = self.plain() {
            return text.ends_with(&literal).then(|| text.len() - literal.len());
        }
        let mut starts = boundaries(text);
        if !longest {
            starts.reverse();
        }
        starts.into_iter().find(|&start| self.matches(&text[start..]))
    }

    /// The first, longest match at or after `from`.
    pub(crate) fn find(&self, text: &[u8], from: usize) -> Option<(usize, usize)> {
        if let Some(literal) = self.plain() {
            let start = from + bytes::find(&text[from..], &literal)?;
            return Some((start, start + literal.len()));
        }
        let mut start = from;
        loop {
            if let Some(length) = self.prefix(&text[start..], true) {
                return Some((start, start + length));
            }
            if start >= text.len() {
                return None;
            }
            start += bytes::char_len(&text[start..]);
        }
    }

    fn plain(&self) -> Option<Vec<u8>> {
        if self.fold { None } else { self.literal() }
    }
}

/// Whether `text` contains a character that makes it a pattern.
pub(crate) fn is_special(byte: u8) -> bool {
    matches!(byte, b'*' | b'?' | b'[')
}

/// Appends `text` so that it matches only itself.
pub(crate) fn escape_into(out: &mut Vec<u8>, text: &[u8]) {
    for &byte in text {
        if matches!(
            byte,
            b'*' | b'?'
                | b'['
                | b']'
                | b'\\'
                | b'('
                | b')'
                | b'|'
                | b'!'
                | b'+'
                | b'@'
                | b'-'
                | b'^'
        ) {
            out.push(b'\\');
        }
        out.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    fn m(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern.as_bytes(), true, false).matches(text.as_bytes())
    }

    #[test]
    fn wildcards_and_sets() {
        assert!(m("a*b?c", "axxbyc"));
        assert!(!m("a*b?c", "axxbc"));
        assert!(m("[a-c]*[!0-9]", "bx"));
        assert!(!m("[a-c]*[!0-9]", "b1"));
        assert!(m("[]x]", "]") && m("[^]x]", "a") && !m("[^]x]", "]"));
        assert!(m("[[:digit:][:upper:]]", "7") && m("[[:digit:][:upper:]]", "Q"));
        assert!(m("[a", "[a") && m("\\*", "*") && !m("\\*", "x"));
        assert!(m("?", "é") && m("[é-ü]", "ö"));
        assert!(m("*.tar.*", "a.b.tar.gz"));
    }

    #[test]
    fn groups() {
        assert!(m("@(a|bc)d", "bcd") && !m("@(a|bc)d", "abcd"));
        assert!(m("+(ab)", "ababab") && !m("+(ab)", ""));
        assert!(m("*(ab)c", "c") && m("?(x)y", "y") && m("?(x)y", "xy"));
        assert!(m("!(*.txt)", "a.md") && !m("!(*.txt)", "a.txt"));
        assert!(m("+([0-9])", "123") && !m("+([0-9])", "12a"));
        assert!(m("a@(b|+(c|d))e", "acdcde"));
    }

    #[test]
    fn parts() {
        let p = Pattern::new(b"*/", false, false);
        assert_eq!(p.prefix(b"a/b/c", false), Some(2));
        assert_eq!(p.prefix(b"a/b/c", true), Some(4));
        let p = Pattern::new(b".*", false, false);
        assert_eq!(p.suffix(b"a.b.c", false), Some(3));
        assert_eq!(p.suffix(b"a.b.c", true), Some(1));
        assert_eq!(Pattern::new(b"b?", false, false).find(b"aabcbd", 3), Some((4, 6)));
    }

    #[test]
    fn many_stars_do_not_explode() {
        let text = "a".repeat(2000);
        assert!(!m(&format!("{}b", "a*".repeat(100)), &text));
    }
}
