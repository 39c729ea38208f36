//! Commands in source form, laid out as bash prints functions and jobs.

use std::rc::Rc;

use super::ast::{
    AndOr, AndOrOp, AssignValue, Assignment, CaseEnd, Command, CommandKind, Cond, Function,
    HereDoc, List, Pipeline, Redirect, RedirectFd, RedirectKind, Simple, TimeFormat, Word,
};
use super::source;

/// How many columns each level of a function is indented by.
const STEP: usize = 4;

/// Commands nested deeper than this are left out: the parser's limit is lower.
const MAX_DEPTH: usize = 1000;

/// `name () { … }` over several lines, without a newline at its end.
pub(crate) fn function(function: &Function) -> Vec<u8> {
    let mut printer = Printer::default();
    printer.put(&function.name);
    printer.put(b" () \n");
    printer.function_body(function);
    printer.out
}

/// The commands of a substitution.
pub(crate) fn list(list: &List) -> Vec<u8> {
    let mut printer = Printer { substitution: true, ..Printer::default() };
    printer.list(list, true);
    printer.flush(b"");
    printer.out
}

/// An and-or list as the job table shows it.
pub(crate) fn and_or(and_or: &AndOr) -> Vec<u8> {
    let mut printer = Printer::default();
    printer.and_or(and_or);
    printer.flush(b"");
    printer.out
}

/// A simple command with its redirections, as `BASH_COMMAND` holds it.
pub(crate) fn simple(simple: &Simple, redirects: &[Redirect]) -> Vec<u8> {
    let mut printer = Printer::default();
    printer.simple(simple);
    printer.redirects(redirects, !simple.words.is_empty() || !simple.assignments.is_empty());
    printer.flush(b"");
    printer.out
}

/// A command as `BASH_COMMAND` and messages show it: of a loop or a `case` only the beginning.
pub(crate) fn head(command: &Command) -> Vec<u8> {
    let mut printer = Printer::default();
    match &command.kind {
        CommandKind::For { variable, words, .. } => {
            return for_head(false, variable, words.as_deref());
        }
        CommandKind::Select { variable, words, .. } => {
            return for_head(true, variable, words.as_deref());
        }
        CommandKind::Case { word, .. } => {
            return [b"case ", &source::word(word)[..], b" in "].concat();
        }
        _ => printer.command(command),
    }
    printer.flush(b"");
    printer.out
}

/// Words as they stand in the script, with one blank between them.
pub(crate) fn words(words: &[Word]) -> Vec<u8> {
    let all: Vec<Vec<u8>> = words.iter().map(source::word).collect();
    all.join(&b' ')
}

#[derive(Default)]
struct Printer {
    out: Vec<u8>,
    indent: usize,
    /// Inside of a function: commands stand on lines of their own.
    lines: bool,
    depth: usize,
    /// Here-documents whose bodies follow at the end of the line.
    pending: Vec<Rc<HereDoc>>,
    /// A body stood before an operator: as in bash, the next `;` is left out.
    after_body: bool,
    /// Inside of `$( )`: newlines between commands are kept.
    substitution: bool,
}

impl Printer {
    fn put(&mut self, text: &[u8]) {
        self.out.extend_from_slice(text);
    }

    fn begin_line(&mut self) {
        let columns = self.indent;
        self.out.resize(self.out.len() + columns, b' ');
    }

    fn new_line(&mut self, text: &[u8]) {
        self.put(b"\n");
        self.begin_line();
        self.put(text);
    }

    fn semicolon(&mut self) {
        if !matches!(self.out.last(), Some(b'&' | b'\n')) {
            self.put(b";");
        }
    }

    /// Prints the bodies of the here-documents of this line, after `end`.
    fn flush(&mut self, end: &[u8]) {
        if self.pending.is_empty() {
            return;
        }
        self.put(end);
        self.put(b"\n");
        for doc in std::mem::take(&mut self.pending) {
            self.put(&doc.text.borrow());
            self.put(&doc.delimiter);
            self.put(b"\n");
        }
        self.after_body = true;
    }

