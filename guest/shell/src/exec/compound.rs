//! Compound commands.

use greenroom_process as process;

use super::fork::Purpose;
use crate::bytes;
use crate::pattern::Pattern;
use crate::state::{Flow, Shell, Unwind};
use crate::syntax::ast::{Arith, CaseArm, CaseEnd, Command, CommandKind, List, Word};

impl Shell {
    pub(super) fn compound(&mut self, command: &Command) -> Flow {
        match &command.kind {
            CommandKind::Group(list) => self.list(list),
            CommandKind::Subshell(list) => {
                match self.fork(Purpose::Subshell, true, &[], |sh| sh.list(list))? {
                    process::Forked::Ended(exit) => {
                        self.line = command.line;
                        self.report_signal(exit, false, || crate::syntax::print::head(command));
                        self.status = exit.status;
                        self.pipe_status = vec![exit.status];
                        Ok(exit.status)
                    }
                    process::Forked::Running(pid) => Ok(self.wait_foreground(pid)),
                }
            }
            CommandKind::If { arms, otherwise } => {
                for (condition, body) in arms {
                    if self.without_errexit(|sh| sh.list(condition))? == 0 {
                        return self.list(body);
                    }
                }
                match otherwise {
                    Some(body) => self.list(body),
                    None => Ok(0),
                }
            }
            CommandKind::While { until, condition, body } => {
                self.while_loop(*until, condition, body)
            }
            CommandKind::For { variable, words, body } => {
                self.line = command.line;
                if !self.is_loop_variable(variable) {
                    return Ok(1);
                }
                let values = match words {
                    Some(words) => self.expand_words(words)?,
                    None => self.positional.clone(),
                };
                self.in_loop(|sh| sh.for_loop(variable, words.as_deref(), values, body))
            }
            CommandKind::Select { variable, words, body } => {
                self.line = command.line;
                if !self.is_loop_variable(variable) {
                    return Ok(1);
                }
                let values = match words {
                    Some(words) => self.expand_words(words)?,
                    None => self.positional.clone(),
                };
                if self.announce(|| crate::syntax::print::head(command))? {
                    return Ok(0);
                }
                self.in_loop(|sh| sh.select_loop(variable, &values, body))
            }
            CommandKind::ArithFor { init, condition, step, body } => {
                self.line = command.line;
                self.in_loop(|sh| sh.arith_for(init, condition, step, body, command.line))
            }
            CommandKind::Case { word, arms } => {
                self.line = command.line;
                if self.announce(|| crate::syntax::print::head(command))? {
                    return Ok(0);
                }
                self.case(word, arms)
            }
            CommandKind::Arith(arith) => {
                self.line = command.line;
                if self.announce(|| crate::syntax::print::head(command))? {
                    return Ok(0);
                }
                if self.options.xtrace {
                    let text = [b"(( ", &*arith.text, b" ))"].concat();
                    self.trace(&text)?;
                }
                // An error here is only a failure of the command.
                match self.arith_command(arith) {
                    Ok(value) => Ok(u8::from(value == 0)),
                    Err(Unwind::Discard(_)) => Ok(1),
                    Err(unwind) => Err(unwind),
                }
            }
            CommandKind::Cond(cond) => {
                self.line = command.line;
                if self.announce(|| crate::syntax::print::head(command))? {
                    return Ok(0);
                }
                self.condition(cond)
            }
            CommandKind::Coproc { name, body } => {
                self.line = command.line;
                self.coprocess(name, body)
            }
            CommandKind::Simple(_) | CommandKind::Function(_) => Ok(0),
        }
    }

    fn is_loop_variable(&mut self, name: &[u8]) -> bool {
        let valid = crate::syntax::is_name(name);
        if !valid {
            self.error(&format!("`{}': not a valid identifier", Self::shown(name)));
        }
        valid
    }

    fn in_loop(&mut self, step: impl FnOnce(&mut Self) -> Flow) -> Flow {
        self.loops += 1;
        let flow = step(self);
        self.loops -= 1;
        if self.loops == 0 && std::mem::take(&mut self.failed_loop) {
            return flow.map(|_| 1);
        }
        flow
    }

    fn while_loop(&mut self, until: bool, condition: &List, body: &List) -> Flow {
        self.in_loop(|sh| {
            let mut status = 0;
            loop {
                let flow = sh.without_errexit(|sh| sh.list(condition));
                match Self::loop_step(flow)? {
                    Step::Done(met) if (met == 0) == until => return Ok(status),
                    Step::Done(_) => {}
                    Step::Next => continue,
                    Step::Leave => return Ok(0),
                }
                match Self::loop_step(sh.list(body))? {
                    Step::Done(last) => status = last,
                    Step::Next => status = 0,
                    Step::Leave => return Ok(0),
                }
            }
        })
    }

