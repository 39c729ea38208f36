//! Special parameters, and variables whose value is computed.

use std::time::{SystemTime, UNIX_EPOCH};

use super::Expanded;
use crate::state::{Mode, Shell};
use crate::vars::{Attributes, Value};

/// What `BASH_VERSION` says: the language level that scripts may rely on.
pub(crate) const BASH_VERSION: &str = "5.2.15(1)-release";

impl Shell {
    /// `$#`, `$?`, `$-`, `$$`, `$!` and `$0`.
    pub(super) fn special_parameter(&self, byte: u8) -> Option<Vec<u8>> {
        Some(match byte {
            b'#' => self.positional.len().to_string().into_bytes(),
            b'?' => self.status.to_string().into_bytes(),
            b'$' => self.pid.to_string().into_bytes(),
            b'!' => return self.last_background.map(|pid| pid.to_string().into_bytes()),
            b'-' => self.option_letters(),
            _ => self.name.clone(),
        })
    }

    pub(crate) fn option_letters(&self) -> Vec<u8> {
        let mut letters = self.options.letters();
        if self.interactive {
            let at = letters.iter().position(|letter| *letter > b'i').unwrap_or(letters.len());
            letters.insert(at, b'i');
        }
        match self.mode {
            Mode::Command | Mode::Job => letters.push(b'c'),
            Mode::Stdin => letters.push(b's'),
            Mode::Script => {}
        }
        letters
    }

    /// The value of a variable without subscript.
    pub(crate) fn get(&mut self, name: &[u8]) -> Option<Vec<u8>> {
        if let Some(variable) = self.vars.get(name) {
            if variable.attributes.has(Attributes::NAMEREF) {
                let target = self.resolve(name);
                let circular = self.nameref_target(&target).is_some_and(|t| !t.is_empty());
                if circular {
                    let shown = crate::bytes::display(name).into_owned();
                    self.error(&format!("warning: {shown}: circular name reference"));
                }
                if *target == *name || circular {
                    return None;
                }
                if let Some((array, index)) = split_element(&target) {
                    let index = self.subscript(index).ok()?;
                    return self.element(array, &index).ok().flatten();
                }
                return self.get(&target);
            }
            // What the shell itself provides is a readonly variable without a value of its own.
            if variable.is_set() || !variable.attributes.has(Attributes::READONLY) {
                return variable.scalar().map(<[u8]>::to_vec);
            }
        }
        if name == b"RANDOM" {
            return Some(self.next_random().to_string().into_bytes());
        }
        self.dynamic(name).or_else(|| self.dynamic_array(name)?.into_iter().next())
    }

    pub(crate) fn dynamic(&self, name: &[u8]) -> Option<Vec<u8>> {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Some(match name {
            b"LINENO" => self.line.to_string().into_bytes(),
            b"SECONDS" => {
                let elapsed = self.started.elapsed().as_secs() as i64 + self.seconds_offset;
                elapsed.to_string().into_bytes()
            }
            b"EPOCHSECONDS" => now().as_secs().to_string().into_bytes(),
            b"EPOCHREALTIME" => {
                format!("{}.{:06}", now().as_secs(), now().subsec_micros()).into_bytes()
            }
            b"BASHPID" => greenroom_process::getpid().to_string().into_bytes(),
            b"PPID" => greenroom_process::getppid().to_string().into_bytes(),
            b"BASH_SUBSHELL" => self.subshells.to_string().into_bytes(),
            b"BASH_COMMAND" => self.current_command.to_vec(),
            b"UID" | b"EUID" => b"0".to_vec(),
            b"BASH_VERSION" => BASH_VERSION.into(),
            b"BASH" => b"/bin/bash".to_vec(),
            b"HOSTTYPE" => b"wasm32".to_vec(),
            b"OSTYPE" => b"linux-gnu".to_vec(),
            b"MACHTYPE" => b"wasm32-unknown-linux-gnu".to_vec(),
            b"HOSTNAME" => b"greenroom".to_vec(),
            b"_" => self.last_argument.clone(),
            b"SHELLOPTS" => {
                let on: Vec<_> =
                    self.options.list().into_iter().filter(|o| o.1).map(|o| o.0).collect();
                on.join(":").into_bytes()
            }
            b"BASHOPTS" => {
                let on: Vec<_> =
                    self.shopts.list().into_iter().filter(|o| o.1).map(|o| o.0).collect();
                on.join(":").into_bytes()
            }
            _ => return None,
        })
    }

