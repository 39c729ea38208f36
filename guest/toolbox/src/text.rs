//! The module `text`: searching, editing and comparing text.

use crate::start::Command::Own;
use crate::start::{commands, uutils};
use crate::{awk, grep};

commands! {
    "awk" | "gawk" | "mawk" => Own(awk::main),
    "egrep" | "fgrep" | "grep" => Own(grep::main),
    "sed" => uutils!(sed::sed),
}
