//! The shapes of keywords, after GitLab's reference and its schema for editors.

use super::Shape::{
    Any, Bool, Either, Form, Integer, List, Map, Names, NonEmpty, OneKeyOf, Scalar, Text, Together,
    Word,
};
use super::{Field, Shape, forms};

/// The shape of a keyword of a job or of `default`; `None` if its own reader checks it.
pub(in crate::pipeline) fn of(name: &str) -> Option<&'static Shape> {
    SHAPES.iter().find(|(keyword, _)| *keyword == name).map(|(_, shape)| shape)
}

const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, required: false, shape }
}

const fn required(name: &'static str, shape: Shape) -> Field {
    Field { name, required: true, shape }
}

const MANY: usize = usize::MAX;
const WHOLE: Shape = Integer(i128::MIN, i128::MAX);
const TEXTS: Shape = List(&Text, 0, MANY);
const SOME_TEXTS: Shape = List(&Text, 1, MANY);
const PATHS: Shape = Either(&[Text, TEXTS], "a path or a list of paths");
const WHEN: Shape = Word(&["on_success", "on_failure", "always"]);
const DURATION: Shape = Form(forms::is_duration, "a duration such as `1 week` or `never`");
const YAML_FILE: Shape = Form(forms::is_yaml_file, "a file whose name ends with .yml or .yaml");
const PROJECT: Shape = Form(forms::is_project, "the path of a project, such as `group/project`");
const REMOTE: Shape = Form(forms::is_remote, "the address of a YAML file, with https://");
const FORWARD: Shape = Map(&[field("yaml_variables", Bool), field("pipeline_variables", Bool)]);
const STRATEGY: Shape = Word(&["depend", "mirror"]);
const PULL_POLICY: Shape = Word(&["always", "if-not-present", "never"]);

/// Options of container engines.
const DOCKER: Shape = Map(&[field("platform", NonEmpty), field("user", NonEmpty)]);
const KUBERNETES: Shape =
    Map(&[field("user", Either(&[NonEmpty, WHOLE], "a string or a whole number"))]);
const PULL_POLICIES: Shape =
    Either(&[PULL_POLICY, List(&PULL_POLICY, 1, 3)], "a policy or a list of policies");

/// The values that inputs are given.
const INPUTS: Shape = Names(&Any);

const SERVICE: Shape = Either(
    &[
        NonEmpty,
        Map(&[
            required("name", NonEmpty),
            field("alias", NonEmpty),
            field("command", Either(&[NonEmpty, SOME_TEXTS], "a string or a list of strings")),
            field("docker", DOCKER),
            field("entrypoint", SOME_TEXTS),
            field("kubernetes", KUBERNETES),
            field("pull_policy", PULL_POLICIES),
            field("variables", Names(&VARIABLE)),
        ]),
    ],
    "the name of an image, or a mapping with `name`",
);

const VARIABLE: Shape = Either(
    &[Scalar, Bool, Map(&[field("value", Scalar), field("expand", Bool)])],
    "a string or a number",
);

const HOOKS: Shape = Map(&[field("pre_get_sources_script", SCRIPT)]);
const SCRIPT: Shape = Either(&[Text, List(&LINE, 0, MANY)], "a string or a list of strings");

/// A reference to lines is a list in a list.
const LINE: Shape = Either(&[Text, TEXTS], "a string");

const ARTIFACTS: Shape = Map(&[
    field("access", Word(&["none", "developer", "maintainer", "all"])),
    field("exclude", SOME_TEXTS),
    // The reader of artifacts knows what a duration is.
    field("expire_in", Text),
    field("expose_as", Form(forms::is_expose_as, "up to 100 letters, digits, blanks, - and _")),
    field("name", Text),
    field("paths", TEXTS),
    field("public", Bool),
    field("reports", REPORTS),
    field("untracked", Bool),
    field("when", WHEN),
]);

