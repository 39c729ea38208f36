//! Looking for many patterns at once, one byte at a time.

use std::sync::OnceLock;

use aho_corasick::automaton::{Automaton as _, StateID};
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind};

use super::BadSecret;
use super::tokens::PREFIXES;

/// Patterns and prefixes of tokens, as states that a byte leads between.
pub(super) struct Automaton {
    /// The first two bytes of each pattern, ordered.
    begins: Vec<[u8; 2]>,
    /// Made when a text first has such a beginning, if there are prefixes of tokens only: making it
    /// takes longer than reading the pages of text of a usual run.
    states: OnceLock<States>,
    /// Whether there are others than prefixes of tokens.
    knows_secrets: bool,
}

struct States {
    nfa: NFA,
    start: StateID,
    /// How many bytes of a pattern a state stands for, by the state's number.
    depths: Depths,
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
        let states = OnceLock::new();
        let patterns = patterns(&secrets);
        let mut begins: Vec<[u8; 2]> =
            patterns.iter().filter_map(|p| p.first_chunk()).copied().collect();
        begins.sort_unstable();
        begins.dedup();
        if !secrets.is_empty() {
            let _ = states.set(States::new(&patterns)?);
        }
        Ok(Self { begins, states, knows_secrets: !secrets.is_empty() })
    }

    pub(super) fn knows_secrets(&self) -> bool {
        self.knows_secrets
    }

    fn states(&self) -> &States {
        self.states.get_or_init(|| match States::new(&patterns(&[])) {
            Ok(states) => states,
            Err(_) => unreachable!("a handful of short prefixes fits into any automaton"),
        })
    }

    /// Whether a byte may be the first of a pattern; the next byte, if it is known, says more.
    pub(super) fn begins(&self, byte: u8, next: Option<u8>) -> bool {
        match next {
            Some(next) => self.begins.binary_search(&[byte, next]).is_ok(),
            None => self.begins.iter().any(|[first, _]| *first == byte),
        }
    }

    /// Where a byte leads; no state is that of the start.
    pub(super) fn next(&self, state: Option<StateID>, byte: u8) -> Option<StateID> {
        let states = self.states();
        let next = states.nfa.next_state(Anchored::No, state.unwrap_or(states.start), byte);
        (next != states.start).then_some(next)
    }

    /// How many of the last bytes may be the beginning of a pattern.
    pub(super) fn depth(&self, state: StateID) -> usize {
        self.states().depths.get(&state.as_u32()).map_or(0, |depth| *depth as usize)
    }

    pub(super) fn ends(&self, state: StateID) -> Option<Ends> {
        let nfa = &self.states().nfa;
        if !nfa.is_match(state) {
            return None;
        }
        let mut ends = Ends::default();
        for index in 0..nfa.match_len(state) {
            let pattern = nfa.match_pattern(state, index);
            if pattern.as_usize() < PREFIXES.len() {
                ends.prefix = true;
            } else {
                ends.secret = ends.secret.max(nfa.pattern_len(pattern));
            }
        }
        Some(ends)
    }
}

impl States {
    fn new(patterns: &[Vec<u8>]) -> Result<Self, BadSecret> {
        let nfa = NFA::builder()
            .match_kind(MatchKind::Standard)
            .prefilter(false)
            .build(patterns)
            .map_err(|_| BadSecret::TooMany)?;
        let start = nfa.start_state(Anchored::No).map_err(|_| BadSecret::TooMany)?;
        let mut depths = Depths::new();
        for pattern in patterns {
            let mut state = start;
            for (index, byte) in pattern.iter().enumerate() {
                state = nfa.next_state(Anchored::No, state, *byte);
                depths.insert(state.as_u32(), u32::try_from(index + 1).unwrap_or(u32::MAX));
            }
        }
        Ok(Self { nfa, start, depths })
    }
}

/// The prefixes of tokens, then the secrets, none of which is shorter than two bytes.
fn patterns(secrets: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let prefixes = PREFIXES.iter().map(|prefix| prefix.as_bytes());
    prefixes.chain(secrets.iter().map(Vec::as_slice)).map(<[u8]>::to_vec).collect()
}

impl Default for Automaton {
    fn default() -> Self {
        match Self::new(Vec::new()) {
            Ok(automaton) => automaton,
            Err(_) => unreachable!("nothing is made that could be too large"),
        }
    }
}
