//! Statements and what they are made of.

use super::{MAX_DEPTH, Parsed, Parser};
use crate::awk::ast::{Expr, Stmt, Target};
use crate::awk::lexer::Token;

impl Parser {
    pub(super) fn block(&mut self) -> Parsed<Stmt> {
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
}
