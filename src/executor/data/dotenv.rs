//! `artifacts:reports:dotenv`: variables that a job hands to later ones (GitLab's
//! `Ci::ParseDotenvArtifactService`).

/// The largest report, in bytes.
pub(super) const MAX_BYTES: u64 = 5 * 1024;

/// The most variables, as GitLab's largest plan has it.
const MAX_VARIABLES: usize = 150;

/// Reads a report: a `NAME=VALUE` on every line, without comments, empty lines or quoting. A name
/// that is there twice has its last value.
///
/// # Errors
/// What is wrong, with the line.
pub(super) fn parse(text: &[u8]) -> Result<Vec<(String, String)>, String> {
    let text = std::str::from_utf8(text).map_err(|_| "it is not UTF-8".to_owned())?;
    let mut variables: Vec<(String, String)> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let number = number + 1;
        let Some((name, value)) = line.split_once('=') else {
            return Err(format!(
                "line {number} is not NAME=VALUE; empty lines and comments are not allowed"
            ));
        };
        let (name, value) = (name.trim(), value.trim());
        let valid = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !valid {
            return Err(format!(
                "line {number}: a name has letters, digits and `_` only, and no digit first"
            ));
        }
        variables.retain(|(other, _)| other != name);
        variables.push((name.to_owned(), value.to_owned()));
    }
    if variables.len() > MAX_VARIABLES {
        return Err(format!("it has more than {MAX_VARIABLES} variables"));
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> String {
        match parse(text.as_bytes()) {
            Ok(variables) => {
                variables.iter().map(|(name, value)| format!("{name}={value};")).collect()
            }
            Err(error) => error,
        }
    }

    #[test]
    fn reports_are_read_as_gitlab_reads_them() {
        for (text, expected) in [
            ("A=1\nB=two words \n", "A=1;B=two words;"),
            ("A=\"quoted\"\nB='x'\n", "A=\"quoted\";B='x';"),
            ("URL=https://x/?a=b\n", "URL=https://x/?a=b;"),
            ("EMPTY=\n", "EMPTY=;"),
            ("A=1\nA=2\n", "A=2;"),
            ("A=1\r\n", "A=1;"),
            ("", ""),
        ] {
            assert_eq!(parsed(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_gitlab_refuses_is_refused() {
        assert!(parsed("A=1\n\nB=2\n").contains("line 2"));
        assert!(parsed("# comment\n").contains("line 1"));
        assert!(parsed("export A=1\n").contains("a name has"));
        assert!(parsed("1A=1\n").contains("no digit first"));
        assert_eq!(parse(b"A=\xff"), Err("it is not UTF-8".to_owned()));
        let many: String = (0..200).map(|n| format!("A{n}=1\n")).collect();
        assert!(parsed(&many).contains("more than 150"));
    }
}
