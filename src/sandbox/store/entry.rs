//! The entries: compiled code, what is known about its program, and proof that greenroom wrote it.
//!
//! An entry is one file: wasmtime's serialized code, then a trailer of fixed length. The code comes
//! first because wasmtime maps a whole file and looks for an ELF header at its beginning; it ignores
//! what follows. Numbers are little-endian.
//!
//! | offset in the trailer | bytes | |
//! | ---: | ---: | --- |
//! | 0 | 8 | magic |
//! | 8 | 4 | version of this format |
//! | 12 | 4 | facts about the program |
//! | 16 | 8 | length of the code |
//! | 24 | 32 | generation: engine configuration, version of wasmtime, key |
//! | 56 | 32 | digest of the program |
//! | 88 | 32 | keyed BLAKE3 over everything before it, the code included |

use super::dir::{Problem, StoreDir};
use super::inspect::{Kind, ModuleFacts};
use super::key::Keys;
use super::source::{Digest, for_each_chunk, hash_file};
use super::stamp;
use rustix::fs::Stat;
use std::fs::File;
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use wasmtime::Engine;

const MAGIC: &[u8; 8] = b"GRMODULE";
const FORMAT: u32 = 1;
const TRAILER: usize = 120;
/// The part of the trailer that the authentication code covers.
const COVERED: usize = TRAILER - 32;

/// How names of entries end.
pub(super) const SUFFIX: &str = ".cwasm";

/// What an entry is found by, beside the program's digest: everything compiled code depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Generation([u8; 32]);

impl Generation {
    /// The generation of what `engine` compiles; with a key, of what is kept under that key.
    pub(super) fn of(engine: &Engine, keys: Option<&Keys>) -> Self {
        let mut hasher = Blake3Hasher(blake3::Hasher::new_derive_key(
            "greenroom 2026-11-23 module store: generation of an entry",
        ));
        FORMAT.hash(&mut hasher);
        // Includes the version of wasmtime, the target and the features of the CPU.
        engine.precompile_compatibility_hash().hash(&mut hasher);
        if let Some(keys) = keys {
            hasher.write(&keys.id);
        }
        Self(hasher.0.finalize().into())
    }
}

impl Generation {
    /// As another process is told it.
    pub(super) fn hash(self) -> blake3::Hash {
        blake3::Hash::from_bytes(self.0)
    }
}

/// Lets the standard library's hashing feed a digest without collisions.
struct Blake3Hasher(blake3::Hasher);

impl Hasher for Blake3Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let mut first = [0; 8];
        first.copy_from_slice(&self.0.finalize().as_bytes()[..8]);
        u64::from_le_bytes(first)
    }
}

/// Which entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Id {
    pub(super) generation: Generation,
    pub(super) digest: Digest,
}

impl Id {
    /// The name of its file.
    pub(super) fn file_name(&self) -> String {
        let generation = blake3::Hash::from_bytes(self.generation.0).to_hex();
        format!("{}-{}{SUFFIX}", &generation[..16], self.digest)
    }
}

/// An entry that greenroom wrote, unchanged, for the program and engine it was asked for.
#[derive(Debug)]
pub(super) enum Entry {
    /// A core module, in its file.
    Module(Verified, ModuleFacts),
    /// A component, read into memory.
    Component(VerifiedBytes),
}

/// An open file whose bytes have been authenticated, or come from our own compiler.
#[derive(Debug)]
pub(super) struct Verified(File);

impl Verified {
    /// What a [`Compiler`](super::Compiler) has just made.
    pub(super) fn compiled(file: &File) -> io::Result<Self> {
        Ok(Self(file.try_clone()?))
    }

    pub(super) fn into_file(self) -> File {
        self.0
    }
}

/// Bytes of a file that have been authenticated, or come from our own compiler.
#[derive(Debug)]
pub(super) struct VerifiedBytes {
    bytes: Vec<u8>,
    code: usize,
}

impl VerifiedBytes {
    /// What a [`Compiler`](super::Compiler) has just made.
    pub(super) fn compiled(file: &File) -> io::Result<Self> {
        let bytes = read(file, file.metadata()?.len())?;
        let code = bytes.len();
        Ok(Self { bytes, code })
    }

    /// The serialized code.
    pub(super) fn code(&self) -> &[u8] {
        &self.bytes[..self.code]
    }
}

/// The end of an entry. As long as it is not authenticated it is only a claim.
struct Trailer {
    bytes: [u8; TRAILER],
    flags: u32,
    code: u64,
}

impl Trailer {
    fn new(id: &Id, kind: Kind, code: u64) -> Self {
        let flags = kind.to_flags();
        let mut bytes = [0; TRAILER];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        bytes[12..16].copy_from_slice(&flags.to_le_bytes());
        bytes[16..24].copy_from_slice(&code.to_le_bytes());
        bytes[24..56].copy_from_slice(&id.generation.0);
        bytes[56..COVERED].copy_from_slice(id.digest.as_bytes());
        Self { bytes, flags, code }
    }

    /// Reads the trailer of `file`, which must be that of `id`.
    fn read(file: &File, stat: &Stat, id: &Id) -> Result<Self, Problem> {
        let distrusted = |reason: &str| Problem::Distrusted(reason.to_owned());
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        let code = size.checked_sub(TRAILER as u64).ok_or_else(|| distrusted("it is cut short"))?;
        let mut bytes = [0; TRAILER];
        file.read_exact_at(&mut bytes, code)?;
        let mut flags = [0; 4];
        flags.copy_from_slice(&bytes[12..16]);
        let flags = u32::from_le_bytes(flags);
        // The expected trailer in full: every field is either known or checked by the code.
        let mut expected = Self::new(id, Kind::Component, code).bytes;
        expected[12..16].copy_from_slice(&bytes[12..16]);
        if bytes[..COVERED] != expected[..COVERED] {
            return Err(distrusted("it is damaged or belongs to another program"));
        }
        Ok(Self { bytes, flags, code })
    }

