//! The command line of `find`.

use super::{Compare, Exec, Expr, Links, Permission, Search, Which};
use crate::io::{Out, reason};
use crate::options::bytes;
use crate::{files::modes, regexes, sys, time};
use std::ffi::OsString;

struct Parser {
    args: Vec<OsString>,
    at: usize,
    name: String,
    links: Links,
    min_depth: usize,
    max_depth: usize,
    depth_first: bool,
    one_device: bool,
    day_start: bool,
    has_action: bool,
    syntax: regexes::Syntax,
    outputs: Vec<Box<dyn std::io::Write>>,
}

type Parsed<T> = Result<T, String>;

pub(super) fn parse(name: &str, args: Vec<OsString>) -> Parsed<Search> {
    let mut p = Parser {
        args,
        at: 0,
        name: name.to_owned(),
        links: Links::Never,
        min_depth: 0,
        max_depth: usize::MAX,
        depth_first: false,
        one_device: false,
        day_start: false,
        has_action: false,
        syntax: regexes::Syntax::Emacs,
        outputs: Vec::new(),
    };
    while let Some(arg) = p.args.get(p.at).and_then(|arg| arg.to_str()) {
        match arg {
            "-P" => p.links = Links::Never,
            "-H" => p.links = Links::Operands,
            "-L" => p.links = Links::Always,
            "-O0" | "-O1" | "-O2" | "-O3" => {}
            _ => break,
        }
        p.at += 1;
    }
    let mut roots = Vec::new();
    while let Some(arg) = p.args.get(p.at) {
        if matches!(bytes(arg), [b'-', _, ..] | b"(" | b"!") {
            break;
        }
        roots.push(arg.clone());
        p.at += 1;
    }
    if roots.is_empty() {
        roots.push(".".into());
    }
    let expr = if p.at < p.args.len() { p.list()? } else { Expr::Const(true) };
    if p.at < p.args.len() {
        return Err(match p.args[p.at].to_str() {
            Some(")") => {
                "invalid expression; you have used a close parenthesis without an open one"
                    .to_owned()
            }
            _ => format!("paths must precede expression: `{}'", p.args[p.at].display()),
        });
    }
    let expr =
        if p.has_action { expr } else { Expr::And(vec![expr, Expr::Print { end: b'\n', to: 0 }]) };
    let now = time::now().0;
    Ok(Search {
        out: Out::new(name, 1),
        name: p.name,
        links: p.links,
        roots,
        expr,
        min_depth: p.min_depth,
        max_depth: p.max_depth,
        depth_first: p.depth_first,
        one_device: p.one_device,
        now: if p.day_start { now - now.rem_euclid(86_400) + 86_400 } else { now },
        outputs: p.outputs,
        failed: false,
        quit: false,
    })
}

impl Parser {
    fn peek(&self) -> Option<&[u8]> {
        self.args.get(self.at).map(|arg| bytes(arg))
    }

    fn list(&mut self) -> Parsed<Expr> {
        let mut items = vec![self.or()?];
        while self.peek() == Some(b",") {
            self.at += 1;
            items.push(self.or()?);
        }
        Ok(one_or(items, Expr::List))
    }

    fn or(&mut self) -> Parsed<Expr> {
        let mut items = vec![self.and()?];
        while matches!(self.peek(), Some(b"-o" | b"-or")) {
            self.at += 1;
            items.push(self.and()?);
        }
        Ok(one_or(items, Expr::Or))
    }

    fn and(&mut self) -> Parsed<Expr> {
        let mut items = vec![self.not()?];
        loop {
            match self.peek() {
                Some(b"-a" | b"-and") => self.at += 1,
                None | Some(b")" | b"-o" | b"-or" | b",") => return Ok(one_or(items, Expr::And)),
                Some([b'-', _, ..] | b"!" | b"(") => {}
                Some(_) => return Ok(one_or(items, Expr::And)),
            }
            items.push(self.not()?);
        }
    }

    fn not(&mut self) -> Parsed<Expr> {
        match self.peek() {
            Some(b"!" | b"-not") => {
                self.at += 1;
                Ok(Expr::Not(Box::new(self.not()?)))
            }
            Some(b"(") => {
                self.at += 1;
                if self.peek() == Some(b")") {
                    return Err("invalid expression; empty parentheses are not allowed.".to_owned());
                }
                let inner = self.list()?;
                if self.peek() != Some(b")") {
                    return Err("invalid expression; I was expecting to find a ')' somewhere but did not see one.".to_owned());
                }
                self.at += 1;
                Ok(inner)
            }
            Some(b")" | b"-o" | b"-or" | b"-a" | b"-and" | b",") | None => {
                let before = self.at.checked_sub(1).and_then(|at| self.args.get(at));
                let before = before.map_or(String::new(), |arg| arg.display().to_string());
                Err(format!("invalid expression; expected an expression after '{before}'"))
            }
            Some(_) => self.primary(),
        }
    }

    fn value(&mut self, predicate: &str) -> Parsed<OsString> {
        let value = self.args.get(self.at).cloned();
        self.at += 1;
        value.ok_or_else(|| format!("missing argument to `{predicate}'"))
    }

