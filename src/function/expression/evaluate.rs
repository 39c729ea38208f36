//! Expressions → values.

use std::ops::Range;

use super::compare::compare;
use super::value::{Array, TooBig};
use super::{
    Binary, Data, Expression, ExpressionError, Function, Kind, MAX_WEIGHT, Object, Result,
    TemplatePart, Unary, Value,
};
use crate::diagnostic::similar;

/// What the names of an expression stand for.
pub trait Context {
    /// The value of a name, if there is one.
    fn get(&self, name: &str) -> Option<Value>;

    /// The names there are, for messages.
    fn names(&self) -> Vec<&str>;

    /// What to say about a name that was given up or renamed, if it is one.
    fn advice(&self, _name: &str) -> Option<String> {
        None
    }
}

pub(super) fn evaluate(expression: &Expression, context: &dyn Context) -> Result<Value> {
    let at = || expression.at();
    match &expression.kind {
        Kind::Literal(value) => Ok(value.clone()),
        Kind::Name(name) => {
            context.get(name).ok_or_else(|| unknown_name(name, context, expression.at()))
        }
        Kind::Text(parts) => {
            let (text, sensitive) = text(parts, context)?;
            Ok(Value::from(text).marked(sensitive))
        }
        Kind::Array(items) => {
            let items = items.iter().map(|item| evaluate(item, context)).collect::<Result<_>>()?;
            Ok(Data::Array(Array::new(items).map_err(|error| too_big(error, at()))?).into())
        }
        Kind::Object(entries) => {
            let mut object = Object::default();
            let mut sensitive = false;
            for (key, value) in entries {
                let name = evaluate(key, context)?;
                sensitive |= name.sensitive;
                let Some(text) = name.as_str() else {
                    return Err(ExpressionError::new(
                        key.at(),
                        format!(
                            "the name of a property must be a string, and this is {}",
                            name.kind()
                        ),
                    )
                    .help("convert it with `str(…)`"));
                };
                let value = evaluate(value, context)?;
                object.insert(text, value).map_err(|error| too_big(error, at()))?;
            }
            Ok(Value::from(object).marked(sensitive))
        }
        Kind::Member(base, name) => {
            let from = evaluate(base, context)?;
            member(base, &from, name, at())
        }
        Kind::Index(base, index) => {
            let from = evaluate(base, context)?;
            let key = evaluate(index, context)?;
            let value = match (&from.data, &key.data) {
                (Data::Object(_), Data::String(name)) => member(base, &from, name, at())?,
                (Data::Array(array), Data::Number(number)) => element(array, *number, index.at())?,
                (Data::Array(_), _) => {
                    return Err(ExpressionError::new(
                        index.at(),
                        format!(
                            "the elements of an array have numbers, and this is {}",
                            key.kind()
                        ),
                    ));
                }
                (Data::Object(_), _) => {
                    return Err(ExpressionError::new(
                        index.at(),
                        format!(
                            "the properties of an object have names, and this is {}",
                            key.kind()
                        ),
                    ));
                }
                _ => return Err(has_no_parts(base, &from)),
            };
            Ok(value.marked(from.sensitive || key.sensitive))
        }
        Kind::Call(function, argument) => {
            let value = evaluate(argument, context)?;
            call(*function, &value, argument.at())
        }
        Kind::Unary(operator, operand) => {
            let value = evaluate(operand, context)?;
            unary(*operator, &value, operand.at())
        }
        Kind::Binary(Binary::And, left, right) => {
            let value = evaluate(left, context)?;
            if value.is_truthy() { evaluate(right, context) } else { Ok(value) }
        }
        Kind::Binary(Binary::Or, left, right) => {
            let value = evaluate(left, context)?;
            if value.is_truthy() { Ok(value) } else { evaluate(right, context) }
        }
        Kind::Binary(operator, left, right) => {
            let (a, b) = (evaluate(left, context)?, evaluate(right, context)?);
            let sensitive = a.holds_secrets() || b.holds_secrets();
            Ok(binary(*operator, &a, &b, (left.at(), right.at()))?.marked(sensitive))
        }
    }
}

