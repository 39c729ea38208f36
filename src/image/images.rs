//! All images of a run.

use super::alias::{Aliases, Resolved};
use super::content::Image;
use super::path;
use super::reference::Reference;
use super::wrapper;
use crate::sandbox::HostDirectory;
use crate::settings::Settings;

/// Opens images as the settings say.
#[derive(Debug)]
pub struct Images {
    settings: Settings,
    aliases: Aliases,
}

impl Images {
    /// The images of a run.
    ///
    /// # Errors
    /// If the settings' aliases or commands make no sense.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        let aliases = Aliases::new(settings)?;
        wrapper::commands(settings)?;
        Ok(Self { settings: settings.clone(), aliases })
    }

    /// What a name stands for.
    ///
    /// # Errors
    /// If the settings lead nowhere.
    pub fn resolve(&self, name: &str) -> Result<Resolved, String> {
        self.aliases.resolve(name).map_err(|reason| format!("image `{name}`: {reason}"))
    }

    /// What a name stands for, if it can be used at all: told without opening anything.
    ///
    /// # Errors
    /// As for [`Images::open`].
    pub fn check(&self, project: &HostDirectory, name: &str) -> Result<Resolved, String> {
        let resolved = self.resolve(name)?;
        for part in &resolved.parts {
            if let Reference::Short(short) = reference(project, part)? {
                return Err(no_alias(name, &short));
            }
        }
        Ok(resolved)
    }

    /// Opens the image of a job, with the commands that the settings add; only the latter if it has
    /// none.
    ///
    /// # Errors
    /// What is wrong, with the image's name and what to do next.
    pub fn open(&self, project: &HostDirectory, name: Option<&str>) -> Result<Image, String> {
        let mut image = Image { commands: wrapper::commands(&self.settings)?, ..Image::default() };
        let Some(name) = name else { return Ok(image) };
        let resolved = self.resolve(name)?;
        for part in &resolved.parts {
            let opened = match reference(project, part)? {
                Reference::Path(path) => path::open(project, &path)?,
                Reference::Short(short) => return Err(no_alias(name, &short)),
                Reference::Npm(_) | Reference::Url(_) | Reference::Oci(_) => {
                    return Err(format!(
                        "image `{part}` is not in the project, and greenroom cannot download it \
                         yet; download it into the project and write its path"
                    ));
                }
            };
            image.add(opened, part);
        }
        if let Some(entrypoint) = resolved.entrypoint {
            image.entrypoint = entrypoint;
        }
        Ok(image)
    }
}

fn reference(project: &HostDirectory, part: &str) -> Result<Reference, String> {
    Reference::parse(part, |path| path::exists(project, path))
        .map_err(|error| format!("image `{part}`: {error}"))
}

fn no_alias(name: &str, short: &str) -> String {
    let through = if name == short { String::new() } else { format!(" (for `{name}`)") };
    let pattern = match name.split_once(':') {
        Some((repository, _)) => format!("{repository}:*"),
        None => name.to_owned(),
    };
    format!(
        "image `{short}`{through} is the name of a container image, and no alias says which \
         WebAssembly image to use instead; add one to greenroom.toml, \
         [images] \"{pattern}\" = \"npm:…\" (or a path such as \"./tools/php.wasm\"), or leave \
         `image` out if the built-in commands are enough"
    )
}
