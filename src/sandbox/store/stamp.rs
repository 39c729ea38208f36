//! Stamps: a file that was read in full once need not be read again.
//!
//! Reading 30 MB takes ten times as long as everything else that loading a program needs. So after
//! a file has been hashed the store notes, under its key, *which* file it was (device, inode, size,
//! time of modification, time of change) and what came out: for an entry the authentication code
//! that was found to be right, for a program its digest. A later open file with exactly these
//! attributes holds the same bytes, because
//! - every write, truncation and replacement sets the time of change, and no call sets it to a
//!   chosen value; another inode has another number;
//! - a write in the same tick of the file system's clock could leave it unchanged, so a stamp is
//!   made only when reading *began* at least [`MARGIN`] after it. "Now" is the time of change of
//!   a file created just then in the store: the file system's own clock, which on a network file
//!   system is not the computer's (so a program's file must be on the same file system or on a
//!   local one). A write during or after the reading thus sets a later time of change; if it comes
//!   before the second look at the attributes no stamp is made, and if it comes after it the stamp
//!   does not hold;
//! - before the stamp is made the file is flushed to the disk, so that a power failure cannot leave
//!   its attributes and lose its content.
//!
//! What could still deceive it: setting the computer's clock back to hit the nanosecond, writing
//! to the disk below the file system, or a writable shared mapping made earlier. The first two take
//! root, the third the user that greenroom runs as. Each could as well replace this program. (A
//! guest has none of them: all its writes are calls.)

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
const FIELDS: usize = MAGIC.len() + 7 * 8;
const LENGTH: usize = FIELDS + 32 + 32;
/// How names of stamps end.
pub(super) const SUFFIX: &str = ".stamp";
/// How names of stamps of programs begin.
pub(super) const SOURCE: &str = "source-";

/// The name of the stamp of the entry `entry`.
pub(super) fn name_for_entry(entry: &str) -> String {
    format!("{entry}{SUFFIX}")
}

/// The name of the stamp of a program's file.
pub(super) fn name_for_source(stat: &Stat) -> String {
    let identity = encode(stat);
    let hash = blake3::hash(&identity[MAGIC.len()..MAGIC.len() + 16]).to_hex();
    format!("{SOURCE}{}{SUFFIX}", &hash[..32])
}

/// What was noted about the file with these attributes. That it was used is noted in the stamp's
/// time of modification, since the file's own attributes must stay as they are.
pub(super) fn read(dir: &StoreDir, keys: &Keys, name: &str, stat: &Stat) -> Option<[u8; 32]> {
    // A stamp that cannot be trusted is no loss: the file is read, and a new one written.
    let (file, own) = dir.open_file(name).ok()??;
    let mut bytes = [0; LENGTH];
    if u64::try_from(own.st_size) != Ok(LENGTH as u64) {
        return None;
    }
    file.read_exact_at(&mut bytes, 0).ok()?;
    let (covered, mac) = bytes.split_at(LENGTH - 32);
    let (fields, value) = covered.split_at(FIELDS);
    let mac: [u8; 32] = mac.try_into().ok()?;
    if fields != encode(stat) || authenticate(keys, name, covered) != mac {
        return None;
    }
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime).tv_sec;
    if now.saturating_sub(own.st_mtime) > STALE {
        let _ = StoreDir::touch(&file);
    }
    value.try_into().ok()
}

/// A stamp for a file that is about to be read.
pub(super) struct Pending<'a>(Temporary<'a>);

impl<'a> Pending<'a> {
    /// To be called before the first byte is read. `None`: the file is too young, its file system
    /// has another clock, or the store cannot be written to.
    pub(super) fn begin(dir: &'a StoreDir, file: &File, stat: &Stat) -> Option<Self> {
        let temporary = dir.create_temporary().ok()?;
        let own = rustix::fs::fstat(temporary.file()).ok()?;
        let same_clock =
            own.st_dev == stat.st_dev || (is_local(file) && is_local(temporary.file()));
        let age = own.st_ctime.checked_sub(stat.st_ctime)?;
        (same_clock && age >= MARGIN).then_some(Self(temporary))
    }

    /// To be called after the last byte was read, with what is to be noted. Failing to make a stamp
    /// only makes the next load slower.
    pub(super) fn finish(
        self,
        keys: &Keys,
        name: &str,
        file: &File,
        stat: &Stat,
        value: &[u8; 32],
    ) {
        let fields = encode(stat);
        let unchanged = rustix::fs::fstat(file).is_ok_and(|stat| encode(&stat) == fields);
        if !unchanged || file.sync_data().is_err() {
            return;
        }
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend_from_slice(&fields);
        bytes.extend_from_slice(value);
        let mac = authenticate(keys, name, &bytes);
        bytes.extend_from_slice(mac.as_bytes());
        if self.0.file().write_all(&bytes).is_ok() {
            let _ = self.0.publish(name);
        }
    }
}

