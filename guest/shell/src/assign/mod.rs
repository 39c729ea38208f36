//! Assignments and names.

mod arrays;
mod declaration;

use std::collections::BTreeMap;

use crate::arith::{ArithError, Scope};
use crate::bytes;
use crate::expand::{Expanded, quote};
use crate::state::{Shell, Unwind};
use crate::syntax::ast::{AssignValue, Assignment};
use crate::syntax::is_name;
use crate::vars::{Attributes, Value};

/// How many name references may follow one another.
const MAX_REFERENCES: u32 = 8;

/// The largest index of an array element.
const MAX_INDEX: i64 = i64::MAX;

impl Shell {
    /// Follows name references.
    pub(crate) fn resolve(&self, name: &[u8]) -> Vec<u8> {
        let mut name = name.to_vec();
        for _ in 0..MAX_REFERENCES {
            match self.nameref_target(&name) {
                Some(target) if !target.is_empty() => name = target,
                _ => break,
            }
        }
        name
    }

    /// What a name reference refers to.
    pub(crate) fn nameref_target(&self, name: &[u8]) -> Option<Vec<u8>> {
        let variable = self.vars.get(name)?;
        if !variable.attributes.has(Attributes::NAMEREF) {
            return None;
        }
        variable.scalar().map(<[u8]>::to_vec)
    }

    /// Assigns to a variable or, with `index`, to an element of an array.
    pub(crate) fn assign(
        &mut self,
        name: &[u8],
        index: Option<&[u8]>,
        value: Vec<u8>,
        append: bool,
    ) -> Expanded<()> {
        if !self.vars.get(name).is_some_and(|v| v.attributes.has(Attributes::NAMEREF)) {
            return self.assign_resolved(name, index, value, append);
        }
        let Some(target) = self.assigned_target(name, &value)? else { return Ok(()) };
        match (crate::expand::split_element(&target), index) {
            (None, index) => self.assign_resolved(&target, index, value, append),
            (Some((array, element)), None) if !matches!(element, b"@" | b"*") => {
                let element = self.subscript(element)?;
                self.assign_resolved(array, Some(&element), value, append)
            }
            _ => self.not_an_identifier(&target),
        }
    }

    /// What an assignment to the name reference `name` assigns to; `None` when it only made the
    /// reference refer to something.
    fn assigned_target(&mut self, name: &[u8], value: &[u8]) -> Expanded<Option<Vec<u8>>> {
        let mut target = name.to_vec();
        for _ in 0..MAX_REFERENCES {
            match self.nameref_target(&target) {
                Some(next) if next == target => break,
                Some(next) if !next.is_empty() => target = next,
                _ => {
                    let unset = self
                        .vars
                        .get(&target)
                        .is_some_and(|v| v.attributes.has(Attributes::NAMEREF));
                    if !unset {
                        return Ok(Some(target));
                    }
                    self.refer(&target, value)?;
                    return Ok(None);
                }
            }
        }
        self.error(&format!("warning: {}: circular name reference", bytes::display(name)));
        Err(Unwind::Discard(1))
    }

    /// Makes the reference `name` refer to `target`.
    pub(crate) fn refer(&mut self, name: &[u8], target: &[u8]) -> Expanded<()> {
        if !is_reference(target) {
            return self.not_an_identifier(target);
        }
        self.vars.entry(name).value = Value::Scalar(target.to_vec());
        Ok(())
    }

    fn not_an_identifier(&mut self, text: &[u8]) -> Expanded<()> {
        self.error(&format!("`{}': not a valid identifier", bytes::display(text)));
        Err(Unwind::Discard(1))
    }

    fn assign_resolved(
        &mut self,
        name: &[u8],
        index: Option<&[u8]>,
        value: Vec<u8>,
        append: bool,
    ) -> Expanded<()> {
        let attributes = self.vars.get(name).map(|v| v.attributes).unwrap_or_default();
        if attributes.has(Attributes::READONLY) {
            self.error(&format!("{}: readonly variable", bytes::display(name)));
            return Err(Unwind::Discard(1));
        }
        if name.len() > 3 && self.assign_dynamic(name, &value)? {
            return Ok(());
        }
        let index = match index {
            None => None,
            Some(index) => Some(self.index(name, index)?),
        };
        self.assign_at(name, index, value, append)
    }

