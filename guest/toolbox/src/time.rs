//! Calendar dates in UTC, the sandbox's time zone, for listings.

/// Year, month (1–12), day (1–31), hour, minute, second of seconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: u8,
    pub(crate) day: u8,
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    pub(crate) second: u8,
}

pub(crate) const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "each value is in range"
)]
pub(crate) fn civil(seconds: i64) -> Civil {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Counts from 1 March of year 0, in eras of 400 years, so that leap days come last.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Civil {
        year,
        month: month as u8,
        day: day as u8,
        hour: (rest / 3_600) as u8,
        minute: (rest / 60 % 60) as u8,
        second: (rest % 60) as u8,
    }
}

/// Seconds since the epoch of a date in UTC.
pub(crate) fn seconds(at: Civil) -> i64 {
    let (month, day) = (i64::from(at.month), i64::from(at.day));
    let year = if month <= 2 { at.year - 1 } else { at.year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    days * 86_400 + i64::from(at.hour) * 3_600 + i64::from(at.minute) * 60 + i64::from(at.second)
}

/// `2026-11-23 21:45:06.123456789 +0000`.
pub(crate) fn full((secs, nanos): (i64, i64)) -> String {
    let c = civil(secs);
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{nanos:09} +0000",
        c.year, c.month, c.day, c.hour, c.minute, c.second
    )
}

/// Seconds since the epoch, now.
pub(crate) fn now() -> (i64, i64) {
    match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => {
            (i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos().into())
        }
        Err(_) => (0, 0),
    }
}

/// The subset of `strftime` that file listings and `find -printf` need; the rest is copied.
pub(crate) fn format(pattern: &str, (secs, nanos): (i64, i64)) -> String {
    let c = civil(secs);
    let days = secs.div_euclid(86_400);
    let weekday = usize::try_from((days + 4).rem_euclid(7)).unwrap_or(0);
    let january = Civil { month: 1, day: 1, hour: 0, minute: 0, second: 0, ..c };
    let day_of_year = days - seconds(january).div_euclid(86_400) + 1;
    let mut out = String::new();
    let mut chars = pattern.chars();
    while let Some(ch) = chars.next() {
        if ch != '%' {
            out.push(ch);
            continue;
        }
        let Some(directive) = chars.next() else {
            out.push('%');
            break;
        };
        out.push_str(&match directive {
            'Y' => c.year.to_string(),
            'y' => format!("{:02}", c.year.rem_euclid(100)),
            'm' => format!("{:02}", c.month),
            'd' => format!("{:02}", c.day),
            'e' => format!("{:2}", c.day),
            'H' => format!("{:02}", c.hour),
            'I' => format!("{:02}", (c.hour + 11) % 12 + 1),
            'k' => format!("{:2}", c.hour),
            'l' => format!("{:2}", (c.hour + 11) % 12 + 1),
            'M' => format!("{:02}", c.minute),
            'S' => format!("{:02}", c.second),
            'N' => format!("{nanos:09}"),
            'p' => if c.hour < 12 { "AM" } else { "PM" }.to_owned(),
            'j' => format!("{day_of_year:03}"),
            'a' => ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][weekday].to_owned(),
            'A' => ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
                [weekday]
                .to_owned(),
            'u' => if weekday == 0 { 7 } else { weekday }.to_string(),
            'w' => weekday.to_string(),
            'b' | 'h' => MONTHS[usize::from(c.month) - 1].to_owned(),
            'B' => [
                "January",
                "February",
                "March",
                "April",
                "May",
                "June",
                "July",
                "August",
                "September",
                "October",
                "November",
                "December",
            ][usize::from(c.month) - 1]
                .to_owned(),
            's' => secs.to_string(),
            'z' => "+0000".to_owned(),
            'Z' => "UTC".to_owned(),
            'F' => format!("{:04}-{:02}-{:02}", c.year, c.month, c.day),
            'D' | 'x' => format!("{:02}/{:02}/{:02}", c.month, c.day, c.year.rem_euclid(100)),
            'T' | 'X' => format!("{:02}:{:02}:{:02}", c.hour, c.minute, c.second),
            'R' => format!("{:02}:{:02}", c.hour, c.minute),
            'c' => format("%a %b %e %H:%M:%S %Y", (secs, nanos)),
            'n' => "\n".to_owned(),
            't' => "\t".to_owned(),
            '%' => "%".to_owned(),
            other => format!("%{other}"),
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{civil, format, full, seconds};

    #[test]
    fn dates_and_seconds_are_inverse() {
        for at in [0, -1, 951_782_400, 1_709_164_800, 4_102_444_799, -2_208_988_800] {
            assert_eq!(seconds(civil(at)), at);
        }
        assert_eq!(full((951_782_400, 5)), "2000-02-29 00:00:00.000000005 +0000");
        assert_eq!(format("%F %T %a %j", (1_700_000_000, 0)), "2023-11-14 22:13:20 Tue 318");
    }
}