    fn set_mac(&mut self, mut hasher: blake3::Hasher) {
        hasher.update(&self.bytes[..COVERED]);
        self.bytes[COVERED..].copy_from_slice(hasher.finalize().as_bytes());
    }

    fn mac(&self) -> blake3::Hash {
        let mut mac = [0; 32];
        mac.copy_from_slice(&self.bytes[COVERED..]);
        blake3::Hash::from_bytes(mac)
    }

    /// Whether the code that `hasher` has seen and this trailer are authentic.
    fn is_authentic(&self, mut hasher: blake3::Hasher) -> bool {
        hasher.update(&self.bytes[..COVERED]);
        hasher.finalize() == self.mac() // in constant time
    }
}

/// Finds the entry `id` and authenticates it; `None` if there is none.
pub(super) fn find(dir: &StoreDir, keys: &Keys, id: &Id) -> Result<Option<Entry>, Problem> {
    let name = id.file_name();
    let Some((file, stat)) = dir.open_file(&name)? else { return Ok(None) };
    let trailer = Trailer::read(&file, &stat, id)?;
    let forged = || Problem::Distrusted("it is not what greenroom wrote".to_owned());
    let kind = Kind::from_flags(trailer.flags).ok_or_else(forged)?;
    let hasher = blake3::Hasher::new_keyed(&keys.entry);
    match kind {
        Kind::Component => {
            let bytes = read(&file, trailer.code)?;
            let mut hasher = hasher;
            hasher.update(&bytes);
            if !trailer.is_authentic(hasher) {
                return Err(forged());
            }
            let _ = StoreDir::touch(&file);
            let code = bytes.len();
            Ok(Some(Entry::Component(VerifiedBytes { bytes, code })))
        }
        Kind::Module(facts) => {
            let stamp = stamp::name_for_entry(&name);
            let mac = *trailer.mac().as_bytes();
            if stamp::read(dir, keys, &stamp, &stat) == Some(mac) {
                return Ok(Some(Entry::Module(Verified(file), facts)));
            }
            let pending = stamp::Pending::begin(dir, &file, &stat);
            let mut hasher = hasher;
            let hashed = hash_file(&file, trailer.code, &mut hasher)?;
            if hashed != trailer.code || !trailer.is_authentic(hasher) {
                return Err(forged());
            }
            if let Some(pending) = pending {
                pending.finish(keys, &stamp, &file, &stat, &mac);
            }
            Ok(Some(Entry::Module(Verified(file), facts)))
        }
    }
}

/// Finds the module `id` if a stamp says that it was authenticated before.
pub(super) fn find_stamped(
    dir: &StoreDir,
    keys: &Keys,
    id: &Id,
) -> Option<(Verified, ModuleFacts)> {
    let name = id.file_name();
    let (file, stat) = dir.open_file(&name).ok()??;
    let trailer = Trailer::read(&file, &stat, id).ok()?;
    let Kind::Module(facts) = Kind::from_flags(trailer.flags)? else { return None };
    let noted = stamp::read(dir, keys, &stamp::name_for_entry(&name), &stat)?;
    (blake3::Hash::from_bytes(noted) == trailer.mac()).then_some((Verified(file), facts))
}

fn read(file: &File, length: u64) -> io::Result<Vec<u8>> {
    let length = usize::try_from(length).map_err(|_| io::ErrorKind::OutOfMemory)?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length).map_err(|_| io::ErrorKind::OutOfMemory)?;
    bytes.resize(length, 0);
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}

/// Writes the entry `id`, in place of any that is there.
///
/// It is not flushed to the disk: what a power failure tears is found by the authentication code
/// and costs one compilation, a flush costs every time.
pub(super) fn write(
    dir: &StoreDir,
    keys: &Keys,
    id: &Id,
    kind: Kind,
    code: &[u8],
) -> io::Result<()> {
    let mut trailer = Trailer::new(id, kind, code.len() as u64);
    let mut hasher = blake3::Hasher::new_keyed(&keys.entry);
    hasher.update(code);
    trailer.set_mac(hasher);
    let temporary = dir.create_temporary()?;
    let mut file = temporary.file();
    file.write_all(code)?;
    file.write_all(&trailer.bytes)?;
    temporary.publish(&id.file_name())
}

/// Writes the entry `id` from what a [`Compiler`](super::Compiler) has made, and returns the file
/// that was written: it holds these bytes and no others, as they came from the compiler's file and
/// nobody but this user can open it.
pub(super) fn write_from(
    dir: &StoreDir,
    keys: &Keys,
    id: &Id,
    kind: Kind,
    code: &File,
) -> io::Result<Verified> {
    let temporary = dir.create_temporary()?;
    let mut file = temporary.file();
    let mut hasher = blake3::Hasher::new_keyed(&keys.entry);
    let mut length = 0;
    for_each_chunk(code, u64::MAX, |chunk| {
        hasher.update(chunk);
        length += chunk.len() as u64;
        file.write_all(chunk)
    })?;
    let mut trailer = Trailer::new(id, kind, length);
    trailer.set_mac(hasher);
    file.write_all(&trailer.bytes)?;
    let written = file.try_clone()?;
    temporary.publish(&id.file_name())?;
    Ok(Verified(written))
}
