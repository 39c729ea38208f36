//! The compressions, each from a pure-Rust crate.

use std::io::{self, BufRead, BufReader, Read, Write};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    Gzip,
    Bzip2,
    Xz,
    Zstd,
}

impl Codec {
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Gzip => ".gz",
            Self::Bzip2 => ".bz2",
            Self::Xz => ".xz",
            Self::Zstd => ".zst",
        }
    }

    /// By the name of a file.
    pub(super) fn of_name(name: &[u8]) -> Option<Self> {
        const NAMES: [(&[u8], Codec); 12] = [
            (b".gz", Codec::Gzip),
            (b".tgz", Codec::Gzip),
            (b".taz", Codec::Gzip),
            (b".z", Codec::Gzip),
            (b".bz2", Codec::Bzip2),
            (b".tbz", Codec::Bzip2),
            (b".tbz2", Codec::Bzip2),
            (b".tb2", Codec::Bzip2),
            (b".xz", Codec::Xz),
            (b".txz", Codec::Xz),
            (b".zst", Codec::Zstd),
            (b".tzst", Codec::Zstd),
        ];
        NAMES.iter().find(|(suffix, _)| name.ends_with(suffix)).map(|(_, codec)| *codec)
    }

    /// By the first bytes of the content.
    pub(super) fn of_content(start: &[u8]) -> Option<Self> {
        match start {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [b'B', b'Z', b'h', ..] => Some(Self::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    pub(super) fn reader<'a>(self, input: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(input)),
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(input)),
            Self::Xz => Box::new(lzma_rust2::XzReader::new(input, true)),
            Self::Zstd => Box::new(Frames { input: Some(input), current: None }),
        })
    }

    /// `level` is the command line's, from 1 to 9.
    pub(super) fn writer<W: Write>(self, output: W, level: u32) -> io::Result<Encoder<W>> {
        Ok(match self {
            Self::Gzip => Encoder::Gzip(
                flate2::GzBuilder::new().write(output, flate2::Compression::new(level)),
            ),
            Self::Bzip2 => {
                Encoder::Bzip2(bzip2::write::BzEncoder::new(output, bzip2::Compression::new(level)))
            }
            Self::Xz => Encoder::Xz(Box::new(lzma_rust2::XzWriter::new(
                output,
                lzma_rust2::XzOptions::with_preset(level),
            )?)),
            Self::Zstd => Encoder::Zstd(output, Vec::new()),
        })
    }
}

/// A stream that compresses what is written to it.
pub(super) enum Encoder<W: Write> {
    Gzip(flate2::write::GzEncoder<W>),
    Bzip2(bzip2::write::BzEncoder<W>),
    Xz(Box<lzma_rust2::XzWriter<W>>),
    /// The crate compresses from a reader only, so the whole is collected first.
    Zstd(W, Vec<u8>),
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Bzip2(encoder) => encoder.write(bytes),
            Self::Xz(encoder) => encoder.write(bytes),
            Self::Zstd(_, all) => all.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<W: Write> Encoder<W> {
    /// Writes the end of the stream.
    pub(super) fn finish(self) -> io::Result<()> {
        let mut output = match self {
            Self::Gzip(encoder) => encoder.finish()?,
            Self::Bzip2(encoder) => encoder.finish()?,
            Self::Xz(encoder) => encoder.finish()?,
            Self::Zstd(mut output, all) => {
                let level = ruzstd::encoding::CompressionLevel::Fastest;
                output.write_all(&ruzstd::encoding::compress_to_vec(&*all, level))?;
                output
            }
        };
        output.flush()
    }
}

/// Zstandard frames, one after another.
struct Frames<R: BufRead> {
    input: Option<R>,
    current: Option<Box<ruzstd::decoding::StreamingDecoder<R, ruzstd::decoding::FrameDecoder>>>,
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(decoder) = &mut self.current {
                let read = decoder.read(buf)?;
                if read > 0 {
                    return Ok(read);
                }
                self.input = self.current.take().map(|decoder| decoder.into_inner());
            }
            let Some(mut input) = self.input.take() else { return Ok(0) };
            if input.fill_buf()?.is_empty() {
                return Ok(0);
            }
            let decoder = ruzstd::decoding::StreamingDecoder::new(input)
                .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e.to_string()))?;
            self.current = Some(Box::new(decoder));
        }
    }
}

/// Decompresses whatever the content is, by its first bytes.
pub(super) fn detect<'a>(input: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut start = [0; 6];
    let mut input = BufReader::with_capacity(64 * 1024, input);
    let mut length = 0;
    while length < start.len() {
        match input.read(&mut start[length..])? {
            0 => break,
            read => length += read,
        }
    }
    let codec = Codec::of_content(&start[..length]);
    let whole = io::Cursor::new(start[..length].to_vec()).chain(input);
    match codec {
        Some(codec) => codec.reader(BufReader::new(whole)),
        None => Ok(Box::new(whole)),
    }
}
