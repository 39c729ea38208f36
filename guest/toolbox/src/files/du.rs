//! `du`: disk use of files and trees.

use crate::io::{Out, complain, reason};
use crate::options::{BadUsage, Item, Options, bytes};
use crate::{glob, size, sys};
use std::collections::HashSet;
use std::ffi::OsString;
use std::path::Path;

pub(crate) fn main(name: &str, args: Vec<OsString>) -> u8 {
    run(name, args).unwrap_or(1)
}

#[expect(clippy::struct_excessive_bools, reason = "one per option")]
struct Usage<'a> {
    name: &'a str,
    all: bool,
    summarize: bool,
    max_depth: Option<usize>,
    apparent: bool,
    follow: bool,
    count_links: bool,
    separate: bool,
    unit: u64,
    human: Option<u64>,
    exclude: Vec<String>,
    seen: HashSet<(u64, u64)>,
    failed: bool,
    out: Out,
}

fn run(name: &str, args: Vec<OsString>) -> Result<u8, BadUsage> {
    let mut total = false;
    let mut usage = Usage {
        name,
        all: false,
        summarize: false,
        max_depth: None,
        apparent: false,
        follow: false,
        count_links: false,
        separate: false,
        unit: 1024,
        human: None,
        exclude: Vec::new(),
        seen: HashSet::new(),
        failed: false,
        out: Out::new(name, 1),
    };
    let mut operands = Vec::new();
    let mut options = Options::new(name, args);
    while let Some(item) = options.next()? {
        match item {
            Item::Short('a') => usage.all = true,
            Item::Short('s') => usage.summarize = true,
            Item::Short('c') => total = true,
            Item::Short('h') => usage.human = Some(1024),
            Item::Short('b') => (usage.apparent, usage.unit) = (true, 1),
            Item::Short('k') => usage.unit = 1024,
            Item::Short('m') => usage.unit = 1024 * 1024,
            Item::Short('L') => usage.follow = true,
            Item::Short('l') => usage.count_links = true,
            Item::Short('S') => usage.separate = true,
            Item::Short('d') => usage.max_depth = Some(options.number("maximum depth")?),
            Item::Short('B') => usage.unit = unit(name, &options.text()?)?,
            Item::Short('x' | 'P') => {}
            Item::Long(ref long) => match &**long {
                "all" => usage.all = true,
                "summarize" => usage.summarize = true,
                "total" => total = true,
                "human-readable" => usage.human = Some(1024),
                "si" => usage.human = Some(1000),
                "bytes" => (usage.apparent, usage.unit) = (true, 1),
                "apparent-size" => usage.apparent = true,
                "dereference" => usage.follow = true,
                "count-links" => usage.count_links = true,
                "separate-dirs" => usage.separate = true,
                "max-depth" => usage.max_depth = Some(options.number("maximum depth")?),
                "block-size" => usage.unit = unit(name, &options.text()?)?,
                "exclude" => usage.exclude.push(options.text()?),
                "one-file-system" => {}
                _ => return options.unknown(&item),
            },
            Item::Operand(operand) => operands.push(operand),
            Item::Short(_) => return options.unknown(&item),
        }
    }
    if usage.all && usage.summarize {
        crate::io::usage(name, "cannot both summarize and show all entries");
        return Err(BadUsage);
    }
    if operands.is_empty() {
        operands.push(".".into());
    }
    let mut sum = 0;
    for operand in operands {
        sum += usage.visit(Path::new(&operand), 0).0;
    }
    if total {
        usage.print(sum, b"total");
    }
    usage.out.flush();
    Ok(u8::from(usage.failed))
}

fn unit(name: &str, text: &str) -> Result<u64, BadUsage> {
    size::parse(text).filter(|&unit| unit > 0).ok_or_else(|| {
        complain(name, format_args!("invalid --block-size argument '{text}'"));
        BadUsage
    })
}

impl Usage<'_> {
    /// The use of a tree, and of what lies directly in it.
    fn visit(&mut self, path: &Path, depth: usize) -> (u64, bool) {
        let found = if self.follow { sys::stat(path) } else { sys::lstat(path) };
        let stat = match found {
            Ok(stat) => stat,
            Err(e) => {
                let shown = path.display();
                complain(self.name, format_args!("cannot access '{shown}': {}", reason(&e)));
                self.failed = true;
                return (0, false);
            }
        };
        if !self.count_links
            && stat.nlink > 1
            && !stat.is_dir()
            && !self.seen.insert((stat.dev, stat.ino))
        {
            return (0, false);
        }
        let mut used = if self.apparent { stat.size } else { stat.blocks * 512 };
        if stat.is_dir() {
            match std::fs::read_dir(path) {
                Ok(entries) => {
                    for entry in entries.flatten() {
                        let name = entry.file_name();
                        if self.exclude.iter().any(|g| glob::matches(g.as_bytes(), bytes(&name))) {
                            continue;
                        }
                        let (below, directory) = self.visit(&path.join(name), depth + 1);
                        if !(self.separate && directory) {
                            used += below;
                        }
                    }
                }
                Err(e) => {
                    let shown = path.display();
                    complain(
                        self.name,
                        format_args!("cannot read directory '{shown}': {}", reason(&e)),
                    );
                    self.failed = true;
                }
            }
        }
        let limit = if self.summarize { 0 } else { self.max_depth.unwrap_or(usize::MAX) };
        if depth == 0 || depth <= limit && (self.all || stat.is_dir()) {
            self.print(used, bytes(path.as_os_str()));
        }
        (used, stat.is_dir())
    }

    fn print(&mut self, used: u64, name: &[u8]) {
        let shown = match self.human {
            Some(base) => size::human(used, base),
            None => used.div_ceil(self.unit).to_string(),
        };
        self.out.print(format_args!("{shown}\t"));
        self.out.line(name);
    }
}
