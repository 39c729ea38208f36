//! Values of a file that may hold expressions.

use super::expression::{Array, Context, Data, Object, TooBig, Value};
use super::place::{Problem, Text};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::yaml::{self, Node};

/// A value as it is written: what holds no expression is a value already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A value without expressions.
    Value(Value),
    /// A string with expressions.
    Text(Text),
    /// A list.
    Array(Vec<Input>),
    /// Named values; names may hold expressions as well.
    Object(Vec<(Text, Input)>),
}

impl Input {
    /// Reads a value. What is wrong with it is told.
    pub fn read(node: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let too_big = |error: TooBig, diagnostics: &mut Diagnostics| {
            diagnostics.push(
                Diagnostic::error(Code::WrongValue, error.to_string()).label(node.span, "here"),
            );
        };
        Some(match &node.value {
            _ if node.tag.is_some() => {
                diagnostics.push(
                    Diagnostic::error(Code::WrongType, "a tag has no meaning in a step's inputs")
                        .label(node.span, "written here"),
                );
                return None;
            }
            yaml::Value::String(text) => {
                let text = Text::read(node, text, diagnostics)?;
                match text.as_literal() {
                    Some(text) => Self::Value(text.into()),
                    None => Self::Text(text),
                }
            }
            yaml::Value::Sequence(items) => {
                let items: Vec<_> = items
                    .iter()
                    .map(|item| Self::read(item, diagnostics))
                    .collect::<Option<_>>()?;
                if items.iter().all(|item| matches!(item, Self::Value(_))) {
                    let values = items.into_iter().filter_map(Self::into_value).collect();
                    match Array::new(values) {
                        Ok(array) => Self::Value(Data::Array(array).into()),
                        Err(error) => {
                            too_big(error, diagnostics);
                            return None;
                        }
                    }
                } else {
                    Self::Array(items)
                }
            }
            yaml::Value::Mapping(mapping) => {
                let mut entries = Vec::with_capacity(mapping.len());
                for (name, entry) in mapping {
                    let key = Node::new(entry.key, yaml::Value::Null);
                    let name = Text::read(&key, name, diagnostics)?;
                    entries.push((name, Self::read(&entry.value, diagnostics)?));
                }
                let constant = entries.iter().all(|(name, value)| {
                    name.as_literal().is_some() && matches!(value, Self::Value(_))
                });
                if !constant {
                    return Some(Self::Object(entries));
                }
                let values = entries.into_iter().filter_map(|(name, value)| {
                    Some((name.as_literal()?.to_owned(), value.into_value()?))
                });
                match Object::new(values) {
                    Ok(object) => Self::Value(object.into()),
                    Err(error) => {
                        too_big(error, diagnostics);
                        return None;
                    }
                }
            }
            yaml::Value::Null => Self::Value(Value::NULL),
            yaml::Value::Bool(value) => Self::Value((*value).into()),
            yaml::Value::Integer(value) => Self::Value(Value::number(*value as f64)?),
            yaml::Value::Float(value) => match Value::number(*value) {
                Some(value) => Self::Value(value),
                None => {
                    diagnostics.push(
                        Diagnostic::error(Code::WrongValue, "a number must be finite")
                            .label(node.span, "this one is not"),
                    );
                    return None;
                }
            },
        })
    }

    fn into_value(self) -> Option<Value> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }

    /// Its value, if it holds no expression.
    pub fn as_value(&self) -> Option<&Value> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }

    /// All texts with expressions in it.
    pub fn texts(&self) -> Vec<&Text> {
        match self {
            Self::Value(_) => vec![],
            Self::Text(text) => vec![text],
            Self::Array(items) => items.iter().flat_map(Self::texts).collect(),
            Self::Object(entries) => entries
                .iter()
                .flat_map(|(name, value)| std::iter::once(name).chain(value.texts()))
                .collect(),
        }
    }

    /// Computes it.
    ///
    /// # Errors
    /// If an expression cannot be evaluated, or the value gets too large.
    pub fn evaluate(&self, context: &dyn Context) -> Result<Value, Problem> {
        let too_big = |error: TooBig| Problem::new(error.to_string());
        match self {
            Self::Value(value) => Ok(value.clone()),
            Self::Text(text) => text.evaluate(context),
            Self::Array(items) => {
                let items = items.iter().map(|item| item.evaluate(context));
                let array = Array::new(items.collect::<Result<_, _>>()?).map_err(too_big)?;
                Ok(Data::Array(array).into())
            }
            Self::Object(entries) => {
                let mut object = Object::default();
                for (name, value) in entries {
                    let name = evaluate_name(name, context)?;
                    object.insert(name, value.evaluate(context)?).map_err(too_big)?;
                }
                Ok(object.into())
            }
        }
    }
}

/// The value of a text that must be a string.
///
/// # Errors
/// If it cannot be evaluated or is something else.
pub fn evaluate_name(text: &Text, context: &dyn Context) -> Result<String, Problem> {
    let value = text.evaluate(context)?;
    match value.as_str() {
        Some(name) => Ok(name.to_owned()),
        None => Err(Problem::at(
            text.place(),
            format!("a name must be a string, and this is {}", value.kind()),
        )),
    }
}

/// The value of a text as a string, whatever it is: what becomes a word of a command or the value
/// of a variable.
///
/// # Errors
/// If it cannot be evaluated.
pub fn evaluate_text(text: &Text, context: &dyn Context) -> Result<Value, Problem> {
    let value = text.evaluate(context)?;
    match &value.data {
        Data::String(_) => Ok(value),
        _ => {
            let sensitive = value.holds_secrets();
            Ok(Value::from(value.to_string()).marked(sensitive))
        }
    }
}
