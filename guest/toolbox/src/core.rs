//! The module `core`: the utilities of uutils that scripts call most.

use crate::start::{commands, uutils};

commands! {
    "basename" => uutils!(uu_basename),
    "cut" => uutils!(uu_cut),
    "dirname" => uutils!(uu_dirname),
    "echo" => uutils!(uu_echo),
    "false" => uutils!(uu_false),
    "head" => uutils!(uu_head),
    "link" => uutils!(uu_link),
    "ln" => uutils!(uu_ln),
    "mktemp" => uutils!(uu_mktemp),
    "printenv" => uutils!(uu_printenv),
    "printf" => uutils!(uu_printf),
    "pwd" => uutils!(uu_pwd),
    "readlink" => uutils!(uu_readlink),
    "realpath" => uutils!(uu_realpath),
    "rm" => uutils!(uu_rm),
    "rmdir" => uutils!(uu_rmdir),
    "seq" => uutils!(uu_seq),
    "sleep" => uutils!(uu_sleep),
    "tail" => uutils!(uu_tail),
    "tee" => uutils!(uu_tee),
    "tr" => uutils!(uu_tr),
    "true" => uutils!(uu_true),
    "uniq" => uutils!(uu_uniq),
    "unlink" => uutils!(uu_unlink),
    "wc" => uutils!(uu_wc),
    "yes" => uutils!(uu_yes),
}
