//! Keeps secrets out of everything that is printed or written.
//!
//! A [`Mask`] knows the secrets of a run and finds them, and the forms that tools turn them
//! into, in text and in streams. What it finds becomes `[MASKED]`, as on GitLab. It is a help
//! against accidents, not a wall: a script that wants to show a secret can always spell it in a way
//! that nobody foresaw.

mod automaton;
mod forms;
mod stream;
#[cfg(test)]
mod tests;
mod tokens;

pub use stream::MaskStream;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use self::automaton::Automaton;

/// What stands in the place of a secret.
pub const MASKED: &str = "[MASKED]";

/// The shortest secret, in bytes: masking a shorter one would make any output unreadable.
pub const SHORTEST: usize = 4;

/// The longest secret, in bytes.
pub const LONGEST: usize = 64 * 1024;

/// The secrets of a run. Clones share them.
#[derive(Clone)]
pub struct Mask(Arc<Automaton>);

/// A value that cannot be masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    /// It is shorter than [`SHORTEST`].
    #[error("it is shorter than {SHORTEST} bytes, and masking it would make any output unreadable")]
    TooShort,
    /// It is longer than [`LONGEST`].
    #[error("it is longer than {} KiB", LONGEST >> 10)]
    TooLong,
    /// There are more and longer secrets than can be looked for at the same time.
    #[error("there are too many secrets to look for")]
    TooMany,
}

impl Mask {
    /// A mask for these secrets, and for whatever looks like one of GitLab's tokens.
    ///
    /// # Errors
    /// If one of them is too short or too long to be looked for.
    pub fn new<'s>(secrets: impl IntoIterator<Item = &'s str>) -> Result<Self, BadSecret> {
        let mut patterns = Vec::new();
        for secret in secrets {
            check(secret)?;
            patterns.extend(forms::of(secret));
        }
        Ok(Self(Arc::new(Automaton::new(patterns)?)))
    }

    /// Whether it knows secrets of one's own, and not only what GitLab's tokens look like.
    pub fn knows_secrets(&self) -> bool {
        self.0.knows_secrets()
    }

    /// A text without secrets.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let masked = self.bytes(text.as_bytes());
        // A secret is whole characters, so that what is left of a text is text.
        match masked {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// Bytes without secrets.
    pub fn bytes<'b>(&self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        let mut stream = self.stream();
        let mut out = Vec::new();
        stream.push(bytes, &mut out);
        stream.finish(&mut out);
        if stream.found() { Cow::Owned(out) } else { Cow::Borrowed(bytes) }
    }

    /// Masks what comes in pieces.
    pub fn stream(&self) -> MaskStream {
        MaskStream::new(Arc::clone(&self.0))
    }
}

/// Whether a value can be masked.
///
/// # Errors
/// If it is too short or too long.
pub fn check(secret: &str) -> Result<(), BadSecret> {
    match secret.len() {
        ..SHORTEST => Err(BadSecret::TooShort),
        SHORTEST..=LONGEST => Ok(()),
        _ => Err(BadSecret::TooLong),
    }
}

impl Default for Mask {
    /// No secrets of one's own; GitLab's tokens are masked all the same.
    fn default() -> Self {
        Self(Arc::new(Automaton::default()))
    }
}

impl fmt::Debug for Mask {
    /// Without the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mask")
    }
}
