use std::collections::VecDeque;
use std::sync::Arc;

use aho_corasick::automaton::StateID;

use super::MASKED;
use super::automaton::Automaton;
use super::tokens;

/// Masks bytes that come in pieces, wherever they are cut.
///
/// Every occurrence of every secret is found, those that overlap included. A byte is held back only
/// while it may belong to a secret that goes on in the next piece, so the memory is bounded by the
/// longest secret and nothing else waits.
pub struct MaskStream {
    automaton: Arc<Automaton>,
    /// None at the start.
    state: Option<StateID>,
    /// How many bytes were taken.
    taken: u64,
    /// How many of them were passed on.
    passed: u64,
    /// Those between.
    held: Vec<u8>,
    /// What is to be masked and was not passed on yet: ranges that do not touch the same byte, in
    /// their order.
    ranges: VecDeque<(u64, u64)>,
    /// The end of the last range for which `[MASKED]` was written.
    written: u64,
    /// Where the token that is being taken begins, after its prefix.
    token: Option<u64>,
    found: bool,
}

impl MaskStream {
    pub(super) fn new(automaton: Arc<Automaton>) -> Self {
        Self {
            automaton,
            state: None,
            taken: 0,
            passed: 0,
            held: Vec::new(),
            ranges: VecDeque::new(),
            written: 0,
            token: None,
            found: false,
        }
    }

    /// Whether anything was masked.
    pub fn found(&self) -> bool {
        self.found
    }

    /// Takes bytes and appends what can be passed on.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.held.extend_from_slice(bytes);
        for (index, &byte) in bytes.iter().enumerate() {
            if self.state.is_none()
                && self.token.is_none()
                && !self.automaton.begins(byte, bytes.get(index + 1).copied())
            {
                self.taken += 1;
                continue;
            }
            self.step(byte);
        }
        let waits = self.state.map_or(0, |state| self.automaton.depth(state)) as u64;
        self.pass(self.taken - waits, out);
    }

    /// Appends what was held back: nothing more comes, or something else comes first.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        self.pass(self.taken, out);
        self.state = None;
        self.token = None;
    }

    fn step(&mut self, byte: u8) {
        self.taken += 1;
        match self.token {
            Some(start) if tokens::continues(byte) => self.mask(start, self.taken),
            Some(_) => self.token = None,
            None => {}
        }
        self.state = self.automaton.next(self.state, byte);
        if let Some(ends) = self.state.and_then(|state| self.automaton.ends(state)) {
            if ends.secret > 0 {
                self.mask(self.taken - ends.secret as u64, self.taken);
            }
            if ends.prefix && self.token.is_none() {
                self.token = Some(self.taken);
            }
        }
    }

    /// Notes that a range is to be masked. Ends never decrease from call to call.
    fn mask(&mut self, mut start: u64, mut end: u64) {
        self.found = true;
        while let Some((before, until)) = self.ranges.back().copied()
            && until > start
        {
            start = start.min(before);
            end = end.max(until);
            self.ranges.pop_back();
        }
        self.ranges.push_back((start, end));
    }

    /// Passes on everything before `until`.
    fn pass(&mut self, until: u64, out: &mut Vec<u8>) {
        let mut at = self.passed;
        while let Some((start, end)) = self.ranges.front().copied()
            && start < until
        {
            if at < start {
                out.extend_from_slice(self.slice(at, start));
            }
            // A range that was begun before and has grown since has its word already.
            if start >= self.written {
                out.extend_from_slice(MASKED.as_bytes());
            }
            self.written = end;
            at = at.max(end.min(until));
            if end > until {
                break;
            }
            self.ranges.pop_front();
        }
        if at < until {
            out.extend_from_slice(self.slice(at, until));
        }
        let count = usize::try_from(until - self.passed).unwrap_or(self.held.len());
        self.held.drain(..count.min(self.held.len()));
        self.passed = until;
    }

    /// The bytes of memory that it occupies beside the automaton.
    #[cfg(test)]
    pub(super) fn weight(&self) -> usize {
        self.held.capacity() + self.ranges.capacity() * size_of::<(u64, u64)>()
    }

    fn slice(&self, from: u64, to: u64) -> &[u8] {
        let index = |at: u64| usize::try_from(at - self.passed).unwrap_or(0);
        self.held.get(index(from)..index(to)).unwrap_or_default()
    }
}

impl std::fmt::Debug for MaskStream {
    /// Without what is held back, which may be half a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MaskStream")
    }
}
