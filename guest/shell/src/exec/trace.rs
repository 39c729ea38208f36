//! `set -x`.

use crate::state::{Shell, Unwind};
use crate::syntax::ast::{
    AssignValue, Assignment, Command, CommandKind, Cond, List, Part, Redirect, RedirectFd,
    RedirectKind, Simple, Word,
};

impl Shell {
    /// Writes a line of the trace: `PS4`, its first character repeated by depth, and `text`.
    pub(crate) fn trace(&mut self, text: &[u8]) -> Result<(), Unwind> {
        let mut line = self.trace_prefix()?;
        line.extend_from_slice(text);
        line.push(b'\n');
        self.write_error(&line);
        Ok(())
    }

    fn trace_prefix(&mut self) -> Result<Vec<u8>, Unwind> {
        let Some(ps4) = self.get(b"PS4") else { return Ok(Vec::new()) };
        if ps4 == b"+ " {
            return Ok([&vec![b'+'; self.trace_depth as usize][..], b"+ "].concat());
        }
        // What is traced must not be traced while it is expanded.
        self.options.xtrace = false;
        let status = self.status;
        let expanded = self.prompt(&ps4);
        self.options.xtrace = true;
        self.status = status;
        let text = match expanded {
            Ok(text) => text,
            // An error in it was reported; the command runs nevertheless.
            Err(Unwind::Discard(_)) => Vec::new(),
            Err(unwind) => return Err(unwind),
        };
        let first = text.get(..crate::bytes::char_len(&text)).unwrap_or_default().to_vec();
        Ok([&first.repeat(self.trace_depth as usize)[..], &text].concat())
    }
}

/// A command as `BASH_COMMAND`, `jobs` and messages show it.
pub(crate) fn command_text(command: &Command) -> Vec<u8> {
    let mut out = Vec::new();
    match &command.kind {
        CommandKind::Simple(simple) => return simple_text(simple, &command.redirects),
        CommandKind::Subshell(list) => {
            out.extend_from_slice(b"( ");
            out.extend_from_slice(&list_text(list));
            out.extend_from_slice(b" )");
        }
        CommandKind::Group(list) => {
            out.extend_from_slice(b"{ ");
            out.extend_from_slice(&list_text(list));
            out.extend_from_slice(b"; }");
        }
        CommandKind::For { variable, words, .. } => {
            out = for_text(b"for", variable, words.as_deref())
        }
        CommandKind::Select { variable, words, .. } => {
            out = for_text(b"select", variable, words.as_deref());
        }
        CommandKind::Case { word, .. } => {
            out = [b"case ", &source(word)[..], b" in "].concat();
        }
        CommandKind::Arith(arith) => out = [b"((", &*arith.text, b"))"].concat(),
        CommandKind::Cond(cond) => {
            out = [b"[[ ", &cond_text(cond)[..], b" ]]"].concat();
        }
        _ => {}
    }
    redirects_text(&command.redirects, &mut out);
    out
}

/// `for name in words`.
pub(super) fn for_text(keyword: &[u8], variable: &[u8], words: Option<&[Word]>) -> Vec<u8> {
    let mut out = [keyword, b" ", variable, b" in"].concat();
    match words {
        Some(words) => {
            for word in words {
                out.push(b' ');
                out.extend_from_slice(&source(word));
            }
        }
        None => out.extend_from_slice(b" \"$@\""),
    }
    out
}

pub(super) fn list_text(list: &List) -> Vec<u8> {
    let items: Vec<&[u8]> = list.items.iter().map(|item| &*item.text).collect();
    items.join(&b"; "[..])
}

pub(crate) fn simple_text(simple: &Simple, redirects: &[Redirect]) -> Vec<u8> {
    let mut words: Vec<Vec<u8>> = simple.assignments.iter().map(assignment_text).collect();
    words.extend(simple.words.iter().map(|word| match &word.assignment {
        Some(assignment) => assignment_text(assignment),
        None => source(word),
    }));
    let mut out = words.join(&b' ');
    redirects_text(redirects, &mut out);
    out
}

