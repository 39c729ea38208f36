//! From an awk program's text to its tokens.

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Text(Vec<u8>),
    Regex(String),
    Name(String),
    /// A name with an opening parenthesis right after it: a call of a function of the program.
    Call(String),
    /// A keyword or built-in function.
    Word(&'static str),
    Sign(&'static str),
    Newline,
    End,
}

const WORDS: [&str; 62] = [
    "BEGIN",
    "END",
    "function",
    "func",
    "if",
    "else",
    "while",
    "for",
    "do",
    "break",
    "continue",
    "next",
    "nextfile",
    "exit",
    "return",
    "delete",
    "in",
    "getline",
    "print",
    "printf",
    "atan2",
    "close",
    "cos",
    "exp",
    "fflush",
    "gensub",
    "gsub",
    "index",
    "int",
    "length",
    "log",
    "match",
    "mktime",
    "rand",
    "sin",
    "split",
    "sprintf",
    "sqrt",
    "srand",
    "strftime",
    "strtonum",
    "sub",
    "substr",
    "system",
    "systime",
    "tolower",
    "toupper",
    "and",
    "or",
    "xor",
    "lshift",
    "rshift",
    "asort",
    "asorti",
    "BEGINFILE",
    "ENDFILE",
    "switch",
    "case",
    "default",
    "patsplit",
    "compl",
    "isarray",
];

/// Longest first.
const SIGNS: [&str; 44] = [
    "**=", "|&", "&&", "||", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "**", "==", "<=",
    ">=", "!=", "!~", ">>", "{", "}", "(", ")", "[", "]", ";", ",", "+", "-", "*", "/", "%", "^",
    "!", ">", "<", "|", "?", ":", "~", "$", "=", "@", "&",
];

/// A token and the line that it is on.
pub(super) type Tokens = Vec<(Token, usize)>;

pub(super) fn tokenize(source: &str) -> Result<Tokens, String> {
    let mut lexer = Lexer { rest: source, line: 1, tokens: Vec::new() };
    while lexer.step()? {}
    // A last line without a newline ends its statement too.
    lexer.push(Token::Newline);
    lexer.push(Token::End);
    Ok(lexer.tokens)
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    tokens: Tokens,
}

impl Lexer<'_> {
    fn push(&mut self, token: Token) {
        self.tokens.push((token, self.line));
    }

    fn error<T>(&self, message: &str) -> Result<T, String> {
        Err(format!("line {}: {message}", self.line))
    }

    /// Whether a `/` here begins a regular expression rather than divides.
    fn regex_may_follow(&self) -> bool {
        !matches!(
            self.tokens.last().map(|(token, _)| token),
            Some(
                Token::Number(_)
                    | Token::Text(_)
                    | Token::Regex(_)
                    | Token::Name(_)
                    | Token::Word("length")
                    | Token::Sign(")" | "]" | "$" | "++" | "--")
            )
        )
    }

    fn step(&mut self) -> Result<bool, String> {
        let Some(first) = self.rest.chars().next() else { return Ok(false) };
        match first {
            ' ' | '\t' | '\r' => self.rest = &self.rest[1..],
            '\n' => {
                self.push(Token::Newline);
                self.rest = &self.rest[1..];
                self.line += 1;
            }
            '\\' if self.rest[1..].starts_with('\n') || self.rest[1..].starts_with("\r\n") => {
                let end = self.rest.find('\n').unwrap_or(0) + 1;
                self.rest = &self.rest[end..];
                self.line += 1;
            }
            '#' => self.rest = &self.rest[self.rest.find('\n').unwrap_or(self.rest.len())..],
            '"' => {
                let body = self.delimited('"', "unterminated string")?;
                self.push(Token::Text(unescape(body.as_bytes())));
            }
            '/' if self.regex_may_follow() => {
                let body = self.delimited('/', "unterminated regexp")?;
                self.push(Token::Regex(body));
            }
            '0'..='9' => self.number(),
            '.' if self.rest[1..].starts_with(|c: char| c.is_ascii_digit()) => self.number(),
            c if c.is_ascii_alphabetic() || c == '_' => self.word(),
            _ => match SIGNS.iter().find(|sign| self.rest.starts_with(**sign)) {
                Some(&sign) => {
                    self.rest = &self.rest[sign.len()..];
                    self.push(Token::Sign(match sign {
                        "**" => "^",
                        "**=" => "^=",
                        other => other,
                    }));
                }
                None => return self.error(&format!("syntax error: invalid character '{first}'")),
            },
        }
        Ok(true)
    }

    /// The text between two delimiters; escapes stay, except an escaped newline in a string.
    fn delimited(&mut self, end: char, unterminated: &str) -> Result<String, String> {
        let mut body = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        let mut in_brackets = false;
        while let Some((at, c)) = chars.next() {
            match c {
                '\n' => break,
                '\\' => match chars.next() {
                    Some((_, '\n')) => self.line += 1,
                    Some((_, escaped)) => {
                        body.push('\\');
                        body.push(escaped);
                    }
                    None => break,
                },
                '[' if end == '/' && !in_brackets => {
                    in_brackets = true;
                    body.push(c);
                    // A bracket right after the opening is a member.
                    let rest = &self.rest[at + 1..];
                    for member in ["^]", "]"] {
                        if rest.starts_with(member) {
                            for _ in 0..member.len() {
                                chars.next();
                            }
                            body.push_str(member);
                            break;
                        }
                    }
                }
                ']' if in_brackets => {
                    in_brackets = false;
                    body.push(c);
                }
                _ if c == end && !in_brackets => {
                    self.rest = &self.rest[at + c.len_utf8()..];
                    return Ok(body);
                }
                other => body.push(other),
            }
        }
        self.error(unterminated)
    }

    fn number(&mut self) {
        let text = self.rest;
        if let Some(hex) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            let digits = hex.bytes().take_while(u8::is_ascii_hexdigit).count();
            if digits > 0 {
                let value = hex[..digits].bytes().fold(0.0, |value, digit| {
                    value * 16.0 + f64::from(char::from(digit).to_digit(16).unwrap_or(0))
                });
                self.rest = &hex[digits..];
                return self.push(Token::Number(value));
            }
        }
        let (value, used) = super::value::number_prefix(text.as_bytes());
        self.rest = &text[used.max(1)..];
        self.push(Token::Number(value));
    }

    fn word(&mut self) {
        let end = self
            .rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        let token = match WORDS.iter().find(|word| **word == name) {
            Some(word) => Token::Word(word),
            None if rest.starts_with('(') => Token::Call(name.to_owned()),
            None => Token::Name(name.to_owned()),
        };
        self.push(token);
    }
}

