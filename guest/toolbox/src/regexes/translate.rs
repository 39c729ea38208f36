//! From POSIX's syntax to that of the `regex` crate.

use super::Syntax;

/// Translates a POSIX pattern into the syntax of the `regex` crate.
pub(crate) fn translate(pattern: &[u8], syntax: Syntax) -> Result<String, String> {
    let text =
        std::str::from_utf8(pattern).map_err(|_| "Invalid or incomplete UTF-8".to_owned())?;
    let mut translator = Translator {
        chars: text.chars().collect(),
        at: 0,
        syntax,
        out: String::with_capacity(text.len() + 16),
        atom: None,
        quantified: false,
        open: Vec::new(),
        groups: 0,
    };
    translator.run()?;
    Ok(translator.out)
}

struct Translator {
    chars: Vec<char>,
    at: usize,
    syntax: Syntax,
    out: String,
    /// Where the last atom begins in `out`; `None` where a repetition has nothing to repeat.
    atom: Option<usize>,
    quantified: bool,
    open: Vec<usize>,
    groups: usize,
}

/// What a character or an escape means.
enum Token {
    Open,
    Close,
    Or,
    Repeat(char),
    Interval,
    Char(char),
    Escape(char),
}

impl Translator {
    fn token(&mut self) -> Option<Token> {
        let c = *self.chars.get(self.at)?;
        self.at += 1;
        let extended = matches!(self.syntax, Syntax::Extended | Syntax::Awk);
        let emacs = self.syntax == Syntax::Emacs;
        if c == '\\' {
            let Some(&escaped) = self.chars.get(self.at) else { return Some(Token::Char('\\')) };
            self.at += 1;
            return Some(match escaped {
                '(' if !extended => Token::Open,
                ')' if !extended => Token::Close,
                '|' if !extended => Token::Or,
                '{' if !extended && !emacs => Token::Interval,
                '+' | '?' if !extended && !emacs => Token::Repeat(escaped),
                other => Token::Escape(other),
            });
        }
        Some(match c {
            '*' => Token::Repeat('*'),
            '+' | '?' if extended || emacs => Token::Repeat(c),
            '(' if extended => Token::Open,
            ')' if extended => Token::Close,
            '|' if extended => Token::Or,
            '{' if extended => Token::Interval,
            other => Token::Char(other),
        })
    }

    fn run(&mut self) -> Result<(), String> {
        while let Some(token) = self.token() {
            match token {
                Token::Open => {
                    self.open.push(self.out.len());
                    self.groups += 1;
                    self.out.push('(');
                    self.atom = None;
                }
                Token::Close => match self.open.pop() {
                    Some(start) => {
                        self.out.push(')');
                        self.atom = Some(start);
                        self.quantified = false;
                    }
                    // In an extended pattern a lone `)` is a character.
                    None if self.syntax == Syntax::Extended => self.literal(')'),
                    None => return Err("Unmatched ) or \\)".to_owned()),
                },
                Token::Or => {
                    self.out.push('|');
                    self.atom = None;
                }
                Token::Repeat(operator) => {
                    if self.atom.is_none() {
                        self.literal(operator);
                    } else {
                        self.repeat(&operator.to_string());
                    }
                }
                Token::Interval => self.interval()?,
                Token::Escape(c) => self.escape(c)?,
                Token::Char(c) => self.char(c)?,
            }
        }
        if self.open.is_empty() { Ok(()) } else { Err("Unmatched ( or \\(".to_owned()) }
    }

    fn repeat(&mut self, operator: &str) {
        let Some(start) = self.atom else { return };
        // `a+?` is an optional `a+` here, not a lazy repetition.
        if self.quantified {
            self.out.insert_str(start, "(?:");
            self.out.push(')');
        }
        self.out.push_str(operator);
        self.quantified = true;
    }

    fn literal(&mut self, c: char) {
        self.atom = Some(self.out.len());
        self.quantified = false;
        if regex_meta(c) {
            self.out.push('\\');
        }
        self.out.push(c);
    }

    fn atom(&mut self, text: &str) {
        self.atom = Some(self.out.len());
        self.quantified = false;
        self.out.push_str(text);
    }