    fn list(&mut self, list: &List, inline: bool) {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return;
        }
        let last = list.items.len().saturating_sub(1);
        let mut inline = inline;
        for (index, item) in list.items.iter().enumerate() {
            if !inline {
                self.begin_line();
            }
            self.and_or(&item.and_or);
            inline = true;
            if item.background {
                if self.pending.is_empty() {
                    self.put(b" &");
                } else {
                    self.flush(b" &");
                }
                if index < last {
                    self.put(b" ");
                }
            } else if index < last {
                let newline = item.newline && self.substitution;
                if !self.pending.is_empty() {
                    self.flush(if self.lines { b"" } else { b";" });
                    self.after_body = index == 0;
                } else if !std::mem::take(&mut self.after_body) && !newline {
                    self.put(b";");
                }
                self.put(if self.lines || newline { b"\n" } else { b" " });
                inline = !self.lines;
            }
        }
        self.depth -= 1;
    }

    fn and_or(&mut self, and_or: &AndOr) {
        self.pipeline(&and_or.first);
        for (op, pipeline) in &and_or.rest {
            let text: &[u8] = if *op == AndOrOp::And { b" && " } else { b" || " };
            self.connect(text);
            self.pipeline(pipeline);
        }
    }

    /// An operator between two commands of one line.
    fn connect(&mut self, operator: &[u8]) {
        // The blanks are where bash puts them.
        let pipe = operator == b" |";
        if self.pending.is_empty() {
            self.put(operator);
            self.put(if pipe { b" " } else { b"" });
        } else {
            self.flush(operator);
            self.put(if pipe { b"  " } else { b" " });
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        match pipeline.time {
            Some(TimeFormat::Bash) => self.put(b"time "),
            Some(TimeFormat::Posix) => self.put(b"time -p "),
            None => {}
        }
        if pipeline.bang {
            self.put(b"! ");
        }
        for (index, command) in pipeline.commands.iter().enumerate() {
            if index > 0 {
                self.connect(b" |");
            }
            self.command(command);
        }
    }

    fn command(&mut self, command: &Command) {
        let mut begun = true;
        match &command.kind {
            CommandKind::Simple(simple) => {
                self.simple(simple);
                begun = !simple.words.is_empty() || !simple.assignments.is_empty();
            }
            CommandKind::Function(function) => {
                self.put(b"function ");
                self.put(&function.name);
                self.put(b" () \n");
                self.begin_line();
                self.function_body(function);
            }
            CommandKind::Coproc { name, body } => {
                self.put(b"coproc ");
                self.put(name);
                self.put(b" ");
                self.command(body);
            }
            _ => self.compound(command),
        }
        self.redirects(&command.redirects, begun);
    }

    fn compound(&mut self, command: &Command) {
        match &command.kind {
            CommandKind::Group(list) => self.group(list),
            CommandKind::Subshell(list) => {
                self.put(b"( ");
                self.list(list, true);
                self.flush(b"");
                self.put(b" )");
            }
            CommandKind::If { arms, otherwise } => self.if_arms(arms, otherwise.as_ref()),
            CommandKind::While { until, condition, body } => {
                self.put(if *until { b"until " } else { b"while " });
                self.list(condition, true);
                self.flush(b"");
                self.semicolon();
                self.put(b" do\n");
                self.body(body);
                self.new_line(b"done");
            }
            CommandKind::For { variable, words, body }
            | CommandKind::Select { variable, words, body } => {
                let select = matches!(command.kind, CommandKind::Select { .. });
                self.put(&for_head(select, variable, words.as_deref()));
                self.put(b";");
                self.loop_body(body);
            }
            CommandKind::ArithFor { init, condition, step, body } => {
                let parts =
                    [init, condition, step].map(|part| match part.text.trim_ascii_start() {
                        b"" => b"1",
                        text => text,
                    });
                self.put(b"for ((");
                self.put(&parts.join(&b"; "[..]));
                self.put(b"))");
                self.loop_body(body);
            }
            CommandKind::Case { word, arms } => {
                self.put(b"case ");
                self.put(&source::word(word));
                self.put(b" in ");
                self.indent += STEP;
                for arm in arms {
                    let patterns: Vec<Vec<u8>> = arm.patterns.iter().map(source::word).collect();
                    self.new_line(&patterns.join(&b" | "[..]));
                    self.put(b")\n");
                    if !arm.body.items.is_empty() {
                        self.indent += STEP;
                        self.list(&arm.body, false);
                        let before = self.after_body;
                        self.flush(b"");
                        if arm.body.items.len() == 1 {
                            self.after_body = before;
                        }
                        self.indent -= STEP;
                    }
                    self.new_line(match arm.end {
                        CaseEnd::Break => b";;",
                        CaseEnd::FallThrough => b";&",
                        CaseEnd::TestNext => b";;&",
                    });
                }
                self.indent -= STEP;
                self.new_line(b"esac");
            }
            CommandKind::Arith(arith) => {
                self.put(b"((");
                self.put(&arith.text);
                self.put(b"))");
            }
            CommandKind::Cond(expression) => {
                self.put(b"[[ ");
                self.put(&cond(expression));
                self.put(b" ]]");
            }
            CommandKind::Simple(_) | CommandKind::Function(_) | CommandKind::Coproc { .. } => {}
        }
    }

    fn body(&mut self, list: &List) {
        self.indent += STEP;
        self.list(list, false);
        self.flush(b"");
        self.semicolon();
        self.indent -= STEP;
    }

    fn loop_body(&mut self, list: &List) {
        self.new_line(b"do\n");
        self.body(list);
        self.new_line(b"done");
    }

    fn if_arms(&mut self, arms: &[(List, List)], otherwise: Option<&List>) {
        let Some(((condition, then), rest)) = arms.split_first() else { return };
        self.put(b"if ");
        self.list(condition, true);
        self.flush(b"");
        self.semicolon();
        self.put(b" then\n");
        self.body(then);
        if !rest.is_empty() {
            self.new_line(b"else\n");
            self.indent += STEP;
            self.begin_line();
            self.if_arms(rest, otherwise);
            self.semicolon();
            self.indent -= STEP;
        } else if let Some(otherwise) = otherwise {
            self.new_line(b"else\n");
            self.body(otherwise);
        }
        self.new_line(b"fi");
    }

    fn group(&mut self, list: &List) {
        self.put(b"{ ");
        if self.lines {
            self.put(b"\n");
            self.indent += STEP;
            self.list(list, false);
            self.flush(b"");
            self.indent -= STEP;
            self.new_line(b"}");
        } else {
            self.list(list, true);
            self.flush(b"");
            self.semicolon();
            self.put(b" }");
        }
    }

    /// A function's body always stands in braces.
    fn function_body(&mut self, function: &Function) {
        let lines = std::mem::replace(&mut self.lines, true);
        self.depth += 1;
        let body = &function.body;
        if let CommandKind::Group(list) = &body.kind {
            self.group(list);
            self.redirects(&body.redirects, true);
        } else {
            self.put(b"{ \n");
            self.indent += STEP;
            self.begin_line();
            if self.depth < MAX_DEPTH {
                self.command(body);
            }
            self.flush(b"");
            self.indent -= STEP;
            self.new_line(b"}");
        }
        self.depth -= 1;
        self.lines = lines;
        self.after_body = false;
    }

    fn simple(&mut self, simple: &Simple) {
        let mut all: Vec<Vec<u8>> = simple.assignments.iter().map(assignment).collect();
        all.extend(simple.words.iter().map(argument));
        self.put(&all.join(&b' '));
    }

    fn redirects(&mut self, redirects: &[Redirect], begun: bool) {
        let mut begun = begun;
        for redirect in redirects {
            if begun {
                self.put(b" ");
            }
            begun = true;
            self.redirect(redirect);
        }
    }

    fn redirect(&mut self, redirect: &Redirect) {
        let mut fd = match &redirect.fd {
            RedirectFd::Default => Vec::new(),
            RedirectFd::Number(number) => number.to_string().into_bytes(),
            RedirectFd::Variable(name) => [b"{", &name[..], b"}"].concat(),
        };
        let (default, operator, word): (&[u8], &[u8], _) = match &redirect.kind {
            RedirectKind::Read(word) => (b"0", b"< ", word),
            RedirectKind::Write(word) => (b"1", b"> ", word),
            RedirectKind::Clobber(word) => (b"1", b">| ", word),
            RedirectKind::Append(word) => (b"1", b">> ", word),
            RedirectKind::ReadWrite(word) => (b"", b"<> ", word),
            RedirectKind::DupInput(word) if word.as_literal() == Some(b"-") => {
                if fd.is_empty() {
                    fd.push(b'0');
                }
                (b"", b">&", word)
            }
            RedirectKind::DupInput(word) => (b"", b"<&", word),
            RedirectKind::DupOutput(word) => (b"", b">&", word),
            RedirectKind::Both { word, append: false } => (b"", b"&> ", word),
            RedirectKind::Both { word, append: true } => (b"", b"&>> ", word),
            RedirectKind::HereString(word) => (b"0", b"<<< ", word),
            RedirectKind::Here(doc) => {
                self.put(if fd == b"0" { b"" } else { &fd });
                self.put(if doc.strip_tabs { b"<<-" } else { b"<<" });
                self.put(&doc.quoted_delimiter);
                self.pending.push(Rc::clone(doc));
                return;
            }
        };
        if !default.is_empty() && fd == default {
            fd.clear();
        } else if fd.is_empty() {
            // Where a descriptor is duplicated, bash shows which one it becomes.
            match &redirect.kind {
                RedirectKind::DupInput(word) | RedirectKind::DupOutput(word)
                    if !is_descriptor(word) => {}
                RedirectKind::DupInput(_) | RedirectKind::ReadWrite(_) => fd.push(b'0'),
                RedirectKind::DupOutput(_) => fd.push(b'1'),
                _ => {}
            }
        }
        self.put(&fd);
        self.put(operator);
        self.put(&source::word(word));
    }
}

