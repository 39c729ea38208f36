//! The typed pipeline: what the file says, with `extends`, `default` and references resolved.

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use regex::Regex;

use super::condition::Changes;
use super::execution::Execution;
use super::expression::{Expression, Pattern};
use super::pull_policy::PullPolicy;
use super::trigger::Trigger;
use crate::diagnostic::{Span, Spanned};
use crate::function::Steps;
use crate::yaml;

/// A pipeline file, read and validated.
#[derive(Clone, Debug, Default)]
pub struct Pipeline {
    /// All stages in order, `.pre` and `.post` included.
    pub stages: Vec<String>,
    /// The variables of the top level.
    pub variables: Variables,
    /// The visible jobs, in the order of the file.
    pub jobs: IndexMap<String, Job>,
    /// Whether there is a pipeline at all.
    pub workflow: Workflow,
    /// The file as it reads once includes, `extends` and references are resolved. Every part has the
    /// place that it comes from.
    pub merged: yaml::Mapping,
    /// The project's files, if a rule asks for them and they are known.
    pub files: Option<Vec<String>>,
    /// The files that changed, if a rule asks for them.
    pub changes: Changes,
}

impl Pipeline {
    /// The pipeline as one file that GitLab reads in the same way: without includes, `extends`,
    /// references and anchors, and without hidden jobs, which nothing refers to any more.
    pub fn to_yaml(&self) -> String {
        let visible = self.merged.iter().filter(|(name, _)| !name.starts_with('.'));
        yaml::write(&visible.map(|(name, entry)| (name.clone(), entry.clone())).collect())
    }
}

/// Variables by name, in the order of the file.
pub type Variables = IndexMap<String, Variable>;

/// A variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// The value as written, not expanded.
    pub value: String,
    /// Whether references to other variables in the value are replaced.
    pub expand: bool,
    /// What it is for.
    pub description: Option<String>,
    /// The only values that it may have.
    pub options: Vec<String>,
    /// Where the value is written.
    pub span: Span,
}

/// The commands of a script. Jobs share those of `default`.
pub type Script = Arc<[Command]>;

/// One entry of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The shell text, possibly of several lines.
    pub text: String,
    /// Where it is written.
    pub span: Span,
}

/// A visible job.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its name and where that stands.
    pub name: Spanned<String>,
    /// Its stage; `test` if it names none.
    pub stage: Spanned<String>,
    /// Runs before the script in the same shell.
    pub before_script: Script,
    /// What the job does.
    pub script: Script,
    /// Runs afterwards, in a shell of its own.
    pub after_script: Script,
    /// The steps that it does instead of scripts.
    pub run: Option<Steps>,
    /// Its own variables.
    pub variables: Variables,
    /// Its number among those that `parallel` makes, from 1, and how many there are.
    pub node: Option<(usize, usize)>,
    /// Which variables of the top level it takes over.
    pub inherit_variables: Inherit,
    /// The jobs it waits for; `None` if it waits for the stages before its own.
    pub needs: Option<Vec<Need>>,
    /// When it runs.
    pub when: Spanned<When>,
    /// How long it waits before it starts, for `when: delayed`.
    pub start_in: Option<Duration>,
    /// Which failures are allowed, if it says so.
    pub allow_failure: Option<AllowFailure>,
    /// How long its script may take, if it says so.
    pub timeout: Option<Duration>,
    /// Its image, not expanded.
    pub image: Option<Spanned<String>>,
    /// When the image is asked for again; empty if the job does not say it.
    pub pull_policy: Vec<PullPolicy>,
    /// The image's entrypoint, if the job says it: words, or nothing for none.
    pub entrypoint: Option<Vec<String>>,
    /// Where it deploys to.
    pub environment: Option<Environment>,
    /// Retries, artifacts, caches and the like.
    pub execution: Execution,
    /// The pipeline that it starts instead of running a script.
    pub trigger: Option<Trigger>,
    /// The name it has in the file, if it is one of several that `parallel` makes of it.
    pub group: Option<String>,
    /// The first rule that applies says whether and how it runs.
    pub rules: Option<Vec<Rule>>,
    /// The refs and conditions it runs for; `None` runs for branches and tags.
    pub only: Option<Policy>,
    /// The refs and conditions it does not run for.
    pub except: Option<Policy>,
}

