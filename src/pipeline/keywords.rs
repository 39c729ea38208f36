//! Every keyword of GitLab's pipeline language, and what greenroom makes of it.
//!
//! The table is the one place that says what is supported; `docs/keywords.md` is checked against
//! it.

use std::fmt;

/// Where a keyword stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// At the top level of the file.
    Global,
    /// In `default:`.
    Default,
    /// In a job.
    Job,
    /// In `workflow:`.
    Workflow,
    /// In a rule of `rules:`.
    Rule,
    /// In a rule of `workflow:rules`.
    WorkflowRule,
    /// In a rule of `include:rules`.
    IncludeRule,
    /// In `only:` or `except:`.
    Policy,
    /// In an entry of `needs:`.
    Need,
    /// In `parallel:`.
    Parallel,
    /// In `image:`.
    Image,
    /// In a variable of the top level's `variables:`.
    Variable,
    /// In an entry of `include:`.
    Include,
    /// In `inherit:`.
    Inherit,
    /// In `allow_failure:`.
    AllowFailure,
    /// In `retry:`.
    Retry,
    /// In `artifacts:`.
    Artifacts,
    /// In `artifacts:reports:coverage_report`.
    CoverageReport,
    /// In `cache:`.
    Cache,
    /// In `cache:key`.
    CacheKey,
    /// In `trigger:`.
    Trigger,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Global => "the top level",
            Self::Default => "`default`",
            Self::Job => "a job",
            Self::Workflow => "`workflow`",
            Self::Rule => "a rule",
            Self::WorkflowRule => "a rule of `workflow`",
            Self::IncludeRule => "a rule of `include`",
            Self::Policy => "`only`/`except`",
            Self::Need => "`needs`",
            Self::Parallel => "`parallel`",
            Self::Image => "`image`",
            Self::Variable => "a variable",
            Self::Include => "`include`",
            Self::Inherit => "`inherit`",
            Self::AllowFailure => "`allow_failure`",
            Self::Retry => "`retry`",
            Self::Artifacts => "`artifacts`",
            Self::CoverageReport => "`coverage_report`",
            Self::Cache => "`cache`",
            Self::CacheKey => "`cache:key`",
            Self::Trigger => "`trigger`",
        })
    }
}

