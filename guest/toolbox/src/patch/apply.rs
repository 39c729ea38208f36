//! Finding where hunks fit, and applying them.

use super::parse::{Hunk, Kind};

pub(super) struct Applied {
    pub(super) text: Vec<u8>,
    /// Indices of hunks that fit nowhere.
    pub(super) rejected: Vec<usize>,
    pub(super) notes: Vec<String>,
}

pub(super) fn apply(content: &[u8], hunks: &[Hunk], fuzz: usize) -> Applied {
    let lines: Vec<&[u8]> = content.split_inclusive(|b| *b == b'\n').collect();
    let mut applied = Applied { text: Vec::new(), rejected: Vec::new(), notes: Vec::new() };
    // How far the hunks before were from where they said, and how far the file is done.
    let mut offset = 0i64;
    let mut done = 0;
    for (index, hunk) in hunks.iter().enumerate() {
        let found = (0..=fuzz).find_map(|fuzz| {
            let (head, tail) = trimmed(hunk, fuzz);
            let kept = &hunk.lines[head..hunk.lines.len() - tail];
            let old: Vec<&[u8]> = kept
                .iter()
                .filter(|(kind, _)| *kind != Kind::New)
                .map(|(_, line)| &line[..])
                .collect();
            let stated =
                if old.is_empty() { hunk.old_start } else { hunk.old_start.saturating_sub(1) };
            let guess = i64::try_from(stated + head).unwrap_or(i64::MAX).saturating_add(offset);
            position(&lines, &old, guess, done).map(|at| (at, fuzz, kept, guess))
        });
        let Some((at, fuzz, kept, guess)) = found else {
            applied.notes.push(format!("Hunk #{} FAILED at {}.", index + 1, hunk.old_start));
            applied.rejected.push(index);
            continue;
        };
        let distance = i64::try_from(at).unwrap_or(i64::MAX) - guess;
        offset += distance;
        // Shown is how far it is from where it said, whatever the hunks before it did.
        let distance = offset;
        if distance != 0 || fuzz != 0 {
            let fuzzy = if fuzz > 0 { format!(" with fuzz {fuzz}") } else { String::new() };
            let plural = if distance.abs() == 1 { "" } else { "s" };
            let moved = if distance != 0 {
                format!(" (offset {distance} line{plural})")
            } else {
                String::new()
            };
            applied.notes.push(format!(
                "Hunk #{} succeeded at {}{fuzzy}{moved}.",
                index + 1,
                at + 1
            ));
        }
        for line in &lines[done..at] {
            applied.text.extend_from_slice(line);
        }
        done = at;
        for (kind, line) in kept {
            match kind {
                Kind::New => applied.text.extend_from_slice(line),
                Kind::Old => done += 1,
                // The file's own line: with fuzz or a missing newline it may differ.
                Kind::Same => {
                    applied.text.extend_from_slice(lines[done]);
                    done += 1;
                }
            }
        }
    }
    for line in &lines[done..] {
        applied.text.extend_from_slice(line);
    }
    applied
}

/// How many lines of context at the beginning and the end are left out.
fn trimmed(hunk: &Hunk, fuzz: usize) -> (usize, usize) {
    let same = |(kind, _): &&(Kind, Vec<u8>)| *kind == Kind::Same;
    let head = hunk.lines.iter().take_while(same).count();
    let tail = hunk.lines.iter().rev().take_while(same).count();
    if head == hunk.lines.len() {
        return (0, 0);
    }
    let most = head.max(tail);
    // The longer side is cut first, so that both end up alike.
    let cut = |side: usize| (fuzz + side).saturating_sub(most).min(side);
    (cut(head), cut(tail))
}

/// Where `old` stands: at the guess or as near to it as possible, not before `from`.
fn position(lines: &[&[u8]], old: &[&[u8]], guess: i64, from: usize) -> Option<usize> {
    let last = lines.len().checked_sub(old.len())?;
    let fits = |at: usize| lines[at..at + old.len()].iter().zip(old).all(|(a, b)| a == b);
    let guess =
        usize::try_from(guess.max(0)).unwrap_or(usize::MAX).clamp(from.min(last), last.max(from));
    if from > last {
        return None;
    }
    (0..=lines.len()).find_map(|distance| {
        let after = guess.checked_add(distance).filter(|at| *at <= last && *at >= from);
        let before = guess.checked_sub(distance).filter(|at| *at <= last && *at >= from);
        [after, before].into_iter().flatten().find(|at| fits(*at))
    })
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::apply;

    fn patched(content: &str, patch: &str) -> (String, usize) {
        let patches = parse(patch.as_bytes()).unwrap();
        let applied = apply(content.as_bytes(), &patches[0].hunks, 2);
        (String::from_utf8(applied.text).unwrap(), applied.rejected.len())
    }

    const PATCH: &str = "--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n";

    #[test]
    fn hunks_apply_where_they_fit() {
        assert_eq!(patched("a\nb\nc\n", PATCH), ("a\nB\nc\n".into(), 0));
        assert_eq!(patched("x\ny\na\nb\nc\n", PATCH), ("x\ny\na\nB\nc\n".into(), 0));
        assert_eq!(patched("q\nb\nc\n", PATCH), ("q\nB\nc\n".into(), 0));
        assert_eq!(patched("a\nq\nc\n", PATCH), ("a\nq\nc\n".into(), 1));
        assert_eq!(patched("", PATCH), (String::new(), 1));
    }

    #[test]
    fn files_are_made_and_emptied() {
        let new = "--- /dev/null\n+++ b/f\n@@ -0,0 +1,2 @@\n+a\n+b\n\\ No newline at end of file\n";
        assert_eq!(patched("", new), ("a\nb".into(), 0));
        let gone = "--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n";
        assert_eq!(patched("a\n", gone), (String::new(), 0));
    }
}
