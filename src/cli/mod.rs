//! The command line: one file per verb. The only place that prints for the user, reads the
//! environment and picks exit codes.
//!
//! Standard output carries what was asked for — the report of a run, a list, the output of a
//! program — and standard error what is to be said about it.

mod again;
mod artifacts;
mod ask;
mod bench;
mod cache;
mod changes;
mod check;
mod children;
mod choice;
mod compile_module;
mod copies;
mod environment;
mod exec;
mod exit_code;
mod expand;
mod explain;
mod failure;
mod front;
mod git;
mod group;
mod image;
mod images;
mod includes;
mod limits;
mod list;
mod output;
mod pipeline;
mod project;
mod run;
mod runtime;
mod sandbox;
mod schema;
mod secret;
mod settings;
mod shell;
mod signals;
mod state;
mod step;
mod step_grants;
mod value;
mod verb;
mod whole_file;
mod workspace;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::OnceLock;

use clap::Parser;

use self::environment::{Color, Environment};
use self::exit_code::Exit;
use self::failure::Failure;
use self::verb::{Chosen, Verb};
use crate::mask::Mask;

/// Run GitLab CI pipelines in a WebAssembly sandbox.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    max_term_width = 100,
    after_help = "Examples:\n  \
        greenroom run                          run .gitlab-ci.yml\n  \
        greenroom run unit lint                run two of its jobs\n  \
        greenroom check                        report everything that is wrong with it\n  \
        greenroom expand                       print it as one file\n  \
        greenroom exec python.wasm -c 'print(1)'\n\n\
        Exit codes: 0 success, 1 a job failed, 2 wrong usage, 3 invalid pipeline file,\n\
        4 greenroom could not do its work, 130 cancelled; exec passes on the program's own."
)]
struct Cli {
    /// When to use colours.
    #[arg(long, value_enum, default_value_t, global = true, value_name = "WHEN")]
    color: Color,

    #[command(subcommand)]
    verb: Chosen,
}

/// Does what the process's arguments say and returns how it ended.
pub fn run() -> ExitCode {
    let environment = Environment::read();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and the version go to standard output and are a success.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Success };
            return match error.print() {
                Ok(()) => exit.into(),
                Err(error) => finish(Err(Failure::output(&error))),
            };
        }
    };
    finish(match &cli.verb.0 {
        Verb::Run(args) => run::run(args, &environment, cli.color).map(ExitCode::from),
        Verb::Artifacts(args) => artifacts::artifacts(args, &environment).map(ExitCode::from),
        Verb::Cache(args) => cache::cache(args, &environment).map(ExitCode::from),
        Verb::Check(args) => check::check(args, &environment, cli.color).map(ExitCode::from),
        Verb::List(args) => list::list(args, &environment, cli.color).map(ExitCode::from),
        Verb::Shell(args) => shell::shell(args, &environment, cli.color),
        Verb::Schema(args) => schema::schema(args).map(ExitCode::from),
        Verb::Explain(args) => explain::explain(args, &environment, cli.color).map(ExitCode::from),
        Verb::Expand(args) => expand::expand(args, &environment, cli.color).map(ExitCode::from),
        Verb::Exec(args) => exec::exec(args, &environment),
        Verb::Image(args) => image::image(args, &environment, cli.color).map(ExitCode::from),
        Verb::Step(args) => step::step(args, &environment, cli.color),
        Verb::Bench(args) => bench::bench(args, &environment).map(ExitCode::from),
        Verb::CompileModule(args) => Ok(compile_module::compile_module(args)),
    })
}

fn finish(result: Result<ExitCode, Failure>) -> ExitCode {
    result.unwrap_or_else(|failure| {
        if !failure.is_told() {
            tell(&format!("{}\n", crate::diagnostic::printable(&failure.to_string())));
        }
        failure.exit.into()
    })
}

/// The secrets of this process. Of the process and not of a value that is handed around, because a
/// message that forgets to ask for it would be the one that shows them.
static MASK: OnceLock<Mask> = OnceLock::new();

/// From now on, whatever is printed is masked. Does nothing the second time.
fn set_mask(mask: &Mask) {
    let _ = MASK.set(mask.clone());
}

/// A text as it may be printed or written.
fn masked(text: &str) -> std::borrow::Cow<'_, str> {
    MASK.get_or_init(Mask::default).text(text)
}

/// Writes to standard error. Nobody could be told if that fails.
fn tell(text: &str) {
    let _ = io::stderr().lock().write_all(masked(text).as_bytes());
}

/// Writes to standard output.
fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(masked(text).as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|error| Failure::output(&error))
}
