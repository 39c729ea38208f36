use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use clap::Args;

use super::OnStderr;
use super::check::{interface, loadable};
use super::function::{self, Local};
use crate::cli::environment::{Color, Environment};
use crate::cli::exit_code::Exit;
use crate::cli::failure::Failure;
use crate::cli::images::{self, ImageArgs};
use crate::cli::{print, sandbox, settings};
use crate::diagnostic::Diagnostics;
use crate::function::module::{Binary, SECTION, embed, embedded};
use crate::function::{Body, Definition, FILES, Module, SILENT, typed};
use crate::image::{Artifact, Images, OciReference, Reference};
use crate::sandbox::{HostDirectory, Limits};

/// The largest module that is published.
const MAX_MODULE: u64 = 512 << 20;

/// Publish a step in an OCI registry.
///
/// The module is published as one artifact, in the CNCF's layout for WebAssembly, with the step's
/// func.yml in a section of its own; a typed step as it is. It has to be all that the step consists of. Credentials are
/// those of `docker login`, or of DOCKER_AUTH_CONFIG.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    greenroom step publish registry.example.com/me/lint:1.0.0 steps/lint")]
pub(super) struct PublishArgs {
    /// Where to: HOST/REPOSITORY:TAG.
    #[arg(value_name = "REF")]
    reference: String,

    /// Directory with a func.yml, or the .wasm file of a typed step.
    #[arg(value_name = "DIR", default_value = ".")]
    path: PathBuf,
}

/// Show what a published step takes, returns and needs.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    greenroom step inspect registry.example.com/me/lint:1.0.0\n  \
    greenroom step inspect steps/lint/lint.wasm")]
pub(super) struct InspectArgs {
    /// HOST/REPOSITORY:TAG, npm:NAME@VERSION, https://…#sha256=…, or a file.
    #[arg(value_name = "REF")]
    reference: String,

    #[command(flatten)]
    images: ImageArgs,
}

pub(super) fn publish(
    args: &PublishArgs,
    environment: &Environment,
    color: Color,
) -> Result<Exit, Failure> {
    let reference = oci(&args.reference)?;
    let local = function::open(&args.path, environment, color)?;
    loadable(&local, environment)?;
    let module = module(&local)?;
    let mut start = std::io::Cursor::new(&module);
    let (binary, before) = embedded(&mut start)
        .map_err(|error| Failure::new(Exit::InvalidPipeline, error.to_string()))?;
    // A typed step says itself what it takes and returns.
    let typed = matches!(local.definition.body, Body::Component);
    if before.is_some() {
        return Err(Failure::new(
            Exit::InvalidPipeline,
            format!("the module has a section `{SECTION}` already"),
        )
        .help("publish the module as it was built"));
    }
    let bytes = if typed { module } else { embed(&module, &text(&local)?) };
    let component = match binary {
        Binary::Module => None,
        Binary::Component => {
            let found = crate::sandbox::interface(&bytes);
            Some(found.map_err(|error| Failure::new(Exit::InvalidPipeline, error))?)
        }
    };
    let created = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let annotations = BTreeMap::from([
        ("org.opencontainers.image.created".to_owned(), created.clone()),
        ("org.opencontainers.image.title".to_owned(), title(&reference)),
    ]);
    let size = bytes.len();
    let artifact = Artifact { module: bytes, component, annotations, created };
    let digest = with_images(&ImageArgs::default(), environment, color, async |images| {
        images
            .publish(&reference, artifact)
            .await
            .map_err(|error| Failure::unable(error.to_string()))
    })?;
    let OciReference { registry, repository, tag, .. } = &reference;
    let tag = tag.as_deref().unwrap_or_default();
    print(&format!("{registry}/{repository}:{tag}@{digest} {size} bytes\n"))?;
    Ok(Exit::Success)
}

pub(super) fn inspect(
    args: &InspectArgs,
    environment: &Environment,
    color: Color,
) -> Result<Exit, Failure> {
    let path = Path::new(&args.reference);
    let named = args.reference.starts_with(['.', '/']) || path.is_file();
    let (file, digest) = if named {
        let file = std::fs::File::open(path)
            .map_err(|error| Failure::usage(format!("{}: {error}", args.reference)))?;
        (file, None)
    } else {
        let reference = Reference::parse(&args.reference, |_| false)
            .map_err(|error| Failure::usage(format!("`{}`: {error}", args.reference)))?;
        with_images(&args.images, environment, color, async |images| {
            let nowhere = HostDirectory::from(".");
            let tree = images.open_reference(&nowhere, &reference, &[], &()).await;
            let tree = tree.map_err(|error| Failure::unable(error.to_string()))?;
            let Some(module) = tree.path.clone().or_else(|| tree.config.module.clone()) else {
                return Err(Failure::unable(format!("`{}` is not one module", args.reference))
                    .help("name the module in it, e.g. npm:NAME@VERSION/path/step.wasm"));
            };
            let cannot = |error| Failure::unable(format!("cannot open {module}: {error}"));
            let root = tree.root.dir().map_err(cannot)?;
            let file = root.open(&module).map_err(cannot)?.into_std();
            Ok((file, tree.digest))
        })?
    };
    show(&args.reference, file, digest.map(|digest| digest.to_string()), environment, color)
}

