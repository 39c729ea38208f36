//! Parameter expansion.

use super::fields::{Expander, Mode, Values};
use super::{Expanded, ops};
use crate::bytes;
use crate::state::{Shell, Unwind};
use crate::syntax::ast::{Param, ParamOp, Subscript, Target, Word};
use crate::syntax::is_name;
use crate::vars::Value;

/// A parameter with its subscript evaluated.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) target: Target,
    pub(super) index: Index,
}

#[derive(Clone, Debug)]
pub(super) enum Index {
    None,
    All {
        star: bool,
    },
    /// The text of the subscript, expanded.
    One(Vec<u8>),
    /// The text of a subscript that comes from a value.
    Raw(Vec<u8>),
}

impl Expander<'_> {
    pub(super) fn param(&mut self, param: &Param, quoted: bool) -> Expanded<()> {
        if let (Target::Name(name), None, false, ParamOp::None) =
            (&param.target, &param.subscript, param.indirect, &param.op)
        {
            // The most common form by far.
            if let Some(variable) = self.shell.vars.get(name)
                && !variable.attributes.has(crate::vars::Attributes::NAMEREF)
                && let Some(value) = variable.scalar()
            {
                let value = value.to_vec();
                self.value(&value, quoted);
                return Ok(());
            }
        }
        match &param.op {
            ParamOp::Bad => {
                let text = bytes::display(&param.text).into_owned();
                self.shell.error(&format!("{text}: bad substitution"));
                return Err(Unwind::Discard(1));
            }
            ParamOp::Names { star } => {
                let Target::Name(prefix) = &param.target else { return Ok(()) };
                let names = self.shell.vars.names();
                let items = names
                    .iter()
                    .filter(|n| n.starts_with(prefix) && self.shell.is_set(n))
                    .map(|n| n.to_vec())
                    .collect();
                self.names(items, *star, b"", quoted);
                return Ok(());
            }
            ParamOp::Keys { star } => {
                let Target::Name(name) = &param.target else { return Ok(()) };
                let items = self.shell.keys(name);
                self.names(items, *star, b" ", quoted);
                return Ok(());
            }
            _ => {}
        }
        let mut place = self.shell.place(param)?;
        if param.indirect {
            if let (Target::Name(name), ParamOp::None) = (&place.target, &param.op)
                && let Some(target) = self.shell.nameref_target(name)
            {
                self.value(&target, quoted);
                return Ok(());
            }
            place = match self.shell.indirect(&place, param)? {
                Some(place) => place,
                None => Place { target: Target::Name(Box::default()), index: Index::None },
            };
        }
        self.operate(&place, param, quoted)
    }

    /// Names or keys. Without quotes `*` joins them when there is nothing to split at.
    fn names(&mut self, items: Vec<Vec<u8>>, star: bool, separator: &[u8], quoted: bool) {
        if star && !quoted && self.shell.ifs().is_empty() {
            self.value(&items.join(separator), false);
        } else {
            self.values(Values::Many { items, star }, quoted);
        }
    }

    fn operate(&mut self, place: &Place, param: &Param, quoted: bool) -> Expanded<()> {
        if matches!(param.op, ParamOp::Length) {
            let length = self.shell.param_length(place)?;
            self.value(length.to_string().as_bytes(), quoted);
            return Ok(());
        }
        let values = self.shell.lookup(place)?;
        if let ParamOp::Test { kind, colon, word } = &param.op {
            let null = match &values {
                Values::Many { items, .. } if items.is_empty() => true,
                Values::Many { .. } if param.indirect => false,
                Values::Many { items, star } if *star && quoted => {
                    self.shell.ifs_separator().is_empty() && items.iter().all(Vec::is_empty)
                        || items.len() == 1 && items[0].is_empty()
                }
                Values::Many { items, .. } => items.len() == 1 && items[0].is_empty(),
                Values::One(text) => text.is_empty(),
                Values::Unset => true,
            };
            return self.test(place, values, *kind, (*colon, null), word, quoted);
        }
        let values = match values {
            Values::Unset => {
                if let (ParamOp::Transform(b'a'), Target::Name(name)) = (&param.op, &place.target)
                    && self.shell.vars.get(name).is_some()
                {
                    let letters = self.shell.attribute_letters(name);
                    self.value(&letters, quoted);
                    return Ok(());
                }
                if self.shell.options.nounset {
                    return Err(self.shell.unbound(&place.text()));
                }
                if let ParamOp::Transform(_) | ParamOp::None = param.op {
                    return Ok(());
                }
                Values::One(Vec::new())
            }
            values => values,
        };
        if let ParamOp::Substring { offset, length } = &param.op {
            let values = self.shell.substring(place, values, offset, length.as_ref())?;
            self.values(values, quoted);
            return Ok(());
        }
        if let ParamOp::Transform(op) = &param.op {
            if !b"UuLQEPAKak".contains(op) {
                let text = bytes::display(&param.text).into_owned();
                self.shell.error(&format!("{text}: bad substitution"));
                return Err(Unwind::Exit(1));
            }
            let values = self.shell.transform(place, values, *op)?;
            self.values(values, quoted);
            return Ok(());
        }
        let change = self.shell.change(&param.op)?;
        let values = match (change, values) {
            (None, values) => values,
            (Some(change), Values::One(text)) => Values::One(change.apply(&text)),
            (Some(change), Values::Many { items, star }) => {
                let items = items.iter().map(|item| change.apply(item)).collect();
                Values::Many { items, star }
            }
            (Some(_), Values::Unset) => Values::Unset,
        };
        self.values(values, quoted);
        Ok(())
    }

    /// `${x-word}` and its relatives.
    fn test(
        &mut self,
        place: &Place,
        values: Values,
        kind: u8,
        (colon, null): (bool, bool),
        word: &Word,
        quoted: bool,
    ) -> Expanded<()> {
        let missing = match &values {
            Values::Unset => true,
            Values::One(_) => colon && null,
            Values::Many { items, .. } => items.is_empty() || (colon && null),
        };
        match (kind, missing) {
            (b'+', false) | (b'-', true) => {
                let splitting = std::mem::replace(&mut self.splitting, true);
                let result = self.parts(&word.parts, quoted);
                self.splitting = splitting;
                result
            }
            (b'+', true) => {
                // `"${@+…}"` without parameters vanishes, as `"$@"` does.
                if matches!(&values, Values::Many { items, star: false } if items.is_empty()) {
                    self.values(values, quoted);
                }
                Ok(())
            }
            (b'=', true) => {
                let text = if quoted {
                    self.shell.expand_here(word)?
                } else {
                    self.shell.expand_single(word)?
                };
                let Target::Name(name) = &place.target else {
                    let text = bytes::display(&place.text()).into_owned();
                    self.shell.error(&format!("${text}: cannot assign in this way"));
                    return Err(Unwind::Discard(1));
                };
                let index = match &place.index {
                    Index::One(index) => Some(index.as_slice()),
                    _ => None,
                };
                self.shell.assign(name, index, text, false)?;
                let values = self.shell.lookup(place)?;
                self.values(values, quoted);
                Ok(())
            }
            (b'?', true) => {
                let text = self.shell.expand_single(word)?;
                let message = if !text.is_empty() {
                    bytes::display(&text).into_owned()
                } else if colon {
                    "parameter null or not set".into()
                } else {
                    "parameter not set".into()
                };
                let name = bytes::display(&place.text()).trim_start_matches('$').to_owned();
                self.shell.error(&format!("{name}: {message}"));
                Err(self.shell.fatal())
            }
            _ => {
                self.values(values, quoted);
                Ok(())
            }
        }
    }
}

