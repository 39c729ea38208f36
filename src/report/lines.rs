//! A job's output as lines that are safe to show on a terminal.
//!
//! Whatever a job writes stays within its own lines and behind its own prefix: colours pass (SGR,
//! ended at the end of every line), everything else that a terminal would obey — titles and the
//! clipboard (OSC), cursor movement, erasing, alternate screens, answers to queries, backspaces —
//! does not. A carriage return ends a line, so nothing that was written can be painted over.

use std::mem;

/// Lines longer than this are broken.
const LONGEST_LINE: usize = 8 * 1024;

/// Longer parameter lists of a control sequence are nothing that a program writes on purpose.
const LONGEST_PARAMETERS: usize = 64;

/// A string sequence (OSC, DCS …) that does not end within this many characters is taken to have
/// ended, so that an unfinished one cannot swallow the rest of the output.
const LONGEST_STRING: usize = 4 * 1024;

/// A finished line, without its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// With colours, if they are wanted; they are reset at the end.
    pub(super) styled: String,
    /// Without colours.
    pub(super) plain: String,
}

/// Takes the bytes of one stream and gives lines.
#[derive(Debug)]
pub(super) struct Lines {
    color: bool,
    state: State,
    line: Line,
    /// The control sequences that set the colours in force.
    active: String,
    /// Whether the styled line has to be reset at its end.
    colored: bool,
    /// Whether the last character was a carriage return that ended a line.
    returned: bool,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Text,
    Escape,
    /// After an escape and intermediate characters, before the final one.
    Intermediate,
    Control {
        parameters: String,
        valid: bool,
    },
    String {
        length: usize,
    },
    StringEscape,
}

impl Lines {
    pub(super) fn new(color: bool) -> Self {
        Self {
            color,
            state: State::default(),
            line: Line::default(),
            active: String::new(),
            colored: false,
            returned: false,
        }
    }

    /// Takes some output; hands every line that ends in it to `each`.
    pub(super) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(Line)) {
        for character in String::from_utf8_lossy(bytes).chars() {
            self.character(character, &mut each);
        }
    }

    /// The line that was begun and has no end, if there is one.
    pub(super) fn finish(&mut self) -> Option<Line> {
        self.state = State::Text;
        self.returned = false;
        (!self.line.plain.is_empty()).then(|| self.take())
    }

    fn character(&mut self, c: char, each: &mut impl FnMut(Line)) {
        match mem::take(&mut self.state) {
            State::Text => self.text(c, each),
            State::Escape => self.escape(c, each),
            State::Intermediate => match c {
                '\x20'..='\x2f' => self.state = State::Intermediate,
                '\x30'..='\x7e' => {}
                _ => self.text(c, each),
            },
            State::Control { mut parameters, mut valid } => match c {
                '\x20'..='\x3f' => {
                    valid &=
                        parameters.len() < LONGEST_PARAMETERS && matches!(c, '0'..='9' | ';' | ':');
                    if valid {
                        parameters.push(c);
                    }
                    self.state = State::Control { parameters, valid };
                }
                'm' if valid => self.color(&parameters),
                '\x40'..='\x7e' => {}
                _ => self.text(c, each),
            },
            State::String { length } => match c {
                '\x07' | '\u{9c}' => {}
                '\x1b' => self.state = State::StringEscape,
                '\n' => self.text(c, each),
                _ if length >= LONGEST_STRING => self.text(c, each),
                _ => self.state = State::String { length: length + 1 },
            },
            State::StringEscape => match c {
                '\\' => {}
                _ => self.escape(c, each),
            },
        }
    }

    fn escape(&mut self, c: char, each: &mut impl FnMut(Line)) {
        self.state = match c {
            '[' => State::Control { parameters: String::new(), valid: true },
            ']' | 'P' | 'X' | '^' | '_' => State::String { length: 0 },
            '\x20'..='\x2f' => State::Intermediate,
            '\x30'..='\x7e' => State::Text,
            _ => return self.text(c, each),
        };
    }

    fn text(&mut self, c: char, each: &mut impl FnMut(Line)) {
        let returned = mem::take(&mut self.returned);
        match c {
            '\n' if returned => {}
            '\n' => each(self.take()),
            // Nothing is there that could be painted over.
            '\r' if self.line.plain.is_empty() => {}
            '\r' => {
                self.returned = true;
                each(self.take());
            }
            '\x1b' => self.state = State::Escape,
            '\u{9b}' => self.state = State::Control { parameters: String::new(), valid: true },
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => self.state = State::String { length: 0 },
            '\t' => self.show('\t'),
            '\0'..='\x1f' | '\x7f' => {
                self.show('^');
                self.show(char::from(c as u8 ^ 0x40));
            }
            '\u{80}'..='\u{9f}' => self.show(char::REPLACEMENT_CHARACTER),
            _ => self.show(c),
        }
        if self.line.plain.len() >= LONGEST_LINE {
            each(self.take());
        }
    }

    fn show(&mut self, c: char) {
        self.line.plain.push(c);
        self.line.styled.push(c);
    }

    fn color(&mut self, parameters: &str) {
        if !self.color {
            return;
        }
        let sequence = format!("\x1b[{parameters}m");
        let first = parameters.split([';', ':']).next().unwrap_or_default();
        if first.trim_start_matches('0').is_empty() {
            self.active.clear();
        }
        if !parameters.trim_start_matches('0').is_empty() {
            // Somebody who never resets cannot make this grow.
            if self.active.len() > 2 * LONGEST_PARAMETERS {
                self.active.clear();
            }
            self.active.push_str(&sequence);
        }
        self.line.styled.push_str(&sequence);
        self.colored = true;
    }

    /// Ends the line; the next one begins with the colours in force.
    fn take(&mut self) -> Line {
        let mut line = mem::take(&mut self.line);
        if self.colored {
            line.styled.push_str("\x1b[0m");
        }
        self.line.styled.push_str(&self.active);
        self.colored = !self.active.is_empty();
        line
    }
}

