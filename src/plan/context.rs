//! What a plan depends on besides the pipeline file: plain data, derived by the caller.

/// The surroundings of a run, handed in so that planning stays a pure function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The project directory as jobs see it (`CI_PROJECT_DIR`), for example `/workspace`.
    pub project_dir: String,
    /// The project's path with its group (`CI_PROJECT_PATH`), for example `group/project`. Its last
    /// part is `CI_PROJECT_NAME`.
    pub project_path: String,
    /// The name of the pipeline file within the project (`CI_CONFIG_PATH`).
    pub config_path: String,
    /// The identifier of this run (`CI_PIPELINE_ID` and `CI_PIPELINE_IID`); jobs count on from it.
    pub pipeline_id: u64,
    /// What started the pipeline (`CI_PIPELINE_SOURCE`): `push`, `web`, `schedule` …
    pub source: String,
    /// The time of the run in ISO 8601, for example `2026-11-23T21:00:00Z`
    /// (`CI_PIPELINE_CREATED_AT`).
    pub now: String,
    /// What git knows about the project.
    pub git: GitFacts,
    /// Variables of the user's settings and what is granted, in the order given, as GitLab's
    /// variables of a project: above all in the file, below [`Context::variables`].
    pub project_variables: Vec<(String, String)>,
    /// Variables from the command line, or that a trigger job hands to its child pipeline, in the
    /// order given: they have the highest precedence, as GitLab's pipeline variables have.
    pub variables: Vec<(String, String)>,
    /// The pipelines that this one is a child of, the outermost first.
    pub upstream: Vec<Upstream>,
    /// Which jobs with `when: manual` run.
    pub manual: Manual,
    /// The tags that the runner has. `None` takes every job, whatever its tags.
    pub tags: Option<Vec<String>>,
    /// The user who runs the pipeline.
    pub user: User,
}

/// A pipeline that another one is a child of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Upstream {
    /// Its identifier.
    pub pipeline_id: u64,
    /// What started it.
    pub source: String,
    /// The identifier of its job that triggers the child.
    pub job_id: u64,
}

/// Which jobs with `when: manual` run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Manual {
    /// None.
    #[default]
    None,
    /// Those with these names, which may stand for all that `parallel` makes of one.
    Jobs(Vec<String>),
    /// All.
    All,
}

impl Manual {
    /// Whether a job of this name, made by `parallel` of the one named `group`, is started.
    pub(super) fn starts(&self, name: &str, group: Option<&str>) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Jobs(jobs) => jobs.iter().any(|job| job == name || Some(job.as_str()) == group),
        }
    }
}

impl Default for Context {
    /// A project `project` in `/workspace` without git, pushed by nobody.
    fn default() -> Self {
        Self {
            project_dir: "/workspace".to_owned(),
            project_path: "local/project".to_owned(),
            config_path: ".gitlab-ci.yml".to_owned(),
            pipeline_id: 1,
            source: "push".to_owned(),
            now: String::new(),
            git: GitFacts::default(),
            project_variables: Vec::new(),
            variables: Vec::new(),
            upstream: Vec::new(),
            manual: Manual::None,
            tags: None,
            user: User::default(),
        }
    }
}

impl Context {
    /// Whether there is something that changes are compared with. GitLab compares for pushes of
    /// branches and for merge requests; in every other pipeline all files count as changed.
    pub fn is_compared(&self) -> bool {
        let is_change = ["push", "merge_request_event", "external_pull_request_event"];
        self.git.tag.is_empty() && is_change.contains(&self.event())
    }

    /// What started the outermost pipeline: a child pipeline is about the same commits and the same
    /// merge request.
    pub fn event(&self) -> &str {
        self.upstream.first().map_or(&self.source, |outermost| &outermost.source)
    }

    /// Everything that was given from outside of the file, in ascending precedence.
    pub fn given(&self) -> impl DoubleEndedIterator<Item = &(String, String)> {
        self.project_variables.iter().chain(&self.variables)
    }
}

/// The user who runs the pipeline (`GITLAB_USER_*`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// The account name.
    pub login: String,
    /// The full name.
    pub name: String,
    /// The address.
    pub email: String,
}

/// What git knows about the project. Everything that is not known is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GitFacts {
    /// The commit that HEAD names, 40 (or 64) hexadecimal digits.
    pub commit: String,
    /// The branch that HEAD names; empty if it is detached.
    pub branch: String,
    /// A tag that names the commit; only looked for where no branch is checked out, because
    /// GitLab runs a branch pipeline for a branch and a tag pipeline for a tag.
    pub tag: String,
    /// The branch that the remote calls its default one.
    pub default_branch: String,
    /// The commit before (first parent).
    pub parent: String,
    /// The whole commit message.
    pub message: String,
    /// The author as `Name <address>`.
    pub author: String,
    /// The commit time in ISO 8601.
    pub timestamp: String,
    /// The address of the remote `origin`, without credentials.
    pub remote: String,
}