impl Place {
    /// As messages show the parameter.
    pub(super) fn text(&self) -> Vec<u8> {
        let mut text = match &self.target {
            Target::Name(name) => name.to_vec(),
            Target::Positional(n) => format!("${n}").into_bytes(),
            Target::Special(byte) => vec![b'$', *byte],
        };
        match &self.index {
            Index::None => {}
            Index::All { star } => text.extend_from_slice(if *star { b"[*]" } else { b"[@]" }),
            Index::One(index) | Index::Raw(index) => {
                text.push(b'[');
                text.extend_from_slice(index);
                text.push(b']');
            }
        }
        text
    }
}

impl Shell {
    fn place(&mut self, param: &Param) -> Expanded<Place> {
        let index = match &param.subscript {
            None => Index::None,
            Some(Subscript::At) => Index::All { star: false },
            Some(Subscript::Star) => Index::All { star: true },
            Some(Subscript::Index(word)) => Index::One(self.expand_single(word)?),
        };
        Ok(Place { target: param.target.clone(), index })
    }

    /// What `${!x}` refers to; `None` when `x` is unset or empty.
    fn indirect(&mut self, place: &Place, param: &Param) -> Expanded<Option<Place>> {
        let value = match self.lookup(place)? {
            Values::One(text) => text,
            Values::Many { items, .. } if !items.is_empty() => items.join(&b' '),
            Values::Many { .. } | Values::Unset => {
                // An array that has no such element refers to nothing.
                if let Target::Name(name) = &place.target
                    && self.vars.get(name).is_some_and(crate::vars::Variable::is_array)
                {
                    return Ok(None);
                }
                let text = bytes::display(&place.text()).trim_start_matches('$').to_owned();
                if self.options.nounset {
                    return Err(self.unbound(text.as_bytes()));
                }
                self.error(&format!("{text}: invalid indirect expansion"));
                return Err(Unwind::Discard(1));
            }
        };
        if let Some(mut place) = parse_place(&value) {
            if let Index::Raw(text) = &place.index {
                place.index = Index::One(self.subscript(text)?);
            }
            return Ok(Some(place));
        }
        if value.is_empty() && matches!(param.op, ParamOp::Test { .. }) {
            return Ok(None);
        }
        self.error(&format!("{}: invalid variable name", bytes::display(&value)));
        Err(Unwind::Discard(1))
    }

