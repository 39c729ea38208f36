//! What git knows about the project, for the `CI_COMMIT_*` variables.
//!
//! The files of a usual repository are read as they are; otherwise git is started, with commands
//! that only read: a repository's own configuration can name programs for git to run (monitors,
//! pagers, signature checks, transports), and none of these commands runs any. Where there is no
//! git or no repository, nothing is known.

mod direct;
mod tree;

pub(super) use tree::{Committed, committed, contents, tracked};

use std::path::Path;
use std::process::{Command, Stdio};

use crate::plan::GitFacts;
use direct::{Found, Repository};

pub(super) fn facts(project: &Path) -> GitFacts {
    let found = if is_configured_by_environment() { None } else { direct::read(project) };
    match found {
        Some(Found::Nothing) => GitFacts::default(),
        Some(Found::Repository(repository)) => from_files(project, repository),
        None => from_commands(project),
    }
}

/// Variables that tell git what its repository is or how to read it (git(1), "Environment
/// variables"); `GIT_CONFIG` stands for all that begin so.
const DECISIVE: [&str; 10] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CEILING_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DIR",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_REPLACE_REF_BASE",
    "GIT_WORK_TREE",
];

/// Whether such a variable is set.
#[expect(
    clippy::disallowed_methods,
    reason = "it is about the variables that a git started from here would see"
)]
fn is_configured_by_environment() -> bool {
    std::env::vars_os().any(|(name, _)| {
        let name = name.as_encoded_bytes();
        name.starts_with(b"GIT_CONFIG") || DECISIVE.iter().any(|known| known.as_bytes() == name)
    })
}

fn from_files(project: &Path, repository: Repository) -> GitFacts {
    let Repository { commit, branch, default_branch, remote, object } = repository;
    // A commit in a pack takes git to read.
    let object = object.or_else(|| git(project, &["cat-file", "commit", &commit]));
    let object = CommitObject::read(&object.unwrap_or_default());
    GitFacts {
        commit,
        branch,
        tag: String::new(),
        default_branch,
        parent: object.parent,
        message: object.message,
        author: object.author,
        timestamp: object.timestamp,
        remote: without_credentials(&remote),
    }
}

fn from_commands(project: &Path) -> GitFacts {
    let commit = git(project, &["rev-parse", "--verify", "--quiet", "HEAD"]).unwrap_or_default();
    if commit.is_empty() {
        return GitFacts::default();
    }
    let branch = git(project, &["symbolic-ref", "--quiet", "--short", "HEAD"]).unwrap_or_default();
    let tag = if branch.is_empty() {
        let tags = git(project, &["tag", "--points-at", "HEAD"]).unwrap_or_default();
        tags.lines().next().unwrap_or_default().to_owned()
    } else {
        String::new()
    };
    let default = ["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"];
    let default_branch = git(project, &default).unwrap_or_default();
    let default_branch = default_branch.trim_start_matches("origin/").to_owned();
    let remote = git(project, &["config", "--get", "remote.origin.url"]).unwrap_or_default();
    let object = git(project, &["cat-file", "commit", "HEAD"]).unwrap_or_default();
    let commit_object = CommitObject::read(&object);
    GitFacts {
        commit,
        branch,
        tag,
        default_branch,
        parent: commit_object.parent,
        message: commit_object.message,
        author: commit_object.author,
        timestamp: commit_object.timestamp,
        remote: without_credentials(&remote),
    }
}

/// What git prints, without the line's end; nothing if it fails.
pub(super) fn git(project: &Path, arguments: &[&str]) -> Option<String> {
    let output = command(project, arguments).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned())
}

fn command(project: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .args(["--no-pager", "--no-optional-locks", "-c", "core.fsmonitor=false"])
        .args(arguments)
        .current_dir(project)
        // An incomplete clone must not make git fetch what is missing.
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command
}

#[derive(Debug, Default, PartialEq, Eq)]
struct CommitObject {
    parent: String,
    author: String,
    timestamp: String,
    message: String,
}

impl CommitObject {
    /// Reads a commit as git stores it: header lines, an empty line, the message.
    fn read(object: &str) -> Self {
        let (header, message) = object.split_once("\n\n").unwrap_or((object, ""));
        let mut commit = Self { message: message.to_owned(), ..Self::default() };
        for line in header.lines() {
            match line.split_once(' ') {
                Some(("parent", parent)) if commit.parent.is_empty() => {
                    parent.clone_into(&mut commit.parent);
                }
                Some(("author", author)) => (commit.author, _) = person(author),
                Some(("committer", committer)) => (_, commit.timestamp) = person(committer),
                _ => {}
            }
        }
        commit
    }
}

/// `Name <address> seconds zone` as the person and the time in ISO 8601.
fn person(text: &str) -> (String, String) {
    let Some((name, time)) = text.rsplit_once("> ") else {
        return (text.to_owned(), String::new());
    };
    let (seconds, zone) = time.split_once(' ').unwrap_or((time, "+0000"));
    (format!("{name}>"), timestamp(seconds, zone).unwrap_or_default())
}

