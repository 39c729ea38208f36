//! The modules that greenroom brings: the shell and the toolbox.

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
];

/// Lines of `command module`.
static COMMANDS: &str = include_str!("../../guest/prebuilt/commands");

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
