//! Where the store lives.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The values of the user's environment that decide where the store lives.
///
/// They are handed in because the environment is read in one place, the command line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Locations<'a> {
    /// `GREENROOM_CACHE_DIR`: the directory for everything greenroom keeps.
    pub greenroom_cache_dir: Option<&'a OsStr>,
    /// `XDG_CACHE_HOME`.
    pub xdg_cache_home: Option<&'a OsStr>,
    /// The user's home directory.
    pub home: Option<&'a Path>,
}

/// The directory of the store: `modules` in `GREENROOM_CACHE_DIR`, or else in `greenroom` in the
/// user's cache directory.
///
/// An empty variable counts as unset, and so does a relative `XDG_CACHE_HOME` (XDG Base Directory
/// Specification, "All paths set in these environment variables must be absolute").
/// `GREENROOM_CACHE_DIR` may be relative, to the directory greenroom was started in. `None`: there
/// is neither of them nor a home directory.
pub fn default_dir(locations: &Locations<'_>) -> Option<PathBuf> {
    let set = |value: Option<&OsStr>| value.filter(|v| !v.is_empty()).map(PathBuf::from);
    if let Some(own) = set(locations.greenroom_cache_dir) {
        return Some(own.join("modules"));
    }
    let cache = set(locations.xdg_cache_home)
        .filter(|dir| dir.is_absolute())
        .or_else(|| locations.home.filter(|h| h.is_absolute()).map(|h| h.join(".cache")))?;
    Some(cache.join("greenroom").join("modules"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir(own: Option<&str>, xdg: Option<&str>, home: Option<&str>) -> Option<PathBuf> {
        default_dir(&Locations {
            greenroom_cache_dir: own.map(OsStr::new),
            xdg_cache_home: xdg.map(OsStr::new),
            home: home.map(Path::new),
        })
    }

    #[test]
    fn the_most_specific_setting_wins() {
        let path = |p: &str| Some(PathBuf::from(p));
        assert_eq!(dir(Some("/c"), Some("/x"), Some("/h")), path("/c/modules"));
        assert_eq!(dir(Some("c"), None, None), path("c/modules"));
        assert_eq!(dir(None, Some("/x"), Some("/h")), path("/x/greenroom/modules"));
        assert_eq!(dir(Some(""), Some(""), Some("/h")), path("/h/.cache/greenroom/modules"));
        assert_eq!(dir(None, Some("x"), Some("/h")), path("/h/.cache/greenroom/modules"));
        assert_eq!(dir(None, None, None), None);
        assert_eq!(dir(None, None, Some("h")), None);
    }
}
