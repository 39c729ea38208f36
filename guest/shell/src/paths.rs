//! Paths: relative ones are resolved against the shell's own working directory.

use std::ffi::OsStr;
use std::path::PathBuf;

use greenroom_process as process;

use crate::state::Shell;

#[cfg(not(target_os = "wasi"))]
use std::os::unix::ffi::OsStrExt;
#[cfg(target_os = "wasi")]
use std::os::wasi::ffi::OsStrExt;

impl Shell {
    /// The absolute form of `path`. The empty path stays empty, so that it is not found.
    pub(crate) fn absolute(&self, path: &[u8]) -> Vec<u8> {
        if path.is_empty() || path.starts_with(b"/") {
            return path.to_vec();
        }
        let mut absolute = self.cwd.clone();
        if !absolute.ends_with(b"/") {
            absolute.push(b'/');
        }
        absolute.extend_from_slice(path);
        absolute
    }

    pub(crate) fn path(&self, path: &[u8]) -> PathBuf {
        PathBuf::from(OsStr::from_bytes(&self.absolute(path)))
    }

    /// The permission bits and the type of a file.
    pub(crate) fn mode_of(&self, path: &[u8], follow: bool) -> Option<u32> {
        process::mode(&self.absolute(path), follow).ok().map(|mode| mode.mode)
    }

    /// A module needs no permission bit: the sandbox runs it in any case.
    pub(crate) fn is_executable_file(&self, path: &[u8]) -> bool {
        std::fs::metadata(self.path(path)).is_ok_and(|m| !m.is_dir())
            && (self.mode_of(path, true).is_none_or(|mode| mode & 0o111 != 0)
                || self.is_module(path))
    }

    fn is_module(&self, path: &[u8]) -> bool {
        use std::io::Read;
        let mut start = [0; 4];
        let read = std::fs::File::open(self.path(path)).and_then(|mut f| f.read_exact(&mut start));
        read.is_ok() && start == *b"\0asm"
    }
}

/// Removes `.` and `..` and repeated slashes from an absolute path.
pub(crate) fn normalize(path: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|&b| b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    let mut out = Vec::with_capacity(path.len());
    for part in parts {
        out.push(b'/');
        out.extend_from_slice(part);
    }
    if out.is_empty() { b"/".to_vec() } else { out }
}

#[cfg(test)]
mod tests {
    #[test]
    fn normal_form() {
        assert_eq!(super::normalize(b"/a//b/./c/../d/"), b"/a/b/d");
        assert_eq!(super::normalize(b"/../.."), b"/");
    }
}
