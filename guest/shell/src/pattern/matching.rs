//! Matching text.

use super::{Class, Node, Set, SetItem};
use crate::bytes;

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
pub(super) fn matches(nodes: &[Node], text: &[u8], fold: bool) -> bool {
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

/// The offsets at which characters begin or end.
pub(super) fn boundaries(text: &[u8]) -> Vec<usize> {
    let mut ends = Vec::with_capacity(text.len() + 1);
    let mut at = 0;
    ends.push(0);
    while at < text.len() {
        at += bytes::char_len(&text[at..]);
        ends.push(at);
    }
    ends
}
