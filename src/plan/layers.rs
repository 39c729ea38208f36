//! Variables from several sources, of which a plan's jobs share most.
//!
//! Five thousand jobs have the same sixty predefined variables and the same ones of the top level,
//! so a source is read once for all of them, and every text is kept once.

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexMap;

/// A value and whether references in it are replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Raw {
    pub(super) value: Arc<str>,
    pub(super) expand: bool,
}

/// The place of a variable: its layer and its number in it.
pub(super) type Place = (usize, usize);

/// Names and values that jobs share.
type Part = Arc<[(Arc<str>, Arc<str>)]>;

/// Variables of one source.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    entries: IndexMap<Arc<str>, Raw>,
    /// The numbers of those whose values may hold references.
    referring: Vec<usize>,
    /// The variables as a job has them that changes nothing about them.
    plain: Option<Part>,
}

impl Layer {
    /// Sets a variable; one that is set again moves to the end, where its precedence is.
    pub(super) fn set(&mut self, name: Arc<str>, value: Arc<str>, expand: bool) {
        // Setting in place is the common case; asking first costs one more search.
        if self.entries.shift_remove(&name).is_some() {
            self.referring = self.refer();
        }
        if expand && value.contains(['$', '%']) {
            self.referring.push(self.entries.len());
        }
        self.entries.insert(name, Raw { value, expand });
        self.plain = None;
    }

    fn refer(&self) -> Vec<usize> {
        let refers = |raw: &Raw| raw.expand && raw.value.contains(['$', '%']);
        self.entries.values().enumerate().filter(|(_, raw)| refers(raw)).map(|(i, _)| i).collect()
    }

    /// Makes it ready to be shared by jobs.
    pub(super) fn shared(mut self) -> Self {
        let plain = |(name, raw): (&Arc<str>, &Raw)| (Arc::clone(name), Arc::clone(&raw.value));
        self.plain = self.referring.is_empty().then(|| self.entries.iter().map(plain).collect());
        self
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// Layers in ascending precedence.
#[derive(Clone, Debug)]
pub(super) struct Layers<'a>(Vec<&'a Layer>);

impl<'a> Layers<'a> {
    pub(super) fn new(layers: impl IntoIterator<Item = &'a Layer>) -> Self {
        Self(layers.into_iter().filter(|layer| !layer.is_empty()).collect())
    }

    /// The variable that counts among those of a name.
    pub(super) fn find(&self, name: &str) -> Option<(Place, &'a Raw)> {
        self.0.iter().enumerate().rev().find_map(|(number, layer)| {
            let (index, _, raw) = layer.entries.get_full(name)?;
            Some(((number, index), raw))
        })
    }

    /// The variables that count and may hold references.
    pub(super) fn referring(&self) -> Vec<(Place, &'a Arc<str>, &'a Raw)> {
        let mut found = Vec::new();
        for (number, layer) in self.0.iter().enumerate() {
            for &index in &layer.referring {
                if let Some((name, raw)) = layer.entries.get_index(index)
                    && !self.is_hidden(number, name)
                {
                    found.push(((number, index), name, raw));
                }
            }
        }
        found
    }

    /// Whether a later layer has a variable of this name.
    fn is_hidden(&self, number: usize, name: &str) -> bool {
        self.0[number + 1..].iter().any(|layer| layer.entries.contains_key(name))
    }

    /// The variables that count, with the values that `value` gives to some of them.
    pub(super) fn environment(&self, value: impl Fn(Place) -> Option<Arc<str>>) -> Environment {
        let mut environment = Environment::default();
        for (number, layer) in self.0.iter().enumerate() {
            let later = || self.0[number + 1..].iter().flat_map(|layer| layer.entries.keys());
            let hides = later().any(|name| layer.entries.contains_key(name));
            if let Some(plain) = &layer.plain
                && !hides
            {
                environment.parts.push(Arc::clone(plain));
                continue;
            }
            let entries = layer.entries.iter().enumerate();
            let part: Part = entries
                .filter(|(_, (name, _))| !hides || !self.is_hidden(number, name))
                .map(|(index, (name, raw))| {
                    let value = value((number, index)).unwrap_or_else(|| Arc::clone(&raw.value));
                    (Arc::clone(name), value)
                })
                .collect();
            environment.own +=
                part.iter().map(|(name, value)| name.len() + value.len() + 48).sum::<usize>();
            environment.parts.push(part);
        }
        environment
    }
}

/// The variables of a job in ascending precedence, each name once. Jobs share what they have in
/// common, so a copy costs little.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    parts: Vec<Part>,
    /// About how many bytes are not shared.
    own: usize,
}

impl Environment {
    /// The names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parts.iter().flat_map(|part| part.iter()).map(|(name, value)| (&**name, &**value))
    }

    /// The names and values, as texts of their own.
    pub fn owned(&self) -> impl Iterator<Item = (String, String)> {
        self.iter().map(|(name, value)| (name.to_owned(), value.to_owned()))
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    /// About how many bytes it takes beyond what other jobs have, too.
    pub(super) fn own_bytes(&self) -> usize {
        self.own
    }

    /// Sets a variable that was not known to the others.
    pub(super) fn set_first(&mut self, name: &Arc<str>, value: Arc<str>) {
        for part in &mut self.parts {
            if part.iter().any(|(other, _)| other == name) {
                let others = part.iter().filter(|(other, _)| other != name);
                *part = others.cloned().collect();
            }
        }
        self.parts.insert(0, Arc::new([(Arc::clone(name), value)]));
    }
}

impl FromIterator<(String, String)> for Environment {
    /// Of variables with the same name the last one counts.
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        let mut layer = Layer::default();
        for (name, value) in variables {
            layer.set(name.into(), value.into(), false);
        }
        Layers::new([&layer.shared()]).environment(|_| None)
    }
}

impl PartialEq for Environment {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Environment {}

/// Texts that many jobs have, each kept once.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts(HashSet<Arc<str>>);

impl Texts {
    pub(super) fn get(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let text: Arc<str> = Arc::from(text);
        self.0.insert(Arc::clone(&text));
        text
    }
}
