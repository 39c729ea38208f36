//! What an image costs: to be ready once more, to be compiled, to be unpacked; the latter two beside
//! wasmtime's own defaults and `tar`.

#[path = "../tests/http/server.rs"]
mod server;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio as Pipe};
use std::sync::Arc;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use greenroom::compiler::OwnProcess;
use greenroom::image::{DockerConfig, Images, LockFile, NpmConfig, Sources};
use greenroom::sandbox::{
    DiskLimits, JobSpec, Limits, MountSpec, OutputSink, OutputStream, OwnProgram, ProgramSpec,
    Sandbox, SandboxConfig, Stdio,
};
use greenroom::settings::Settings;
use server::{Answer, Server};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Functions of about a kilobyte of code each, and data as an interpreter carries its library.
fn module(functions: usize, data: usize) -> Vec<u8> {
    let mut text = String::from("(module (memory (export \"memory\") 600)\n");
    for function in 0..functions {
        text.push_str("(func (param i32 i32) (result i32) (local i32 i64)\n");
        for step in 0..30 {
            let _ = write!(
                text,
                "(local.set 2 (i32.xor (i32.mul (local.get 0) (i32.const {}))
                    (i32.load offset={} (i32.and (local.get 1) (i32.const 65535)))))
                 (if (i32.lt_s (local.get 2) (local.get 0))
                    (then (i32.store offset=16 (i32.and (local.get 2) (i32.const 4095)) (local.get 1)))
                    (else (local.set 0 (i32.add (local.get 2) (i32.const {step})))))\n",
                function * 31 + step + 7,
                step * 8,
            );
        }
        text.push_str("(local.get 0))\n");
    }
    let _ = write!(text, "(data (i32.const 65536) \"{}\")", "greenroom ".repeat(data / 10));
    text.push_str("(func (export \"_start\")))");
    wat::parse_str(text).expect("valid text")
}

/// A store with images, each a module at an address.
struct Place {
    directory: TempDir,
    runtime: Runtime,
}

impl Place {
    fn new() -> Self {
        let runtime = Runtime::new().expect("threads");
        Self { directory: tempfile::tempdir().expect("a directory"), runtime }
    }

    fn sandbox(&self, modules: &str) -> Sandbox {
        let greenroom = PathBuf::from(env!("CARGO_BIN_EXE_greenroom"));
        let config = SandboxConfig {
            store: Some(self.directory.path().join(modules)),
            compiler: Some(Arc::new(OwnProcess::of(greenroom))),
            jobs: 2,
            ..SandboxConfig::default()
        };
        Sandbox::new(config).expect("a sandbox")
    }

    fn images(&self, sandbox: &Sandbox) -> Images {
        let sources = Sources {
            store: self.directory.path().join("images"),
            npm: NpmConfig::default(),
            docker: DockerConfig::default(),
            sandbox: sandbox.clone(),
            lock: LockFile::default(),
            locked: false,
            pull_policy: None,
        };
        let images = Images::new(&Settings::default()).expect("no aliases");
        images.with_sources(sources).expect("a store")
    }

    /// Opens an image and loads all that it has.
    fn ready(&self, sandbox: &Sandbox, images: &Images, image: &str) {
        let project = self.directory.path().to_owned().into();
        self.runtime.block_on(async {
            let opened = images.open(&project, Some(image), &[], &()).await.expect("it is there");
            for (file, name) in opened.modules().expect("readable") {
                sandbox.preload(file, &name).await.expect("a module");
            }
        });
    }
}

