//! Stamps: a file that was authenticated once need not be read in full again.
//!
//! Authenticating 60 MB takes longer than everything else a start does. So after a full check the
//! store notes, under its key, *which* file it checked: device, inode, size, time of modification
//! and time of change, beside the entry's authentication code. A later load whose open file has
//! exactly these attributes holds the same bytes, because
//! - every write, truncation and replacement sets the time of change, and no call sets it to a
//!   chosen value; another inode has another number;
//! - a write in the same tick of the file system's clock could leave it unchanged, so a stamp is
//!   made only when the check *began* at least [`MARGIN`] after it. "Now" is the time of change
//!   of a file created just then in the same directory: the file system's own clock, which on a
//!   network file system is not ours. A write during or after the check thus sets a later time of
//!   change; if it comes before the second look at the attributes no stamp is made, and if it comes
//!   after it the stamp does not hold;
//! - before the stamp is made the file is flushed to the disk, so that a power failure cannot leave
//!   its attributes and lose its content.
//!
//! What could still deceive it: setting the computer's clock back to hit the nanosecond, writing
//! to the disk below the file system, or a writable shared mapping made earlier. The first two take
//! root, the third the user that greenroom runs as. Each could as well replace this program.

use super::dir::{StoreDir, Temporary};
use super::key::Keys;
use rustix::fs::Stat;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;

/// Coarser than the clock of any file system (FAT counts in steps of two seconds), in seconds.
const MARGIN: i64 = 3;
/// After so many seconds a use is noted anew.
const STALE: i64 = 3600;

const MAGIC: &[u8; 8] = b"GRSTAMP\x01";
const FIELDS: usize = 7 * 8;
const LENGTH: usize = MAGIC.len() + FIELDS + 32;
/// How names of stamps end.
pub(super) const SUFFIX: &str = ".stamp";

/// The file a stamp speaks of.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// The authentication code it carries.
    pub(super) mac: blake3::Hash,
    /// Its attributes.
    pub(super) stat: &'a Stat,
}

/// The name of the stamp of the entry `name`.
pub(super) fn file_name(name: &str) -> String {
    format!("{name}{SUFFIX}")
}

/// Whether the subject was authenticated earlier and has not changed since. A use is noted in the
/// stamp's time of modification, since the entry's own attributes must stay as they are.
pub(super) fn holds(dir: &StoreDir, keys: &Keys, subject: &Subject<'_>) -> bool {
    // A stamp that cannot be trusted is no loss: the check is done in full, and a new one written.
    let Ok(Some((file, stat))) = dir.open_file(&file_name(subject.name)) else { return false };
    let mut bytes = [0; LENGTH];
    if u64::try_from(stat.st_size) != Ok(LENGTH as u64)
        || file.read_exact_at(&mut bytes, 0).is_err()
    {
        return false;
    }
    let (fields, mac) = bytes.split_at(LENGTH - 32);
    let mac: [u8; 32] = mac.try_into().unwrap_or_default();
    if fields != encode(subject.stat) || authenticate(keys, subject, fields) != mac {
        return false;
    }
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime).tv_sec;
    if now.saturating_sub(stat.st_mtime) > STALE {
        let _ = StoreDir::touch(&file);
    }
    true
}

/// A stamp for a check that is under way.
pub(super) struct Pending<'a>(Temporary<'a>);

impl<'a> Pending<'a> {
    /// To be called before the first byte is read. `None`: the file is too young, or the directory
    /// cannot be written to.
    pub(super) fn begin(dir: &'a StoreDir, subject: &Subject<'_>) -> Option<Self> {
        let temporary = dir.create_temporary().ok()?;
        let now = rustix::fs::fstat(temporary.file()).ok()?.st_ctime;
        (now.checked_sub(subject.stat.st_ctime)? >= MARGIN).then_some(Self(temporary))
    }

    /// To be called after the last byte was read and found authentic. Failing to make a stamp
    /// only makes the next load slower.
    pub(super) fn finish(self, keys: &Keys, subject: &Subject<'_>, file: &File) {
        let fields = encode(subject.stat);
        let unchanged = rustix::fs::fstat(file).is_ok_and(|stat| encode(&stat) == fields);
        if !unchanged || file.sync_data().is_err() {
            return;
        }
        let mut stamp = self.0.file();
        let written = stamp
            .write_all(&fields)
            .and_then(|()| stamp.write_all(authenticate(keys, subject, &fields).as_bytes()));
        if written.is_ok() {
            let _ = self.0.publish(&file_name(subject.name));
        }
    }
}

