//! The verbs, and which one the command line names.
//!
//! Describing a verb's options to the parser takes longer than starting a program in the sandbox,
//! and one in ten of them is ever used: so if the first word is a verb, only that one is described.

use std::env;
use std::ffi::{OsStr, OsString};

use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Subcommand};

use super::{
    artifacts, bench, cache, check, compile_module, exec, expand, explain, image, list, run,
    schema, shell, step,
};
use crate::compiler;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    Run(run::RunArgs),
    Artifacts(artifacts::ArtifactsArgs),
    Cache(cache::CacheArgs),
    Check(check::CheckArgs),
    List(list::ListArgs),
    Explain(explain::ExplainArgs),
    Schema(schema::SchemaArgs),
    Shell(shell::ShellArgs),
    Expand(expand::ExpandArgs),
    Exec(exec::ExecArgs),
    Image(image::ImageArgs),
    Step(step::StepArgs),
    Bench(bench::BenchArgs),
    #[command(hide = true, name = compiler::VERB)]
    CompileModule(compile_module::CompileModuleArgs),
}

/// A verb and what describes it.
type Described = (&'static str, fn(Command) -> Command);

static VERBS: [Described; 14] = [
    ("run", run::RunArgs::augment_args),
    ("artifacts", artifacts::ArtifactsArgs::augment_args),
    ("cache", cache::CacheArgs::augment_args),
    ("check", check::CheckArgs::augment_args),
    ("list", list::ListArgs::augment_args),
    ("explain", explain::ExplainArgs::augment_args),
    ("schema", schema::SchemaArgs::augment_args),
    ("shell", shell::ShellArgs::augment_args),
    ("expand", expand::ExpandArgs::augment_args),
    ("exec", exec::ExecArgs::augment_args),
    ("image", image::ImageArgs::augment_args),
    ("step", step::StepArgs::augment_args),
    ("bench", bench::BenchArgs::augment_args),
    (compiler::VERB, compile_module::CompileModuleArgs::augment_args),
];

/// The verb of the command line.
#[derive(Debug)]
pub(super) struct Chosen(pub(super) Verb);

impl Subcommand for Chosen {
    fn augment_subcommands(command: Command) -> Command {
        match first_word(env::args_os().skip(1)) {
            FirstWord::Verb((verb, describe)) => command.subcommand(describe(Command::new(verb))),
            // Nobody reads about verbs to learn a version.
            FirstWord::Version => command,
            FirstWord::Other => Verb::augment_subcommands(command),
        }
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Verb::augment_subcommands_for_update(command)
    }

    fn has_subcommand(name: &str) -> bool {
        Verb::has_subcommand(name)
    }
}

impl FromArgMatches for Chosen {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Verb::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

enum FirstWord {
    Verb(Described),
    Version,
    Other,
}

/// Looks at the first argument. Whoever puts an option before the verb waits for all of them.
fn first_word(mut arguments: impl Iterator<Item = OsString>) -> FirstWord {
    let first = arguments.next();
    match first.as_deref().and_then(OsStr::to_str) {
        Some("--version" | "-V") if arguments.next().is_none() => FirstWord::Version,
        Some(word) => match VERBS.iter().find(|(verb, _)| *verb == word) {
            Some(described) => FirstWord::Verb(*described),
            None => FirstWord::Other,
        },
        None => FirstWord::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_verb_is_described_alone_as_it_is_among_all() {
        let all = Verb::augment_subcommands(Command::new("greenroom"));
        assert!(all.get_subcommands().count() > 10);
        for verb in all.get_subcommands() {
            let name = verb.get_name();
            let FirstWord::Verb((found, describe)) = first_word([name.into()].into_iter()) else {
                panic!("{name} is not found");
            };
            let mut alone = describe(Command::new(found));
            assert_eq!(
                alone.render_long_help().to_string(),
                verb.clone().render_long_help().to_string(),
            );
        }
    }

    #[test]
    fn what_is_no_verb_is_looked_for_among_all() {
        for words in [&["help", "run"][..], &["rnu"], &[], &["--help"], &["-V", "run"]] {
            let words = words.iter().map(OsString::from);
            assert!(matches!(first_word(words), FirstWord::Other));
        }
        assert!(matches!(first_word(["--version".into()].into_iter()), FirstWord::Version));
    }
}
