//! Variables in variables, as GitLab and its runner expand them.
//!
//! `$NAME` and `${NAME}` become the value of the variable, itself expanded first; `$$` becomes `$`;
//! a name that nobody defined becomes nothing. References between variables that lead back to each
//! other stay as they are written. `%NAME%` is a reference, too, if there is such a variable; `%%`
//! stays, and so does the name of a variable that nobody defined. Everything else that a shell would act on, like `$(date)`, is
//! left to the shell. A variable with `expand: false` is neither expanded nor looked into.

use std::collections::HashMap;

use indexmap::IndexMap;

use crate::pipeline::references::{Part, parts};

/// A value and whether references in it are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Raw<'a> {
    pub(super) value: &'a str,
    pub(super) expand: bool,
}

/// The longest value that expansion may make, in bytes: Linux takes no longer variable.
pub(super) const MAX_VALUE: usize = 128 * 1024;

/// A value that grew too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TooLong {
    /// The variable whose value it is.
    pub(super) name: String,
}

/// The variables of a job with their references replaced.
pub(super) struct Expanded<'a> {
    raw: &'a IndexMap<&'a str, Raw<'a>>,
    /// The values of those that have references, by their place. Most have none.
    values: HashMap<usize, String>,
}

impl<'a> Expanded<'a> {
    pub(super) fn new(raw: &'a IndexMap<&'a str, Raw<'a>>) -> Result<Self, TooLong> {
        let mut expanded = Self { raw, values: HashMap::new() };
        let referring: Vec<usize> = (0..raw.len())
            // Asked one by one, each is a fast search through what may be a long value.
            .filter(|index| {
                let Raw { value, expand } = raw[*index];
                expand && (value.contains('$') || value.contains('%'))
            })
            .collect();
        if referring.is_empty() {
            return Ok(expanded);
        }
        // References come before the variables that contain them, so that no chain is too long.
        let knots = Knots::new(raw, &referring).find();
        let mut knot_of = HashMap::with_capacity(referring.len());
        for (number, knot) in knots.iter().enumerate() {
            knot.iter().for_each(|member| _ = knot_of.insert(referring[*member], number));
        }
        for (number, knot) in knots.iter().enumerate() {
            for &member in knot {
                let index = referring[member];
                let Some((name, raw_value)) = raw.get_index(index) else { continue };
                let inside = |other: &str| {
                    raw.get_index_of(other).is_some_and(|at| knot_of.get(&at) == Some(&number))
                };
                let value = expanded
                    .replace(raw_value.value, inside)
                    .map_err(|TooLong { .. }| TooLong { name: (*name).to_owned() })?;
                expanded.values.insert(index, value);
            }
        }
        Ok(expanded)
    }

    /// The value of a variable.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let (index, _, raw) = self.raw.get_full(name)?;
        Some(self.values.get(&index).map_or(raw.value, String::as_str))
    }

    /// A text with its references replaced.
    pub(super) fn text(&self, text: &str) -> Result<String, TooLong> {
        self.replace(text, |_| false)
    }

    /// Replaces references, but for those to variables that are to stay.
    fn replace(&self, text: &str, stays: impl Fn(&str) -> bool) -> Result<String, TooLong> {
        let mut out = String::with_capacity(text.len());
        for part in parts(text) {
            out.push_str(match part {
                Part::Text(text) => text,
                Part::Dollar => "$",
                Part::Name { name, written } | Part::Percent { name, written } if stays(name) => {
                    written
                }
                Part::Name { name, .. } => self.value(name).unwrap_or_default(),
                Part::Percent { name, written } => self.value(name).unwrap_or(written),
            });
            if out.len() > MAX_VALUE {
                return Err(TooLong { name: String::new() });
            }
        }
        Ok(out)
    }
}

/// Finds the variables that lead back to each other: Tarjan's strongly connected components, with
/// an explicit stack because a chain may be as long as the file.
struct Knots {
    /// The variables that each one names.
    names: Vec<Vec<usize>>,
}

