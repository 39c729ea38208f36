use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::{BadSecret, LONGEST, Mask, SHORTEST};

fn mask(secrets: &[&str]) -> Mask {
    Mask::new(secrets.iter().copied()).expect("good secrets")
}

/// Masks a text in pieces.
fn pieces(mask: &Mask, pieces: &[&[u8]]) -> Vec<u8> {
    let mut stream = mask.stream();
    let mut out = Vec::new();
    for piece in pieces {
        stream.push(piece, &mut out);
    }
    stream.finish(&mut out);
    out
}

#[test]
fn secrets_become_one_word() {
    for (secrets, text, expected) in [
        (&["s3cret"][..], "a s3cret b", "a [MASKED] b"),
        (&["s3cret"], "s3crets3cret", "[MASKED][MASKED]"),
        (&["s3cret"], "s3crets3cre", "[MASKED]s3cre"),
        (&["abcdef", "defghi"], "xabcdefghix", "x[MASKED]x"),
        (&["abcd", "abcdefgh"], "abcdefgx abcdefgh", "[MASKED]efgx [MASKED]"),
        (&["bcde", "abcdef"], "abcdef", "[MASKED]"),
        (&["aaaa"], "aaaaaaa", "[MASKED]"),
        (&["wörd"], "pwörd!", "p[MASKED]!"),
        (&["two\nlines is it"], "two\nlines is it!", "[MASKED]!"),
        (&["two\nlines is it"], "two\r\nlines is it!", "two\r\n[MASKED]!"),
        (&[], "nothing", "nothing"),
    ] {
        assert_eq!(mask(secrets).text(text), expected, "{secrets:?} in {text:?}");
    }
}

#[test]
fn tokens_of_gitlab_are_known_by_their_beginning() {
    let none = Mask::default();
    for (text, expected) in [
        ("glpat-abc_D-9.x y", "glpat-[MASKED] y"),
        ("\"glrt-1\",", "\"glrt-[MASKED]\","),
        ("glpat- is a prefix", "glpat- is a prefix"),
        ("GR1348941abc", "GR1348941[MASKED]"),
        ("glpat-aglpat-b c", "glpat-[MASKED] c"),
    ] {
        assert_eq!(none.text(text), expected);
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(String::from_utf8_lossy(&pieces(&none, &bytes)), expected, "byte by byte");
    }
}

#[test]
fn nothing_waits_that_cannot_be_a_secret() {
    let mut stream = mask(&["s3cret"]).stream();
    let mut out = Vec::new();
    stream.push(b"progress: 10 %", &mut out);
    assert_eq!(out, b"progress: 10 %");
    stream.push(b" s3c", &mut out);
    assert_eq!(out, b"progress: 10 % ");
    stream.push(b"ond\n", &mut out);
    assert_eq!(out, b"progress: 10 % s3cond\n");
}

#[test]
fn what_is_held_is_bounded_by_the_longest_secret() {
    let secret = "x".repeat(100);
    let mask = mask(&[&secret]);
    let mut stream = mask.stream();
    let mut out = Vec::new();
    for _ in 0..10_000 {
        stream.push(&[b'x'; 7], &mut out);
        assert!(stream.weight() < 2000, "{}", stream.weight());
    }
    stream.finish(&mut out);
    assert_eq!(out, b"[MASKED]");
}

#[test]
fn long_secrets_are_found_wrapped_in_base64() {
    let secret: String = (0..16_000).map(|n| char::from(b'!' + (n * 7 % 90) as u8)).collect();
    let mask = mask(&[&secret]);
    let code = STANDARD.encode(format!("{secret}\n"));
    for width in [76, 64, 100_000] {
        let lines: Vec<&str> = code
            .as_bytes()
            .chunks(width)
            .map(|line| std::str::from_utf8(line).expect("ASCII"))
            .collect();
        let masked = mask.text(&lines.join("\n")).into_owned();
        let left: String = masked.replace("[MASKED]", "").split_whitespace().collect();
        assert!(left.len() < 8, "{left}");
    }
}

#[test]
fn secrets_have_a_length() {
    assert!(matches!(Mask::new(["abc"]), Err(BadSecret::TooShort)));
    assert!(matches!(Mask::new([""]), Err(BadSecret::TooShort)));
    assert!(matches!(Mask::new(["x".repeat(LONGEST + 1).as_str()]), Err(BadSecret::TooLong)));
    assert!(Mask::new(["x".repeat(LONGEST).as_str()]).is_ok());
}

/// Cuts bytes at the given lengths.
fn cut<'b>(mut bytes: &'b [u8], lengths: &[usize]) -> Vec<&'b [u8]> {
    let mut pieces = Vec::new();
    for length in lengths {
        let (piece, rest) = bytes.split_at((*length).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces.push(bytes);
    pieces
}

fn contains(text: &[u8], secret: &str) -> bool {
    text.windows(secret.len()).any(|window| window == secret.as_bytes())
}

proptest! {
    /// Few letters, so that secrets overlap with each other and with themselves.
    #[test]
    fn no_secret_gets_through_however_it_is_cut(
        secrets in prop::collection::vec("[abc\n]{4,9}", 1..5),
        words in prop::collection::vec(prop_oneof![
            "[abcx \n]{0,6}".prop_map(Err),
            (0usize..5).prop_map(Ok),
        ], 0..12),
        lengths in prop::collection::vec(0usize..7, 0..60),
    ) {
        let all: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let text: String = words
            .iter()
            .map(|word| match word {
                Ok(index) => all[index % all.len()],
                Err(text) => text.as_str(),
            })
            .collect();
        let mask = mask(&all);
        let masked = pieces(&mask, &cut(text.as_bytes(), &lengths));
        for secret in &all {
            let core = secret.trim_end_matches('\n');
            let core = if core.len() < SHORTEST { secret } else { core };
            prop_assert!(!contains(&masked, core));
        }
        let whole = mask.text(&text);
        prop_assert_eq!(&masked[..], whole.as_bytes(), "the cuts do not matter");
    }

    #[test]
    fn what_holds_no_secret_stays_as_it_is(
        secrets in prop::collection::vec("[abc]{4,9}", 0..5),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        lengths in prop::collection::vec(0usize..20, 0..20),
    ) {
        let all: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let mask = mask(&all);
        // No letter of a secret, of its other forms, or of a token.
        let bytes: Vec<u8> = bytes.into_iter().filter(|b| !b.is_ascii_alphanumeric()).collect();
        prop_assert_eq!(pieces(&mask, &cut(&bytes, &lengths)), bytes);
    }

    #[test]
    fn base64_hides_nothing(
        secret in "[!-~]{8,40}",
        before in prop::collection::vec(any::<u8>(), 0..7),
        after in prop::collection::vec(any::<u8>(), 0..7),
        lengths in prop::collection::vec(0usize..20, 0..10),
    ) {
        let mask = mask(&[&secret]);
        let bytes = [&before[..], secret.as_bytes(), &after].concat();
        let code = STANDARD.encode(&bytes);
        let masked = pieces(&mask, &cut(code.as_bytes(), &lengths));
        // What is left of the secret's own digits: at most the first and the last.
        prop_assert!(masked.len() + secret.len() * 4 / 3 <= code.len() + "[MASKED]".len() + 3);
    }
}
