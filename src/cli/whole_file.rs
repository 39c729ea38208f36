use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::failure::Failure;

/// Writes a file in one go: nobody finds half of it, also after a crash. What it replaces is gone.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    // As any program's files; a temporary one is nobody else's otherwise.
    let permissions = Permissions::from_mode(0o666);
    let written = tempfile::Builder::new()
        .permissions(permissions)
        .tempfile_in(directory.unwrap_or(Path::new(".")))
        .and_then(|mut file| {
            file.write_all(content)?;
            file.as_file().sync_all()?;
            file.persist(path).map_err(|error| error.error)
        });
    let refused = |error| Failure::unable(format!("cannot write {}: {error}", path.display()));
    written.map(drop).map_err(refused)
}
