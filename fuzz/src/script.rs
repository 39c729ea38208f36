//! Small shell scripts from arbitrary bytes: each byte decides how the grammar goes on. Loops are
//! bounded, so that a script ends unless the shell has a fault.

/// Bytes that decide; zeros when they have run out, which every rule takes as its simplest form.
pub struct Choices<'a> {
    bytes: &'a [u8],
    /// Makes the names of loop counters unique.
    loops: u32,
}

const NAMES: [&str; 9] = ["x", "y", "a", "m", "IFS", "1", "@", "?", "OPTIND"];
const TEXTS: [&str; 16] = [
    "a", "b c", "", "*", "1", "-1", "0x1f", "~", "[a-c]", "{1..3}", "é€", "-", "/", "a=b", "!",
    "%s\\n",
];
const BUILTINS: [&str; 44] = [
    ":", "echo", "printf", "test", "[", "read", "mapfile", "declare", "local", "export",
    "readonly", "unset", "set", "shopt", "shift", "eval", "trap", "let", "type", "command",
    "builtin", "hash", "getopts", "cd", "pwd", "pushd", "popd", "dirs", "umask", "ulimit", "wait",
    "jobs", "kill -0", "alias", "caller", "times", "enable", "help", "compgen", "return", "break",
    "continue", "exit", "disown",
];
const OPTIONS: [&str; 20] = [
    "-a", "-A", "-i", "-n", "-p", "-r", "-x", "-v", "-f", "-F", "-e", "-u", "-l", "-t", "-s", "-d",
    "-o", "+o", "--", "-g",
];
const OPERATORS: [&str; 26] = [
    ":-", "-", ":=", ":+", "+", ":?", "#", "##", "%", "%%", "/", "//", "/#", "/%", "^", "^^", ",",
    ",,", "@Q", "@E", "@P", "@A", "@a", "@K", "@U", ":",
];
const SETTINGS: [&str; 12] = [
    "set -e",
    "set -u",
    "set -f",
    "set -x",
    "set -o pipefail",
    "shopt -s extglob",
    "shopt -s nullglob",
    "set -E",
    "set -T",
    "set -o posix",
    "shopt -s lastpipe",
    "set -C",
];