const REPORTS: Shape = Map(&[
    field("accessibility", PATHS),
    field("annotations", PATHS),
    field("api_fuzzing", PATHS),
    field("browser_performance", PATHS),
    field("cluster_applications", PATHS),
    field("cluster_image_scanning", PATHS),
    // GitLab takes a path where it used to read Cobertura's format only.
    field("cobertura", PATHS),
    field("codequality", PATHS),
    field("container_scanning", PATHS),
    field("coverage_fuzzing", PATHS),
    field(
        "coverage_report",
        Map(&[
            required("coverage_format", Word(&["cobertura", "jacoco"])),
            required("path", NonEmpty),
        ]),
    ),
    field("cyclonedx", PATHS),
    field("dast", PATHS),
    field("dependency_scanning", PATHS),
    field("dotenv", PATHS),
    field("junit", Either(&[Text, SOME_TEXTS], "a path or a list of paths")),
    field("license_management", PATHS),
    field("license_scanning", PATHS),
    field("load_performance", PATHS),
    field("lsif", PATHS),
    field("metrics", PATHS),
    field("network_referee", PATHS),
    field("performance", PATHS),
    field("repository_xray", PATHS),
    field("requirements", PATHS),
    field("requirements_v2", PATHS),
    field("sarif", PATHS),
    field("sast", PATHS),
    field("scip", PATHS),
    field("secret_detection", PATHS),
    field("terraform", PATHS),
]);

const CACHE: Shape = Either(
    &[CACHE_ITEM, List(&CACHE_ITEMS, 0, 4)],
    "a mapping with `paths`, or a list of up to four",
);

/// An alias or a reference to caches is a list in a list, which GitLab takes.
const CACHE_ITEMS: Shape = Either(&[CACHE_ITEM, List(&CACHE_ITEM, 0, 4)], "a mapping with `paths`");

const CACHE_ITEM: Shape = Map(&[
    field("fallback_keys", List(&Text, 0, 5)),
    field("key", CACHE_KEY),
    field("paths", TEXTS),
    field("policy", Form(forms::is_cache_policy, "pull, push, pull-push or a variable")),
    field("unprotect", Bool),
    field("untracked", Bool),
    field("when", WHEN),
]);

const CACHE_KEY: Shape = Either(
    &[
        Form(forms::is_cache_key, "a name without `/` that is not made of dots only"),
        Map(&[
            field("files", List(&Text, 1, 10)),
            field("files_commits", List(&Text, 1, 10)),
            field("prefix", Form(forms::is_cache_prefix, "a name without `/`")),
        ]),
    ],
    "a string, or a mapping with `files`",
);

const RETRY: Shape = Either(
    &[
        Integer(0, 2),
        Map(&[
            field("exit_codes", Either(&[WHOLE, List(&WHOLE, 1, MANY)], "a number or a list")),
            field("max", Integer(0, 2)),
            field("when", Either(&[RETRY_WHEN, List(&RETRY_WHEN, 0, MANY)], "a reason or a list")),
        ]),
    ],
    "a number from 0 to 2, or a mapping",
);

/// The reasons for which GitLab tries a job again.
const RETRY_WHEN: Shape = Word(&[
    "always",
    "unknown_failure",
    "script_failure",
    "api_failure",
    "stuck_or_timeout_failure",
    "stuck_pending_with_matching_runners",
    "stuck_pending_no_matching_runners",
    "no_updates_running",
    "no_updates_canceling",
    "runner_system_failure",
    "runner_configuration_error",
    "runner_external_dependency_failure",
    "runner_interrupted",
    "runner_unsupported",
    "stale_schedule",
    "job_execution_timeout",
    "server_timeout_running",
    "server_timeout_canceling",
    "archived_failure",
    "unmet_prerequisites",
    "scheduler_failure",
    "data_integrity_failure",
]);