    fn text(&mut self, predicate: &str) -> Parsed<String> {
        self.value(predicate).map(|value| value.to_string_lossy().into_owned())
    }

    fn compare(&mut self, predicate: &str) -> Parsed<Compare> {
        let text = self.text(predicate)?;
        compare(&text).ok_or_else(|| format!("invalid argument `{text}' to `{predicate}'"))
    }

    fn stat(&mut self, predicate: &str) -> Parsed<sys::Stat> {
        let file = self.value(predicate)?;
        sys::stat(&file).map_err(|e| format!("'{}': {}", file.display(), reason(&e)))
    }

    fn output(&mut self, predicate: &str) -> Parsed<usize> {
        let path = self.value(predicate)?;
        let file = std::fs::File::create(&path)
            .map_err(|e| format!("'{}': {}", path.display(), reason(&e)))?;
        self.outputs.push(Box::new(std::io::BufWriter::new(file)));
        Ok(self.outputs.len())
    }

    fn action(&mut self, expr: Expr) -> Parsed<Expr> {
        self.has_action = true;
        Ok(expr)
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let predicate = self.args[self.at].to_string_lossy().into_owned();
        self.at += 1;
        let p = &*predicate;
        Ok(match p {
            "-true" | "-noleaf" | "-nowarn" | "-warn" | "-ignore_readdir_race" => Expr::Const(true),
            // Owner and group of every file have a name.
            "-false" | "-nouser" | "-nogroup" => Expr::Const(false),
            "-follow" => {
                self.links = Links::Always;
                Expr::Const(true)
            }
            "-daystart" => {
                self.day_start = true;
                Expr::Const(true)
            }
            "-depth" | "-d" => {
                self.depth_first = true;
                Expr::Const(true)
            }
            "-xdev" | "-mount" => {
                self.one_device = true;
                Expr::Const(true)
            }
            "-maxdepth" | "-mindepth" => {
                let text = self.text(p)?;
                let depth = text.parse().map_err(|_| {
                    format!("Expected a positive decimal integer argument to {p}, but got '{text}'")
                })?;
                if p == "-maxdepth" {
                    self.max_depth = depth
                } else {
                    self.min_depth = depth
                }
                Expr::Const(true)
            }
            "-regextype" => {
                let text = self.text(p)?;
                self.syntax = match &*text {
                    "emacs" | "findutils-default" => regexes::Syntax::Emacs,
                    "posix-basic" | "grep" | "sed" | "ed" => regexes::Syntax::Basic,
                    "posix-extended" | "egrep" | "posix-egrep" | "awk" | "gnu-awk"
                    | "posix-awk" => regexes::Syntax::Extended,
                    _ => return Err(format!("Unknown regular expression type `{text}'")),
                };
                Expr::Const(true)
            }
            "-name" | "-iname" => {
                Expr::Name { pattern: bytes(&self.value(p)?).to_vec(), fold: p == "-iname" }
            }
            "-path" | "-wholename" | "-ipath" | "-iwholename" => {
                Expr::Path { pattern: bytes(&self.value(p)?).to_vec(), fold: p.starts_with("-i") }
            }
            "-lname" | "-ilname" => {
                Expr::LinkName { pattern: bytes(&self.value(p)?).to_vec(), fold: p == "-ilname" }
            }
            "-regex" | "-iregex" => {
                let text = self.text(p)?;
                let flags =
                    regexes::Flags { fold: p == "-iregex", whole: true, ..Default::default() };
                let pattern = regexes::translate(text.as_bytes(), self.syntax)
                    .and_then(|translated| regexes::compile_plain(&translated, flags));
                Expr::Regex(
                    pattern.map_err(|e| format!("invalid regular expression `{text}': {e}"))?,
                )
            }
            "-type" | "-xtype" => {
                let text = self.text(p)?;
                let kind = |letter: &str| match letter {
                    "f" => Ok(sys::REGULAR),
                    "d" => Ok(sys::DIRECTORY),
                    "l" => Ok(sys::SYMLINK),
                    "c" => Ok(sys::CHARACTER),
                    "b" => Ok(sys::BLOCK),
                    "p" => Ok(sys::FIFO),
                    "s" => Ok(sys::SOCKET),
                    _ => Err(format!("Unknown argument to {p}: {text}")),
                };
                let kinds = text.split(',').map(kind).collect::<Parsed<_>>()?;
                Expr::Type { kinds, of_target: p == "-xtype" }
            }
            "-size" => {
                let text = self.text(p)?;
                let bad = || format!("invalid argument `{text}' to `-size'");
                let (number, unit) = match text.as_bytes().last() {
                    Some(b'c') => (&text[..text.len() - 1], 1),
                    Some(b'w') => (&text[..text.len() - 1], 2),
                    Some(b'b') => (&text[..text.len() - 1], 512),
                    Some(b'k') => (&text[..text.len() - 1], 1 << 10),
                    Some(b'M') => (&text[..text.len() - 1], 1 << 20),
                    Some(b'G') => (&text[..text.len() - 1], 1 << 30),
                    Some(_) => (&*text, 512),
                    None => return Err(bad()),
                };
                Expr::Size { compare: compare(number).ok_or_else(bad)?, unit }
            }
            "-empty" => Expr::Empty,
            "-perm" => {
                let text = self.text(p)?;
                let (rest, make): (&str, fn(u32) -> Permission) = match text.as_bytes().first() {
                    Some(b'-') => (&text[1..], Permission::All),
                    Some(b'/') => (&text[1..], Permission::Any),
                    _ => (&text, Permission::Exactly),
                };
                let mode = modes::apply(rest, 0, false, 0)
                    .ok_or_else(|| format!("invalid mode `{text}'"))?;
                Expr::Perm(make(mode))
            }
            "-mtime" | "-atime" | "-ctime" | "-mmin" | "-amin" | "-cmin" => {
                let unit = if p.ends_with("min") { 60 } else { 86_400 };
                Expr::Age { which: which(p.as_bytes()[1]), compare: self.compare(p)?, unit }
            }
            "-newer" | "-anewer" | "-cnewer" => {
                let than = self.stat(p)?.mtime;
                let which = if p == "-newer" { Which::Modify } else { which(p.as_bytes()[1]) };
                Expr::Newer { which, than }
            }
            _ if p.starts_with("-newer") && p.len() == 8 => {
                let letters = p.as_bytes();
                if !b"amc".contains(&letters[6]) || !b"amc".contains(&letters[7]) {
                    return Err(format!("{p}: only the letters a, m and c are supported"));
                }
                let than = which(letters[7]).of(&self.stat(p)?);
                Expr::Newer { which: which(letters[6]), than }
            }
            "-links" => Expr::Links(self.compare(p)?),
            "-inum" => Expr::Inode(self.compare(p)?),
            "-samefile" => {
                let stat = self.stat(p)?;
                Expr::SameFile(stat.dev, stat.ino)
            }
            "-user" | "-group" | "-uid" | "-gid" => {
                let who = self.text(p)?;
                Expr::Const(who == "root" || who == "0")
            }
            "-readable" => Expr::Access(4),
            "-writable" => Expr::Access(2),
            "-executable" => Expr::Access(1),
            "-prune" => Expr::Prune,
            "-quit" => return self.action(Expr::Quit),
            "-print" => return self.action(Expr::Print { end: b'\n', to: 0 }),
            "-print0" => return self.action(Expr::Print { end: 0, to: 0 }),
            "-fprint" | "-fprint0" => {
                let to = self.output(p)?;
                let end = if p == "-fprint" { b'\n' } else { 0 };
                return self.action(Expr::Print { end, to });
            }
            "-printf" => {
                let format = self.text(p)?;
                return self.action(Expr::Printf { format, to: 0 });
            }
            "-fprintf" => {
                let to = self.output(p)?;
                let format = self.text(p)?;
                return self.action(Expr::Printf { format, to });
            }
            "-ls" => return self.action(Expr::Ls),
            "-delete" => {
                self.depth_first = true;
                return self.action(Expr::Delete);
            }
            "-exec" | "-execdir" | "-ok" | "-okdir" => {
                let exec = self.exec(p)?;
                return self.action(Expr::Exec(exec));
            }
            _ if p.starts_with('-') => return Err(format!("unknown predicate `{p}'")),
            _ => return Err(format!("paths must precede expression: `{p}'")),
        })
    }

