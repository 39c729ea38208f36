//! What a statement does.

use super::{Interpreter, Run, Stop, fatal};
use crate::awk::ast::{Expr, Stmt, Target};
use crate::awk::output::Mode;
use crate::awk::record;
use crate::awk::value::{Text, Value};

impl Interpreter<'_> {
    fn print(&mut self, args: &[Expr], formatted: bool) -> Run<Vec<u8>> {
        if formatted {
            let mut values = Vec::with_capacity(args.len());
            for arg in args {
                values.push(self.eval(arg)?);
            }
            let format = self.text(&values[0]);
            return Ok(crate::awk::format::sprintf(&format, &values[1..], &self.convert()));
        }
        let ors = self.text_of(record::ORS);
        if args.is_empty() {
            return Ok([&*self.whole(), &*ors].concat());
        }
        let mut line = Vec::new();
        let (ofs, format) = (self.text_of(record::OFS), self.text_of(record::OFMT));
        for (index, arg) in args.iter().enumerate() {
            if index > 0 {
                line.extend_from_slice(&ofs);
            }
            line.extend_from_slice(&self.eval(arg)?.to_text(&format));
        }
        line.extend_from_slice(&ors);
        Ok(line)
    }

    fn emit(&mut self, text: &[u8], target: &Target) -> Run<()> {
        let (expr, mode) = match target {
            Target::Stdout => {
                self.out.put(text);
                return Ok(());
            }
            Target::File(expr) => (expr, Mode::Truncate),
            Target::Append(expr) => (expr, Mode::Append),
            Target::Command(expr) => (expr, Mode::Command),
        };
        let value = self.eval(expr)?;
        let name = self.text(&value);
        if name.is_empty() {
            return fatal("expression for a redirection has the empty string as its value");
        }
        self.streams.write(&name, mode, text, &mut self.out).or_else(fatal)
    }

    pub(super) fn exec(&mut self, statement: &Stmt) -> Run<()> {
        match statement {
            Stmt::Expr(expr) => self.eval(expr).map(drop),
            Stmt::Print(args, target) => {
                let text = self.print(args, false)?;
                self.emit(&text, target)
            }
            Stmt::Printf(args, target) => {
                let text = self.print(args, true)?;
                self.emit(&text, target)
            }
            Stmt::If(condition, then, other) => {
                if self.eval(condition)?.truth() {
                    self.exec(then)
                } else {
                    other.as_ref().map_or(Ok(()), |other| self.exec(other))
                }
            }
            Stmt::While(condition, body) => {
                while self.eval(condition)?.truth() {
                    if !self.turn(body)? {
                        break;
                    }
                }
                Ok(())
            }
            Stmt::Do(body, condition) => {
                while self.turn(body)? && self.eval(condition)?.truth() {}
                Ok(())
            }
            Stmt::For(start, condition, step, body) => {
                if let Some(start) = start {
                    self.exec(start)?;
                }
                loop {
                    if let Some(condition) = condition
                        && !self.eval(condition)?.truth()
                    {
                        return Ok(());
                    }
                    if !self.turn(body)? {
                        return Ok(());
                    }
                    if let Some(step) = step {
                        self.exec(step)?;
                    }
                }
            }
            Stmt::ForIn(key, array, body) => {
                let array = self.array(*array)?;
                let keys: Vec<Text> = array.borrow().keys().cloned().collect();
                for name in keys {
                    if !array.borrow().contains_key(&name) {
                        continue;
                    }
                    self.assign(&Expr::Var(*key), Value::input(&*name))?;
                    if !self.turn(body)? {
                        break;
                    }
                }
                Ok(())
            }
            Stmt::Block(statements) => statements.iter().try_for_each(|stmt| self.exec(stmt)),
            Stmt::Next => Err(Stop::Next),
            Stmt::NextFile => Err(Stop::NextFile),
            Stmt::Break => Err(Stop::Break),
            Stmt::Continue => Err(Stop::Continue),
            Stmt::Exit(status) => {
                if let Some(status) = status {
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_sign_loss,
                        reason = "the low byte counts, as for exit(3)"
                    )]
                    let status = (self.eval(status)?.number() as i64) as u8;
                    self.status = status;
                }
                Err(Stop::Exit)
            }
            Stmt::Return(value) => {
                let value = match value {
                    Some(value) => self.eval(value)?,
                    None => Value::Unset,
                };
                Err(Stop::Return(value))
            }
            Stmt::Delete(slot, subscripts) => {
                let key = self.key(subscripts)?;
                // Elements after it keep their order.
                self.array(*slot)?.borrow_mut().shift_remove(&key);
                Ok(())
            }
            Stmt::DeleteAll(slot) => {
                self.array(*slot)?.borrow_mut().clear();
                Ok(())
            }
        }
    }

    /// One turn of a loop; false when it is over.
    fn turn(&mut self, body: &Stmt) -> Run<bool> {
        match self.exec(body) {
            Ok(()) | Err(Stop::Continue) => Ok(true),
            Err(Stop::Break) => Ok(false),
            Err(other) => Err(other),
        }
    }
}
