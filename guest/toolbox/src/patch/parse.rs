//! Reading unified differences.

#[derive(Clone, Debug, Default)]
pub(super) struct FilePatch {
    /// Names as they stand in the headers; `None` is `/dev/null`.
    pub(super) old: Option<Vec<u8>>,
    pub(super) new: Option<Vec<u8>>,
    pub(super) rename_from: Option<Vec<u8>>,
    /// The new mode, from git's headers.
    pub(super) mode: Option<u32>,
    pub(super) hunks: Vec<Hunk>,
}

/// Lines with their ends, except where the file has none at its end.
#[derive(Clone, Debug, Default)]
pub(super) struct Hunk {
    pub(super) old_start: usize,
    pub(super) new_start: usize,
    pub(super) lines: Vec<(Kind, Vec<u8>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Same,
    Old,
    New,
}

impl FilePatch {
    pub(super) fn reversed(self) -> Self {
        let hunks = self
            .hunks
            .into_iter()
            .map(|hunk| Hunk {
                old_start: hunk.new_start,
                new_start: hunk.old_start,
                lines: hunk
                    .lines
                    .into_iter()
                    .map(|(kind, line)| {
                        let kind = match kind {
                            Kind::Same => Kind::Same,
                            Kind::Old => Kind::New,
                            Kind::New => Kind::Old,
                        };
                        (kind, line)
                    })
                    .collect(),
            })
            .collect();
        Self { old: self.new, new: self.old, rename_from: None, mode: None, hunks }
    }

    /// The hunks with these indices, as a difference again.
    pub(super) fn text_of(&self, indices: &[usize]) -> Vec<u8> {
        let name = |name: &Option<Vec<u8>>| name.clone().unwrap_or_else(|| b"/dev/null".to_vec());
        let mut out =
            [b"--- ", &name(&self.old)[..], b"\n+++ ", &name(&self.new)[..], b"\n"].concat();
        for hunk in indices.iter().filter_map(|index| self.hunks.get(*index)) {
            let count = |not: Kind| hunk.lines.iter().filter(|(kind, _)| *kind != not).count();
            let header = format!(
                "@@ -{},{} +{},{} @@\n",
                hunk.old_start,
                count(Kind::New),
                hunk.new_start,
                count(Kind::Old)
            );
            out.extend_from_slice(header.as_bytes());
            for (kind, line) in &hunk.lines {
                out.push(match kind {
                    Kind::Same => b' ',
                    Kind::Old => b'-',
                    Kind::New => b'+',
                });
                out.extend_from_slice(line);
                if !line.ends_with(b"\n") {
                    out.extend_from_slice(b"\n\\ No newline at end of file\n");
                }
            }
        }
        out
    }
}

pub(super) fn parse(text: &[u8]) -> Result<Vec<FilePatch>, String> {
    let lines: Vec<&[u8]> = text.split_inclusive(|b| *b == b'\n').collect();
    let mut patches: Vec<FilePatch> = Vec::new();
    // What git says before the names; it may be all there is.
    let mut git: Option<FilePatch> = None;
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        let body = line.trim_ascii_end();
        let number = at + 1;
        at += 1;
        if let Some(names) = body.strip_prefix(b"diff --git ") {
            patches
                .extend(git.take().filter(|git| git.rename_from.is_some() || git.mode.is_some()));
            let new = find(names, b" b/").map(|at| names[at + 1..].to_vec());
            let old = find(names, b" b/").map(|at| names[..at].to_vec());
            git = Some(FilePatch { old, new, ..FilePatch::default() });
        } else if let (Some(name), Some(git)) = (body.strip_prefix(b"rename from "), &mut git) {
            git.rename_from = Some([b"a/", name].concat());
        } else if let (Some(mode), Some(git)) = (
            body.strip_prefix(b"new mode ").or_else(|| body.strip_prefix(b"new file mode ")),
            &mut git,
        ) {
            let mode = std::str::from_utf8(mode).ok().and_then(|m| u32::from_str_radix(m, 8).ok());
            git.mode = mode.map(|mode| mode & 0o777);
        } else if body.starts_with(b"GIT binary patch") {
            return Err(format!("line {number}: binary patches are not supported"));
        } else if body.starts_with(b"*** ")
            && lines.get(at).is_some_and(|next| next.starts_with(b"--- "))
        {
            return Err(format!(
                "line {number}: context patches are not supported; make one with diff -u"
            ));
        } else if line.starts_with(b"--- ")
            && lines.get(at).is_some_and(|next| next.starts_with(b"+++ "))
        {
            let from = git.take().unwrap_or_default();
            patches.push(FilePatch {
                old: name(&line[4..]),
                new: name(&lines[at][4..]),
                hunks: Vec::new(),
                ..from
            });
            at += 1;
        } else if line.starts_with(b"@@ -") {
            let Some(patch) = patches.last_mut() else {
                return Err(format!("line {number}: a hunk without the names of its file"));
            };
            let hunk = hunk(&lines, &mut at, body).ok_or_else(|| {
                format!("malformed patch at line {}: a hunk ends too early", at.min(lines.len()))
            })?;
            patch.hunks.push(hunk);
        }
    }
    patches.extend(git.filter(|git| git.rename_from.is_some() || git.mode.is_some()));
    Ok(patches)
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, wanted)
}

