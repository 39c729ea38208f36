//! From text to a tree.

use std::iter::Peekable;
use std::slice::Iter;

/// The expression cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Invalid;

type Parsed<T> = Result<T, Invalid>;

/// The most repetitions that `{m,n}` may ask for, as in the C library.
const MAX_REPEAT: u32 = 32_767;

/// Groups nested deeper than this are an error.
const MAX_DEPTH: u32 = 200;

#[derive(Clone, Debug)]
pub(super) enum Node {
    Empty,
    Char(char),
    /// `.`
    Any,
    Set(Set),
    /// Text of the group with this number, again.
    Back(usize),
    Assert(Assertion),
    Group(usize, Box<Node>),
    Concat(Vec<Node>),
    Alternatives(Vec<Node>),
    /// At least and, unless unbounded, at most.
    Repeat(Box<Node>, u32, Option<u32>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Assertion {
    Start,
    End,
    WordBoundary,
    NoWordBoundary,
    WordStart,
    WordEnd,
}

#[derive(Clone, Debug)]
pub(super) struct Set {
    pub(super) negated: bool,
    pub(super) ranges: Vec<(char, char)>,
    pub(super) classes: Vec<Class>,
}

/// Whether a character is in a named class.
pub(super) type Class = fn(char) -> bool;

pub(super) struct Expression {
    pub(super) root: Node,
    pub(super) groups: usize,
}

pub(super) fn parse(pattern: &[char]) -> Parsed<Expression> {
    let mut parser =
        Parser { chars: pattern.iter().peekable(), groups: 0, closed: Vec::new(), depth: 0 };
    let root = parser.alternatives()?;
    Ok(Expression { root, groups: parser.groups })
}

struct Parser<'a> {
    chars: Peekable<Iter<'a, char>>,
    groups: usize,
    /// Groups that are complete: only these can be referred to.
    closed: Vec<usize>,
    depth: u32,
}

impl Parser<'_> {
    fn peek(&mut self) -> Option<char> {
        self.chars.peek().map(|c| **c)
    }

    fn next(&mut self) -> Option<char> {
        self.chars.next().copied()
    }

    fn take(&mut self, c: char) -> bool {
        self.chars.next_if(|next| **next == c).is_some()
    }

    fn alternatives(&mut self) -> Parsed<Node> {
        let mut all = vec![self.concat()?];
        while self.take('|') {
            all.push(self.concat()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Node::Alternatives(all) })
    }

    fn concat(&mut self) -> Parsed<Node> {
        let mut all = Vec::new();
        while let Some(c) = self.peek() {
            if c == '|' || (c == ')' && self.depth > 0) {
                break;
            }
            let atom = self.atom()?;
            // An anchor cannot be repeated.
            let repeated = !matches!(atom, Node::Assert(_));
            all.push(if repeated { self.repeated(atom)? } else { atom });
        }
        Ok(match all.len() {
            0 => Node::Empty,
            1 => all.remove(0),
            _ => Node::Concat(all),
        })
    }

    fn repeated(&mut self, atom: Node) -> Parsed<Node> {
        let mut node = atom;
        loop {
            let (least, most) = match self.peek() {
                Some('*') => (0, None),
                Some('+') => (1, None),
                Some('?') => (0, Some(1)),
                Some('{') => {
                    self.next();
                    let bounds = self.bounds()?;
                    node = Node::Repeat(Box::new(node), bounds.0, bounds.1);
                    continue;
                }
                _ => return Ok(node),
            };
            self.next();
            // Repeating a repetition without bounds changes nothing, and must not nest.
            node = match node {
                Node::Repeat(inner, 0, None) => Node::Repeat(inner, 0, None),
                node => Node::Repeat(Box::new(node), least, most),
            };
        }
    }

    /// From after `{` to after `}`.
    fn bounds(&mut self) -> Parsed<(u32, Option<u32>)> {
        let least = self.number()?;
        let bounds = if self.take(',') {
            (least.unwrap_or(0), self.number()?)
        } else {
            let count = least.ok_or(Invalid)?;
            (count, Some(count))
        };
        if !self.take('}') || bounds.1.is_some_and(|most| most < bounds.0) {
            return Err(Invalid);
        }
        Ok(bounds)
    }

