//! What a case does and checks outside of the sandbox.

use std::path::Path;

use crate::script::{plain, same};
use crate::text::Word;

/// Prepares or checks the host's files; paths are relative to the stage's directory.
pub(crate) fn host(root: &Path, words: &[Word]) -> Result<(), String> {
    let [Word::Plain(verb), Word::Text(path), rest @ ..] = words else {
        return Err("write: host VERB \"path\"".to_owned());
    };
    let path = root.join(String::from_utf8_lossy(path).as_ref());
    let text = rest.first().map(plain).unwrap_or_default();
    let done = match verb.as_str() {
        "mkdir" => std::fs::create_dir_all(&path),
        "file" => std::fs::write(&path, text),
        "symlink" => std::os::unix::fs::symlink(text, &path),
        "link" => std::fs::hard_link(root.join(text), &path),
        "remove" => std::fs::remove_file(&path),
        "fifo" => rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_bits_truncate(0o600),
            0,
        )
        .map_err(Into::into),
        "files" => (0..text.parse::<u32>().map_err(|error| error.to_string())?)
            .try_for_each(|index| std::fs::write(path.join(format!("file{index:03}")), "")),
        "content" => {
            let found = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
            return same("content", &text, &found);
        }
        "absent" => return same("exists", &false, &path.symlink_metadata().is_ok()),
        "size" => {
            let found = path.metadata().map_err(|error| error.to_string())?.len();
            return same("size", &text, &found.to_string());
        }
        "target" => {
            let found = path.read_link().map_err(|error| error.to_string())?;
            return same("target", &text, &found.display().to_string());
        }
        other => return Err(format!("host: unknown {other}")),
    };
    done.map_err(|error| format!("host {verb}: {error}"))
}
