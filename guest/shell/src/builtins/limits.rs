//! `umask`, `ulimit` and `times`.

use greenroom_process as process;

use crate::bytes;
use crate::state::{Flow, Shell};

pub(super) fn times(sh: &mut Shell, _: &[Vec<u8>]) -> Flow {
    // The sandbox does not account processor time to single processes.
    sh.print("times", b"0m0.000s 0m0.000s\n0m0.000s 0m0.000s\n")
}

pub(super) fn umask(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let (mut symbolic, mut reusable) = (false, false);
    let mut index = 1;
    while let Some(option) = arguments.get(index) {
        match option.as_slice() {
            b"-S" => symbolic = true,
            b"-p" => reusable = true,
            b"--" => {}
            _ => break,
        }
        index += 1;
    }
    let Some(text) = arguments.get(index) else {
        let current = current(sh);
        let mut shown = if symbolic { symbols(current) } else { format!("{current:04o}") };
        if reusable {
            shown = format!("umask {}{shown}", if symbolic { "-S " } else { "" });
        }
        shown.push('\n');
        return sh.print("umask", shown.as_bytes());
    };
    let mask = if text.first().is_some_and(u8::is_ascii_digit) {
        std::str::from_utf8(text).ok().and_then(|t| u32::from_str_radix(t, 8).ok())
    } else {
        parse_symbols(text, current(sh))
    };
    match mask.filter(|mask| *mask <= 0o777) {
        Some(mask) => {
            process::umask(mask);
            sh.umask = mask;
            Ok(0)
        }
        None => {
            let shown = bytes::display(text).into_owned();
            let what = if text.first().is_some_and(u8::is_ascii_digit) {
                format!("{shown}: octal number out of range")
            } else {
                format!("`{shown}': invalid symbolic mode operator")
            };
            sh.builtin_error("umask", &what)
        }
    }
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

fn parse_symbols(text: &[u8], mask: u32) -> Option<u32> {
    let mut allowed = !mask & 0o777;
    for clause in text.split(|&b| b == b',') {
        let op_at = clause.iter().position(|b| b"=+-".contains(b))?;
        let mut who = 0;
        for letter in &clause[..op_at] {
            who |= match letter {
                b'u' => 0o700,
                b'g' => 0o070,
                b'o' => 0o007,
                b'a' => 0o777,
                _ => return None,
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
                _ => return None,
            };
        }
        match clause[op_at] {
            b'=' => allowed = allowed & !who | bits & who,
            b'+' => allowed |= bits & who,
            _ => allowed &= !(bits & who),
        }
    }
    Some(!allowed & 0o777)
}

/// Letter, description, unit and divisor of what `ulimit` can report.
type Resource = (u8, &'static str, &'static str, Option<(process::Limit, u64)>);

const RESOURCES: [Resource; 9] = [
    (b'c', "core file size", "(blocks, -c)", None),
    (b'd', "data seg size", "(kbytes, -d)", Some((process::Limit::Memory, 1024))),
    (b'f', "file size", "(blocks, -f)", Some((process::Limit::Disk, 1024))),
    (b'm', "max memory size", "(kbytes, -m)", Some((process::Limit::Memory, 1024))),
    (b'n', "open files", "(-n)", Some((process::Limit::OpenFiles, 1))),
    (b's', "stack size", "(kbytes, -s)", Some((process::Limit::Stack, 1024))),
    (b't', "cpu time", "(seconds, -t)", None),
    (b'u', "max user processes", "(-u)", Some((process::Limit::Processes, 1))),
    (b'v', "virtual memory", "(kbytes, -v)", Some((process::Limit::Memory, 1024))),
];

fn amount(resource: &Resource) -> String {
    match resource {
        (b'c', ..) => "0".into(),
        (_, _, _, Some((limit, unit))) => match process::limit(*limit) {
            Some(value) => (value / unit).to_string(),
            None => "unlimited".into(),
        },
        _ => "unlimited".into(),
    }
}

pub(super) fn ulimit(sh: &mut Shell, arguments: &[Vec<u8>]) -> Flow {
    let mut letters = Vec::new();
    let mut all = false;
    let mut value = None;
    for argument in &arguments[1..] {
        match argument.as_slice() {
            [b'-', rest @ ..] => {
                for &letter in rest {
                    match letter {
                        b'S' | b'H' => {}
                        b'a' => all = true,
                        _ => letters.push(letter),
                    }
                }
            }
            text => value = Some(text.to_vec()),
        }
    }
    if all {
        let mut out = String::new();
        for resource in &RESOURCES {
            let (_, name, unit, _) = resource;
            out.push_str(&format!("{name:<20} {unit:>20} {}\n", amount(resource)));
        }
        return sh.print("ulimit", out.as_bytes());
    }
    if letters.is_empty() {
        letters.push(b'f');
    }
    for &letter in &letters {
        let Some(resource) = RESOURCES.iter().find(|r| r.0 == letter) else {
            return sh.usage_error("ulimit", &[b'-', letter], "ulimit [-SHacdfmnstuv] [limit]");
        };
        let shown = amount(resource);
        let Some(wanted) = &value else {
            let line = format!("{shown}\n");
            let status = sh.print("ulimit", line.as_bytes())?;
            if status != 0 {
                return Ok(status);
            }
            continue;
        };
        // The sandbox's limits are fixed. Asking for no more than there is changes nothing.
        let wanted_number = bytes::parse_int(wanted).map(|n| n.unsigned_abs());
        let limit = shown.parse::<u64>().ok();
        let fits = match (wanted.as_slice(), wanted_number, limit) {
            (b"hard" | b"soft", ..) | (_, Some(_), None) => true,
            (_, Some(wanted), Some(limit)) => wanted <= limit,
            (b"unlimited", _, None) => true,
            _ => false,
        };
        if !fits {
            let name = resource.1;
            return sh.builtin_error(
                "ulimit",
                &format!("{name}: cannot modify limit: Operation not permitted"),
            );
        }
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn masks_in_symbols() {
        assert_eq!(super::symbols(0o022), "u=rwx,g=rx,o=rx");
        assert_eq!(super::parse_symbols(b"u=rwx,g=rx,o=", 0), Some(0o027));
        assert_eq!(super::parse_symbols(b"a-w", 0o000), Some(0o222));
        assert_eq!(super::parse_symbols(b"q+x", 0), None);
    }
}