/// An assignment in source form.
pub(crate) fn assignment_text(assignment: &Assignment) -> Vec<u8> {
    let mut out = assignment.name.to_vec();
    if let Some(subscript) = &assignment.subscript {
        out.push(b'[');
        out.extend_from_slice(&source(subscript));
        out.push(b']');
    }
    out.extend_from_slice(if assignment.append { b"+=" } else { b"=" });
    match &assignment.value {
        AssignValue::Scalar(word) => out.extend_from_slice(&source(word)),
        AssignValue::Array(items) => {
            let items: Vec<Vec<u8>> = items
                .iter()
                .map(|item| match &item.subscript {
                    Some(subscript) => {
                        let sign: &[u8] = if item.append { b"]+=" } else { b"]=" };
                        [b"[", &source(subscript)[..], sign, &source(&item.value)].concat()
                    }
                    None => source(&item.value),
                })
                .collect();
            out.push(b'(');
            out.extend_from_slice(&items.join(&b' '));
            out.push(b')');
        }
    }
    out
}

fn redirects_text(redirects: &[Redirect], out: &mut Vec<u8>) {
    for redirect in redirects {
        if !out.is_empty() {
            out.push(b' ');
        }
        match &redirect.fd {
            RedirectFd::Default => {}
            RedirectFd::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
            RedirectFd::Variable(name) => {
                out.push(b'{');
                out.extend_from_slice(name);
                out.push(b'}');
            }
        }
        let (sign, word): (&[u8], Option<&Word>) = match &redirect.kind {
            RedirectKind::Read(word) => (b"< ", Some(word)),
            RedirectKind::Write(word) => (b"> ", Some(word)),
            RedirectKind::Clobber(word) => (b">| ", Some(word)),
            RedirectKind::Append(word) => (b">> ", Some(word)),
            RedirectKind::ReadWrite(word) => (b"<> ", Some(word)),
            RedirectKind::DupInput(word) => (b"<&", Some(word)),
            RedirectKind::DupOutput(word) => (b">&", Some(word)),
            RedirectKind::Both { word, append: false } => (b"&> ", Some(word)),
            RedirectKind::Both { word, append: true } => (b"&>> ", Some(word)),
            RedirectKind::Here(_) => (b"<<", None),
            RedirectKind::HereString(word) => (b"<<< ", Some(word)),
        };
        if matches!(redirect.kind, RedirectKind::DupOutput(_))
            && matches!(redirect.fd, RedirectFd::Default)
        {
            out.push(b'1');
        }
        out.extend_from_slice(sign);
        if let Some(word) = word {
            out.extend_from_slice(&source(word));
        }
    }
}

fn cond_text(cond: &Cond) -> Vec<u8> {
    match cond {
        Cond::Word(word) => [b"-n ", &source(word)[..]].concat(),
        Cond::Unary(op, word) => [b"-", &[*op][..], b" ", &source(word)].concat(),
        Cond::Binary(op, left, right) => {
            [&source(left)[..], b" ", super::condition::name(*op), b" ", &source(right)].concat()
        }
        Cond::Not(inner) => [b"! ", &cond_text(inner)[..]].concat(),
        Cond::And(left, right) => [&cond_text(left)[..], b" && ", &cond_text(right)].concat(),
        Cond::Or(left, right) => [&cond_text(left)[..], b" || ", &cond_text(right)].concat(),
    }
}

/// A word in source form, as far as messages need it.
pub(super) fn source(word: &Word) -> Vec<u8> {
    let mut out = Vec::new();
    parts(&word.parts, &mut out);
    out
}

fn parts(parts_of: &[Part], out: &mut Vec<u8>) {
    for part in parts_of {
        match part {
            Part::Literal(text) | Part::Tilde(text) => out.extend_from_slice(text),
            Part::Quoted(text) => {
                out.extend_from_slice(&crate::expand::quote::minimal(text));
            }
            Part::Double(inner) => {
                out.push(b'"');
                for part in inner.iter() {
                    match part {
                        Part::Literal(text) | Part::Quoted(text) => out.extend_from_slice(text),
                        other => parts(std::slice::from_ref(other), out),
                    }
                }
                out.push(b'"');
            }
            Part::Param(param) => out.extend_from_slice(&param.text),
            Part::Command(_) => out.extend_from_slice(b"$(...)"),
            Part::Arith(arith) => {
                out.extend_from_slice(b"$((");
                out.extend_from_slice(&arith.text);
                out.extend_from_slice(b"))");
            }
            Part::Process { read, .. } => {
                out.extend_from_slice(if *read { b"<(...)" } else { b">(...)" });
            }
        }
    }
}