/// Reads the escapes of a string.
pub(super) fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some(&escaped) = text.get(at) else {
            out.push(b'\\');
            break;
        };
        at += 1;
        match escaped {
            b'n' => out.push(b'\n'),
            b't' => out.push(b'\t'),
            b'r' => out.push(b'\r'),
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'v' => out.push(11),
            b'\\' | b'"' | b'/' => out.push(escaped),
            b'0'..=b'7' => {
                let digits =
                    text[at - 1..].iter().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
                let value = text[at - 1..at - 1 + digits]
                    .iter()
                    .fold(0u32, |value, digit| value * 8 + u32::from(digit - b'0'));
                out.push(value.to_le_bytes()[0]);
                at += digits - 1;
            }
            b'x' if text.get(at).is_some_and(u8::is_ascii_hexdigit) => {
                let digits =
                    text[at..].iter().take(2).take_while(|b| b.is_ascii_hexdigit()).count();
                let value = text[at..at + digits].iter().fold(0u32, |value, &digit| {
                    value * 16 + char::from(digit).to_digit(16).unwrap_or(0)
                });
                out.push(value.to_le_bytes()[0]);
                at += digits;
            }
            // A pattern in a string keeps its backslash: "\." is the pattern \. .
            other => out.extend_from_slice(&[b'\\', other]),
        }
    }
    out
}
