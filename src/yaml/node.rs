//! The tree that a YAML document becomes.

use indexmap::IndexMap;

use crate::diagnostic::Span;

/// A value with its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it is written. For a node that came in through an alias, where the anchor is.
    pub span: Span,
    /// The tag that GitLab gives a meaning to, if any.
    pub tag: Option<Tag>,
    /// The value.
    pub value: Value,
}

/// A tag beyond YAML's own types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// `!reference [job, keyword, …]`.
    Reference,
}

/// What a node holds, after YAML 1.1's and Psych's rules for plain scalars.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// `true`, `yes`, `on`, `false`, `no`, `off`.
    Bool(bool),
    /// A whole number; one that does not fit is kept as a string of digits.
    Integer(i128),
    /// A number with a decimal point.
    Float(f64),
    /// Everything else that is not a collection.
    String(String),
    /// A list.
    Sequence(Vec<Node>),
    /// A mapping.
    Mapping(Mapping),
}

/// A mapping in the order of the file; its keys are strings, as GitLab makes them.
pub type Mapping = IndexMap<String, Entry>;

/// A value of a mapping and the place of its key.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where the key is written.
    pub key: Span,
    /// The value.
    pub value: Node,
}

impl Node {
    /// An untagged value.
    pub fn new(span: Span, value: Value) -> Self {
        Self { span, tag: None, value }
    }

    /// Its span and tag, without its value.
    #[must_use]
    pub fn clone_shallow(&self) -> Self {
        Self { span: self.span, tag: self.tag, value: Value::Null }
    }

    /// Whether it is nothing.
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The text, if it is a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The elements, if it is a list without a tag.
    pub fn as_sequence(&self) -> Option<&[Self]> {
        match &self.value {
            Value::Sequence(items) if self.tag.is_none() => Some(items),
            _ => None,
        }
    }

    /// The entries, if it is a mapping.
    pub fn as_mapping(&self) -> Option<&Mapping> {
        match &self.value {
            Value::Mapping(mapping) => Some(mapping),
            _ => None,
        }
    }

    /// The text of a scalar as Ruby prints it, which is what GitLab puts into variables.
    pub fn scalar_text(&self) -> Option<String> {
        match &self.value {
            Value::String(text) => Some(text.clone()),
            Value::Integer(value) => Some(value.to_string()),
            Value::Float(value) => Some(super::scalar::ruby_float(*value)),
            Value::Bool(value) => Some(value.to_string()),
            Value::Null | Value::Sequence(_) | Value::Mapping(_) => None,
        }
    }

    /// What the value is, with an article, for messages.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            _ if self.tag == Some(Tag::Reference) => "a !reference",
            Value::Null => "nothing",
            Value::Bool(_) => "a boolean",
            Value::Integer(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::String(_) => "a string",
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
        }
    }

    /// How many nodes there are, this one included.
    pub fn count(&self) -> usize {
        1 + match &self.value {
            Value::Sequence(items) => items.iter().map(Self::count).sum(),
            Value::Mapping(mapping) => mapping.values().map(|entry| 1 + entry.value.count()).sum(),
            _ => 0,
        }
    }

    /// Whether two nodes hold the same values, wherever they are written.
    pub fn same_as(&self, other: &Self) -> bool {
        self.tag == other.tag
            && match (&self.value, &other.value) {
                (Value::Null, Value::Null) => true,
                (Value::Bool(a), Value::Bool(b)) => a == b,
                (Value::Integer(a), Value::Integer(b)) => a == b,
                (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
                (Value::String(a), Value::String(b)) => a == b,
                (Value::Sequence(a), Value::Sequence(b)) => {
                    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same_as(b))
                }
                (Value::Mapping(a), Value::Mapping(b)) => {
                    a.len() == b.len()
                        && a.iter().all(|(key, entry)| {
                            b.get(key).is_some_and(|other| entry.value.same_as(&other.value))
                        })
                }
                _ => false,
            }
    }
}
