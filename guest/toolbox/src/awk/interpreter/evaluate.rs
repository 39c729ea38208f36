//! The value of an expression.

use super::{Cell, Interpreter, MAX_CALLS, Run, Stop, fatal};
use crate::awk::ast::{Binary, Expr, Function, Source};
use crate::awk::record;
use crate::awk::value::{Array, Text, Value};
use std::rc::Rc;

impl Interpreter<'_> {
    pub(in crate::awk) fn eval(&mut self, expr: &Expr) -> Run<Value> {
        Ok(match expr {
            Expr::Number(number) => Value::Number(*number),
            Expr::Text(text) => Value::Text(Rc::clone(text)),
            Expr::Regex(regex) => {
                let whole = self.whole();
                Value::bool(regex.is_match(&whole))
            }
            Expr::Var(slot) => {
                if self.is_array(*slot) {
                    return fatal("attempt to use an array as a scalar");
                }
                self.get(*slot)
            }
            Expr::Field(index) => {
                let index = self.eval(index)?;
                self.field(&index)?
            }
            Expr::Element(slot, subscripts) => {
                let key = self.key(subscripts)?;
                // Looking at an element creates it.
                self.array(*slot)?.borrow_mut().entry(key).or_default().clone()
            }
            Expr::Group(inner) => self.eval(inner)?,
            Expr::Assign(target, value) => {
                let value = self.eval(value)?;
                self.assign(target, value.clone())?;
                value
            }
            Expr::AssignOp(operator, target, value) => {
                let value = self.eval(value)?.number();
                let old = self.eval(target)?.number();
                let result = Value::Number(arithmetic(*operator, old, value)?);
                self.assign(target, result.clone())?;
                result
            }
            Expr::Conditional(condition, yes, no) => {
                let branch = if self.eval(condition)?.truth() { yes } else { no };
                self.eval(branch)?
            }
            Expr::And(left, right) => {
                Value::bool(self.eval(left)?.truth() && self.eval(right)?.truth())
            }
            Expr::Or(left, right) => {
                Value::bool(self.eval(left)?.truth() || self.eval(right)?.truth())
            }
            Expr::Not(operand) => Value::bool(!self.eval(operand)?.truth()),
            Expr::Negate(operand) => Value::Number(-self.eval(operand)?.number()),
            Expr::Plus(operand) => Value::Number(self.eval(operand)?.number()),
            Expr::Binary(operator, left, right) => {
                let left = self.eval(left)?;
                let right = self.eval(right)?;
                self.binary(*operator, &left, &right)?
            }
            Expr::Concat(left, right) => {
                let left = self.eval(left)?;
                let right = self.eval(right)?;
                let (left, right) = (self.text(&left), self.text(&right));
                Value::text([&*left, &*right].concat())
            }
            Expr::Match { text, pattern, negated } => {
                let value = self.eval(text)?;
                let text = self.text(&value);
                let regex = self.pattern(pattern)?;
                Value::bool(regex.is_match(&text) != *negated)
            }
            Expr::In(subscripts, slot) => {
                let key = self.key(subscripts)?;
                let array = self.array(*slot)?;
                let found = array.borrow().contains_key(&key);
                Value::bool(found)
            }
            Expr::Increment { target, by, postfix } => {
                let old = self.eval(target)?.number();
                self.assign(target, Value::Number(old + by))?;
                Value::Number(if *postfix { old } else { old + by })
            }
            Expr::Call(function, args) => self.call(*function, args)?,
            Expr::Builtin(function, args) => self.builtin(*function, args)?,
            Expr::Getline { from, target } => self.getline(from, target.as_deref())?,
        })
    }

    fn binary(&self, operator: Binary, left: &Value, right: &Value) -> Run<Value> {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let order = || left.compare(right, &self.convert());
        Ok(Value::bool(match operator {
            Binary::Less => order() == Some(Less),
            Binary::LessEqual => matches!(order(), Some(Less | Equal)),
            Binary::Equal => order() == Some(Equal),
            Binary::NotEqual => order() != Some(Equal),
            Binary::Greater => order() == Some(Greater),
            Binary::GreaterEqual => matches!(order(), Some(Greater | Equal)),
            _ => return arithmetic(operator, left.number(), right.number()).map(Value::Number),
        }))
    }

    fn call(&mut self, index: usize, args: &[Expr]) -> Run<Value> {
        let program = self.program;
        let function: &Function = &program.functions[index];
        if args.len() > function.params {
            return fatal(format!("function '{}' called with too many arguments", function.name));
        }
        if self.calls >= MAX_CALLS {
            return fatal(format!("function '{}': calls are nested too deeply", function.name));
        }
        let mut cells = Vec::with_capacity(function.params);
        for (position, is_array) in function.arrays.iter().enumerate() {
            cells.push(match (args.get(position), is_array) {
                (Some(Expr::Var(slot)), true) => Cell::Array(self.array(*slot)?),
                (Some(_), true) => {
                    let name = &function.name;
                    return fatal(format!(
                        "function '{name}': argument {} must be an array",
                        position + 1
                    ));
                }
                (None, true) => Cell::Array(Array::default()),
                (Some(arg), false) => Cell::Scalar(self.eval(arg)?),
                (None, false) => Cell::Scalar(Value::Unset),
            });
        }
        let frame = std::mem::replace(&mut self.frame, self.locals.len());
        self.locals.extend(cells);
        self.calls += 1;
        let result = match &function.body {
            Some(body) => self.exec(body),
            None => Ok(()),
        };
        self.calls -= 1;
        self.locals.truncate(self.frame);
        self.frame = frame;
        match result {
            Ok(()) => Ok(Value::Unset),
            Err(Stop::Return(value)) => Ok(value),
            Err(other) => Err(other),
        }
    }

    fn getline(&mut self, from: &Source, target: Option<&Expr>) -> Run<Value> {
        let (text, from_main) = match from {
            Source::Main => (if self.in_end { None } else { self.next_main_record()? }, true),
            Source::File(file) => {
                let value = self.eval(file)?;
                let name = self.text(&value);
                let ending = self.ending.clone();
                let Some(reader) = self.streams.file(&name) else { return Ok(Value::Number(-1.0)) };
                match reader.record(&ending) {
                    Ok(text) => (text, false),
                    Err(_) => return Ok(Value::Number(-1.0)),
                }
            }
            Source::Command(command) => {
                let value = self.eval(command)?;
                let name = self.text(&value);
                let ending = self.ending.clone();
                let reader = self.streams.command(&name, &mut self.out).or_else(fatal)?;
                let text = reader.record(&ending);
                match text {
                    Ok(Some(text)) => {
                        let count = self.scalar(record::NR).number() + 1.0;
                        self.globals[record::NR] = Cell::Scalar(Value::Number(count));
                        (Some(text), false)
                    }
                    Ok(None) => (None, false),
                    Err(_) => return Ok(Value::Number(-1.0)),
                }
            }
        };
        let _ = from_main;
        let Some(text) = text else { return Ok(Value::Number(0.0)) };
        match target {
            Some(target) => self.assign(target, Value::input(&text))?,
            None => self.set_whole(Text::from(text)),
        }
        Ok(Value::Number(1.0))
    }
}

fn arithmetic(operator: Binary, left: f64, right: f64) -> Run<f64> {
    Ok(match operator {
        Binary::Add => left + right,
        Binary::Subtract => left - right,
        Binary::Multiply => left * right,
        Binary::Divide if right == 0.0 => return fatal("division by zero attempted"),
        Binary::Divide => left / right,
        Binary::Modulo if right == 0.0 => return fatal("division by zero attempted in '%'"),
        Binary::Modulo => left % right,
        _ => left.powf(right),
    })
}
