//! Expressions, by rising precedence.

use super::builtin::{arity, builtin};
use super::{MAX_DEPTH, Parsed, Parser, compile, is_lvalue};
use crate::awk::ast::{Binary, Builtin, Expr, Slot, Source};
use crate::awk::lexer::Token;
use crate::awk::value::Text;

impl Parser {
    pub(super) fn list(&mut self) -> Parsed<Vec<Expr>> {
        let mut items = vec![self.expr()?];
        while self.accept(",") {
            self.newlines();
            items.push(self.expr()?);
        }
        Ok(items)
    }

    /// Inside brackets and parentheses `>` and `in` are ordinary operators.
    pub(super) fn unrestricted<T>(&mut self, parse: fn(&mut Self) -> Parsed<T>) -> Parsed<T> {
        let before = (self.no_greater, self.no_in);
        (self.no_greater, self.no_in) = (false, false);
        let parsed = parse(self);
        (self.no_greater, self.no_in) = before;
        parsed
    }

    pub(super) fn expr(&mut self) -> Parsed<Expr> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.unexpected("nested too deeply");
        }
        let parsed = self.conditional();
        self.depth -= 1;
        parsed
    }

    fn conditional(&mut self) -> Parsed<Expr> {
        let condition = self.or()?;
        if !self.accept("?") {
            return Ok(condition);
        }
        self.newlines();
        let yes = self.expr()?;
        self.newlines();
        self.expect(":")?;
        self.newlines();
        let no = self.expr()?;
        Ok(Expr::Conditional(Box::new(condition), Box::new(yes), Box::new(no)))
    }

    fn or(&mut self) -> Parsed<Expr> {
        let mut left = self.and()?;
        while self.accept("||") {
            self.newlines();
            left = Expr::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed<Expr> {
        let mut left = self.membership()?;
        while self.accept("&&") {
            self.newlines();
            left = Expr::And(Box::new(left), Box::new(self.membership()?));
        }
        Ok(left)
    }

    fn membership(&mut self) -> Parsed<Expr> {
        let mut left = self.matching()?;
        while self.is_word("in") && !self.no_in {
            self.at += 1;
            left = Expr::In(vec![left], self.array_name()?);
        }
        Ok(left)
    }

    fn array_name(&mut self) -> Parsed<Slot> {
        match self.next() {
            Token::Name(name) => Ok(self.array(&name)),
            _ => {
                self.at -= 1;
                self.unexpected("expected the name of an array")
            }
        }
    }

    fn matching(&mut self) -> Parsed<Expr> {
        let mut left = self.comparison()?;
        loop {
            let negated = match self.peek() {
                Token::Sign("~") => false,
                Token::Sign("!~") => true,
                _ => return Ok(left),
            };
            self.at += 1;
            let pattern = Box::new(self.comparison()?);
            left = Expr::Match { text: Box::new(left), pattern, negated };
        }
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let mut left = self.concat()?;
        loop {
            let operator = match self.peek() {
                Token::Sign("<") => Binary::Less,
                Token::Sign("<=") => Binary::LessEqual,
                Token::Sign("==") => Binary::Equal,
                Token::Sign("!=") => Binary::NotEqual,
                Token::Sign(">=") => Binary::GreaterEqual,
                Token::Sign(">") if !self.no_greater => Binary::Greater,
                Token::Sign("|") if *self.peek_at(1) == Token::Word("getline") => {
                    self.at += 2;
                    let target = self.getline_target()?;
                    left = Expr::Getline { from: Source::Command(Box::new(left)), target };
                    continue;
                }
                Token::Sign("|&") => return self.unexpected("two-way pipes are not supported"),
                _ => return Ok(left),
            };
            self.at += 1;
            let right = self.concat()?;
            left = Expr::Binary(operator, Box::new(left), Box::new(right));
        }
    }

    pub(super) fn concat(&mut self) -> Parsed<Expr> {
        let mut left = self.additive()?;
        loop {
            let starts = match self.peek() {
                Token::Number(_)
                | Token::Text(_)
                | Token::Regex(_)
                | Token::Name(_)
                | Token::Call(_) => true,
                Token::Sign("$" | "!" | "(" | "-" | "+" | "++" | "--") => true,
                Token::Word(word) => *word != "getline" && builtin(word).is_some(),
                _ => false,
            };
            if !starts {
                return Ok(left);
            }
            left = Expr::Concat(Box::new(left), Box::new(self.additive()?));
        }
    }

    fn additive(&mut self) -> Parsed<Expr> {
        let mut left = self.multiplicative()?;
        loop {
            let operator = match self.peek() {
                Token::Sign("+") => Binary::Add,
                Token::Sign("-") => Binary::Subtract,
                _ => return Ok(left),
            };
            self.at += 1;
            left = Expr::Binary(operator, Box::new(left), Box::new(self.multiplicative()?));
        }
    }

    fn multiplicative(&mut self) -> Parsed<Expr> {
        let mut left = self.unary()?;
        loop {
            let operator = match self.peek() {
                Token::Sign("*") => Binary::Multiply,
                Token::Sign("/") => Binary::Divide,
                Token::Sign("%") => Binary::Modulo,
                _ => return Ok(left),
            };
            self.at += 1;
            left = Expr::Binary(operator, Box::new(left), Box::new(self.unary()?));
        }
    }

    fn unary(&mut self) -> Parsed<Expr> {
        let make: fn(Box<Expr>) -> Expr = match self.peek() {
            Token::Sign("!") => Expr::Not,
            Token::Sign("-") => Expr::Negate,
            Token::Sign("+") => Expr::Plus,
            _ => return self.power(),
        };
        self.at += 1;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.unexpected("nested too deeply");
        }
        let operand = self.unary()?;
        self.depth -= 1;
        Ok(make(Box::new(operand)))
    }

    fn power(&mut self) -> Parsed<Expr> {
        let base = self.postfix()?;
        if !self.accept("^") {
            return Ok(base);
        }
        // Right to left, and stronger than a sign on the left: -2^2 is -4, 2^-1 is 0.5.
        let exponent = self.unary()?;
        Ok(Expr::Binary(Binary::Power, Box::new(base), Box::new(exponent)))
    }

    fn postfix(&mut self) -> Parsed<Expr> {
        let operand = self.primary()?;
        if !is_lvalue(&operand) {
            return Ok(operand);
        }
        let step = match self.peek() {
            Token::Sign("++") => 1.0,
            Token::Sign("--") => -1.0,
            _ => return self.assignment(operand),
        };
        self.at += 1;
        Ok(Expr::Increment { target: Box::new(operand), by: step, postfix: true })
    }

    /// An assignment binds to the variable right before it, whatever stands further left.
    fn assignment(&mut self, target: Expr) -> Parsed<Expr> {
        let operator = match self.peek() {
            Token::Sign("=") => None,
            Token::Sign("+=") => Some(Binary::Add),
            Token::Sign("-=") => Some(Binary::Subtract),
            Token::Sign("*=") => Some(Binary::Multiply),
            Token::Sign("/=") => Some(Binary::Divide),
            Token::Sign("%=") => Some(Binary::Modulo),
            Token::Sign("^=") => Some(Binary::Power),
            _ => return Ok(target),
        };
        self.at += 1;
        self.newlines();
        let value = Box::new(self.expr()?);
        Ok(match operator {
            None => Expr::Assign(Box::new(target), value),
            Some(operator) => Expr::AssignOp(operator, Box::new(target), value),
        })
    }

    fn primary(&mut self) -> Parsed<Expr> {
        match self.next() {
            Token::Number(number) => Ok(Expr::Number(number)),
            Token::Text(text) => Ok(Expr::Text(Text::from(text))),
            Token::Regex(source) => compile(&source).map(Expr::Regex).map_err(|e| {
                let line = self.tokens[self.at - 1].1;
                format!("line {line}: invalid regular expression /{source}/: {e}")
            }),
            Token::Name(name) => {
                if self.accept("[") {
                    let subscripts = self.unrestricted(Self::list)?;
                    self.expect("]")?;
                    return Ok(Expr::Element(self.array(&name), subscripts));
                }
                Ok(Expr::Var(self.slot(&name)))
            }
            Token::Call(name) => self.call(&name),
            Token::Sign("$") => self.field(),
            Token::Sign(sign @ ("++" | "--")) => {
                let target = self.primary()?;
                if !is_lvalue(&target) {
                    return self.unexpected("only a variable, field or element can be incremented");
                }
                let by = if sign == "++" { 1.0 } else { -1.0 };
                Ok(Expr::Increment { target: Box::new(target), by, postfix: false })
            }
            Token::Sign("(") => {
                let mut items = self.unrestricted(Self::list)?;
                self.expect(")")?;
                if items.len() > 1 {
                    if !self.is_word("in") {
                        return self.unexpected("expected 'in' after a list of subscripts");
                    }
                    self.at += 1;
                    return Ok(Expr::In(items, self.array_name()?));
                }
                Ok(Expr::Group(Box::new(items.remove(0))))
            }
            Token::Sign(sign @ ("-" | "+" | "!")) => {
                // Only after `$` or `++`; elsewhere `unary` has taken it.
                let operand = Box::new(self.primary()?);
                Ok(match sign {
                    "-" => Expr::Negate(operand),
                    "+" => Expr::Plus(operand),
                    _ => Expr::Not(operand),
                })
            }
            Token::Word("getline") => {
                let target = self.getline_target()?;
                if self.accept("<") {
                    let file = Box::new(self.getline_operand()?);
                    return Ok(Expr::Getline { from: Source::File(file), target });
                }
                Ok(Expr::Getline { from: Source::Main, target })
            }
            Token::Word(word) => match builtin(word) {
                Some(function) => self.builtin(function),
                None => {
                    self.at -= 1;
                    self.unexpected("expected an expression")
                }
            },
            _ => {
                self.at -= 1;
                self.unexpected("expected an expression")
            }
        }
    }

    fn field(&mut self) -> Parsed<Expr> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.unexpected("nested too deeply");
        }
        let index = self.primary()?;
        self.depth -= 1;
        Ok(Expr::Field(Box::new(index)))
    }

    /// The file of `getline <`: stronger than concatenation.
    fn getline_operand(&mut self) -> Parsed<Expr> {
        self.primary()
    }

    fn getline_target(&mut self) -> Parsed<Option<Box<Expr>>> {
        let starts = matches!(self.peek(), Token::Name(_) | Token::Sign("$"));
        if !starts {
            return Ok(None);
        }
        let target = self.primary()?;
        if is_lvalue(&target) {
            Ok(Some(Box::new(target)))
        } else {
            self.unexpected("getline reads into a variable, field or element")
        }
    }

    fn args(&mut self) -> Parsed<Vec<Expr>> {
        self.expect("(")?;
        self.newlines();
        let mut args = Vec::new();
        if !self.is(")") {
            args = self.unrestricted(Self::list)?;
        }
        self.newlines();
        self.expect(")")?;
        Ok(args)
    }

    fn call(&mut self, name: &str) -> Parsed<Expr> {
        let function = self.function_index(name);
        let args = self.args()?;
        for (index, arg) in args.iter().enumerate() {
            if let Expr::Var(slot) = arg {
                self.program.passed.push((self.function, *slot, function, index));
            }
        }
        Ok(Expr::Call(function, args))
    }

    fn builtin(&mut self, function: Builtin) -> Parsed<Expr> {
        if function == Builtin::Length && !self.is("(") {
            return Ok(Expr::Builtin(function, Vec::new()));
        }
        let args = self.args()?;
        let (least, most) = arity(function);
        if args.len() < least || args.len() > most {
            return self.unexpected("wrong number of arguments for a built-in function");
        }
        let array_args: &[usize] = match function {
            Builtin::Split => &[1, 3],
            Builtin::Match => &[2],
            Builtin::Asort | Builtin::Asorti => &[0, 1],
            _ => &[],
        };
        for &index in array_args {
            match args.get(index) {
                Some(Expr::Var(slot)) => {
                    self.program.used_as_array.push((self.function, *slot));
                }
                Some(_) => return self.unexpected("an argument has to be an array"),
                None => {}
            }
        }
        Ok(Expr::Builtin(function, args))
    }
}
