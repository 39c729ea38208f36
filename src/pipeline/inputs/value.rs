//! Values without places, as they go from one pipeline to another.

use crate::diagnostic::Span;
use crate::yaml::{Entry, Mapping, Node, Value as Yaml};

/// A value of an input.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing: as if it were not given.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// A number.
    Float(f64),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Self>),
    /// A mapping, as an element of a list.
    Mapping(Vec<(String, Self)>),
}

impl Value {
    /// What a node holds.
    pub fn of(node: &Node) -> Self {
        match &node.value {
            Yaml::Null => Self::Null,
            Yaml::Bool(value) => Self::Bool(*value),
            Yaml::Integer(value) => Self::Integer(*value),
            Yaml::Float(value) => Self::Float(*value),
            Yaml::String(value) => Self::Text(value.clone()),
            Yaml::Sequence(items) => Self::List(items.iter().map(Self::of).collect()),
            Yaml::Mapping(mapping) => Self::Mapping(
                mapping.iter().map(|(key, entry)| (key.clone(), Self::of(&entry.value))).collect(),
            ),
        }
    }

    /// What a JSON text holds; `None` if it is none.
    pub fn of_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().map(|json| Self::from_json(&json))
    }

    fn from_json(json: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => match number.as_i128() {
                Some(number) => Self::Integer(number),
                None => Self::Float(number.as_f64().unwrap_or_default()),
            },
            Json::String(text) => Self::Text(text.clone()),
            Json::Array(items) => Self::List(items.iter().map(Self::from_json).collect()),
            Json::Object(entries) => Self::Mapping(
                entries.iter().map(|(key, value)| (key.clone(), Self::from_json(value))).collect(),
            ),
        }
    }

    /// A node at the place where the value is wanted.
    pub fn to_node(&self, span: Span) -> Node {
        let value = match self {
            Self::Null => Yaml::Null,
            Self::Bool(value) => Yaml::Bool(*value),
            Self::Integer(value) => Yaml::Integer(*value),
            Self::Float(value) => Yaml::Float(*value),
            Self::Text(value) => Yaml::String(value.clone()),
            Self::List(items) => {
                Yaml::Sequence(items.iter().map(|item| item.to_node(span)).collect())
            }
            Self::Mapping(entries) => Yaml::Mapping(
                entries
                    .iter()
                    .map(|(name, value)| {
                        (name.clone(), Entry { key: span, value: value.to_node(span) })
                    })
                    .collect::<Mapping>(),
            ),
        };
        Node::new(span, value)
    }

    /// The text that stands for the value within a longer text, as Ruby writes it.
    pub fn text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Text(text) => text.clone(),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Self::inspected).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Mapping(entries) => {
                let entries: Vec<String> = entries
                    .iter()
                    .map(|(name, value)| format!("{name:?}=>{}", value.inspected()))
                    .collect();
                format!("{{{}}}", entries.join(", "))
            }
            Self::Bool(_) | Self::Integer(_) | Self::Float(_) => {
                self.to_node(Span::default()).scalar_text().unwrap_or_default()
            }
        }
    }

    fn inspected(&self) -> String {
        match self {
            Self::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
            Self::Null => "nil".to_owned(),
            other => other.text(),
        }
    }

    /// What it is, with an article, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Mapping(_) => "a mapping",
        }
    }
}