/// A number, with or without `-` after it, or `-`.
fn is_descriptor(word: &Word) -> bool {
    word.as_literal().is_some_and(|text| {
        let digits = text.strip_suffix(b"-").unwrap_or(text);
        digits.iter().all(u8::is_ascii_digit)
    })
}

/// `for name in words`.
pub(crate) fn for_head(select: bool, variable: &[u8], list: Option<&[Word]>) -> Vec<u8> {
    let keyword: &[u8] = if select { b"select " } else { b"for " };
    let shown = match list {
        Some(list) => words(list),
        None => b"\"$@\"".to_vec(),
    };
    [keyword, variable, b" in ", &shown].concat()
}

fn argument(word: &Word) -> Vec<u8> {
    match &word.assignment {
        Some(declared) => assignment(declared),
        None => source::word(word),
    }
}

/// An assignment.
pub(crate) fn assignment(assignment: &Assignment) -> Vec<u8> {
    let mut out = assignment.name.to_vec();
    if let Some(subscript) = &assignment.subscript {
        out.push(b'[');
        out.extend_from_slice(&source::word(subscript));
        out.push(b']');
    }
    out.extend_from_slice(if assignment.append { b"+=" } else { b"=" });
    match &assignment.value {
        AssignValue::Scalar(word) => out.extend_from_slice(&source::word(word)),
        AssignValue::Array(_) => out.extend_from_slice(&array(assignment)),
    }
    out
}