/// What greenroom does about a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// It acts on it.
    Yes,
    /// It knows the keyword but does not act on it yet; the text says what that means for the run.
    NotYet(&'static str),
    /// The pipeline does not run at all, because jobs would be missing; the text says which.
    Refused(&'static str),
    /// The keyword has no effect in a local sandbox; the text says why.
    NoEffect(&'static str),
}

/// A keyword at a place.
#[derive(Clone, Copy, Debug)]
pub struct Keyword {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// What greenroom does about it.
    pub support: Support,
}

const fn keyword(place: Place, name: &'static str, support: Support) -> Keyword {
    Keyword { name, place, support }
}

use Place::{
    AllowFailure, Artifacts, Cache, CacheKey, CoverageReport, Default as InDefault, Global, Image,
    Include, IncludeRule, Inherit, Job, Need, Parallel, Policy, Retry, Rule, Trigger, Variable,
    Workflow, WorkflowRule,
};
use Support::{NoEffect, NotYet, Refused, Yes};

const HOOKS: Support = NotYet("the commands of the hook do not run");
const ID_TOKENS: Support = NotYet("the token variables are not set");
const IDENTITY: Support = NoEffect("there is no cloud to sign in to from the sandbox");
const INTERRUPTIBLE: Support = NoEffect("no newer pipeline cancels a local run");
const NOBODY_ELSE: &str = "the local store is only yours";
const OTHER_PROJECT: Support =
    NoEffect("the pipelines of other projects are on the server, so that the job is left out");
const SERVICES: Support =
    NoEffect("the sandbox starts no daemons: a job that connects to a service fails");

/// All keywords.
pub const KEYWORDS: &[Keyword] = &[
    keyword(Global, "after_script", Yes),
    keyword(Global, "before_script", Yes),
    keyword(Global, "cache", Yes),
    keyword(Global, "default", Yes),
    keyword(Global, "image", Yes),
    keyword(Global, "include", Yes),
    keyword(Global, "services", SERVICES),
    keyword(Global, "spec", Yes),
    keyword(Global, "stages", Yes),
    keyword(Global, "variables", Yes),
    keyword(Global, "workflow", Yes),
    keyword(InDefault, "after_script", Yes),
    keyword(InDefault, "artifacts", Yes),
    keyword(InDefault, "before_script", Yes),
    keyword(InDefault, "cache", Yes),
    keyword(InDefault, "hooks", HOOKS),
    keyword(InDefault, "id_tokens", ID_TOKENS),
    keyword(InDefault, "identity", IDENTITY),
    keyword(InDefault, "image", Yes),
    keyword(InDefault, "interruptible", INTERRUPTIBLE),
    keyword(InDefault, "retry", Yes),
    keyword(InDefault, "services", SERVICES),
    keyword(InDefault, "tags", Yes),
    keyword(InDefault, "timeout", Yes),
    keyword(Job, "after_script", Yes),
    keyword(Job, "allow_failure", Yes),
    keyword(Job, "artifacts", Yes),
    keyword(Job, "before_script", Yes),
    keyword(Job, "cache", Yes),
    keyword(Job, "coverage", Yes),
    keyword(Job, "dast_configuration", NoEffect("it configures a scanner of GitLab's own")),
    keyword(Job, "dependencies", Yes),
    keyword(Job, "environment", Yes),
    keyword(Job, "except", Yes),
    keyword(Job, "extends", Yes),
    keyword(Job, "hooks", HOOKS),
    keyword(Job, "id_tokens", ID_TOKENS),
    keyword(Job, "identity", IDENTITY),
    keyword(Job, "image", Yes),
    keyword(Job, "inherit", Yes),
    keyword(Job, "inputs", NotYet("the job's inputs are not filled in")),
    keyword(Job, "interruptible", INTERRUPTIBLE),
    keyword(Job, "manual_confirmation", NotYet("nobody is asked before the job starts")),
    keyword(Job, "needs", Yes),
    keyword(Job, "only", Yes),
    keyword(Job, "pages", NoEffect("no site is published; the job runs and leaves its files")),
    keyword(Job, "parallel", Yes),
    keyword(Job, "publish", NoEffect("no site is published; the job runs and leaves its files")),
    keyword(Job, "release", NotYet("no release is made; the script runs")),
    keyword(Job, "resource_group", Yes),
    keyword(Job, "retry", Yes),
    keyword(Job, "rules", Yes),
    keyword(Job, "run", Yes),
    keyword(Job, "script", Yes),
    keyword(Job, "secrets", NotYet("the variables with the secrets are not set")),
    keyword(Job, "services", SERVICES),
    keyword(Job, "stage", Yes),
    keyword(Job, "start_in", Yes),
    keyword(Job, "tags", Yes),
    keyword(Job, "timeout", Yes),
    keyword(Job, "trigger", Yes),
    keyword(Job, "variables", Yes),
    keyword(Job, "when", Yes),
    keyword(Workflow, "auto_cancel", NoEffect("no newer pipeline cancels a local run")),
    keyword(Workflow, "name", Yes),
    keyword(Workflow, "rules", Yes),
    keyword(Rule, "allow_failure", Yes),
    keyword(Rule, "changes", Yes),
    keyword(Rule, "exists", Yes),
    keyword(Rule, "if", Yes),
    keyword(Rule, "interruptible", INTERRUPTIBLE),
    keyword(Rule, "needs", Yes),
    keyword(Rule, "start_in", Yes),
    keyword(Rule, "variables", Yes),
    keyword(Rule, "when", Yes),
    keyword(WorkflowRule, "auto_cancel", NoEffect("no newer pipeline cancels a local run")),
    keyword(WorkflowRule, "changes", Yes),
    keyword(WorkflowRule, "exists", Yes),
    keyword(WorkflowRule, "if", Yes),
    keyword(WorkflowRule, "variables", Yes),
    keyword(WorkflowRule, "when", Yes),
    keyword(IncludeRule, "changes", Yes),
    keyword(IncludeRule, "exists", Yes),
    keyword(IncludeRule, "if", Yes),
    keyword(IncludeRule, "when", Yes),
    keyword(Policy, "changes", Yes),
    keyword(
        Policy,
        "kubernetes",
        NoEffect("no cluster is active, so that the condition never holds"),
    ),
    keyword(Policy, "refs", Yes),
    keyword(Policy, "variables", Yes),
    keyword(Need, "artifacts", Yes),
    keyword(Need, "job", Yes),
    keyword(Need, "optional", Yes),
    keyword(Need, "parallel", Yes),
    keyword(Need, "pipeline", Yes),
    keyword(Need, "project", NoEffect("there is no other project to take artifacts from")),
    keyword(Need, "ref", NoEffect("there is no other project to take artifacts from")),
    keyword(Parallel, "matrix", Yes),
    keyword(Image, "docker", NoEffect("no container is started")),
    keyword(Image, "entrypoint", Yes),
    keyword(Image, "kubernetes", NoEffect("no container is started")),
    keyword(Image, "name", Yes),
    keyword(Image, "pull_policy", Yes),
    keyword(Variable, "description", Yes),
    keyword(Variable, "expand", Yes),
    keyword(Variable, "options", Yes),
    keyword(Variable, "value", Yes),
    keyword(Include, "cache", NoEffect("greenroom keeps what it fetched by its own rules")),
    keyword(Include, "component", Yes),
    keyword(Include, "file", Yes),
    keyword(Include, "inputs", Yes),
    keyword(Include, "integrity", Yes),
    keyword(Include, "local", Yes),
    keyword(Include, "project", Yes),
    keyword(Include, "ref", Yes),
    keyword(Include, "remote", Yes),
    keyword(Include, "rules", Yes),
    keyword(Include, "template", Yes),
    keyword(Inherit, "default", Yes),
    keyword(Inherit, "variables", Yes),
    keyword(AllowFailure, "exit_codes", Yes),
    keyword(Retry, "exit_codes", Yes),
    keyword(Retry, "max", Yes),
    keyword(Retry, "when", Yes),
    keyword(Artifacts, "access", NoEffect(NOBODY_ELSE)),
    keyword(Artifacts, "exclude", Yes),
    keyword(Artifacts, "expire_in", Yes),
    keyword(Artifacts, "expose_as", NoEffect("there is no merge request to show it in")),
    keyword(Artifacts, "name", Yes),
    keyword(Artifacts, "paths", Yes),
    keyword(Artifacts, "public", NoEffect(NOBODY_ELSE)),
    keyword(Artifacts, "reports", Yes),
    keyword(Artifacts, "untracked", Yes),
    keyword(Artifacts, "when", Yes),
    keyword(CoverageReport, "coverage_format", Yes),
    keyword(CoverageReport, "path", Yes),
    keyword(Cache, "fallback_keys", Yes),
    keyword(Cache, "key", Yes),
    keyword(Cache, "paths", Yes),
    keyword(Cache, "policy", Yes),
    keyword(Cache, "unprotect", NoEffect("no branch is protected here")),
    keyword(Cache, "untracked", Yes),
    keyword(Cache, "when", Yes),
    keyword(CacheKey, "files", Yes),
    keyword(CacheKey, "files_commits", Yes),
    keyword(CacheKey, "prefix", Yes),
    keyword(Trigger, "branch", OTHER_PROJECT),
    keyword(Trigger, "forward", Yes),
    keyword(Trigger, "include", Yes),
    keyword(Trigger, "inputs", Yes),
    keyword(Trigger, "project", OTHER_PROJECT),
    keyword(Trigger, "strategy", Yes),
];

/// The keyword of a name at a place.
pub fn find(place: Place, name: &str) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|keyword| keyword.place == place && keyword.name == name)
}

/// The names of a place's keywords.
pub fn names(place: Place) -> impl Iterator<Item = &'static str> {
    KEYWORDS.iter().filter(move |keyword| keyword.place == place).map(|keyword| keyword.name)
}

/// The table as the text of the documentation.
pub fn documentation() -> String {
    let mut out = String::new();
    let mut place = None;
    for keyword in KEYWORDS {
        if place != Some(keyword.place) {
            place = Some(keyword.place);
            let title = keyword.place.to_string();
            let title = title.strip_prefix("the ").unwrap_or(&title);
            out.push_str(&format!(
                "\n## In {title}\n\n| keyword | state | in a run |\n| --- | --- | --- |\n"
            ));
        }
        let (state, meaning) = match keyword.support {
            Yes => ("supported", ""),
            NotYet(meaning) => ("not yet", meaning),
            Refused(meaning) => ("not yet: error", meaning),
            NoEffect(why) => ("no effect", why),
        };
        out.push_str(&format!("| `{}` | {state} | {meaning} |\n", keyword.name));
    }
    out
}
