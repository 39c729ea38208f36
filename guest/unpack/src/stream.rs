//! From compressed bytes to the archive's own.

use std::io::{BufReader, Chain, Cursor, Read};

use flate2::read::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;

/// Enough for a read of the file to cost little beside what is done with it.
const BUFFER: usize = 256 << 10;

type Rest<R> = BufReader<Chain<Cursor<Vec<u8>>, R>>;

/// The bytes of a stream that is compressed with gzip, zstd or not at all.
pub(crate) fn decompressed<R: Read + 'static>(mut raw: R) -> Result<Box<dyn Read>, String> {
    let mut start = Vec::new();
    raw.by_ref()
        .take(4)
        .read_to_end(&mut start)
        .map_err(|error| format!("it cannot be read: {error}"))?;
    let kind = start.clone();
    let rest: Rest<R> = BufReader::with_capacity(BUFFER, Cursor::new(start).chain(raw));
    Ok(match kind.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(rest))),
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(
            StreamingDecoder::new(rest).map_err(|error| format!("it is damaged: {error}"))?,
        ),
        [] => return Err("it is empty".to_owned()),
        _ => Box::new(rest),
    })
}
