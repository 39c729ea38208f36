//! Words → expressions.

use std::ops::Range;

use super::lexer::{Lexer, Piece, Token};
use super::{
    Binary, Expression, ExpressionError, Function, Kind, MAX_DEPTH, RESERVED, Result, TemplatePart,
    Unary, Value,
};
use crate::diagnostic::similar;

/// Reads the expression after a `${{` and the `}}` that ends it. The result's second part is the
/// position behind that.
pub(super) fn after_opening(text: &str, position: usize) -> Result<(Expression, usize)> {
    Parser::start(Lexer::new(text, position), position, 0)?.whole()
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    token: Token,
    at: Range<usize>,
    /// Where the `${{` stands.
    opening: Range<usize>,
    /// Brackets around the current word.
    nesting: usize,
}

impl<'t> Parser<'t> {
    /// Begins behind a `${{`, at `position`.
    fn start(mut lexer: Lexer<'t>, position: usize, nesting: usize) -> Result<Self> {
        let (token, at) = lexer.next()?;
        Ok(Self { lexer, token, at, opening: position - 3..position, nesting })
    }

    fn whole(mut self) -> Result<(Expression, usize)> {
        if self.is('}') {
            return Err(ExpressionError::new(
                self.opening.start..self.at.end,
                "there is nothing in the `${{ }}`",
            )
            .help("write an expression, or `\\${{` for the characters themselves"));
        }
        let expression = self.binary(0)?;
        if !self.is('}') {
            return Err(self.unexpected("an operator or `}}`"));
        }
        // The second brace must follow at once.
        let first = self.at.end;
        self.advance()?;
        if !self.is('}') || self.at.start != first {
            return Err(self.not_closed());
        }
        Ok((expression, self.at.end))
    }

    fn is(&self, punctuation: char) -> bool {
        self.token == Token::Punctuation(punctuation)
    }

    fn advance(&mut self) -> Result<(Token, Range<usize>)> {
        let (token, at) = self.lexer.next()?;
        Ok((std::mem::replace(&mut self.token, token), std::mem::replace(&mut self.at, at)))
    }

