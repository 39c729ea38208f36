//! A home with a store of images of its own, and greenroom started in it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Once;

use tempfile::TempDir;

pub(crate) struct Place {
    home: TempDir,
    variables: Vec<(String, String)>,
}

/// Says what was not tested and why. Not by a macro, whose text the test runner would keep to itself.
pub(crate) fn skipped(reason: &str) {
    let _ = std::io::Write::write_all(
        &mut std::io::stderr(),
        format!("SKIPPED: {reason}\n").as_bytes(),
    );
}

/// What greenroom did.
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Done {
    pub(crate) fn all(&self) -> String {
        format!("exit code {}\n{}{}", self.code, self.stdout, self.stderr)
    }

    #[track_caller]
    pub(crate) fn good(self) -> Self {
        assert_eq!(self.code, 0, "{}", self.all());
        self
    }

    /// It failed, and what it says has this in it.
    #[track_caller]
    pub(crate) fn told(self, expected: &str) -> Self {
        let all = self.all();
        assert_ne!(self.code, 0, "{all}");
        assert!(all.contains(expected), "expected {expected:?} in\n{all}");
        assert!(!all.contains("panicked"), "{all}");
        self
    }
}

impl Place {
    pub(crate) fn new() -> Self {
        // Modules are compiled once for all places: their store is copied where it is small enough,
        // and is this one.
        let place = Self { home: tempfile::tempdir().expect("a directory"), variables: vec![] };
        fs::create_dir_all(place.home.path().join("project")).expect("writable");
        place.share_modules();
        place
    }

    /// Puts the compiled unpacker and shell where this place looks for them.
    fn share_modules(&self) {
        static COMPILED: Once = Once::new();
        let shared = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("images-modules");
        COMPILED.call_once(|| {
            let place = Self { home: tempfile::tempdir().expect("a directory"), variables: vec![] };
            fs::create_dir_all(place.home.path().join("project")).expect("writable");
            let mut command = place.command(&["exec", "sh", "-c", "true"]);
            command.env("GREENROOM_CACHE_DIR", &shared);
            assert!(command.status().expect("it starts").success());
        });
        let own = self.home.path().join("cache/modules");
        fs::create_dir_all(&own).expect("writable");
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(&own, private).expect("ours");
        for entry in fs::read_dir(shared.join("modules")).expect("it was made") {
            let entry = entry.expect("readable");
            let name = entry.file_name();
            // What is noted about files does not hold for copies.
            if !name.to_string_lossy().ends_with(".stamp") {
                let _ = fs::copy(entry.path(), own.join(name));
            }
        }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// Uses a server as npm registry.
    pub(crate) fn npm(self, url: &str) -> Self {
        self.with("npm_config_registry", url)
    }

    /// Writes the user's settings.
    pub(crate) fn settings(self, text: &str) -> Self {
        self.write("home/.config/greenroom/greenroom.toml", text)
    }

    pub(crate) fn write(self, path: &str, text: &str) -> Self {
        let path = self.home.path().join(path.strip_prefix("home/").unwrap_or(path));
        fs::create_dir_all(path.parent().expect("inside")).expect("writable");
        fs::write(path, text).expect("writable");
        self
    }

    /// A pipeline of one job with an image.
    pub(crate) fn job(self, image: &str, script: &str) -> Self {
        let text = format!("job:\n  image: {image}\n  script:\n    - {script}\n");
        self.write("project/.gitlab-ci.yml", &text)
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    #[expect(clippy::disallowed_methods, reason = "a test starts greenroom as a user does")]
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_greenroom"));
        command
            .args(arguments)
            .current_dir(self.home.path().join("project"))
            .env_clear()
            .env("HOME", self.home.path())
            .env("GREENROOM_CACHE_DIR", self.home.path().join("cache"))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        let output = self.command(arguments).output().expect("it starts");
        Done {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The names in a directory of the store of images.
    pub(crate) fn stored(&self, directory: &str) -> Vec<String> {
        let path = self.home.path().join("cache/images").join(directory);
        let Ok(entries) = fs::read_dir(path) else { return Vec::new() };
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()
    }

    /// Nothing half-made is left, and nothing was stored.
    #[track_caller]
    pub(crate) fn assert_nothing_stored(&self) {
        for directory in ["images", "trees", "refs", "tmp"] {
            assert_eq!(self.stored(directory), Vec::<String>::new(), "{directory}");
        }
    }
}
