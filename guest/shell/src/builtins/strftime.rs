//! Dates for `printf %(format)T`, in UTC: the sandbox has no other zone.

const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
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
];

struct Date {
    year: i64,
    month: usize,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    weekday: usize,
    year_day: i64,
    seconds: i64,
}

/// Days since 1970-01-01 to year, month (from 1) and day (Howard Hinnant's `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

fn leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

impl Date {
    fn new(seconds: i64) -> Self {
        let days = seconds.div_euclid(86_400);
        let rest = seconds.rem_euclid(86_400);
        let (year, month, day) = civil(days);
        let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
        let month = (month - 1) as usize;
        Self {
            year,
            month,
            day,
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: rest % 60,
            weekday: (days + 4).rem_euclid(7) as usize,
            year_day: before[month] + day - 1 + i64::from(month > 1 && leap(year)),
            seconds,
        }
    }

    /// Year and week of ISO 8601.
    fn iso_week(&self) -> (i64, i64) {
        let weekday = (self.weekday as i64 + 6) % 7;
        let week = (self.year_day - weekday + 10) / 7;
        if week < 1 {
            let days = if leap(self.year - 1) { 366 } else { 365 };
            let week = (self.year_day + days - weekday + 10) / 7;
            return (self.year - 1, week);
        }
        let days = if leap(self.year) { 366 } else { 365 };
        if week == 53 && self.year_day - weekday + 3 >= days {
            return (self.year + 1, 1);
        }
        (self.year, week)
    }

    fn field(&self, letter: u8, out: &mut String) -> bool {
        let hour12 = if self.hour % 12 == 0 { 12 } else { self.hour % 12 };
        let text = match letter {
            b'Y' => self.year.to_string(),
            b'C' => format!("{:02}", self.year.div_euclid(100)),
            b'y' => format!("{:02}", self.year.rem_euclid(100)),
            b'm' => format!("{:02}", self.month + 1),
            b'd' => format!("{:02}", self.day),
            b'e' => format!("{:2}", self.day),
            b'H' => format!("{:02}", self.hour),
            b'k' => format!("{:2}", self.hour),
            b'I' => format!("{hour12:02}"),
            b'l' => format!("{hour12:2}"),
            b'M' => format!("{:02}", self.minute),
            b'S' => format!("{:02}", self.second),
            b'j' => format!("{:03}", self.year_day + 1),
            b's' => self.seconds.to_string(),
            b'p' => (if self.hour < 12 { "AM" } else { "PM" }).to_owned(),
            b'P' => (if self.hour < 12 { "am" } else { "pm" }).to_owned(),
            b'a' => DAYS[self.weekday][..3].to_owned(),
            b'A' => DAYS[self.weekday].to_owned(),
            b'b' | b'h' => MONTHS[self.month][..3].to_owned(),
            b'B' => MONTHS[self.month].to_owned(),
            b'u' => (if self.weekday == 0 { 7 } else { self.weekday }).to_string(),
            b'w' => self.weekday.to_string(),
            b'G' => self.iso_week().0.to_string(),
            b'g' => format!("{:02}", self.iso_week().0.rem_euclid(100)),
            b'V' => format!("{:02}", self.iso_week().1),
            b'U' => format!("{:02}", (self.year_day + 7 - self.weekday as i64) / 7),
            b'W' => {
                format!("{:02}", (self.year_day + 7 - (self.weekday as i64 + 6) % 7) / 7)
            }
            b'z' => "+0000".to_owned(),
            b'Z' => "UTC".to_owned(),
            b'n' => "\n".to_owned(),
            b't' => "\t".to_owned(),
            b'%' => "%".to_owned(),
            _ => return false,
        };
        out.push_str(&text);
        true
    }
}

/// Formats `seconds` since 1970.
pub(crate) fn format(format: &[u8], seconds: i64) -> Vec<u8> {
    let date = Date::new(seconds);
    let mut out = Vec::new();
    expand(format, &date, &mut out);
    out
}

fn expand(format: &[u8], date: &Date, out: &mut Vec<u8>) {
    let mut bytes = format.iter();
    while let Some(&byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let Some(&letter) = bytes.next() else {
            out.push(b'%');
            return;
        };
        match letter {
            b'F' => expand(b"%Y-%m-%d", date, out),
            b'T' | b'X' => expand(b"%H:%M:%S", date, out),
            b'D' | b'x' => expand(b"%m/%d/%y", date, out),
            b'R' => expand(b"%H:%M", date, out),
            b'r' => expand(b"%I:%M:%S %p", date, out),
            b'c' => expand(b"%a %b %e %H:%M:%S %Y", date, out),
            _ => {
                let mut text = String::new();
                if date.field(letter, &mut text) {
                    out.extend_from_slice(text.as_bytes());
                } else {
                    out.extend_from_slice(&[b'%', letter]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn dates() {
        let at = |format: &str, seconds| {
            String::from_utf8(super::format(format.as_bytes(), seconds)).unwrap()
        };
        assert_eq!(at("%F %T %a %j", 0), "1970-01-01 00:00:00 Thu 001");
        assert_eq!(
            at("%F %T %A %B %U %V", 1_709_210_096),
            "2024-02-29 12:34:56 Thursday February 08 09"
        );
        assert_eq!(at("%G-%V", 1_609_459_200), "2020-53");
        assert_eq!(at("%F", -86_400), "1969-12-31");
    }
}
