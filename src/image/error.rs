use std::fmt;

/// Why an image cannot be used: which one, what is wrong, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageError {
    /// The image as it was asked for.
    pub image: String,
    /// What is wrong.
    pub cause: String,
    /// What to do next.
    pub help: Option<String>,
}

impl ImageError {
    pub(super) fn new(image: impl fmt::Display, cause: impl Into<String>) -> Self {
        Self { image: image.to_string(), cause: cause.into(), help: None }
    }

    #[must_use]
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "image `{}`: {}", self.image, self.cause)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

impl std::error::Error for ImageError {}
