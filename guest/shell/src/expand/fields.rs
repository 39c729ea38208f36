//! Collecting the fields of a word.

use crate::expand::Expanded;
use crate::pattern;
use crate::state::Shell;
use crate::syntax::ast::Part;

/// What a word is expanded to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Split into fields.
    Fields,
    /// One string.
    Single,
    /// A pattern: quoted characters are escaped.
    Pattern,
    /// A regular expression: quoted characters are escaped.
    Regex,
    /// The replacement of `${x/a/b}`: an unquoted `&` stands for the match.
    Replacement,
}

#[derive(Debug, Default)]
pub(crate) struct Field {
    pub(crate) text: Vec<u8>,
    /// The field as a pattern, if an unquoted pattern character is in it.
    pub(crate) pattern: Option<Vec<u8>>,
}

/// What the last delimiter was, for splitting across parts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Delimiter {
    None,
    Blank,
    Other,
}

/// What a parameter expands to.
#[derive(Debug)]
pub(crate) enum Values {
    Unset,
    One(Vec<u8>),
    /// `$@` and arrays; with `star`, quoting joins them.
    Many {
        items: Vec<Vec<u8>>,
        star: bool,
    },
}

/// Expands the parts of one word.
pub(crate) struct Expander<'s> {
    pub(crate) shell: &'s mut Shell,
    pub(crate) mode: Mode,
    fields: Vec<Field>,
    current: Field,
    /// The current field exists even if it is empty.
    started: bool,
    delimiter: Delimiter,
    /// `"$@"` without parameters was met: the quotes around it make no field.
    vanished: bool,
    /// Inside the word of `${x:-word}`: its own text is split, too.
    pub(super) splitting: bool,
}

impl<'s> Expander<'s> {
    pub(crate) fn new(shell: &'s mut Shell, mode: Mode) -> Self {
        Self {
            shell,
            mode,
            fields: Vec::new(),
            current: Field::default(),
            started: false,
            delimiter: Delimiter::None,
            vanished: false,
            splitting: false,
        }
    }

    pub(crate) fn finish(mut self) -> Vec<Field> {
        if self.started {
            self.end_field();
        }
        self.fields
    }

    pub(crate) fn finish_single(self) -> Vec<u8> {
        self.current.text
    }

    fn end_field(&mut self) {
        self.fields.push(std::mem::take(&mut self.current));
        self.started = false;
    }

    pub(crate) fn parts(&mut self, parts: &[Part], quoted: bool) -> Expanded<()> {
        parts.iter().try_for_each(|part| self.part(part, quoted))
    }

    fn part(&mut self, part: &Part, quoted: bool) -> Expanded<()> {
        match part {
            Part::Literal(text) if quoted => self.quoted(text),
            Part::Literal(text) if self.splitting && self.mode == Mode::Fields => {
                self.split(text);
            }
            Part::Literal(text) => self.unquoted(text),
            Part::Quoted(text) => self.quoted(text),
            Part::Double(parts) => {
                let (before, started) = (self.current.text.len(), self.started);
                let fields = self.fields.len();
                let vanished = std::mem::replace(&mut self.vanished, false);
                self.parts(parts, true)?;
                let nothing =
                    self.fields.len() == fields && self.current.text.len() == before && !started;
                if !(nothing && self.vanished) {
                    self.started = true;
                    self.delimiter = Delimiter::None;
                }
                self.vanished = vanished;
            }
            Part::Tilde(text) => {
                let text = self.shell.tilde(text);
                self.quoted(&text);
            }
            Part::Param(param) => self.param(param, quoted)?,
            Part::Command(sub) => {
                let text = self.shell.command_substitution(sub)?;
                self.value(&text, quoted);
            }
            Part::Arith(arith) => {
                let number = self.shell.arith(arith)?;
                self.value(number.to_string().as_bytes(), quoted);
            }
            Part::Process { read, body } => {
                let path = self.shell.process_substitution(*read, body)?;
                self.quoted(&path);
            }
        }
        Ok(())
    }

    /// Text that stands for itself.
    pub(crate) fn quoted(&mut self, text: &[u8]) {
        match self.mode {
            Mode::Fields => {
                if let Some(pattern) = &mut self.current.pattern {
                    pattern::escape_into(pattern, text);
                }
                self.current.text.extend_from_slice(text);
            }
            Mode::Single => self.current.text.extend_from_slice(text),
            Mode::Pattern => pattern::escape_into(&mut self.current.text, text),
            Mode::Regex => {
                for &byte in text {
                    if b".*+?()[]{}|^$\\".contains(&byte) {
                        self.current.text.push(b'\\');
                    }
                    self.current.text.push(byte);
                }
            }
            Mode::Replacement => {
                for &byte in text {
                    if matches!(byte, b'&' | b'\\') {
                        self.current.text.push(b'\\');
                    }
                    self.current.text.push(byte);
                }
            }
        }
        self.started = true;
        self.delimiter = Delimiter::None;
    }

