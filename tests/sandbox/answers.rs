//! Compares what a call answered with what a case expects.

use crate::function::Parameter;
use crate::names;
use crate::puppet::Kind;
use crate::script::{Call, Script, plain, same};
use crate::text::Word;

impl Script {
    pub(crate) fn results<'w>(
        &mut self,
        call: &Call,
        expected: &mut impl Iterator<Item = &'w Word>,
    ) -> Result<(), String> {
        let (results, buffers) = call.written.split_at(call.results.len());
        // How much of the buffers counts, where the first result is a length.
        let mut used = None;
        for ((parameter, ..), bytes) in call.results.iter().zip(results) {
            if *parameter == Parameter::OutU32 && used.is_none() {
                used = Some(u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize);
            }
            let Some(word) = expected.next() else { continue };
            self.result(*parameter, bytes, word)?;
        }
        let Some(word) = expected.next() else { return Ok(()) };
        let kind = call.buffers.first().map(|(parameter, ..)| *parameter);
        let mut bytes = buffers.concat();
        match (kind, word) {
            (Some(Parameter::Subscriptions), Word::List(events)) => {
                bytes.truncate(32 * used.unwrap_or(0));
                let found: Vec<String> = bytes.chunks(32).map(event).collect();
                let wanted: Vec<String> = events.iter().map(plain).collect();
                same("events", &wanted, &found)
            }
            (Some(_), Word::Text(text)) => {
                bytes.truncate(used.unwrap_or(bytes.len()));
                let found = String::from_utf8_lossy(&bytes).into_owned();
                same("data", &String::from_utf8_lossy(text).into_owned(), &found)
            }
            (Some(_), Word::List(names)) => {
                bytes.truncate(used.unwrap_or(bytes.len()));
                let mut wanted: Vec<String> = names.iter().map(plain).collect();
                wanted.sort();
                same("entries", &wanted, &entries(&bytes))
            }
            (_, word) => Err(format!("nothing matches {word:?}")),
        }
    }

    /// Looks for secrets in all that a call has written.
    pub(crate) fn nothing_secret(&self, name: &str, call: &Call) -> Result<(), String> {
        let (results, buffers) = call.written.split_at(call.results.len());
        for ((parameter, ..), bytes) in call.results.iter().zip(results) {
            let word64 = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
            if *parameter == Parameter::OutFilestat
                && self.secrets.files.contains(&(word64(0), word64(8)))
            {
                return Err("it describes a file that lies outside".to_owned());
            }
        }
        for bytes in buffers {
            let holds = |secret: &[u8]| bytes.windows(secret.len()).any(|part| part == secret);
            if self.secrets.contents.iter().any(|secret| holds(secret)) {
                return Err(format!("a secret came back: {}", bytes.escape_ascii()));
            }
            let seen = if name == "fd_readdir" { entries(bytes) } else { Vec::new() };
            if self.secrets.names.iter().any(|name| seen.contains(name)) {
                return Err(format!("it lists a directory that lies outside: {seen:?}"));
            }
        }
        Ok(())
    }

    fn result(&mut self, parameter: Parameter, bytes: &[u8], word: &Word) -> Result<(), String> {
        let word32 =
            |at: usize| u64::from(u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()));
        let word64 = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        let fields: Vec<(&str, u64)> = match parameter {
            Parameter::OutU32 => vec![("", word32(0))],
            Parameter::OutU64 => vec![("", word64(0))],
            Parameter::OutPrestat => vec![("tag", word32(0)), ("len", word32(4))],
            Parameter::OutFdstat => vec![
                ("type", u64::from(bytes[0])),
                ("flags", word32(0) >> 16),
                ("rights", word64(8)),
                ("inheriting", word64(16)),
            ],
            Parameter::OutFilestat => {
                let links = if self.kind == Kind::Unstable { word32(20) } else { word64(24) };
                let rest = if self.kind == Kind::Unstable { 24 } else { 32 };
                if self.kind == Kind::Unstable && bytes[56..] != [0xaa; 8] {
                    return Err("a filestat of wasi_unstable is 56 bytes long".to_owned());
                }
                vec![
                    ("dev", word64(0)),
                    ("ino", word64(8)),
                    ("type", u64::from(bytes[16])),
                    ("links", links),
                    ("size", word64(rest)),
                    ("atim", word64(rest + 8)),
                    ("mtim", word64(rest + 16)),
                    ("ctim", word64(rest + 24)),
                ]
            }
            Parameter::OutWords(count) => {
                let names = ["a", "b", "c", "d"];
                (0..count as usize).map(|at| (names[at], word32(4 * at))).collect()
            }
            _ => return Err("this is no result".to_owned()),
        };
        match word {
            Word::Plain(wanted) => self.matches("result", wanted, fields[0].1),
            Word::Fields(words) => {
                for word in words {
                    self.field(&fields, &plain(word))?;
                }
                Ok(())
            }
            other => Err(format!("{other:?} is no result")),
        }
    }

    /// `name=value`, or `name+FLAGS` and `name-FLAGS` for bits that are set and not set.
    fn field(&mut self, fields: &[(&str, u64)], text: &str) -> Result<(), String> {
        let at = text.find(['=', '+', '-']).ok_or("write name=value")?;
        let (name, wanted) = (&text[..at], &text[at + 1..]);
        let found = fields.iter().find(|(field, _)| *field == name);
        let found = found.ok_or_else(|| format!("there is no {name}"))?.1;
        if text.as_bytes()[at] == b'=' {
            return self.matches(name, wanted, found);
        }
        let flags = self.number(&Word::Plain(wanted.to_owned()))?;
        let wanted = if text.as_bytes()[at] == b'+' { flags } else { 0 };
        same(text, &format!("{wanted:#x}"), &format!("{:#x}", found & flags))
    }

    /// `_` anything, `=name` anything and keep it, `>N`, `<N`, or the number.
    pub(crate) fn matches(&mut self, what: &str, wanted: &str, found: u64) -> Result<(), String> {
        if wanted == "_" {
            return Ok(());
        }
        if let Some(name) = wanted.strip_prefix('=') {
            self.variables.insert(name.to_owned(), found);
            return Ok(());
        }
        let number = |text: &str| self.number(&Word::Plain(text.to_owned()));
        if let Some(least) = wanted.strip_prefix('>') {
            let least = number(least)?;
            return if found > least { Ok(()) } else { Err(format!("{what} is {found}")) };
        }
        if let Some(most) = wanted.strip_prefix('<') {
            let most = number(most)?;
            return if found < most { Ok(()) } else { Err(format!("{what} is {found}")) };
        }
        same(what, &number(wanted)?, &found)
    }
}

/// `INDEX:TYPE:ERRNO[:hangup]`
fn event(bytes: &[u8]) -> String {
    let user_data = u64::from_le_bytes(bytes[..8].try_into().unwrap());
    let errno = u16::from_le_bytes([bytes[8], bytes[9]]);
    let kind = ["clock", "read", "write"].get(usize::from(bytes[10])).unwrap_or(&"?");
    let hangup = if bytes[24] & 1 == 1 { ":hangup" } else { "" };
    format!("{}:{kind}:{}{hangup}", user_data.wrapping_sub(100), names::errno(errno.into()))
}

/// The names of whole directory entries, sorted.
fn entries(mut bytes: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    while bytes.len() >= 24 {
        let len = u32::from_le_bytes(bytes[16..20].try_into().unwrap()) as usize;
        let Some(name) = bytes.get(24..24 + len) else { break };
        names.push(String::from_utf8_lossy(name).into_owned());
        bytes = &bytes[24 + len..];
    }
    names.sort();
    names
}
