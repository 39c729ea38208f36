//! Sizes for people and sizes from people: `1.5K`, `4.0M`; `10k`, `1M`, `2GB`.

/// As `ls -h` and `du -h` print: at most three characters and a unit, rounded up.
pub(crate) fn human(bytes: u64, base: u64) -> String {
    if bytes < base {
        return bytes.to_string();
    }
    let units =
        if base == 1000 { ['k', 'M', 'G', 'T', 'P', 'E'] } else { ['K', 'M', 'G', 'T', 'P', 'E'] };
    let mut divisor = base;
    for (index, unit) in units.iter().enumerate() {
        let tenths = (u128::from(bytes) * 10).div_ceil(u128::from(divisor));
        if tenths < 100 {
            return format!("{}.{}{unit}", tenths / 10, tenths % 10);
        }
        let whole = bytes.div_ceil(divisor);
        if whole < base || index + 1 == units.len() {
            return format!("{whole}{unit}");
        }
        divisor *= base;
    }
    bytes.to_string()
}

/// Reads a number with an optional unit: `K` and `KiB` are 1024, `kB` and `KB` are 1000.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 =
        if number.is_empty() && !unit.is_empty() { 1 } else { number.parse().ok()? };
    let factor = match unit {
        "" => 1,
        "b" => 512,
        "c" => 1,
        "w" => 2,
        _ => {
            let power = match unit.as_bytes()[0].to_ascii_uppercase() {
                b'K' => 1,
                b'M' => 2,
                b'G' => 3,
                b'T' => 4,
                b'P' => 5,
                _ => return None,
            };
            match &unit[1..] {
                "" | "iB" => 1024u64.checked_pow(power)?,
                "B" => 1000u64.checked_pow(power)?,
                _ => return None,
            }
        }
    };
    number.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::{human, parse};

    #[test]
    fn human_sizes_round_up_like_gnu() {
        for (bytes, text) in [
            (0, "0"),
            (1023, "1023"),
            (1024, "1.0K"),
            (1025, "1.1K"),
            (10_239, "10K"),
            (10_241, "11K"),
            (1_048_575, "1.0M"),
            (5 << 30, "5.0G"),
        ] {
            assert_eq!(human(bytes, 1024), text);
        }
    }

    #[test]
    fn sizes_with_units() {
        assert_eq!(parse("10"), Some(10));
        assert_eq!(parse("2K"), Some(2048));
        assert_eq!(parse("1MB"), Some(1_000_000));
        assert_eq!(parse("x"), None);
        assert_eq!(parse("99999999999T"), None);
    }
}