    fn char(&mut self, c: char) -> Result<(), String> {
        match c {
            '.' => self.atom("."),
            '[' => return self.bracket(),
            '^' => {
                let anchor = self.is_context_independent() || self.at_start();
                if anchor {
                    self.out.push('^');
                    // A star after an anchor is a character.
                    self.atom = None;
                } else {
                    self.literal('^');
                }
            }
            '$' => {
                if self.is_context_independent() || self.at_end() {
                    self.out.push('$');
                    self.atom = None;
                } else {
                    self.literal('$');
                }
            }
            other => self.literal(other),
        }
        Ok(())
    }

    fn is_context_independent(&self) -> bool {
        matches!(self.syntax, Syntax::Extended | Syntax::Awk)
    }

    fn at_start(&self) -> bool {
        self.out.is_empty()
            || self.out.ends_with('(') && !self.out.ends_with("\\(")
            || self.out.ends_with('|') && !self.out.ends_with("\\|")
    }

    fn at_end(&self) -> bool {
        let rest = &self.chars[self.at..];
        rest.is_empty() || rest.starts_with(&['\\', ')']) || rest.starts_with(&['\\', '|'])
    }

    fn escape(&mut self, c: char) -> Result<(), String> {
        let awk = self.syntax == Syntax::Awk;
        match c {
            'n' if awk => self.literal('\n'),
            't' if awk => self.literal('\t'),
            'r' if awk => self.literal('\r'),
            'f' if awk => self.atom(r"\f"),
            'v' if awk => self.atom(r"\v"),
            'a' if awk => self.atom(r"\a"),
            'y' if awk => self.anchor(r"\b"),
            '0'..='7' if awk => {
                let mut value = c.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    let Some(digit) = self.chars.get(self.at).and_then(|c| c.to_digit(8)) else {
                        break;
                    };
                    value = value * 8 + digit;
                    self.at += 1;
                }
                self.literal(char::from(value.to_le_bytes()[0]));
            }
            '1'..='9' => {
                let number = c.to_digit(10).unwrap_or(0) as usize;
                if number > self.groups {
                    return Err("Invalid back reference".to_owned());
                }
                self.atom(&format!(r"(?:\{c})"));
            }
            '<' => self.anchor(r"\b{start}"),
            '>' => self.anchor(r"\b{end}"),
            'b' if !awk => self.anchor(r"\b"),
            'B' => self.anchor(r"\B"),
            '`' => self.anchor(r"\A"),
            '\'' => self.anchor(r"\z"),
            'w' | 'W' | 's' | 'S' => self.atom(&format!("\\{c}")),
            other => self.literal(other),
        }
        Ok(())
    }

    fn anchor(&mut self, text: &str) {
        self.out.push_str(text);
        self.atom = None;
    }

    /// `{m}`, `{m,}`, `{,n}`, `{m,n}` after its opening.
    fn interval(&mut self) -> Result<(), String> {
        let basic = !self.is_context_independent();
        let rest: String = self.chars[self.at..].iter().collect();
        let close = if basic { "\\}" } else { "}" };
        let parsed = rest.find(close).and_then(|end| {
            let body = &rest[..end];
            let (low, high) = match body.split_once(',') {
                Some((low, high)) => (low, Some(high)),
                None => (body, None),
            };
            let number = |text: &str| text.is_empty() || text.bytes().all(|b| b.is_ascii_digit());
            let valid =
                number(low) && high.is_none_or(number) && !(low.is_empty() && high.is_none());
            valid.then(|| (end, low.to_owned(), high.map(str::to_owned)))
        });
        match parsed {
            Some((end, low, high)) if self.atom.is_some() => {
                self.at += rest[..end].chars().count() + close.chars().count();
                let low = if low.is_empty() { "0".to_owned() } else { low };
                let operator = match high {
                    None => format!("{{{low}}}"),
                    Some(high) => {
                        let reversed = matches!(
                            (low.parse::<u32>(), high.parse::<u32>()),
                            (Ok(low), Ok(high)) if low > high
                        );
                        if reversed {
                            return Err("Invalid content of \\{\\}".to_owned());
                        }
                        format!("{{{low},{high}}}")
                    }
                };
                self.repeat(&operator);
                Ok(())
            }
            // In an extended pattern a brace that begins no interval is a character.
            _ if !basic => {
                self.literal('{');
                Ok(())
            }
            None if !rest.contains("\\}") => Err("Unmatched \\{".to_owned()),
            None => Err("Invalid content of \\{\\}".to_owned()),
            Some(_) => Err("Invalid preceding regular expression".to_owned()),
        }
    }

    fn bracket(&mut self) -> Result<(), String> {
        const UNMATCHED: &str = "Unmatched [, [^, [:, [., or [=";
        let start = self.at;
        let mut set = String::from("[");
        if self.chars.get(self.at) == Some(&'^') {
            set.push('^');
            self.at += 1;
        }
        let mut first = true;
        loop {
            let Some(&c) = self.chars.get(self.at) else { return Err(UNMATCHED.to_owned()) };
            self.at += 1;
            match c {
                ']' if !first => break,
                '[' if matches!(self.chars.get(self.at), Some(':')) => {
                    let name = self.until(':').ok_or(UNMATCHED)?;
                    const NAMES: [&str; 12] = [
                        "alpha", "digit", "alnum", "upper", "lower", "space", "blank", "punct",
                        "print", "graph", "cntrl", "xdigit",
                    ];
                    if !NAMES.contains(&&*name) {
                        return Err("Invalid character class name".to_owned());
                    }
                    // Letters beyond ASCII belong to these classes in a UTF-8 locale.
                    set.push_str(match &*name {
                        "alpha" => r"\p{Alphabetic}",
                        "alnum" => r"\p{Alphabetic}\p{Nd}",
                        "upper" => r"\p{Uppercase}",
                        "lower" => r"\p{Lowercase}",
                        "space" => r"\s",
                        "digit" => "0-9",
                        "blank" => r" \t",
                        "punct" => r"!-/:-@\[-`{-~",
                        "print" => r"\x20-\x7e\u{a0}-\u{10ffff}",
                        "graph" => r"\x21-\x7e\u{a1}-\u{10ffff}",
                        "cntrl" => r"\x00-\x1f\x7f",
                        _ => "0-9A-Fa-f",
                    });
                }
                '[' if matches!(self.chars.get(self.at), Some('=' | '.')) => {
                    let mark = self.chars[self.at];
                    let inner = self.until(mark).ok_or(UNMATCHED)?;
                    let mut chars = inner.chars();
                    match (chars.next(), chars.next()) {
                        (Some(only), None) => push_in_set(&mut set, only),
                        _ => return Err("Invalid collation character".to_owned()),
                    }
                }
                _ => {
                    let low = self.set_char(c);
                    let range = self.chars.get(self.at) == Some(&'-')
                        && self.chars.get(self.at + 1).is_some_and(|&next| next != ']');
                    if range {
                        let next = self.chars[self.at + 1];
                        self.at += 2;
                        let high = self.set_char(next);
                        if low > high {
                            return Err("Invalid range end".to_owned());
                        }
                        push_in_set(&mut set, low);
                        set.push('-');
                        push_in_set(&mut set, high);
                    } else {
                        push_in_set(&mut set, low);
                    }
                }
            }
            first = false;
        }
        debug_assert!(self.at > start);
        set.push(']');
        self.atom(&set);
        Ok(())
    }

    /// A character of a bracket expression; only awk has escapes there.
    fn set_char(&mut self, c: char) -> char {
        if c != '\\' || self.syntax != Syntax::Awk {
            return c;
        }
        let Some(&escaped) = self.chars.get(self.at) else { return c };
        self.at += 1;
        match escaped {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'f' => '\u{c}',
            'v' => '\u{b}',
            other => other,
        }
    }

    /// The text up to `mark]`, after `[mark`.
    fn until(&mut self, mark: char) -> Option<String> {
        let from = self.at + 1;
        let end = (from..self.chars.len().saturating_sub(1))
            .find(|&at| self.chars[at] == mark && self.chars[at + 1] == ']')?;
        self.at = end + 2;
        Some(self.chars[from..end].iter().collect())
    }
}

fn regex_meta(c: char) -> bool {
    "\\.+*?()|[]{}^$#&-~".contains(c)
}

fn push_in_set(set: &mut String, c: char) {
    if "\\[]^-&~".contains(c) {
        set.push('\\');
    }
    set.push(c);
}