/// A single text — a name, a message — made safe in the same way, without colours.
pub(super) fn safe(text: &str) -> String {
    let mut lines = Lines::new(false);
    let mut all = Vec::new();
    lines.push(text.as_bytes(), |line| all.push(line.plain));
    all.extend(lines.finish().map(|line| line.plain));
    all.join("\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(color: bool, chunks: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::new(color);
        let mut all = Vec::new();
        for chunk in chunks {
            lines.push(chunk, |line| all.push(line.styled));
        }
        all.extend(lines.finish().map(|line| line.styled));
        all
    }

    #[test]
    fn what_terminals_obey_is_removed() {
        for (input, expected) in [
            ("plain\n", "plain"),
            ("a\tb\n", "a\tb"),
            ("\x1b]0;title\x07text\n", "text"),
            ("\x1b]52;c;aGk=\x1b\\text\n", "text"),
            ("\u{9d}0;title\u{9c}text\n", "text"),
            ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\n", "link"),
            ("\x1bP1$q\x1b\\text\n", "text"),
            ("\x1b_apc\x1b\\text\n", "text"),
            ("\x1b[2J\x1b[H\x1b[10Atext\x1b[K\n", "text"),
            ("\x1b[?1049h\x1b[?25ltext\n", "text"),
            ("\x1b[6n\x1b[ctext\n", "text"),
            ("\x1bctext\x1b(0\n", "text"),
            ("\u{9b}2Jtext\n", "text"),
            ("\x1b[31mred\n", "red"),
            ("ab\x08c\x07\n", "ab^Hc^G"),
            ("\x7f\u{85}\n", "^?\u{fffd}"),
            ("\x1b[1;\x1b[2Jtext\n", "text"),
            ("\x1b[>4;2mtext\n", "text"),
        ] {
            assert_eq!(lines(false, &[input.as_bytes()]), [expected], "{input:?}");
        }
    }

    #[test]
    fn a_carriage_return_paints_nothing_over() {
        assert_eq!(lines(false, &[b"a\r\nb\r\nc"]), ["a", "b", "c"]);
        assert_eq!(lines(false, &[b"a\r", b"\nb"]), ["a", "b"]);
        assert_eq!(lines(false, &[b"10 %\r20 %\r\n"]), ["10 %", "20 %"]);
        assert_eq!(lines(false, &[b"\r50 %\r\r60 %\n\n"]), ["50 %", "60 %", ""]);
    }

    #[test]
    fn colours_end_with_their_line_and_go_on_with_the_next() {
        assert_eq!(
            lines(true, &[b"\x1b[31mred\nstill\x1b[0m not\nplain\n"]),
            ["\x1b[31mred\x1b[0m", "\x1b[31mstill\x1b[0m not\x1b[0m", "plain"]
        );
        assert_eq!(lines(true, &[b"\x1b[1m\x1b[0;32mx\ny"])[1], "\x1b[0;32my\x1b[0m");
        assert_eq!(lines(true, &[b"a\x1b[mb\nc"]), ["a\x1b[mb\x1b[0m", "c"]);
    }

    #[test]
    fn an_unfinished_sequence_swallows_at_most_its_line() {
        assert_eq!(lines(false, &[b"\x1b]0;never ends\nnext\n"]), ["", "next"]);
        assert_eq!(lines(false, &[b"\x1b[31\nnext\n"]), ["", "next"]);
        let long = [b"\x1b]".to_vec(), vec![b'x'; 5000]].concat();
        assert_eq!(lines(false, &[&long])[0].len(), 5000 - LONGEST_STRING);
    }

    #[test]
    fn an_endless_line_is_broken() {
        let all = lines(false, &[&vec![b'x'; 3 * LONGEST_LINE]]);
        assert_eq!(all.len(), 3);
    }

    proptest! {
        #[test]
        fn nothing_but_colours_gets_through(
            chunks in prop::collection::vec(
                prop::collection::vec(prop_oneof![
                    any::<u8>(), Just(b'\x1b'), Just(b'['), Just(b']'), Just(b'm'), Just(b';'),
                    Just(b'3'), Just(b'\n'), Just(b'\r'), Just(b'\xc2'), Just(b'\x9b'),
                ], 0..40),
                0..8,
            ),
            color: bool,
        ) {
            let chunks: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
            for line in lines(color, &chunks) {
                let mut rest = line.as_str();
                while let Some(at) = rest.find(|c: char| c.is_control() && c != '\t') {
                    prop_assert!(color, "{line:?}");
                    let sequence = rest[at..].strip_prefix("\x1b[");
                    prop_assert!(sequence.is_some(), "{line:?}");
                    let sequence = sequence.unwrap_or_default();
                    let end = sequence.find(|c: char| !matches!(c, '0'..='9' | ';' | ':'));
                    let end = end.unwrap_or(sequence.len());
                    prop_assert!(sequence[end..].starts_with('m'), "{line:?}");
                    rest = &sequence[end..];
                }
                if line.contains('\x1b') {
                    prop_assert!(line.ends_with("\x1b[0m"), "{line:?}");
                }
            }
        }
    }
}