const ENVIRONMENT: Shape = Either(
    &[
        NonEmpty,
        Map(&[
            required("name", NonEmpty),
            field("action", Word(&["start", "prepare", "stop", "verify", "access"])),
            field("auto_stop_in", DURATION),
            field("deployment_tier", Form(forms::is_tier, forms::TIERS)),
            field(
                "kubernetes",
                Map(&[
                    field("agent", NonEmpty),
                    field(
                        "dashboard",
                        Map(&[field("namespace", NonEmpty), field("flux_resource_path", NonEmpty)]),
                    ),
                    field("flux_resource_path", NonEmpty),
                    field("managed_resources", Map(&[field("enabled", Bool)])),
                    field("namespace", NonEmpty),
                ]),
            ),
            field("on_stop", Text),
            field("url", Form(forms::is_environment_url, "an address with http:// or https://")),
        ]),
    ],
    "a name, or a mapping with `name`",
);

const RELEASE: Shape = Map(&[
    required("tag_name", NonEmpty),
    required("description", NonEmpty),
    field(
        "assets",
        Map(&[required(
            "links",
            List(
                &Map(&[
                    required("name", NonEmpty),
                    required("url", NonEmpty),
                    field("filepath", Text),
                    field("link_type", Word(&["runbook", "package", "image", "other"])),
                ]),
                1,
                MANY,
            ),
        )]),
    ),
    field("milestones", TEXTS),
    field("name", Text),
    field("ref", Text),
    field("released_at", Form(forms::is_date_time, "a time such as 2026-03-15T08:00:00Z")),
    field("tag_message", Text),
]);

const SECRET_SOURCES: &[&str] = &[
    "akeyless",
    "aws_secrets_manager",
    "azure_key_vault",
    "gcp_secret_manager",
    "gitlab_secrets_manager",
    "vault",
];

const SECRET: Shape = OneKeyOf(
    SECRET_SOURCES,
    &Map(&[
        field("akeyless", Any),
        field(
            "aws_secrets_manager",
            Either(
                &[
                    Text,
                    Map(&[
                        required("secret_id", Text),
                        field("field", Text),
                        field("region", Text),
                        field("role_arn", Text),
                        field("role_session_name", Text),
                        field("version_id", Text),
                        field("version_stage", Text),
                    ]),
                ],
                "a name, or a mapping with `secret_id`",
            ),
        ),
        field("azure_key_vault", Map(&[required("name", Text), field("version", Text)])),
        field("file", Bool),
        field(
            "gcp_secret_manager",
            Map(&[
                required("name", Text),
                field("version", Either(&[Text, WHOLE], "a string or a whole number")),
            ]),
        ),
        field(
            "gitlab_secrets_manager",
            Map(&[
                required("name", Form(forms::is_word, "letters, digits and _")),
                field("source", Text),
            ]),
        ),
        field("token", Text),
        field(
            "vault",
            Either(
                &[
                    Text,
                    Map(&[
                        required("engine", Map(&[required("name", Text), required("path", Text)])),
                        required("field", Text),
                        required("path", Text),
                    ]),
                ],
                "a path, or a mapping with `engine`, `path` and `field`",
            ),
        ),
    ]),
);

const PAGES: Shape = Either(
    &[
        Bool,
        Map(&[field("expire_in", DURATION), field("path_prefix", Text), field("publish", Text)]),
    ],
    "`true`, `false` or a mapping",
);

const CHILD_FILE: Shape = OneKeyOf(
    &["artifact", "component", "local", "project", "remote", "template"],
    &Map(&[
        field("artifact", YAML_FILE),
        field("component", NonEmpty),
        field("file", Either(&[YAML_FILE, List(&YAML_FILE, 1, MANY)], "a file or a list of files")),
        field("inputs", INPUTS),
        field("integrity", Text),
        field("job", NonEmpty),
        field("local", YAML_FILE),
        field("project", PROJECT),
        field("ref", NonEmpty),
        field("remote", REMOTE),
        field("template", YAML_FILE),
    ]),
);

