//! Keeps the store below its size.

use super::dir::{ASIDE, LOCK, Listed, StoreDir, TEMPORARY};
use super::{entry, key, stamp};
use std::collections::HashMap;

/// Left-overs of processes that were killed, and files that were set aside, stay for a day.
const DAY: i64 = 24 * 3600;
/// What was noted about a program's file stays for a month after its last use.
const MONTH: i64 = 30 * DAY;

/// Removes old left-overs and then, least recently used first, entries until the others have at
/// most `limit` bytes together. The entry `keep` stays.
///
/// Entries of other versions of greenroom or wasmtime are never used by this one, so they go first
/// by themselves; another version in use on the same machine keeps its own fresh. Removing a file
/// that another process has mapped does not disturb it.
pub(super) fn prune(dir: &StoreDir, limit: u64, keep: &str) {
    let Ok(files) = dir.list() else { return };
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime).tv_sec;
    for name in victims(&files, limit, keep, now) {
        // Another process may have removed it.
        let _ = dir.remove(&name);
    }
}

// What does not look exactly like a file of ours is somebody else's and stays.

fn is_entry(name: &str) -> bool {
    let Some((generation, digest)) =
        name.strip_suffix(entry::SUFFIX).and_then(|name| name.split_once('-'))
    else {
        return false;
    };
    is_hex(generation, 16) && is_hex(digest, 64)
}

fn is_source_stamp(name: &str) -> bool {
    let hash = name.strip_prefix(stamp::SOURCE).and_then(|name| name.strip_suffix(stamp::SUFFIX));
    hash.is_some_and(|hash| is_hex(hash, 32))
}

fn is_passing(name: &str) -> bool {
    if let Some(random) = name.strip_prefix(TEMPORARY) {
        return is_hex(random, 16);
    }
    let Some(of) = name.strip_suffix(ASIDE).or_else(|| name.strip_suffix(LOCK)) else {
        return false;
    };
    // A second one that was set aside has a number behind its name.
    let of = match of.rsplit_once('-') {
        Some((of, random)) if is_hex(random, 16) => of,
        _ => of,
    };
    is_entry(of) || of == key::NAME
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

fn victims(files: &[Listed], limit: u64, keep: &str, now: i64) -> Vec<String> {
    let stamps: HashMap<&str, &Listed> = files
        .iter()
        .filter_map(|file| Some((file.name.strip_suffix(stamp::SUFFIX)?, file)))
        .collect();
    let mut victims = Vec::new();
    let mut entries = Vec::new();
    for file in files {
        let name = file.name.as_str();
        if is_passing(name) {
            if now.saturating_sub(file.modified) > DAY {
                victims.push(file.name.clone());
            }
        } else if is_source_stamp(name) {
            if now.saturating_sub(file.modified) > MONTH {
                victims.push(file.name.clone());
            }
        } else if is_entry(name) {
            let used = stamps.get(name).map_or(file.modified, |s| s.modified.max(file.modified));
            entries.push((used, file));
        } else if let Some(of) = name.strip_suffix(stamp::SUFFIX)
            && is_entry(of)
            && !files.iter().any(|other| other.name == of)
        {
            victims.push(file.name.clone());
        }
    }
    entries.sort_by_key(|(used, file)| (*used, file.name.as_str()));
    let mut total: u64 = entries.iter().map(|(_, file)| file.size).sum();
    for (_, file) in entries {
        if total <= limit {
            break;
        }
        if file.name != keep {
            total -= file.size;
            victims.push(file.name.clone());
            if stamps.contains_key(file.name.as_str()) {
                victims.push(stamp::name_for_entry(&file.name));
            }
        }
    }
    victims
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: impl Into<String>, size: u64, modified: i64) -> Listed {
        Listed { name: name.into(), size, modified }
    }

    /// The name of an entry.
    fn entry(letter: char) -> String {
        format!("0123456789abcdef-{}.cwasm", letter.to_string().repeat(64))
    }

    #[test]
    fn the_least_recently_used_entries_go_first_with_their_stamps() {
        let [a, b, c, new] = ['a', 'b', 'c', 'd'].map(entry);
        let stamp = |entry: &str| format!("{entry}.stamp");
        let files = [
            file("key", 1000, 0),
            file(&a, 10, 100),
            file(&b, 10, 50),
            file(stamp(&b), 1, 300), // used recently
            file(&c, 10, 200),
            file(stamp(&c), 1, 201),
            file(&new, 10, 0),
        ];
        assert_eq!(victims(&files, 40, &new, 400), [""; 0]);
        assert_eq!(victims(&files, 39, &new, 400), [a.as_str()]);
        assert_eq!(victims(&files, 20, &new, 400), [a.clone(), c.clone(), stamp(&c)]);
        assert_eq!(victims(&files, 0, &new, 400).len(), 5, "never the new one, nor the key");
    }

    #[test]
    fn left_overs_go_after_a_day() {
        let [a, b] = ['a', 'b'].map(entry);
        let old = [
            "tmp-0123456789abcdef".to_owned(),
            format!("{a}.bad"),
            format!("{a}-0123456789abcdef.bad"),
            "key.bad".to_owned(),
            format!("{a}.lock"),
            format!("{a}.stamp"),
            format!("source-{}.stamp", "0".repeat(32)),
        ];
        let young = [
            "tmp-0123456789abcde0".to_owned(),
            format!("{b}.lock"),
            format!("source-{}.stamp", "1".repeat(32)),
        ];
        let files: Vec<_> = old
            .iter()
            .map(|name| file(name, 1, 0))
            .chain(young.iter().map(|name| file(name, 1, MONTH)))
            .collect();
        assert_eq!(victims(&files, 100, "", MONTH + 1), old);
    }

    #[test]
    fn files_of_others_stay() {
        let names = [
            "notes",
            "Cargo.lock",
            "old.bad",
            "tmp-file",
            "source-code.stamp",
            "passport.stamp",
            "library.cwasm",
            "0123456789abcdef-0.cwasm",
            "key",
            "tmp-",
            ".lock",
        ];
        let files: Vec<_> = names.iter().map(|name| file(*name, 1 << 40, 0)).collect();
        assert_eq!(victims(&files, 0, "", 10 * MONTH), [""; 0]);
    }
}
