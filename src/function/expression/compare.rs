//! Order among values.

use std::cmp::Ordering;

use super::{Data, Object, Value};

/// The order of two values. Those of different types are in the order of their types, which the
/// documentation does not name: null, boolean, number, string, array, object.
pub(super) fn compare(left: &Value, right: &Value) -> Ordering {
    match (&left.data, &right.data) {
        (Data::Bool(a), Data::Bool(b)) => a.cmp(b),
        (Data::Number(a), Data::Number(b)) => a.total_cmp(b),
        (Data::String(a), Data::String(b)) => a.as_bytes().cmp(b.as_bytes()),
        (Data::Array(a), Data::Array(b)) => {
            let differing = a.items().iter().zip(b.items()).map(|(a, b)| compare(a, b));
            first_difference(differing).then(a.items().len().cmp(&b.items().len()))
        }
        (Data::Object(a), Data::Object(b)) => objects(a, b),
        (a, b) => rank(a).cmp(&rank(b)),
    }
}

/// By length, then keys, then values; the order of the keys does not matter.
fn objects(a: &Object, b: &Object) -> Ordering {
    let sorted = |object: &Object| {
        let mut entries: Vec<(String, Value)> =
            object.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        entries
    };
    a.len().cmp(&b.len()).then_with(|| {
        let (a, b) = (sorted(a), sorted(b));
        let keys = a.iter().map(|(name, _)| name).cmp(b.iter().map(|(name, _)| name));
        keys.then_with(|| first_difference(a.iter().zip(&b).map(|(a, b)| compare(&a.1, &b.1))))
    })
}

fn first_difference(mut orderings: impl Iterator<Item = Ordering>) -> Ordering {
    orderings.find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
}

fn rank(data: &Data) -> u8 {
    match data {
        Data::Null => 0,
        Data::Bool(_) => 1,
        Data::Number(_) => 2,
        Data::String(_) => 3,
        Data::Array(_) => 4,
        Data::Object(_) => 5,
    }
}
