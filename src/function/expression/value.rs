//! The values of the expression language: JSON's, each with a mark if it is secret.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

/// What a value may weigh, in bytes of its text: steps hand values on, and each could double them.
pub const MAX_WEIGHT: usize = 16 * 1024 * 1024;

/// Lists and objects within each other.
pub const MAX_NESTING: usize = 100;

/// A value. Copies share their content, so that handing one on costs nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// What it is.
    pub data: Data,
    /// Whether it, or what it was made of, is secret: it must not be shown. What is in a list or an
    /// object has marks of its own.
    pub sensitive: bool,
}

// No number is NaN: what would make one is an error.
impl Eq for Value {}

/// What a value holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// The absence of a value.
    Null,
    /// A truth value.
    Bool(bool),
    /// A finite number.
    Number(f64),
    /// Text.
    String(Arc<str>),
    /// A list of values of any kinds.
    Array(Array),
    /// Values by name, in the order in which they were written.
    Object(Object),
}

/// A list that knows its weight.
#[derive(Clone, Debug, Default)]
pub struct Array {
    items: Arc<Vec<Value>>,
    measure: Measure,
}

/// Named values that know their weight.
#[derive(Clone, Debug, Default)]
pub struct Object {
    entries: Arc<IndexMap<Arc<str>, Value>>,
    measure: Measure,
}

/// What a collection weighs, kept because counting again at each step would take ever longer.
#[derive(Clone, Copy, Debug, Default)]
struct Measure {
    weight: usize,
    nesting: usize,
    sensitive: bool,
}

impl Measure {
    fn add(&mut self, name: usize, value: &Value) -> Result<(), TooBig> {
        let inner = value.measure();
        self.weight += name + inner.weight;
        self.nesting = self.nesting.max(inner.nesting + 1);
        self.sensitive |= inner.sensitive;
        if self.weight > MAX_WEIGHT {
            return Err(TooBig::Weight);
        }
        if self.nesting > MAX_NESTING { Err(TooBig::Nesting) } else { Ok(()) }
    }
}

/// A value would be larger than values may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooBig {
    /// Its text.
    #[error("the value is larger than {} MiB", MAX_WEIGHT >> 20)]
    Weight,
    /// Its nesting.
    #[error("lists and objects are nested more than {MAX_NESTING} deep")]
    Nesting,
}

impl Array {
    /// A list of these values.
    ///
    /// # Errors
    /// If it is too large.
    pub fn new(items: Vec<Value>) -> Result<Self, TooBig> {
        let mut measure = Measure::default();
        for item in &items {
            measure.add(1, item)?;
        }
        Ok(Self { items: Arc::new(items), measure })
    }

    /// Its values.
    pub fn items(&self) -> &[Value] {
        &self.items
    }
}

impl PartialEq for Array {
    fn eq(&self, other: &Self) -> bool {
        self.items == other.items
    }
}

impl Object {
    /// An object of these values; of two with one name the last counts.
    ///
    /// # Errors
    /// If it is too large.
    pub fn new<K: Into<Arc<str>>>(
        entries: impl IntoIterator<Item = (K, Value)>,
    ) -> Result<Self, TooBig> {
        let mut object = Self::default();
        for (name, value) in entries {
            object.insert(name, value)?;
        }
        Ok(object)
    }

    /// Adds a value, or replaces it.
    ///
    /// # Errors
    /// If the object would be too large. A value that was replaced still counts.
    pub fn insert(&mut self, name: impl Into<Arc<str>>, value: Value) -> Result<(), TooBig> {
        let name = name.into();
        self.measure.add(name.len() + 4, &value)?;
        Arc::make_mut(&mut self.entries).insert(name, value);
        Ok(())
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.entries.get(name)
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(name, value)| (&**name, value))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl From<Data> for Value {
    fn from(data: Data) -> Self {
        Self { data, sensitive: false }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Data::Bool(value).into()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Data::String(text.into()).into()
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Data::String(text.into()).into()
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Data::Object(object).into()
    }
}

impl Value {
    /// Nothing.
    pub const NULL: Self = Self { data: Data::Null, sensitive: false };

