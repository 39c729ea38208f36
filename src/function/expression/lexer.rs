//! The words of an expression.

use std::ops::Range;

use super::{Binary, ExpressionError, Result};

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    /// The content of a `'…'` string.
    Raw(String),
    /// The `"` that begins a string; its content is read by the parser, for expressions in it.
    Quote,
    Name(String),
    Operator(Binary),
    Not,
    Punctuation(char),
    /// The template ends inside of the expression.
    End,
}

impl Token {
    /// As messages name it.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Number(_) => "a number".to_owned(),
            Self::Raw(_) | Self::Quote => "a string".to_owned(),
            Self::Name(name) => format!("`{name}`"),
            Self::Operator(operator) => format!("`{}`", operator.symbol()),
            Self::Not => "`!`".to_owned(),
            Self::Punctuation(c) => format!("`{c}`"),
            Self::End => "the end of the text".to_owned(),
        }
    }
}

/// A piece of a `"…"` string.
pub(super) enum Piece {
    Text(String),
    /// `${{`: an expression follows.
    Expression,
    /// The closing quote.
    Close,
}

/// Reads words one after the other.
#[derive(Clone, Copy)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    pub(super) position: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str, position: usize) -> Self {
        Self { text, position }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.position..]
    }

    pub(super) fn next(&mut self) -> Result<(Token, Range<usize>)> {
        self.position = self.text.len() - self.rest().trim_start().len();
        let start = self.position;
        let Some(first) = self.rest().chars().next() else {
            return Ok((Token::End, start..start));
        };
        let token = match first {
            '0'..='9' => self.number()?,
            'a'..='z' | 'A'..='Z' | '_' => Token::Name(self.take_name().to_owned()),
            '\'' => self.raw_string()?,
            '"' => {
                self.position += 1;
                Token::Quote
            }
            _ => self.symbol(first)?,
        };
        Ok((token, start..self.position))
    }

    fn take_name(&mut self) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let name = &rest[..end.unwrap_or(rest.len())];
        self.position += name.len();
        name
    }

    fn number(&mut self) -> Result<Token> {
        let bytes = self.rest().as_bytes();
        let digits = |from: usize| {
            bytes[from.min(bytes.len())..].iter().take_while(|b| b.is_ascii_digit()).count()
        };
        let mut length = digits(0);
        if bytes.get(length) == Some(&b'.') && digits(length + 1) > 0 {
            length += 1 + digits(length + 1);
        }
        if matches!(bytes.get(length), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
            let exponent = digits(length + 1 + sign);
            if exponent > 0 {
                length += 1 + sign + exponent;
            }
        }
        let start = self.position;
        self.position += length;
        let at = start..self.position;
        if self.rest().starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
            return Err(ExpressionError::new(at, "a number is followed by a letter")
                .help("write text in quotes"));
        }
        match self.text[at.clone()].parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Token::Number(value)),
            _ => Err(ExpressionError::new(at, "the number is too large")),
        }
    }

    fn raw_string(&mut self) -> Result<Token> {
        let start = self.position;
        let mut out = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((offset, c)) = chars.next() {
            match c {
                '\'' => {
                    self.position = start + offset + 1;
                    return Ok(Token::Raw(out));
                }
                '\\' => match chars.next() {
                    Some((_, c @ ('\\' | '\''))) => out.push(c),
                    // Everything else stays as it is written.
                    Some((_, c)) => out.extend(['\\', c]),
                    None => break,
                },
                c => out.push(c),
            }
        }
        Err(ExpressionError::new(start..start + 1, "the string is not closed")
            .help("close it with `'`; a `'` in it is written `\\'`"))
    }

    /// The next piece of a `"…"` string, whose opening quote stands at `start`.
    pub(super) fn piece(&mut self, start: usize) -> Result<Piece> {
        let mut out = String::new();
        loop {
            let rest = self.rest();
            let ready = |out: String| Ok(Piece::Text(out));
            if rest.starts_with("${{") {
                if !out.is_empty() {
                    return ready(out);
                }
                self.position += 3;
                return Ok(Piece::Expression);
            }
            if rest.starts_with("\\${{") {
                out.push_str("${{");
                self.position += 4;
                continue;
            }
            match rest.chars().next() {
                Some('"') if !out.is_empty() => return ready(out),
                Some('"') => {
                    self.position += 1;
                    return Ok(Piece::Close);
                }
                Some('\\') => out.push(self.escape()?),
                Some(c) => {
                    out.push(c);
                    self.position += c.len_utf8();
                }
                None => {
                    return Err(ExpressionError::new(start..start + 1, "the string is not closed")
                        .help("close it with `\"`; a `\"` in it is written `\\\"`"));
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char> {
        let start = self.position;
        let mut chars = self.rest().chars().skip(1);
        let letter = chars.next();
        self.position += 1 + letter.map_or(0, char::len_utf8);
        Ok(match letter {
            Some(c @ ('\\' | '"' | '/')) => c,
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('a') => '\u{7}',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('v') => '\u{b}',
            Some('u') => {
                let digits: String = chars.take(4).collect();
                let code = (digits.len() == 4)
                    .then(|| u32::from_str_radix(&digits, 16).ok())
                    .flatten()
                    .and_then(char::from_u32);
                let Some(c) = code else {
                    return Err(ExpressionError::new(
                        start..self.position,
                        "`\\u` is not followed by the four digits of a character",
                    ));
                };
                self.position += 4;
                c
            }
            _ => {
                return Err(ExpressionError::new(
                    start..self.position,
                    "there is no such escape sequence",
                )
                .help(
                    "a backslash is written `\\\\`; strings in single quotes have no escapes but \
                     `\\\\` and `\\'`",
                ));
            }
        })
    }

    fn symbol(&mut self, first: char) -> Result<Token> {
        const OPERATORS: [(&str, Binary); 13] = [
            ("||", Binary::Or),
            ("&&", Binary::And),
            ("==", Binary::Equal),
            ("!=", Binary::NotEqual),
            ("<=", Binary::LessOrEqual),
            (">=", Binary::GreaterOrEqual),
            ("<", Binary::Less),
            (">", Binary::Greater),
            ("+", Binary::Add),
            ("-", Binary::Subtract),
            ("*", Binary::Multiply),
            ("/", Binary::Divide),
            ("%", Binary::Remainder),
        ];
        let rest = self.rest();
        if let Some((symbol, operator)) = OPERATORS.iter().find(|(s, _)| rest.starts_with(s)) {
            self.position += symbol.len();
            return Ok(Token::Operator(*operator));
        }
        let at = self.position..self.position + first.len_utf8();
        self.position = at.end;
        match first {
            '!' => Ok(Token::Not),
            '.' | ',' | ':' | '(' | ')' | '[' | ']' | '{' | '}' => Ok(Token::Punctuation(first)),
            '=' => Err(ExpressionError::new(at, "`=` is no operator").help("compare with `==`")),
            '&' | '|' => Err(ExpressionError::new(at, format!("`{first}` is no operator"))
                .help(format!("write `{first}{first}`"))),
            '$' => Err(ExpressionError::new(at, "`$` has no meaning in an expression")
                .help("a job variable is `vars.NAME`, an environment variable `env.NAME`")),
            _ => Err(ExpressionError::new(
                at,
                format!("`{}` has no meaning in an expression", first.escape_debug()),
            )),
        }
    }
}