    /// Stores a value, changed as the variable's attributes ask for.
    fn assign_at(
        &mut self,
        name: &[u8],
        index: Option<Subscript>,
        value: Vec<u8>,
        append: bool,
    ) -> Expanded<()> {
        let attributes = self.vars.get(name).map(|v| v.attributes).unwrap_or_default();
        let mut value = value;
        if attributes.has(Attributes::INTEGER) {
            let mut number = self.arith_text(&value)?;
            if append {
                let before = match &index {
                    None => self.get(name),
                    Some(Subscript::Number(n)) => self.element(name, n.to_string().as_bytes())?,
                    Some(Subscript::Key(key)) => self.element(name, &key.clone())?,
                };
                number = number.wrapping_add(self.arith_text(&before.unwrap_or_default())?);
            }
            value = number.to_string().into_bytes();
        }
        if attributes.has(Attributes::LOWER) {
            value = crate::expand::convert_case(&value, false);
        } else if attributes.has(Attributes::UPPER) {
            value = crate::expand::convert_case(&value, true);
        }
        let append = append && !attributes.has(Attributes::INTEGER);
        let export = self.options.allexport;
        let variable = self.vars.entry(name);
        variable.attributes.remove(Attributes::UNASSIGNED);
        let locale = crate::vars::is_locale(name);
        if export {
            variable.attributes.add(Attributes::EXPORT);
        }
        match index {
            None => match &mut variable.value {
                Value::Scalar(text) if append => text.extend_from_slice(&value),
                Value::Indexed(items) => put(items.entry(0).or_default(), value, append),
                Value::Assoc(items) => {
                    let mut text = items.get(b"0").cloned().unwrap_or_default();
                    put(&mut text, value, append);
                    items.insert(b"0".to_vec(), text);
                }
                other => *other = Value::Scalar(value),
            },
            Some(Subscript::Key(key)) => {
                if let Value::Assoc(items) = &mut variable.value {
                    let mut text = items.get(&key).cloned().unwrap_or_default();
                    put(&mut text, value, append);
                    items.insert(key, text);
                }
            }
            Some(Subscript::Number(number)) => {
                let items = indexed(&mut variable.value);
                put(items.entry(number).or_default(), value, append);
            }
        }
        if locale {
            self.vars.note_locale();
        }
        Ok(())
    }

