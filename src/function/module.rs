//! A module that brings its own `func.yml`: in a custom section, so that the one file is the whole
//! step, wherever it is kept.

use std::io::{self, Read, Seek, SeekFrom};

/// The name of the custom section with the text of `func.yml`.
pub const SECTION: &str = "greenroom:func.yml";

/// Bytes of the text.
const MAX_TEXT: u64 = 1024 * 1024;
/// Sections of one module.
const MAX_SECTIONS: usize = 100_000;

/// What a file that should be a module is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// A core module.
    Module,
    /// A component.
    Component,
}

/// What a file is, if it is WebAssembly at all.
pub fn binary(start: &[u8]) -> Option<Binary> {
    match start.get(..8)? {
        [0, b'a', b's', b'm', 1, 0, 0, 0] => Some(Binary::Module),
        [0, b'a', b's', b'm', _, 0, 1, 0] => Some(Binary::Component),
        _ => None,
    }
}

/// The text of `func.yml` in a module. Only the heads of sections are read, and nothing is
/// interpreted.
///
/// # Errors
/// If the file cannot be read, or is not WebAssembly.
pub fn embedded<F: Read + Seek>(file: &mut F) -> io::Result<(Binary, Option<Vec<u8>>)> {
    let wrong = |text: &str| io::Error::new(io::ErrorKind::InvalidData, text.to_owned());
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(0))?;
    let mut start = [0; 8];
    file.read_exact(&mut start).map_err(|_| wrong("it is not a WebAssembly module"))?;
    let kind = binary(&start).ok_or_else(|| wrong("it is not a WebAssembly module"))?;
    let mut at = 8;
    for _ in 0..MAX_SECTIONS {
        if at >= length {
            return Ok((kind, None));
        }
        let id = byte(file)?;
        let (size, bytes) = leb(file)?;
        let content = at + 1 + bytes;
        let end = content.saturating_add(size);
        if end > length {
            return Err(wrong("it ends within a section"));
        }
        if id == 0 {
            let (name_length, bytes) = leb(file)?;
            if name_length == SECTION.len() as u64 {
                let mut name = vec![0; SECTION.len()];
                file.read_exact(&mut name)?;
                if name == SECTION.as_bytes() {
                    let text = end.saturating_sub(content + bytes + name_length);
                    if text > MAX_TEXT {
                        return Err(wrong("its func.yml is larger than 1 MiB"));
                    }
                    let mut out = Vec::new();
                    file.take(text).read_to_end(&mut out)?;
                    return Ok((kind, Some(out)));
                }
            }
        }
        at = end;
        file.seek(SeekFrom::Start(at))?;
    }
    Err(wrong("it has too many sections"))
}

/// The module with a `func.yml` in it. One that has one already must be without it.
pub fn embed(module: &[u8], text: &[u8]) -> Vec<u8> {
    let mut out = module.to_vec();
    let mut name_length = Vec::new();
    write_leb(SECTION.len(), &mut name_length);
    out.push(0);
    write_leb(name_length.len() + SECTION.len() + text.len(), &mut out);
    out.extend_from_slice(&name_length);
    out.extend_from_slice(SECTION.as_bytes());
    out.extend_from_slice(text);
    out
}

fn byte<F: Read>(file: &mut F) -> io::Result<u8> {
    let mut byte = [0];
    file.read_exact(&mut byte)?;
    Ok(byte[0])
}

/// An unsigned LEB128 number of up to 32 bits, and how many bytes it takes.
fn leb<F: Read>(file: &mut F) -> io::Result<(u64, u64)> {
    let mut value = 0;
    for index in 0..5 {
        let byte = byte(file)?;
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Ok((value, index + 1));
        }
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "a section has no valid size"))
}

fn write_leb(mut value: usize, out: &mut Vec<u8>) {
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or(0);
        value >>= 7;
        if value == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn what_is_put_in_is_found() {
        let plain = wat::parse_str("(module (func) (@custom \"other\" \"x\"))").unwrap();
        assert_eq!(embedded(&mut Cursor::new(&plain)).unwrap(), (Binary::Module, None));
        for text in [&b""[..], b"spec:\n", &[b'x'; 70_000]] {
            let with = embed(&plain, text);
            let found = embedded(&mut Cursor::new(&with)).unwrap();
            assert_eq!(found, (Binary::Module, Some(text.to_vec())));
            wasmparser::Validator::new().validate_all(&with).unwrap();
        }
    }

    #[test]
    fn what_is_cut_or_no_module_is_an_error() {
        let with = embed(&wat::parse_str("(module (func))").unwrap(), b"spec:\n");
        for end in 0..with.len() {
            // Cut between sections it is a module, without its text.
            if let Ok((_, text)) = embedded(&mut Cursor::new(&with[..end])) {
                assert_eq!(text, None, "cut at {end}");
            }
        }
        assert!(embedded(&mut Cursor::new(b"#!/bin/sh\necho")).is_err());
        assert!(embedded(&mut Cursor::new(b"\0asm\x01\0\0\0\0\xff\xff\xff\xff\x7f")).is_err());
    }
}