const TRIGGER: Shape = Either(
    &[
        PROJECT,
        OneKeyOf(
            &["include", "project"],
            &Map(&[
                field("branch", Text),
                field("forward", FORWARD),
                field(
                    "include",
                    Either(
                        &[
                            YAML_FILE,
                            List(&Either(&[YAML_FILE, CHILD_FILE], "a file"), 1, 3),
                            CHILD_FILE,
                        ],
                        "a file, or a list of up to three",
                    ),
                ),
                field("inputs", INPUTS),
                field("project", PROJECT),
                field("strategy", STRATEGY),
            ]),
        ),
    ],
    "the path of a project, or a mapping with `include` or `project`",
);

/// `auto_cancel` of `workflow` and of its rules.
const AUTO_CANCEL: Shape = Map(&[
    field("on_job_failure", Word(&["none", "all"])),
    field("on_new_commit", Word(&["conservative", "interruptible", "none"])),
]);

/// A reference to tags is a list in a list.
const TAG: Shape = Either(&[NonEmpty, List(&NonEmpty, 1, MANY)], "a string");

const NEED_FLAG: Shape = Map(&[
    field("artifacts", Bool),
    field("job", NonEmpty),
    field("optional", Bool),
    field("parallel", Map(&[required("matrix", Any)])),
    field("pipeline", Text),
    field("project", Text),
    field("ref", Text),
]);

/// The types of a step's values; the reader of steps knows the rest.
const STEPS: Shape = List(
    &Map(&[
        field("env", Names(&Text)),
        field("func", FUNCTION),
        field("inputs", INPUTS),
        field("name", Text),
        field("script", NonEmpty),
        field("step", FUNCTION),
    ]),
    0,
    MANY,
);

const FUNCTION: Shape = Either(
    &[
        Text,
        OneKeyOf(
            &["git", "oci"],
            &Map(&[
                field("git", Any),
                field(
                    "oci",
                    Map(&[
                        field("dir", Text),
                        field("file", Text),
                        field("registry", Text),
                        field("repository", Text),
                        field("tag", Text),
                    ]),
                ),
            ]),
        ),
    ],
    "the place of a function",
);

const SHAPES: &[(&str, Shape)] = &[
    ("artifacts", ARTIFACTS),
    ("auto_cancel", AUTO_CANCEL),
    ("cache", CACHE),
    ("coverage", Form(forms::is_coverage, "a regular expression between slashes")),
    ("dast_configuration", Map(&[field("scanner_profile", Text), field("site_profile", Text)])),
    ("dependencies", TEXTS),
    ("environment", ENVIRONMENT),
    ("hooks", HOOKS),
    (
        "id_tokens",
        Names(&Map(&[required(
            "aud",
            Either(&[Text, SOME_TEXTS], "a string or a list of strings"),
        )])),
    ),
    ("identity", Word(&["google_cloud"])),
    ("interruptible", Bool),
    ("manual_confirmation", Text),
    ("pages", PAGES),
    ("publish", Text),
    ("release", RELEASE),
    ("resource_group", Text),
    ("retry", RETRY),
    ("secrets", Names(&Together("gcp_secret_manager", "token", &SECRET))),
    ("services", List(&SERVICE, 0, MANY)),
    ("start_in", Form(forms::is_start_in, "a duration of a week at most")),
    ("tags", List(&TAG, 0, 50)),
    ("trigger", TRIGGER),
    // Parts of keywords that have readers of their own.
    ("image:docker", DOCKER),
    ("image:entrypoint", List(&Text, 1, MANY)),
    ("image:kubernetes", KUBERNETES),
    ("image:pull_policy", PULL_POLICIES),
    ("needs:", NEED_FLAG),
    ("only:kubernetes", Word(&["active"])),
    ("run:", STEPS),
];
