//! Looks for secrets in what is stored of a job. Nothing is changed: artifacts are kept as the job
//! made them, here as on GitLab, but whoever stores a secret should know.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use crate::mask::Mask;

/// A larger file is not looked at beyond this.
const MAX_FILE: u64 = 64 << 20;
/// What is looked at of all files of a job.
const MAX_TOTAL: u64 = 1 << 30;
/// Files that are named.
const MAX_NAMED: usize = 5;
const BUFFER: usize = 128 << 10;

/// Files with secrets in them.
#[derive(Debug, Default)]
pub(super) struct Found {
    named: Vec<String>,
    more: usize,
    looked_at: u64,
    /// Whether something was left out.
    incomplete: bool,
}

impl Found {
    /// Looks at all files below a directory that only greenroom writes to.
    pub(super) fn look(&mut self, directory: &Path, mask: &Mask) {
        let mut open = vec![String::new()];
        while let Some(at) = open.pop() {
            let mut entries: Vec<_> =
                fs::read_dir(directory.join(&at)).into_iter().flatten().flatten().collect();
            entries.sort_by_key(fs::DirEntry::file_name);
            for entry in entries {
                let name = entry.file_name().to_string_lossy().into_owned();
                let shown = if at.is_empty() { name } else { format!("{at}/{name}") };
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => open.push(shown),
                    Ok(kind) if kind.is_file() => self.file(&entry.path(), shown, mask),
                    _ => {}
                }
            }
        }
    }

    fn file(&mut self, path: &Path, shown: String, mask: &Mask) {
        let room = MAX_FILE.min(MAX_TOTAL - self.looked_at);
        let Ok(file) = File::open(path) else { return };
        self.incomplete |= file.metadata().is_ok_and(|metadata| metadata.len() > room);
        let mut file = file.take(room);
        let (mut buffer, mut masked) = (vec![0; BUFFER], Vec::new());
        let mut stream = mask.stream();
        while !stream.found() {
            let Ok(length @ 1..) = file.read(&mut buffer) else { break };
            self.looked_at += length as u64;
            stream.push(&buffer[..length], &mut masked);
            masked.clear();
        }
        if !stream.found() {
            return;
        }
        if self.named.contains(&shown) {
            // Once among the artifacts and once as a report.
        } else if self.named.len() < MAX_NAMED {
            self.named.push(shown);
        } else {
            self.more += 1;
        }
    }

    /// What to say about it, if there is something to say.
    pub(super) fn warning(&self) -> Option<String> {
        if self.named.is_empty() {
            return None;
        }
        let mut names = self.named.join(", ");
        if self.more > 0 {
            names += &format!(" and {} more", self.more);
        }
        let rest = if self.incomplete { " (not all of the files were looked at)" } else { "" };
        Some(format!(
            "artifacts: a secret stands in {names}{rest}; artifacts are stored as they are, here as on \
             GitLab: leave the file out with artifacts:exclude, or the secret out of the file"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(files: &[(&str, &[u8])]) -> Option<String> {
        let directory = tempfile::tempdir().expect("a temporary directory");
        for (name, content) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().expect("it has one")).expect("writable");
            fs::write(path, content).expect("writable");
        }
        let mask = Mask::new(["correct-horse"]).expect("long enough");
        let mut found = Found::default();
        found.look(directory.path(), &mask);
        found.warning()
    }

    #[test]
    fn files_with_a_secret_are_named() {
        assert_eq!(warning(&[("a", b"nothing"), ("b/c", b"correct-hors\xff")]), None);
        // Also across the pieces that are read, in a binary file, and in base64.
        let mut long = vec![b'x'; BUFFER - 5];
        long.extend_from_slice(b"correct-horse");
        let files: [(&str, &[u8]); 3] = [
            ("out/long", &long),
            ("bin", b"\0\xffcorrect-horse\0"),
            ("enc", b"Y29ycmVjdC1ob3JzZQ=="),
        ];
        let text = warning(&files).expect("found");
        assert!(text.contains("bin, enc, out/long;"), "{text}");
        let many: Vec<(String, &[u8])> =
            (0..8).map(|n| (format!("f{n}"), &b"correct-horse"[..])).collect();
        let many: Vec<(&str, &[u8])> = many.iter().map(|(name, text)| (&**name, *text)).collect();
        let text = warning(&many).expect("found");
        assert!(text.contains("f0, f1, f2, f3, f4 and 3 more;"), "{text}");
    }
}
