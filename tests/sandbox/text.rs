//! The text of a case, as words.

/// A word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// As it stands.
    Plain(String),
    /// A quoted string: `\n`, `\0`, `\xNN`, `\\`, `\"`.
    Text(Vec<u8>),
    /// `[ … ]`
    List(Vec<Word>),
    /// `{name=value …}`
    Fields(Vec<Word>),
}

/// Splits a line.
pub(crate) fn words(line: &str) -> Result<Vec<Word>, String> {
    let mut rest = line.chars().peekable();
    let words = sequence(&mut rest, None)?;
    Ok(words)
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn sequence(rest: &mut Chars<'_>, end: Option<char>) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    loop {
        match rest.peek().copied() {
            None if end.is_none() => return Ok(words),
            None => return Err(format!("missing {end:?}")),
            Some(c) if Some(c) == end => {
                rest.next();
                return Ok(words);
            }
            Some('#') if end.is_none() => return Ok(words),
            Some(c) if c.is_whitespace() => {
                rest.next();
            }
            Some('"') => {
                rest.next();
                words.push(Word::Text(text(rest)?));
            }
            Some('[') => {
                rest.next();
                words.push(Word::List(sequence(rest, Some(']'))?));
            }
            Some('{') => {
                rest.next();
                words.push(Word::Fields(sequence(rest, Some('}'))?));
            }
            Some(_) => {
                let mut word = String::new();
                while let Some(c) = rest.next_if(|c| !c.is_whitespace() && Some(*c) != end) {
                    word.push(c);
                }
                words.push(Word::Plain(word));
            }
        }
    }
}

fn text(rest: &mut Chars<'_>) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    loop {
        match rest.next().ok_or("missing \"")? {
            '"' => return Ok(bytes),
            '\\' => match rest.next().ok_or("missing \"")? {
                'n' => bytes.push(b'\n'),
                '0' => bytes.push(0),
                'x' => {
                    let digits: String = rest.by_ref().take(2).collect();
                    bytes.push(u8::from_str_radix(&digits, 16).map_err(|e| e.to_string())?);
                }
                other => bytes.extend(other.to_string().bytes()),
            },
            other => bytes.extend(other.to_string().bytes()),
        }
    }
}
