//! Keeps the store below its size.

use super::dir::{ASIDE, LOCK, Listed, StoreDir, TEMPORARY};
use super::{entry, stamp};
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

fn victims(files: &[Listed], limit: u64, keep: &str, now: i64) -> Vec<String> {
    let stamps: HashMap<&str, &Listed> = files
        .iter()
        .filter_map(|file| Some((file.name.strip_suffix(stamp::SUFFIX)?, file)))
        .collect();
    let mut victims = Vec::new();
    let mut entries = Vec::new();
    for file in files {
        let name = file.name.as_str();
        let passing = name.starts_with(TEMPORARY) || name.ends_with(ASIDE) || name.ends_with(LOCK);
        if passing {
            if now.saturating_sub(file.modified) > DAY {
                victims.push(file.name.clone());
            }
        } else if name.starts_with(stamp::SOURCE) {
            if now.saturating_sub(file.modified) > MONTH {
                victims.push(file.name.clone());
            }
        } else if name.ends_with(entry::SUFFIX) {
            let used = stamps.get(name).map_or(file.modified, |s| s.modified.max(file.modified));
            entries.push((used, file));
        } else if let Some(of) = name.strip_suffix(stamp::SUFFIX)
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

    fn file(name: &str, size: u64, modified: i64) -> Listed {
        Listed { name: name.to_owned(), size, modified }
    }

    #[test]
    fn the_least_recently_used_entries_go_first_with_their_stamps() {
        let files = [
            file("key", 1000, 0),
            file("a.cwasm", 10, 100),
            file("b.cwasm", 10, 50),
            file("b.cwasm.stamp", 1, 300), // used recently
            file("c.cwasm", 10, 200),
            file("c.cwasm.stamp", 1, 201),
            file("new.cwasm", 10, 0),
        ];
        assert_eq!(victims(&files, 40, "new.cwasm", 400), [""; 0]);
        assert_eq!(victims(&files, 39, "new.cwasm", 400), ["a.cwasm"]);
        assert_eq!(victims(&files, 20, "new.cwasm", 400), ["a.cwasm", "c.cwasm", "c.cwasm.stamp"]);
        assert_eq!(victims(&files, 0, "new.cwasm", 400).len(), 5, "never the new one, nor the key");
    }

    #[test]
    fn left_overs_go_after_a_day() {
        let files = [
            file("tmp-1", 1, 0),
            file("tmp-2", 1, MONTH),
            file("a.cwasm.bad", 1, 0),
            file("a.cwasm.lock", 1, 0),
            file("b.cwasm.lock", 1, MONTH),
            file("gone.cwasm.stamp", 1, MONTH),
            file("source-1.stamp", 1, 0),
            file("source-2.stamp", 1, DAY),
            file("somebody's notes", 1, 0),
        ];
        assert_eq!(
            victims(&files, 100, "", MONTH + 1),
            ["tmp-1", "a.cwasm.bad", "a.cwasm.lock", "gone.cwasm.stamp", "source-1.stamp",]
        );
    }
}
