//! References to variables in texts: `$NAME`, `${NAME}` and `$$`.

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// Text as it is.
    Text(&'a str),
    /// `$$`
    Dollar,
    /// A reference.
    Name {
        /// The variable's name.
        name: &'a str,
        /// The reference as it is written.
        written: &'a str,
    },
    /// `%NAME%`
    Percent {
        /// The variable's name.
        name: &'a str,
        /// The reference as it is written.
        written: &'a str,
    },
}

/// Splits a text at its references.
pub(crate) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['$', '%']) {
        let after = &rest[at + 1..];
        let (length, part) = match after.as_bytes().first() {
            Some(b'%') if rest.as_bytes()[at] == b'%' => (2, Part::Text("%%")),
            _ if rest.as_bytes()[at] == b'%' => match name_length(after) {
                n if n > 0 && after[n..].starts_with('%') => {
                    (n + 2, Part::Percent { name: &after[..n], written: &rest[at..at + n + 2] })
                }
                _ => (1, Part::Text("%")),
            },
            Some(b'$') => (2, Part::Dollar),
            Some(b'{') => match name_length(&after[1..]) {
                n if n > 0 && after[1 + n..].starts_with('}') => {
                    let written = &rest[at..at + n + 3];
                    (n + 3, Part::Name { name: &after[1..=n], written })
                }
                _ => (1, Part::Text("$")),
            },
            _ => match name_length(after) {
                0 => (1, Part::Text("$")),
                n => (n + 1, Part::Name { name: &after[..n], written: &rest[at..=at + n] }),
            },
        };
        if at > 0 {
            parts.push(Part::Text(&rest[..at]));
        }
        parts.push(part);
        rest = &rest[at + length..];
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    parts
}

/// How many bytes at the start of a text are a variable's name.
fn name_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    if bytes.first().is_none_or(|b| !(b.is_ascii_alphabetic() || *b == b'_')) {
        return 0;
    }
    bytes.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count()
}

/// The text with references replaced; what nobody defined becomes nothing.
pub(crate) fn all(text: &str, value: &dyn Fn(&str) -> Option<String>) -> String {
    replaced(text, &|name, written| match value(name) {
        // A percent sign that means nothing is one.
        None if written.starts_with('%') => written.to_owned(),
        value => value.unwrap_or_default(),
    })
}

/// The text with references replaced; those to what nobody defined stay as they are written.
pub(crate) fn known(text: &str, value: &dyn Fn(&str) -> Option<String>) -> String {
    replaced(text, &|name, written| value(name).unwrap_or_else(|| written.to_owned()))
}

fn replaced(text: &str, value: &dyn Fn(&str, &str) -> String) -> String {
    parts(text)
        .into_iter()
        .map(|part| match part {
            Part::Text(text) => text.to_owned(),
            Part::Dollar => "$".to_owned(),
            Part::Name { name, written } | Part::Percent { name, written } => value(name, written),
        })
        .collect()
}
