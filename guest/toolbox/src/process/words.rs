//! Words separated by blanks, with quotes and backslashes, as `xargs` and `env -S` read them.

/// Splits `text`; `None` when a quote is not closed.
pub(crate) fn split(text: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b' ' | b'\t' | b'\n' => words.extend(word.take()),
            b'\'' | b'"' => {
                let word = word.get_or_insert_default();
                loop {
                    match bytes.next()? {
                        b'\n' => return None,
                        quote if quote == byte => break,
                        other => word.push(other),
                    }
                }
            }
            b'\\' => word.get_or_insert_default().extend(bytes.next()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn quotes_and_backslashes_join() {
        let words = |text: &str| {
            split(text.as_bytes()).map(|words| {
                words.into_iter().map(|w| String::from_utf8(w).unwrap()).collect::<Vec<_>>()
            })
        };
        assert_eq!(words("a 'b c'  d\\ e\n\"\"").unwrap(), ["a", "b c", "d e", ""]);
        assert_eq!(words("it's"), None);
        assert!(words(" \n").unwrap().is_empty());
    }
}
