//! `test` and `[` as commands, for programs that start them; the shell has its own.

use crate::io::complain;
use crate::options::bytes;
use crate::sys::{self, Stat};
use std::ffi::OsString;
use std::io::IsTerminal;

pub(crate) fn main(name: &str, mut args: Vec<OsString>) -> u8 {
    if name == "[" && args.pop().is_none_or(|last| last != "]") {
        complain(name, "missing ']'");
        return 2;
    }
    let mut parser = Parser { args: &args, at: 0 };
    let result = match args.len() {
        0 => Ok(false),
        1 => Ok(!args[0].is_empty()),
        _ => parser.or().and_then(|value| {
            if parser.at == args.len() {
                Ok(value)
            } else {
                Err(format!("extra argument '{}'", args[parser.at].display()))
            }
        }),
    };
    match result {
        Ok(value) => u8::from(!value),
        Err(message) => {
            complain(name, message);
            2
        }
    }
}

struct Parser<'a> {
    args: &'a [OsString],
    at: usize,
}

type Outcome = Result<bool, String>;

impl<'a> Parser<'a> {
    fn peek(&self, ahead: usize) -> Option<&'a [u8]> {
        self.args.get(self.at + ahead).map(|arg| bytes(arg))
    }

    fn or(&mut self) -> Outcome {
        let mut value = self.and()?;
        while self.peek(0) == Some(b"-o") {
            self.at += 1;
            let right = self.and()?;
            value |= right;
        }
        Ok(value)
    }

    fn and(&mut self) -> Outcome {
        let mut value = self.not()?;
        while self.peek(0) == Some(b"-a") {
            self.at += 1;
            let right = self.not()?;
            value &= right;
        }
        Ok(value)
    }

    fn not(&mut self) -> Outcome {
        // `! = x` compares the string "!", as POSIX's rules for three arguments demand.
        if self.peek(0) == Some(b"!") && !(self.args.len() == 3 && self.binary_at(1)) {
            self.at += 1;
            return self.not().map(|value| !value);
        }
        self.primary()
    }

    fn binary_at(&self, ahead: usize) -> bool {
        const BINARY: [&[u8]; 13] = [
            b"=", b"==", b"!=", b"<", b">", b"-eq", b"-ne", b"-lt", b"-le", b"-gt", b"-ge", b"-nt",
            b"-ot",
        ];
        self.peek(ahead).is_some_and(|op| BINARY.contains(&op) || op == b"-ef")
            && self.peek(ahead + 1).is_some()
    }

    fn primary(&mut self) -> Outcome {
        let Some(first) = self.peek(0) else { return Err("argument expected".to_owned()) };
        if self.binary_at(1) {
            let operator = self.peek(1).unwrap_or_default();
            let right = self.peek(2).unwrap_or_default();
            let (left_arg, right_arg) = (&self.args[self.at], &self.args[self.at + 2]);
            self.at += 3;
            let times = || {
                let time = |arg| sys::stat(arg).ok().map(|s: Stat| s.mtime);
                (time(left_arg), time(right_arg))
            };
            return Ok(match operator {
                b"=" | b"==" => first == right,
                b"!=" => first != right,
                b"<" => first < right,
                b">" => first > right,
                b"-eq" => integer(first)? == integer(right)?,
                b"-ne" => integer(first)? != integer(right)?,
                b"-lt" => integer(first)? < integer(right)?,
                b"-le" => integer(first)? <= integer(right)?,
                b"-gt" => integer(first)? > integer(right)?,
                b"-ge" => integer(first)? >= integer(right)?,
                b"-nt" => matches!(times(), (Some(a), b) if b.is_none_or(|b| a > b)),
                b"-ot" => matches!(times(), (a, Some(b)) if a.is_none_or(|a| a < b)),
                _ => match (sys::stat(left_arg), sys::stat(right_arg)) {
                    (Ok(a), Ok(b)) => a.same_file(&b),
                    _ => false,
                },
            });
        }
        if first == b"(" && self.peek(1).is_some() {
            self.at += 1;
            let value = self.or()?;
            if self.peek(0) != Some(b")") {
                return Err("')' expected".to_owned());
            }
            self.at += 1;
            return Ok(value);
        }
        if let [b'-', operator] = first
            && self.at + 1 < self.args.len()
            && b"bcdefghknprstuwxzGLNOS".contains(operator)
        {
            let operand = &self.args[self.at + 1];
            self.at += 2;
            return unary(*operator, operand);
        }
        self.at += 1;
        Ok(!first.is_empty())
    }
}

fn unary(operator: u8, operand: &OsString) -> Outcome {
    let stat = || sys::stat(operand).ok();
    let kind = |wanted| stat().is_some_and(|s| s.kind() == wanted);
    Ok(match operator {
        b'n' => !operand.is_empty(),
        b'z' => operand.is_empty(),
        b'e' => stat().is_some(),
        b'f' => kind(sys::REGULAR),
        b'd' => kind(sys::DIRECTORY),
        b'b' => kind(sys::BLOCK),
        b'c' => kind(sys::CHARACTER),
        b'p' => kind(sys::FIFO),
        b'S' => kind(sys::SOCKET),
        b'h' | b'L' => sys::lstat(operand).is_ok_and(|s| s.is_symlink()),
        b's' => stat().is_some_and(|s| s.size > 0),
        b'u' => stat().is_some_and(|s| s.mode & 0o4000 != 0),
        b'g' => stat().is_some_and(|s| s.mode & 0o2000 != 0),
        b'k' => stat().is_some_and(|s| s.mode & 0o1000 != 0),
        b'r' => stat().is_some_and(|s| sys::may(&s, 4)),
        b'w' => stat().is_some_and(|s| sys::may(&s, 2)),
        b'x' => stat().is_some_and(|s| sys::may(&s, 1)),
        // Every file belongs to the sandbox's only user.
        b'O' | b'G' => stat().is_some(),
        b'N' => stat().is_some_and(|s| s.mtime > s.atime),
        _ => match bytes(operand) {
            b"0" => std::io::stdin().is_terminal(),
            b"1" => std::io::stdout().is_terminal(),
            b"2" => std::io::stderr().is_terminal(),
            _ => false,
        },
    })
}

fn integer(text: &[u8]) -> Result<i64, String> {
    let shown = String::from_utf8_lossy(text);
    shown.trim().parse().map_err(|_| format!("invalid integer '{shown}'"))
}
