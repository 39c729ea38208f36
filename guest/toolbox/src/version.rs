//! The order of version numbers: runs of digits count as numbers.

use std::cmp::Ordering;

/// Compares two names as `sort -V` and `ls -v` do for ordinary version strings.
pub(crate) fn compare(mut a: &[u8], mut b: &[u8]) -> Ordering {
    loop {
        let text = |s: &[u8]| s.iter().take_while(|c| !c.is_ascii_digit()).count();
        let (ta, tb) = (text(a), text(b));
        let order = a[..ta].cmp(&b[..tb]);
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (&a[ta..], &b[tb..]);
        if a.is_empty() || b.is_empty() {
            return a.len().cmp(&b.len());
        }
        let digits = |s: &[u8]| s.iter().take_while(|c| c.is_ascii_digit()).count();
        let (da, db) = (digits(a), digits(b));
        let number = |s: &[u8]| {
            let zeros = s.iter().take_while(|&&c| c == b'0').count();
            s[zeros..].to_vec()
        };
        let (na, nb) = (number(&a[..da]), number(&b[..db]));
        let order = na.len().cmp(&nb.len()).then_with(|| na.cmp(&nb));
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (&a[da..], &b[db..]);
    }
}

#[cfg(test)]
mod tests {
    use super::compare;
    use std::cmp::Ordering::{Equal, Greater, Less};

    #[test]
    fn digits_count_as_numbers() {
        assert_eq!(compare(b"v1.9", b"v1.10"), Less);
        assert_eq!(compare(b"a10", b"a9"), Greater);
        assert_eq!(compare(b"x", b"x1"), Less);
        assert_eq!(compare(b"1.0", b"1.0"), Equal);
    }
}
