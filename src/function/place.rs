//! Texts of a file with the places of their expressions.

use std::fmt;
use std::sync::Arc;

use super::expression::{Context, ExpressionError, Template, Value};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Span};
use crate::yaml::Node;

/// A place as people name it, kept for messages of a run, when the file's text is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// The name of the file.
    pub file: Arc<str>,
    /// The line, from 1; 0 stands for the whole file.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Place {
    /// Where a span begins.
    pub fn of(span: Span, diagnostics: &Diagnostics) -> Self {
        let location = diagnostics.sources().location(span);
        Self { file: location.file.into(), line: location.line, column: location.column }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            // A component has no lines.
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}:{}", self.file, self.column),
        }
    }
}

/// Something is wrong with a step: where, what, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, if that is known.
    pub place: Option<Place>,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    /// A problem at a place.
    pub fn at(place: &Place, message: impl Into<String>) -> Self {
        Self { place: Some(place.clone()), message: message.into(), help: None }
    }

    /// A problem without a place.
    pub fn new(message: impl Into<String>) -> Self {
        Self { place: None, message: message.into(), help: None }
    }

    /// Says what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same at a place, if it has none.
    #[must_use]
    pub fn or_at(mut self, place: &Place) -> Self {
        self.place.get_or_insert_with(|| place.clone());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

/// Where a `${{` stands: in the text, in the file, and as people name it.
type Marker = (usize, Span, Place);

/// A text of a file, with the expressions in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    template: Template,
    source: Box<str>,
    place: Place,
    /// Where each `${{` stands: in the text, in the file, and as people name it.
    markers: Vec<Marker>,
    /// Whether it is a block below a `|` or `>`.
    block: bool,
}

impl Text {
    /// Reads a string of a file. What is wrong with its expressions is told.
    pub fn read(node: &Node, source: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        let written = diagnostics.sources().slice(node.span);
        let block = written.starts_with(['|', '>']) && written.contains('\n');
        let raw: Vec<usize> = written.match_indices("${{").map(|(offset, _)| offset).collect();
        let offsets: Vec<usize> = source.match_indices("${{").map(|(offset, _)| offset).collect();
        // An escape sequence of YAML's may have made the characters; then the string's own place
        // has to do.
        let known = raw.len() == offsets.len();
        let markers = offsets
            .iter()
            .enumerate()
            .map(|(index, offset)| {
                let start = raw.get(index).filter(|_| known).copied().unwrap_or(0);
                let start = node.span.start + u32::try_from(start).unwrap_or(0);
                let span = Span { start, ..node.span };
                (*offset, span, Place::of(span, diagnostics))
            })
            .collect();
        let place = Place::of(node.span, diagnostics);
        match Template::parse(source) {
            Ok(template) => Some(Self { template, source: source.into(), place, markers, block }),
            Err(error) => {
                let text = Self {
                    template: Template::literal(""),
                    source: source.into(),
                    place,
                    markers,
                    block,
                };
                diagnostics.push(text.diagnostic(&error, node.span));
                None
            }
        }
    }

    /// A text that is not in a file and has no expressions.
    pub fn literal(text: &str) -> Self {
        Self {
            template: Template::literal(text),
            source: text.into(),
            place: Place::default(),
            markers: Vec::new(),
            block: false,
        }
    }

    /// Its value: that of its expression if it is nothing else, and text otherwise.
    ///
    /// # Errors
    /// If an expression cannot be evaluated.
    pub fn evaluate(&self, context: &dyn Context) -> Result<Value, Problem> {
        self.template.evaluate(context).map_err(|error| self.problem(error))
    }

    /// The text, if there is no expression in it.
    pub fn as_literal(&self) -> Option<&str> {
        self.template.as_literal()
    }

    /// What its expressions look up, each with its place in the file.
    pub fn lookups(&self, whole: Span) -> Vec<(Vec<&str>, Span)> {
        let lookups = self.template.lookups().into_iter();
        lookups.map(|(path, at)| (path, self.span(at.start, at.end, whole))).collect()
    }

    /// Where it begins.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The line of its first line of text.
    pub fn first_line(&self) -> usize {
        self.place.line + usize::from(self.block)
    }

    /// As it is written.
    pub fn source(&self) -> &str {
        &self.source
    }

    fn diagnostic(&self, error: &ExpressionError, whole: Span) -> Diagnostic {
        let span = self.span(error.at.start, error.at.end, whole);
        let finding = Diagnostic::error(Code::ExpressionInvalid, error.message.clone())
            .label(span, "in this expression");
        match &error.help {
            Some(help) => finding.help(help.clone()),
            None => finding,
        }
    }

    /// The marker before an offset and the text between them, if they are on one line.
    fn marker(&self, offset: usize) -> Option<(&Marker, Option<&str>)> {
        let before = self.markers.partition_point(|(at, ..)| *at <= offset);
        let marker = self.markers.get(before.checked_sub(1)?)?;
        let between = self.source.get(marker.0..offset).filter(|text| !text.contains('\n'));
        Some((marker, between))
    }

    fn span(&self, start: usize, end: usize, whole: Span) -> Span {
        let length = |n: usize| u32::try_from(n).unwrap_or(0);
        match self.marker(start) {
            Some(((_, span, _), Some(between))) => {
                let from = span.start + length(between.len());
                Span { start: from, end: from + length(end.saturating_sub(start)), ..*span }
            }
            Some(((_, span, _), None)) => Span { end: span.start + 3, ..*span },
            None => whole,
        }
    }

    fn problem(&self, error: ExpressionError) -> Problem {
        let place = match self.marker(error.at.start) {
            Some(((_, _, place), between)) => {
                let further = between.map_or(0, |text| text.chars().count());
                Place { column: place.column + further, ..place.clone() }
            }
            None => self.place.clone(),
        };
        Problem { place: Some(place), message: error.message, help: error.help }
    }
}
