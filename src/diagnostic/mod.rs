//! What is wrong with the files a user handed in, told with place, label and next step.
//!
//! Reading a pipeline never stops at the first mistake: every stage pushes what it finds into one
//! [`Diagnostics`] and goes on as far as it can. The collection owns the [sources](SourceMap) that
//! its spans point into, so it can be rendered at any time by whoever prints.

mod code;
mod render;
mod source;
#[cfg(test)]
mod tests;

pub use code::Code;
pub use render::Style;
pub use source::{FileId, Location, SourceMap, Span, Spanned};

use std::collections::HashSet;
use std::fmt;

/// How much a diagnostic weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know; nothing need be done.
    Note,
    /// The pipeline can run, but perhaps not as its author thinks.
    Warning,
    /// The pipeline cannot run.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// A place in a source, with a word on what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What to say about it; may be empty.
    pub text: String,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its weight.
    pub severity: Severity,
    /// What kind of finding it is; stable from version to version.
    pub code: Code,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// Where: the first label is the place that the finding is about.
    pub labels: Vec<Label>,
    /// What to do next.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A finding that keeps the pipeline from running.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// A finding that the user should know of.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// A finding that is good to know.
    pub fn note(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, message)
    }

    fn new(severity: Severity, code: Code, message: impl Into<String>) -> Self {
        Self { severity, code, message: message.into(), labels: Vec::new(), help: None }
    }

    /// Adds a place. The first one added is the primary one.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The findings of one run of the front end, and the sources they point into.
#[derive(Debug, Default)]
pub struct Diagnostics {
    sources: SourceMap,
    list: Vec<Diagnostic>,
    /// What was told about which place, to tell it once: a template's mistake shows in every job
    /// that extends it.
    told: HashSet<(Code, Span)>,
    dropped: usize,
    /// Whether a part of the pipeline is known to be missing.
    incomplete: bool,
}

/// What may only be wrong because a file could not be had.
const CONSEQUENCES: [Code; 8] = [
    Code::ExtendsUnknown,
    Code::ReferenceUnknown,
    Code::JobWithoutScript,
    Code::NoJobs,
    Code::StageUndefined,
    Code::NeedsUnknown,
    Code::NeedsLaterStage,
    Code::PipelineEmpty,
];

impl Diagnostics {
    /// More findings than these are counted, not kept: a broken generator can make millions.
    pub const LIMIT: usize = 1_000;

    /// An empty collection.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty collection for files that are named in others, which have been read before.
    pub fn with_sources(sources: SourceMap) -> Self {
        Self { sources, ..Self::default() }
    }

    /// The sources, and the findings in the order in which they were made.
    pub fn into_parts(self) -> (SourceMap, Vec<Diagnostic>) {
        (self.sources, self.list)
    }

    /// From now on a part of the pipeline is missing, which has been told: what can follow from that
    /// alone is not told as well.
    pub fn assume_incomplete(&mut self) {
        self.incomplete = true;
    }

    /// Whether a part of the pipeline is known to be missing.
    pub fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    /// Adds a finding, unless one of its kind is already known about its place.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if self.incomplete && CONSEQUENCES.contains(&diagnostic.code) {
            return;
        }
        if let Some(label) = diagnostic.labels.first()
            && !self.told.insert((diagnostic.code, label.span))
        {
            return;
        }
        // Errors always have room for one more, or a thousand warnings could hide that there is
        // an error at all.
        if self.list.len() < Self::LIMIT
            || (diagnostic.severity == Severity::Error && !self.has_errors())
        {
            self.list.push(diagnostic);
        } else {
            self.dropped += 1;
        }
    }

    /// Whether anything found keeps the pipeline from running.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// How many errors there are.
    pub fn error_count(&self) -> usize {
        self.count(Severity::Error)
    }

    /// How many warnings there are.
    pub fn warning_count(&self) -> usize {
        self.count(Severity::Warning)
    }

    /// How many findings of a weight there are.
    pub fn count(&self, severity: Severity) -> usize {
        self.list.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }

    /// Forgets the findings, which have been told, and keeps the sources for further ones.
    pub fn clear(&mut self) {
        self.list.clear();
        self.dropped = 0;
    }

    /// How many findings were left out because there were more than [`Diagnostics::LIMIT`].
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// The findings of a weight or more, each in one line: where, what, and what to do next.
    pub fn lines(&self, least: Severity) -> Vec<String> {
        let wanted = self.iter().filter(|diagnostic| diagnostic.severity >= least);
        wanted.map(|diagnostic| self.line(diagnostic)).collect()
    }

    fn line(&self, diagnostic: &Diagnostic) -> String {
        let mut line = diagnostic.message.clone();
        if let Some(Label { span, text }) = diagnostic.labels.first() {
            let place = self.sources.location(*span);
            line = format!("{}:{}: {line}", place.file, place.line);
            if !text.is_empty() {
                line += &format!(" ({text})");
            }
        }
        match &diagnostic.help {
            Some(help) => format!("{line}; {help}"),
            None => line,
        }
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The findings, in the order of their places; those without a place come first.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        let mut sorted: Vec<&Diagnostic> = self.list.iter().collect();
        // Stable: findings about one place keep the order in which they were made.
        sorted.sort_by_key(|diagnostic| {
            diagnostic.labels.first().map(|label| (label.span.file, label.span.start))
        });
        sorted.into_iter()
    }

    /// The sources read so far.
    pub fn sources(&self) -> &SourceMap {
        &self.sources
    }

    /// The sources read so far, to add one.
    pub fn sources_mut(&mut self) -> &mut SourceMap {
        &mut self.sources
    }
}

/// Text from a file made fit for a terminal: control characters and those that reorder a line are
/// replaced, so that a pipeline file cannot drive the terminal through a message about it.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if source::is_unprintable(c) { '\u{fffd}' } else { c }).collect()
}

/// The candidate that is most like a name, if one is like it enough to be meant.
pub fn similar<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    // A third of the letters may differ, but never all of a short name.
    let most = (name.chars().count() / 3).clamp(1, 4);
    candidates
        .into_iter()
        .map(|candidate| {
            let candidate_lower = candidate.to_lowercase().replace('-', "_");
            (strsim::damerau_levenshtein(&name.replace('-', "_"), &candidate_lower), candidate)
        })
        .filter(|(distance, candidate)| *distance <= most && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
