//! Every key of a `greenroom.toml`: what it takes, who may write it, what it means.

use crate::diagnostic::similar;

/// Who may write a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// Everybody: the pipeline file could ask for the same.
    All,
    /// The user only: it lets jobs reach something of this machine, or decides whom to trust.
    User,
}

/// One key of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    takes: &'static str,
    pub(super) by: By,
    meaning: &'static str,
}

const fn key(name: &'static str, takes: &'static str, by: By, meaning: &'static str) -> Key {
    Key { name, takes, by, meaning }
}

/// The keys of one table, or of several of the same kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    /// As the header is written; empty for the top of the file.
    pub(super) header: &'static str,
    meaning: &'static str,
    pub(super) keys: &'static [Key],
    /// What names that are not fixed stand for, if there are such.
    any: Option<Key>,
}

use By::{All, User};

pub(super) const TOP: Table = Table {
    header: "",
    meaning: "At the top of the file, before the first table.",
    keys: &[
        key(
            "pull_policy",
            "a policy, or a list of them",
            All,
            "When an image is asked for again, for jobs that do not say it themselves: `always`, \
             `if-not-present` (default) or `never`. The policies of a list are tried in order until \
             one succeeds.",
        ),
        key(
            "allowed_pull_policies",
            "a list of policies",
            User,
            "Policies that jobs, settings and `--pull` may choose. Default: all. A job that asks \
             for others only fails, as on GitLab Runner.",
        ),
        key(
            "tags",
            "a list of tags",
            All,
            "Tags of this runner. A job whose `tags` it does not have is left out, with the reason.",
        ),
        key(
            "workspace",
            "`shared`, `isolated` or `strict`",
            All,
            "Where jobs work: in the project directory (default), in a throw-away copy of it, or \
             each job in a clean checkout with the artifacts that GitLab would hand it.",
        ),
        key(
            "mounts",
            "a list of `HOST:GUEST[:ro]`",
            User,
            "Directories of this machine that jobs may use, as with `--mount`. HOST is an absolute \
             path or begins with `~/`.",
        ),
        key(
            "env",
            "a list of `NAME` or `NAME=VALUE`",
            User,
            "Variables of greenroom's environment that jobs get, as with `--env`. One that is not \
             set is left out.",
        ),
        key(
            "secrets",
            "a list of names",
            User,
            "Variables of greenroom's environment that jobs get and whose values are masked in \
             everything that is printed or written, as with `--secret`.",
        ),
        key(
            "network",
            "a list of `HOST[:PORT]`",
            User,
            "What steps may connect to if they ask for it. `*.example.org` stands for every host \
             below a domain. Read, but without an effect: the sandbox has no network.",
        ),
        key("images", "a table", All, "Other names of images: see below."),
        key("commands", "a table", All, "Commands made of others: see below."),
        key("limits", "a table", All, "What a job may use: see below."),
        key("steps", "tables", User, "What single steps may use: see below."),
        key("registries", "tables", User, "How registries are reached: see below."),
        key("project", "tables", User, "Settings for one project: see below."),
    ],
    any: None,
};

pub(super) const IMAGES: Table = Table {
    header: "[images]",
    meaning: "The names are patterns for what stands behind `image:`; `*` stands for any characters \
              and `?` for one. The pattern with the most other characters wins; among equals the one \
              read last.",
    keys: &[],
    any: Some(key(
        "PATTERN",
        "an image, or a table as below",
        All,
        "The image that is used instead: a path of the project, `npm:…`, `oci:…` or \
         `https://…#sha256=…`. It may be another alias.",
    )),
};

pub(super) const IMAGE: Table = Table {
    header: "[images.PATTERN]",
    meaning: "An image made of others.",
    keys: &[
        key(
            "from",
            "an image, or a list of images",
            All,
            "Its commands and files, in order: what an earlier one has hides what later ones have \
             under the same name.",
        ),
        key("entrypoint", "a list of words", All, "Its entrypoint."),
    ],
    any: None,
};

