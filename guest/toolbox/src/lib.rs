//! The commands that CI scripts call, as WebAssembly modules for greenroom's sandbox.
//!
//! Each module holds several commands; the base name of `argv[0]` selects one. Most of the core
//! utilities are those of uutils; what needs modes, owners or other processes, which WASI
//! preview 1 does not know, is our own on top of `greenroom-process`.

mod archive;
mod awk;
mod basic;
mod compare;
mod core;
mod dd;
mod files;
mod find;
mod glob;
mod grep;
mod io;
mod jq;
mod lines;
mod more;
mod options;
mod patch;
mod process;
mod regexes;
mod size;
mod sort;
mod start;
mod sys;
mod text;
mod time;
mod version;

pub use start::{Command, start};

/// The modules: name, commands, and how a command is found.
pub mod modules {
    pub use crate::archive::command as archive;
    pub use crate::basic::command as files;
    pub use crate::core::command as core;
    pub use crate::jq::command as jq;
    pub use crate::more::command as more;
    pub use crate::text::command as text;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    /// The list that the host embeds names exactly the commands of each module.
    #[test]
    fn the_list_of_commands_is_complete() {
        let listed: Vec<(&str, &str)> = include_str!("../../prebuilt/commands")
            .lines()
            .filter_map(|line| line.split_once(' '))
            .filter(|(_, module)| *module != "shell")
            .collect();
        let mut expected = BTreeSet::new();
        for (module, names) in [
            ("archive", crate::archive::NAMES),
            ("core", crate::core::NAMES),
            ("files", crate::basic::NAMES),
            ("jq", crate::jq::NAMES),
            ("more", crate::more::NAMES),
            ("text", crate::text::NAMES),
        ] {
            expected.extend(names.iter().map(|name| (*name, module)));
        }
        let set: BTreeSet<_> = listed.iter().copied().collect();
        assert_eq!(set, expected);
        let names: BTreeSet<_> = listed.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), listed.len(), "a command is listed twice");
    }
}
