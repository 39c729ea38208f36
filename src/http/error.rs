use std::error::Error as _;
use std::fmt;
use std::io;
use std::time::Duration;

/// Why a request failed for good.
#[derive(Debug)]
pub struct Error {
    /// The address, without credentials and query.
    pub url: String,
    /// What happened.
    pub problem: Problem,
    /// How often it was tried.
    pub attempts: u32,
}

/// What went wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum Problem {
    /// The address cannot be used.
    Url(String),
    /// The server cannot be reached.
    Connect(String),
    /// The server answered with a status that is no success.
    Status {
        /// The status.
        status: u16,
        /// What the server says about it, cut short.
        message: String,
    },
    /// Nothing came for too long.
    Stalled(Duration),
    /// The connection broke, or ended before everything was there.
    CutShort(String),
    /// More came than may, or was announced.
    TooLarge {
        /// The limit in bytes.
        limit: u64,
        /// What the server announced, if it did.
        announced: Option<u64>,
    },
    /// Redirects lead in a circle, or are too many.
    Redirects(String),
    /// What was downloaded cannot be written.
    Sink(io::Error),
    /// HTTP cannot be spoken at all.
    Setup(String),
}

impl Error {
    /// The status that the server answered with, if it answered.
    pub fn status(&self) -> Option<u16> {
        match self.problem {
            Problem::Status { status, .. } => Some(status),
            _ => None,
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.problem {
            Problem::Sink(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.url, self.problem)?;
        if self.attempts > 1 {
            write!(f, " (tried {} times)", self.attempts)?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(reason) | Self::Redirects(reason) | Self::Setup(reason) => {
                f.write_str(reason)
            }
            Self::Connect(reason) => write!(f, "cannot connect: {reason}"),
            Self::Status { status, message } => {
                write!(f, "the server answers {status}")?;
                match status {
                    401 => f.write_str(" (not authorised: credentials are missing or wrong)")?,
                    403 => f.write_str(" (forbidden)")?,
                    404 => f.write_str(" (not found)")?,
                    429 => f.write_str(" (too many requests: try again later)")?,
                    _ => {}
                }
                if message.is_empty() { Ok(()) } else { write!(f, ": {message}") }
            }
            Self::Stalled(time) => write!(f, "nothing came for {} s", time.as_secs_f32().ceil()),
            Self::CutShort(reason) => write!(f, "the download broke off: {reason}"),
            Self::TooLarge { limit, announced: Some(size) } => {
                write!(f, "it has {size} bytes, more than the limit of {limit}")
            }
            Self::TooLarge { limit, announced: None } => {
                write!(f, "more came than the limit of {limit} bytes")
            }
            Self::Sink(error) => write!(f, "cannot write what was downloaded: {error}"),
        }
    }
}

/// The innermost reason says the most: the outer ones repeat the address and "error sending request".
pub(super) fn reason(error: &reqwest::Error) -> String {
    let mut source = error.source();
    let mut text = None;
    while let Some(error) = source {
        text = Some(error.to_string());
        source = error.source();
    }
    text.unwrap_or_else(|| error.to_string())
}
