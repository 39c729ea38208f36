//! Looking for many patterns at once, one byte at a time.

use aho_corasick::automaton::{Automaton as _, StateID};
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind};

use super::BadSecret;
use super::tokens::PREFIXES;

/// Patterns and prefixes of tokens, as states that a byte leads between.
pub(super) struct Automaton {
    nfa: NFA,
    start: StateID,
    /// How many bytes of a pattern a state stands for, by the state's number.
    depths: Depths,
    /// Whether a pattern begins with this byte.
    begins: [bool; 256],
}

/// States are numbered by their place in memory, so most numbers are no state.
type Depths = std::collections::HashMap<u32, u32>;

/// What ends at a state.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ends {
    /// The length of the longest secret.
    pub(super) secret: usize,
    /// Whether a token's prefix does.
    pub(super) prefix: bool,
}

impl Automaton {
    pub(super) fn new(secrets: Vec<Vec<u8>>) -> Result<Self, BadSecret> {
        let prefixes = PREFIXES.iter().map(|prefix| prefix.as_bytes().to_vec());
        let patterns: Vec<Vec<u8>> = prefixes.chain(secrets).collect();
        let nfa = NFA::builder()
            .match_kind(MatchKind::Standard)
            .prefilter(false)
            .build(&patterns)
            .map_err(|_| BadSecret::TooMany)?;
        let start = nfa.start_state(Anchored::No).map_err(|_| BadSecret::TooMany)?;
        let mut depths = Depths::new();
        let mut begins = [false; 256];
        for pattern in &patterns {
            let mut state = start;
            for (index, byte) in pattern.iter().enumerate() {
                state = nfa.next_state(Anchored::No, state, *byte);
                depths.insert(state.as_u32(), u32::try_from(index + 1).unwrap_or(u32::MAX));
            }
            if let Some(first) = pattern.first() {
                begins[usize::from(*first)] = true;
            }
        }
        Ok(Self { nfa, start, depths, begins })
    }

    pub(super) fn start(&self) -> StateID {
        self.start
    }

    /// Whether a byte leads from the start to another state.
    pub(super) fn begins(&self, byte: u8) -> bool {
        self.begins[usize::from(byte)]
    }

    pub(super) fn next(&self, state: StateID, byte: u8) -> StateID {
        self.nfa.next_state(Anchored::No, state, byte)
    }

    /// How many of the last bytes may be the beginning of a pattern.
    pub(super) fn depth(&self, state: StateID) -> usize {
        self.depths.get(&state.as_u32()).map_or(0, |depth| *depth as usize)
    }

    pub(super) fn ends(&self, state: StateID) -> Option<Ends> {
        if !self.nfa.is_match(state) {
            return None;
        }
        let mut ends = Ends::default();
        for index in 0..self.nfa.match_len(state) {
            let pattern = self.nfa.match_pattern(state, index);
            if pattern.as_usize() < PREFIXES.len() {
                ends.prefix = true;
            } else {
                ends.secret = ends.secret.max(self.nfa.pattern_len(pattern));
            }
        }
        Some(ends)
    }
}

impl Default for Automaton {
    fn default() -> Self {
        match Self::new(Vec::new()) {
            Ok(automaton) => automaton,
            Err(_) => unreachable!("a handful of short prefixes fits into any automaton"),
        }
    }
}
