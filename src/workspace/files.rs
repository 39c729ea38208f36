//! Which files a project has.

use cap_std::fs::Dir;

/// The most files that are listed, and the most directories that are looked into.
pub const MAX_FILES: usize = 100_000;

/// The paths of all regular files and links of a project, relative to it, with `/` between parts,
/// in the order of their names. git's own directory is not looked into, and no link is followed.
///
/// `None` if there are more than [`MAX_FILES`], or the directory cannot be read. What cannot be
/// read within it is left out, and so are names that are not UTF-8, which no pattern can fit.
pub fn files(project: &Dir) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut open = vec![String::new()];
    let mut directories = 0;
    while let Some(directory) = open.pop() {
        directories += 1;
        let path = if directory.is_empty() { "." } else { &directory };
        let entries = match project.read_dir(path) {
            Ok(entries) => entries,
            Err(_) if directory.is_empty() => return None,
            Err(_) => continue,
        };
        for entry in entries.flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let Ok(kind) = entry.file_type() else { continue };
            let path = if directory.is_empty() { name } else { format!("{directory}/{name}") };
            if kind.is_dir() {
                if path != ".git" {
                    open.push(path);
                }
            } else if kind.is_file() || kind.is_symlink() {
                found.push(path);
            }
        }
        if found.len() > MAX_FILES || directories + open.len() > MAX_FILES {
            return None;
        }
    }
    found.sort_unstable();
    Some(found)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use cap_std::ambient_authority;
    use cap_std::fs::Dir;

    #[test]
    fn files_are_found_and_links_are_not_followed() {
        let outside = tempfile::tempdir().expect("a temporary directory");
        fs::create_dir(outside.path().join("secrets")).expect("writable");
        fs::write(outside.path().join("secrets/key"), "").expect("writable");
        let root = outside.path().join("project");
        for directory in ["src/deep", ".git", "empty"] {
            fs::create_dir_all(root.join(directory)).expect("writable");
        }
        for file in ["b", "a.yml", "src/main.rs", "src/deep/x", ".git/HEAD", ".hidden"] {
            fs::write(root.join(file), "").expect("writable");
        }
        symlink("../secrets", root.join("way-out")).expect("writable");
        symlink(".", root.join("src/round")).expect("writable");

        let project = Dir::open_ambient_dir(&root, ambient_authority()).expect("it exists");
        let expected =
            [".hidden", "a.yml", "b", "src/deep/x", "src/main.rs", "src/round", "way-out"];
        assert_eq!(super::files(&project).expect("readable"), expected);
    }
}
