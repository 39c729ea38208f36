//! What is to be loaded: a program's bytes and their digest.

use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// The digest of a program's bytes: what a compiled module is found by. BLAKE3, but for programs
/// that are part of the binary, which are known by the SHA-256 that was noted when they were built.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(blake3::hash(bytes).into())
    }

    /// The digest of a file's content, from its beginning; the file's offset stays as it is.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn of_file(file: &File) -> io::Result<Self> {
        let mut hasher = blake3::Hasher::new();
        hash_file(file, u64::MAX, &mut hasher)?;
        Ok(Self(hasher.finalize().into()))
    }

    /// A digest that was computed earlier, for example when an embedded program was built.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(blake3::Hash::from_bytes(self.0).to_hex().as_str())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A program to load.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// What messages call it: the path as the user knows it.
    pub name: &'a str,
    /// The digest of its bytes.
    pub digest: Digest,
    /// Where its bytes are. They are read only when the program has to be compiled.
    pub bytes: SourceBytes<'a>,
}

impl<'a> Source<'a> {
    /// A program in memory.
    pub fn memory(name: &'a str, bytes: &'a [u8]) -> Self {
        Self { name, digest: Digest::of(bytes), bytes: SourceBytes::Memory(bytes) }
    }

    /// A program that is part of the binary, by the SHA-256 of its bytes. That is trusted when the
    /// program is found in a store, and checked when it is compiled.
    pub fn embedded(name: &'a str, bytes: &'static [u8], sha256: [u8; 32]) -> Self {
        Self { name, digest: Digest(sha256), bytes: SourceBytes::Embedded(bytes) }
    }

    /// Whether these bytes, which were just read, are those of the digest.
    pub(super) fn is_digest_of(&self, bytes: &[u8]) -> bool {
        match self.bytes {
            SourceBytes::Embedded(_) => Sha256::digest(bytes)[..] == self.digest.0,
            SourceBytes::Memory(_) | SourceBytes::File(_) => Digest::of(bytes) == self.digest,
        }
    }

    /// A program in an open file, which is read in full for its digest.
    /// [`ModuleStore::source`](super::ModuleStore::source) reads it only once in many runs.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn file(name: &'a str, file: &'a File) -> io::Result<Self> {
        Ok(Self { name, digest: Digest::of_file(file)?, bytes: SourceBytes::File(file) })
    }
}

/// Where the bytes of a program are.
#[derive(Clone, Copy, Debug)]
pub enum SourceBytes<'a> {
    /// In memory.
    Memory(&'a [u8]),
    /// Part of the binary, as those of our own guests.
    Embedded(&'static [u8]),
    /// In an open file, from its beginning.
    File(&'a File),
}

impl<'a> SourceBytes<'a> {
    /// The bytes, but not more than `limit + 1` of them: enough to tell that there are too many.
    pub(super) fn read(&self, limit: u64) -> io::Result<Cow<'a, [u8]>> {
        match self {
            Self::Memory(bytes) | Self::Embedded(bytes) => Ok(Cow::Borrowed(bytes)),
            Self::File(file) => {
                let most = limit.saturating_add(1);
                let expected = file.metadata()?.len().min(most);
                let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or(0));
                let mut chunk = vec![0; CHUNK];
                while (bytes.len() as u64) < most {
                    let count = read_at(file, &mut chunk, bytes.len() as u64)?;
                    if count == 0 {
                        break;
                    }
                    bytes.extend_from_slice(&chunk[..count]);
                }
                Ok(Cow::Owned(bytes))
            }
        }
    }
}

/// Large enough for BLAKE3 to use the widest vectors, small enough to stay in the CPU's cache.
const CHUNK: usize = 128 * 1024;

/// Feeds at most `limit` bytes of `file`, from its beginning, to `hasher`; returns how many.
pub(super) fn hash_file(file: &File, limit: u64, hasher: &mut blake3::Hasher) -> io::Result<u64> {
    for_each_chunk(file, limit, |chunk| {
        hasher.update(chunk);
        Ok(())
    })
}

/// Hands at most `limit` bytes of `file`, from its beginning, to `see`; returns how many.
pub(super) fn for_each_chunk(
    file: &File,
    limit: u64,
    mut see: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<u64> {
    let mut chunk = vec![0; CHUNK];
    let mut offset = 0;
    while offset < limit {
        let want = usize::try_from(limit - offset).unwrap_or(CHUNK).min(CHUNK);
        let count = read_at(file, &mut chunk[..want], offset)?;
        if count == 0 {
            break;
        }
        see(&chunk[..count])?;
        offset += count as u64;
    }
    Ok(offset)
}

fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    loop {
        match file.read_at(buffer, offset) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek, Write};

    #[test]
    fn a_file_and_memory_have_the_same_digest() -> io::Result<()> {
        let bytes: Vec<u8> = (0..300_001_u32).map(|i| (i % 251) as u8).collect();
        let mut file = tempfile::tempfile()?;
        file.write_all(&bytes)?;
        let before = file.stream_position()?;
        assert_eq!(Digest::of_file(&file)?, Digest::of(&bytes));
        assert_eq!(file.stream_position()?, before);
        assert_eq!(SourceBytes::File(&file).read(u64::MAX - 1)?, bytes);
        assert_eq!(SourceBytes::File(&file).read(1000)?.len(), 131_072.min(bytes.len()));
        Ok(())
    }

    #[test]
    fn reading_stops_soon_after_the_limit() -> io::Result<()> {
        let file = tempfile::tempfile()?;
        file.set_len(1 << 40)?; // sparse: reading all of it would never end
        let read = SourceBytes::File(&file).read(1_000_000)?;
        assert!(read.len() > 1_000_000 && read.len() <= 1_000_001 + CHUNK);
        Ok(())
    }
}