    fn for_loop(
        &mut self,
        variable: &[u8],
        words: Option<&[Word]>,
        values: Vec<Vec<u8>>,
        body: &List,
    ) -> Flow {
        let mut status = 0;
        let line = self.line;
        for value in values {
            if self.options.xtrace {
                let text = crate::syntax::print::for_head(false, variable, words);
                self.trace(&text)?;
            }
            self.line = line;
            if self.announce(|| crate::syntax::print::for_head(false, variable, words))? {
                continue;
            }
            let reference = self
                .vars
                .get(variable)
                .is_some_and(|v| v.attributes.has(crate::vars::Attributes::NAMEREF));
            if reference {
                self.refer(variable, &value)?;
            } else {
                self.assign(variable, None, value, false)?;
            }
            match Self::loop_step(self.list(body))? {
                Step::Done(last) => status = last,
                Step::Next => status = 0,
                Step::Leave => return Ok(0),
            }
        }
        Ok(status)
    }

    /// `select`: shows a numbered menu and reads choices until the input ends.
    fn select_loop(&mut self, variable: &[u8], values: &[Vec<u8>], body: &List) -> Flow {
        let mut status = 0;
        let mut show = true;
        loop {
            if show {
                let mut menu = String::new();
                for (number, value) in (1..).zip(values) {
                    menu.push_str(&format!("{number}) {}\n", bytes::display(value)));
                }
                self.write_error(menu.as_bytes());
            }
            let prompt = self.get(b"PS3").unwrap_or_else(|| b"#? ".to_vec());
            self.write_error(&prompt);
            let Some(line) = self.read_line(0) else {
                self.print("select", b"\n")?;
                return Ok(status.max(1));
            };
            show = line.is_empty();
            if show {
                continue;
            }
            let chosen = bytes::parse_int(&line)
                .and_then(|n| usize::try_from(n).ok()?.checked_sub(1))
                .and_then(|n| values.get(n).cloned());
            self.assign(b"REPLY", None, line, false)?;
            self.assign(variable, None, chosen.unwrap_or_default(), false)?;
            match Self::loop_step(self.list(body))? {
                Step::Done(last) => status = last,
                Step::Next => status = 0,
                Step::Leave => return Ok(0),
            }
        }
    }

    fn arith_for(
        &mut self,
        init: &Arith,
        condition: &Arith,
        step: &Arith,
        body: &List,
        line: u32,
    ) -> Flow {
        let mut status = 0;
        if !self.arith_for_part(init, 1, line)?.1 {
            return Ok(1);
        }
        loop {
            match self.arith_for_part(condition, 1, line)? {
                (_, false) => return Ok(1),
                (0, true) => return Ok(status),
                _ => {}
            }
            match Self::loop_step(self.list(body))? {
                Step::Done(last) => status = last,
                Step::Next => status = 0,
                Step::Leave => return Ok(0),
            }
            if !self.arith_for_part(step, 1, line)?.1 {
                return Ok(1);
            }
        }
    }

    /// The value of a part (`empty` if there is none), and whether it could be evaluated.
    fn arith_for_part(
        &mut self,
        part: &Arith,
        empty: i64,
        line: u32,
    ) -> Result<(i64, bool), Unwind> {
        if part.text.trim_ascii().is_empty() {
            return Ok((empty, true));
        }
        self.line = line;
        if self.announce(|| [b"((", part.text.trim_ascii(), b"))"].concat())? {
            return Ok((empty, true));
        }
        if self.options.xtrace {
            let text = [b"(( ", part.text.trim_ascii(), b" ))"].concat();
            self.trace(&text)?;
        }
        match self.arith_command(part) {
            Ok(value) => Ok((value, true)),
            Err(Unwind::Discard(_)) => Ok((0, false)),
            Err(unwind) => Err(unwind),
        }
    }

    /// What the end of a round means for the loop.
    fn loop_step(flow: Flow) -> Result<Step, Unwind> {
        match flow {
            Ok(status) => Ok(Step::Done(status)),
            Err(Unwind::Break(1)) => Ok(Step::Leave),
            Err(Unwind::Continue(1)) => Ok(Step::Next),
            Err(Unwind::Break(n)) => Err(Unwind::Break(n - 1)),
            Err(Unwind::Continue(n)) => Err(Unwind::Continue(n - 1)),
            Err(unwind) => Err(unwind),
        }
    }

    fn case(&mut self, word: &Word, arms: &[CaseArm]) -> Flow {
        let subject = self.expand_single(word)?;
        if self.options.xtrace {
            let text = [b"case ", &crate::syntax::source::word(word)[..], b" in"].concat();
            self.trace(&text)?;
        }
        let mut status = 0;
        let mut fall_through = false;
        for arm in arms {
            let mut chosen = fall_through;
            for pattern in &arm.patterns {
                if chosen {
                    break;
                }
                let text = self.expand_pattern(pattern)?;
                chosen = Pattern::new(&text, self.shopts.extglob, self.shopts.nocasematch)
                    .matches(&subject);
            }
            if !chosen {
                continue;
            }
            status = self.list(&arm.body)?;
            match arm.end {
                CaseEnd::Break => return Ok(status),
                CaseEnd::FallThrough => fall_through = true,
                CaseEnd::TestNext => fall_through = false,
            }
        }
        Ok(status)
    }

    /// A name in a message.
    pub(crate) fn shown(text: &[u8]) -> String {
        bytes::display(text).into_owned()
    }
}

enum Step {
    Done(u8),
    Next,
    Leave,
}
