use serde::Serialize;

/// How important an annotation is. None fails a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Good to know.
    Notice,
    /// To be looked at.
    Warning,
    /// To be corrected.
    Error,
}

/// A finding, which is shown in the log and in the summary of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[must_use = "hand it to Step::annotate"]
pub struct Annotation {
    level: Level,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
}

impl Annotation {
    /// A finding of this importance.
    pub fn new(level: Level, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { level, message, title: None, file: None, line: None, column: None }
    }

    /// A finding that is good to know.
    pub fn notice(message: impl Into<String>) -> Self {
        Self::new(Level::Notice, message)
    }

    /// A finding that should be looked at.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Level::Warning, message)
    }

    /// A finding that has to be corrected. The step fails only if it returns an error, too.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Level::Error, message)
    }

    /// A few words that name the kind of finding.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Where it is: a file, relative to the project, and a line, from 1.
    pub fn at(mut self, file: impl Into<String>, line: u32) -> Self {
        self.file = Some(file.into());
        self.line = Some(line);
        self
    }

    /// The column of the line, from 1.
    pub fn column(mut self, column: u32) -> Self {
        self.column = Some(column);
        self
    }
}
