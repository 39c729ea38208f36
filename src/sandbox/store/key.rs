//! The store's secret: what tells an entry of ours from any other file.

use super::dir::{Problem, StoreDir};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

/// The name of its file.
pub(super) const NAME: &str = "key";
const MAGIC: &[u8; 8] = b"GRKEY\0\0\x01";
const SECRET: usize = 32;
const CHECK: usize = 8;
const LENGTH: usize = MAGIC.len() + SECRET + CHECK;

/// The keys derived from the secret, one for each kind of message, so that none can pass for
/// another.
#[derive(Clone)]
pub(super) struct Keys {
    /// Authenticates entries.
    pub(super) entry: [u8; 32],
    /// Authenticates stamps.
    pub(super) stamp: [u8; 32],
    /// Names the secret without telling anything about it. It is part of every entry's name, so
    /// that the entries of a replaced key are not found rather than distrusted one by one.
    pub(super) id: [u8; 32],
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

impl Keys {
    fn derive(secret: &[u8; SECRET]) -> Self {
        let derive = |context| blake3::derive_key(context, secret);
        Self {
            entry: derive("greenroom 2026-11-23 module store: authentication of entries"),
            stamp: derive("greenroom 2026-11-23 module store: authentication of stamps"),
            id: derive("greenroom 2026-11-23 module store: name of the secret"),
        }
    }

    /// Reads the directory's key, making one if there is none or it is damaged; in the latter case
    /// also says what was wrong.
    ///
    /// # Errors
    /// If there is no usable key and none can be written.
    pub(super) fn open(dir: &StoreDir) -> io::Result<(Self, Option<String>)> {
        let damage = match read(dir) {
            Ok(Some(keys)) => return Ok((keys, None)),
            Ok(None) => {
                if create(dir, false)? {
                    return read_created(dir).map(|keys| (keys, None));
                }
                // Another process was faster.
                match read(dir) {
                    Ok(Some(keys)) => return Ok((keys, None)),
                    Ok(None) => return Err(io::ErrorKind::NotFound.into()),
                    Err(Problem::Unreadable(error)) => return Err(error),
                    Err(Problem::Distrusted(reason)) => reason,
                }
            }
            Err(Problem::Unreadable(error)) => return Err(error),
            Err(Problem::Distrusted(reason)) => reason,
        };
        // Out of the way first: a directory in its place could not be replaced by a rename.
        dir.set_aside(NAME);
        create(dir, true)?;
        read_created(dir).map(|keys| (keys, Some(damage)))
    }
}

fn read(dir: &StoreDir) -> Result<Option<Keys>, Problem> {
    let Some((file, stat)) = dir.open_file(NAME)? else { return Ok(None) };
    if stat.st_mode & 0o077 != 0 {
        let mode = stat.st_mode & 0o777;
        return Err(Problem::Distrusted(format!("others could read it (mode {mode:04o})")));
    }
    let mut bytes = [0; LENGTH];
    let damaged = || Problem::Distrusted("it was damaged".to_owned());
    if u64::try_from(stat.st_size) != Ok(LENGTH as u64) {
        return Err(damaged());
    }
    file.read_exact_at(&mut bytes, 0)?;
    let (magic, rest) = bytes.split_at(MAGIC.len());
    let (secret, check) = rest.split_at(SECRET);
    let secret: &[u8; SECRET] = secret.try_into().map_err(|_| damaged())?;
    if magic != MAGIC || check != checksum(secret) {
        return Err(damaged());
    }
    Ok(Some(Keys::derive(secret)))
}

/// Reads back what is there now: ours, or that of a process that did the same at the same time.
fn read_created(dir: &StoreDir) -> io::Result<Keys> {
    match read(dir) {
        Ok(Some(keys)) => Ok(keys),
        Ok(None) => Err(io::ErrorKind::NotFound.into()),
        Err(Problem::Unreadable(error)) => Err(error),
        Err(Problem::Distrusted(reason)) => Err(io::Error::other(reason)),
    }
}

fn create(dir: &StoreDir, replace: bool) -> io::Result<bool> {
    let mut secret = [0; SECRET];
    getrandom::fill(&mut secret).map_err(io::Error::other)?;
    let temporary = dir.create_temporary()?;
    let mut file = temporary.file();
    file.write_all(MAGIC)?;
    file.write_all(&secret)?;
    file.write_all(&checksum(&secret))?;
    // Losing it in a power failure would cost every entry.
    file.sync_all()?;
    if replace { temporary.publish(NAME).map(|()| true) } else { temporary.publish_new(NAME) }
}

/// Tells a damaged key from a sound one; says nothing about who wrote it.
fn checksum(secret: &[u8; SECRET]) -> [u8; CHECK] {
    let digest = blake3::derive_key("greenroom 2026-11-23 module store: checksum", secret);
    let mut check = [0; CHECK];
    check.copy_from_slice(&digest[..CHECK]);
    check
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_is_made_once_and_found_again() {
        let place = tempfile::tempdir().expect("a directory");
        let dir = StoreDir::open(place.path()).expect("usable");
        let (first, damage) = Keys::open(&dir).expect("a key");
        assert_eq!(damage, None);
        let (second, _) = Keys::open(&dir).expect("the key");
        assert_eq!(first.entry, second.entry);
        assert_ne!(first.entry, first.stamp);
        let mode = fs::metadata(place.path().join(NAME)).expect("a key").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(place.path()).expect("a directory").count(), 1, "no left-overs");
    }

    #[test]
    fn any_flipped_bit_and_any_truncation_replaces_the_key() {
        let place = tempfile::tempdir().expect("a directory");
        let dir = StoreDir::open(place.path()).expect("usable");
        let path = place.path().join(NAME);
        for position in 0..LENGTH {
            let (before, damage) = Keys::open(&dir).expect("a key");
            assert_eq!(damage, None, "at {position}");
            let mut bytes = fs::read(&path).expect("readable");
            bytes[position] ^= 0x10;
            fs::write(&path, &bytes).expect("writable");
            let (after, damage) = Keys::open(&dir).expect("a key");
            assert_eq!(damage.as_deref(), Some("it was damaged"), "at {position}");
            assert_ne!(before.id, after.id);
            fs::write(&path, &bytes[..position]).expect("writable");
            assert!(Keys::open(&dir).expect("a key").1.is_some(), "cut at {position}");
        }
    }

    #[test]
    fn a_key_that_others_could_read_is_replaced() {
        let place = tempfile::tempdir().expect("a directory");
        let dir = StoreDir::open(place.path()).expect("usable");
        let (before, _) = Keys::open(&dir).expect("a key");
        let path = place.path().join(NAME);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("chmod");
        let (after, damage) = Keys::open(&dir).expect("a key");
        assert_eq!(damage.as_deref(), Some("others could read it (mode 0644)"));
        assert_ne!(before.id, after.id);
    }
}
