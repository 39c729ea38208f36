//! Patterns: `*`, `?`, `[…]` and, where enabled, `@(a|b)` and its relatives.

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

/// Groups nested deeper than this are taken literally.
const MAX_GROUPS: u32 = 50;

impl Pattern {
    /// Compiles a pattern in which a backslash quotes the next byte.
    pub(crate) fn new(text: &[u8], extglob: bool, fold: bool) -> Self {
        let mut compiler = Compiler { text, pos: 0, extglob, depth: 0 };
        Self { nodes: compiler.sequence(false), fold }
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

fn boundaries(text: &[u8]) -> Vec<usize> {
    let mut ends = Vec::with_capacity(text.len() + 1);
    let mut at = 0;
    ends.push(0);
    while at < text.len() {
        at += bytes::char_len(&text[at..]);
        ends.push(at);
    }
    ends
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

struct Compiler<'a> {
    text: &'a [u8],
    pos: usize,
    extglob: bool,
    depth: u32,
}

impl Compiler<'_> {
    fn at(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.pos + ahead).copied()
    }

    fn sequence(&mut self, in_group: bool) -> Vec<Node> {
        let mut nodes = Vec::new();
        while let Some(byte) = self.at(0) {
            if in_group && matches!(byte, b'|' | b')') {
                break;
            }
            if self.extglob
                && b"?*+@!".contains(&byte)
                && self.at(1) == Some(b'(')
                && self.depth < MAX_GROUPS
            {
                let saved = self.pos;
                self.pos += 2;
                self.depth += 1;
                let group = self.alternatives();
                self.depth -= 1;
                if let Some(alternatives) = group {
                    nodes.push(Node::Group(byte, alternatives));
                    continue;
                }
                self.pos = saved;
            }
            self.pos += 1;
            match byte {
                b'?' => nodes.push(Node::Any),
                b'*' => {
                    if !matches!(nodes.last(), Some(Node::Star)) {
                        nodes.push(Node::Star);
                    }
                }
                b'[' => match self.set() {
                    Some(set) => nodes.push(Node::Set(set)),
                    None => nodes.push(Node::Byte(b'[')),
                },
                b'\\' => {
                    let quoted = self.at(0).unwrap_or(b'\\');
                    self.pos += 1;
                    nodes.push(Node::Byte(quoted));
                }
                _ => nodes.push(Node::Byte(byte)),
            }
        }
        nodes
    }

    fn alternatives(&mut self) -> Option<Vec<Vec<Node>>> {
        let mut all = Vec::new();
        loop {
            all.push(self.sequence(true));
            let byte = self.at(0)?;
            self.pos += 1;
            if byte == b')' {
                return Some(all);
            }
        }
    }

    /// From after `[`; without a closing bracket it is no set and the position is unchanged.
    fn set(&mut self) -> Option<Set> {
        let saved = self.pos;
        let negated = matches!(self.at(0), Some(b'!' | b'^'));
        if negated {
            self.pos += 1;
        }
        let mut items = Vec::new();
        let mut first = true;
        loop {
            let Some(byte) = self.at(0) else {
                self.pos = saved;
                return None;
            };
            if byte == b']' && !first {
                self.pos += 1;
                return Some(Set { negated, items });
            }
            first = false;
            if byte == b'['
                && self.at(1) == Some(b':')
                && let Some((class, length)) = class_at(&self.text[self.pos..])
            {
                self.pos += length;
                if let Some(class) = class {
                    items.push(SetItem::Class(class));
                }
                continue;
            }
            let Some(low) = self.set_char(&mut items) else { continue };
            if self.at(0) == Some(b'-') && self.at(1).is_some_and(|b| b != b']') {
                self.pos += 1;
                if let Some(high) = self.set_char(&mut items) {
                    items.push(SetItem::Range(low, high));
                    continue;
                }
                items.push(SetItem::Range('-', '-'));
            }
            items.push(SetItem::Range(low, low));
        }
    }

    fn set_char(&mut self, items: &mut Vec<SetItem>) -> Option<char> {
        if self.at(0) == Some(b'\\') && self.at(1).is_some() {
            self.pos += 1;
        } else if self.at(0) == Some(b'[')
            && matches!(self.at(1), Some(b'.' | b'='))
            && self.at(3) == self.at(1)
            && self.at(4) == Some(b']')
        {
            let c = self.at(2).map(char::from);
            self.pos += 5;
            return c;
        }
        let rest = &self.text[self.pos..];
        let length = bytes::char_len(rest);
        self.pos += length;
        let c = bytes::first_char(rest);
        if c.is_none() {
            items.push(SetItem::Byte(rest[0]));
        }
        c
    }
}

