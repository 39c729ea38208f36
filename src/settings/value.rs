//! Values that are written as text, on the command line and in settings alike.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// A directory of the host that processes may use: `HOST:GUEST[:ro]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The directory.
    pub host: PathBuf,
    /// Where processes see it: an absolute path.
    pub guest: String,
    /// Whether they may only read.
    pub read_only: bool,
}

impl FromStr for Mount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (rest, read_only) = match text.strip_suffix(":ro") {
            Some(rest) => (rest, true),
            None => (text.strip_suffix(":rw").unwrap_or(text), false),
        };
        // The last colon, because a path of the sandbox has none and one of the host may.
        let Some((host, guest)) = rest.rsplit_once(':') else {
            return Err("write it as HOST:GUEST or HOST:GUEST:ro, e.g. ./public:/srv".to_owned());
        };
        if host.is_empty() {
            return Err("the directory of the host is empty".to_owned());
        }
        if !guest.starts_with('/') {
            return Err(format!("the place in the sandbox, {guest:?}, has to begin with `/`"));
        }
        if guest.split('/').any(|part| part == "." || part == "..") {
            return Err(format!("the place in the sandbox, {guest:?}, has `.` or `..` in it"));
        }
        let guest = match guest.trim_end_matches('/') {
            "" => "/",
            guest => guest,
        };
        Ok(Self { host: host.into(), guest: guest.to_owned(), read_only })
    }
}

/// A variable of the pipeline: `KEY=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl FromStr for Variable {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((name, value)) = text.split_once('=') else {
            return Err("write it as KEY=VALUE".to_owned());
        };
        Ok(Self { name: variable_name(name)?, value: value.to_owned() })
    }
}

/// A variable of the environment to hand over: `NAME`, or `NAME=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvGrant {
    /// Its name.
    pub name: String,
    /// Its value; none is the one that it has in greenroom's own environment.
    pub value: Option<String>,
}

impl FromStr for EnvGrant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        Ok(Self { name: variable_name(name)?, value })
    }
}

pub(super) fn variable_name(name: &str) -> Result<String, String> {
    let valid = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if valid {
        Ok(name.to_owned())
    } else {
        Err(format!("{name:?} is not a variable's name: letters, digits and `_`, no digit first"))
    }
}

/// A number of bytes: `512M`, `2G`, `64KiB`. The units are binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(
    /// How many.
    pub u64,
);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let shift = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 0,
            "k" | "kb" | "kib" => 10,
            "m" | "mb" | "mib" => 20,
            "g" | "gb" | "gib" => 30,
            "t" | "tb" | "tib" => 40,
            _ => return Err(format!("{unit:?} is not a unit; use k, M, G or T, e.g. 512M")),
        };
        let number: u64 = number.parse().map_err(|_| "write a number, e.g. 512M".to_owned())?;
        let bytes = number.checked_mul(1 << shift).ok_or("it is too large".to_owned())?;
        if bytes == 0 {
            return Err("it has to be more than nothing".to_owned());
        }
        Ok(Self(bytes))
    }
}

/// A span of time: `90s`, `10m`, `1h 30m`.
///
/// # Errors
/// If it is none, or nothing.
pub fn span(text: &str) -> Result<Duration, String> {
    let span = humantime::parse_duration(text)
        .map_err(|error| format!("{error}; write e.g. 90s or 1h 30m"))?;
    if span.is_zero() {
        return Err("it has to be more than nothing".to_owned());
    }
    Ok(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts() {
        let mount = |host: &str, guest: &str, read_only| Mount {
            host: host.into(),
            guest: guest.to_owned(),
            read_only,
        };
        for (text, expected) in [
            ("public:/srv", mount("public", "/srv", false)),
            ("./a:b:/srv/www/:ro", mount("./a:b", "/srv/www", true)),
            ("/x:/y:rw", mount("/x", "/y", false)),
            ("root:/", mount("root", "/", false)),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for text in ["public", "public:srv", ":/srv", "a:/x/../y", "a:/x/.:ro", "a:ro"] {
            assert!(text.parse::<Mount>().is_err(), "{text}");
        }
    }

    #[test]
    fn variables() {
        let value = |text: &str| text.parse::<Variable>().map(|v| (v.name, v.value));
        assert_eq!(value("A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
        assert_eq!(value("_a1="), Ok(("_a1".to_owned(), String::new())));
        for text in ["A", "=x", "1A=x", "A-B=x", "Ä=x"] {
            assert!(text.parse::<Variable>().is_err(), "{text}");
        }
        assert_eq!("A".parse(), Ok(EnvGrant { name: "A".to_owned(), value: None }));
        assert!("A B".parse::<EnvGrant>().is_err());
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [("1", 1), ("64k", 64 << 10), ("512MiB", 512 << 20), ("2 G", 2 << 30)]
        {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
        for text in ["", "0", "M", "-1", "1.5G", "1X", "99999999999999T"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }

    #[test]
    fn spans() {
        assert_eq!(span("1h 30m"), Ok(Duration::from_secs(5400)));
        assert!(span("0s").is_err() && span("10").is_err() && span("").is_err());
    }
}