    /// The value of a parameter.
    pub(super) fn lookup(&mut self, place: &Place) -> Expanded<Values> {
        Ok(match &place.target {
            Target::Positional(n) => match self.positional.get(n - 1) {
                Some(text) => Values::One(text.clone()),
                None => Values::Unset,
            },
            Target::Special(b'@') => Values::Many { items: self.positional.clone(), star: false },
            Target::Special(b'*') => Values::Many { items: self.positional.clone(), star: true },
            Target::Special(byte) => match self.special_parameter(*byte) {
                Some(text) => Values::One(text),
                None => Values::Unset,
            },
            Target::Name(name) => match &place.index {
                Index::None => {
                    if let Some(values) = self.all_of_reference(name) {
                        return Ok(values);
                    }
                    match self.get(name) {
                        Some(text) => Values::One(text),
                        None => Values::Unset,
                    }
                }
                Index::All { star } => Values::Many { items: self.elements(name), star: *star },
                Index::One(index) | Index::Raw(index) => match self.element(name, index)? {
                    Some(text) => Values::One(text),
                    None => Values::Unset,
                },
            },
        })
    }

    /// All elements, if `name` is a reference to `array[@]` or `array[*]`.
    fn all_of_reference(&mut self, name: &[u8]) -> Option<Values> {
        let target = self.nameref_target(name)?;
        let (array, index) = super::split_element(&target)?;
        let star = match index {
            b"@" => false,
            b"*" => true,
            _ => return None,
        };
        Some(Values::Many { items: self.elements(array), star })
    }

    fn param_length(&mut self, place: &Place) -> Expanded<usize> {
        if let (Target::Name(name), Index::All { .. }) = (&place.target, &place.index) {
            return Ok(self.elements(name).len());
        }
        match self.lookup(place)? {
            Values::One(text) => Ok(bytes::count_chars(&text)),
            Values::Many { items, .. } => Ok(items.len()),
            Values::Unset if self.options.nounset => Err(self.unbound(&place.text())),
            Values::Unset => Ok(0),
        }
    }