fn show(
    name: &str,
    mut file: std::fs::File,
    digest: Option<String>,
    environment: &Environment,
    color: Color,
) -> Result<Exit, Failure> {
    let cannot =
        |error: std::io::Error| Failure::new(Exit::InvalidPipeline, format!("{name}: {error}"));
    let size = file.metadata().map_err(cannot)?.len();
    let (binary, _) = embedded(&mut file).map_err(cannot)?;
    let invalid = |text: String| Failure::new(Exit::InvalidPipeline, format!("{name}{text}"));
    let found = crate::executor::module(&mut file)
        .map_err(|reason| invalid(format!(" cannot be used as a step: {reason}")))?;
    let (definition, kind) = match (found, binary) {
        (Module::Silent, _) => {
            let silent = " does not say what it takes and returns".to_owned();
            return Err(invalid(silent).help(SILENT));
        }
        (Module::Typed(signature), _) => (typed(&signature, name), "typed component (wasip2)"),
        (Module::Text(text), binary) => {
            let mut diagnostics = Diagnostics::new();
            let definition = crate::function::read(FILES[0], &text, &mut diagnostics);
            if !diagnostics.is_empty() {
                crate::cli::tell(&diagnostics.render(environment.diagnostic_style(color)));
            }
            let told = || Failure::told(Exit::InvalidPipeline);
            let kind = match binary {
                Binary::Module => "module (wasip1)",
                Binary::Component => "component (wasip2)",
            };
            (definition.ok_or_else(told)?, kind)
        }
    };
    let digest = digest.map(|digest| format!("digest: {digest}\n")).unwrap_or_default();
    print(&format!("{kind}, {size} bytes\n{digest}{}", interface(&definition)))?;
    Ok(Exit::Success)
}

fn oci(text: &str) -> Result<OciReference, Failure> {
    match Reference::parse(text, |_| false) {
        Ok(Reference::Oci(reference)) => Ok(reference),
        Ok(_) => Err(Failure::usage(format!("`{text}` is no place in an OCI registry"))
            .help("write HOST/REPOSITORY:TAG")),
        Err(error) => Err(Failure::usage(format!("`{text}`: {error}"))),
    }
}

fn title(reference: &OciReference) -> String {
    reference.repository.rsplit('/').next().unwrap_or_default().to_owned()
}

/// The module that is the function's program.
fn module(local: &Local) -> Result<Vec<u8>, Failure> {
    let invalid = |text: &str| Failure::new(Exit::InvalidPipeline, text.to_owned());
    let typed = matches!(local.definition.body, Body::Component).then(|| local.file());
    let program = program(&local.definition).map(|program| local.directory().join(program));
    let path = typed.or(program).ok_or_else(|| {
        invalid("only a step whose program is one module of its own can be published").help(
            "its `command` has to begin with `${{ func_dir }}/NAME.wasm`; steps of scripts and \
             steps made of steps are used from the project",
        )
    })?;
    let cannot = |error: std::io::Error| invalid(&format!("{}: {error}", path.display()));
    let file = std::fs::File::open(&path).map_err(cannot)?;
    let mut bytes = Vec::new();
    file.take(MAX_MODULE + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > MAX_MODULE {
        return Err(invalid(&format!("{} is larger than 512 MiB", path.display())));
    }
    Ok(bytes)
}

/// The path of a function's module in its directory.
fn program(definition: &Definition) -> Option<String> {
    let Body::Exec { command, .. } = &definition.body else { return None };
    let context = crate::function::StepContext::new().with("func_dir", "/func");
    let program = command.first()?.evaluate(&context).ok()?.to_string();
    let below = program.strip_prefix("/func/").filter(|path| path.ends_with(".wasm"))?;
    Some(below.to_owned())
}

fn text(local: &Local) -> Result<Vec<u8>, Failure> {
    let path = local.file();
    std::fs::read(&path)
        .map_err(|error| Failure::unable(format!("cannot read {}: {error}", path.display())))
}

/// Does something with the store and the registries.
fn with_images<T>(
    args: &ImageArgs,
    environment: &Environment,
    color: Color,
    act: impl AsyncFnOnce(&Images) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let settings = settings::read(None, None, environment, color)?;
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::unable(format!("cannot start threads: {error}")))?;
    let sandbox = sandbox::sandbox(environment, &Limits::default(), Some(1), Arc::new(OnStderr))?;
    let images = images::images(args, &settings, None, environment, &sandbox)?;
    let result = runtime.block_on(act(&images));
    runtime.shutdown_background();
    result
}
