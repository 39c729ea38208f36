//! Variables, their attributes, and the scopes of functions.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

/// A variable's name.
pub(crate) type Name = Rc<[u8]>;

/// Attributes, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes(u16);

impl Attributes {
    pub(crate) const EXPORT: Self = Self(1);
    pub(crate) const READONLY: Self = Self(2);
    pub(crate) const INTEGER: Self = Self(4);
    pub(crate) const LOWER: Self = Self(8);
    pub(crate) const UPPER: Self = Self(16);
    pub(crate) const NAMEREF: Self = Self(32);
    pub(crate) const TRACE: Self = Self(64);
    /// Declared as an array, but never assigned to.
    pub(crate) const UNASSIGNED: Self = Self(128);

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
    pub(crate) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }
    pub(crate) fn remove(&mut self, other: Self) {
        self.0 &= !other.0;
    }
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) enum Value {
    /// Declared but without a value.
    #[default]
    Unset,
    Scalar(Vec<u8>),
    Indexed(BTreeMap<u64, Vec<u8>>),
    Assoc(Assoc),
}

/// An associative array that lists its keys in the order in which bash does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Assoc {
    entries: BTreeMap<Vec<u8>, (u64, Vec<u8>)>,
    serial: u64,
}

impl Assoc {
    pub(crate) fn get(&self, key: &[u8]) -> Option<&Vec<u8>> {
        self.entries.get(key).map(|(_, value)| value)
    }

    pub(crate) fn insert(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.serial += 1;
        let serial = self.serial;
        self.entries.entry(key).or_insert((serial, Vec::new())).1 = value;
    }

    pub(crate) fn remove(&mut self, key: &[u8]) {
        self.entries.remove(key);
    }

    /// Entries by hash bucket, the youngest of a bucket first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Vec<u8>, &Vec<u8>)> {
        let mut all: Vec<_> = self.entries.iter().collect();
        all.sort_by_key(|(key, (serial, _))| (bucket(key), u64::MAX - serial));
        all.into_iter().map(|(key, (_, value))| (key, value))
    }
}

fn bucket(key: &[u8]) -> u32 {
    let hash =
        key.iter().fold(2_166_136_261u32, |hash, &b| hash.wrapping_mul(16_777_619) ^ u32::from(b));
    hash & 1023
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Variable {
    pub(crate) value: Value,
    pub(crate) attributes: Attributes,
}

impl Variable {
    /// The value of the variable when it is used without a subscript.
    pub(crate) fn scalar(&self) -> Option<&[u8]> {
        match &self.value {
            Value::Unset => None,
            Value::Scalar(text) => Some(text),
            Value::Indexed(items) => items.get(&0).map(Vec::as_slice),
            Value::Assoc(items) => items.get(b"0").map(Vec::as_slice),
        }
    }

    pub(crate) fn is_set(&self) -> bool {
        match &self.value {
            Value::Unset => false,
            Value::Scalar(_) => true,
            Value::Indexed(items) => {
                !items.is_empty() || !self.attributes.has(Attributes::UNASSIGNED)
            }
            Value::Assoc(items) => {
                !items.entries.is_empty() || !self.attributes.has(Attributes::UNASSIGNED)
            }
        }
    }

    pub(crate) fn is_array(&self) -> bool {
        matches!(self.value, Value::Indexed(_) | Value::Assoc(_))
    }
}

/// A fast hash for short names; names come from the job itself, which only harms itself.
#[derive(Default)]
pub(crate) struct NameHasher(u64);

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0.rotate_left(5) ^ u64::from(byte)).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

pub(crate) type NameMap<V> = HashMap<Name, V, BuildHasherDefault<NameHasher>>;

/// Whether the variable is one of those that choose the locale of characters.
pub(crate) fn is_locale(name: &[u8]) -> bool {
    matches!(name, b"LC_ALL" | b"LC_CTYPE" | b"LANG")
}

/// What made a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScopeKind {
    /// A call of a function, with the assignments before it.
    Function,
    /// The assignments before `eval` or `source`, whose commands may declare them local.
    Commands,
    /// The assignments before another builtin.
    Builtin,
}

/// What a scope hides.
struct Binding {
    name: Name,
    /// The variable of the scopes below.
    below: Option<Variable>,
    /// Declared local; otherwise it is an assignment before the command.
    local: bool,
}