    /// The operators whose effect depends only on the value.
    fn change(&mut self, op: &ParamOp) -> Expanded<Option<ops::Change>> {
        let fold = self.shopts.nocasematch;
        Ok(Some(match op {
            ParamOp::Remove { suffix, longest, pattern } => {
                let pattern = self.compile(pattern, false)?;
                ops::Change::Remove { suffix: *suffix, longest: *longest, pattern }
            }
            ParamOp::Replace { kind, pattern, replacement } => {
                let pattern = self.compile(pattern, fold)?;
                let replacement = if self.shopts.patsub_replacement {
                    self.expand_as(replacement, Mode::Replacement)?
                } else {
                    let plain = self.expand_single(replacement)?;
                    let mut escaped = Vec::new();
                    for byte in plain {
                        if matches!(byte, b'&' | b'\\') {
                            escaped.push(b'\\');
                        }
                        escaped.push(byte);
                    }
                    escaped
                };
                ops::Change::Replace { kind: *kind, pattern, replacement }
            }
            ParamOp::Case { upper, all, toggle, pattern } => {
                let pattern = match pattern {
                    Some(word) => Some(self.compile(word, fold)?),
                    None => None,
                };
                ops::Change::Case { upper: *upper, all: *all, toggle: *toggle, pattern }
            }
            _ => return Ok(None),
        }))
    }

    fn compile(&mut self, word: &Word, fold: bool) -> Expanded<crate::pattern::Pattern> {
        let text = self.expand_pattern(word)?;
        Ok(crate::pattern::Pattern::new(&text, self.shopts.extglob, fold))
    }

    /// Whether a variable (not an element) has a value.
    pub(crate) fn is_set(&self, name: &[u8]) -> bool {
        self.vars.get(name).is_some_and(|v| v.is_set()) || self.dynamic(name).is_some()
    }

    /// The keys of an array.
    pub(crate) fn keys(&mut self, name: &[u8]) -> Vec<Vec<u8>> {
        let name = self.resolve(name);
        match self.vars.get(&name).map(|v| &v.value) {
            Some(Value::Indexed(items)) => {
                items.keys().map(|k| k.to_string().into_bytes()).collect()
            }
            Some(Value::Assoc(items)) => items.iter().map(|(key, _)| key.clone()).collect(),
            Some(Value::Scalar(_)) => vec![b"0".to_vec()],
            _ => {
                let count = self.dynamic_array(&name).map_or(0, |items| items.len());
                (0..count).map(|k| k.to_string().into_bytes()).collect()
            }
        }
    }

    /// The elements of an array.
    pub(crate) fn elements(&mut self, name: &[u8]) -> Vec<Vec<u8>> {
        let name = self.resolve(name);
        match self.vars.get(&name).map(|v| &v.value) {
            Some(Value::Indexed(items)) => items.values().cloned().collect(),
            Some(Value::Assoc(items)) => items.iter().map(|(_, value)| value.clone()).collect(),
            Some(Value::Scalar(text)) => vec![text.clone()],
            _ => match self.dynamic_array(&name) {
                Some(items) => items,
                None => self.get(&name).into_iter().collect(),
            },
        }
    }
}

/// `name`, `name[subscript]`, a number or a special parameter.
fn parse_place(text: &[u8]) -> Option<Place> {
    let plain = |target| Some(Place { target, index: Index::None });
    if is_name(text) {
        return plain(Target::Name(text.into()));
    }
    if text.iter().all(u8::is_ascii_digit) && !text.is_empty() {
        let number = std::str::from_utf8(text).ok()?.parse().ok()?;
        return plain(if number == 0 { Target::Special(b'0') } else { Target::Positional(number) });
    }
    if let [byte @ (b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!')] = text {
        return plain(Target::Special(*byte));
    }
    let open = text.iter().position(|&b| b == b'[')?;
    let (name, rest) = text.split_at(open);
    let index = rest.strip_prefix(b"[")?.strip_suffix(b"]")?;
    if !is_name(name) {
        return None;
    }
    let index = match index {
        b"@" => Index::All { star: false },
        b"*" => Index::All { star: true },
        _ => Index::Raw(index.to_vec()),
    };
    Some(Place { target: Target::Name(name.into()), index })
}
