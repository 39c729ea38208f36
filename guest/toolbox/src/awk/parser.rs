//! From tokens to the tree.

use super::ast::{
    Binary, Builtin, Expr, Function, Pattern, Program, Rule, Slot, Source, Stmt, Target,
};
use super::lexer::{Token, Tokens};
use super::value::Text;
use crate::regexes::{self, Flags, Syntax};
use std::collections::HashMap;

type Parsed<T> = Result<T, String>;

/// Nested deeper than this a program would exhaust the stack.
const MAX_DEPTH: usize = 200;

struct Parser {
    tokens: Tokens,
    at: usize,
    program: Program,
    globals: HashMap<String, usize>,
    functions: HashMap<String, usize>,
    /// Parameters of the function being read, and its index.
    locals: HashMap<String, usize>,
    function: Option<usize>,
    /// `>` redirects instead of comparing; `in` ends the expression.
    no_greater: bool,
    no_in: bool,
    depth: usize,
}

pub(super) fn parse(tokens: Tokens) -> Parsed<Program> {
    let mut parser = Parser {
        tokens,
        at: 0,
        program: Program::default(),
        globals: HashMap::new(),
        functions: HashMap::new(),
        locals: HashMap::new(),
        function: None,
        no_greater: false,
        no_in: false,
        depth: 0,
    };
    for name in super::record::SPECIAL {
        parser.global(name);
    }
    parser.program()?;
    Ok(parser.program)
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)].0
    }

    fn peek_at(&self, ahead: usize) -> &Token {
        &self.tokens[(self.at + ahead).min(self.tokens.len() - 1)].0
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn is(&self, sign: &'static str) -> bool {
        *self.peek() == Token::Sign(sign)
    }

    fn is_word(&self, word: &'static str) -> bool {
        *self.peek() == Token::Word(word)
    }

    fn accept(&mut self, sign: &'static str) -> bool {
        let found = self.is(sign);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &'static str) -> Parsed<()> {
        if self.accept(sign) { Ok(()) } else { self.unexpected(&format!("expected '{sign}'")) }
    }

    fn unexpected<T>(&self, why: &str) -> Parsed<T> {
        let line = self.tokens[self.at.min(self.tokens.len() - 1)].1;
        let token = match self.peek() {
            Token::Number(n) => n.to_string(),
            Token::Text(text) => format!("\"{}\"", String::from_utf8_lossy(text)),
            Token::Regex(text) => format!("/{text}/"),
            Token::Name(name) | Token::Call(name) => name.clone(),
            Token::Word(word) => (*word).to_owned(),
            Token::Sign(sign) => (*sign).to_owned(),
            Token::Newline => "end of line".to_owned(),
            Token::End => "end of program".to_owned(),
        };
        Err(format!("line {line}: syntax error at or near {token}: {why}"))
    }

    fn newlines(&mut self) {
        while *self.peek() == Token::Newline {
            self.at += 1;
        }
    }

    fn terminators(&mut self) {
        while *self.peek() == Token::Newline || self.is(";") {
            self.at += 1;
        }
    }

    fn global(&mut self, name: &str) -> Slot {
        let next = self.program.globals.len();
        let index = *self.globals.entry(name.to_owned()).or_insert(next);
        if index == next {
            self.program.globals.push(name.to_owned());
            self.program.global_arrays.push(false);
        }
        Slot::Global(index)
    }

    fn slot(&mut self, name: &str) -> Slot {
        match self.locals.get(name) {
            Some(&local) => Slot::Local(local),
            None => self.global(name),
        }
    }

    fn array(&mut self, name: &str) -> Slot {
        let slot = self.slot(name);
        self.program.used_as_array.push((self.function, slot));
        slot
    }

    fn function_index(&mut self, name: &str) -> usize {
        let next = self.program.functions.len();
        let index = *self.functions.entry(name.to_owned()).or_insert(next);
        if index == next {
            let name = name.to_owned();
            self.program.functions.push(Function { name, ..Function::default() });
        }
        index
    }

    fn program(&mut self) -> Parsed<()> {
        self.terminators();
        while *self.peek() != Token::End {
            match self.peek().clone() {
                Token::Word("function" | "func") => self.function()?,
                Token::Word("BEGIN") => {
                    self.at += 1;
                    let block = self.block()?;
                    self.program.begin.push(block);
                }
                Token::Word("END") => {
                    self.at += 1;
                    let block = self.block()?;
                    self.program.end.push(block);
                }
                Token::Sign("{") => {
                    let action = Some(self.block()?);
                    self.program.rules.push(Rule { pattern: Pattern::Always, action });
                }
                _ => {
                    let first = self.expr()?;
                    let pattern = if self.accept(",") {
                        self.newlines();
                        let last = self.expr()?;
                        self.program.ranges += 1;
                        Pattern::Range(first, last, self.program.ranges - 1)
                    } else {
                        Pattern::Expr(first)
                    };
                    let action = if self.is("{") { Some(self.block()?) } else { None };
                    self.program.rules.push(Rule { pattern, action });
                }
            }
            self.terminators();
        }
        Ok(())
    }

    fn function(&mut self) -> Parsed<()> {
        self.at += 1;
        let name = match self.next() {
            Token::Name(name) | Token::Call(name) => name,
            _ => {
                self.at -= 1;
                return self.unexpected("expected the name of a function");
            }
        };
        let index = self.function_index(&name);
        if self.program.functions[index].body.is_some() {
            return self.unexpected(&format!("function '{name}' is defined twice"));
        }
        self.expect("(")?;
        while !self.accept(")") {
            let Token::Name(param) = self.next() else {
                self.at -= 1;
                return self.unexpected("expected the name of a parameter");
            };
            let next = self.locals.len();
            self.locals.insert(param, next);
            if !self.is(")") {
                self.expect(",")?;
                self.newlines();
            }
        }
        self.newlines();
        self.program.functions[index].params = self.locals.len();
        self.function = Some(index);
        let body = self.block()?;
        self.program.functions[index].body = Some(body);
        self.function = None;
        self.locals.clear();
        Ok(())
    }

    fn block(&mut self) -> Parsed<Stmt> {
        self.expect("{")?;
        let mut statements = Vec::new();
        self.terminators();
        while !self.accept("}") {
            if *self.peek() == Token::End {
                return self.unexpected("a block is not closed");
            }
            statements.push(self.statement()?);
            self.terminators();
        }
        Ok(Stmt::Block(statements))
    }

    /// A statement with its end.
    fn statement(&mut self) -> Parsed<Stmt> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.unexpected("nested too deeply");
        }
        let statement = self.any_statement();
        self.depth -= 1;
        statement
    }

    fn any_statement(&mut self) -> Parsed<Stmt> {
        let Token::Word(word) = *self.peek() else {
            if self.is("{") {
                return self.block();
            }
            if self.accept(";") {
                return Ok(Stmt::Block(Vec::new()));
            }
            let statement = self.simple()?;
            return self.ended(statement);
        };
        match word {
            "if" => {
                self.at += 1;
                let condition = self.condition()?;
                let then = self.body()?;
                let before = self.at;
                self.terminators();
                if self.is_word("else") {
                    self.at += 1;
                    let other = self.body()?;
                    return Ok(Stmt::If(condition, Box::new(then), Some(Box::new(other))));
                }
                self.at = before;
                Ok(Stmt::If(condition, Box::new(then), None))
            }
            "while" => {
                self.at += 1;
                let condition = self.condition()?;
                if self.accept(";") {
                    return Ok(Stmt::While(condition, Box::new(Stmt::Block(Vec::new()))));
                }
                Ok(Stmt::While(condition, Box::new(self.body()?)))
            }
            "do" => {
                self.at += 1;
                let body = self.body()?;
                self.terminators();
                if !self.is_word("while") {
                    return self.unexpected("expected 'while'");
                }
                self.at += 1;
                let condition = self.condition()?;
                self.ended(Stmt::Do(Box::new(body), condition))
            }
            "for" => self.for_loop(),
            "switch" => self.unexpected("'switch' is not supported; use if and else"),
            _ => {
                let statement = self.simple()?;
                self.ended(statement)
            }
        }
    }

    fn condition(&mut self) -> Parsed<Expr> {
        self.expect("(")?;
        let condition = self.unrestricted(Self::expr)?;
        self.expect(")")?;
        Ok(condition)
    }

    fn body(&mut self) -> Parsed<Stmt> {
        self.newlines();
        self.statement()
    }

    /// Checks that the statement ends here.
    fn ended(&mut self, statement: Stmt) -> Parsed<Stmt> {
        if self.accept(";") || self.is("}") {
            return Ok(statement);
        }
        match self.peek() {
            Token::Newline | Token::End => Ok(statement),
            _ => self.unexpected("expected the end of the statement"),
        }
    }

    fn for_loop(&mut self) -> Parsed<Stmt> {
        self.at += 1;
        self.expect("(")?;
        if let (Token::Name(key), Token::Word("in"), Token::Name(array), Token::Sign(")")) =
            (self.peek().clone(), self.peek_at(1), self.peek_at(2).clone(), self.peek_at(3))
        {
            self.at += 4;
            let (key, array) = (self.slot(&key), self.array(&array));
            return Ok(Stmt::ForIn(key, array, Box::new(self.loop_body()?)));
        }
        let start = if self.is(";") { None } else { Some(Box::new(self.simple()?)) };
        self.expect(";")?;
        self.newlines();
        let condition = if self.is(";") { None } else { Some(self.expr()?) };
        self.expect(";")?;
        self.newlines();
        let step = if self.is(")") { None } else { Some(Box::new(self.simple()?)) };
        self.expect(")")?;
        Ok(Stmt::For(start, condition, step, Box::new(self.loop_body()?)))
    }

    fn loop_body(&mut self) -> Parsed<Stmt> {
        if self.accept(";") { Ok(Stmt::Block(Vec::new())) } else { self.body() }
    }

    fn simple(&mut self) -> Parsed<Stmt> {
        let Token::Word(word) = *self.peek() else { return Ok(Stmt::Expr(self.expr()?)) };
        let optional = |parser: &mut Self| -> Parsed<Option<Expr>> {
            parser.at += 1;
            match parser.peek() {
                Token::Newline | Token::End | Token::Sign(";" | "}") => Ok(None),
                _ => parser.expr().map(Some),
            }
        };
        Ok(match word {
            "print" | "printf" => {
                self.at += 1;
                let (args, target) = self.print_args()?;
                if word == "print" {
                    Stmt::Print(args, target)
                } else if args.is_empty() {
                    return self.unexpected("printf needs a format");
                } else {
                    Stmt::Printf(args, target)
                }
            }
            "next" | "nextfile" | "break" | "continue" => {
                self.at += 1;
                match word {
                    "next" => Stmt::Next,
                    "nextfile" => Stmt::NextFile,
                    "break" => Stmt::Break,
                    _ => Stmt::Continue,
                }
            }
            "exit" => Stmt::Exit(optional(self)?),
            "return" if self.function.is_some() => Stmt::Return(optional(self)?),
            "return" => return self.unexpected("'return' outside of a function"),
            "delete" => {
                self.at += 1;
                let Token::Name(name) = self.next() else {
                    self.at -= 1;
                    return self.unexpected("expected the name of an array");
                };
                let array = self.array(&name);
                if self.accept("[") {
                    let subscripts = self.unrestricted(Self::list)?;
                    self.expect("]")?;
                    Stmt::Delete(array, subscripts)
                } else {
                    Stmt::DeleteAll(array)
                }
            }
            _ => Stmt::Expr(self.expr()?),
        })
    }

    fn print_args(&mut self) -> Parsed<(Vec<Expr>, Target)> {
        let ends = |parser: &Self| {
            matches!(
                parser.peek(),
                Token::Newline | Token::End | Token::Sign(";" | "}" | ">" | ">>" | "|")
            )
        };
        let mut args = Vec::new();
        let start = self.at;
        let mut grouped = false;
        if self.accept("(") {
            // `print (a, b) > "file"`: the list, if nothing but the end follows it.
            if let Ok(list) = self.unrestricted(Self::list)
                && self.accept(")")
                && ends(self)
            {
                args = list;
                grouped = true;
            } else {
                self.at = start;
            }
        }
        if !grouped && !ends(self) {
            let before = std::mem::replace(&mut self.no_greater, true);
            let list = self.list();
            self.no_greater = before;
            args = list?;
        }
        let kind = match self.peek() {
            Token::Sign(sign @ (">" | ">>" | "|")) => *sign,
            Token::Sign("|&") => return self.unexpected("two-way pipes are not supported"),
            _ => return Ok((args, Target::Stdout)),
        };
        self.at += 1;
        let before = std::mem::replace(&mut self.no_greater, true);
        let to = self.concat();
        self.no_greater = before;
        let to = to?;
        Ok((
            args,
            match kind {
                ">" => Target::File(to),
                ">>" => Target::Append(to),
                _ => Target::Command(to),
            },
        ))
    }

    fn list(&mut self) -> Parsed<Vec<Expr>> {
        let mut items = vec![self.expr()?];
        while self.accept(",") {
            self.newlines();
            items.push(self.expr()?);
        }
        Ok(items)
    }

    /// Inside brackets and parentheses `>` and `in` are ordinary operators.
    fn unrestricted<T>(&mut self, parse: fn(&mut Self) -> Parsed<T>) -> Parsed<T> {
        let before = (self.no_greater, self.no_in);
        (self.no_greater, self.no_in) = (false, false);
        let parsed = parse(self);
        (self.no_greater, self.no_in) = before;
        parsed
    }

    fn expr(&mut self) -> Parsed<Expr> {
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

    fn concat(&mut self) -> Parsed<Expr> {
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

fn is_lvalue(expr: &Expr) -> bool {
    matches!(expr, Expr::Var(_) | Expr::Field(_) | Expr::Element(..))
}

pub(super) fn compile(source: &str) -> Result<regex::bytes::Regex, String> {
    regexes::translate(source.as_bytes(), Syntax::Awk)
        .and_then(|translated| regexes::compile_plain(&translated, Flags::default()))
}

fn builtin(word: &str) -> Option<Builtin> {
    use Builtin::{
        And, Asort, Asorti, Atan2, Close, Cos, Exp, Fflush, Gensub, Gsub, Index, Int, Length, Log,
        Lshift, Match, Mktime, Or, Rand, Rshift, Sin, Split, Sprintf, Sqrt, Srand, Strftime,
        Strtonum, Sub, Substr, System, Systime, Tolower, Toupper, Xor,
    };
    Some(match word {
        "atan2" => Atan2,
        "close" => Close,
        "cos" => Cos,
        "exp" => Exp,
        "fflush" => Fflush,
        "gensub" => Gensub,
        "gsub" => Gsub,
        "index" => Index,
        "int" => Int,
        "length" => Length,
        "log" => Log,
        "match" => Match,
        "mktime" => Mktime,
        "rand" => Rand,
        "sin" => Sin,
        "split" => Split,
        "sprintf" => Sprintf,
        "sqrt" => Sqrt,
        "srand" => Srand,
        "strftime" => Strftime,
        "strtonum" => Strtonum,
        "sub" => Sub,
        "substr" => Substr,
        "system" => System,
        "systime" => Systime,
        "tolower" => Tolower,
        "toupper" => Toupper,
        "and" => And,
        "or" => Or,
        "xor" => Xor,
        "lshift" => Lshift,
        "rshift" => Rshift,
        "asort" => Asort,
        "asorti" => Asorti,
        _ => return None,
    })
}

/// The least and the most arguments.
fn arity(function: Builtin) -> (usize, usize) {
    use Builtin::{
        And, Asort, Asorti, Atan2, Close, Cos, Exp, Fflush, Gensub, Gsub, Index, Int, Length, Log,
        Lshift, Match, Mktime, Or, Rand, Rshift, Sin, Split, Sprintf, Sqrt, Srand, Strftime,
        Strtonum, Sub, Substr, System, Systime, Tolower, Toupper, Xor,
    };
    match function {
        Rand | Systime => (0, 0),
        Length | Srand | Fflush => (0, 1),
        Cos | Exp | Int | Log | Sin | Sqrt | System | Tolower | Toupper | Strtonum => (1, 1),
        Close | Mktime => (1, 2),
        Atan2 | Index | Lshift | Rshift => (2, 2),
        Match | Substr | Sub | Gsub => (2, 3),
        Split => (2, 4),
        Gensub => (3, 4),
        Strftime => (0, 3),
        Sprintf => (1, usize::MAX),
        And | Or | Xor => (2, usize::MAX),
        Asort | Asorti => (1, 2),
    }
}