struct Scope {
    kind: ScopeKind,
    bindings: Vec<Binding>,
}

impl Scope {
    fn position(&self, name: &[u8]) -> Option<usize> {
        self.bindings.iter().position(|b| *b.name == *name)
    }
}

/// All variables of the shell.
#[derive(Default)]
pub(crate) struct Variables {
    map: NameMap<Variable>,
    /// The innermost last.
    scopes: Vec<Scope>,
}

impl Variables {
    pub(crate) fn get(&self, name: &[u8]) -> Option<&Variable> {
        self.map.get(name)
    }

    pub(crate) fn get_mut(&mut self, name: &[u8]) -> Option<&mut Variable> {
        self.map.get_mut(name)
    }

    pub(crate) fn entry(&mut self, name: &[u8]) -> &mut Variable {
        if !self.map.contains_key(name) {
            self.map.insert(name.into(), Variable::default());
        }
        self.map.get_mut(name).expect("the entry was just made")
    }

    pub(crate) fn remove(&mut self, name: &[u8]) {
        self.map.remove(name);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Name, &Variable)> {
        self.map.iter()
    }

    /// The innermost scope that binds `name`, and where.
    fn binding(&self, name: &[u8]) -> Option<(usize, usize)> {
        self.scopes
            .iter()
            .enumerate()
            .rev()
            .find_map(|(index, scope)| Some((index, scope.position(name)?)))
    }

    fn function_scope(&self) -> Option<usize> {
        self.scopes.iter().rposition(|scope| scope.kind == ScopeKind::Function)
    }

    /// Unsets a variable. One that the running function declared local stays, without value,
    /// until it returns; any other gives way to the variable that it hides.
    pub(crate) fn unset(&mut self, name: &[u8]) {
        let Some((scope, at)) = self.binding(name) else {
            self.map.remove(name);
            if is_locale(name) {
                self.note_locale();
            }
            return;
        };
        let own = self.function_scope().is_some_and(|function| scope >= function);
        if self.scopes[scope].bindings[at].local && own {
            *self.entry(name) = Variable::default();
            return;
        }
        let binding = self.scopes[scope].bindings.remove(at);
        self.restore(binding);
    }

    fn restore(&mut self, binding: Binding) {
        let locale = is_locale(&binding.name);
        match binding.below {
            Some(variable) => drop(self.map.insert(binding.name, variable)),
            None => drop(self.map.remove(&binding.name)),
        }
        if locale {
            self.note_locale();
        }
    }

    /// Makes the variables of the locale effective: whether characters are single bytes.
    pub(crate) fn note_locale(&self) {
        let set = |name: &[u8]| self.get(name)?.scalar().filter(|value| !value.is_empty());
        let locale = set(b"LC_ALL").or_else(|| set(b"LC_CTYPE")).or_else(|| set(b"LANG"));
        crate::bytes::set_single_bytes(matches!(locale, Some(b"C" | b"POSIX")));
    }

    /// All names in order.
    pub(crate) fn names(&self) -> Vec<Name> {
        let mut names: Vec<_> = self.map.keys().cloned().collect();
        names.sort();
        names
    }

    pub(crate) fn push_scope(&mut self, kind: ScopeKind) {
        self.scopes.push(Scope { kind, bindings: Vec::new() });
    }

    pub(crate) fn pop_scope(&mut self) {
        let Some(scope) = self.scopes.pop() else { return };
        for binding in scope.bindings.into_iter().rev() {
            self.restore(binding);
        }
    }

    pub(crate) fn in_function(&self) -> bool {
        !self.scopes.is_empty()
    }

    /// Makes a variable of the innermost scope, for an assignment before a command.
    pub(crate) fn bind_temporary(&mut self, name: &[u8]) -> &mut Variable {
        if let Some(scope) = self.scopes.last_mut()
            && scope.position(name).is_none()
        {
            let name: Name = name.into();
            let below = self.map.remove(&name);
            scope.bindings.push(Binding { name, below, local: false });
        }
        self.entry(name)
    }