/// The right side of a compound assignment.
pub(crate) fn array(assignment: &Assignment) -> Vec<u8> {
    let AssignValue::Array(items) = &assignment.value else { return Vec::new() };
    let shown: Vec<Vec<u8>> = items
        .iter()
        .map(|item| {
            let value = source::word(&item.value);
            match &item.subscript {
                None => value,
                Some(subscript) => {
                    let sign: &[u8] = if item.append { b"]+=" } else { b"]=" };
                    [b"[", &source::word(subscript)[..], sign, &value].concat()
                }
            }
        })
        .collect();
    [b"(", &shown.join(&b' ')[..], b")"].concat()
}

fn cond(expression: &Cond) -> Vec<u8> {
    match expression {
        Cond::Word(word) => [b"-n ", &source::word(word)[..]].concat(),
        Cond::Unary(letter, word) => [&[b'-', *letter, b' '], &source::word(word)[..]].concat(),
        Cond::Binary(op, left, right) => {
            [&source::word(left)[..], b" ", op.name(), b" ", &source::word(right)].concat()
        }
        Cond::Not(inner) => [b"! ", &cond(inner)[..]].concat(),
        Cond::And(left, right) => [&cond(left)[..], b" && ", &cond(right)].concat(),
        Cond::Or(left, right) => [&cond(left)[..], b" || ", &cond(right)].concat(),
        Cond::Group(inner) => [b"( ", &cond(inner)[..], b" )"].concat(),
    }
}
