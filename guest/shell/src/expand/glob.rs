//! Pathname expansion.

use super::Expanded;
use crate::bytes;
use crate::pattern::{self, Pattern};
use crate::state::{Shell, Unwind};

/// One component of a pattern between slashes.
enum Component {
    Literal(Vec<u8>),
    Pattern(Pattern),
    /// `**` with `globstar`.
    Tree,
}

impl Shell {
    /// Appends the names that match `pattern`, or what bash keeps when none does.
    pub(super) fn glob(
        &mut self,
        pattern: &[u8],
        text: Vec<u8>,
        into: &mut Vec<Vec<u8>>,
    ) -> Expanded<()> {
        let Some(components) = self.components(pattern) else {
            into.push(text);
            return Ok(());
        };
        let mut found = Vec::new();
        let start = if pattern.starts_with(b"/") { b"/".to_vec() } else { Vec::new() };
        self.walk(&start, &components, &mut found);
        self.drop_ignored(&mut found);
        if found.is_empty() {
            if self.shopts.failglob {
                self.error(&format!("no match: {}", bytes::display(&text)));
                return Err(Unwind::Discard(1));
            }
            if !self.shopts.nullglob {
                into.push(text);
            }
            return Ok(());
        }
        found.sort();
        found.dedup();
        into.append(&mut found);
        Ok(())
    }

    /// Takes out what `GLOBIGNORE` names: its patterns match whole paths.
    fn drop_ignored(&self, found: &mut Vec<Vec<u8>>) {
        let Some(patterns) = self.globignore() else { return };
        let compile = |part| Pattern::new(part, self.shopts.extglob, self.shopts.nocaseglob);
        let patterns: Vec<Vec<Pattern>> = split_colons(patterns)
            .map(|text| text.split(|&b| b == b'/').map(compile).collect())
            .collect();
        found.retain(|path| {
            let name = path.rsplit(|&b| b == b'/').next().unwrap_or_default();
            !matches!(name, b"." | b"..") && !patterns.iter().any(|p| matches_path(p, path))
        });
    }

    fn globignore(&self) -> Option<&[u8]> {
        self.vars.get(b"GLOBIGNORE").and_then(|v| v.scalar()).filter(|text| !text.is_empty())
    }

    /// Whether names that begin with a dot match like any other; `GLOBIGNORE` turns that on.
    fn dots_match(&self) -> bool {
        self.shopts.dotglob || self.globignore().is_some()
    }

    /// `None` when nothing in the text is special after all.
    fn components(&self, pattern: &[u8]) -> Option<Vec<Component>> {
        let mut components = Vec::new();
        let mut special = false;
        for part in split_components(pattern) {
            if part == b"**" && self.shopts.globstar {
                special = true;
                if !matches!(components.last(), Some(Component::Tree)) {
                    components.push(Component::Tree);
                }
                continue;
            }
            let active = part.iter().any(|&b| pattern::is_special(b))
                || (self.shopts.extglob && part.contains(&b'('));
            let compiled = Pattern::new(part, self.shopts.extglob, self.shopts.nocaseglob);
            match compiled.literal() {
                Some(literal) if !active || !self.shopts.nocaseglob => {
                    components.push(Component::Literal(literal));
                }
                _ => {
                    special = true;
                    components.push(Component::Pattern(compiled));
                }
            }
        }
        special.then_some(components)
    }

    fn walk(&self, base: &[u8], components: &[Component], found: &mut Vec<Vec<u8>>) {
        let Some((first, rest)) = components.split_first() else {
            found.push(base.to_vec());
            return;
        };
        match first {
            Component::Literal(name) => {
                let path = join(base, name);
                if rest.is_empty() {
                    if path.is_empty() {
                        // What `**/` matches here has no name.
                        return;
                    }
                    if name.is_empty() || std::fs::symlink_metadata(self.path(&path)).is_ok() {
                        found.push(path);
                    }
                    return;
                }
                let mut directory = path;
                directory.push(b'/');
                self.walk(&directory, rest, found);
            }
            Component::Pattern(pattern) => {
                let mut entries = self.entries(base);
                if !self.shopts.globskipdots && pattern.starts_with_dot() {
                    entries.push((b".".to_vec(), true));
                    entries.push((b"..".to_vec(), true));
                }
                for (name, is_dir) in entries {
                    let hidden =
                        name.starts_with(b".") && !self.dots_match() && !pattern.starts_with_dot();
                    if hidden || !pattern.matches(&name) {
                        continue;
                    }
                    let path = join(base, &name);
                    self.descend(path, is_dir, rest, found);
                }
            }
            Component::Tree => self.tree(base, rest, found, 0),
        }
    }

