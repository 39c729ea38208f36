//! The language of `rules:if`: variables, strings, `null` and patterns, compared and combined.
//!
//! This is GitLab's language and not a shell's: a variable is `$NAME` and never `${NAME}`, a
//! variable that is not set is `null` and differs from an empty one, and `/pattern/flags` has RE2's
//! syntax, which the regex crate shares.

mod parse;
mod pattern;

pub use parse::ExpressionError;
pub use pattern::Pattern;

/// A condition.
#[derive(Clone, Debug)]
pub struct Expression(Node);

#[derive(Clone, Debug)]
enum Node {
    Variable(String),
    Text(String),
    Null,
    Pattern(Pattern),
    Compare {
        equal: bool,
        left: Box<Node>,
        right: Box<Node>,
    },
    Match {
        wanted: bool,
        left: Box<Node>,
        right: Box<Node>,
    },
    /// All of them.
    And(Vec<Node>),
    /// One of them.
    Or(Vec<Node>),
}

/// What a part of a condition amounts to.
#[derive(Clone, Debug, PartialEq)]
enum Value<'a> {
    Null,
    Bool(bool),
    Text(&'a str),
    Pattern(&'a Pattern),
}

impl Expression {
    /// Reads a condition.
    ///
    /// # Errors
    /// If it is not one; the error says where.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        parse::parse(text).map(Self)
    }

    /// Whether the condition holds, given the values of variables.
    pub fn holds<'v>(&self, variables: &dyn Fn(&str) -> Option<&'v str>) -> bool {
        match self.0.value(variables) {
            Ok(Value::Null | Value::Bool(false)) => false,
            Ok(Value::Bool(true) | Value::Pattern(_)) => true,
            // A lone variable holds if there is something in it.
            Ok(Value::Text(text)) => !text.trim().is_empty(),
            // A variable that should hold a pattern does not: no condition of it holds.
            Err(NotAPattern) => false,
        }
    }
}

/// The right side of a match is a text that is no pattern.
struct NotAPattern;

impl Node {
    fn value<'n, 'v: 'n>(
        &'n self,
        variables: &dyn Fn(&str) -> Option<&'v str>,
    ) -> Result<Value<'n>, NotAPattern> {
        Ok(match self {
            Self::Variable(name) => variables(name).map_or(Value::Null, Value::Text),
            Self::Text(text) => Value::Text(text),
            Self::Null => Value::Null,
            Self::Pattern(pattern) => Value::Pattern(pattern),
            Self::Compare { equal, left, right } => {
                Value::Bool((left.value(variables)? == right.value(variables)?) == *equal)
            }
            Self::Match { wanted, left, right } => {
                let text = match left.value(variables)? {
                    Value::Text(text) => text,
                    // What is not set is matched like an empty text.
                    _ => "",
                };
                let matches = match right.value(variables)? {
                    Value::Pattern(pattern) => Some(pattern.is_match(text)),
                    Value::Text(written) => {
                        Some(Pattern::parse(written).ok_or(NotAPattern)?.is_match(text))
                    }
                    Value::Null | Value::Bool(_) => None,
                };
                // Nothing matches a pattern that is not there.
                Value::Bool(matches.is_some_and(|matches| matches) == *wanted)
            }
            // As in GitLab's own language, an empty text counts as something here.
            Self::And(nodes) => {
                let mut last = Value::Bool(true);
                for node in nodes {
                    last = node.value(variables)?;
                    if matches!(last, Value::Null | Value::Bool(false)) {
                        return Ok(Value::Bool(false));
                    }
                }
                last
            }
            Self::Or(nodes) => {
                let mut last = Value::Bool(false);
                for node in nodes {
                    last = node.value(variables)?;
                    if !matches!(last, Value::Null | Value::Bool(false)) {
                        return Ok(last);
                    }
                }
                last
            }
        })
    }
}

#[cfg(test)]
mod tests;
