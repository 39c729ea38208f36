//! The modules that greenroom brings: the shell, the toolbox, and what it uses itself.

use std::sync::LazyLock;

/// A module and the commands that it answers to by `argv[0]`.
struct Guest {
    name: &'static str,
    bytes: &'static [u8],
}

/// A module of `guest/prebuilt` by its name.
macro_rules! guest {
    ($name:literal) => {
        Guest {
            name: $name,
            bytes: include_bytes!(concat!("../../guest/prebuilt/", $name, ".wasm")),
        }
    };
}

static GUESTS: &[Guest] = &[
    guest!("shell"),
    guest!("files"),
    guest!("core"),
    guest!("more"),
    guest!("text"),
    guest!("jq"),
    guest!("archive"),
    guest!("unpack"),
    guest!("report"),
];

/// Lines of `command module`.
static COMMANDS: &str = include_str!("../../guest/prebuilt/commands");

/// What `guest/rebuild` noted: lines of `file digest`.
static DIGESTS: &str = include_str!("../../guest/prebuilt/digests.txt");

static TABLE: LazyLock<Vec<(&'static str, usize)>> = LazyLock::new(|| {
    COMMANDS
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(command, module)| Some((command, index(module)?)))
        .collect()
});

fn index(module: &str) -> Option<usize> {
    GUESTS.iter().position(|guest| guest.name == module)
}

/// A program of greenroom's own, which is no command: a job's scripts cannot call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnProgram {
    /// Unpacks archives of images.
    Unpack,
    /// Reads reports of jobs.
    Report,
}

impl OwnProgram {
    /// The name of its module.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unpack => "unpack",
            Self::Report => "report",
        }
    }

    /// The index of its module.
    pub(crate) fn guest(self) -> usize {
        index(self.name()).expect("it is one of the guests")
    }
}

/// The commands and the index of the module that each lives in.
pub(crate) fn commands() -> impl Iterator<Item = (&'static str, usize)> {
    TABLE.iter().copied()
}

/// The module of a command.
pub(crate) fn command(name: &[u8]) -> Option<usize> {
    TABLE.iter().find(|(command, _)| command.as_bytes() == name).map(|(_, guest)| *guest)
}

/// The WebAssembly of a guest.
pub(crate) fn module_bytes(guest: usize) -> &'static [u8] {
    GUESTS[guest].bytes
}

/// The SHA-256 of a guest, as it was noted when it was built: reading megabytes to compute it
/// would cost more than everything else that starting a guest takes.
pub(crate) fn digest(guest: usize) -> Option<[u8; 32]> {
    let file = GUESTS[guest].name;
    let digest = DIGESTS.lines().find_map(|line| {
        let (name, digest) = line.split_once(' ')?;
        (name.strip_suffix(".wasm")? == file).then_some(digest)
    })?;
    let mut bytes = [0; 32];
    let digits = digest.as_bytes().chunks_exact(2);
    if digits.len() != bytes.len() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(digits) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn the_noted_digests_are_those_of_the_modules() {
        for (index, guest) in GUESTS.iter().enumerate() {
            let actual: [u8; 32] = Sha256::digest(guest.bytes).into();
            assert_eq!(digest(index), Some(actual), "{}: run guest/rebuild", guest.name);
        }
    }
}