    /// Text in which pattern characters are active.
    fn unquoted(&mut self, text: &[u8]) {
        if self.mode == Mode::Fields {
            self.active(text);
        } else {
            self.current.text.extend_from_slice(text);
        }
        self.started = true;
        self.delimiter = Delimiter::None;
    }

    fn active(&mut self, text: &[u8]) {
        let extglob = self.shell.shopts.extglob;
        let special = |&b: &u8| pattern::is_special(b) || (extglob && b == b'(');
        if self.current.pattern.is_none() && text.iter().any(special) {
            let mut escaped = Vec::new();
            pattern::escape_into(&mut escaped, &self.current.text);
            self.current.pattern = Some(escaped);
        }
        if let Some(pattern) = &mut self.current.pattern {
            pattern.extend_from_slice(text);
        }
        self.current.text.extend_from_slice(text);
    }

    /// The result of an expansion.
    pub(crate) fn value(&mut self, text: &[u8], quoted: bool) {
        if quoted {
            if !text.is_empty() {
                self.quoted(text);
            }
        } else if self.mode == Mode::Fields {
            self.split(text);
        } else {
            self.current.text.extend_from_slice(text);
        }
    }

    pub(crate) fn values(&mut self, values: Values, quoted: bool) {
        match values {
            Values::Unset => {}
            Values::One(text) => self.value(&text, quoted),
            Values::Many { items, star } => self.many(&items, star, quoted),
        }
    }

    fn many(&mut self, items: &[Vec<u8>], star: bool, quoted: bool) {
        if self.mode != Mode::Fields || (quoted && star) {
            let separator = if star { self.shell.ifs_separator() } else { b" ".to_vec() };
            let joined = items.join(&separator[..]);
            self.value(&joined, quoted);
            return;
        }
        if quoted {
            let Some((last, rest)) = items.split_last() else {
                self.vanished = true;
                return;
            };
            for item in rest {
                self.quoted(item);
                self.end_field();
            }
            self.quoted(last);
            return;
        }
        let ifs = self.shell.ifs();
        if !ifs.is_empty() {
            // What splits the text holds its parts together as well.
            let separator = &ifs[..crate::bytes::char_len(&ifs)];
            self.split(&items.join(separator));
            return;
        }
        for (index, item) in items.iter().enumerate() {
            if index > 0 && self.started {
                self.end_field();
            }
            self.split(item);
        }
    }

    /// Splits at the characters of IFS.
    fn split(&mut self, text: &[u8]) {
        let ifs = self.shell.ifs();
        if !ifs.is_ascii() {
            self.split_chars(text, &ifs);
            return;
        }
        let mut from = 0;
        for (i, &byte) in text.iter().enumerate() {
            if !ifs.contains(&byte) {
                continue;
            }
            if from < i {
                self.active(&text[from..i]);
                self.started = true;
                self.delimiter = Delimiter::None;
            }
            from = i + 1;
            self.delimit(byte);
        }
        if from < text.len() {
            self.active(&text[from..]);
            self.started = true;
            self.delimiter = Delimiter::None;
        }
    }
}

impl Expander<'_> {
    /// A delimiter of fields was met.
    fn delimit(&mut self, byte: u8) {
        if matches!(byte, b' ' | b'\t' | b'\n') {
            if self.started {
                self.end_field();
                self.delimiter = Delimiter::Blank;
            }
            return;
        }
        // A blank before belongs to the same delimiter.
        if self.started || self.delimiter != Delimiter::Blank {
            self.end_field();
        }
        self.delimiter = Delimiter::Other;
    }

    /// As `split`, for an IFS with characters of several bytes.
    fn split_chars(&mut self, text: &[u8], ifs: &[u8]) {
        let delimiters: Vec<&[u8]> = crate::bytes::chars(ifs).collect();
        for c in crate::bytes::chars(text) {
            if delimiters.contains(&c) {
                self.delimit(c[0]);
            } else {
                self.active(c);
                self.started = true;
                self.delimiter = Delimiter::None;
            }
        }
    }
}

impl Shell {
    /// The characters that split fields.
    pub(crate) fn ifs(&self) -> Vec<u8> {
        match self.vars.get(b"IFS").and_then(|v| v.scalar()) {
            Some(ifs) => ifs.to_vec(),
            None => b" \t\n".to_vec(),
        }
    }

    /// What joins `"$*"`.
    pub(crate) fn ifs_separator(&self) -> Vec<u8> {
        match self.vars.get(b"IFS").and_then(|v| v.scalar()) {
            Some(ifs) => ifs[..crate::bytes::char_len(ifs)].to_vec(),
            None => b" ".to_vec(),
        }
    }
}
