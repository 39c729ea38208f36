//! Text with expressions in it.

use super::evaluate::{Context, evaluate, text};
use super::{Expression, Kind, Result, Value, parse};

/// A text of a pipeline file or a `func.yml`, with the expressions in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    parts: Vec<TemplatePart>,
}

// Numbers in expressions are finite.
impl Eq for Template {}

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TemplatePart {
    /// Text as it is.
    Text(String),
    /// `${{ … }}`.
    Expression(Expression),
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// If an expression in it cannot be read.
    pub fn parse(source: &str) -> Result<Self> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut position = 0;
        while let Some(found) = source[position..].find("${{") {
            let opening = position + found;
            let before = &source[position..opening];
            if let Some(before) = before.strip_suffix('\\') {
                plain.push_str(before);
                plain.push_str("${{");
                position = opening + 3;
                continue;
            }
            plain.push_str(before);
            if !plain.is_empty() {
                parts.push(TemplatePart::Text(std::mem::take(&mut plain)));
            }
            let (expression, end) = parse::after_opening(source, opening + 3)?;
            parts.push(TemplatePart::Expression(expression));
            position = end;
        }
        plain.push_str(&source[position..]);
        // A block scalar ends in a line break that is not meant to make text of a value.
        let alone = matches!(&*parts, [TemplatePart::Expression(_)]);
        let nothing = if alone { plain.trim() } else { &plain }.is_empty();
        if !nothing {
            parts.push(TemplatePart::Text(plain));
        }
        Ok(Self { parts })
    }

    /// A text in which nothing is looked for.
    pub fn literal(text: impl Into<String>) -> Self {
        Self { parts: vec![TemplatePart::Text(text.into())] }
    }

    /// The text, if there is no expression in it.
    pub fn as_literal(&self) -> Option<&str> {
        match &*self.parts {
            [] => Some(""),
            [TemplatePart::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Its value: that of its expression if it is nothing else, and text otherwise.
    ///
    /// # Errors
    /// If an expression cannot be evaluated.
    pub fn evaluate(&self, context: &dyn Context) -> Result<Value> {
        match &*self.parts {
            [TemplatePart::Expression(expression)] => evaluate(expression, context),
            parts => {
                let (text, sensitive) = text(parts, context)?;
                Ok(Value::from(text).marked(sensitive))
            }
        }
    }

    /// The names `a`, `a.b`, `a.b.c` that its expressions look up, each with its place in the
    /// text: what can be checked before anything runs.
    pub fn lookups(&self) -> Vec<(Vec<&str>, std::ops::Range<usize>)> {
        let mut out = Vec::new();
        parts_lookups(&self.parts, &mut out);
        out
    }
}

type Lookups<'e> = Vec<(Vec<&'e str>, std::ops::Range<usize>)>;

fn parts_lookups<'e>(parts: &'e [TemplatePart], out: &mut Lookups<'e>) {
    for part in parts {
        if let TemplatePart::Expression(expression) = part {
            lookups(expression, out);
        }
    }
}

fn lookups<'e>(expression: &'e Expression, out: &mut Lookups<'e>) {
    if let Some(path) = path(expression) {
        out.push((path, expression.at()));
        return;
    }
    match &expression.kind {
        Kind::Literal(_) | Kind::Name(_) => {}
        Kind::Text(parts) => parts_lookups(parts, out),
        Kind::Array(items) => items.iter().for_each(|item| lookups(item, out)),
        Kind::Object(entries) => entries.iter().for_each(|(key, value)| {
            lookups(key, out);
            lookups(value, out);
        }),
        Kind::Index(base, index) => {
            lookups(base, out);
            lookups(index, out);
        }
        Kind::Member(inner, _) | Kind::Call(_, inner) | Kind::Unary(_, inner) => {
            lookups(inner, out);
        }
        Kind::Binary(_, left, right) => {
            lookups(left, out);
            lookups(right, out);
        }
    }
}

fn path(expression: &Expression) -> Option<Vec<&str>> {
    match &expression.kind {
        Kind::Name(name) => Some(vec![name]),
        Kind::Member(base, name) => {
            let mut path = path(base)?;
            path.push(name);
            Some(path)
        }
        Kind::Index(base, index) => match &index.kind {
            Kind::Literal(value) => {
                let mut path = path(base)?;
                path.push(value.as_str()?);
                Some(path)
            }
            _ => None,
        },
        _ => None,
    }
}
