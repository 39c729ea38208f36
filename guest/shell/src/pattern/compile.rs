//! From text to nodes.

use super::{Class, Node, Set, SetItem};
use crate::bytes;

/// Groups nested deeper than this are taken literally.
const MAX_GROUPS: u32 = 50;

pub(super) struct Compiler<'a> {
    text: &'a [u8],
    pos: usize,
    extglob: bool,
    depth: u32,
}

impl<'a> Compiler<'a> {
    pub(super) fn new(text: &'a [u8], extglob: bool) -> Self {
        Self { text, pos: 0, extglob, depth: 0 }
    }

    fn at(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.pos + ahead).copied()
    }

    pub(super) fn sequence(&mut self, in_group: bool) -> Vec<Node> {
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