    /// Arrays whose elements are computed.
    pub(crate) fn dynamic_array(&self, name: &[u8]) -> Option<Vec<Vec<u8>>> {
        Some(match name {
            b"PIPESTATUS" => self.pipe_status.iter().map(|s| s.to_string().into_bytes()).collect(),
            b"FUNCNAME" => {
                if self.frames.iter().all(|f| f.function.is_none()) {
                    return None;
                }
                let mut names: Vec<Vec<u8>> = self
                    .frames
                    .iter()
                    .rev()
                    .map(|f| f.function.as_ref().map_or(b"source".to_vec(), |f| f.name.to_vec()))
                    .collect();
                if self.mode == Mode::Script {
                    names.push(b"main".to_vec());
                }
                names
            }
            b"BASH_SOURCE" => {
                let mut sources: Vec<Vec<u8>> =
                    self.frames.iter().rev().map(|f| f.source.to_vec()).collect();
                if self.mode == Mode::Script {
                    sources.push(self.source.to_vec());
                }
                sources
            }
            b"BASH_LINENO" => {
                let mut lines: Vec<Vec<u8>> = self
                    .frames
                    .iter()
                    .rev()
                    .map(|f| f.call_line.to_string().into_bytes())
                    .collect();
                if self.mode == Mode::Script {
                    lines.push(b"0".to_vec());
                }
                lines
            }
            b"DIRSTACK" => {
                let mut all = vec![self.cwd.clone()];
                all.extend(self.directories.iter().cloned());
                all
            }
            b"BASH_VERSINFO" => ["5", "2", "15", "1", "release", "wasm32-unknown-linux-gnu"]
                .iter()
                .map(|t| t.as_bytes().to_vec())
                .collect(),
            b"GROUPS" => vec![b"0".to_vec()],
            _ => return None,
        })
    }

    fn next_random(&mut self) -> u32 {
        // Marsaglia's xorshift: scripts want variety, not secrecy.
        let mut x = self.random | 1;
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        self.random = x;
        (x >> 8) & 0x7fff
    }

    /// A subscript that comes from a value (`unset 'a[$i]'`, name references, arithmetic): it is
    /// expanded as if it stood in the script.
    pub(crate) fn subscript(&mut self, text: &[u8]) -> Expanded<Vec<u8>> {
        if !text.iter().any(|&b| matches!(b, b'$' | b'`' | b'\\' | b'"' | b'\'')) {
            return Ok(text.to_vec());
        }
        match crate::syntax::subscript(text, self.line, self.syntax()) {
            Ok(word) => self.expand_single(&word),
            Err(_) => Ok(text.to_vec()),
        }
    }

    /// One element of an array, or of a scalar with index 0.
    pub(crate) fn element(&mut self, name: &[u8], index: &[u8]) -> Expanded<Option<Vec<u8>>> {
        let name = self.resolve(name);
        if let Some(Value::Assoc(items)) = self.vars.get(&name).map(|v| &v.value) {
            return Ok(items.get(index).cloned());
        }
        let number = self.arith_text(index)?;
        let found = match self.vars.get(&name).map(|v| &v.value) {
            Some(Value::Indexed(items)) => {
                let number = if number < 0 {
                    items.keys().next_back().map_or(0, |k| *k as i64 + 1) + number
                } else {
                    number
                };
                if number < 0 {
                    self.error(&format!("{}: bad array subscript", crate::bytes::display(&name)));
                    return Ok(None);
                }
                items.get(&(number as u64)).cloned()
            }
            Some(Value::Scalar(text)) if number == 0 || number == -1 => Some(text.clone()),
            Some(_) => None,
            None => match self.dynamic_array(&name) {
                Some(items) => {
                    let number = if number < 0 { items.len() as i64 + number } else { number };
                    usize::try_from(number).ok().and_then(|n| items.get(n).cloned())
                }
                None if number == 0 => self.get(&name),
                None => None,
            },
        };
        Ok(found)
    }
}

/// `name[subscript]`.
pub(crate) fn split_element(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let open = text.iter().position(|&b| b == b'[')?;
    let (name, rest) = text.split_at(open);
    Some((name, rest.strip_prefix(b"[")?.strip_suffix(b"]")?))
}