/// `[:name:]` at the start of `text`: the class, if it is known, and its length.
fn class_at(text: &[u8]) -> Option<(Option<Class>, usize)> {
    let end = bytes::find(text, b":]")?;
    let class = match text.get(2..end)? {
        b"alnum" => Class::Alnum,
        b"alpha" => Class::Alpha,
        b"ascii" => Class::Ascii,
        b"blank" => Class::Blank,
        b"cntrl" => Class::Cntrl,
        b"digit" => Class::Digit,
        b"graph" => Class::Graph,
        b"lower" => Class::Lower,
        b"print" => Class::Print,
        b"punct" => Class::Punct,
        b"space" => Class::Space,
        b"upper" => Class::Upper,
        b"word" => Class::Word,
        b"xdigit" => Class::Xdigit,
        _ => return Some((None, end + 2)),
    };
    Some((Some(class), end + 2))
}

impl Class {
    fn contains(self, c: char) -> bool {
        match self {
            Self::Alnum => c.is_alphanumeric(),
            Self::Alpha => c.is_alphabetic(),
            Self::Ascii => c.is_ascii(),
            Self::Blank => c == ' ' || c == '\t',
            Self::Cntrl => c.is_control(),
            Self::Digit => c.is_ascii_digit(),
            Self::Graph => !c.is_control() && !c.is_whitespace(),
            Self::Lower => c.is_lowercase(),
            Self::Print => !c.is_control(),
            Self::Punct => c.is_ascii_punctuation(),
            Self::Space => c.is_whitespace(),
            Self::Upper => c.is_uppercase(),
            Self::Word => c.is_alphanumeric() || c == '_',
            Self::Xdigit => c.is_ascii_hexdigit(),
        }
    }
}

impl Set {
    /// Whether the character at the start of `text` is in the set.
    fn contains(&self, text: &[u8], fold: bool) -> bool {
        let c = bytes::first_char(text);
        let found = self.items.iter().any(|item| match (item, c) {
            (SetItem::Range(low, high), Some(c)) => {
                (*low..=*high).contains(&c)
                    || (fold
                        && ((*low..=*high).contains(&c.to_ascii_lowercase())
                            || (*low..=*high).contains(&c.to_ascii_uppercase())))
            }
            (SetItem::Class(class), Some(c)) => class.contains(c),
            (SetItem::Byte(byte), None) => text.first() == Some(byte),
            _ => false,
        });
        found != self.negated
    }
}

/// Matches `nodes` against all of `text`. Only the last star is retried, which is enough as long
/// as there are no groups; what follows a group is matched by recursion.
fn matches(nodes: &[Node], text: &[u8], fold: bool) -> bool {
    let (mut n, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let step = match nodes.get(n) {
            None => {
                if t == text.len() {
                    return true;
                }
                false
            }
            Some(Node::Star) => {
                n += 1;
                if n == nodes.len() {
                    return true;
                }
                retry = Some((n, t));
                continue;
            }
            Some(Node::Byte(byte)) => match text.get(t) {
                Some(b) if b == byte || (fold && b.eq_ignore_ascii_case(byte)) => {
                    t += 1;
                    true
                }
                _ => false,
            },
            Some(Node::Any) if t < text.len() => {
                t += bytes::char_len(&text[t..]);
                true
            }
            Some(Node::Set(set)) if t < text.len() && set.contains(&text[t..], fold) => {
                t += bytes::char_len(&text[t..]);
                true
            }
            Some(Node::Any | Node::Set(_)) => false,
            Some(Node::Group(kind, alternatives)) => {
                if group(*kind, alternatives, &nodes[n + 1..], &text[t..], fold) {
                    return true;
                }
                false
            }
        };
        if step {
            n += 1;
            continue;
        }
        let Some((star, from)) = retry else { return false };
        if from >= text.len() {
            return false;
        }
        let next = from + bytes::char_len(&text[from..]);
        retry = Some((star, next));
        (n, t) = (star, next);
    }
}

fn group(kind: u8, alternatives: &[Vec<Node>], rest: &[Node], text: &[u8], fold: bool) -> bool {
    let any = |part: &[u8]| alternatives.iter().any(|a| matches(a, part, fold));
    match kind {
        b'!' => boundaries(text)
            .into_iter()
            .any(|end| !any(&text[..end]) && matches(rest, &text[end..], fold)),
        b'@' => boundaries(text)
            .into_iter()
            .any(|end| any(&text[..end]) && matches(rest, &text[end..], fold)),
        b'?' => {
            matches(rest, text, fold)
                || boundaries(text)
                    .into_iter()
                    .any(|end| any(&text[..end]) && matches(rest, &text[end..], fold))
        }
        _ => {
            // Positions that can be reached by one or more repetitions, each tried once.
            let ends = boundaries(text);
            let mut reached = vec![false; text.len() + 1];
            let mut queue = vec![0];
            if kind == b'*' && matches(rest, text, fold) {
                return true;
            }
            while let Some(start) = queue.pop() {
                for &end in ends.iter().filter(|&&end| end > start || (end == 0 && start == 0)) {
                    if !reached[end] && any(&text[start..end]) {
                        reached[end] = true;
                        if matches(rest, &text[end..], fold) {
                            return true;
                        }
                        queue.push(end);
                    }
                }
            }
            false
        }
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