    /// A number, unless it is none that JSON can write.
    pub fn number(value: f64) -> Option<Self> {
        // There is one zero: a negative one would print as `-0`.
        value.is_finite().then(|| Data::Number(if value == 0.0 { 0.0 } else { value }).into())
    }

    /// The same, secret if `sensitive` says so or it was.
    #[must_use]
    pub fn marked(mut self, sensitive: bool) -> Self {
        self.sensitive |= sensitive;
        self
    }

    /// Whether it or anything in it is secret.
    pub fn holds_secrets(&self) -> bool {
        self.measure().sensitive
    }

    /// What JavaScript and Moa take for true: everything but `false`, `0`, `null` and what is
    /// empty.
    pub fn is_truthy(&self) -> bool {
        match &self.data {
            Data::Null => false,
            Data::Bool(value) => *value,
            Data::Number(value) => *value != 0.0,
            Data::String(text) => !text.is_empty(),
            Data::Array(array) => !array.items.is_empty(),
            Data::Object(object) => !object.is_empty(),
        }
    }

    /// What kind of value it is, with an article.
    pub fn kind(&self) -> &'static str {
        match self.data {
            Data::Null => "null",
            Data::Bool(_) => "a boolean",
            Data::Number(_) => "a number",
            Data::String(_) => "a string",
            Data::Array(_) => "an array",
            Data::Object(_) => "an object",
        }
    }

    /// The text, if it is a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::String(text) => Some(text),
            _ => None,
        }
    }

    /// The texts of everything secret in it, to mask them.
    pub fn secrets(&self, out: &mut Vec<String>) {
        self.collect_secrets(false, out);
    }

    fn collect_secrets(&self, within: bool, out: &mut Vec<String>) {
        let sensitive = self.sensitive || within;
        match &self.data {
            _ if !sensitive && !self.holds_secrets() => {}
            Data::Array(array) => {
                array.items.iter().for_each(|item| item.collect_secrets(sensitive, out));
            }
            Data::Object(object) => {
                object.iter().for_each(|(_, value)| value.collect_secrets(sensitive, out));
            }
            // Hiding every `true` of a log would hide nothing.
            Data::Null | Data::Bool(_) => {}
            Data::Number(_) | Data::String(_) => out.push(self.to_string()),
        }
    }

    fn measure(&self) -> Measure {
        let mut measure = match &self.data {
            Data::Null | Data::Bool(_) => Measure { weight: 4, ..Measure::default() },
            Data::Number(_) => Measure { weight: 8, ..Measure::default() },
            Data::String(text) => Measure { weight: text.len() + 2, ..Measure::default() },
            Data::Array(array) => Measure { weight: array.measure.weight + 2, ..array.measure },
            Data::Object(object) => Measure { weight: object.measure.weight + 2, ..object.measure },
        };
        measure.sensitive |= self.sensitive;
        measure
    }
}

/// The text of `str()` and of a template: strings as they are, collections as JSON.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.data {
            Data::Null => f.write_str("<null>"),
            Data::Bool(value) => write!(f, "{value}"),
            Data::Number(value) => write!(f, "{value}"),
            Data::String(text) => f.write_str(text),
            Data::Array(_) | Data::Object(_) => {
                f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
            }
        }
    }
}

/// The largest whole number up to which all are exact.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match &self.data {
            Data::Null => to.serialize_unit(),
            Data::Bool(value) => to.serialize_bool(*value),
            #[expect(clippy::cast_possible_truncation, reason = "whole, and within 2^53")]
            Data::Number(value) if value.fract() == 0.0 && value.abs() <= MAX_EXACT => {
                to.serialize_i64(*value as i64)
            }
            Data::Number(value) => to.serialize_f64(*value),
            Data::String(text) => to.serialize_str(text),
            Data::Array(array) => {
                let mut seq = to.serialize_seq(Some(array.items.len()))?;
                for item in array.items() {
                    seq.serialize_element(item)?;
                }
                seq.end()
            }
            Data::Object(object) => {
                let mut map = to.serialize_map(Some(object.len()))?;
                for (name, value) in object.iter() {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::NULL)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Value::number(value).ok_or_else(|| E::custom("the number is too large"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Data::Array(Array::new(items).map_err(de::Error::custom)?).into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Object::default();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            object.insert(name, value).map_err(de::Error::custom)?;
        }
        Ok(object.into())
    }
}
