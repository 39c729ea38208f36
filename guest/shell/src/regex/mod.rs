//! POSIX extended regular expressions as `[[ … =~ … ]]` has them, with GNU's extensions: the
//! leftmost match, and of those the longest.

mod parse;
mod program;

pub(crate) use parse::Invalid;

/// The groups of the match of `pattern` in `text`; a group that took no part is empty.
pub(crate) fn search(
    pattern: &[u8],
    text: &[u8],
    fold: bool,
) -> Result<Option<Vec<Vec<u8>>>, Invalid> {
    let expression = parse::parse(&decode(pattern))?;
    let program = program::compile(&expression, fold)?;
    let text = decode(text);
    let Some(groups) = program.find(&text)? else { return Ok(None) };
    let found = groups.into_iter().map(|group| match group {
        Some((start, end)) => encode(&text[start..end]),
        None => Vec::new(),
    });
    Ok(Some(found.collect()))
}

/// Bytes that are no UTF-8 become characters of a private range, and back. No `.` and no
/// complemented set matches them.
const PRIVATE: u32 = 0x10_fe00;

fn is_byte(c: char) -> bool {
    c as u32 >= PRIVATE
}

fn decode(bytes: &[u8]) -> Vec<char> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.chars().collect(),
        Err(_) => crate::bytes::chars(bytes)
            .map(|c| {
                crate::bytes::first_char(c)
                    .or_else(|| char::from_u32(PRIVATE + u32::from(c[0])))
                    .unwrap_or_default()
            })
            .collect(),
    }
}

fn encode(text: &[char]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for &c in text {
        match (c as u32).checked_sub(PRIVATE).and_then(|b| u8::try_from(b).ok()) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    fn groups(pattern: &str, text: &str) -> Option<Vec<String>> {
        super::search(pattern.as_bytes(), text.as_bytes(), false)
            .expect("a valid expression")
            .map(|g| g.into_iter().map(|b| String::from_utf8(b).expect("UTF-8")).collect())
    }

    fn invalid(pattern: &str) -> bool {
        super::search(pattern.as_bytes(), b"a", false).is_err()
    }

    #[test]
    fn the_longest_of_the_leftmost_matches() {
        assert_eq!(groups("a|ab|abc", "xabcd").unwrap(), ["abc"]);
        assert_eq!(groups("(a|ab)(c|bcd)(d*)", "abcd").unwrap(), ["abcd", "a", "bcd", ""]);
        assert_eq!(groups("(foo|foobar)(bar)?", "foobar").unwrap(), ["foobar", "foo", "bar"]);
        assert_eq!(groups("(aa|aaa)*", "aaaaa").unwrap(), ["aaaaa", "aaa"]);
        assert_eq!(groups("^((a)|b)*$", "ab").unwrap(), ["ab", "b", "a"]);
        assert_eq!(groups("x*", "aaa").unwrap(), [""]);
    }

    #[test]
    fn posix_syntax() {
        assert_eq!(
            groups("^(v?)([0-9]+)\\.([0-9]+)$", "v12.34").unwrap(),
            ["v12.34", "v", "12", "34"]
        );
        assert_eq!(groups("[[:space:]]+([a-z]*)", "a  b").unwrap(), ["  b", "b"]);
        assert!(groups("[]a-]", "-").is_some() && groups("[]a-]", "]").is_some());
        assert!(groups("^a{2,3}$", "aaa").is_some() && groups("^a{2,3}$", "aaaa").is_none());
        assert!(groups("[\\d]", "d").is_some() && groups("[\\d]", "5").is_none());
        assert_eq!(groups("(a)|(b)", "b").unwrap(), ["b", "", "b"]);
        assert_eq!(groups("(a*)\\1b", "aaaab").unwrap(), ["aaaab", "aa"]);
        assert_eq!(groups("\\bfoo\\>", "a foo").unwrap(), ["foo"]);
        assert!(groups(")", ")").is_some());
    }

    #[test]
    fn what_is_no_expression() {
        for pattern in [
            "*",
            "a|*b",
            "(*a)",
            "^*",
            "(",
            "[a",
            "[z-a]",
            "[[:foo:]]",
            "a{",
            "a{1a}",
            "a{3,2}",
            "a{1,99999}",
            "a\\",
            "(a)\\2",
            "{1}",
        ] {
            assert!(invalid(pattern), "{pattern}");
        }
    }

    #[test]
    fn any_bytes() {
        let found = super::search(b"b\xff(c)", b"ab\xffc", false).unwrap().unwrap();
        assert_eq!(found, [&b"b\xffc"[..], b"c"]);
        assert!(super::search(b"b.c", b"ab\xffc", false).unwrap().is_none());
    }

    #[test]
    fn nested_repetition_takes_no_more_than_its_product() {
        let text = "a".repeat(2000);
        assert!(groups("^(a*)*(a*)*(a*)*b$", &text).is_none());
    }
}
