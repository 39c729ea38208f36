//! The functions that a block applies to its value: `$[[ inputs.x | truncate(0,8) ]]`.

use super::Value;
use crate::pipeline::references;

/// The most functions that GitLab applies in one block.
const MAX_FUNCTIONS: usize = 3;

/// Looks variables up.
pub(in crate::pipeline) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Applies functions, one after the other.
pub(super) fn apply(
    functions: &[&str],
    value: &Value,
    lookup: Lookup<'_>,
) -> Result<Value, String> {
    if functions.len() > MAX_FUNCTIONS {
        return Err(format!("a block has {MAX_FUNCTIONS} functions at most"));
    }
    functions.iter().try_fold(value.clone(), |value, function| one(function, &value, lookup))
}

fn one(function: &str, value: &Value, lookup: Lookup<'_>) -> Result<Value, String> {
    let (name, arguments) = match function.split_once('(') {
        Some((name, rest)) => {
            let arguments = rest.trim_end().strip_suffix(')');
            (name, Some(arguments.ok_or_else(|| format!("`{function}` is not closed"))?))
        }
        None => (function, None),
    };
    let known =
        matches!(name, "expand_vars" | "posix_escape" | "posix_quote" | "split" | "truncate");
    if !known {
        let names = "expand_vars, posix_escape, split and truncate";
        return Err(format!("there is no function `{name}`; there are {names}"));
    }
    let Value::Text(text) = value else {
        return Err(format!("`{name}` takes strings, not {}", value.kind()));
    };
    match (name, arguments) {
        ("expand_vars", None) => Ok(Value::Text(references::known(text, lookup))),
        // The second name is one that GitLab had for a while.
        ("posix_escape" | "posix_quote", None) => Ok(Value::Text(posix_escape(text))),
        ("truncate", Some(arguments)) => truncate(text, arguments),
        ("split", Some(arguments)) => split(text, arguments),
        ("truncate", None) => Err("write `truncate(OFFSET,LENGTH)`".to_owned()),
        ("split", None) => Err("write `split('SEPARATOR')`".to_owned()),
        _ => Err(format!("`{name}` takes no arguments")),
    }
}

fn truncate(text: &str, arguments: &str) -> Result<Value, String> {
    let numbers: Option<Vec<usize>> =
        arguments.split(',').map(|number| number.trim().parse().ok()).collect();
    match numbers.as_deref() {
        Some([offset, length]) => {
            Ok(Value::Text(text.chars().skip(*offset).take(*length).collect()))
        }
        _ => Err("`truncate` takes an offset and a length: `truncate(0,8)`".to_owned()),
    }
}

fn split(text: &str, arguments: &str) -> Result<Value, String> {
    let separator = arguments.trim().strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    match separator.filter(|separator| !separator.is_empty()) {
        Some(separator) => {
            let parts = text.split(separator).map(str::trim).filter(|part| !part.is_empty());
            Ok(Value::List(parts.map(|part| Value::Text(part.to_owned())).collect()))
        }
        None => Err("`split` takes a separator in single quotes: `split(',')`".to_owned()),
    }
}

/// The text as a shell reads it as one word: everything but harmless characters gets a backslash.
fn posix_escape(text: &str) -> String {
    if text.is_empty() {
        return "''".to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            // A backslash before the end of a line would make it vanish.
            '\n' => out.push_str("'\n'"),
            c if c.is_alphanumeric() && c.is_ascii() || "_-.,:+/@".contains(c) => out.push(c),
            c => {
                out.push('\\');
                out.push(c);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(functions: &[&str], text: &str) -> String {
        let lookup = |name: &str| (name == "HOME").then(|| "/root".to_owned());
        match apply(functions, &Value::Text(text.to_owned()), &lookup) {
            Ok(value) => value.text(),
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn functions_follow_gitlab() {
        assert_eq!(run(&["truncate(0,8)"], "0123456789"), "01234567");
        assert_eq!(run(&["truncate( 2 , 3 )"], "größer"), "öße");
        assert_eq!(run(&["truncate(20,3)"], "short"), "");
        assert_eq!(run(&["expand_vars"], "$HOME/$NOBODY ${HOME}"), "/root/$NOBODY /root");
        assert_eq!(run(&["expand_vars", "truncate(0,5)"], "$HOME/x"), "/root");
        assert_eq!(run(&["posix_escape"], "it's $5 `x`"), "it\\'s\\ \\$5\\ \\`x\\`");
        assert_eq!(run(&["posix_escape"], ""), "''");
        assert_eq!(run(&["split(',')"], "a, b,,c "), "[\"a\", \"b\", \"c\"]");
    }

    #[test]
    fn mistakes_are_named() {
        for (functions, expected) in [
            (&["upper"][..], "no function `upper`"),
            (&["truncate"], "write `truncate(OFFSET,LENGTH)`"),
            (&["truncate(1)"], "an offset and a length"),
            (&["truncate(1,2"], "not closed"),
            (&["expand_vars(1)"], "takes no arguments"),
            (&["split('')"], "separator"),
            (&["split(',')", "truncate(0,1)"], "takes strings, not a list"),
            (&["posix_escape"; 4], "3 functions at most"),
        ] {
            let shown = run(functions, "x");
            assert!(shown.contains(expected), "{functions:?}: {shown}");
        }
    }
}
