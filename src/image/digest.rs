use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256, Sha512};

/// What bytes must be, or are: their SHA-256 or SHA-512.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    algorithm: Algorithm,
    hex: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Algorithm {
    Sha256,
    Sha512,
}

impl Algorithm {
    const ALL: [(&str, Self, usize); 2] =
        [("sha256", Self::Sha256, 64), ("sha512", Self::Sha512, 128)];

    fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }
}

impl Digest {
    /// Reads `sha256:HEX` or `sha512:HEX` (OCI image specification, "Digests").
    pub fn parse(text: &str) -> Option<Self> {
        let (name, hex) = text.split_once(':')?;
        let (_, algorithm, length) = Algorithm::ALL.into_iter().find(|(n, ..)| *n == name)?;
        let valid = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let fits = hex.len() == length && hex.bytes().all(valid);
        fits.then(|| Self { algorithm, hex: hex.to_owned() })
    }

    /// The SHA-512 of an integrity attribute, as npm writes it: words of `algorithm-base64`.
    pub fn of_integrity(text: &str) -> Option<Self> {
        let word = text.split_whitespace().find_map(|word| word.strip_prefix("sha512-"))?;
        let bytes = BASE64_STANDARD.decode(word.split('?').next()?).ok()?;
        (bytes.len() == 64).then(|| Self { algorithm: Algorithm::Sha512, hex: hex(&bytes) })
    }

    /// The SHA-256 of bytes.
    pub fn sha256(bytes: &[u8]) -> Self {
        Self { algorithm: Algorithm::Sha256, hex: hex(&Sha256::digest(bytes)) }
    }

    /// Something that computes a digest of the same kind.
    pub fn hasher(&self) -> Hasher {
        match self.algorithm {
            Algorithm::Sha256 => Hasher::Sha256(Sha256::new()),
            Algorithm::Sha512 => Hasher::Sha512(Sha512::new()),
        }
    }

    /// Its name as a file: without a colon.
    pub(super) fn file_name(&self) -> String {
        format!("{}-{}", self.algorithm.name(), self.hex)
    }

    /// From its name as a file.
    pub(super) fn of_file_name(name: &str) -> Option<Self> {
        Self::parse(&name.replacen('-', ":", 1))
    }

    /// As much of it as people compare.
    pub fn short(&self) -> String {
        format!("{}:{}", self.algorithm.name(), &self.hex[..12])
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.hex)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// Computes a [`Digest`].
#[derive(Clone, Debug)]
pub enum Hasher {
    /// SHA-256.
    Sha256(Sha256),
    /// SHA-512.
    Sha512(Sha512),
}

impl Hasher {
    /// Takes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    /// The digest of all bytes.
    pub fn finish(self) -> Digest {
        match self {
            Self::Sha256(hasher) => {
                Digest { algorithm: Algorithm::Sha256, hex: hex(&hasher.finalize()) }
            }
            Self::Sha512(hasher) => {
                Digest { algorithm: Algorithm::Sha512, hex: hex(&hasher.finalize()) }
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_read_and_computed() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::sha256(b"").to_string(), format!("sha256:{empty}"));
        let digest = Digest::parse(&format!("sha256:{empty}")).expect("valid");
        assert_eq!(digest.hasher().finish(), digest);
        assert_eq!(Digest::of_file_name(&digest.file_name()), Some(digest));
        let integrity = "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk= sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXc\
                         g/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==";
        let digest = Digest::of_integrity(integrity).expect("valid");
        assert_eq!(digest.hasher().finish(), digest);
        for wrong in ["sha256:", "sha256:zz", "md5:00", "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="] {
            assert!(Digest::parse(wrong).is_none() && Digest::of_integrity(wrong).is_none());
        }
        assert!(Digest::parse(&format!("sha256:{}", empty.to_uppercase())).is_none());
    }
}
