//! The module `text`: searching, editing and comparing text.

use crate::start::Command::Own;
use crate::start::{commands, uutils};
use crate::{awk, compare, find, grep, lines, patch};

commands! {
    "awk" | "gawk" | "mawk" => Own(awk::main),
    "cmp" => Own(compare::cmp),
    "diff" => Own(compare::diff),
    "dos2unix" | "unix2dos" => Own(lines::line_ends),
    "envsubst" => Own(lines::envsubst),
    "find" => Own(find::main),
    "egrep" | "fgrep" | "grep" => Own(grep::main),
    "patch" => Own(patch::main),
    "rev" => Own(lines::rev),
    "sed" => uutils!(sed::sed),
}
