//! What a measurement was made on.

use std::fs;
use std::num::NonZeroUsize;
use std::thread;

use serde::{Deserialize, Serialize};

/// A machine and its state when it was measured. What is not known is empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name.
    pub cpu: String,
    /// Processors that this process may use.
    pub cores: usize,
    /// The operating system with its version and architecture.
    pub system: String,
    /// How the processors' speed is chosen (`performance`, `powersave` …), where that is told.
    pub governor: String,
    /// Whether a hypervisor lies below.
    pub virtual_machine: bool,
    /// Average number of runnable processes over the last minute, before anything was measured.
    pub load: f64,
    /// Whole megabytes of memory.
    pub memory_mb: u64,
    /// The file system type of the directory for temporary files.
    pub scratch: String,
}

impl Machine {
    /// Describes this machine.
    pub fn here() -> Self {
        let cpuinfo = read("/proc/cpuinfo");
        let uname = rustix::system::uname();
        let text = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
        Self {
            cpu: field(&cpuinfo, "model name").unwrap_or_default(),
            cores: thread::available_parallelism().map_or(1, NonZeroUsize::get),
            system: format!(
                "{} {} {}",
                text(uname.sysname()),
                text(uname.release()),
                text(uname.machine())
            ),
            governor: read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
                .trim()
                .to_owned(),
            virtual_machine: field(&cpuinfo, "flags")
                .is_some_and(|flags| flags.split(' ').any(|flag| flag == "hypervisor")),
            load: load(),
            memory_mb: field(&read("/proc/meminfo"), "MemTotal")
                .and_then(|total| total.split(' ').next()?.parse::<u64>().ok())
                .unwrap_or(0)
                / 1024,
            scratch: file_system(),
        }
    }

    /// In one line.
    pub fn line(&self) -> String {
        let mut parts = Vec::new();
        let known = |text: &str| !text.is_empty();
        parts.extend(known(&self.cpu).then(|| self.cpu.clone()));
        parts.push(match self.cores {
            1 => "1 core".to_owned(),
            cores => format!("{cores} cores"),
        });
        parts.extend((self.memory_mb > 0).then(|| format!("{} MB", self.memory_mb)));
        parts.push(self.system.clone());
        parts.extend(self.virtual_machine.then(|| "virtual machine".to_owned()));
        parts.extend(known(&self.governor).then(|| format!("governor {}", self.governor)));
        parts.extend(known(&self.scratch).then(|| format!("temporary files on {}", self.scratch)));
        parts.push(format!("load {:.2}", self.load));
        parts.join(", ")
    }

    /// What makes its figures less reliable.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.load > 0.5 * self.cores as f64 {
            warnings.push(format!(
                "other work runs on this machine (load {:.2} on {} cores): compare ratios only",
                self.load, self.cores
            ));
        }
        if self.governor == "powersave" || self.governor == "ondemand" {
            warnings.push(format!(
                "the processors change their speed (governor {}): short measurements differ more",
                self.governor
            ));
        }
        warnings
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The value of the first line `name : value`.
fn field(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    })
}

fn load() -> f64 {
    read("/proc/loadavg").split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0)
}

fn file_system() -> String {
    let kinds = [
        (0xef53, "ext4"),
        (0x5846_5342, "xfs"),
        (0x9123_683e, "btrfs"),
        (0x0102_1994, "tmpfs"),
        (0x794c_7630, "overlayfs"),
        (0x2fc1_2fc1, "zfs"),
    ];
    let Ok(stat) = rustix::fs::statfs(std::env::temp_dir()) else { return String::new() };
    let kind = stat.f_type as u64 & 0xffff_ffff;
    let known = kinds.iter().find(|(number, _)| *number == kind);
    known.map_or_else(|| format!("type {kind:#x}"), |(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_described_and_busy_ones_are_named() {
        let machine = Machine {
            cpu: "Fast".to_owned(),
            cores: 2,
            system: "Linux 6 x86_64".to_owned(),
            governor: "powersave".to_owned(),
            load: 1.5,
            ..Machine::default()
        };
        assert_eq!(machine.line(), "Fast, 2 cores, Linux 6 x86_64, governor powersave, load 1.50");
        assert_eq!(machine.warnings().len(), 2);
        assert_eq!(Machine { load: 0.1, governor: String::new(), ..machine }.warnings().len(), 0);
        assert!(Machine::here().cores > 0);
    }

    #[test]
    fn fields_are_found() {
        assert_eq!(field("a : b\nmodel name\t: X: Y\n", "model name").as_deref(), Some("X: Y"));
        assert_eq!(field("", "x"), None);
    }
}
