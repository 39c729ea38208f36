//! `[[ … ]]`, and the tests that it shares with `test`.

use std::time::SystemTime;

use crate::bytes;
use crate::expand::Mode;
use crate::pattern::Pattern;
use crate::state::{Flow, Shell, Unwind};
use crate::syntax::ast::{Cond, CondOp};
use crate::vars::Value;

impl Shell {
    pub(super) fn condition(&mut self, cond: &Cond) -> Flow {
        match self.cond_value(cond) {
            Ok(value) => Ok(u8::from(!value)),
            Err(Unwind::Discard(status)) => Ok(status),
            Err(unwind) => Err(unwind),
        }
    }

    fn cond_value(&mut self, cond: &Cond) -> Result<bool, Unwind> {
        match cond {
            Cond::Group(inner) => self.cond_value(inner),
            Cond::Not(inner) => Ok(!self.cond_value(inner)?),
            Cond::And(left, right) => Ok(self.cond_value(left)? && self.cond_value(right)?),
            Cond::Or(left, right) => Ok(self.cond_value(left)? || self.cond_value(right)?),
            Cond::Word(word) => {
                let text = self.expand_single(word)?;
                self.trace_cond(&[b"-n", raw(&text)])?;
                Ok(!text.is_empty())
            }
            Cond::Unary(op, word) => {
                let text = self.expand_single(word)?;
                self.trace_cond(&[&[b'-', *op], raw(&text)])?;
                self.unary_test(*op, &text)
            }
            Cond::Binary(op, left, right) => {
                let left = self.expand_single(left)?;
                let right = match op {
                    CondOp::Match | CondOp::Equal | CondOp::NotMatch => {
                        self.expand_pattern(right)?
                    }
                    CondOp::Regex => self.expand_as(right, Mode::Regex)?,
                    _ => self.expand_single(right)?,
                };
                self.trace_cond(&[raw(&left), op.name(), raw(&right)])?;
                self.binary_test(*op, &left, &right)
            }
        }
    }

    fn trace_cond(&mut self, words: &[&[u8]]) -> Result<(), Unwind> {
        if !self.options.xtrace {
            return Ok(());
        }
        let text = [b"[[ ", &words.join(&b' ')[..], b" ]]"].concat();
        self.trace(&text)
    }

    pub(crate) fn binary_test(
        &mut self,
        op: CondOp,
        left: &[u8],
        right: &[u8],
    ) -> Result<bool, Unwind> {
        let pattern = |sh: &Self| Pattern::new(right, true, sh.shopts.nocasematch).matches(left);
        Ok(match op {
            CondOp::Match | CondOp::Equal => pattern(self),
            CondOp::NotMatch => !pattern(self),
            CondOp::Regex => return self.regex_test(left, right),
            CondOp::Before => left < right,
            CondOp::After => left > right,
            CondOp::NewerThan | CondOp::OlderThan => {
                let (newer, older) =
                    if op == CondOp::NewerThan { (left, right) } else { (right, left) };
                match (self.modified(newer), self.modified(older)) {
                    (Some(a), Some(b)) => a > b,
                    (Some(_), None) => true,
                    _ => false,
                }
            }
            CondOp::SameFile => self.same_file(left, right),
            _ => {
                let (a, b) = (self.cond_number(left)?, self.cond_number(right)?);
                match op {
                    CondOp::Eq => a == b,
                    CondOp::Ne => a != b,
                    CondOp::Lt => a < b,
                    CondOp::Le => a <= b,
                    CondOp::Gt => a > b,
                    _ => a >= b,
                }
            }
        })
    }

    /// Operands of `-eq` and the like are expressions in `[[ ]]`.
    fn cond_number(&mut self, text: &[u8]) -> Result<i64, Unwind> {
        match crate::arith::eval_text(text, self) {
            Ok(value) => Ok(value),
            Err(crate::arith::ArithError::Message(message)) => {
                self.arith_depth = 0;
                self.error(&format!("[[: {}", bytes::display(&message)));
                Err(Unwind::Discard(1))
            }
            Err(crate::arith::ArithError::Unbound(name)) => Err(self.unbound(&name)),
            Err(crate::arith::ArithError::Reported) => Err(Unwind::Discard(1)),
        }
    }

    fn modified(&self, path: &[u8]) -> Option<SystemTime> {
        std::fs::metadata(self.path(path)).ok()?.modified().ok()
    }

    pub(crate) fn same_file(&self, left: &[u8], right: &[u8]) -> bool {
        let real = |path: &[u8]| {
            std::fs::metadata(self.path(path)).ok()?;
            Some(self.real_path(&self.absolute(path)))
        };
        matches!((real(left), real(right)), (Some(a), Some(b)) if a == b)
    }