    fn number(&mut self) -> Parsed<Option<u32>> {
        let mut value = None;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            self.next();
            let next = value.unwrap_or(0) * 10 + digit;
            if next > MAX_REPEAT {
                return Err(Invalid);
            }
            value = Some(next);
        }
        Ok(value)
    }

    fn atom(&mut self) -> Parsed<Node> {
        match self.next() {
            Some('(') => {
                self.groups += 1;
                let number = self.groups;
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(Invalid);
                }
                let inner = self.alternatives()?;
                self.depth -= 1;
                if !self.take(')') {
                    return Err(Invalid);
                }
                self.closed.push(number);
                Ok(Node::Group(number, Box::new(inner)))
            }
            Some('.') => Ok(Node::Any),
            Some('^') => Ok(Node::Assert(Assertion::Start)),
            Some('$') => Ok(Node::Assert(Assertion::End)),
            Some('[') => self.set().map(Node::Set),
            Some('\\') => self.escape(),
            Some('*' | '+' | '?' | '{') | None => Err(Invalid),
            Some(c) => Ok(Node::Char(c)),
        }
    }

    fn escape(&mut self) -> Parsed<Node> {
        let class = |negated, class| {
            Ok(Node::Set(Set { negated, ranges: Vec::new(), classes: vec![class] }))
        };
        let assertion = match self.next() {
            Some('w') => return class(false, is_word),
            Some('W') => return class(true, is_word),
            Some('s') => return class(false, char::is_whitespace),
            Some('S') => return class(true, char::is_whitespace),
            Some('b') => Assertion::WordBoundary,
            Some('B') => Assertion::NoWordBoundary,
            Some('<') => Assertion::WordStart,
            Some('>') => Assertion::WordEnd,
            Some('`') => Assertion::Start,
            Some('\'') => Assertion::End,
            Some(digit @ '1'..='9') => {
                let number = digit.to_digit(10).unwrap_or_default() as usize;
                let known = self.closed.contains(&number);
                return if known { Ok(Node::Back(number)) } else { Err(Invalid) };
            }
            Some(c) => return Ok(Node::Char(c)),
            None => return Err(Invalid),
        };
        Ok(Node::Assert(assertion))
    }

    /// From after `[` to after `]`.
    fn set(&mut self) -> Parsed<Set> {
        let negated = self.take('^');
        let mut set = Set { negated, ranges: Vec::new(), classes: Vec::new() };
        let mut first = true;
        loop {
            let c = self.next().ok_or(Invalid)?;
            if c == ']' && !first {
                return Ok(set);
            }
            first = false;
            if c == '[' && self.take(':') {
                set.classes.push(self.class()?);
                continue;
            }
            let low = self.element(c)?;
            let range = self.peek() == Some('-') && {
                let mut ahead = self.chars.clone();
                ahead.next();
                ahead.next().is_some_and(|c| *c != ']')
            };
            if !range {
                set.ranges.push((low, low));
                continue;
            }
            self.next();
            let c = self.next().ok_or(Invalid)?;
            let high = self.element(c)?;
            if high < low {
                return Err(Invalid);
            }
            set.ranges.push((low, high));
            // The end of a range begins no other.
            let mut ahead = self.chars.clone();
            if ahead.next() == Some(&'-') && ahead.next().is_some_and(|c| *c != ']') {
                return Err(Invalid);
            }
        }
    }

    /// An element of a set: a character, `[.c.]` or `[=c=]`.
    fn element(&mut self, c: char) -> Parsed<char> {
        if c != '[' {
            return Ok(c);
        }
        let Some(kind) = self.peek().filter(|c| matches!(c, '.' | '=')) else { return Ok(c) };
        self.next();
        let element = self.next().ok_or(Invalid)?;
        if self.take(kind) && self.take(']') { Ok(element) } else { Err(Invalid) }
    }

    fn class(&mut self) -> Parsed<Class> {
        let mut name = String::new();
        while let Some(c) = self.next() {
            if c == ':' {
                if !self.take(']') {
                    return Err(Invalid);
                }
                return class_named(&name).ok_or(Invalid);
            }
            name.push(c);
        }
        Err(Invalid)
    }
}

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn class_named(name: &str) -> Option<Class> {
    Some(match name {
        "alnum" => |c| c.is_alphanumeric(),
        "alpha" => |c| c.is_alphabetic(),
        "blank" => |c| c == ' ' || c == '\t',
        "cntrl" => |c| c.is_control(),
        "digit" => |c| c.is_ascii_digit(),
        "graph" => |c| !c.is_control() && !c.is_whitespace(),
        "lower" => |c| c.is_lowercase(),
        "print" => |c| !c.is_control(),
        "punct" => |c| c.is_ascii_punctuation() || (!c.is_ascii() && !c.is_alphanumeric()),
        "space" => |c| c.is_whitespace(),
        "upper" => |c| c.is_uppercase(),
        "xdigit" => |c| c.is_ascii_hexdigit(),
        _ => return None,
    })
}