fn timestamp(seconds: &str, zone: &str) -> Option<String> {
    let seconds: i64 = seconds.parse().ok()?;
    let (sign, digits) = (zone.get(..1)?, zone.get(1..)?);
    if digits.len() != 4 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = digits.split_at(2);
    let offset = hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60;
    let local = match sign {
        "+" => seconds.checked_add(offset)?,
        "-" => seconds.checked_sub(offset)?,
        _ => return None,
    };
    let local = std::time::Duration::from_secs(u64::try_from(local).ok()?);
    // Years beyond 9999 have no such form.
    if local.as_secs() > 253_402_300_799 {
        return None;
    }
    let time = humantime::format_rfc3339_seconds(std::time::UNIX_EPOCH + local).to_string();
    let time = time.trim_end_matches('Z');
    Some(format!("{time}{sign}{hours}:{minutes}"))
}

/// A remote's address without what may be a password or a token.
fn without_credentials(remote: &str) -> String {
    match remote.split_once("://") {
        Some((scheme, rest)) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (host, path) = rest.split_at(end);
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            format!("{scheme}://{host}{path}")
        }
        None => remote.to_owned(),
    }
}

/// The project's path with its group, from its remote's address or else from its directory.
pub(super) fn project_path(remote: &str, root: &Path) -> String {
    let path = match remote.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map(|(_, path)| path),
        // As in `git@host:group/project.git`.
        None => remote.split_once(':').map(|(_, path)| path),
    };
    let path = path.unwrap_or_default().trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let is_path = |part: &str| !part.is_empty() && part != "." && part != "..";
    if path.contains('/') && path.split('/').all(is_path) {
        return path.to_owned();
    }
    let name = root.file_name().map_or("project".into(), |name| name.to_string_lossy());
    format!("local/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs git in a repository of a test, without the user's own settings.
    fn run(directory: &Path, arguments: &[&str]) {
        let done = Command::new("git")
            .args(["-c", "user.name=A B", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"])
            .args(arguments)
            .current_dir(directory)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .stdin(Stdio::null())
            .output()
            .expect("git runs");
        assert!(done.status.success(), "{arguments:?}: {done:?}");
    }

    #[test]
    fn files_and_commands_tell_the_same() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path();
        let same = |step: &str, direct: bool| {
            let read = direct::read(root);
            assert_eq!(read.is_some(), direct, "{step}");
            assert_eq!(facts(root), from_commands(root), "{step}");
        };
        run(root, &["init", "--quiet", "--initial-branch=main"]);
        same("no commit", false);
        run(root, &["commit", "--quiet", "--allow-empty", "-m", "First\n\nTéxt"]);
        assert!(!facts(root).commit.is_empty());
        same("first commit", true);
        run(root, &["checkout", "--quiet", "-b", "feature/x"]);
        run(root, &["commit", "--quiet", "--allow-empty", "-m", "Second"]);
        run(root, &["remote", "add", "origin", "https://user:secret@host/group/project.git"]);
        run(root, &["update-ref", "refs/remotes/origin/main", "HEAD"]);
        run(root, &["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
        same("branch and remote", true);
        assert_eq!(facts(root).remote, "https://host/group/project.git");
        assert_eq!(facts(root).default_branch, "main");
        std::fs::create_dir(root.join("sub")).unwrap();
        assert_eq!(facts(&root.join("sub")), facts(root));
        run(root, &["pack-refs", "--all"]);
        same("packed references", true);
        run(root, &["gc", "--quiet"]);
        same("packed commit", true);
        run(root, &["tag", "v1"]);
        run(root, &["checkout", "--quiet", "--detach"]);
        same("detached", false);
        assert_eq!(facts(root).tag, "v1");
    }

    #[test]
    fn commits_are_read() {
        let object = "tree 1\nparent 2\nparent 3\nauthor A B <a@b> 1700000000 +0130\n\
                      committer C <c@d> 1700000000 -0800\ngpgsig -----BEGIN\n author X <x> 1 +0000\n\n\
                      Title\n\nauthor body\n";
        assert_eq!(
            CommitObject::read(object),
            CommitObject {
                parent: "2".to_owned(),
                author: "A B <a@b>".to_owned(),
                timestamp: "2023-11-14T14:13:20-08:00".to_owned(),
                message: "Title\n\nauthor body\n".to_owned(),
            }
        );
        assert_eq!(CommitObject::read(""), CommitObject::default());
    }

    #[test]
    fn odd_times_are_left_out() {
        for (seconds, zone) in
            [("x", "+0000"), ("1", ""), ("1", "+00"), ("1", "ä000"), ("-5", "+0000")]
        {
            assert_eq!(timestamp(seconds, zone), None, "{seconds} {zone}");
        }
        assert_eq!(timestamp("9223372036854775807", "+0000"), None);
    }

    #[test]
    fn remotes_keep_no_password() {
        for (remote, expected) in [
            ("https://user:token@host/a/b.git", "https://host/a/b.git"),
            ("https://host/a@b/c", "https://host/a@b/c"),
            ("git@host:a/b.git", "git@host:a/b.git"),
            ("", ""),
        ] {
            assert_eq!(without_credentials(remote), expected);
        }
    }

    #[test]
    fn the_path_of_a_project() {
        for (remote, expected) in [
            ("https://host/group/sub/project.git", "group/sub/project"),
            ("git@host:group/project.git", "group/project"),
            ("https://host/project", "local/dir"),
            ("https://host/../x/y", "local/dir"),
            ("/srv/git/project", "local/dir"),
            ("", "local/dir"),
        ] {
            assert_eq!(project_path(remote, Path::new("/tmp/dir")), expected, "{remote}");
        }
    }
}