/// A name of a header ends at a tab; git may quote it.
fn name(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.trim_ascii_end();
    let text = text.split(|b| *b == b'\t').next().unwrap_or(text);
    let text = match text {
        [b'"', inner @ .., b'"'] => inner,
        other => other,
    };
    (text != b"/dev/null").then(|| text.to_vec())
}

/// `@@ -1,3 +1,4 @@` and the lines that follow.
fn hunk(lines: &[&[u8]], at: &mut usize, header: &[u8]) -> Option<Hunk> {
    let text = std::str::from_utf8(header.get(4..)?)
        .ok()
        .map_or_else(|| String::from_utf8_lossy(&header[4..]).into_owned(), str::to_owned);
    let (ranges, _) = text.split_once(" @@")?;
    let (old, new) = ranges.split_once(" +")?;
    let range = |text: &str| -> Option<(usize, usize)> {
        match text.split_once(',') {
            Some((start, count)) => Some((start.parse().ok()?, count.parse().ok()?)),
            None => Some((text.parse().ok()?, 1)),
        }
    };
    let ((old_start, mut old_left), (new_start, mut new_left)) = (range(old)?, range(new)?);
    let mut hunk = Hunk { old_start, new_start, lines: Vec::new() };
    while old_left > 0 || new_left > 0 {
        let line = *lines.get(*at)?;
        *at += 1;
        let (kind, rest) = match line.split_first() {
            Some((b' ', rest)) => (Kind::Same, rest),
            Some((b'-', rest)) => (Kind::Old, rest),
            Some((b'+', rest)) => (Kind::New, rest),
            // An editor may have taken the blank of an empty line away.
            Some((b'\n', _)) => (Kind::Same, line),
            Some((b'\\', _)) => {
                without_newline(&mut hunk);
                continue;
            }
            _ => return None,
        };
        if kind != Kind::New {
            old_left = old_left.checked_sub(1)?;
        }
        if kind != Kind::Old {
            new_left = new_left.checked_sub(1)?;
        }
        hunk.lines.push((kind, rest.to_vec()));
    }
    if lines.get(*at).is_some_and(|line| line.starts_with(b"\\ ")) {
        without_newline(&mut hunk);
        *at += 1;
    }
    Some(hunk)
}

fn without_newline(hunk: &mut Hunk) {
    if let Some((_, line)) = hunk.lines.last_mut()
        && line.ends_with(b"\n")
    {
        line.pop();
    }
}
