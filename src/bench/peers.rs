//! Other ways to start something that this machine has, each found, asked for its version, and left
//! out with the reason where it is not there.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::command::Command;
use super::measure::Case;
use super::report::Skipped;
use super::watch::Watch;

/// What the search needs to know.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The variable `PATH`.
    pub path: OsString,
    /// A directory for what has to be written to start a container.
    pub scratch: PathBuf,
    /// A directory with a pipeline of two stages that run `true`.
    pub project: PathBuf,
    /// A module that does nothing.
    pub module: PathBuf,
    /// A container image that has `true`; the first that the container tool lists by default.
    pub image: Option<String>,
    /// How long each start of a peer may take.
    pub limit: Option<Duration>,
    /// Who ends what takes longer.
    pub watch: Watch,
}

impl Surroundings {
    fn command<W: Into<OsString>>(&self, words: impl IntoIterator<Item = W>) -> Command {
        Command { limit: self.limit, watch: self.watch.clone(), ..Command::new(words) }
    }
}

/// What was found.
#[derive(Default)]
pub struct Found {
    /// To be measured.
    pub cases: Vec<Case>,
    /// Not there, or not usable.
    pub skipped: Vec<Skipped>,
}

/// Looks for all of them.
pub fn peers(surroundings: &Surroundings) -> Found {
    let mut found = Found::default();
    let mut add = |name: &str, made: Result<(String, Command), String>| {
        // One that does not work is known before the measurement.
        let made = made.and_then(|(version, command)| {
            command.output()?;
            Ok((version, command))
        });
        match made {
            Ok((version, command)) => found.cases.push(Case {
                name: name.to_owned(),
                version,
                slow: false,
                trial: Box::new(command),
            }),
            Err(reason) => found.skipped.push(Skipped { name: name.to_owned(), reason }),
        }
    };
    let at = surroundings;
    add("sh -c true", tool(at, "sh", &["-c", "true"], &[]));
    add("bubblewrap, all namespaces", bubblewrap(at));
    for runtime in ["crun", "runc"] {
        add(&format!("{runtime} run"), bundle(at, runtime));
    }
    for engine in ["docker", "podman"] {
        add(&format!("{engine} run --network none"), container(at, engine));
        add(&format!("{engine} exec"), running_container(at, engine));
    }
    let module = at.module.display().to_string();
    add("wasmtime run, a no-op module", tool(at, "wasmtime", &["run", &module], &["--version"]));
    add("gitlab-ci-local, 2 stages of `true`", ci_local(at));
    found
}

/// The other local runner, in a repository of its own: it needs one, and writes into it.
fn ci_local(surroundings: &Surroundings) -> Result<(String, Command), String> {
    let words = ["--shell-executor-no-image"];
    let (version, mut command) = tool(surroundings, "gitlab-ci-local", &words, &["--version"])?;
    let directory = surroundings.scratch.join("gitlab-ci-local");
    let file = ".gitlab-ci.yml";
    let copied = std::fs::create_dir_all(&directory)
        .and_then(|()| std::fs::copy(surroundings.project.join(file), directory.join(file)));
    copied.map_err(|error| format!("its project cannot be written: {error}"))?;
    let mut init = surroundings.command(["git", "init", "--quiet"]);
    init.directory = Some(directory.clone());
    init.output().map_err(|reason| format!("it needs a git repository, and git {reason}"))?;
    command.directory = Some(directory);
    Ok((version, command))
}

/// A program of `PATH` with these arguments, and its version if it tells.
fn tool(
    surroundings: &Surroundings,
    name: &str,
    arguments: &[&str],
    version: &[&str],
) -> Result<(String, Command), String> {
    let program = find(&surroundings.path, name).ok_or("not found in PATH")?;
    let version = if version.is_empty() {
        // What `sh` is, for instance.
        program.canonicalize().ok().map(|path| path.display().to_string())
    } else {
        let words = [program.clone().into_os_string()].into_iter();
        let asked = surroundings.command(words.chain(version.iter().map(OsString::from)));
        asked.output().ok().and_then(|said| said.lines().next().map(str::to_owned))
    };
    let words = [program.into_os_string()].into_iter().chain(arguments.iter().map(OsString::from));
    Ok((version.unwrap_or_default(), surroundings.command(words)))
}

fn program(surroundings: &Surroundings, name: &str) -> Result<String, String> {
    let program = find(&surroundings.path, name).ok_or("not found in PATH")?;
    Ok(program.display().to_string())
}

fn find(path: &OsString, name: &str) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    std::env::split_paths(path).map(|directory| directory.join(name)).find(|file| {
        file.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    })
}

/// Directories that hold programs and libraries, where they are directories of their own.
fn system_directories() -> impl Iterator<Item = &'static str> {
    let all = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix", "/gnu"];
    all.into_iter().filter(|directory| Path::new(directory).is_dir())
}

