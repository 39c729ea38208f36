//! Source texts and places in them.

use std::ops::Range;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

/// A source in a [`SourceMap`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

/// A range of bytes in a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The source.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
}

impl Span {
    /// A range of bytes in a source.
    pub fn new(file: FileId, range: Range<usize>) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { file, start: clamp(range.start), end: clamp(range.end.max(range.start)) }
    }

    /// From the start of this span to the end of another one of the same file.
    #[must_use]
    pub fn to(self, end: Self) -> Self {
        Self { end: end.end.max(self.start), ..self }
    }

    fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// The same file's span of no bytes at the start of this one.
    #[must_use]
    pub fn at_start(self) -> Self {
        Self { end: self.start, ..self }
    }
}

/// A value and the place it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value and its place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// A place as people name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location<'a> {
    /// The name of the source.
    pub file: &'a str,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// The texts that spans point into.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<Source>,
    /// Where the next source starts in the one address space that miette sees.
    next_base: usize,
}

#[derive(Clone, Debug)]
struct Source {
    name: String,
    text: String,
    /// The text as it may be shown: same length, same lines.
    shown: String,
    line_starts: Vec<u32>,
    base: usize,
}

/// Lines longer than this are cut around the label when shown.
const MAX_SHOWN_LINE: usize = 240;

/// Labels longer than this are cut when shown.
const MAX_SHOWN_LABEL: usize = 120;

impl SourceMap {
    /// Adds a source under the name that messages use.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        let text = text.into();
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        let line_starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1))
            .map(|offset| u32::try_from(offset).unwrap_or(u32::MAX))
            .collect();
        let base = self.next_base;
        // The gap keeps a span at the end of one source out of the next one.
        self.next_base = base + text.len() + 2;
        let shown = text.chars().map(shown_char).collect();
        let name = super::printable(&name.into());
        self.files.push(Source { name, text, shown, line_starts, base });
        id
    }

    /// The name of a source.
    pub fn name(&self, file: FileId) -> &str {
        self.get(file).map_or("", |source| source.name.as_str())
    }

    /// The text of a source.
    pub fn text(&self, file: FileId) -> &str {
        self.get(file).map_or("", |source| source.text.as_str())
    }

    /// The text of a span.
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.file).get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// The start of a span as people name it.
    pub fn location(&self, span: Span) -> Location<'_> {
        let Some(source) = self.get(span.file) else {
            return Location { file: "", line: 1, column: 1 };
        };
        let start = (span.start as usize).min(source.text.len());
        let line = source.line_of(start);
        let line_start = source.line_starts[line] as usize;
        let column = source.text.get(line_start..start).map_or(0, |text| text.chars().count());
        Location { file: &source.name, line: line + 1, column: column + 1 }
    }

    fn get(&self, file: FileId) -> Option<&Source> {
        self.files.get(file.0 as usize)
    }

    /// The span in the one address space that holds all sources, cut at the end of its first line:
    /// where a finding starts says enough, and a label over a whole job would print the job.
    pub(super) fn global(&self, span: Span) -> SourceSpan {
        let Some(source) = self.get(span.file) else { return (0, 0).into() };
        let start = floor(&source.text, (span.start as usize).min(source.text.len()));
        let line_end = source.line_end(source.line_of(start)).max(start);
        let end = floor(&source.text, (start + span.len()).min(line_end)).max(start);
        let end = end.min(floor(&source.text, start + MAX_SHOWN_LABEL)).max(start);
        (source.base + start, end - start).into()
    }
}

impl Source {
    fn line_of(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start as usize <= offset).saturating_sub(1)
    }

    /// The end of a line, without its line break.
    fn line_end(&self, line: usize) -> usize {
        let end = match self.line_starts.get(line + 1) {
            Some(next) => *next as usize - 1,
            None => return self.text.len(),
        };
        if self.text.as_bytes()[..end].last() == Some(&b'\r') { end - 1 } else { end }
    }
}

/// All sources as one, so that a diagnostic can point into several files. miette's own `str`
/// source walks the text from its start for each label; here a line is found by search.
impl SourceCode for SourceMap {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let index = self.files.partition_point(|source| source.base <= span.offset());
        let source = index
            .checked_sub(1)
            .and_then(|index| self.files.get(index))
            .ok_or(MietteError::OutOfBounds)?;
        let start = span.offset() - source.base;
        let end = start + span.len();
        if end > source.text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let first = source.line_of(start).saturating_sub(context_lines_before);
        let last = (source.line_of(end.saturating_sub(1).max(start)) + context_lines_after)
            .min(source.line_starts.len() - 1);
        let line = source.line_of(start);
        let line_start = source.line_starts[line] as usize;
        // Asked for no context, miette wants the column of the span itself for its headline.
        let column = if context_lines_before == 0 {
            source.text[line_start..start].chars().count()
        } else {
            0
        };
        let mut from = source.line_starts[first] as usize;
        let mut to = source.line_end(last).max(end);
        let longest =
            (first..=last).map(|line| source.line_end(line) - source.line_starts[line] as usize);
        if longest.max().unwrap_or(0) > MAX_SHOWN_LINE {
            from = floor(&source.text, start.saturating_sub(MAX_SHOWN_LINE / 3)).max(line_start);
            to = floor(&source.text, (from + MAX_SHOWN_LINE).min(source.line_end(line))).max(end);
        }
        Ok(Box::new(MietteSpanContents::new_named(
            source.name.clone(),
            &source.shown.as_bytes()[from..to],
            (source.base + from, to - from).into(),
            source.line_of(from),
            column,
            last - first + 1,
        )))
    }
}

/// The last character boundary at or before an offset.
fn floor(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Whether showing a character could move the cursor, change colours or reorder the line.
pub(super) fn is_unprintable(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        c => c.is_control(),
    }
}

/// A character as it may be shown, in as many bytes as the character itself, so that spans hold.
fn shown_char(c: char) -> char {
    match c.len_utf8() {
        _ if c == '\r' || !is_unprintable(c) => c,
        1 => '?',
        2 => '\u{b7}',
        _ => '\u{fffd}',
    }
}
