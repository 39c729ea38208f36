//! `umask`, `ulimit` and `times`.

use greenroom_process as process;

use super::{OptionParser, Parsed};
use crate::bytes;
use crate::exec::seconds;
use crate::state::{Flow, Shell};

pub(super) fn times(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    if let Some([b'-', letter, ..]) = arguments.get(1).map(Vec::as_slice) {
        return sh.usage_error("times", &[b'-', *letter], "times");
    }
    let process::Times { own, children } = process::times();
    let mut text = Vec::new();
    for user in [own, children] {
        text.extend(seconds(user, 3, true));
        text.extend_from_slice(b" 0m0.000s\n");
    }
    sh.print("times", &text)
}

pub(super) fn umask(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let (mut symbolic, mut reusable) = (false, false);
    let mut options = OptionParser::new(arguments, "Sp");
    while let Some(option) = options.next() {
        match option {
            Parsed::Flag(b'S') => symbolic = true,
            Parsed::Flag(_) => reusable = true,
            Parsed::Unknown(letter) | Parsed::Value(letter, _) | Parsed::MissingValue(letter) => {
                return sh.usage_error("umask", &[b'-', letter], "umask [-p] [-S] [mode]");
            }
        }
    }
    let Some(text) = arguments.get(options.operands()) else {
        let current = current(sh);
        let mut shown = if symbolic { symbols(current) } else { format!("{current:04o}") };
        if reusable {
            shown = format!("umask {}{shown}", if symbolic { "-S " } else { "" });
        }
        shown.push('\n');
        return sh.print("umask", shown.as_bytes());
    };
    let shown = bytes::display(text).into_owned();
    let mask = if text.first().is_some_and(u8::is_ascii_digit) {
        match u32::from_str_radix(&shown, 8).ok().filter(|mask| *mask <= 0o7777) {
            Some(mask) => mask & 0o777,
            None => {
                return sh.builtin_error("umask", &format!("{shown}: octal number out of range"));
            }
        }
    } else {
        match parse_symbols(text, current(sh)) {
            Ok(mask) => mask,
            Err(message) => return sh.builtin_error("umask", &message),
        }
    };
    process::umask(mask);
    sh.umask = mask;
    if symbolic {
        return sh.print("umask", format!("{}\n", symbols(mask)).as_bytes());
    }
    Ok(0)
}

fn current(sh: &mut Shell) -> u32 {
    let mask = process::umask(0);
    process::umask(mask);
    sh.umask = mask;
    mask
}

fn symbols(mask: u32) -> String {
    let class = |name: char, shift: u32| {
        let bits = !mask >> shift & 7;
        let mut text = format!("{name}=");
        for (bit, letter) in [(4, 'r'), (2, 'w'), (1, 'x')] {
            if bits & bit != 0 {
                text.push(letter);
            }
        }
        text
    };
    [class('u', 6), class('g', 3), class('o', 0)].join(",")
}

/// A mask in symbols, as `u=rwx,g-w`; `Err` is the message.
fn parse_symbols(text: &[u8], mask: u32) -> Result<u32, String> {
    let mut allowed = !mask & 0o777;
    for clause in text.split(|&b| b == b',') {
        let op_at = clause.iter().position(|b| !b"ugoa".contains(b));
        let Some((op_at, op)) = op_at.map(|at| (at, clause[at])) else {
            let last = clause.last().map_or(' ', |b| char::from(*b));
            return Err(format!("`{last}': invalid symbolic mode operator"));
        };
        if !b"=+-".contains(&op) {
            return Err(format!("`{}': invalid symbolic mode operator", char::from(op)));
        }
        let mut who = 0;
        for letter in &clause[..op_at] {
            who |= match letter {
                b'u' => 0o700,
                b'g' => 0o070,
                b'o' => 0o007,
                _ => 0o777,
            };
        }
        if op_at == 0 {
            who = 0o777;
        }
        let mut bits = 0;
        for letter in &clause[op_at + 1..] {
            bits |= match letter {
                b'r' => 0o444,
                b'w' => 0o222,
                b'x' => 0o111,
                other => {
                    let other = char::from(*other);
                    return Err(format!("`{other}': invalid symbolic mode character"));
                }
            };
        }
        match op {
            b'=' => allowed = allowed & !who | bits & who,
            b'+' => allowed |= bits & who,
            _ => allowed &= !(bits & who),
        }
    }
    Ok(!allowed & 0o777)
}

/// What `ulimit` can report.
struct Resource {
    letter: u8,
    name: &'static str,
    /// What it counts, for `ulimit -a`.
    unit: &'static str,
    /// Bytes or items of one unit.
    factor: u64,
    /// The sandbox's limit. Of others, a script can only set what it reads back.
    limit: Option<process::Limit>,
}

const fn resource(
    letter: u8,
    name: &'static str,
    unit: &'static str,
    factor: u64,
    limit: Option<process::Limit>,
) -> Resource {
    Resource { letter, name, unit, factor, limit }
}

const RESOURCES: [Resource; 9] = [
    resource(b'c', "core file size", "blocks, ", 512, None),
    resource(b'd', "data seg size", "kbytes, ", 1024, Some(process::Limit::Memory)),
    resource(b'f', "file size", "blocks, ", 1024, Some(process::Limit::Disk)),
    resource(b'm', "max memory size", "kbytes, ", 1024, Some(process::Limit::Memory)),
    resource(b'n', "open files", "", 1, Some(process::Limit::OpenFiles)),
    resource(b's', "stack size", "kbytes, ", 1024, Some(process::Limit::Stack)),
    resource(b't', "cpu time", "seconds, ", 1, None),
    resource(b'u', "max user processes", "", 1, Some(process::Limit::Processes)),
    resource(b'v', "virtual memory", "kbytes, ", 1024, Some(process::Limit::Memory)),
];

