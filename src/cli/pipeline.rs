//! What every verb that reads a pipeline file takes: which file, and with which variables.

use clap::Args;

use super::choice::{Choice, ChoiceArgs};
use super::environment::{Color, Environment};
use super::failure::Failure;
use super::git;
use super::includes::IncludeArgs;
use super::project::{Project, ProjectArgs};
use super::secret::{self, FileGrant, SecretGrant};
use super::set_mask;
use super::value::{EnvGrant, Variable};
use crate::executor::FileVariable;
use crate::mask::Mask;
use crate::pipeline::inputs::Arguments;
use crate::plan::GitFacts;
use crate::remote::Remotes;
use crate::settings::Settings;

/// Which pipeline, and what it is told.
#[derive(Clone, Debug, Args)]
pub(super) struct PipelineArgs {
    #[command(flatten)]
    pub(super) project: ProjectArgs,

    #[command(flatten)]
    includes: IncludeArgs,

    /// Variable of the pipeline; takes precedence over those in the file, and its value is taken as
    /// it is.
    #[arg(long = "var", value_name = "KEY=VALUE")]
    variables: Vec<Variable>,

    #[command(flatten)]
    pub(super) choice: ChoiceArgs,

    /// What started the pipeline, as CI_PIPELINE_SOURCE has it.
    #[arg(long, value_name = "SOURCE", default_value = "push", value_parser = SOURCES)]
    source: String,

    /// Hand a variable of this environment to the jobs, as --var does; may be repeated.
    #[arg(long, value_name = "NAME[=VALUE]", help_heading = "Grants")]
    env: Vec<EnvGrant>,

    /// Hand a variable of this environment, or the content of a file, to the jobs, and mask it in
    /// all that is printed or written; may be repeated. One that is not set is asked for on a
    /// terminal.
    #[arg(long = "secret", value_name = "NAME[=@FILE]", help_heading = "Grants")]
    secrets: Vec<SecretGrant>,

    /// Hand the content of a file to the jobs, as GitLab's variables of type file: each job finds it
    /// in a file of its /tmp, whose path the variable holds; may be repeated.
    #[arg(long = "var-file", value_name = "NAME=FILE", help_heading = "Grants")]
    files: Vec<FileGrant>,

    /// The same, and mask the content; may be repeated.
    #[arg(long = "secret-file", value_name = "NAME=FILE", help_heading = "Grants")]
    secret_files: Vec<FileGrant>,
}

/// The values of `CI_PIPELINE_SOURCE` (GitLab's documentation of the variable).
const SOURCES: [&str; 17] = [
    "push",
    "web",
    "schedule",
    "api",
    "merge_request_event",
    "trigger",
    "pipeline",
    "parent_pipeline",
    "external",
    "external_pull_request_event",
    "chat",
    "webide",
    "ondemand_dast_scan",
    "ondemand_dast_validation",
    "security_orchestration_policy",
    "container_registry_push",
    "pipeline_execution_policy",
];

/// A pipeline to read, with what the command line and the settings say about it.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) project: Project,
    pub(super) settings: Settings,
    /// What the settings say and what is granted, in ascending precedence.
    pub(super) project_variables: Vec<(String, String)>,
    /// What the command line says, in ascending precedence, above those.
    pub(super) variables: Vec<(String, String)>,
    pub(super) source: String,
    /// The values of the file's inputs.
    pub(super) inputs: Arguments,
    /// What git knows of the project.
    pub(super) git: GitFacts,
    /// Where included files come from.
    pub(super) remotes: Remotes,
    /// Variables of type file.
    pub(super) files: Vec<FileVariable>,
    /// Manual jobs and tags.
    pub(super) choice: Choice,
    /// What must not be shown; everything that this process prints is masked with it already.
    pub(super) mask: Mask,
}

impl PipelineArgs {
    /// The pipeline of `project`.
    pub(super) fn request(
        &self,
        project: Project,
        environment: &Environment,
        color: Color,
    ) -> Result<Request, Failure> {
        let settings = self.project.settings(&project, environment, color)?;
        // What the settings name is for whenever it is there.
        let there =
            |grant: &&EnvGrant| grant.value.is_some() || environment.get(&grant.name).is_some();
        let mut grants: Vec<EnvGrant> = settings.env.iter().filter(there).cloned().collect();
        grants.extend(self.env.iter().cloned());
        let mut project_variables = environment.granted(&grants)?;
        let mut secrets = Vec::new();
        for name in &settings.secrets {
            secrets.extend(secret::of_settings(name, environment)?);
        }
        for grant in &self.secrets {
            secrets.push(grant.read(environment)?);
        }
        let mut files = Vec::new();
        for grant in &self.secret_files {
            files.push(grant.read_secret()?);
        }
        let hidden = secrets.iter().map(|(_, value)| value).chain(files.iter().map(|f| &f.content));
        let mask = Mask::new(hidden.map(String::as_str))
            .map_err(|error| Failure::usage(format!("the secrets cannot be masked: {error}")))?;
        set_mask(&mask);
        project_variables.extend(secrets);
        for grant in &self.files {
            files.push(grant.read()?);
        }
        project_variables.extend(files.iter().map(|file| (file.name.clone(), file.path())));
        let variables: Vec<(String, String)> =
            self.variables.iter().map(|v| (v.name.clone(), v.value.clone())).collect();
        let given: Vec<(String, String)> =
            project_variables.iter().chain(&variables).cloned().collect();
        let source = self.source.clone();
        let choice = self.choice.choice(&settings.tags);
        let inputs = self.includes.arguments();
        let git = git::facts(&project.root);
        let remotes = self.includes.remotes(&given, &git.remote, &settings, environment);
        Ok(Request {
            project,
            settings,
            project_variables,
            variables,
            source,
            inputs,
            git,
            remotes,
            files,
            choice,
            mask,
        })
    }

    /// The pipeline of a verb whose only positional argument is the file.
    pub(super) fn of_file(
        &self,
        path: Option<&str>,
        environment: &Environment,
        color: Color,
    ) -> Result<Request, Failure> {
        self.request(self.project.file_or_default(path)?, environment, color)
    }
}
