//! How entries are shown.

use super::{Entry, Layout, Lister};
use crate::files::modes;
use crate::io::Out;
use crate::options::bytes;
use crate::sys::{self, Stat};
use crate::{size, time};

impl Lister {
    pub(super) fn block_count(&self, blocks: u64) -> String {
        match self.settings.human {
            Some(base) => size::human(blocks * 512, base),
            None => blocks.div_ceil(2).to_string(),
        }
    }

    pub(super) fn show(&self, out: &mut Out, list: &[Entry]) {
        match self.settings.layout {
            Layout::Long => self.long(out, list),
            Layout::One => {
                for entry in list {
                    out.line(self.cell(entry));
                }
            }
            Layout::Commas => {
                let cells: Vec<_> = list.iter().map(|entry| self.cell(entry)).collect();
                out.line(cells.join(&b", "[..]));
            }
            Layout::Columns => columns(out, &list.iter().map(|e| self.cell(e)).collect::<Vec<_>>()),
        }
    }

    fn cell(&self, entry: &Entry) -> Vec<u8> {
        let mut cell = Vec::new();
        if self.settings.inode {
            cell.extend(entry.stat.map_or("?".into(), |s| s.ino.to_string()).bytes());
            cell.push(b' ');
        }
        if self.settings.blocks {
            let blocks = entry.stat.map_or("?".into(), |s| self.block_count(s.blocks));
            cell.extend(blocks.bytes());
            cell.push(b' ');
        }
        cell.extend(self.decorated(entry));
        cell
    }

    fn decorated(&self, entry: &Entry) -> Vec<u8> {
        let mut text = Vec::new();
        let stat = entry.stat.unwrap_or(NOTHING);
        let color = if self.settings.color { color(&stat) } else { "" };
        if !color.is_empty() {
            text.extend(b"\x1b[");
            text.extend(color.bytes());
            text.push(b'm');
        }
        if self.settings.quote {
            text.push(b'"');
        }
        text.extend(bytes(&entry.name));
        if self.settings.quote {
            text.push(b'"');
        }
        if !color.is_empty() {
            text.extend(b"\x1b[0m");
        }
        match stat.kind() {
            sys::DIRECTORY if self.settings.classify || self.settings.slash => text.push(b'/'),
            sys::SYMLINK if self.settings.classify && self.settings.layout != Layout::Long => {
                text.push(b'@');
            }
            sys::FIFO if self.settings.classify => text.push(b'|'),
            sys::SOCKET if self.settings.classify => text.push(b'='),
            sys::REGULAR if self.settings.classify && stat.mode & 0o111 != 0 => text.push(b'*'),
            _ => {}
        }
        text
    }

    fn long(&self, out: &mut Out, list: &[Entry]) {
        let s = &self.settings;
        let user = if s.numeric { "0" } else { "root" };
        let size = |stat: &Stat| match s.human {
            Some(base) => size::human(stat.size, base),
            None => stat.size.to_string(),
        };
        let widest = |of: &dyn Fn(&Stat) -> usize| {
            list.iter().filter_map(|e| e.stat).map(|stat| of(&stat)).max().unwrap_or(1)
        };
        let links = widest(&|stat| stat.nlink.to_string().len());
        let sizes = widest(&|stat| size(stat).len());
        let inodes = widest(&|stat| stat.ino.to_string().len());
        let blocks = widest(&|stat| self.block_count(stat.blocks).len());
        for entry in list {
            let Some(stat) = entry.stat else {
                out.put("?????????? ? ? ? ?            ? ");
                out.line(bytes(&entry.name));
                continue;
            };
            if s.inode {
                out.print(format_args!("{:>inodes$} ", stat.ino));
            }
            if s.blocks {
                out.print(format_args!("{:>blocks$} ", self.block_count(stat.blocks)));
            }
            out.print(format_args!("{} {:>links$} ", modes::display(stat.mode), stat.nlink));
            if s.owner {
                out.print(format_args!("{user} "));
            }
            if s.group {
                out.print(format_args!("{user} "));
            }
            out.print(format_args!("{:>sizes$} {} ", size(&stat), self.date(self.time(&stat))));
            out.put(self.decorated(entry));
            if let Some(target) = &entry.link {
                out.put(" -> ");
                out.put(bytes(target.as_os_str()));
            }
            out.line("");
        }
    }

    fn date(&self, at: (i64, i64)) -> String {
        const HALF_A_YEAR: i64 = 31_556_952 / 2;
        match self.settings.time_style.as_deref() {
            Some("full-iso") => time::full(at),
            Some("long-iso") => time::format("%F %R", at),
            Some("iso") => {
                let recent = (0..HALF_A_YEAR).contains(&(time::now().0 - at.0));
                time::format(if recent { "%m-%d %H:%M" } else { "%F " }, at)
            }
            Some(style) if style.starts_with('+') => time::format(&style[1..], at),
            _ => {
                let recent = (0..HALF_A_YEAR).contains(&(time::now().0 - at.0));
                time::format(if recent { "%b %e %H:%M" } else { "%b %e  %Y" }, at)
            }
        }
    }
}

const NOTHING: Stat = Stat {
    dev: 0,
    ino: 0,
    mode: 0,
    nlink: 0,
    size: 0,
    blocks: 0,
    atime: (0, 0),
    mtime: (0, 0),
    ctime: (0, 0),
};
fn color(stat: &Stat) -> &'static str {
    match stat.kind() {
        sys::DIRECTORY => "01;34",
        sys::SYMLINK => "01;36",
        sys::REGULAR if stat.mode & 0o111 != 0 => "01;32",
        sys::CHARACTER | sys::BLOCK => "40;33;01",
        _ => "",
    }
}

/// Fills columns top to bottom within 80 columns.
fn columns(out: &mut Out, cells: &[Vec<u8>]) {
    let width = |cell: &[u8]| String::from_utf8_lossy(cell).chars().count();
    let widths: Vec<usize> = cells.iter().map(|cell| width(cell)).collect();
    let fits = |rows: usize| {
        let columns: Vec<usize> =
            widths.chunks(rows).map(|c| c.iter().max().map_or(0, |w| w + 2)).collect();
        (columns.iter().sum::<usize>().saturating_sub(2) <= 80).then_some(columns)
    };
    let Some((rows, columns)) = (1..=cells.len()).find_map(|r| fits(r).map(|c| (r, c))) else {
        for cell in cells {
            out.line(cell);
        }
        return;
    };
    for row in 0..rows {
        for (column, room) in columns.iter().enumerate() {
            let Some(cell) = cells.get(column * rows + row) else { continue };
            out.put(cell);
            if cells.len() > (column + 1) * rows + row {
                let used = widths[column * rows + row];
                out.put(vec![b' '; room - used]);
            }
        }
        out.line("");
    }
}
