//! Bytes → text that the parser may see.

use crate::diagnostic::{Code, Diagnostic, Diagnostics, FileId, Span};

/// Registers a file as a source. What cannot be read as text at all is reported, and `None` given.
pub(super) fn decode(name: &str, bytes: &[u8], diagnostics: &mut Diagnostics) -> Option<FileId> {
    if bytes.len() as u64 > super::limits::MAX_FILE_BYTES {
        diagnostics.push(
            Diagnostic::error(
                Code::FileTooLarge,
                format!("`{name}` is larger than {} MiB", super::limits::MAX_FILE_BYTES >> 20),
            )
            .help("a pipeline file is text for people: split it with `include`"),
        );
        return None;
    }
    if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] = bytes {
        diagnostics.push(
            Diagnostic::error(Code::NotUtf8, format!("`{name}` is UTF-16 text"))
                .help("save it as UTF-8"),
        );
        return None;
    }
    if bytes.contains(&0) {
        diagnostics.push(
            Diagnostic::error(Code::NotUtf8, format!("`{name}` is not a text file"))
                .help("it contains NUL bytes: is this really the pipeline file?"),
        );
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(diagnostics.sources_mut().add(name, text)),
        Err(error) => {
            // Everything before the bad byte is the same in the lossy text, so the place holds.
            let start = error.valid_up_to();
            let file = diagnostics.sources_mut().add(name, String::from_utf8_lossy(bytes));
            diagnostics.push(
                Diagnostic::error(Code::NotUtf8, format!("`{name}` is not UTF-8 text"))
                    .label(
                        Span::new(file, start..start + 3),
                        format!("byte 0x{:02x} does not belong to any character", bytes[start]),
                    )
                    .help("save it as UTF-8"),
            );
            None
        }
    }
}