/// The text of a template's parts, and whether something secret is in it.
pub(super) fn text(parts: &[TemplatePart], context: &dyn Context) -> Result<(String, bool)> {
    let mut out = String::new();
    let mut sensitive = false;
    for part in parts {
        match part {
            TemplatePart::Text(text) => out.push_str(text),
            TemplatePart::Expression(expression) => {
                let value = evaluate(expression, context)?;
                sensitive |= value.holds_secrets();
                out.push_str(&value.to_string());
                if out.len() > MAX_WEIGHT {
                    return Err(too_big(TooBig::Weight, expression.at()));
                }
            }
        }
    }
    Ok((out, sensitive))
}

fn unknown_name(name: &str, context: &dyn Context, at: Range<usize>) -> ExpressionError {
    let names = context.names();
    let error = ExpressionError::new(at, format!("there is no `{name}` here"));
    if let Some(advice) = context.advice(name) {
        return error.help(advice);
    }
    match similar(name, names.iter().copied()) {
        Some(similar) => error.help(format!("did you mean `{similar}`?")),
        None if names.is_empty() => error.help("write text in quotes"),
        None => error.help(format!("there are {}; write text in quotes", list(names))),
    }
}

fn member(base: &Expression, from: &Value, name: &str, at: Range<usize>) -> Result<Value> {
    let Data::Object(object) = &from.data else { return Err(has_no_parts(base, from)) };
    if let Some(value) = object.get(name) {
        return Ok(value.clone().marked(from.sensitive));
    }
    let error = ExpressionError::new(at, format!("there is no property `{name}`"));
    let names: Vec<&str> = object.iter().map(|(name, _)| name).collect();
    Err(match similar(name, names.iter().copied()) {
        Some(similar) => error.help(format!("did you mean `{similar}`?")),
        None if names.is_empty() => error.help("there are no properties at all"),
        None => error.help(format!("there are {}", list(names))),
    })
}

/// Some names, and how many more there are.
fn list(names: Vec<&str>) -> String {
    const SHOWN: usize = 12;
    let more = names.len().saturating_sub(SHOWN);
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match more {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn has_no_parts(base: &Expression, value: &Value) -> ExpressionError {
    ExpressionError::new(base.at(), format!("this is {}, which has no parts", value.kind()))
}

fn element(array: &Array, number: f64, at: Range<usize>) -> Result<Value> {
    let length = array.items().len();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number that is not a whole one from 0 is refused before"
    )]
    let index = (number >= 0.0 && number.fract() == 0.0).then_some(number as usize);
    index.and_then(|index| array.items().get(index)).cloned().ok_or_else(|| {
        let error = ExpressionError::new(at, format!("there is no element {number}"));
        match length {
            0 => error.help("the array is empty"),
            1 => error.help("there is only element 0"),
            _ => error.help(format!("there are elements 0 to {}", length - 1)),
        }
    })
}

fn call(function: Function, value: &Value, at: Range<usize>) -> Result<Value> {
    let sensitive = value.holds_secrets();
    let result = match function {
        Function::Str => Value::from(value.to_string()),
        Function::Bool => value.is_truthy().into(),
        Function::Num => match &value.data {
            Data::Number(_) => value.clone(),
            Data::String(text) => parse_number(text).ok_or_else(|| {
                // The text may be secret.
                let message = match sensitive {
                    true => "the string is not a number".to_owned(),
                    false => format!("\"{}\" is not a number", shorten(text)),
                };
                ExpressionError::new(at, message)
            })?,
            _ => {
                return Err(ExpressionError::new(
                    at,
                    format!("`num` takes a string, and this is {}", value.kind()),
                ));
            }
        },
    };
    Ok(result.marked(sensitive))
}

fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Digits with a sign, a decimal point and an exponent; neither `inf` nor `nan`.
fn parse_number(text: &str) -> Option<Value> {
    let known = |b: u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E');
    if !text.bytes().all(known) {
        return None;
    }
    Value::number(text.parse().ok()?)
}

fn unary(operator: Unary, value: &Value, at: Range<usize>) -> Result<Value> {
    let result = match (operator, &value.data) {
        (Unary::Not, _) => (!value.is_truthy()).into(),
        (Unary::Plus, Data::Number(_)) => value.clone(),
        (Unary::Minus, Data::Number(number)) => finite(-number, at)?,
        (Unary::Plus | Unary::Minus, _) => {
            let sign = if operator == Unary::Plus { '+' } else { '-' };
            let error = ExpressionError::new(
                at,
                format!("`{sign}` takes a number, and this is {}", value.kind()),
            );
            return Err(match value.data {
                Data::String(_) => error.help("convert it with `num(…)`"),
                _ => error,
            });
        }
    };
    Ok(result.marked(value.holds_secrets()))
}

fn binary(
    operator: Binary,
    left: &Value,
    right: &Value,
    places: (Range<usize>, Range<usize>),
) -> Result<Value> {
    let order = || compare(left, right);
    let (a, b) = match operator {
        Binary::Equal => return Ok(order().is_eq().into()),
        Binary::NotEqual => return Ok(order().is_ne().into()),
        Binary::Less => return Ok(order().is_lt().into()),
        Binary::LessOrEqual => return Ok(order().is_le().into()),
        Binary::Greater => return Ok(order().is_gt().into()),
        Binary::GreaterOrEqual => return Ok(order().is_ge().into()),
        _ => match (&left.data, &right.data) {
            (Data::Number(a), Data::Number(b)) => (*a, *b),
            (Data::String(a), Data::String(b)) if operator == Binary::Add => {
                if a.len() + b.len() > MAX_WEIGHT {
                    return Err(too_big(TooBig::Weight, places.0.start..places.1.end));
                }
                return Ok([&**a, &**b].concat().into());
            }
            _ => return Err(wrong_operands(operator, left, right, places)),
        },
    };
    let at = places.0.start..places.1.end;
    match operator {
        Binary::Divide | Binary::Remainder if b == 0.0 => {
            Err(ExpressionError::new(places.1, "division by zero")
                .help("test it first: `divisor != 0 && dividend / divisor || 0`"))
        }
        Binary::Add => finite(a + b, at),
        Binary::Subtract => finite(a - b, at),
        Binary::Multiply => finite(a * b, at),
        Binary::Divide => finite(a / b, at),
        _ => finite(a % b, at),
    }
}

fn finite(value: f64, at: Range<usize>) -> Result<Value> {
    Value::number(value).ok_or_else(|| ExpressionError::new(at, "the result is too large"))
}

fn wrong_operands(
    operator: Binary,
    left: &Value,
    right: &Value,
    places: (Range<usize>, Range<usize>),
) -> ExpressionError {
    let symbol = operator.symbol();
    let takes = if operator == Binary::Add { "two numbers or two strings" } else { "two numbers" };
    let error = ExpressionError::new(
        places.0.start..places.1.end,
        format!("`{symbol}` takes {takes}, and these are {} and {}", left.kind(), right.kind()),
    );
    match (&left.data, &right.data) {
        (Data::String(_), _) | (_, Data::String(_)) if operator == Binary::Add => {
            error.help("convert one of them with `str(…)` or `num(…)`")
        }
        (Data::String(_), _) | (_, Data::String(_)) => error.help("convert text with `num(…)`"),
        _ => error,
    }
}

fn too_big(error: TooBig, at: Range<usize>) -> ExpressionError {
    ExpressionError::new(at, error.to_string())
}
