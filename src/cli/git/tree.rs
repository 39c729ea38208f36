//! Which files git tracks, and those of the commit with their contents. Only what is stored is
//! read: no filter and no hook of the repository runs.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::Stdio;

use super::command;

/// A file of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Committed {
    /// As git writes it: `100644`, `100755`, `120000` for a link.
    pub(in crate::cli) mode: String,
    /// The name of its content.
    pub(in crate::cli) object: String,
    /// Relative to the project.
    pub(in crate::cli) path: Vec<u8>,
}

/// The paths that git tracks below the project; `None` where there is no repository.
pub(in crate::cli) fn tracked(project: &Path) -> Option<Vec<Vec<u8>>> {
    let listed = output(project, &["ls-files", "-z", "--cached"])?;
    Some(split(&listed).map(<[u8]>::to_vec).collect())
}

/// The files of the commit that is checked out, without anything that is not committed. Submodules
/// are left out, as they are on GitLab unless somebody asks for them.
pub(in crate::cli) fn committed(project: &Path) -> Option<Vec<Committed>> {
    let listed = output(project, &["ls-tree", "-r", "-z", "--full-tree", "HEAD"])?;
    let prefix = output(project, &["rev-parse", "--show-prefix"])?;
    let prefix = prefix.strip_suffix(b"\n").unwrap_or(&prefix);
    let file = |line: &[u8]| {
        let tab = line.iter().position(|byte| *byte == b'\t')?;
        let path = line[tab + 1..].strip_prefix(prefix)?.to_vec();
        let mut words = std::str::from_utf8(&line[..tab]).ok()?.split(' ').map(str::to_owned);
        let (mode, kind, object) = (words.next()?, words.next()?, words.next()?);
        (kind == "blob").then_some(Committed { mode, object, path })
    };
    Some(split(&listed).filter_map(file).collect())
}

/// Hands the contents of files, as they are stored, to `each`, in order.
pub(in crate::cli) fn contents(
    project: &Path,
    files: &[Committed],
    mut each: impl FnMut(&Committed, &mut dyn Read) -> io::Result<()>,
) -> io::Result<()> {
    let mut child = command(project, &["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::Error::other("git has no streams"));
    };
    let names: String = files.iter().map(|file| format!("{}\n", file.object)).collect();
    let writer = std::thread::spawn(move || stdin.write_all(names.as_bytes()));
    let mut stdout = BufReader::new(stdout);
    let mut read = || {
        for file in files {
            let mut head = String::new();
            stdout.read_line(&mut head)?;
            let size = head.trim_end().rsplit(' ').next().and_then(|size| size.parse().ok());
            let Some(size) = size.filter(|_| head.contains(" blob ")) else {
                let path = String::from_utf8_lossy(&file.path).into_owned();
                return Err(io::Error::other(format!("git does not have the content of {path}")));
            };
            let mut content = (&mut stdout).take(size);
            each(file, &mut content)?;
            io::copy(&mut content, &mut io::sink())?;
            stdout.read_exact(&mut [0])?;
        }
        Ok(())
    };
    let done = read();
    drop(stdout);
    if done.is_err() {
        // It may still wait for somebody who reads.
        let _ = child.kill();
    }
    let _ = writer.join();
    child.wait()?;
    done
}

fn split(listed: &[u8]) -> impl Iterator<Item = &[u8]> {
    listed.split(|byte| *byte == 0).filter(|path| !path.is_empty())
}

fn output(project: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    let output = command(project, arguments).output().ok()?;
    output.status.success().then_some(output.stdout)
}