fn encode(stat: &Stat) -> [u8; LENGTH - 32] {
    // The types of these fields differ between platforms; wrapping keeps them distinct.
    let fields: [i128; 7] = [
        stat.st_dev.into(),
        stat.st_ino.into(),
        stat.st_size.into(),
        stat.st_mtime.into(),
        stat.st_mtime_nsec.into(),
        stat.st_ctime.into(),
        stat.st_ctime_nsec.into(),
    ];
    let mut bytes = [0; LENGTH - 32];
    bytes[..8].copy_from_slice(MAGIC);
    for (place, field) in bytes[8..].chunks_exact_mut(8).zip(fields) {
        place.copy_from_slice(&field.to_le_bytes()[..8]);
    }
    bytes
}

fn authenticate(keys: &Keys, subject: &Subject<'_>, fields: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new_keyed(&keys.stamp);
    hasher.update(fields);
    hasher.update(subject.mac.as_bytes());
    hasher.update(subject.name.as_bytes());
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::time::Duration;

    fn stat(dir: &StoreDir, name: &str) -> (File, Stat) {
        dir.open_file(name).expect("trusted").expect("exists")
    }

    #[test]
    fn a_stamp_holds_for_one_unchanged_file_only() {
        let place = tempfile::tempdir().expect("a directory");
        let dir = StoreDir::open(place.path()).expect("usable");
        let (keys, _) = Keys::open(&dir).expect("a key");
        let path = |name: &str| place.path().join(name);
        let mac = blake3::hash(b"the code");
        fs::write(path("a"), "content").expect("writes");
        fs::write(path("b"), "content").expect("writes");
        let (file, attributes) = stat(&dir, "a");
        let subject = Subject { name: "a", mac, stat: &attributes };
        assert!(Pending::begin(&dir, &subject).is_none(), "too young");
        std::thread::sleep(Duration::from_secs(MARGIN as u64 + 1));

        // A write during the check.
        let pending = Pending::begin(&dir, &subject).expect("old enough");
        fs::write(path("a"), "CONTENT").expect("writes");
        pending.finish(&keys, &subject, &file);
        assert!(!path("a.stamp").exists());

        let (file, attributes) = stat(&dir, "b");
        let subject = Subject { name: "b", mac, stat: &attributes };
        assert!(!holds(&dir, &keys, &subject));
        Pending::begin(&dir, &subject).expect("old enough").finish(&keys, &subject, &file);
        assert!(holds(&dir, &keys, &subject));

        // Anything else that is said of the file.
        assert!(!holds(&dir, &keys, &Subject { mac: blake3::hash(b"other"), ..subject }));
        fs::copy(path("b.stamp"), path("a.stamp")).expect("copies");
        assert!(!holds(&dir, &keys, &Subject { name: "a", ..subject }));
        let mut other_keys = keys.clone();
        other_keys.stamp[0] ^= 1;
        assert!(!holds(&dir, &other_keys, &subject));

        // A damaged stamp.
        let good = fs::read(path("b.stamp")).expect("readable");
        for position in 0..good.len() {
            let mut bad = good.clone();
            bad[position] ^= 2;
            fs::write(path("b.stamp"), &bad).expect("writes");
            assert!(!holds(&dir, &keys, &subject), "at {position}");
            fs::write(path("b.stamp"), &good[..position]).expect("writes");
            assert!(!holds(&dir, &keys, &subject), "cut at {position}");
        }
        fs::write(path("b.stamp"), &good).expect("writes");
        assert!(holds(&dir, &keys, &subject));

        // Each way to change a file shows in its attributes.
        let changes: [&dyn Fn(); 3] = [
            &|| fs::write(path("b"), "CONTENT").expect("writes"),
            &|| {
                fs::copy(path("a"), path("c")).expect("copies");
                fs::rename(path("c"), path("b")).expect("renames");
            },
            &|| {
                let file = File::options().write(true).open(path("b")).expect("opens");
                file.set_modified(std::time::UNIX_EPOCH).expect("sets the time");
            },
        ];
        for change in changes {
            let (_, before) = stat(&dir, "b");
            change();
            let (_, after) = stat(&dir, "b");
            assert_ne!(encode(&before), encode(&after));
            assert!(!holds(&dir, &keys, &Subject { stat: &after, ..subject }));
        }
    }
}
