//! The form of keywords that need no more than to be well-formed: their types, their own keywords
//! and the values that GitLab lets them have, as tables.
//!
//! What greenroom acts on has a reader of its own; the tables hold what such readers need not look at
//! again, and everything that has no effect in a local sandbox but must be valid all the same.

mod check;
mod forms;
mod schema;
mod tables;

pub(super) use tables::of;

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// Anything at all.
    Any,
    /// A string.
    Text,
    /// A string with something in it.
    NonEmpty,
    /// A string or a number.
    Scalar,
    /// `true` or `false`.
    Bool,
    /// A whole number in a range, both ends included.
    Integer(i128, i128),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A string of a form: the test, and what it wants as a message says it.
    Form(fn(&str) -> bool, &'static str),
    /// A list of so many entries.
    List(&'static Shape, usize, usize),
    /// A mapping with these keywords and no others.
    Map(&'static [Field]),
    /// A mapping with any keys.
    Names(&'static Shape),
    /// The first one whose type fits; the text says what is expected if none does.
    Either(&'static [Shape], &'static str),
    /// A mapping that has one of these keywords, besides its form.
    OneKeyOf(&'static [&'static str], &'static Shape),
    /// A mapping that, with the first keyword, must have the second, besides its form.
    Together(&'static str, &'static str, &'static Shape),
}

/// A keyword within a keyword.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    name: &'static str,
    required: bool,
    shape: Shape,
}