impl<'a> Choices<'a> {
    /// Decisions from these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, loops: 0 }
    }

    fn next(&mut self) -> u8 {
        match self.bytes.split_first() {
            Some((first, rest)) => {
                self.bytes = rest;
                *first
            }
            None => 0,
        }
    }

    fn of(&mut self, list: &[&'static str]) -> &'static str {
        list[usize::from(self.next()) % list.len()]
    }

    /// A script.
    pub fn script(&mut self) -> String {
        let mut out = String::new();
        while !self.bytes.is_empty() && out.len() < 4096 {
            out.push_str(&self.command(4));
            out.push(if self.next().is_multiple_of(3) { ';' } else { '\n' });
        }
        out
    }

    fn list(&mut self, depth: u8) -> String {
        let mut out = self.pipeline(depth);
        for _ in 0..self.next() % 3 {
            out.push_str(["; ", " && ", " || ", "\n"][usize::from(self.next()) % 4]);
            out.push_str(&self.pipeline(depth));
        }
        out
    }

    fn pipeline(&mut self, depth: u8) -> String {
        let mut out = if self.next() % 9 == 1 { "! ".to_owned() } else { String::new() };
        out.push_str(&self.command(depth));
        while self.next() % 7 == 1 {
            out.push_str(if self.next() % 4 == 1 { " |& " } else { " | " });
            out.push_str(&self.command(depth));
        }
        out
    }

    fn command(&mut self, depth: u8) -> String {
        if depth == 0 {
            return self.simple(0);
        }
        let inner = depth - 1;
        let mut out = match self.next() % 22 {
            1 => format!(
                "if {}; then {}; else {}; fi",
                self.list(inner),
                self.list(inner),
                self.list(inner)
            ),
            2 => format!("for x in {}; do {}; done", self.words(inner), self.list(inner)),
            3 => {
                self.loops += 1;
                let counter = format!("_w{}", self.loops);
                let kind = if self.next().is_multiple_of(2) { "while ((" } else { "until ! ((" };
                format!("{counter}=0; {kind} {counter}++ < 3 )); do {}; done", self.list(inner))
            }
            4 => format!(
                "case {} in {}) {};; *) {};& [!a]) ;; esac",
                self.word(inner),
                self.word(inner),
                self.list(inner),
                self.list(inner)
            ),
            5 => format!("( {} )", self.list(inner)),
            6 => format!("{{ {}; }}", self.list(inner)),
            7 => format!(
                "f() {{ {}; }}; f {}",
                self.list(inner).replace("f ", "g "),
                self.words(inner)
            ),
            8 => format!("[[ {} ]]", self.condition(inner)),
            9 => format!("(( {} ))", self.arithmetic(inner)),
            10 => format!(
                "cat <<E1{}\n{}\nE1\n",
                if self.next().is_multiple_of(2) { "" } else { " | cat" },
                self.word(inner)
            ),
            11 => format!(
                "trap {} {}",
                quoted(&self.list(inner)),
                self.of(&["EXIT", "ERR", "DEBUG", "RETURN", "USR1", "0"])
            ),
            12 => format!("{} & wait", self.command(inner)),
            13 => self.of(&SETTINGS).to_owned(),
            14 => format!("{}={}", self.of(&["x", "y", "a[1]", "m[k]", "x+"]), self.word(inner)),
            15 => format!("{}=({})", self.of(&["a", "m", "x+"]), self.words(inner)),
            16 => format!("eval {}", quoted(&self.list(inner))),
            17 => format!(
                "{}={} {}",
                self.of(&["x", "IFS", "y"]),
                self.word(inner),
                self.simple(inner)
            ),
            _ => self.simple(inner),
        };
        if self.next() % 6 == 1 {
            out.push_str(&self.redirect(inner));
        }
        out
    }

    fn simple(&mut self, depth: u8) -> String {
        let mut out = self.of(&BUILTINS).to_owned();
        for _ in 0..self.next() % 3 {
            out.push(' ');
            out.push_str(self.of(&OPTIONS));
        }
        out.push(' ');
        out.push_str(&self.words(depth));
        out
    }

    fn redirect(&mut self, depth: u8) -> String {
        match self.next() % 8 {
            0 => " > out".to_owned(),
            1 => " < out".to_owned(),
            2 => " 2>&1".to_owned(),
            3 => format!(" <<< {}", self.word(depth)),
            4 => " >> out 2>&-".to_owned(),
            5 => " {x}> out".to_owned(),
            6 => format!(" < <({})", self.command(depth.min(1))),
            _ => format!(" > {}", self.word(depth)),
        }
    }

    fn words(&mut self, depth: u8) -> String {
        let count = self.next() % 4;
        (0..count).map(|_| self.word(depth)).collect::<Vec<_>>().join(" ")
    }

    fn word(&mut self, depth: u8) -> String {
        match self.next() % 12 {
            1 => format!("'{}'", self.of(&TEXTS)),
            2 => format!("\"{}${}\"", self.of(&TEXTS), self.of(&NAMES)),
            3 => format!("${{{}}}", self.parameter(depth)),
            4 => format!("\"${{{}}}\"", self.parameter(depth)),
            5 if depth > 0 => format!("$({})", self.list(depth - 1)),
            6 if depth > 0 => format!("\"$({})\"", self.command(depth - 1)),
            7 => format!("$(( {} ))", self.arithmetic(depth)),
            8 => format!("$'{}\\x41\\n'", self.of(&["a", "\\101", "\\u20ac", "\\c"])),
            9 => format!("{}${}", self.of(&["a", "", "-"]), self.of(&NAMES)),
            10 => format!("@({}|b)*", self.of(&["a", "[x]", "?"])),
            _ => self.of(&TEXTS).replace(' ', "\\ "),
        }
    }

    fn parameter(&mut self, depth: u8) -> String {
        let name = self.of(&[
            "x", "y", "a[@]", "a[1]", "m[k]", "@", "*", "#x", "!x", "1", "#a[@]", "!m[@]", "x",
        ]);
        if self.next().is_multiple_of(2) {
            return name.to_owned();
        }
        let operator = self.of(&OPERATORS);
        if operator.starts_with('@') {
            return format!("{name}{operator}");
        }
        format!("{name}{operator}{}", self.word(depth.saturating_sub(1)))
    }

    fn arithmetic(&mut self, depth: u8) -> String {
        if depth == 0 {
            return self.of(&["1", "x", "a[0]", "-3", "2#101", "0", "y"]).to_owned();
        }
        let operator = self.of(&[
            "+", "-", "*", "/", "%", "**", "<<", ">>", "<", "==", "&&", "||", "&", "|", "^", "=",
            "+=", ",", "?1:",
        ]);
        format!("{} {operator} ({})", self.arithmetic(depth - 1), self.arithmetic(depth - 1))
    }

    fn condition(&mut self, depth: u8) -> String {
        let (left, right) = (self.word(depth), self.word(depth));
        let left = if left.is_empty() { "''".to_owned() } else { left };
        let right = if right.is_empty() { "''".to_owned() } else { right };
        match self.next() % 5 {
            0 => format!("-{} {left}", self.of(&["n", "z", "v", "e", "o", "R"])),
            1 => format!("{left} =~ {right}"),
            2 => format!("! ( {left} -lt {right} )"),
            3 => format!("{left} == {right} && -n {left}"),
            _ => format!("{left} < {right} || {left} -nt {right}"),
        }
    }
}

/// A text as one word.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