fn bubblewrap(surroundings: &Surroundings) -> Result<(String, Command), String> {
    let mut arguments = vec!["--unshare-all", "--die-with-parent"];
    for directory in system_directories() {
        arguments.extend(["--ro-bind", directory, directory]);
    }
    let project = surroundings.project.display().to_string();
    arguments.extend(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]);
    arguments.extend(["--bind", &project, "/workspace", "--chdir", "/workspace", "true"]);
    tool(surroundings, "bwrap", &arguments, &["--version"])
}

/// A container without an engine: a bundle whose files are the machine's own, read-only.
fn bundle(surroundings: &Surroundings, runtime: &str) -> Result<(String, Command), String> {
    let (version, _) = tool(surroundings, runtime, &[], &["--version"])?;
    let bundle = surroundings.scratch.join(runtime);
    let failed = |error: std::io::Error| format!("its bundle cannot be written: {error}");
    std::fs::create_dir_all(bundle.join("rootfs")).map_err(failed)?;
    let program = program(surroundings, runtime)?;
    let mut spec = surroundings.command([program.as_str(), "spec"]);
    spec.directory = Some(bundle.clone());
    spec.output()?;
    let config = bundle.join("config.json");
    let text = std::fs::read_to_string(&config).map_err(failed)?;
    let mut value: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| format!("its configuration cannot be read: {error}"))?;
    value["process"]["terminal"] = false.into();
    value["process"]["args"] = serde_json::json!(["true"]);
    if let Some(mounts) = value["mounts"].as_array_mut() {
        mounts.extend(system_directories().map(|directory| {
            serde_json::json!({
                "destination": directory, "source": directory, "type": "bind",
                "options": ["rbind", "ro"],
            })
        }));
    }
    std::fs::write(&config, value.to_string()).map_err(failed)?;
    let name = format!("greenroom-bench-{}", std::process::id());
    let mut command = surroundings.command([program.as_str(), "run", &name]);
    command.directory = Some(bundle);
    Ok((version, command))
}

fn container(surroundings: &Surroundings, engine: &str) -> Result<(String, Command), String> {
    let (version, image) = engine_and_image(surroundings, engine)?;
    let program = program(surroundings, engine)?;
    let words = [&program, "run", "--rm", "--network", "none", &image, "true"];
    Ok((version, surroundings.command(words)))
}

/// `exec` into a container that the user has running; none is started for the purpose.
fn running_container(
    surroundings: &Surroundings,
    engine: &str,
) -> Result<(String, Command), String> {
    let (version, _) = tool(surroundings, engine, &[], &["--version"])?;
    let program = program(surroundings, engine)?;
    let running = surroundings.command([program.as_str(), "ps", "--quiet"]).output()?;
    let container = running.lines().next().ok_or("no container is running")?;
    Ok((version, surroundings.command([program.as_str(), "exec", container, "true"])))
}

fn engine_and_image(surroundings: &Surroundings, engine: &str) -> Result<(String, String), String> {
    let (version, _) = tool(surroundings, engine, &[], &["--version"])?;
    if let Some(image) = &surroundings.image {
        return Ok((version, image.clone()));
    }
    let format = ["images", "--format", "{{.Repository}}:{{.Tag}}"];
    let program = program(surroundings, engine)?;
    let images = surroundings.command([program.as_str()].into_iter().chain(format)).output()?;
    let image = images.lines().find(|image| !image.contains("<none>"));
    let image = image.ok_or("there is no image on this machine; name one with --peer-image")?;
    Ok((version, image.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_left_out_with_the_reason() {
        let scratch = tempfile::tempdir().unwrap();
        let bin = scratch.path().join("bin");
        std::fs::create_dir(&bin).unwrap();
        std::os::unix::fs::symlink("/bin/sh", bin.join("sh")).unwrap();
        let surroundings = Surroundings {
            path: bin.into(),
            scratch: scratch.path().to_owned(),
            project: scratch.path().to_owned(),
            ..Surroundings::default()
        };
        let found = peers(&surroundings);
        assert_eq!(found.cases.len(), 1, "only sh");
        assert!(!found.cases[0].version.is_empty());
        assert!(found.skipped.iter().all(|skipped| skipped.reason == "not found in PATH"));
        assert!(found.skipped.iter().any(|skipped| skipped.name.starts_with("podman")));
    }

    #[test]
    fn what_does_not_work_is_left_out_with_its_words() {
        use std::os::unix::fs::PermissionsExt;
        let scratch = tempfile::tempdir().unwrap();
        let docker = scratch.path().join("docker");
        std::fs::write(&docker, "#!/bin/sh\necho no daemon >&2\nexit 1\n").unwrap();
        std::fs::set_permissions(&docker, PermissionsExt::from_mode(0o755)).unwrap();
        let surroundings = Surroundings {
            path: scratch.path().into(),
            image: Some("x".to_owned()),
            scratch: scratch.path().to_owned(),
            ..Surroundings::default()
        };
        let found = peers(&surroundings);
        let docker = found.skipped.iter().find(|skipped| skipped.name.starts_with("docker run"));
        assert!(docker.is_some_and(|skipped| skipped.reason.contains("no daemon")));
    }
}