impl Knots {
    fn new(raw: &IndexMap<&str, Raw<'_>>, referring: &[usize]) -> Self {
        let places: HashMap<usize, usize> =
            referring.iter().enumerate().map(|(place, index)| (*index, place)).collect();
        let named = |part: &Part<'_>| match part {
            Part::Name { name, .. } | Part::Percent { name, .. } => {
                places.get(&raw.get_index_of(name)?).copied()
            }
            _ => None,
        };
        let names = referring
            .iter()
            .map(|index| parts(raw[*index].value).iter().filter_map(named).collect())
            .collect();
        Self { names }
    }

    /// The knots, each one after those that it names. Most are a single variable.
    fn find(&self) -> Vec<Vec<usize>> {
        const UNSEEN: usize = usize::MAX;
        let count = self.names.len();
        let mut knots = Vec::with_capacity(count);
        let mut order = vec![UNSEEN; count];
        let mut lowest = vec![0; count];
        let mut on_stack = vec![false; count];
        let mut stack = Vec::new();
        let mut next_order = 0;
        for start in 0..count {
            if order[start] != UNSEEN {
                continue;
            }
            let mut path = vec![(start, 0)];
            while let Some((node, edge)) = path.last_mut() {
                let node = *node;
                if *edge == 0 && order[node] == UNSEEN {
                    order[node] = next_order;
                    lowest[node] = next_order;
                    next_order += 1;
                    stack.push(node);
                    on_stack[node] = true;
                }
                if let Some(&target) = self.names[node].get(*edge) {
                    *edge += 1;
                    if order[target] == UNSEEN {
                        path.push((target, 0));
                    } else if on_stack[target] {
                        lowest[node] = lowest[node].min(order[target]);
                    }
                    continue;
                }
                path.pop();
                if let Some((parent, _)) = path.last() {
                    lowest[*parent] = lowest[*parent].min(lowest[node]);
                }
                if lowest[node] == order[node] {
                    let at = stack.iter().rposition(|other| *other == node).unwrap_or(0);
                    let knot = stack.split_off(at);
                    knot.iter().for_each(|member| on_stack[*member] = false);
                    knots.push(knot);
                }
            }
        }
        knots
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn expand(variables: &[(&str, &str)], text: &str) -> String {
        let raw: IndexMap<&str, Raw<'_>> = variables
            .iter()
            .map(|(name, value)| (*name, Raw { value, expand: !name.starts_with("RAW") }))
            .collect();
        Expanded::new(&raw)
            .and_then(|expanded| expanded.text(text))
            .unwrap_or_else(|error| format!("{} is too long", error.name))
    }

    #[test]
    fn references_become_values() {
        let variables = [("A", "1"), ("B", "$A-2"), ("C", "${B}-3"), ("RAW", "$A"), ("N", "x$RAW")];
        for (text, expected) in [
            ("$A", "1"),
            ("${A}x", "1x"),
            ("$C", "1-2-3"),
            ("$$A", "$A"),
            ("$$$A", "$1"),
            ("$$$$", "$$"),
            ("[$NOBODY]", "[]"),
            ("$RAW", "$A"),
            ("$N", "x$A"),
            ("$(date) ${A:-x} $1 $", "$(date) ${A:-x} $1 $"),
            ("${A", "${A"),
            ("${}", "${}"),
            ("ü$A-ü", "ü1-ü"),
            ("%A% %A%B%", "1 1B%"),
            ("%NOBODY% %Y%m%d 100 %", "%NOBODY% %Y%m%d 100 %"),
            ("%%A%% %%%A%", "%%A%% %%1"),
            ("", ""),
        ] {
            assert_eq!(expand(&variables, text), expected, "{text}");
        }
    }

    #[test]
    fn circles_stay_as_written() {
        let variables =
            [("A", "a$B"), ("B", "b$A$X"), ("S", "$S:more"), ("X", "x"), ("OUT", "[$A|$B]")];
        assert_eq!(expand(&variables, "$A"), "a$B");
        assert_eq!(expand(&variables, "$B"), "b$Ax");
        assert_eq!(expand(&variables, "$S"), "$S:more");
        assert_eq!(expand(&variables, "$OUT"), "[a$B|b$Ax]");
    }

    #[test]
    fn growth_is_bounded() {
        let names: Vec<String> = (0..60).map(|n| format!("V{n}")).collect();
        let values: Vec<String> = (1..=60).map(|n| format!("$V{n}$V{n}")).collect();
        let mut variables: Vec<(&str, &str)> =
            names.iter().map(String::as_str).zip(values.iter().map(String::as_str)).collect();
        variables.push(("V60", "x"));
        let shown = expand(&variables, "$V0");
        assert!(shown.ends_with("is too long"), "{shown}");
    }

    #[test]
    fn long_chains_end() {
        let names: Vec<String> = (0..5000).map(|n| format!("V{n}")).collect();
        let values: Vec<String> = (1..=5000).map(|n| format!("$V{n}")).collect();
        let variables: Vec<(&str, &str)> =
            names.iter().map(String::as_str).zip(values.iter().map(String::as_str)).collect();
        assert_eq!(expand(&variables, "[$V0]"), "[]");
    }

    proptest! {
        #[test]
        fn no_text_panics(a in "[$A-C{}()a é]{0,24}", b in "[$A-C{}]{0,24}", text in "[$A-D{}%]{0,24}") {
            let _ = expand(&[("A", &a), ("B", &b), ("C", "$A$B")], &text);
        }

        #[test]
        fn text_without_references_stays(text in "[^$%]{0,40}") {
            prop_assert_eq!(expand(&[], &text), text);
        }
    }
}
