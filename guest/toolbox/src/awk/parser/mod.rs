//! From tokens to the tree.

mod builtin;
mod expression;
mod statement;

use crate::awk::ast::{Expr, Function, Pattern, Program, Rule, Slot};
use crate::awk::lexer::{Token, Tokens};
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
    for name in crate::awk::record::SPECIAL {
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
}

fn is_lvalue(expr: &Expr) -> bool {
    matches!(expr, Expr::Var(_) | Expr::Field(_) | Expr::Element(..))
}

pub(super) fn compile(source: &str) -> Result<regex::bytes::Regex, String> {
    regexes::translate(source.as_bytes(), Syntax::Awk)
        .and_then(|translated| regexes::compile_plain(&translated, Flags::default()))
}