/// Whether the file system takes its times from this computer's clock.
#[cfg(target_os = "linux")]
fn is_local(file: &File) -> bool {
    /// `linux/magic.h`: ext2 to ext4, XFS, Btrfs, tmpfs, overlayfs, F2FS, ramfs; ZFS; bcachefs.
    const LOCAL: [u64; 9] = [
        0xef53,
        0x5846_5342,
        0x9123_683e,
        0x0102_1994,
        0x794c_7630,
        0xf2f5_2010,
        0x8584_58f6,
        0x2fc1_2fc1,
        0xca45_1a4e,
    ];
    let kind = |kind: u64| LOCAL.contains(&(kind & 0xffff_ffff));
    rustix::fs::fstatfs(file).is_ok_and(|stat| kind(stat.f_type as u64))
}

#[cfg(not(target_os = "linux"))]
fn is_local(_: &File) -> bool {
    false
}

fn encode(stat: &Stat) -> [u8; FIELDS] {
    // The types of these fields differ between platforms; 64 bits keep them distinct.
    let fields: [i128; 7] = [
        stat.st_dev.into(),
        stat.st_ino.into(),
        stat.st_size.into(),
        stat.st_mtime.into(),
        stat.st_mtime_nsec.into(),
        stat.st_ctime.into(),
        stat.st_ctime_nsec.into(),
    ];
    let mut bytes = [0; FIELDS];
    bytes[..MAGIC.len()].copy_from_slice(MAGIC);
    for (place, field) in bytes[MAGIC.len()..].chunks_exact_mut(8).zip(fields) {
        place.copy_from_slice(&field.to_le_bytes()[..8]);
    }
    bytes
}

/// The name is covered too: it says what the noted value means.
fn authenticate(keys: &Keys, name: &str, covered: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new_keyed(&keys.stamp);
    hasher.update(covered);
    hasher.update(name.as_bytes());
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::time::Duration;

    fn open(dir: &StoreDir, name: &str) -> (File, Stat) {
        dir.open_file(name).expect("trusted").expect("exists")
    }

    #[test]
    fn a_stamp_holds_for_one_unchanged_file_only() {
        let place = tempfile::tempdir().expect("a directory");
        let dir = StoreDir::open(place.path()).expect("usable");
        let (keys, _) = Keys::open(&dir).expect("a key");
        let path = |name: &str| place.path().join(name);
        let value = [7; 32];
        fs::write(path("a"), "content").expect("writes");
        fs::write(path("b"), "content").expect("writes");
        let (file, stat) = open(&dir, "a");
        assert!(Pending::begin(&dir, &file, &stat).is_none(), "too young");
        std::thread::sleep(Duration::from_secs(MARGIN.unsigned_abs() + 1));

        // A write while it is being read.
        let pending = Pending::begin(&dir, &file, &stat).expect("old enough");
        fs::write(path("a"), "CONTENT").expect("writes");
        pending.finish(&keys, "a.stamp", &file, &stat, &value);
        assert!(!path("a.stamp").exists());

        let (file, stat) = open(&dir, "b");
        assert_eq!(read(&dir, &keys, "b.stamp", &stat), None);
        let pending = Pending::begin(&dir, &file, &stat).expect("old enough");
        pending.finish(&keys, "b.stamp", &file, &stat, &value);
        assert_eq!(read(&dir, &keys, "b.stamp", &stat), Some(value));

        // The same under another name, and under another key.
        fs::copy(path("b.stamp"), path("a.stamp")).expect("copies");
        assert_eq!(read(&dir, &keys, "a.stamp", &stat), None);
        let mut other_keys = keys.clone();
        other_keys.stamp[0] ^= 1;
        assert_eq!(read(&dir, &other_keys, "b.stamp", &stat), None);

        // A damaged stamp.
        let good = fs::read(path("b.stamp")).expect("readable");
        for position in 0..good.len() {
            let mut bad = good.clone();
            bad[position] ^= 2;
            fs::write(path("b.stamp"), &bad).expect("writes");
            assert_eq!(read(&dir, &keys, "b.stamp", &stat), None, "at {position}");
            fs::write(path("b.stamp"), &good[..position]).expect("writes");
            assert_eq!(read(&dir, &keys, "b.stamp", &stat), None, "cut at {position}");
        }
        fs::write(path("b.stamp"), &good).expect("writes");
        assert_eq!(read(&dir, &keys, "b.stamp", &stat), Some(value));

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
            let (_, before) = open(&dir, "b");
            change();
            let (_, after) = open(&dir, "b");
            assert_ne!(encode(&before), encode(&after));
            assert_eq!(read(&dir, &keys, "b.stamp", &after), None);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_system_without_this_computers_clock_is_told() {
        assert!(is_local(&tempfile::tempfile().expect("a file")));
        assert!(!is_local(&File::open("/proc/self/stat").expect("procfs")));
    }
}
