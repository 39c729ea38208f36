//! The escapes of prompts: `${PS1@P}` and `PS4`.

use std::time::{SystemTime, UNIX_EPOCH};

use super::Expanded;
use crate::state::Shell;

impl Shell {
    /// A prompt with its escapes decoded and then, as `promptvars` is on, its expansions made.
    pub(crate) fn prompt(&mut self, text: &[u8]) -> Expanded<Vec<u8>> {
        let decoded = self.prompt_escapes(text);
        if !self.shopts.promptvars {
            return Ok(decoded);
        }
        let word = crate::syntax::here_text(&decoded, self.line, self.syntax());
        self.expand_here(&word)
    }

    fn prompt_escapes(&mut self, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut rest = text;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            if byte != b'\\' {
                out.push(byte);
                continue;
            }
            let Some((&letter, after)) = rest.split_first() else {
                out.push(b'\\');
                break;
            };
            rest = after;
            match letter {
                b'0'..=b'7' => {
                    let digits =
                        1 + rest.iter().take(2).take_while(|b| matches!(b, b'0'..=b'7')).count();
                    let all = &text[text.len() - rest.len() - 1..][..digits];
                    rest = &rest[digits - 1..];
                    let value = all.iter().fold(0u32, |v, b| v * 8 + u32::from(b - b'0'));
                    out.push(value as u8);
                }
                b'D' if rest.first() == Some(&b'{') => {
                    let end = rest.iter().position(|&b| b == b'}').unwrap_or(rest.len());
                    let format = if end > 1 { &rest[1..end] } else { b"%H:%M:%S" };
                    out.extend_from_slice(&now(format));
                    rest = &rest[(end + 1).min(rest.len())..];
                }
                letter => self.prompt_escape(letter, &mut out),
            }
        }
        out
    }

    fn prompt_escape(&mut self, letter: u8, out: &mut Vec<u8>) {
        match letter {
            b'a' => out.push(7),
            b'e' => out.push(27),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b'd' => out.extend_from_slice(&now(b"%a %b %d")),
            b't' => out.extend_from_slice(&now(b"%H:%M:%S")),
            b'T' => out.extend_from_slice(&now(b"%I:%M:%S")),
            b'@' => out.extend_from_slice(&now(b"%I:%M %p")),
            b'A' => out.extend_from_slice(&now(b"%H:%M")),
            b'$' => out.push(b'#'),
            b'u' => out.extend_from_slice(b"root"),
            b'h' | b'H' => out.extend_from_slice(b"greenroom"),
            b'w' | b'W' => {
                let shown = self.shown_directory(letter == b'W');
                // What follows is expanded: the directory's name must not be.
                for byte in shown {
                    if matches!(byte, b'$' | b'`' | b'\\') {
                        out.push(b'\\');
                    }
                    out.push(byte);
                }
            }
            b's' => {
                let name = self.name.rsplit(|&b| b == b'/').next().unwrap_or_default();
                out.extend_from_slice(name);
            }
            b'v' => out.extend_from_slice(b"5.2"),
            b'V' => out.extend_from_slice(b"5.2.15"),
            b'j' => out.extend_from_slice(
                self.jobs.list.iter().filter(|j| j.is_running()).count().to_string().as_bytes(),
            ),
            // There is no terminal and no history.
            b'l' => out.extend_from_slice(b"tty"),
            b'!' => out.push(b'1'),
            b'#' => out.push(b'0'),
            b'\\' => out.push(b'\\'),
            b'[' | b']' => {}
            other => out.extend_from_slice(&[b'\\', other]),
        }
    }

    /// The working directory with `~` for the home directory, or only its last part.
    fn shown_directory(&self, last: bool) -> Vec<u8> {
        let home = self.vars.get(b"HOME").and_then(|v| v.scalar()).unwrap_or_default();
        if !home.is_empty() && self.cwd == home {
            return b"~".to_vec();
        }
        if last {
            let name = self.cwd.rsplit(|&b| b == b'/').next().unwrap_or_default();
            return if name.is_empty() { b"/".to_vec() } else { name.to_vec() };
        }
        match self.cwd.strip_prefix(home) {
            Some(rest) if home.len() > 1 && rest.starts_with(b"/") => [b"~", rest].concat(),
            _ => self.cwd.clone(),
        }
    }
}

/// The time in a format of `strftime`.
fn now(format: &[u8]) -> Vec<u8> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    crate::builtins::strftime(format, since.as_secs() as i64)
}
