//! `greenroom.lock`: which image a reference meant when somebody looked, beside the pipeline file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::digest::Digest;

/// What references meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockFile {
    images: BTreeMap<String, Digest>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    #[serde(default)]
    images: BTreeMap<String, String>,
}

const VERSION: u32 = 1;

impl LockFile {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// If it is none; why, as a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let written: Written = toml::from_str(text).map_err(|error| {
            format!(
                "greenroom.lock cannot be read: {}; write it anew with `greenroom image lock`",
                error.message()
            )
        })?;
        if written.version != VERSION {
            return Err(format!(
                "greenroom.lock has version {}, and this greenroom reads version {VERSION}; write it \
                 anew with `greenroom image lock`",
                written.version
            ));
        }
        let mut images = BTreeMap::new();
        for (reference, digest) in written.images {
            let digest = Digest::parse(&digest)
                .ok_or_else(|| format!("greenroom.lock: {digest:?} is not a digest"))?;
            images.insert(reference, digest);
        }
        Ok(Self { images })
    }

    /// What a reference meant.
    pub(super) fn get(&self, reference: &str) -> Option<&Digest> {
        self.images.get(reference)
    }

    /// Notes what a reference means.
    pub fn insert(&mut self, reference: impl Into<String>, digest: Digest) {
        self.images.insert(reference.into(), digest);
    }

    /// How many references it has.
    pub fn len(&self) -> usize {
        self.images.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.images.is_empty()
    }

    /// The text of a file.
    pub fn to_text(&self) -> String {
        let mut text =
            "# Which images the pipeline's references meant; written by `greenroom image \
                        lock`.\n# `greenroom run --locked` uses these and nothing else.\n"
                .to_owned();
        text += &format!("version = {VERSION}\n\n[images]\n");
        for (reference, digest) in &self.images {
            text += &format!("{} = \"{digest}\"\n", toml_string(reference));
        }
        text
    }
}

/// A reference has no control characters.
fn toml_string(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut lock = LockFile::default();
        lock.insert("npm:@a/b@^1", Digest::sha256(b"x"));
        lock.insert("a\"b\\c", Digest::sha256(b"y"));
        assert_eq!(LockFile::parse(&lock.to_text()), Ok(lock));
        for (text, expected) in [
            ("version = 2", "has version 2"),
            ("", "cannot be read"),
            ("version = 1\n[images]\na = 'x'", "is not a digest"),
            ("version = 1\nother = 1", "cannot be read"),
        ] {
            let error = LockFile::parse(text).expect_err(text);
            assert!(error.contains(expected), "{error}");
        }
    }
}
