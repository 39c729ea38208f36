//! From text to commands, one complete command at a time.

mod alias;
pub(crate) mod ansi_c;
pub(crate) mod ast;
mod commands;
mod compound;
mod cond;
mod heredoc;
mod param;
mod parser;
pub(crate) mod print;
mod scan;
pub(crate) mod source;
mod words;

pub(crate) use alias::Aliases;
pub(crate) use parser::{Feed, Parser, SyntaxOptions};

/// Why a text is not a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) line: u32,
    /// The column of the token, where it is known.
    pub(crate) column: Option<u32>,
    /// What bash says after `line N: `; a second message follows after a newline.
    pub(crate) message: String,
    /// Only the rest of the line cannot be used, as bash sees it.
    pub(crate) line_only: bool,
    /// The text ended too early.
    pub(crate) incomplete: bool,
}

/// The result of a parsing step.
pub(crate) type Parsed<T> = Result<T, SyntaxError>;

/// Nesting past this is an error. It keeps recursion well inside the stack.
pub(crate) const MAX_NESTING: u32 = 400;

/// Characters that end an unquoted word.
pub(crate) const fn is_meta(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'|' | b'&' | b';' | b'(' | b')' | b'<' | b'>')
}

pub(crate) const fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

pub(crate) const fn is_name_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether `name` can name a variable.
pub(crate) fn is_name(name: &[u8]) -> bool {
    name.first().is_some_and(|&b| is_name_start(b)) && name.iter().all(|&b| is_name_char(b))
}

/// The subscript of an array that comes from a value instead of from the script.
pub(crate) fn subscript(text: &[u8], line: u32, options: SyntaxOptions) -> Parsed<ast::Word> {
    Parser::new(text.to_vec(), line, std::rc::Rc::default(), options)
        .word(words::WordKind::Subscript)
}

/// The elements of `( … )`, where a text and not the script has them.
pub(crate) fn array_items(
    text: &[u8],
    line: u32,
    options: SyntaxOptions,
) -> Parsed<Vec<ast::ArrayItem>> {
    Parser::new(text.to_vec(), line, std::rc::Rc::default(), options).array_items()
}

/// A text with the expansions of a here-document, for prompts.
pub(crate) fn here_text(text: &[u8], line: u32, options: SyntaxOptions) -> ast::Word {
    let mut parser = Parser::new(text.to_vec(), line, std::rc::Rc::default(), options);
    parser.word(words::WordKind::HereDoc).unwrap_or_else(|_| ast::Word::literal(text))
}

#[cfg(test)]
mod tests {
    use super::{Parser, SyntaxOptions};

    fn error(text: &str) -> super::SyntaxError {
        let text = text.as_bytes().to_vec();
        let mut parser = Parser::new(text, 1, std::rc::Rc::default(), SyntaxOptions::default());
        loop {
            match parser.complete_command() {
                Ok(Some(_)) => {}
                Ok(None) => panic!("no error"),
                Err(error) => return error,
            }
        }
    }

    #[test]
    fn errors_have_a_line_and_a_column() {
        let place = |text| {
            let error = error(text);
            (error.line, error.column)
        };
        assert_eq!(place("echo one\necho two )\n"), (2, Some(10)));
        assert_eq!(place("  fi\n"), (1, Some(3)));
        assert_eq!(place("echo \u{e9} |\n| x\n"), (2, Some(1)));
        assert_eq!(place("if true; then\n  echo a;;\nfi\n"), (2, Some(9)));
        assert_eq!(place("x=`)`\n)"), (2, Some(1)));
        assert_eq!(place("echo 'abc\n"), (1, None));
    }
}