    fn descend(&self, path: Vec<u8>, is_dir: bool, rest: &[Component], found: &mut Vec<Vec<u8>>) {
        if rest.is_empty() {
            found.push(path);
        } else if is_dir || self.is_directory(&path) {
            let mut directory = path;
            directory.push(b'/');
            self.walk(&directory, rest, found);
        }
    }

    fn tree(&self, base: &[u8], rest: &[Component], found: &mut Vec<Vec<u8>>, depth: u32) {
        if rest.is_empty() {
            if !base.is_empty() {
                found.push(base.to_vec());
            }
        } else {
            self.walk(base, rest, found);
        }
        if depth > 100 {
            return;
        }
        for (name, is_dir) in self.entries(base) {
            if name.starts_with(b".") && !self.dots_match() {
                continue;
            }
            let path = join(base, &name);
            if is_dir {
                let mut directory = path.clone();
                directory.push(b'/');
                if rest.is_empty() {
                    found.push(path);
                    self.subtree(&directory, found, depth + 1);
                } else {
                    self.tree(&directory, rest, found, depth + 1);
                }
            } else if rest.is_empty() {
                found.push(path);
            }
        }
    }

    fn subtree(&self, base: &[u8], found: &mut Vec<Vec<u8>>, depth: u32) {
        let before = found.len();
        self.tree(base, &[], found, depth);
        // The directory itself was already listed without its slash.
        if found.get(before).is_some_and(|p| p == base) {
            found.remove(before);
        }
    }

    /// The names in a directory, and which are directories themselves (not through a link).
    fn entries(&self, base: &[u8]) -> Vec<(Vec<u8>, bool)> {
        let directory = if base.is_empty() { &b"."[..] } else { base };
        let Ok(entries) = std::fs::read_dir(self.path(directory)) else { return Vec::new() };
        entries
            .flatten()
            .map(|entry| {
                let is_dir = entry.file_type().is_ok_and(|t| t.is_dir());
                (entry.file_name().into_encoded_bytes(), is_dir)
            })
            .filter(|(name, _)| name != b"." && name != b"..")
            .collect()
    }

    fn is_directory(&self, path: &[u8]) -> bool {
        std::fs::metadata(self.path(path)).is_ok_and(|m| m.is_dir())
    }
}

/// Whether the parts of a path match one by one: no pattern reaches over a slash.
fn matches_path(patterns: &[Pattern], path: &[u8]) -> bool {
    let parts: Vec<&[u8]> = path.split(|&b| b == b'/').collect();
    parts.len() == patterns.len() && patterns.iter().zip(parts).all(|(p, part)| p.matches(part))
}

/// Splits at colons, but not in sets.
fn split_colons(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut in_set = 0usize;
    text.split(move |&byte| {
        match byte {
            b'[' => in_set += 1,
            b']' => in_set = in_set.saturating_sub(1),
            _ => {}
        }
        byte == b':' && in_set == 0
    })
    .filter(|part| !part.is_empty())
}

/// Splits at slashes outside of sets; repeated slashes count once.
fn split_components(pattern: &[u8]) -> Vec<&[u8]> {
    let mut parts: Vec<&[u8]> = pattern.split(|&b| b == b'/').collect();
    if parts.first().is_some_and(|p| p.is_empty()) {
        parts.remove(0);
    }
    let last = parts.len().saturating_sub(1);
    let mut index = 0;
    parts.retain(|part| {
        let keep = !part.is_empty() || index == last;
        index += 1;
        keep
    });
    parts
}

fn join(base: &[u8], name: &[u8]) -> Vec<u8> {
    [base, name].concat()
}
