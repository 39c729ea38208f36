//! Text → condition. `==`, `!=`, `=~` and `!~` bind tighter than `&&`, and
//! that tighter than `||`.

use super::{Node, Pattern};

/// Why a text is not a condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// Where in the text, in bytes.
    pub at: usize,
    /// What is wrong there.
    pub message: String,
    /// What to do about it, if that is known.
    pub help: Option<&'static str>,
}

fn error<T>(at: usize, message: impl Into<String>) -> Result<T, ExpressionError> {
    Err(ExpressionError { at, message: message.into(), help: None })
}

/// Parentheses within parentheses, and comparisons of comparisons.
const MAX_DEPTH: usize = 50;

pub(super) fn parse(text: &str) -> Result<Node, ExpressionError> {
    let mut parser = Parser { tokens: tokens(text)?, next: 0, end: text.len() };
    let node = parser.or(0)?;
    match parser.peek() {
        None => Ok(node),
        Some((at, Token::Close)) => error(*at, "this `)` closes nothing"),
        Some((at, _)) => error(*at, "an operator is missing before this"),
    }
}

#[derive(Clone, Debug)]
enum Token {
    Operand(Node),
    Equal,
    NotEqual,
    Matches,
    NotMatches,
    And,
    Or,
    Open,
    Close,
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, ExpressionError> {
    const OPERATORS: [(&str, Token); 8] = [
        ("==", Token::Equal),
        ("!=", Token::NotEqual),
        ("=~", Token::Matches),
        ("!~", Token::NotMatches),
        ("&&", Token::And),
        ("||", Token::Or),
        ("(", Token::Open),
        (")", Token::Close),
    ];
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let operator = OPERATORS.iter().find(|(written, _)| rest.starts_with(written));
        let (token, length) = match operator {
            Some((written, token)) => (token.clone(), written.len()),
            None => {
                let (operand, length) = operand(rest, at)?;
                (Token::Operand(operand), length)
            }
        };
        tokens.push((at, token));
        at += length;
    }
    Ok(tokens)
}

/// The operand at the start of a text, and its length.
fn operand(rest: &str, at: usize) -> Result<(Node, usize), ExpressionError> {
    let word = |text: &str| {
        text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len())
    };
    match rest.as_bytes()[0] {
        // An input, in the rules of inputs: `$[[ inputs.NAME ]]`. No variable has such a name.
        b'$' if rest.starts_with("$[[") => match rest.find("]]") {
            Some(end) => Ok((Node::Variable(rest[3..end].trim().to_owned()), end + 2)),
            None => error(at, "this `$[[` is not closed"),
        },
        b'$' => match word(&rest[1..]) {
            0 if rest.starts_with("${") => Err(ExpressionError {
                at,
                message: "a variable is written `$NAME` here".to_owned(),
                help: Some("write it without braces: this is not a shell"),
            }),
            0 => error(at, "a name is missing after `$`"),
            length => Ok((Node::Variable(rest[1..=length].to_owned()), length + 1)),
        },
        quote @ (b'"' | b'\'') => match rest[1..].find(char::from(quote)) {
            Some(end) => Ok((Node::Text(rest[1..=end].to_owned()), end + 2)),
            None => error(at, "this quote is not closed"),
        },
        b'/' => match Pattern::parse_start(rest) {
            Some((Some(pattern), length)) => Ok((Node::Pattern(pattern), length)),
            Some((None, _)) => Err(ExpressionError {
                at,
                message: "this pattern is not valid".to_owned(),
                help: Some("patterns have RE2's syntax, without look-around and back references"),
            }),
            None => Err(ExpressionError {
                at,
                message: "this pattern is not complete".to_owned(),
                help: Some("write `/pattern/`, of two characters or more, with `\\/` for a slash"),
            }),
        },
        _ => match &rest[..word(rest)] {
            "null" => Ok((Node::Null, 4)),
            "" => {
                let c = rest.chars().next().unwrap_or_default();
                let help = match c {
                    '=' => Some("compare with `==`"),
                    '!' => Some("there is no negation: write `$NAME == null` or `!=`"),
                    '&' => Some("combine with `&&`"),
                    '|' => Some("combine with `||`"),
                    _ => None,
                };
                Err(ExpressionError { at, message: format!("`{c}` means nothing here"), help })
            }
            _ => Err(ExpressionError {
                at,
                message: "a word without quotes".to_owned(),
                help: Some("quote a text, and write `$` before a variable"),
            }),
        },
    }
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    end: usize,
}

impl Parser {
    fn peek(&self) -> Option<&(usize, Token)> {
        self.tokens.get(self.next)
    }

    fn take(&mut self, wanted: fn(&Token) -> bool) -> Option<Token> {
        let token = self.peek().filter(|(_, token)| wanted(token)).map(|(_, token)| token.clone());
        self.next += usize::from(token.is_some());
        token
    }

    fn or(&mut self, depth: usize) -> Result<Node, ExpressionError> {
        let mut nodes = vec![self.and(depth)?];
        while self.take(|token| matches!(token, Token::Or)).is_some() {
            nodes.push(self.and(depth)?);
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::Or(nodes) })
    }

    fn and(&mut self, depth: usize) -> Result<Node, ExpressionError> {
        let mut nodes = vec![self.comparison(depth)?];
        while self.take(|token| matches!(token, Token::And)).is_some() {
            nodes.push(self.comparison(depth)?);
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::And(nodes) })
    }

    fn comparison(&mut self, depth: usize) -> Result<Node, ExpressionError> {
        let mut left = self.operand(depth)?;
        let mut chain = 0;
        while let Some(operator) = self.take(|token| {
            matches!(token, Token::Equal | Token::NotEqual | Token::Matches | Token::NotMatches)
        }) {
            chain += 1;
            if chain > MAX_DEPTH {
                return error(self.end, "too many comparisons of comparisons");
            }
            let right = Box::new(self.operand(depth)?);
            let old = Box::new(left);
            left = match operator {
                Token::Equal => Node::Compare { equal: true, left: old, right },
                Token::NotEqual => Node::Compare { equal: false, left: old, right },
                Token::Matches => Node::Match { wanted: true, left: old, right },
                _ => Node::Match { wanted: false, left: old, right },
            };
        }
        Ok(left)
    }

    fn operand(&mut self, depth: usize) -> Result<Node, ExpressionError> {
        let Some((at, token)) = self.peek().cloned() else {
            return error(self.end, "something is missing at the end");
        };
        self.next += 1;
        match token {
            Token::Operand(node) => Ok(node),
            Token::Open if depth >= MAX_DEPTH => error(at, "too many parentheses"),
            Token::Open => {
                let node = self.or(depth + 1)?;
                match self.take(|token| matches!(token, Token::Close)) {
                    Some(_) => Ok(node),
                    None => error(at, "this `(` is not closed"),
                }
            }
            _ => error(at, "a variable, a text or a pattern is missing before this"),
        }
    }
}
