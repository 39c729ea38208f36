//! Findings as text for people and as JSON for programs.

use std::fmt;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};
use serde_json::{Value, json};

use super::{Diagnostic, Diagnostics, Severity, SourceMap, printable};

/// How text for people looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Colours, as ANSI sequences.
    pub color: bool,
    /// Box-drawing characters beyond ASCII.
    pub unicode: bool,
    /// Columns; longer messages are wrapped at blanks.
    pub width: usize,
}

impl Style {
    /// No colours, box-drawing characters, 100 columns.
    pub const PLAIN: Self = Self { color: false, unicode: true, width: 100 };
}

impl Diagnostics {
    /// Every finding with snippet, label and help, in the order of their places, and a last line
    /// with the counts. Empty if there is none.
    pub fn render(&self, style: Style) -> String {
        let mut out = String::new();
        for diagnostic in self.iter() {
            out.push_str(&self.render_one(diagnostic, style));
            out.push('\n');
        }
        if !out.is_empty() {
            out.push_str(&self.summary());
            out.push('\n');
        }
        out
    }

    /// One finding as text.
    pub fn render_one(&self, diagnostic: &Diagnostic, style: Style) -> String {
        let theme = match (style.color, style.unicode) {
            (true, true) => GraphicalTheme::unicode(),
            (true, false) => GraphicalTheme::ascii(),
            (false, true) => GraphicalTheme::unicode_nocolor(),
            (false, false) => GraphicalTheme::none(),
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(style.width.max(40))
            .with_links(false)
            .with_break_words(false)
            .without_syntax_highlighting();
        let mut out = String::new();
        // Writing to a String does not fail, and a snippet that cannot be read is miette's to tell.
        let _ = handler.render_report(&mut out, &Adapter::new(diagnostic, &self.sources));
        out
    }

    /// For example `2 errors, 1 warning`.
    pub fn summary(&self) -> String {
        let count = |n: usize, word: &str| match n {
            1 => format!("1 {word}"),
            n => format!("{n} {word}s"),
        };
        let mut parts = Vec::new();
        if self.error_count() > 0 {
            parts.push(count(self.error_count(), "error"));
        }
        if self.warning_count() > 0 {
            parts.push(count(self.warning_count(), "warning"));
        }
        if self.count(Severity::Note) > 0 {
            parts.push(count(self.count(Severity::Note), "note"));
        }
        if self.dropped > 0 {
            parts.push(format!("{} more not shown", self.dropped));
        }
        parts.join(", ")
    }

    /// Every finding as a JSON object: `severity`, `code`, `message`, `help` (or null) and
    /// `labels`, each with `file`, `line` and `column` (from 1), `start` and `end` (bytes), `text`.
    pub fn to_json(&self) -> Value {
        self.iter().map(|diagnostic| self.one_to_json(diagnostic)).collect()
    }

    fn one_to_json(&self, diagnostic: &Diagnostic) -> Value {
        let labels: Vec<Value> = diagnostic
            .labels
            .iter()
            .map(|label| {
                let place = self.sources.location(label.span);
                json!({
                    "file": place.file,
                    "line": place.line,
                    "column": place.column,
                    "start": label.span.start,
                    "end": label.span.end,
                    "text": label.text,
                })
            })
            .collect();
        json!({
            "severity": diagnostic.severity.to_string(),
            "code": diagnostic.code.name(),
            "message": diagnostic.message,
            "labels": labels,
            "help": diagnostic.help,
        })
    }
}

/// A finding as miette wants it: owned, with spans in the address space of all sources.
#[derive(Debug)]
struct Adapter<'a> {
    diagnostic: &'a Diagnostic,
    message: String,
    sources: &'a SourceMap,
}

impl<'a> Adapter<'a> {
    fn new(diagnostic: &'a Diagnostic, sources: &'a SourceMap) -> Self {
        let message = format!(
            "{}[{}]: {}",
            diagnostic.severity,
            diagnostic.code.name(),
            printable(&diagnostic.message)
        );
        Self { diagnostic, message, sources }
    }
}

impl fmt::Display for Adapter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Adapter<'_> {}

impl miette::Diagnostic for Adapter<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Note => miette::Severity::Advice,
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.diagnostic.help.as_ref().map(|help| Box::new(printable(help)) as _)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        (!self.diagnostic.labels.is_empty()).then_some(self.sources as _)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let labels = self.diagnostic.labels.iter().enumerate().map(|(index, label)| {
            let text = (!label.text.is_empty()).then(|| printable(&label.text));
            let span = self.sources.global(label.span);
            if index == 0 {
                LabeledSpan::new_primary_with_span(text, span)
            } else {
                LabeledSpan::new_with_span(text, span)
            }
        });
        Some(Box::new(labels))
    }
}
