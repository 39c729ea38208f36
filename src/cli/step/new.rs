use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::exit_code::Exit;
use crate::cli::failure::Failure;
use crate::cli::{print, tell};

/// Begin a step: a directory that builds and runs at once.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    greenroom step new lint\n  \
    greenroom step new steps/lint --lang rust-typed\n  \
    greenroom step new steps/lint --lang c\n  \
    greenroom step new steps/lint --lang shell")]
pub(super) struct NewArgs {
    /// Directory to make; its last part names the step.
    #[arg(value_name = "NAME")]
    path: PathBuf,

    /// Language to begin with.
    #[arg(long, value_enum, default_value_t)]
    lang: Language,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Language {
    /// Rust, without dependencies; needs the target wasm32-wasip1.
    #[default]
    Rust,
    /// Rust, as a typed component without a func.yml; needs the target wasm32-wasip2.
    RustTyped,
    /// C; needs zig, wasi-sdk, or clang with wasi-libc.
    C,
    /// A script for greenroom's own shell; needs nothing.
    Shell,
}

/// Files of a template: name and content, in which `@NAME@` is the step's name.
type Files = &'static [(&'static str, &'static str)];

impl Language {
    fn files(self) -> Files {
        match self {
            Self::Rust => &[
                ("func.yml", include_str!("templates/rust/func.yml")),
                ("Cargo.toml", include_str!("templates/rust/Cargo.toml.in")),
                ("src/main.rs", include_str!("templates/rust/main.rs.in")),
                (".cargo/config.toml", include_str!("templates/rust/config.toml")),
                (".gitignore", "/target\n"),
            ],
            Self::RustTyped => &[
                ("Cargo.toml", include_str!("templates/rust-typed/Cargo.toml.in")),
                ("src/lib.rs", include_str!("templates/rust-typed/lib.rs.in")),
                ("wit/step.wit", include_str!("templates/rust-typed/step.wit")),
                ("wit/deps/greenroom-step/step.wit", include_str!("../../../wit/step.wit")),
                (".cargo/config.toml", include_str!("templates/rust-typed/config.toml")),
                (".gitignore", "/target\n"),
            ],
            Self::C => &[
                ("func.yml", include_str!("templates/c/func.yml")),
                ("@NAME@.c", include_str!("templates/c/step.c.in")),
                ("build.sh", include_str!("templates/c/build.sh.in")),
            ],
            Self::Shell => &[
                ("func.yml", include_str!("templates/shell/func.yml")),
                ("main.sh", include_str!("templates/shell/main.sh")),
            ],
        }
    }

    /// What has to be done in the directory before it runs.
    fn build(self) -> Option<&'static str> {
        match self {
            Self::Rust | Self::RustTyped => Some("cargo build --release"),
            Self::C => Some("sh build.sh"),
            Self::Shell => None,
        }
    }

    /// What it takes to do that.
    fn needs(self) -> Option<&'static str> {
        match self {
            Self::Rust => Some("needs `rustup target add wasm32-wasip1`, once"),
            Self::RustTyped => Some("needs `rustup target add wasm32-wasip2`, once"),
            Self::C => Some("needs zig, wasi-sdk, or clang with wasi-libc; it says which"),
            Self::Shell => None,
        }
    }
}

pub(super) fn new(args: &NewArgs) -> Result<Exit, Failure> {
    let name = name(&args.path)?;
    if args.path.exists() {
        return Err(Failure::usage(format!("{} is there already", args.path.display()))
            .help("choose another name, or remove it first"));
    }
    write(&args.path, &name, args.lang.files()).map_err(|(path, error)| {
        Failure::unable(format!("cannot write {}: {error}", path.display()))
    })?;
    let path = args.path.display().to_string();
    let step = name.replace('-', "_");
    let function = match args.lang {
        // A typed step is its component, wherever that is built.
        Language::RustTyped => format!("{path}/target/wasm32-wasip2/release/{step}.wasm"),
        _ => path.clone(),
    };
    let mut next = format!("made {path}; next:\n");
    if let Some(build) = args.lang.build() {
        let needs = args.lang.needs().map(|needs| format!("  # {needs}")).unwrap_or_default();
        next += &format!("  (cd {path} && {build}){needs}\n");
    }
    next += &format!("  greenroom step check {function}\n");
    next += &format!("  greenroom step run {function} --input files='[\"README.md\"]'\n");
    tell(&next);
    let relative = if args.path.is_absolute() { function } else { format!("./{function}") };
    print(&format!(
        "# to use it in .gitlab-ci.yml:\n{step}_job:\n  run:\n    - name: {step}\n      \
         func: {relative}\n      inputs:\n        files: [README.md]\n"
    ))?;
    Ok(Exit::Success)
}

/// The step's name: what package managers and file names take.
fn name(path: &Path) -> Result<String, Failure> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let fits = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c));
    if !fits || name.len() > 64 {
        return Err(Failure::usage(format!("a step cannot be named {name:?}")).help(
            "names have small letters, digits, `-` and `_`, begin with a letter, and have at most \
             64 characters",
        ));
    }
    Ok(name.to_owned())
}

/// Writes the files into a directory beside the one that is wanted, and gives it its name when it
/// is complete.
fn write(path: &Path, name: &str, files: Files) -> Result<(), (PathBuf, std::io::Error)> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| (path, error)
    };
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(parent).map_err(at(parent))?;
    let unfinished =
        tempfile::Builder::new().prefix(".greenroom-").tempdir_in(parent).map_err(at(parent))?;
    for (file, content) in files {
        let file = unfinished.path().join(file.replace("@NAME@", name));
        if let Some(directory) = file.parent() {
            std::fs::create_dir_all(directory).map_err(at(directory))?;
        }
        let mut out = std::fs::File::create_new(&file).map_err(at(&file))?;
        out.write_all(content.replace("@NAME@", name).as_bytes()).map_err(at(&file))?;
    }
    let made = unfinished.keep();
    set_mode(&made).map_err(at(&made))?;
    std::fs::rename(&made, path).map_err(|error| {
        let _ = std::fs::remove_dir_all(&made);
        (path.to_owned(), error)
    })
}

/// A temporary directory is its owner's alone; a step is not.
fn set_mode(directory: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o755))
}
