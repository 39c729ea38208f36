//! Compound assignments.

use std::collections::BTreeMap;

use super::{Subscript, indexed};
use crate::bytes;
use crate::expand::Expanded;
use crate::state::{Shell, Unwind};
use crate::syntax::ast::{ArrayItem, Part, Word};
use crate::vars::{Assoc, Attributes, Value};

impl Shell {
    /// `name=( … )`.
    pub(crate) fn assign_array(
        &mut self,
        name: &[u8],
        items: &[ArrayItem],
        append: bool,
        assoc: bool,
    ) -> Expanded<()> {
        // All expansions come first: they may use the old value.
        let mut entries: Vec<(Option<Vec<u8>>, bool, Vec<u8>)> = Vec::new();
        for item in items {
            match &item.subscript {
                Some(word) => {
                    let index = self.expand_single(word)?;
                    let value = if assoc {
                        self.expand_single(&without_tildes(&item.value))?
                    } else {
                        self.expand_single(&item.value)?
                    };
                    entries.push((Some(index), item.append, value));
                }
                None => {
                    let mut fields = Vec::new();
                    self.expand_fields(&item.value, &mut fields)?;
                    entries.extend(fields.into_iter().map(|value| (None, false, value)));
                }
            }
        }
        if self.vars.get(name).is_some_and(|v| v.attributes.has(Attributes::READONLY)) {
            self.error(&format!("{}: readonly variable", bytes::display(name)));
            return Err(Unwind::Discard(1));
        }
        if assoc {
            self.assign_entries(name, entries, append)
        } else {
            self.assign_items(name, entries, append)
        }
    }

    fn assign_entries(
        &mut self,
        name: &[u8],
        entries: Vec<(Option<Vec<u8>>, bool, Vec<u8>)>,
        append: bool,
    ) -> Expanded<()> {
        let variable = self.vars.entry(name);
        variable.attributes.remove(Attributes::UNASSIGNED);
        let old = match &mut variable.value {
            Value::Assoc(items) if append => items.clone(),
            Value::Assoc(items) => std::mem::take(items),
            other => {
                let mut items = Assoc::default();
                if let (Value::Scalar(text), true) = (&*other, append) {
                    items.insert(b"0".to_vec(), text.clone());
                }
                *other = Value::Assoc(items.clone());
                items
            }
        };
        let mut entries = entries.into_iter();
        while let Some((index, added, value)) = entries.next() {
            let (key, mut value) = match index {
                Some(key) => (key, value),
                // Without subscripts, keys and values alternate.
                None => (value, entries.next().map(|e| e.2).unwrap_or_default()),
            };
            if added && !append {
                // It is added to what the old array has.
                value = [old.get(&key).map_or(&[][..], Vec::as_slice), &value].concat();
            }
            self.assign_resolved(name, Some(&key), value, added && append)?;
        }
        Ok(())
    }

    fn assign_items(
        &mut self,
        name: &[u8],
        entries: Vec<(Option<Vec<u8>>, bool, Vec<u8>)>,
        append: bool,
    ) -> Expanded<()> {
        let variable = self.vars.entry(name);
        variable.attributes.remove(Attributes::UNASSIGNED);
        if append {
            indexed(&mut variable.value);
        } else {
            variable.value = Value::Indexed(BTreeMap::new());
        }
        let mut next = match &variable.value {
            Value::Indexed(items) => items.keys().next_back().map_or(0, |k| k.wrapping_add(1)),
            _ => 0,
        };
        for (index, added, value) in entries {
            if let Some(index) = index {
                match self.index(name, &index)? {
                    Subscript::Number(number) => next = number,
                    Subscript::Key(_) => {}
                }
            }
            self.assign_at(name, Some(Subscript::Number(next)), value, added)?;
            next += 1;
        }
        Ok(())
    }
}

/// A value in which tildes are plain text, as in associative arrays.
fn without_tildes(word: &Word) -> Word {
    let mut word = word.clone();
    for part in &mut word.parts {
        if let Part::Tilde(text) = part {
            *part = Part::Literal(std::rc::Rc::clone(text));
        }
    }
    word
}
