//! The types of inputs and outputs.

use std::fmt;

use super::expression::{Data, Value};

/// What an input or an output takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Text.
    String,
    /// A 64-bit floating-point number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list of anything.
    Array,
    /// Values by name.
    Struct,
}

impl Type {
    /// All, by the names that `func.yml` uses.
    pub const NAMES: [(&str, Self); 5] = [
        ("string", Self::String),
        ("number", Self::Number),
        ("boolean", Self::Boolean),
        ("array", Self::Array),
        ("struct", Self::Struct),
    ];

    /// The type of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Array => "array",
            Self::Struct => "struct",
        }
    }

    /// Whether a value is of this type. Nothing is converted, as in GitLab's step runner.
    pub fn accepts(self, value: &Value) -> bool {
        matches!(
            (self, &value.data),
            (Self::String, Data::String(_))
                | (Self::Number, Data::Number(_))
                | (Self::Boolean, Data::Bool(_))
                | (Self::Array, Data::Array(_))
                | (Self::Struct, Data::Object(_))
        )
    }

    /// What to do about a value of another type.
    pub fn advice(self, value: &Value) -> Option<&'static str> {
        match (self, &value.data) {
            (Self::String, Data::Number(_) | Data::Bool(_)) => {
                Some("quote it, or convert it with `${{ str(…) }}`")
            }
            (Self::Number, Data::String(_)) => {
                Some("write it without quotes, or convert it with `${{ num(…) }}`")
            }
            (Self::Boolean, _) => {
                Some("write `true` or `false`, or convert it with `${{ bool(…) }}`")
            }
            (Self::Array | Self::Struct, Data::String(_)) => {
                Some("an expression keeps its type only if there is nothing around it")
            }
            _ => None,
        }
    }
}

/// With an article, for messages.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::String => "a string",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Array => "an array",
            Self::Struct => "an object (`struct`)",
        })
    }
}
