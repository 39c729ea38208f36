//! Commands that call the command in their arguments, like `timeout` and `xargs`.

/// What a command makes of its arguments.
pub(super) enum Unwrapped<'w> {
    /// It is a command like any other.
    Itself,
    /// It only asks about commands.
    Nothing,
    /// The command that it calls begins at this word.
    Rest(usize),
    /// It runs this text.
    Text(&'w str),
}

/// Looks through commands that call others.
pub(super) fn unwrap(words: &[String]) -> Unwrapped<'_> {
    let Some((name, rest)) = words.split_first() else { return Unwrapped::Nothing };
    // The first word that is no option; `with` are options that take the next word.
    let first = |with: &[&str], skip: usize| {
        let mut index = 0;
        while let Some(word) = rest.get(index) {
            if with.contains(&word.as_str()) {
                index += 2;
            } else if word.starts_with('-') && word.len() > 1 {
                index += 1;
            } else {
                break;
            }
        }
        Unwrapped::Rest((1 + index + skip).min(words.len()))
    };
    match name.as_str() {
        "command" if rest.first().is_some_and(|word| word.starts_with("-v") || word == "-V") => {
            Unwrapped::Nothing
        }
        "type" | "which" | "hash" | "echo" | "printf" => Unwrapped::Nothing,
        "command" | "builtin" | "exec" | "nohup" | "setsid" | "stdbuf" => first(&["-a"], 0),
        "nice" | "ionice" => first(&["-n", "-c"], 0),
        "timeout" => first(&["-k", "-s"], 1),
        "xargs" => first(&["-I", "-n", "-P", "-L", "-d", "-a", "-E", "-s"], 0),
        "env" => {
            let names = rest.iter().take_while(|word| word.starts_with('-') || word.contains('='));
            Unwrapped::Rest(1 + names.count())
        }
        "bash" | "sh" | "dash" | "ash" | "zsh" => {
            match rest.iter().position(|word| word.starts_with('-') && word.ends_with('c')) {
                Some(index) if rest.len() > index + 1 => Unwrapped::Text(&rest[index + 1]),
                _ => Unwrapped::Itself,
            }
        }
        "eval" if rest.len() == 1 => Unwrapped::Text(&rest[0]),
        _ => Unwrapped::Itself,
    }
}