pub(super) const COMMANDS: Table = Table {
    header: "[commands]",
    meaning: "",
    keys: &[],
    any: Some(key(
        "NAME",
        "words, as for a shell without expansions, or a list of words",
        All,
        "A command that runs these words followed by its own arguments, e.g. \
         `composer = \"php /workspace/composer.phar\"`.",
    )),
};

pub(super) const LIMITS: Table = Table {
    header: "[limits]",
    meaning: "A project's file can only lower what the user's files, the command line or the \
              defaults allow.",
    keys: &[
        key("memory", "a size, e.g. `\"512M\"`", All, "Memory of one process."),
        key("disk", "a size", All, "Growth of the files in a job's writable directories."),
        key("log", "a size", All, "Output of one job."),
        key("processes", "a number", All, "Processes of one job at the same time."),
        key("timeout", "a time, e.g. `\"10m\"`", All, "Time of one job's script."),
    ],
    any: None,
};

pub(super) const STEP: Table = Table {
    header: "[steps.NAME]",
    meaning: "What one step may use beyond the workspace, by the name or reference that the \
              pipeline file calls it by.",
    keys: &[
        key("mounts", "a list of `HOST:GUEST[:ro]`", User, "Directories of this machine."),
        key("env", "a list of `NAME` or `NAME=VALUE`", User, "Variables of the environment."),
        key(
            "network",
            "a list of `HOST[:PORT]`",
            User,
            "What it may connect to. Read, but without an effect.",
        ),
        key("memory", "a size", User, "Memory of its processes."),
        key("timeout", "a time", User, "How long it may run."),
    ],
    any: None,
};

pub(super) const REGISTRY: Table = Table {
    header: "[registries.HOST]",
    meaning: "How a registry is reached; HOST as in references, with its port if it has one. \
              Credentials come from Docker's configuration.",
    keys: &[
        key("http", "`true` or `false`", User, "Use http, without encryption. Default: false."),
        key("mirrors", "a list of hosts", User, "Registries that are asked first, in order."),
        key("ca", "a path", User, "A file of further certificates to trust, in PEM format."),
    ],
    any: None,
};

pub(super) const PROJECT: Table = Table {
    header: "[project.DIRECTORY]",
    meaning: "All of the above but `project`, for the project in one directory: an absolute path, \
              or one that begins with `~/`. They take precedence over the file's other settings.",
    keys: &[],
    any: None,
};

const ALL: [Table; 8] = [TOP, IMAGES, IMAGE, COMMANDS, LIMITS, STEP, REGISTRY, PROJECT];

impl Table {
    pub(super) fn find(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The key that is most like a name.
    pub(super) fn similar(&self, name: &str) -> Option<&'static str> {
        similar(name, self.keys.iter().map(|key| key.name))
    }

    /// The names of its keys, for a message.
    pub(super) fn names(&self) -> String {
        let names: Vec<String> = self.keys.iter().map(|key| format!("`{}`", key.name)).collect();
        names.join(", ")
    }
}

/// The keys as the text of the documentation.
pub fn documentation() -> String {
    let mut out = String::new();
    for table in ALL {
        if !table.header.is_empty() {
            out.push_str(&format!("\n### `{}`\n", table.header));
        }
        if !table.meaning.is_empty() {
            out.push_str(&format!("\n{}\n", table.meaning));
        }
        let mut keys = table.keys.iter().chain(&table.any).peekable();
        if keys.peek().is_some() {
            out.push_str("\n| key | takes | who | meaning |\n| --- | --- | --- | --- |\n");
        }
        for key in keys {
            let by = if key.by == All { "all" } else { "user" };
            out.push_str(&format!("| `{}` | {} | {by} | {} |\n", key.name, key.takes, key.meaning));
        }
    }
    out
}
