//! Aliases: words that are replaced by other text while commands are read.

use std::collections::BTreeMap;

use super::Parsed;
use super::is_meta;
use super::parser::Parser;

/// Names and what stands for them, in order.
pub(crate) type Aliases = BTreeMap<Vec<u8>, Vec<u8>>;

/// Text that replacements may add to one script: more is taken for an endless one.
const MAX_REPLACED: usize = 1 << 20;

/// Words that are no aliases under POSIX's rules.
const RESERVED: [&[u8]; 16] = [
    b"!", b"{", b"}", b"case", b"do", b"done", b"elif", b"else", b"esac", b"fi", b"for", b"if",
    b"in", b"then", b"until", b"while",
];

/// A replacement that the cursor has not passed yet.
pub(super) struct Replaced {
    name: Vec<u8>,
    /// Where its text ends.
    end: usize,
}

impl Parser<'_> {
    /// Replaces the word at the cursor, as long as it is an alias. `first` says that a command
    /// may begin here; elsewhere only the word after an alias that ends in a blank counts.
    pub(super) fn expand_alias(&mut self, first: bool) -> Parsed<()> {
        if self.options.aliases.is_none() {
            return Ok(());
        }
        let mut first = first;
        loop {
            let after_blank = self.alias_blank.is_some_and(|end| self.pos >= end);
            if after_blank {
                self.alias_blank = None;
            }
            if !(first || after_blank) || !self.replace_alias()? {
                return Ok(());
            }
            first = true;
            // A value may begin with blanks or even with a newline.
            self.skip_blanks();
        }
    }

    fn replace_alias(&mut self) -> Parsed<bool> {
        let mut end = 0;
        while let Some(byte) = self.peek_at(end).filter(|&b| !is_meta(b)) {
            if matches!(byte, b'\\' | b'\'' | b'"' | b'$' | b'`') {
                return Ok(false);
            }
            end += 1;
        }
        let word = &self.text[self.pos..self.pos + end];
        let Some(aliases) = &self.options.aliases else { return Ok(false) };
        let Some(value) = aliases.get(word) else { return Ok(false) };
        if self.options.posix && RESERVED.contains(&word) {
            return Ok(false);
        }
        let pos = self.pos;
        self.replaced.retain(|r| r.end > pos);
        if self.replaced.iter().any(|r| r.name == word) {
            return Ok(false);
        }
        let (name, mut value) = (word.to_vec(), value.clone());
        let blank = matches!(value.last(), Some(b' ' | b'\t'));
        if !blank {
            // The word ends here, whatever follows it.
            value.push(b' ');
        }
        self.alias_text += value.len();
        if self.alias_text > MAX_REPLACED {
            return Err(self
                .error(format!("syntax error: aliases stand for more than {MAX_REPLACED} bytes")));
        }
        let (grown, new_end) = (value.len(), pos + value.len());
        for outer in &mut self.replaced {
            outer.end = outer.end - end + grown;
        }
        if let Some(at) = &mut self.alias_blank {
            *at = *at - end + grown;
        }
        self.text.splice(pos..pos + end, value);
        self.replaced.push(Replaced { name, end: new_end });
        if blank {
            // An outer replacement's blank comes after this one's.
            self.alias_blank = Some(self.alias_blank.map_or(new_end, |at| at.min(new_end)));
        }
        Ok(true)
    }

    /// Whether the cursor is inside of text that stands for an alias: its newlines are no lines.
    pub(super) fn in_alias(&self) -> bool {
        self.replaced.iter().any(|r| self.pos < r.end)
    }
}
