//! The command line as scripts and people meet it: the built binary, its exit codes and what it
//! prints.

mod again;
mod bench;
mod copies;
mod exec;
mod explain;
mod front;
mod harness;
mod initialize;
mod run;
mod secrets;
mod settings;
mod shell;
mod usage;
