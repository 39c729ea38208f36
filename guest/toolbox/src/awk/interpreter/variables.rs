//! Variables, fields, arrays and compiled patterns.

use super::{Cell, Interpreter, Run, fatal};
use crate::awk::ast::{Expr, Slot};
use crate::awk::input::Ending;
use crate::awk::record::{self, Separator};
use crate::awk::value::{Array, Text, Value};
use regex::bytes::Regex;
use std::rc::Rc;

impl Interpreter<'_> {
    pub(in crate::awk) fn scalar(&self, global: usize) -> Value {
        match &self.globals[global] {
            Cell::Scalar(value) => value.clone(),
            Cell::Array(_) => Value::Unset,
        }
    }

    pub(in crate::awk) fn text_of(&self, global: usize) -> Text {
        self.scalar(global).to_text(b"%.6g")
    }

    pub(in crate::awk) fn convert(&self) -> Text {
        self.text_of(record::CONVFMT)
    }

    pub(in crate::awk) fn text(&self, value: &Value) -> Text {
        match value {
            Value::Text(text) | Value::Both(text, _) => Rc::clone(text),
            other => other.to_text(&self.convert()),
        }
    }

    pub(in crate::awk) fn set_global(&mut self, index: usize, value: Value) -> Run<()> {
        match index {
            record::NF => {
                self.split_record();
                let count = value.number();
                if !(0.0..=1e7).contains(&count) {
                    return fatal(format!("NF set to {count}, which is not possible"));
                }
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "checked"
                )]
                self.record.resize(count as usize);
                return Ok(());
            }
            record::FS => {
                // The current record keeps the separator that it was read with.
                self.split_record();
                let text = self.text(&value);
                self.separator = Separator::new(&text).or_else(fatal)?;
            }
            record::RS => {
                let text = self.text(&value);
                self.ending = Ending::new(&text).or_else(fatal)?;
            }
            _ => {}
        }
        self.globals[index] = Cell::Scalar(value);
        Ok(())
    }

    fn split_record(&mut self) {
        let paragraph = matches!(self.ending, Ending::Paragraph);
        self.record.split(&self.separator, paragraph);
    }

    pub(in crate::awk) fn separator(&self) -> (Separator, bool) {
        (self.separator.clone(), matches!(self.ending, Ending::Paragraph))
    }

    pub(in crate::awk) fn whole(&mut self) -> Text {
        let (ofs, convert) = (self.text_of(record::OFS), self.convert());
        self.record.whole(&ofs, &convert)
    }

    pub(in crate::awk) fn get(&mut self, slot: Slot) -> Value {
        match slot {
            Slot::Global(record::NF) => {
                self.split_record();
                Value::Number(self.record.count() as f64)
            }
            Slot::Global(index) => self.scalar(index),
            Slot::Local(index) => match &self.locals[self.frame + index] {
                Cell::Scalar(value) => value.clone(),
                Cell::Array(_) => Value::Unset,
            },
        }
    }

    pub(in crate::awk) fn array(&self, slot: Slot) -> Run<Array> {
        let cell = match slot {
            Slot::Global(index) => &self.globals[index],
            Slot::Local(index) => &self.locals[self.frame + index],
        };
        match cell {
            Cell::Array(array) => Ok(Rc::clone(array)),
            Cell::Scalar(_) => fatal("a scalar is used as an array"),
        }
    }

    /// Whether a name stands for an array.
    pub(in crate::awk) fn is_array(&self, slot: Slot) -> bool {
        self.array(slot).is_ok()
    }

    pub(super) fn field(&mut self, index: &Value) -> Run<Value> {
        match Self::field_index(index)? {
            0 => Ok(Value::input(&*self.whole())),
            index => {
                self.split_record();
                Ok(self.record.field(index))
            }
        }
    }

    fn field_index(value: &Value) -> Run<usize> {
        let index = value.number();
        if !(0.0..=1e7).contains(&index) {
            return fatal(format!("attempt to access field {index}"));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
        Ok(index as usize)
    }

    pub(in crate::awk) fn set_whole(&mut self, text: Text) {
        self.record.set(text);
    }

    /// Assigns to a variable, field or element.
    pub(in crate::awk) fn assign(&mut self, target: &Expr, value: Value) -> Run<()> {
        match target {
            Expr::Var(Slot::Global(index)) => {
                if self.program.global_arrays[*index] {
                    let name = &self.program.globals[*index];
                    return fatal(format!("attempt to use array '{name}' as a scalar"));
                }
                self.set_global(*index, value)
            }
            Expr::Var(Slot::Local(index)) => {
                let at = self.frame + index;
                if matches!(self.locals[at], Cell::Array(_)) {
                    return fatal("attempt to use an array parameter as a scalar");
                }
                self.locals[at] = Cell::Scalar(value);
                Ok(())
            }
            Expr::Field(index) => {
                let index = self.eval(index)?;
                match Self::field_index(&index)? {
                    0 => {
                        let text = self.text(&value);
                        self.set_whole(text);
                    }
                    index => {
                        self.split_record();
                        self.record.set_field(index, value);
                    }
                }
                Ok(())
            }
            Expr::Element(slot, subscripts) => {
                let key = self.key(subscripts)?;
                self.array(*slot)?.borrow_mut().insert(key, value);
                Ok(())
            }
            Expr::Group(inner) => self.assign(inner, value),
            _ => fatal("assignment to something that is no variable"),
        }
    }

    pub(in crate::awk) fn key(&mut self, subscripts: &[Expr]) -> Run<Text> {
        if let [only] = subscripts {
            let value = self.eval(only)?;
            return Ok(self.text(&value));
        }
        let mut key = Vec::new();
        for (index, subscript) in subscripts.iter().enumerate() {
            if index > 0 {
                key.extend_from_slice(&self.text_of(record::SUBSEP));
            }
            let value = self.eval(subscript)?;
            key.extend_from_slice(&self.text(&value));
        }
        Ok(Text::from(key))
    }

    /// The compiled pattern of a regular expression or of a string used as one.
    pub(in crate::awk) fn pattern(&mut self, expr: &Expr) -> Run<Regex> {
        match expr {
            Expr::Regex(regex) => Ok(regex.clone()),
            Expr::Group(inner) => self.pattern(inner),
            other => {
                let value = self.eval(other)?;
                let text = self.text(&value);
                self.compiled(&text)
            }
        }
    }

    pub(in crate::awk) fn compiled(&mut self, text: &Text) -> Run<Regex> {
        if let Some(regex) = self.patterns.get(text) {
            return Ok(regex.clone());
        }
        let source = String::from_utf8_lossy(text).into_owned();
        match crate::awk::parser::compile(&source) {
            Ok(regex) => {
                // A program that makes patterns without end must not fill the memory.
                if self.patterns.len() > 500 {
                    self.patterns.clear();
                }
                self.patterns.insert(Rc::clone(text), regex.clone());
                Ok(regex)
            }
            Err(e) => fatal(format!("invalid regular expression /{source}/: {e}")),
        }
    }
}
