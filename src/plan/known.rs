//! Every predefined variable of GitLab's, and what it is here: the text of `docs/variables.md`.

use self::Here::{Job, Machine, Never, Project, Request, Run};

/// What a predefined variable is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Here {
    /// Set, from git and the project's files.
    Project(&'static str),
    /// Set, from this run and its command line.
    Run(&'static str),
    /// Set, from the job.
    Job(&'static str),
    /// Set, and the same on all machines, or from the one that greenroom runs on.
    Machine(&'static str),
    /// Set with `--source merge_request_event` only.
    Request(&'static str),
    /// Not set.
    Never(&'static str),
}

/// A predefined variable.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) here: Here,
}

const fn known(name: &'static str, here: Here) -> Known {
    Known { name, here }
}

const CHAT: Here = Never("no chat starts a local run");
const PROXY: Here = Never("no dependency proxy is known");
const DEPLOY_TOKEN: Here = Never("there is no deploy token: hand one over with `--secret`");
const REGISTRY: Here = Never("which registry the server has is not known, and no job reaches it");
const EXTERNAL: Here = Never("there is no pull request of another server");
const ON_REQUEST_PAGE: Here = Never("only the server knows");
const PAGES: Here = Never("no site is published");
const UI: Here = Never("it is a setting of the server");

/// All of them, by name.
pub(super) const KNOWN: &[Known] = &[
    known("CHAT_CHANNEL", CHAT),
    known("CHAT_INPUT", CHAT),
    known("CHAT_USER_ID", CHAT),
    known("CI", Machine("`true`")),
    known("CI_API_GRAPHQL_URL", Project("below `CI_SERVER_URL`")),
    known("CI_API_V4_URL", Project("below `CI_SERVER_URL`")),
    known("CI_BUILDS_DIR", Machine("`/`, where the sandbox has the workspace")),
    known("CI_COMMIT_AUTHOR", Project("author of the commit that HEAD names")),
    known("CI_COMMIT_BEFORE_SHA", Project("its first parent, or zeros")),
    known("CI_COMMIT_BRANCH", Project("the branch checked out; not for tags and merge requests")),
    known("CI_COMMIT_DESCRIPTION", Project("its message without the first line")),
    known("CI_COMMIT_MESSAGE", Project("its message")),
    known("CI_COMMIT_REF_NAME", Project("the branch, or the tag if no branch is checked out")),
    known("CI_COMMIT_REF_PROTECTED", Machine("`false`")),
    known("CI_COMMIT_REF_SLUG", Project("`CI_COMMIT_REF_NAME` made fit for host names")),
    known("CI_COMMIT_SHA", Project("the commit that HEAD names")),
    known("CI_COMMIT_SHORT_SHA", Project("its first eight digits")),
    known("CI_COMMIT_TAG", Project("a tag of the commit, if no branch is checked out")),
    known("CI_COMMIT_TAG_MESSAGE", Never("the message of the tag is not read")),
    known("CI_COMMIT_TIMESTAMP", Project("its time")),
    known("CI_COMMIT_TITLE", Project("the first line of its message")),
    known("CI_CONCURRENT_ID", Machine("`0`")),
    known("CI_CONCURRENT_PROJECT_ID", Machine("`0`")),
    known("CI_CONFIG_PATH", Run("the pipeline file")),
    known("CI_DEBUG_SERVICES", Never("no service runs")),
    known("CI_DEBUG_TRACE", Never("set it with `--var` for scripts that ask for it")),
    known("CI_DEFAULT_BRANCH", Project("what `origin` calls its default branch, else `main`")),
    known("CI_DEFAULT_BRANCH_SLUG", Project("the same made fit for host names")),
    known("CI_DEPENDENCY_PROXY_DIRECT_GROUP_IMAGE_PREFIX", PROXY),
    known("CI_DEPENDENCY_PROXY_GROUP_IMAGE_PREFIX", PROXY),
    known("CI_DEPENDENCY_PROXY_PASSWORD", PROXY),
    known("CI_DEPENDENCY_PROXY_SERVER", PROXY),
    known("CI_DEPENDENCY_PROXY_USER", PROXY),
    known("CI_DEPLOY_FREEZE", UI),
    known("CI_DEPLOY_PASSWORD", DEPLOY_TOKEN),
    known("CI_DEPLOY_USER", DEPLOY_TOKEN),
    known("CI_DISPOSABLE_ENVIRONMENT", Never("jobs share a workspace that stays")),
    known("CI_ENVIRONMENT_ACTION", Job("`environment:action`, else `start`")),
    known("CI_ENVIRONMENT_ID", ON_REQUEST_PAGE),
    known("CI_ENVIRONMENT_NAME", Job("`environment:name` with its variables filled in")),
    known("CI_ENVIRONMENT_SLUG", Job("the name made fit for host names, as GitLab does it")),
    known("CI_ENVIRONMENT_TIER", Job("`environment:deployment_tier`, else guessed from the name")),
    known("CI_ENVIRONMENT_URL", Job("`environment:url` with its variables filled in")),
    known("CI_EXTERNAL_PULL_REQUEST_IID", EXTERNAL),
    known("CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME", EXTERNAL),
    known("CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA", EXTERNAL),
    known("CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY", EXTERNAL),
    known("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME", EXTERNAL),
    known("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA", EXTERNAL),
    known("CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY", EXTERNAL),
    known("CI_GITLAB_FIPS_MODE", UI),
    known("CI_HAS_OPEN_REQUIREMENTS", ON_REQUEST_PAGE),
    known("CI_JOB_GROUP_NAME", Job("its name in the file, without what `parallel` adds")),
    known("CI_JOB_ID", Run("the pipeline's number times 100,000 plus the job's")),
    known("CI_JOB_IMAGE", Job("`image` with its variables filled in")),
    known("CI_JOB_MANUAL", Job("`true` for a job with `when: manual`")),
    known("CI_JOB_NAME", Job("its name")),
    known("CI_JOB_NAME_SLUG", Job("its name made fit for host names")),
    known("CI_JOB_STAGE", Job("its stage")),
    known("CI_JOB_STARTED_AT", Run("the time when the job was prepared")),
    known("CI_JOB_STATUS", Run("`running`; in `after_script` `success`, `failed` or `canceled`")),
    known("CI_JOB_TIMEOUT", Job("its time limit in seconds")),
    known("CI_JOB_TOKEN", Never("no server would take it: hand one over with `--secret`")),
    known("CI_JOB_URL", Never("the job has no page")),
    known("CI_KUBERNETES_ACTIVE", Never("no cluster is active")),
    known("CI_MERGE_REQUEST_APPROVED", ON_REQUEST_PAGE),
    known("CI_MERGE_REQUEST_ASSIGNEES", ON_REQUEST_PAGE),
    known("CI_MERGE_REQUEST_DESCRIPTION", ON_REQUEST_PAGE),
    known("CI_MERGE_REQUEST_DESCRIPTION_IS_TRUNCATED", ON_REQUEST_PAGE),
    known("CI_MERGE_REQUEST_DIFF_BASE_SHA", Never("the merge base is not looked for")),
    known("CI_MERGE_REQUEST_DIFF_ID", ON_REQUEST_PAGE),
    known("CI_MERGE_REQUEST_DRAFT", Request("`false`")),
    known("CI_MERGE_REQUEST_EVENT_TYPE", Request("`detached`")),
    known("CI_MERGE_REQUEST_ID", Request("`1`")),
    known("CI_MERGE_REQUEST_IID", Request("`1`")),
    known("CI_MERGE_REQUEST_LABELS", ON_REQUEST_PAGE),
    known("CI_MERGE_REQUEST_MILESTONE", ON_REQUEST_PAGE),
    known("CI_MERGE_REQUEST_PROJECT_ID", Request("`CI_PROJECT_ID`")),
    known("CI_MERGE_REQUEST_PROJECT_PATH", Request("`CI_PROJECT_PATH`")),
    known("CI_MERGE_REQUEST_PROJECT_URL", Request("`CI_PROJECT_URL`")),
    known("CI_MERGE_REQUEST_REF_PATH", Request("`refs/merge-requests/1/head`")),
    known("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", Request("the branch checked out")),
    known("CI_MERGE_REQUEST_SOURCE_BRANCH_PROTECTED", Request("`false`")),
    known("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", Never("empty on GitLab, too, unless it merges")),
    known("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", Request("`CI_PROJECT_ID`")),
    known("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", Request("`CI_PROJECT_PATH`")),
    known("CI_MERGE_REQUEST_SOURCE_PROJECT_URL", Request("`CI_PROJECT_URL`")),
    known("CI_MERGE_REQUEST_SQUASH_ON_MERGE", Request("`false`")),
    known("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", Request("`CI_DEFAULT_BRANCH`")),
    known("CI_MERGE_REQUEST_TARGET_BRANCH_PROTECTED", Request("`true`")),
    known("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", Never("empty on GitLab, too, unless it merges")),
    known("CI_MERGE_REQUEST_TITLE", Request("`CI_COMMIT_TITLE`")),
    known("CI_NODE_INDEX", Job("its number among those that `parallel` makes")),
    known("CI_NODE_TOTAL", Job("how many `parallel` makes, else `1`")),
    known("CI_OPEN_MERGE_REQUESTS", ON_REQUEST_PAGE),
    known("CI_PAGES_DOMAIN", PAGES),
    known("CI_PAGES_HOSTNAME", PAGES),
    known("CI_PAGES_URL", PAGES),
    known("CI_PIPELINE_CREATED_AT", Run("the time of its start")),
    known(
        "CI_PIPELINE_ID",
        Run("a number that grows from run to run; that of a child pipeline is 1000 times larger"),
    ),
    known("CI_PIPELINE_IID", Run("the same number")),
    known("CI_PIPELINE_NAME", Run("`workflow:name`")),
    known("CI_PIPELINE_SCHEDULE_DESCRIPTION", Never("there is no schedule")),
    known(
        "CI_PIPELINE_SOURCE",
        Run("`--source`, `push` by default; `parent_pipeline` in a child pipeline"),
    ),
    known("CI_PIPELINE_TRIGGERED", Run("`true` with `--source trigger`")),
    known("CI_PIPELINE_URL", Never("the pipeline has no page")),
    known("CI_PROJECT_CLASSIFICATION_LABEL", UI),
    known("CI_PROJECT_DESCRIPTION", UI),
    known("CI_PROJECT_DIR", Machine("`/workspace`")),
    known("CI_PROJECT_ID", Machine("`1`")),
    known("CI_PROJECT_NAME", Project("the last part of `CI_PROJECT_PATH`")),
    known("CI_PROJECT_NAMESPACE", Project("`CI_PROJECT_PATH` without the last part")),
    known("CI_PROJECT_NAMESPACE_ID", ON_REQUEST_PAGE),
    known("CI_PROJECT_NAMESPACE_SLUG", Project("the same made fit for host names")),
    known("CI_PROJECT_PATH", Project("the path of `origin`, else the directory's name")),
    known("CI_PROJECT_PATH_SLUG", Project("the same made fit for host names")),
    known("CI_PROJECT_REPOSITORY_LANGUAGES", ON_REQUEST_PAGE),
    known("CI_PROJECT_ROOT_NAMESPACE", Project("the first part of `CI_PROJECT_PATH`")),
    known("CI_PROJECT_TITLE", Project("`CI_PROJECT_NAME`")),
    known("CI_PROJECT_TOPICS", UI),
    known("CI_PROJECT_URL", Project("`CI_PROJECT_PATH` below `CI_SERVER_URL`")),
    known("CI_PROJECT_VISIBILITY", Machine("`private`")),
    known("CI_REGISTRY", REGISTRY),
    known("CI_REGISTRY_IMAGE", REGISTRY),
    known("CI_REGISTRY_PASSWORD", REGISTRY),
    known("CI_REGISTRY_USER", REGISTRY),
    known("CI_RELEASE_DESCRIPTION", ON_REQUEST_PAGE),
    known("CI_REPOSITORY_URL", Project("the address of `origin`, without credentials")),
    known("CI_RUNNER_DESCRIPTION", Machine("`greenroom`")),
    known("CI_RUNNER_EXECUTABLE_ARCH", Machine("`wasi/wasm32`: what scripts see")),
    known("CI_RUNNER_ID", Machine("`1`")),
    known("CI_RUNNER_REVISION", Never("greenroom has versions only")),
    known("CI_RUNNER_SHORT_TOKEN", Never("there is no token")),
    known("CI_RUNNER_TAGS", Run("the runner's tags, as a JSON list")),
    known("CI_RUNNER_VERSION", Machine("greenroom's version")),
    known("CI_SERVER", Machine("`yes`")),
    known("CI_SERVER_FQDN", Project("host and port of `CI_SERVER_URL`")),
    known("CI_SERVER_HOST", Project("host of `CI_SERVER_URL`")),
    known("CI_SERVER_NAME", Machine("`GitLab`")),
    known("CI_SERVER_PORT", Project("port of `CI_SERVER_URL`")),
    known("CI_SERVER_PROTOCOL", Project("`https`, or `http` if `origin` says so")),
    known("CI_SERVER_REVISION", Machine("empty")),
    known("CI_SERVER_SHELL_SSH_HOST", Project("host of `CI_SERVER_URL`")),
    known("CI_SERVER_SHELL_SSH_PORT", Machine("`22`")),
    known("CI_SERVER_TLS_CA_FILE", Never("no job reaches the server")),
    known("CI_SERVER_TLS_CERT_FILE", Never("no job reaches the server")),
    known("CI_SERVER_TLS_KEY_FILE", Never("no job reaches the server")),
    known("CI_SERVER_URL", Project("the server of `origin`, else `https://localhost`")),
    known("CI_SERVER_VERSION", Machine("the version of GitLab whose behaviour is followed")),
    known("CI_SERVER_VERSION_MAJOR", Machine("its first number")),
    known("CI_SERVER_VERSION_MINOR", Machine("its second number")),
    known("CI_SERVER_VERSION_PATCH", Machine("its third number")),
    known("CI_SHARED_ENVIRONMENT", Machine("`true`: jobs share a workspace")),
    known("CI_TEMPLATE_REGISTRY_HOST", Machine("`registry.gitlab.com`")),
    known("CI_TRIGGER_SHORT_TOKEN", Never("there is no token")),
    known("CI_UPSTREAM_JOB_ID", Run("in a child pipeline, the job that triggers it")),
    known("CI_UPSTREAM_PIPELINE_ID", Run("in a child pipeline, its parent")),
    known("CI_UPSTREAM_PROJECT_ID", Run("in a child pipeline, `CI_PROJECT_ID`")),
    known("GITLAB_CI", Machine("`true`")),
    known("GITLAB_FEATURES", Machine("empty")),
    known("GITLAB_USER_EMAIL", Machine("empty: who you are is not the jobs' business")),
    known("GITLAB_USER_ID", Machine("`1`")),
    known("GITLAB_USER_LOGIN", Machine("empty")),
    known("GITLAB_USER_NAME", Machine("empty")),
    known("KUBECONFIG", Never("no cluster is connected")),
    known("TRIGGER_PAYLOAD", Never("no webhook starts a local run")),
];

/// The table as the text of the documentation.
pub fn documentation() -> String {
    let mut out = String::from("| variable | set | value, or why not |\n| --- | --- | --- |\n");
    for known in KNOWN {
        let (set, text) = match known.here {
            Project(text) => ("from git", text),
            Run(text) => ("from the run", text),
            Job(text) => ("from the job", text),
            Machine(text) => ("always the same", text),
            Request(text) => ("for merge requests", text),
            Never(why) => ("no", why),
        };
        out.push_str(&format!("| `{}` | {set} | {text} |\n", known.name));
    }
    out
}
