//! What a typed step takes and returns, as plain data: what the sandbox reads from a component and
//! the language of steps checks values against. `wit/step.wit` documents the mapping.

use std::fmt;

/// The inputs and outputs of a typed step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// What it is called with.
    pub inputs: Vec<Field>,
    /// What it returns.
    pub outputs: Vec<Field>,
}

/// A named value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// As pipelines write it: with `_` where the component has `-`.
    pub name: String,
    /// What it takes.
    pub kind: Kind,
}

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A truth value.
    Bool,
    /// A whole number from the first to the last of these.
    Integer(i128, i128),
    /// A number with a fraction.
    Float,
    /// Text.
    String,
    /// Text that must not be shown.
    Secret,
    /// One of these texts.
    Enum(Vec<String>),
    /// Any number of values of one type.
    List(Box<Kind>),
    /// Values by name.
    Record(Vec<Field>),
    /// A value, or none.
    Option(Box<Kind>),
}

impl Kind {
    /// Whether there may be no value.
    pub fn is_optional(&self) -> bool {
        matches!(self, Self::Option(_))
    }

    /// Whether the type of a `func.yml` says as much.
    pub fn is_plain(&self) -> bool {
        match self {
            Self::Bool | Self::Float | Self::String | Self::Secret => true,
            Self::Option(inner) => inner.is_plain(),
            _ => false,
        }
    }

    /// Whether a value of it holds something that must not be shown.
    pub fn is_secret(&self) -> bool {
        match self {
            Self::Secret => true,
            Self::List(inner) | Self::Option(inner) => inner.is_secret(),
            Self::Record(fields) => fields.iter().any(|field| field.kind.is_secret()),
            _ => false,
        }
    }
}

/// With an article, for messages.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("a boolean"),
            Self::Integer(least, most) => write!(f, "a whole number from {least} to {most}"),
            Self::Float => f.write_str("a number"),
            Self::String | Self::Secret => f.write_str("a string"),
            Self::Enum(cases) => write!(f, "one of `{}`", cases.join("`, `")),
            Self::List(inner) => write!(f, "an array of {}", Plural(inner)),
            Self::Record(fields) => {
                f.write_str("an object with ")?;
                for (index, field) in fields.iter().enumerate() {
                    let separator = if index == 0 { "" } else { ", " };
                    write!(f, "{separator}`{}`", field.name)?;
                }
                Ok(())
            }
            Self::Option(inner) => write!(f, "{inner} or null"),
        }
    }
}

/// Several values of a type.
struct Plural<'k>(&'k Kind);

impl fmt::Display for Plural<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Bool => f.write_str("booleans"),
            Kind::Integer(..) => f.write_str("whole numbers"),
            Kind::Float => f.write_str("numbers"),
            Kind::String | Kind::Secret => f.write_str("strings"),
            Kind::Enum(cases) => write!(f, "`{}`", cases.join("` or `")),
            Kind::List(inner) => write!(f, "arrays of {}", Plural(inner)),
            Kind::Record(_) => f.write_str("objects"),
            Kind::Option(inner) => Plural(inner).fmt(f),
        }
    }
}

/// A name as pipelines write it.
pub fn name(kebab: &str) -> String {
    kebab.replace('-', "_")
}
