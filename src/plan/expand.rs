//! Variables in variables, as GitLab and its runner expand them.
//!
//! `$NAME` and `${NAME}` become the value of the variable, itself expanded first; `$$` becomes `$`;
//! a name that nobody defined becomes nothing. References between variables that lead back to each
//! other stay as they are written. `%NAME%` is a reference, too, if there is such a variable; `%%`
//! stays, and so does the name of a variable that nobody defined. Everything else that a shell would act on, like `$(date)`, is
//! left to the shell. A variable with `expand: false` is neither expanded nor looked into.

use std::collections::HashMap;
use std::sync::Arc;

use super::layers::{Environment, Layers, Place};
use crate::pipeline::references::{Part, parts};

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
    layers: Layers<'a>,
    /// The values of those that have references. Most have none.
    values: HashMap<Place, Arc<str>>,
}

impl<'a> Expanded<'a> {
    pub(super) fn new(layers: Layers<'a>) -> Result<Self, TooLong> {
        let referring = layers.referring();
        let mut expanded = Self { layers, values: HashMap::new() };
        if referring.is_empty() {
            return Ok(expanded);
        }
        let places: HashMap<Place, usize> =
            referring.iter().enumerate().map(|(number, (place, ..))| (*place, number)).collect();
        let number_of =
            |layers: &Layers<'_>, name: &str| places.get(&layers.find(name)?.0).copied();
        let named = |part: &Part<'_>| match part {
            Part::Name { name, .. } | Part::Percent { name, .. } => {
                number_of(&expanded.layers, name)
            }
            _ => None,
        };
        let names = referring
            .iter()
            .map(|(.., raw)| parts(&raw.value).iter().filter_map(named).collect())
            .collect();
        // References come before the variables that contain them, so that no chain is too long.
        let knots = Knots { names }.find();
        let mut knot_of = vec![0; referring.len()];
        for (number, knot) in knots.iter().enumerate() {
            knot.iter().for_each(|member| knot_of[*member] = number);
        }
        for (number, knot) in knots.iter().enumerate() {
            for &member in knot {
                let (place, name, raw) = referring[member];
                let inside = |other: &str| {
                    number_of(&expanded.layers, other).is_some_and(|at| knot_of[at] == number)
                };
                let value = expanded
                    .replace(&raw.value, inside)
                    .map_err(|TooLong { .. }| TooLong { name: name.to_string() })?;
                expanded.values.insert(place, value.into());
            }
        }
        Ok(expanded)
    }

    /// The value of a variable.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let (place, raw) = self.layers.find(name)?;
        Some(self.values.get(&place).map_or(&*raw.value, |value| value))
    }

    /// All of them.
    pub(super) fn environment(&self) -> Environment {
        self.layers.environment(|place| self.values.get(&place).map(Arc::clone))
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
    use super::super::layers::Layer;
    use super::*;
    use proptest::prelude::*;

    fn expand(variables: &[(&str, &str)], text: &str) -> String {
        // In several layers, as a job has them.
        let mut layers = [Layer::default(), Layer::default(), Layer::default()];
        for (number, (name, value)) in variables.iter().enumerate() {
            let expand = !name.starts_with("RAW");
            layers[number % 3].set((*name).into(), (*value).into(), expand);
        }
        Expanded::new(Layers::new(&layers))
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