    /// An absolute path with its symbolic links followed.
    pub(crate) fn real_path(&self, path: &[u8]) -> Vec<u8> {
        let mut done = b"/".to_vec();
        let mut todo: Vec<Vec<u8>> = path.split(|&b| b == b'/').rev().map(<[u8]>::to_vec).collect();
        let mut links = 0;
        while let Some(part) = todo.pop() {
            match part.as_slice() {
                b"" | b"." => continue,
                b".." => {
                    done = crate::paths::normalize(&[&done[..], b"/.."].concat());
                    continue;
                }
                _ => {}
            }
            let mut next = done.clone();
            if !next.ends_with(b"/") {
                next.push(b'/');
            }
            next.extend_from_slice(&part);
            match std::fs::read_link(self.path(&next)) {
                Ok(target) if links < 40 => {
                    links += 1;
                    let target = target.into_os_string().into_encoded_bytes();
                    if target.starts_with(b"/") {
                        done = b"/".to_vec();
                    }
                    todo.extend(target.split(|&b| b == b'/').rev().map(<[u8]>::to_vec));
                }
                _ => done = next,
            }
        }
        done
    }

    fn regex_test(&mut self, text: &[u8], pattern: &[u8]) -> Result<bool, Unwind> {
        let (groups, matched) = match crate::regex::search(pattern, text, self.shopts.nocasematch) {
            Ok(Some(groups)) => (groups, true),
            Ok(None) => (Vec::new(), false),
            // As in bash: status 2, without a message.
            Err(crate::regex::Invalid) => return Err(Unwind::Discard(2)),
        };
        self.vars.entry(b"BASH_REMATCH").value = Value::Indexed((0..).zip(groups).collect());
        Ok(matched)
    }

    pub(crate) fn unary_test(&mut self, op: u8, text: &[u8]) -> Result<bool, Unwind> {
        let path = self.path(text);
        let metadata = || std::fs::metadata(&path).ok();
        Ok(match op {
            b'n' => !text.is_empty(),
            b'z' => text.is_empty(),
            b'v' => self.variable_test(text)?,
            b'R' => self.nameref_target(text).is_some(),
            b'o' => self.options.by_name(text).is_some_and(|flag| *flag),
            b't' => self.is_terminal(text),
            b'a' | b'e' => metadata().is_some(),
            b'f' => metadata().is_some_and(|m| m.is_file()),
            b'd' => metadata().is_some_and(|m| m.is_dir()),
            b's' => metadata().is_some_and(|m| m.len() > 0),
            b'h' | b'L' => std::fs::symlink_metadata(&path).is_ok_and(|m| m.is_symlink()),
            b'r' | b'O' | b'G' => metadata().is_some(),
            b'w' => {
                metadata().is_some()
                    && self.mode_of(text, true).is_none_or(|mode| mode & 0o222 != 0)
            }
            b'x' => metadata().is_some_and(|m| {
                m.is_dir() || self.mode_of(text, true).is_some_and(|mode| mode & 0o111 != 0)
            }),
            b'N' => metadata().is_some_and(|m| match (m.modified(), m.accessed()) {
                (Ok(modified), Ok(accessed)) => modified > accessed,
                _ => false,
            }),
            b'c' | b'b' | b'p' | b'S' => {
                let kind = self.mode_of(text, true).map_or(0, |mode| mode & 0o170_000);
                kind == match op {
                    b'c' => 0o020_000,
                    b'b' => 0o060_000,
                    b'p' => 0o010_000,
                    _ => 0o140_000,
                }
            }
            b'u' | b'g' | b'k' => {
                let bit = match op {
                    b'u' => 0o4000,
                    b'g' => 0o2000,
                    _ => 0o1000,
                };
                self.mode_of(text, true).is_some_and(|mode| mode & bit != 0)
            }
            _ => false,
        })
    }

    /// `-v name` and `-v name[subscript]`.
    fn variable_test(&mut self, text: &[u8]) -> Result<bool, Unwind> {
        if let Some((name, index)) = crate::expand::split_element(text) {
            if matches!(index, b"@" | b"*") {
                return Ok(!self.elements(name).is_empty());
            }
            let index = self.subscript(index)?;
            return Ok(self.element(name, &index)?.is_some());
        }
        if let Some(number) = bytes::parse_int(text) {
            return Ok(
                number == 0 || usize::try_from(number).is_ok_and(|n| n <= self.positional.len())
            );
        }
        Ok(self.get(text).is_some())
    }

    fn is_terminal(&self, text: &[u8]) -> bool {
        use std::io::IsTerminal;
        let raw = bytes::parse_int(text)
            .and_then(|n| u32::try_from(n).ok())
            .and_then(|n| self.fds.get(n))
            .map(crate::fds::Handle::raw);
        match raw {
            Some(0) => std::io::stdin().is_terminal(),
            Some(1) => std::io::stdout().is_terminal(),
            Some(2) => std::io::stderr().is_terminal(),
            _ => false,
        }
    }
}

/// An operand in the trace, which shows empty ones.
fn raw(text: &[u8]) -> &[u8] {
    if text.is_empty() { b"''" } else { text }
}
