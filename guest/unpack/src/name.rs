//! Names of entries, and where links lead.

/// Longer names are refused.
const MAX_NAME: usize = 4096;
/// Deeper names are refused.
const MAX_DEPTH: usize = 128;

/// The parts of an entry's name, which never lead upwards.
pub(crate) fn parts(name: &[u8]) -> Result<Vec<String>, String> {
    let shown = || String::from_utf8_lossy(&name[..name.len().min(200)]).into_owned();
    let text =
        std::str::from_utf8(name).map_err(|_| format!("the name {:?} is not UTF-8", shown()))?;
    if text.len() > MAX_NAME {
        return Err(format!("the name {:?}… has more than {MAX_NAME} bytes", shown()));
    }
    if text.starts_with('/') {
        return Err(format!("the name {text:?} is an absolute path"));
    }
    if text.contains('\0') {
        return Err(format!("the name {:?} has a zero byte", shown()));
    }
    let parts: Vec<String> = text
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .map(str::to_owned)
        .collect();
    if parts.iter().any(|part| part == "..") {
        return Err(format!("the name {text:?} leads out of the archive with `..`"));
    }
    if parts.len() > MAX_DEPTH {
        return Err(format!("the name {:?}… is deeper than {MAX_DEPTH} directories", shown()));
    }
    Ok(parts)
}

/// A symbolic link's target, relative to the link and within the tree: an absolute one begins at
/// the tree's root.
pub(crate) fn link_target(link: &[String], target: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(target)
        .map_err(|_| format!("the link {:?} leads to a name that is not UTF-8", link.join("/")))?;
    let above = link.len().saturating_sub(1);
    let refused = || format!("the link {:?} leads out of the archive, to {text:?}", link.join("/"));
    if text.is_empty() || text.len() > MAX_NAME || text.contains('\0') {
        return Err(format!("the link {:?} leads to no valid name", link.join("/")));
    }
    if let Some(inside) = text.strip_prefix('/') {
        let inside = parts(inside.trim_start_matches('/').as_bytes()).map_err(|_| refused())?;
        let mut relative = vec![".."; above];
        relative.extend(inside.iter().map(String::as_str));
        return Ok(if relative.is_empty() { ".".to_owned() } else { relative.join("/") });
    }
    let mut depth = above;
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => depth = depth.checked_sub(1).ok_or_else(refused)?,
            _ => depth += 1,
        }
    }
    Ok(text.to_owned())
}
