//! Commands that cannot do here what they do elsewhere, and why.

/// Why a command cannot work.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Reason {
    /// What is so, in words that follow the command's name.
    pub message: &'static str,
    /// What to do about it.
    pub help: &'static str,
    /// Whether all that is missing is a network.
    pub network: bool,
}

const fn never(message: &'static str, help: &'static str) -> Reason {
    Reason { message, help, network: false }
}

static CONTAINER: Reason = never(
    "cannot run in the sandbox: there is no container engine and no way to start one",
    "keep the job for GitLab with `rules`, or call what it does directly",
);
static PACKAGES: Reason = never(
    "cannot run in the sandbox: there is no system to install packages into",
    "bring the tools as WebAssembly modules, in `image` or with `[commands]` of the settings, and \
     skip the line where `$CI_RUNNER_DESCRIPTION` is `greenroom`",
);
static ROOT: Reason = never(
    "cannot run in the sandbox: there are no other users and no system to administer",
    "leave it out: a job may write its workspace and /tmp without it",
);
static SSH: Reason = never(
    "cannot run in the sandbox: there is no network and no agent",
    "keep the job for GitLab with `rules`",
);
static CLUSTER: Reason = never(
    "cannot run in the sandbox: it needs a network and is no WebAssembly module",
    "keep the job for GitLab with `rules`",
);
static WINDOWS: Reason = never(
    "cannot run in the sandbox, which has a shell like bash and no Windows",
    "keep the job for GitLab with `rules`",
);
static NETWORK: Reason = Reason {
    message: "finds no network in the sandbox",
    help: "bring what it would fetch into the workspace before the run",
    network: true,
};

/// Commands that never work, by kind.
const NEVER: &[(&Reason, &[&str])] = &[
    (
        &CONTAINER,
        &[
            "buildah",
            "containerd",
            "crictl",
            "ctr",
            "docker",
            "docker-compose",
            "dockerd",
            "nerdctl",
            "podman",
            "podman-compose",
        ],
    ),
    (
        &PACKAGES,
        &[
            "apk", "apt", "apt-get", "aptitude", "brew", "dnf", "dpkg", "emerge", "microdnf",
            "pacman", "rpm", "snap", "yum", "zypper",
        ],
    ),
    (
        &ROOT,
        &[
            "adduser",
            "chroot",
            "doas",
            "groupadd",
            "insmod",
            "iptables",
            "modprobe",
            "mount",
            "service",
            "su",
            "sudo",
            "sysctl",
            "systemctl",
            "umount",
            "update-ca-certificates",
            "useradd",
            "usermod",
        ],
    ),
    (&SSH, &["mosh", "scp", "sftp", "ssh", "ssh-add", "ssh-agent", "ssh-keyscan", "sshpass"]),
    (
        &CLUSTER,
        &[
            "ansible",
            "ansible-playbook",
            "aws",
            "az",
            "eksctl",
            "flyctl",
            "gcloud",
            "helm",
            "heroku",
            "kubectl",
            "oc",
            "pulumi",
            "terraform",
            "tofu",
            "vault",
        ],
    ),
    (&WINDOWS, &["choco", "cmd.exe", "msbuild", "powershell", "pwsh", "winget"]),
];

/// Commands that fetch or send: with any of these as a further word, or always.
const FETCH: &[(&str, &[&str])] = &[
    ("bundle", &["install", "update"]),
    ("cargo", &["fetch", "install", "publish", "search", "update"]),
    ("composer", &["create-project", "install", "require", "update"]),
    ("conda", &["create", "install", "update"]),
    ("curl", &[]),
    ("dotnet", &["restore"]),
    ("gem", &["install", "push"]),
    ("gh", &[]),
    ("git", &["clone", "fetch", "ls-remote", "pull", "push"]),
    ("glab", &[]),
    ("go", &["get", "install"]),
    ("micromamba", &["create", "install"]),
    ("npm", &["add", "ci", "i", "install", "publish", "update"]),
    ("npx", &[]),
    ("nuget", &["install", "push", "restore"]),
    ("pip", &["download", "install"]),
    ("pip3", &["download", "install"]),
    ("pipx", &["install", "run"]),
    ("pnpm", &["add", "dlx", "i", "install", "update"]),
    ("poetry", &["add", "install", "publish", "update"]),
    ("rustup", &[]),
    ("skopeo", &[]),
    ("twine", &["upload"]),
    ("uv", &["add", "pip", "sync", "tool"]),
    ("uvx", &[]),
    ("wget", &[]),
    ("yarn", &["add", "dlx", "install"]),
];

/// Why a command cannot work, by its words. Words that are not known are empty.
pub fn reason(words: &[String]) -> Option<&'static Reason> {
    let (name, rest) = words.split_first()?;
    if let Some((reason, _)) = NEVER.iter().find(|(_, names)| names.contains(&name.as_str())) {
        return Some(reason);
    }
    let rest = match name.as_str() {
        "python" | "python3" => match rest {
            [option, module, rest @ ..] if option == "-m" && module == "pip" => {
                return reason_of_fetch("pip", rest);
            }
            _ => return None,
        },
        _ => rest,
    };
    reason_of_fetch(name, rest)
}

fn reason_of_fetch(name: &str, rest: &[String]) -> Option<&'static Reason> {
    let (_, verbs) = FETCH.iter().find(|(other, _)| *other == name)?;
    let fetches = verbs.is_empty() || verb(rest).is_some_and(|verb| verbs.contains(&verb));
    let asks = rest.iter().any(|word| matches!(word.as_str(), "--version" | "-V" | "--help"));
    (fetches && !asks).then_some(&NETWORK)
}

/// The first word that is neither an option nor the value of one, as in `git -C dir fetch`.
fn verb(words: &[String]) -> Option<&str> {
    const WITH_VALUE: [&str; 6] = ["-C", "-c", "--prefix", "--directory", "--cwd", "--git-dir"];
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        if WITH_VALUE.contains(&word) {
            words.next();
        } else if !word.starts_with('-') {
            return Some(word);
        }
    }
    None
}
