//! The module `core`: what nearly every script calls, kept small because the first command of a
//! machine's first job waits until it is compiled.

use crate::start::Command::Own;
use crate::start::{commands, uutils};
use crate::{files, find, process};
use process::simple;

commands! {
    "[" | "test" => Own(files::test::main),
    "chmod" => Own(files::chmod::main),
    "cp" => Own(files::cp::main),
    "du" => Own(files::du::main),
    "install" => Own(files::install::main),
    "ls" => Own(files::ls::main),
    "mkdir" => Own(files::mkdir::main),
    "mv" => Own(files::mv::main),
    "stat" => Own(files::stat::main),

    "env" => Own(process::env::main),
    "find" => Own(find::main),
    "hostname" => Own(simple::hostname),
    "id" => Own(simple::id),
    "kill" => Own(process::kill::main),
    "nice" => Own(simple::nice),
    "nohup" => Own(simple::nohup),
    "nproc" => Own(simple::nproc),
    "sync" => Own(simple::sync),
    "timeout" => Own(process::timeout::main),
    "tty" => Own(simple::tty),
    "uname" => Own(simple::uname),
    "which" => Own(simple::which),
    "whoami" | "logname" => Own(simple::whoami),
    "xargs" => Own(process::xargs::main),

    "basename" => uutils!(uu_basename),
    "cat" => uutils!(uu_cat),
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
