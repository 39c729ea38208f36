//! The module `files`: our own commands about files, processes and the system. It is small, as the
//! first command of a machine's first job waits until its module is compiled.

use crate::start::Command::Own;
use crate::start::commands;
use crate::{files, process};
use process::simple;

commands! {
    "[" | "test" => Own(files::test::main),
    "cat" => Own(files::cat::main),
    "chmod" => Own(files::chmod::main),
    "cp" => Own(files::cp::main),
    "df" => Own(files::df::main),
    "du" => Own(files::du::main),
    "install" => Own(files::install::main),
    "ls" => Own(files::ls::main),
    "mkdir" => Own(files::mkdir::main),
    "mv" => Own(files::mv::main),
    "stat" => Own(files::stat::main),
    "env" => Own(process::env::main),
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
}