    fn eat(&mut self, punctuation: char) -> Result<bool> {
        let found = self.is(punctuation);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect(&mut self, punctuation: char, what: &str) -> Result<usize> {
        if !self.is(punctuation) {
            return Err(self.unexpected(what));
        }
        Ok(self.advance()?.1.end)
    }

    fn unexpected(&self, expected: &str) -> ExpressionError {
        match self.token {
            Token::End => self.not_closed(),
            _ => ExpressionError::new(
                self.at.clone(),
                format!("{} stands where {expected} is expected", self.token.describe()),
            ),
        }
    }

    fn not_closed(&self) -> ExpressionError {
        ExpressionError::new(self.opening.clone(), "the expression is not closed")
            .help("close it with `}}`, or write `\\${{` for the characters themselves")
    }

    fn make(&self, at: Range<usize>, kind: Kind, depth: usize) -> Result<Expression> {
        if depth > MAX_DEPTH {
            return Err(ExpressionError::new(
                at,
                format!("the expression has more than {MAX_DEPTH} operators within each other"),
            )
            .help("compute parts of it in steps of their own"));
        }
        Ok(Expression { kind, start: at.start, end: at.end, depth })
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.nesting >= MAX_DEPTH {
            return Err(ExpressionError::new(
                self.at.clone(),
                format!("the expression is nested more than {MAX_DEPTH} deep"),
            ));
        }
        self.nesting += 1;
        let result = read(self);
        self.nesting -= 1;
        result
    }

    /// Operators that bind tighter than `precedence`.
    fn binary(&mut self, precedence: u8) -> Result<Expression> {
        let mut left = self.unary()?;
        while let Token::Operator(operator) = self.token {
            if operator.precedence() <= precedence {
                break;
            }
            self.advance()?;
            let right = self.nested(|parser| parser.binary(operator.precedence()))?;
            let depth = left.depth.max(right.depth) + 1;
            let at = left.start..right.end;
            left = self.make(at, Kind::Binary(operator, Box::new(left), Box::new(right)), depth)?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expression> {
        let operator = match self.token {
            Token::Not => Unary::Not,
            Token::Operator(Binary::Add) => Unary::Plus,
            Token::Operator(Binary::Subtract) => Unary::Minus,
            _ => return self.postfix(),
        };
        let (_, at) = self.advance()?;
        let operand = self.nested(Self::unary)?;
        let depth = operand.depth + 1;
        self.make(at.start..operand.end, Kind::Unary(operator, Box::new(operand)), depth)
    }

    fn postfix(&mut self) -> Result<Expression> {
        let mut expression = self.primary()?;
        loop {
            let (start, depth) = (expression.start, expression.depth + 1);
            if self.eat('.')? {
                let (Token::Name(name), end) = (self.token.clone(), self.at.end) else {
                    return Err(self.unexpected("the name of a property").help(
                        "names with other characters than letters, digits and `_` go into \
                         brackets: `object[\"name\"]`",
                    ));
                };
                self.advance()?;
                expression =
                    self.make(start..end, Kind::Member(Box::new(expression), name), depth)?;
            } else if self.eat('[')? {
                let index = self.nested(|parser| parser.binary(0))?;
                let end = self.expect(']', "an operator or `]`")?;
                let depth = depth.max(index.depth + 1);
                let kind = Kind::Index(Box::new(expression), Box::new(index));
                expression = self.make(start..end, kind, depth)?;
            } else if self.is('(') {
                return Err(ExpressionError::new(self.at.clone(), "only functions can be called")
                    .help("there are `str`, `num` and `bool`"));
            } else {
                return Ok(expression);
            }
        }
    }

    fn primary(&mut self) -> Result<Expression> {
        let at = self.at.clone();
        match self.token.clone() {
            Token::Number(value) => {
                self.advance()?;
                let value = Value::number(value).unwrap_or(Value::NULL);
                self.make(at, Kind::Literal(value), 1)
            }
            Token::Raw(text) => {
                self.advance()?;
                self.make(at, Kind::Literal(text.into()), 1)
            }
            Token::Quote => self.string(),
            Token::Name(name) => {
                self.advance()?;
                self.name(name, at)
            }
            Token::Punctuation('(') => {
                self.advance()?;
                let inner = self.nested(|parser| parser.binary(0))?;
                let end = self.expect(')', "an operator or `)`")?;
                Ok(Expression { start: at.start, end, ..inner })
            }
            Token::Punctuation('[') => self.array(),
            Token::Punctuation('{') => self.object(),
            _ => Err(self.unexpected("a value")),
        }
    }

    fn name(&mut self, name: String, at: Range<usize>) -> Result<Expression> {
        let literal = match name.as_str() {
            "null" => Some(Value::NULL),
            "true" => Some(true.into()),
            "false" => Some(false.into()),
            _ => None,
        };
        if let Some(value) = literal {
            return self.make(at, Kind::Literal(value), 1);
        }
        if self.is('(') {
            return self.call(&name, at);
        }
        if RESERVED.contains(&name.as_str()) {
            return Err(ExpressionError::new(at, format!("`{name}` is a reserved word"))
                .help(format!("write \"{name}\" if the text is meant")));
        }
        self.make(at, Kind::Name(name), 1)
    }

    fn call(&mut self, name: &str, at: Range<usize>) -> Result<Expression> {
        const NAMES: [&str; 3] = ["str", "num", "bool"];
        let function = match name {
            "str" => Function::Str,
            "num" => Function::Num,
            "bool" => Function::Bool,
            _ => {
                let error = ExpressionError::new(at, format!("there is no function `{name}`"));
                return Err(match similar(name, NAMES) {
                    Some(similar) => error.help(format!("did you mean `{similar}`?")),
                    None => error.help("there are `str`, `num` and `bool`"),
                });
            }
        };
        self.advance()?;
        if self.is(')') {
            return Err(ExpressionError::new(at, format!("`{name}` takes one value")));
        }
        let argument = self.nested(|parser| parser.binary(0))?;
        if self.is(',') {
            let message = format!("`{name}` takes one value, and there are more");
            return Err(ExpressionError::new(self.at.clone(), message));
        }
        let end = self.expect(')', "an operator or `)`")?;
        let depth = argument.depth + 1;
        self.make(at.start..end, Kind::Call(function, Box::new(argument)), depth)
    }

    /// A string with expressions in it; the current word is its opening quote.
    fn string(&mut self) -> Result<Expression> {
        let start = self.at.start;
        let (mut parts, mut depth) = (Vec::new(), 1);
        loop {
            match self.lexer.piece(start)? {
                Piece::Text(text) => parts.push(TemplatePart::Text(text)),
                Piece::Expression => {
                    let position = self.lexer.position;
                    let lexer = self.lexer;
                    let (expression, end) = self
                        .nested(|parser| Self::start(lexer, position, parser.nesting)?.whole())?;
                    self.lexer.position = end;
                    depth = depth.max(expression.depth + 1);
                    parts.push(TemplatePart::Expression(expression));
                }
                Piece::Close => break,
            }
        }
        let at = start..self.lexer.position;
        self.advance()?;
        let kind = match &mut *parts {
            [] => Kind::Literal("".into()),
            [TemplatePart::Text(text)] => Kind::Literal(std::mem::take(text).into()),
            _ => Kind::Text(parts),
        };
        self.make(at, kind, depth)
    }

    fn array(&mut self) -> Result<Expression> {
        let (_, at) = self.advance()?;
        let (mut items, mut depth) = (Vec::new(), 1);
        while !self.is(']') {
            let item = self.nested(|parser| parser.binary(0))?;
            depth = depth.max(item.depth + 1);
            items.push(item);
            if !self.eat(',')? && !self.is(']') {
                return Err(self.unexpected("`,` or `]`"));
            }
        }
        let (_, close) = self.advance()?;
        self.make(at.start..close.end, Kind::Array(items), depth)
    }

    fn object(&mut self) -> Result<Expression> {
        let (_, at) = self.advance()?;
        let (mut entries, mut depth) = (Vec::new(), 1);
        while !self.is('}') {
            let key = self.key()?;
            if !self.eat(':')? {
                return Err(self.unexpected("`:`"));
            }
            let value = self.nested(|parser| parser.binary(0))?;
            depth = depth.max(key.depth.max(value.depth) + 1);
            entries.push((key, value));
            if !self.eat(',')? && !self.is('}') {
                return Err(self.unexpected("`,` or `}`"));
            }
        }
        let (_, close) = self.advance()?;
        self.make(at.start..close.end, Kind::Object(entries), depth)
    }

    /// A bare word, a string, or an expression in parentheses.
    fn key(&mut self) -> Result<Expression> {
        let at = self.at.clone();
        match self.token.clone() {
            Token::Name(name) => {
                self.advance()?;
                self.make(at, Kind::Literal(name.into()), 1)
            }
            Token::Raw(_) | Token::Quote | Token::Punctuation('(') => self.nested(Self::primary),
            _ => Err(self
                .unexpected("the name of a property")
                .help("a computed name is written `{(expression): value}`")),
        }
    }
}
