//! Reads the usual repository without starting git, which would take longer than a whole pipeline
//! of small steps.
//!
//! Usual is: a branch is checked out, in a directory `.git` that belongs, as the project does, to
//! the user who runs greenroom (git's rule for a directory that it trusts), and its commit has not
//! been packed. Everything else — worktrees, submodules, detached heads, included or extended
//! configuration, replaced objects, variables `GIT_…` — is `None`, and git is asked.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use flate2::read::ZlibDecoder;
use rustix::fs::OFlags;

/// What is read of a small file.
const SMALL: u64 = 1 << 20;
/// What is read of the list of packed references.
const LARGE: u64 = 32 << 20;

/// What the files of the repository say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Repository {
    pub(super) commit: String,
    pub(super) branch: String,
    pub(super) default_branch: String,
    pub(super) remote: String,
    /// The commit as git stores it.
    pub(super) object: Option<String>,
}

/// What is known without git.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// There is no repository.
    Nothing,
    /// There is a usual one.
    Repository(Repository),
}

/// Reads the repository that `project` lies in.
pub(super) fn read(project: &Path) -> Option<Found> {
    let Some(git) = find(project)? else { return Some(Found::Nothing) };
    let config = text(&git.join("config"), SMALL)?;
    let remote = remote(&config)?;
    if git.join("refs/replace").exists() || git.join("info/grafts").exists() {
        return None;
    }
    let head = text(&git.join("HEAD"), SMALL)?;
    let reference = head.strip_prefix("ref: ")?.trim_end_matches('\n');
    let branch = reference.strip_prefix("refs/heads/")?;
    if !is_plain(reference) {
        return None;
    }
    let commit = match text(&git.join(reference), SMALL) {
        Some(commit) => commit.trim_end_matches('\n').to_owned(),
        None => packed(&text(&git.join("packed-refs"), LARGE)?, reference)?.to_owned(),
    };
    if !is_digest(&commit) {
        return None;
    }
    let default_branch = match text(&git.join("refs/remotes/origin/HEAD"), SMALL) {
        Some(head) => head.strip_prefix("ref: refs/remotes/origin/")?.trim_end().to_owned(),
        None => String::new(),
    };
    Some(Found::Repository(Repository {
        object: object(&git, &commit),
        commit,
        branch: branch.to_owned(),
        default_branch,
        remote,
    }))
}

/// The directory `.git` of the project or of the nearest directory above it; `Some(None)` if there
/// is none at all.
fn find(project: &Path) -> Option<Option<PathBuf>> {
    let ours = rustix::process::geteuid().as_raw();
    let device = fs::metadata(project).ok()?.dev();
    for directory in project.ancestors() {
        let at = fs::metadata(directory).ok()?;
        // git looks no further than the file system, and takes a bare repository for one.
        if at.dev() != device || directory.join("HEAD").exists() {
            return None;
        }
        match fs::symlink_metadata(directory.join(".git")) {
            Ok(git) if git.is_dir() && git.uid() == ours && at.uid() == ours => {
                return Some(Some(directory.join(".git")));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Ok(_) | Err(_) => return None,
        }
    }
    Some(None)
}

/// A regular file as text, unless it is larger than the limit.
fn text(path: &Path, limit: u64) -> Option<String> {
    let file = open(path)?;
    let mut text = String::new();
    let read = file.take(limit + 1).read_to_string(&mut text).ok()?;
    (read as u64 <= limit).then_some(text)
}

fn open(path: &Path) -> Option<File> {
    // A named pipe in its place must not hold us.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = File::options().read(true).custom_flags(flags.bits() as i32).open(path).ok()?;
    file.metadata().ok()?.is_file().then_some(file)
}

/// Whether a reference is a path that stays where it is looked up.
fn is_plain(reference: &str) -> bool {
    Path::new(reference).components().all(|part| matches!(part, Component::Normal(_)))
        && !reference.ends_with('/')
        && !reference.contains(|c: char| c.is_control())
}

fn is_digest(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// A reference in the list of packed ones (git-pack-refs).
fn packed<'a>(list: &'a str, reference: &str) -> Option<&'a str> {
    list.lines()
        .find_map(|line| line.split_once(' ').filter(|(_, name)| *name == reference))
        .map(|(commit, _)| commit)
}

/// `remote.origin.url` of the repository's configuration, empty if there is none; `None` if it
/// takes git to tell.
fn remote(config: &str) -> Option<String> {
    let mut remote = String::new();
    let mut section = String::new();
    for line in config.lines() {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix('[') {
            let (name, _) = rest.split_once(']')?;
            section = name.to_owned();
            let name = name.split([' ', '.', '"']).next()?.to_ascii_lowercase();
            if matches!(name.as_str(), "include" | "includeif" | "extensions") {
                return None;
            }
            // A setting on the section's own line.
            if !rest.ends_with(']') {
                return None;
            }
        } else if section.eq_ignore_ascii_case("remote \"origin\"") {
            let (name, value) = line.split_once('=').unwrap_or((line, ""));
            if name.trim().eq_ignore_ascii_case("url") {
                if value.contains(['"', '\\', '#', ';']) {
                    return None;
                }
                value.trim().clone_into(&mut remote);
            }
        }
    }
    Some(remote)
}

/// A commit that is a file of its own, without the last line's end; another may be in a pack.
fn object(git: &Path, commit: &str) -> Option<String> {
    let (directory, file) = commit.split_at(2);
    let file = open(&git.join("objects").join(directory).join(file))?;
    let mut bytes = Vec::new();
    ZlibDecoder::new(file).take(SMALL + 1).read_to_end(&mut bytes).ok()?;
    if bytes.len() as u64 > SMALL {
        return None;
    }
    let end = bytes.iter().position(|b| *b == 0)?;
    let header = std::str::from_utf8(&bytes[..end]).ok()?;
    let length: usize = header.strip_prefix("commit ")?.parse().ok()?;
    let body = &bytes[end + 1..];
    (body.len() == length).then(|| String::from_utf8_lossy(body).trim_end_matches('\n').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remote_of_usual_configurations() {
        for (config, expected) in [
            ("[core]\n\tbare = false\n", Some("")),
            (
                "[remote \"origin\"]\n\turl = git@host:a/b.git\n\tfetch = +refs\n",
                Some("git@host:a/b.git"),
            ),
            (
                "[Remote \"origin\"]\nURL=https://host/a\n[remote \"other\"]\nurl = no\n",
                Some("https://host/a"),
            ),
            ("[remote \"origin\"]\nurl = a\nurl = b\n", Some("b")),
            ("[remote \"origin\"] url = a\n", None),
            ("[remote \"origin\"]\nurl = \"a b\"\n", None),
            ("[include]\npath = other\n", None),
            ("[includeIf \"gitdir:x\"]\npath = other\n", None),
            ("[extensions]\nrefStorage = reftable\n", None),
            ("[broken\n", None),
        ] {
            assert_eq!(remote(config).as_deref(), expected, "{config:?}");
        }
    }

    #[test]
    fn references_that_leave_the_directory_are_left_to_git() {
        assert!(is_plain("refs/heads/feature/x"));
        for reference in ["refs/heads/../../x", "/etc/passwd", "refs/heads/a/", "refs/\nx"] {
            assert!(!is_plain(reference), "{reference:?}");
        }
    }

    #[test]
    fn packed_references() {
        let list = "# pack-refs with: peeled\n11 refs/heads/a\n22 refs/heads/ab\n^33\n";
        assert_eq!(packed(list, "refs/heads/ab"), Some("22"));
        assert_eq!(packed(list, "refs/heads/b"), None);
    }
}