    fn exec(&mut self, p: &str) -> Parsed<Exec> {
        let mut command = Vec::new();
        loop {
            let Some(arg) = self.args.get(self.at).cloned() else {
                return Err(format!("missing argument to `{p}'"));
            };
            self.at += 1;
            let last_is_braces = command.last().is_some_and(|last| last == "{}");
            if arg == ";" {
                break;
            }
            if arg == "+" && last_is_braces && p.starts_with("-exec") {
                command.pop();
                let directory = p == "-execdir";
                return self.checked(p, command, true, directory);
            }
            command.push(arg);
        }
        let directory = p.ends_with("dir");
        self.checked(p, command, false, directory)
    }

    fn checked(&self, p: &str, command: Vec<OsString>, batch: bool, dir: bool) -> Parsed<Exec> {
        if command.is_empty() {
            return Err(format!("missing argument to `{p}'"));
        }
        let ask = p.starts_with("-ok");
        let pending = Vec::new();
        Ok(Exec { command, batch, in_directory: dir, ask, pending, directory: None })
    }
}

fn one_or(mut items: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Expr {
    if items.len() == 1 { items.remove(0) } else { join(items) }
}

fn which(letter: u8) -> Which {
    match letter {
        b'a' => Which::Access,
        b'c' => Which::Change,
        _ => Which::Modify,
    }
}

fn compare(text: &str) -> Option<Compare> {
    match text.as_bytes().first()? {
        b'+' => text[1..].parse().ok().map(Compare::More),
        b'-' => text[1..].parse().ok().map(Compare::Less),
        _ => text.parse().ok().map(Compare::Equal),
    }
}