/// Soft and hard limits that the script has set, in units of the resource; `None` is unlimited.
/// The sandbox keeps its own limits: these are remembered for the script, which may only lower
/// what it was given.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnLimits(Vec<(u8, [Option<u64>; 2])>);

impl OwnLimits {
    fn get(&self, resource: &Resource) -> [Option<u64>; 2] {
        if let Some((_, limits)) = self.0.iter().find(|(letter, _)| *letter == resource.letter) {
            return *limits;
        }
        if resource.letter == b'c' {
            return [Some(0), None];
        }
        let limit = resource.limit.and_then(process::limit).map(|n| n / resource.factor);
        [limit, limit]
    }

    fn set(&mut self, letter: u8, limits: [Option<u64>; 2]) {
        self.0.retain(|(l, _)| *l != letter);
        self.0.push((letter, limits));
    }
}

fn amount(limit: Option<u64>) -> String {
    limit.map_or_else(|| "unlimited".to_owned(), |n| n.to_string())
}

const ULIMIT_USAGE: &str = "ulimit [-SHacdfmnstuv] [limit]";

pub(super) fn ulimit(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let mut letters = Vec::new();
    let (mut all, mut soft, mut hard) = (false, false, false);
    let mut options = OptionParser::new(arguments, "SHacdfmnstuv");
    let mut index = 1;
    while arguments.get(index).is_none_or(|text| !is_negative(text)) {
        let Some(option) = options.next() else { break };
        match option {
            Parsed::Flag(b'S') => soft = true,
            Parsed::Flag(b'H') => hard = true,
            Parsed::Flag(b'a') => all = true,
            Parsed::Flag(letter) => letters.push(letter),
            Parsed::Unknown(letter) | Parsed::Value(letter, _) | Parsed::MissingValue(letter) => {
                return sh.usage_error("ulimit", &[b'-', letter], ULIMIT_USAGE);
            }
        }
        index = options.operands();
    }
    let operand = arguments.get(options.operands()).cloned();
    let shown_limit = usize::from(hard && !soft);
    if all {
        let mut out = String::new();
        for resource in &RESOURCES {
            let unit = format!("({}-{})", resource.unit, char::from(resource.letter));
            let value = amount(sh.limits.get(resource)[shown_limit]);
            out.push_str(&format!("{:<20}{unit:>20} {value}\n", resource.name));
        }
        return sh.print("ulimit", out.as_bytes());
    }
    if letters.is_empty() {
        letters.push(b'f');
    }
    let several = letters.len() > 1;
    for &letter in &letters {
        let Some(resource) = RESOURCES.iter().find(|r| r.letter == letter) else { continue };
        let present = sh.limits.get(resource);
        let Some(wanted) = &operand else {
            let value = amount(present[shown_limit]);
            let line = if several {
                let unit = format!("({}-{})", resource.unit, char::from(resource.letter));
                format!("{:<20}{unit:>20} {value}\n", resource.name)
            } else {
                format!("{value}\n")
            };
            let status = sh.print("ulimit", line.as_bytes())?;
            if status != 0 {
                return Ok(status);
            }
            continue;
        };
        let shown = bytes::display(wanted).into_owned();
        let wanted = match wanted.as_slice() {
            b"unlimited" => None,
            b"hard" => present[1],
            b"soft" => present[0],
            text if text.iter().all(u8::is_ascii_digit) && !text.is_empty() => {
                let bytes = shown.parse::<u64>().ok().and_then(|n| {
                    n.checked_mul(resource.factor).filter(|n| *n <= i64::MAX as u64).map(|_| n)
                });
                match bytes {
                    Some(number) => Some(number),
                    None => {
                        let message = format!("{shown}: limit out of range");
                        return sh.builtin_error("ulimit", &message);
                    }
                }
            }
            _ => return sh.builtin_error("ulimit", &format!("{shown}: invalid number")),
        };
        let mut limits = present;
        let neither = !soft && !hard;
        if hard || neither {
            limits[1] = wanted;
        }
        if soft || neither {
            limits[0] = wanted;
        }
        let exceeds = |a: Option<u64>, b: Option<u64>| b.is_some_and(|b| a.is_none_or(|a| a > b));
        if exceeds(limits[1], present[1]) || exceeds(limits[0], limits[1]) {
            let name = resource.name;
            let message = format!("{name}: cannot modify limit: Operation not permitted");
            return sh.builtin_error("ulimit", &message);
        }
        sh.limits.set(letter, limits);
    }
    Ok(0)
}

/// A negative number is no option, but not a limit either.
fn is_negative(text: &[u8]) -> bool {
    text.len() > 1 && text[0] == b'-' && text[1..].iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    #[test]
    fn masks_in_symbols() {
        assert_eq!(super::symbols(0o022), "u=rwx,g=rx,o=rx");
        assert_eq!(super::parse_symbols(b"u=rwx,g=rx,o=", 0), Ok(0o027));
        assert_eq!(super::parse_symbols(b"a-w", 0o000), Ok(0o222));
        assert!(super::parse_symbols(b"q+x", 0).is_err());
    }
}