    /// Variables whose assignment does something.
    fn assign_dynamic(&mut self, name: &[u8], value: &[u8]) -> Expanded<bool> {
        match name {
            b"SECONDS" => {
                let elapsed = self.started.elapsed().as_secs() as i64;
                self.seconds_offset = bytes::parse_int(value).unwrap_or(0) - elapsed;
                Ok(true)
            }
            b"RANDOM" => {
                self.random = bytes::parse_int(value).unwrap_or(0) as u32;
                Ok(true)
            }
            b"LINENO" | b"EPOCHSECONDS" | b"BASHPID" | b"FUNCNAME" | b"PIPESTATUS" => Ok(true),
            b"OPTIND" => {
                self.getopts = (0, bytes::parse_int(value).unwrap_or(1));
                Ok(false)
            }
            b"PATH" => {
                self.hash.clear();
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    /// The meaning of a subscript for this variable.
    fn index(&mut self, name: &[u8], index: &[u8]) -> Expanded<Subscript> {
        if let Some(Value::Assoc(_)) = self.vars.get(name).map(|v| &v.value) {
            if index.is_empty() {
                return self.bad_subscript(name, index);
            }
            return Ok(Subscript::Key(index.to_vec()));
        }
        if index.trim_ascii().is_empty() {
            return self.bad_subscript(name, index);
        }
        let mut number = self.arith_text(index)?;
        if number < 0 {
            let next = match self.vars.get(name).map(|v| &v.value) {
                Some(Value::Indexed(items)) => {
                    items.keys().next_back().map_or(0, |k| *k as i64 + 1)
                }
                Some(Value::Scalar(_)) => 1,
                _ => 0,
            };
            number += next;
        }
        if !(0..=MAX_INDEX).contains(&number) {
            return self.bad_subscript(name, index);
        }
        Ok(Subscript::Number(number as u64))
    }

    fn bad_subscript(&mut self, name: &[u8], index: &[u8]) -> Expanded<Subscript> {
        let (name, index) = (bytes::display(name), bytes::display(index));
        self.error(&format!("{name}[{index}]: bad array subscript"));
        Err(Unwind::Discard(1))
    }

    /// Removes an element.
    pub(crate) fn unset_element(&mut self, name: &[u8], index: &[u8]) -> Expanded<()> {
        let name = self.resolve(name);
        if matches!(index, b"@" | b"*")
            && !matches!(self.vars.get(&name).map(|v| &v.value), Some(Value::Assoc(_)))
        {
            self.vars.remove(&name);
            return Ok(());
        }
        let index = self.subscript(index)?;
        let index = self.index(&name, &index)?;
        match (self.vars.get_mut(&name).map(|v| &mut v.value), index) {
            (Some(Value::Indexed(items)), Subscript::Number(number)) => {
                items.remove(&number);
            }
            (Some(Value::Assoc(items)), Subscript::Key(key)) => items.remove(&key),
            (Some(value @ Value::Scalar(_)), Subscript::Number(0)) => *value = Value::Unset,
            _ => {}
        }
        Ok(())
    }

    /// Performs an assignment of the source text.
    pub(crate) fn perform(&mut self, assignment: &Assignment) -> Expanded<()> {
        match &assignment.value {
            AssignValue::Scalar(word) => {
                let index = match &assignment.subscript {
                    Some(word) => Some(self.expand_single(word)?),
                    None => None,
                };
                let value = self.expand_single(word)?;
                if self.options.xtrace {
                    let mut trace = assignment.name.to_vec();
                    if let Some(index) = &index {
                        trace.push(b'[');
                        trace.extend_from_slice(index);
                        trace.push(b']');
                    }
                    trace.extend_from_slice(if assignment.append { b"+=" } else { b"=" });
                    if !value.is_empty() {
                        trace.extend_from_slice(&quote::traced(&value));
                    }
                    self.trace(&trace)?;
                }
                self.assign(&assignment.name, index.as_deref(), value, assignment.append)?;
            }
            AssignValue::Array(_) if assignment.subscript.is_some() => {
                let index = match &assignment.subscript {
                    Some(word) => self.expand_single(word)?,
                    None => Vec::new(),
                };
                let (name, index) = (bytes::display(&assignment.name), bytes::display(&index));
                self.error(&format!("{name}[{index}]: cannot assign list to array member"));
                return Err(Unwind::Discard(1));
            }
            AssignValue::Array(items) => {
                if self.options.xtrace {
                    let text = crate::syntax::print::assignment(assignment);
                    self.trace(&text)?;
                }
                let name = self.resolve(&assignment.name);
                if !is_name(&name) {
                    self.not_an_identifier(&name)?;
                }
                if let Some(variable) = self.vars.get_mut(&name)
                    && variable.attributes.has(Attributes::NAMEREF)
                {
                    variable.attributes.remove(Attributes::NAMEREF);
                    let shown = bytes::display(&name).into_owned();
                    self.error(&format!("warning: {shown}: removing nameref attribute"));
                }
                let assoc = matches!(self.vars.get(&name).map(|v| &v.value), Some(Value::Assoc(_)));
                self.assign_array(&name, items, assignment.append, assoc)?;
            }
        }
        Ok(())
    }

    /// Sets a variable for the shell's own purposes, whatever its attributes.
    pub(crate) fn set_plain(&mut self, name: &[u8], value: &[u8]) {
        self.vars.entry(name).value = Value::Scalar(value.to_vec());
    }
}

/// Whether a name reference may refer to this.
pub(crate) fn is_reference(target: &[u8]) -> bool {
    is_name(target)
        || crate::expand::split_element(target)
            .is_some_and(|(name, index)| is_name(name) && !index.is_empty())
}

enum Subscript {
    Number(u64),
    Key(Vec<u8>),
}

fn put(text: &mut Vec<u8>, value: Vec<u8>, append: bool) {
    if append {
        text.extend_from_slice(&value);
    } else {
        *text = value;
    }
}

/// The value as an indexed array; a scalar becomes element 0.
pub(crate) fn indexed(value: &mut Value) -> &mut BTreeMap<u64, Vec<u8>> {
    if !matches!(value, Value::Indexed(_)) {
        let mut items = BTreeMap::new();
        if let Value::Scalar(text) = value {
            items.insert(0, std::mem::take(text));
        }
        *value = Value::Indexed(items);
    }
    match value {
        Value::Indexed(items) => items,
        _ => unreachable!("the value was just made an indexed array"),
    }
}

impl Scope for Shell {
    fn get(
        &mut self,
        name: &[u8],
        subscript: Option<&[u8]>,
    ) -> Result<Option<Vec<u8>>, ArithError> {
        let value = match subscript {
            None => self.get(name),
            Some(index) => {
                let index = self.subscript(index).map_err(|_| ArithError::Reported)?;
                self.element(name, &index).map_err(|_| ArithError::Reported)?
            }
        };
        if value.is_none() && self.options.nounset {
            let mut text = name.to_vec();
            if let Some(index) = subscript {
                text.push(b'[');
                text.extend_from_slice(index);
                text.push(b']');
            }
            return Err(ArithError::Unbound(text));
        }
        Ok(value)
    }

    fn set(&mut self, name: &[u8], subscript: Option<&[u8]>, value: i64) -> Result<(), ArithError> {
        let text = value.to_string().into_bytes();
        let subscript = match subscript {
            Some(index) => Some(self.subscript(index).map_err(|_| ArithError::Reported)?),
            None => None,
        };
        self.assign(name, subscript.as_deref(), text, false).map_err(|_| ArithError::Reported)
    }

    fn depth(&mut self) -> &mut u32 {
        &mut self.arith_depth
    }
}