/// `environment:` — where a job deploys to. Nothing is expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Its name.
    pub name: Spanned<String>,
    /// Its address.
    pub url: Option<String>,
    /// What the job does with it.
    pub action: Option<String>,
    /// What it is for: `deployment_tier`.
    pub tier: Option<String>,
}

/// `workflow:` — whether there is a pipeline at all.
#[derive(Clone, Debug, Default)]
pub struct Workflow {
    /// The first rule that applies says whether the pipeline runs.
    pub rules: Option<Vec<Rule>>,
    /// The name of the pipeline, not expanded.
    pub name: Option<String>,
    /// Where `rules` stands.
    pub span: Span,
}

/// One of `rules:`.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Where it is written.
    pub span: Span,
    /// The condition of `if`.
    pub condition: Option<Expression>,
    /// The files of `changes`.
    pub changes: Option<PathCondition>,
    /// The files of `exists`.
    pub exists: Option<PathCondition>,
    /// How long the job waits if the rule delays it.
    pub start_in: Option<Duration>,
    /// When the job runs if the rule applies; `None` leaves it to the job.
    pub when: Option<Spanned<When>>,
    /// Which failures are allowed if the rule applies.
    pub allow_failure: Option<AllowFailure>,
    /// Variables that the rule adds.
    pub variables: Variables,
    /// What the job waits for if the rule applies.
    pub needs: Option<Vec<Need>>,
}

/// `changes` or `exists`: a question about files.
#[derive(Clone, Debug)]
pub struct PathCondition {
    /// Patterns, one of which must fit; variables in them are not expanded.
    pub patterns: Vec<String>,
    /// A regular expression instead of patterns.
    pub regex: Option<Regex>,
    /// What changes are compared with, not expanded.
    pub compare_to: Option<String>,
    /// Whether it asks about the files of another project.
    pub elsewhere: bool,
    /// Where it is written.
    pub span: Span,
}

/// `only:` or `except:`.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Names and patterns of refs, and words like `branches`.
    pub refs: Option<Vec<RefPattern>>,
    /// Conditions, one of which is enough.
    pub variables: Option<Vec<Expression>>,
    /// The changed files, one of which is enough.
    pub changes: Option<PathCondition>,
    /// Whether a Kubernetes cluster is asked for.
    pub kubernetes: bool,
}

/// A ref in a [`Policy`], with the project's path if it names one after `@`.
#[derive(Clone, Debug)]
pub struct RefPattern {
    /// What the ref is compared with.
    pub name: RefName,
    /// The only project that it counts for.
    pub project: Option<String>,
}

/// What a ref is compared with.
#[derive(Clone, Debug)]
pub enum RefName {
    /// A name, or a word like `tags`.
    Text(String),
    /// A pattern.
    Pattern(Pattern),
}

/// What a job takes over from the top level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Inherit {
    /// Everything.
    #[default]
    All,
    /// Nothing.
    Nothing,
    /// What is named.
    Only(Vec<String>),
}

impl Inherit {
    /// Whether it takes over what has this name.
    pub fn includes(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Nothing => false,
            Self::Only(names) => names.iter().any(|n| n == name),
        }
    }
}

/// A job that another one waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The name of the job.
    pub job: Spanned<String>,
    /// Whether the pipeline is fine without it.
    pub optional: bool,
    /// Whether its artifacts are taken.
    pub artifacts: bool,
    /// Of the jobs that `parallel` makes of it, only those with these parts in their names.
    pub matrix: Option<Vec<String>>,
    /// The identifier of the upstream pipeline that the job is of, not expanded. Such a job is not
    /// waited for; only its artifacts are taken.
    pub pipeline: Option<Spanned<String>>,
}

/// When a job runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// If everything before it went well.
    #[default]
    OnSuccess,
    /// If something before it failed.
    OnFailure,
    /// In any case.
    Always,
    /// Not at all.
    Never,
    /// If somebody starts it.
    Manual,
    /// After a while.
    Delayed,
}

/// Which failures of a job are allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowFailure {
    /// All or none.
    Any(bool),
    /// Those with one of these exit codes.
    ExitCodes(Vec<u8>),
}
