//! Which files changed, for `changes` in rules.
//!
//! Only git's plumbing is asked, which compares what it knows and converts no file: a repository's
//! own configuration can name programs that convert files, and none of them is to run here.

use std::collections::BTreeSet;
use std::path::Path;

use super::git::git;

/// The files that changed since the point where HEAD left `compare_to`, in the working tree
/// included; without `compare_to` since what a push would be compared with: the branch that HEAD's
/// is pushed to, or else the remote's default branch. Where nothing differs from that, it is the
/// last commit that counts, because that is what the last push had.
pub(super) fn since(
    project: &Path,
    compare_to: Option<&str>,
) -> Result<Option<Vec<String>>, String> {
    let commit = |name: &str| {
        let name = format!("{name}^{{commit}}");
        let found = git(project, &["rev-parse", "--verify", "--quiet", "--end-of-options", &name]);
        found.filter(|commit| !commit.is_empty())
    };
    // Without a repository, or a commit in it, nothing is known of any name.
    let Some(head) = commit("HEAD") else { return Ok(None) };
    let meeting = |base: String| {
        let found = git(project, &["merge-base", &base, &head]);
        found.filter(|commit| !commit.is_empty()).unwrap_or(base)
    };
    if let Some(name) = compare_to {
        // On GitLab the name is that of the server's branch.
        let base = commit(&format!("refs/remotes/origin/{name}")).or_else(|| commit(name));
        let base = base.ok_or_else(|| format!("git knows no `{name}`"))?;
        return Ok(Some(differences(project, &meeting(base))));
    }
    let base = commit("@{upstream}").or_else(|| commit("refs/remotes/origin/HEAD"));
    if let Some(base) = base {
        let changed = differences(project, &meeting(base));
        if !changed.is_empty() {
            return Ok(Some(changed));
        }
    }
    // A first commit has nothing to be compared with.
    Ok(commit("HEAD^").map(|parent| differences(project, &parent)))
}

/// The files that differ between a commit and the working tree.
fn differences(project: &Path, base: &str) -> Vec<String> {
    const NAMES: [&str; 4] = ["--name-only", "-z", "--no-renames", "--relative"];
    let no_submodules = "--ignore-submodules=all";
    let staged = [&["diff-index", "--cached", no_submodules][..], &NAMES, &[base, "--"]].concat();
    let unstaged = [&["diff-files", no_submodules][..], &NAMES, &["--"]].concat();
    let untracked = ["ls-files", "--others", "--exclude-standard", "-z"];
    let mut files = BTreeSet::new();
    for arguments in [&staged[..], &unstaged, &untracked] {
        let names = git(project, arguments).unwrap_or_default();
        files.extend(names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned));
    }
    files.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;

    fn run(project: &Path, arguments: &[&str]) {
        let output = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"])
            .args(arguments)
            .current_dir(project)
            .output()
            .expect("git is there");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }

    fn commit(project: &Path, file: &str) {
        fs::write(project.join(file), file).expect("writable");
        run(project, &["add", "."]);
        run(project, &["commit", "-q", "-m", file]);
    }

    #[test]
    fn changes_are_those_of_the_branch_and_the_working_tree() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let project = dir.path();
        assert_eq!(since(project, None), Ok(None));
        assert_eq!(since(project, Some("main")), Ok(None));
        run(project, &["init", "-q", "-b", "main"]);
        commit(project, "first");
        assert_eq!(since(project, None), Ok(None), "nothing to compare with");
        commit(project, "second");
        let names = |names: &[&str]| Ok(Some(names.iter().map(|n| (*n).to_owned()).collect()));
        assert_eq!(since(project, None), names(&["second"]), "the last commit");
        run(project, &["checkout", "-q", "-b", "topic"]);
        commit(project, "third");
        fs::write(project.join("first"), "changed and longer").expect("writable");
        fs::write(project.join("new \u{e9}"), "").expect("writable");
        fs::write(project.join(".gitignore"), "ignored").expect("writable");
        fs::write(project.join("ignored"), "").expect("writable");
        let all = ["first", "new \u{e9}", "third"];
        let expected: Vec<&str> = [&[".gitignore"][..], &all].concat();
        assert_eq!(since(project, Some("main")), names(&expected));
        // What happened on the other branch since is none of ours.
        run(project, &["stash", "-q", "-u"]);
        run(project, &["checkout", "-q", "main"]);
        commit(project, "fourth");
        run(project, &["checkout", "-q", "topic"]);
        assert_eq!(since(project, Some("main")), names(&["third"]));
        for wrong in ["nowhere", "--output=x", ""] {
            assert!(since(project, Some(wrong)).is_err(), "{wrong}");
        }
        assert!(!project.join("x").exists());
    }
}