    /// Makes `name` local to the running function; false when it already is. It begins without
    /// value, or with that of an assignment before a command.
    pub(crate) fn make_local(&mut self, name: &[u8]) -> bool {
        let Some(function) = self.function_scope() else { return false };
        let found = self.binding(name);
        let before = match found {
            Some((scope, at)) if scope >= function => {
                if self.scopes[scope].bindings[at].local {
                    return false;
                }
                if self.scopes[scope].kind != ScopeKind::Builtin {
                    // An assignment before this call becomes the local variable.
                    self.scopes[scope].bindings[at].local = true;
                    return false;
                }
                // It goes below the assignment before the declaration itself.
                let value = self.map.get(name).cloned();
                let binding = &mut self.scopes[scope].bindings[at];
                let (name, below) = (Rc::clone(&binding.name), binding.below.take());
                binding.below = value.map(|mut v| {
                    v.attributes.remove(Attributes::EXPORT);
                    v
                });
                self.scopes[function].bindings.push(Binding { name, below, local: true });
                return true;
            }
            Some((scope, at)) => !self.scopes[scope].bindings[at].local,
            None => false,
        };
        let name: Name = name.into();
        let below = self.map.remove(&name);
        let mut variable = Variable::default();
        if let Some(hidden) = &below {
            if hidden.attributes.has(Attributes::EXPORT) {
                variable.attributes.add(Attributes::EXPORT);
            }
            if before {
                variable.value = hidden.value.clone();
            }
        }
        self.map.insert(Rc::clone(&name), variable);
        self.scopes[function].bindings.push(Binding { name, below, local: true });
        true
    }

    /// Names that are local to the running function.
    pub(crate) fn local_names(&self) -> Vec<Name> {
        let Some(function) = self.function_scope() else { return Vec::new() };
        let bindings = self.scopes[function..].iter().flat_map(|scope| &scope.bindings);
        bindings.filter(|b| b.local).map(|b| Rc::clone(&b.name)).collect()
    }

    /// The variable of that name outside of all functions.
    pub(crate) fn global(&mut self, name: &[u8]) -> &mut Variable {
        let hidden = self
            .scopes
            .iter()
            .enumerate()
            .find_map(|(index, scope)| Some((index, scope.position(name)?)));
        match hidden {
            None => self.entry(name),
            Some((scope, at)) => self.scopes[scope].bindings[at].below.get_or_insert_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Assoc, ScopeKind, Value, Variables};

    fn set(vars: &mut Variables, name: &str, value: &str) {
        vars.entry(name.as_bytes()).value = Value::Scalar(value.into());
    }

    fn get<'a>(vars: &'a Variables, name: &str) -> Option<&'a str> {
        vars.get(name.as_bytes())?.scalar().map(|v| std::str::from_utf8(v).unwrap())
    }

    #[test]
    fn locals_end_with_their_scope() {
        let mut vars = Variables::default();
        set(&mut vars, "x", "outer");
        vars.push_scope(ScopeKind::Function);
        assert!(vars.make_local(b"x"));
        assert!(vars.make_local(b"y"));
        assert_eq!(get(&vars, "x"), None);
        set(&mut vars, "x", "inner");
        vars.global(b"x").value = Value::Scalar(b"changed".to_vec());
        assert!(!vars.make_local(b"x"));
        assert_eq!(get(&vars, "x"), Some("inner"));
        vars.pop_scope();
        assert_eq!(get(&vars, "x"), Some("changed"));
        assert!(vars.get(b"y").is_none());
    }

    #[test]
    fn unset_shows_what_an_assignment_before_a_call_hides() {
        let mut vars = Variables::default();
        set(&mut vars, "x", "global");
        vars.push_scope(ScopeKind::Function);
        vars.bind_temporary(b"x").value = Value::Scalar(b"before".to_vec());
        vars.push_scope(ScopeKind::Function);
        assert!(vars.make_local(b"x"));
        assert_eq!(get(&vars, "x"), Some("before"), "a local variable inherits it");
        vars.unset(b"x");
        assert_eq!(get(&vars, "x"), None);
        vars.pop_scope();
        vars.unset(b"x");
        assert_eq!(get(&vars, "x"), Some("global"));
        vars.pop_scope();
        assert_eq!(get(&vars, "x"), Some("global"));
    }

    #[test]
    fn associative_arrays_keep_bashs_order() {
        let mut map = Assoc::default();
        for key in ["one", "two", "three", "four"] {
            map.insert(key.into(), key.into());
        }
        let keys: Vec<_> =
            map.iter().map(|(k, _)| String::from_utf8_lossy(k).into_owned()).collect();
        assert_eq!(keys.join(" "), "four two three one", "as bash 5.2 prints ${{!map[@]}}");
    }
}