fn ready(c: &mut Criterion) {
    let large = module(300, 26_000_000);
    let hex: String = Sha256::digest(&large).iter().map(|b| format!("{b:02x}")).collect();
    let packed = tar(&[("other", b"another image".as_slice()), ("bin/large.wasm", &large)]);
    let packed_hex: String = Sha256::digest(&packed).iter().map(|b| format!("{b:02x}")).collect();
    let (one, two) = (large.clone(), packed);
    let server = Server::start(move |incoming| match incoming.path.as_str() {
        "/large.wasm" => Answer::ok(one.clone()),
        _ => Answer::ok(two.clone()),
    });
    let alone = format!("{}#sha256={hex}", server.url("/large.wasm"));
    let shared = format!("{}#sha256={packed_hex}", server.url("/image.tar"));
    let place = Place::new();
    {
        let sandbox = place.sandbox("modules");
        let images = place.images(&sandbox);
        place.ready(&sandbox, &images, &alone);
    }
    // A note of what was authenticated needs a file that is some seconds old.
    std::thread::sleep(std::time::Duration::from_secs(5));
    place.ready(&place.sandbox("modules"), &place.images(&place.sandbox("modules")), &alone);
    let mut group = c.benchmark_group("ready");
    group.sample_size(20);
    group.bench_function("second run, 26 MB", |b| {
        b.iter_batched(
            || {
                let sandbox = place.sandbox("modules");
                let images = place.images(&sandbox);
                (sandbox, images)
            },
            |(sandbox, images)| place.ready(&sandbox, &images, &alone),
            BatchSize::PerIteration,
        );
    });
    // Pulled by the first turn; its module is that of the other image.
    let sandbox = place.sandbox("modules");
    place.ready(&sandbox, &place.images(&sandbox), &shared);
    std::thread::sleep(std::time::Duration::from_secs(5));
    group.bench_function("another image with the same module", |b| {
        b.iter_batched(
            || {
                let sandbox = place.sandbox("modules");
                let images = place.images(&sandbox);
                (sandbox, images)
            },
            |(sandbox, images)| place.ready(&sandbox, &images, &shared),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn compile(c: &mut Criterion) {
    let place = Place::new();
    let mut group = c.benchmark_group("compile");
    group.sample_size(10);
    for (name, functions) in [("2 MB of code", 1500), ("100 kB of code", 70)] {
        let bytes = module(functions, 0);
        let path = place.directory.path().join("module.wasm");
        fs::write(&path, &bytes).expect("writable");
        let mut turn = 0;
        group.bench_function(format!("{name}/greenroom"), |b| {
            b.iter_batched(
                || {
                    turn += 1;
                    let file = File::open(&path).expect("readable");
                    (place.sandbox(&format!("{functions}-{turn}")), file)
                },
                |(sandbox, file)| {
                    place.runtime.block_on(sandbox.preload(file, "module.wasm")).expect("valid");
                },
                BatchSize::PerIteration,
            );
        });
        let engine = wasmtime::Engine::default();
        group.bench_function(format!("{name}/wasmtime"), |b| {
            b.iter(|| {
                let code = engine.precompile_module(&bytes).expect("valid");
                fs::write(place.directory.path().join("module.cwasm"), code).expect("writable");
            });
        });
    }
    group.finish();
}

/// A tar archive of files.
fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, content) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().expect("inside")).expect("writable");
        fs::write(path, content).expect("writable");
    }
    pack(directory.path(), "-cf")
}

fn pack(directory: &Path, how: &str) -> Vec<u8> {
    let packed = Command::new("tar").arg(how).arg("-").arg("-C").arg(directory).arg(".").output();
    packed.expect("tar is there").stdout
}

/// A layer of about 100 MB: 2,000 files of text and of what cannot be compressed.
fn layer() -> Vec<u8> {
    let directory = tempfile::tempdir().expect("a directory");
    let mut state = 1_u64;
    for file in 0..2000 {
        let mut content = Vec::with_capacity(100_000);
        while content.len() < 100_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let word = (state >> 32) as u32;
            if content.len() < 50_000 {
                content.extend_from_slice(&word.to_le_bytes());
            } else {
                content.extend_from_slice(if word & 1 == 0 {
                    b"return None\n"
                } else {
                    b"import sys\n"
                });
            }
        }
        let place = directory.path().join(format!("usr/lib/{}", file / 100));
        fs::create_dir_all(&place).expect("writable");
        fs::write(place.join(format!("{file}.py")), content).expect("writable");
    }
    pack(directory.path(), "-czf")
}

struct Nowhere;

#[async_trait::async_trait]
impl OutputSink for Nowhere {
    async fn write(&self, _: OutputStream, _: &[u8]) {}
}

fn unpack(c: &mut Criterion) {
    let place = Place::new();
    let archive = place.directory.path().join("layer.tar.gz");
    let bytes = layer();
    let mut file = File::create(&archive).expect("writable");
    file.write_all(&bytes).expect("writable");
    let sandbox = place.sandbox("modules");
    let fresh = || tempfile::tempdir_in(place.directory.path()).expect("a directory");
    let greenroom = |into: TempDir| {
        let limits =
            Limits { disk: DiskLimits { bytes: 4 << 30, files: 200_000 }, ..Limits::default() };
        let out =
            MountSpec { host: into.path().into(), guest: "/out".to_owned(), read_only: false };
        let spec = JobSpec {
            mounts: vec![out],
            commands: Vec::new(),
            limits,
            sink: Arc::new(Nowhere),
            observer: None,
        };
        let job = sandbox.job(spec).expect("a job");
        let program = ProgramSpec {
            program: b"unpack".to_vec(),
            module: None,
            arguments: vec![
                b"unpack".to_vec(),
                b"layer".to_vec(),
                (4_u64 << 30).to_string().into_bytes(),
            ],
            environment: Vec::new(),
            cwd: "/out".to_owned(),
            stdio: [
                Stdio::Host(File::open(&archive).expect("readable").into()),
                Stdio::Null,
                Stdio::Null,
            ],
        };
        let exit = place.runtime.block_on(job.run_own(OwnProgram::Unpack, program));
        assert_eq!(exit.expect("it runs").status, 0);
        into
    };
    greenroom(fresh());
    let mut group = c.benchmark_group("unpack");
    group.sample_size(10);
    group.bench_function("100 MB layer/greenroom", |b| {
        b.iter_batched(fresh, greenroom, BatchSize::PerIteration);
    });
    group.bench_function("100 MB layer/tar", |b| {
        b.iter_batched(
            fresh,
            |into| {
                let mut tar = Command::new("tar");
                tar.arg("-xzf").arg(&archive).arg("-C").arg(into.path()).stdout(Pipe::null());
                assert!(tar.status().expect("tar is there").success());
                into
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, ready, compile, unpack);
criterion_main!(benches);
