//! Symbolic and octal modes, as POSIX's `chmod` describes them.

/// The bits `who` stands for: (`u`, `g`, `o`) masks over permission and sticky bits.
fn who_mask(who: u8) -> u32 {
    match who {
        b'u' => 0o4700,
        b'g' => 0o2070,
        b'o' => 0o1007,
        _ => 0o7777,
    }
}

/// Applies `text` to a file's `mode`; `directory` matters for `X`. `None` when it is no mode.
pub(crate) fn apply(text: &str, mode: u32, directory: bool, umask: u32) -> Option<u32> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        let value = u32::from_str_radix(text, 8).ok().filter(|&value| value <= 0o7777)?;
        // A short octal mode leaves a directory's set-ID bits alone, as GNU does.
        let kept = if directory && text.len() < 5 { mode & 0o6000 } else { 0 };
        return Some(value | kept);
    }
    text.split(',').try_fold(mode & 0o7777, |mode, clause| one(clause, mode, directory, umask))
}

fn one(clause: &str, mut mode: u32, directory: bool, umask: u32) -> Option<u32> {
    let bytes = clause.as_bytes();
    let end = bytes.iter().position(|b| !b"ugoa".contains(b))?;
    let (who, mut rest) = bytes.split_at(end);
    let mask = who.iter().fold(0, |mask, &w| mask | who_mask(w));
    // Without a "who" everyone is meant, except for the bits of the mask.
    let (mask, allowed) = if who.is_empty() { (0o7777, !umask) } else { (mask, !0) };
    if rest.is_empty() {
        return None;
    }
    while let Some((&operator, after)) = rest.split_first() {
        let end = after.iter().position(|b| b"+-=".contains(b)).unwrap_or(after.len());
        let (letters, next) = after.split_at(end);
        let mut bits = 0;
        for (index, letter) in letters.iter().enumerate() {
            bits |= match letter {
                b'r' => 0o444,
                b'w' => 0o222,
                b'x' => 0o111,
                b'X' if directory || mode & 0o111 != 0 => 0o111,
                b'X' => 0,
                b's' => 0o6000,
                b't' => 0o1000,
                b'u' if index == 0 => spread(mode >> 6),
                b'g' if index == 0 => spread(mode >> 3),
                b'o' if index == 0 => spread(mode),
                _ => return None,
            };
        }
        let bits = bits & mask & allowed;
        mode = match operator {
            b'+' => mode | bits,
            b'-' => mode & !bits,
            b'=' => mode & !(mask & allowed_for_equals(mask, directory)) | bits,
            _ => return None,
        };
        rest = next;
    }
    Some(mode)
}

/// `=` replaces the permission bits, and a file's set-ID bits, of those it names.
fn allowed_for_equals(mask: u32, directory: bool) -> u32 {
    if directory { mask & 0o1777 } else { mask }
}

fn spread(three: u32) -> u32 {
    let three = three & 7;
    three << 6 | three << 3 | three
}

/// `drwxr-xr-x`.
pub(crate) fn display(mode: u32) -> String {
    use crate::sys;
    let kind = match mode & sys::TYPE {
        sys::DIRECTORY => 'd',
        sys::SYMLINK => 'l',
        sys::CHARACTER => 'c',
        sys::BLOCK => 'b',
        sys::FIFO => 'p',
        sys::SOCKET => 's',
        _ => '-',
    };
    let mut text = String::from(kind);
    for (shift, special, with, without) in
        [(6, 0o4000, 's', 'S'), (3, 0o2000, 's', 'S'), (0, 0o1000, 't', 'T')]
    {
        let three = mode >> shift;
        text.push(if three & 4 != 0 { 'r' } else { '-' });
        text.push(if three & 2 != 0 { 'w' } else { '-' });
        text.push(match (three & 1 != 0, mode & special != 0) {
            (true, true) => with,
            (false, true) => without,
            (true, false) => 'x',
            (false, false) => '-',
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{apply, display};

    #[test]
    fn octal_and_symbolic_modes() {
        for (text, from, to) in [
            ("755", 0o644, 0o755),
            ("0600", 0o777, 0o600),
            ("+x", 0o644, 0o755),
            ("u+x", 0o644, 0o744),
            ("a-w", 0o666, 0o444),
            ("go=", 0o777, 0o700),
            ("u=rwx,go=rx", 0o000, 0o755),
            ("g=u", 0o740, 0o770),
            ("+X", 0o644, 0o644),
            ("a+X", 0o744, 0o755),
            ("u-x+w", 0o500, 0o600),
            ("+t", 0o755, 0o1755),
        ] {
            assert_eq!(apply(text, from, false, 0o022), Some(to), "{text}");
        }
        for text in ["", "8", "u", "u+q", "99999", "z+x", "+x,"] {
            if !text.is_empty() {
                assert_eq!(apply(text, 0o644, false, 0o022), None, "{text}");
            }
        }
        assert_eq!(apply("a+X", 0o644, true, 0o022), Some(0o755));
        assert_eq!(apply("+w", 0o444, false, 0o022), Some(0o644));
    }

    #[test]
    fn display_shows_types_and_special_bits() {
        assert_eq!(display(0o100_755), "-rwxr-xr-x");
        assert_eq!(display(0o041_777), "drwxrwxrwt");
        assert_eq!(display(0o120_777), "lrwxrwxrwx");
        assert_eq!(display(0o104_644), "-rwSr--r--");
    }
}
