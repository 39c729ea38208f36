use std::mem;

use bytes::{Bytes, BytesMut};

/// Keeps UTF-8 sequences together that a stream's chunks tear apart.
#[derive(Debug, Default)]
pub(super) struct Joiner {
    /// The beginning of a sequence: at most three bytes.
    tail: BytesMut,
}

impl Joiner {
    /// Returns what can be passed on, which may be nothing.
    pub(super) fn push(&mut self, bytes: Bytes) -> Bytes {
        let mut bytes = if self.tail.is_empty() {
            bytes
        } else {
            let mut joined = mem::take(&mut self.tail);
            joined.extend_from_slice(&bytes);
            joined.freeze()
        };
        let tail = bytes.split_off(bytes.len() - unfinished(&bytes));
        self.tail.extend_from_slice(&tail);
        bytes
    }

    /// Returns what is left when the stream ends or is interrupted.
    pub(super) fn finish(&mut self) -> Bytes {
        mem::take(&mut self.tail).freeze()
    }
}

/// The number of bytes at the end that begin a UTF-8 sequence without ending it.
fn unfinished(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let expected = match bytes[bytes.len() - back] {
            0x80..=0xbf => continue,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 1,
        };
        return if back < expected { back } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn text_stays_text(text in "\\PC{0,40}", cuts in prop::collection::vec(1usize..6, 0..60)) {
            let mut joiner = Joiner::default();
            let mut rest = Bytes::from(text.clone());
            let mut out = String::new();
            for cut in cuts {
                let piece = rest.split_to(cut.min(rest.len()));
                out.push_str(str::from_utf8(&joiner.push(piece)).expect("no torn sequence"));
            }
            let last = joiner.push(rest);
            out.push_str(str::from_utf8(&last).expect("no torn sequence"));
            prop_assert!(joiner.finish().is_empty());
            prop_assert_eq!(out, text);
        }

        #[test]
        fn bytes_stay_bytes(chunks: Vec<Vec<u8>>) {
            let mut joiner = Joiner::default();
            let mut out = Vec::new();
            for chunk in &chunks {
                out.extend_from_slice(&joiner.push(chunk.clone().into()));
                prop_assert!(joiner.tail.len() <= 3);
            }
            out.extend_from_slice(&joiner.finish());
            prop_assert_eq!(out, chunks.concat());
        }
    }
}
