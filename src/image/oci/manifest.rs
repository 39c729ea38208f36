//! Manifests: what an image or artifact is made of.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::image::digest::Digest;

/// Media types that are asked for.
pub(super) const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// Layers of one image.
const MAX_LAYERS: usize = 128;
/// The largest layer, compressed.
const MAX_LAYER: u64 = 4 << 30;

/// What a registry answers: an index of manifests by platform, or a manifest.
#[derive(Debug, Deserialize)]
pub(super) struct Document {
    #[serde(default)]
    pub(super) manifests: Vec<Entry>,
    pub(super) config: Option<Descriptor>,
    #[serde(default)]
    pub(super) layers: Vec<Descriptor>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

/// A manifest of an index.
#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    digest: String,
    platform: Option<Platform>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Platform {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
}

/// A blob.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Descriptor {
    #[serde(rename = "mediaType")]
    pub(super) media_type: String,
    pub(super) digest: String,
    pub(super) size: u64,
    #[serde(default)]
    pub(super) annotations: BTreeMap<String, String>,
}

/// A container image's configuration, and an artifact's.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Configuration {
    #[serde(flatten)]
    pub(super) platform: Platform,
    #[serde(default)]
    pub(super) config: Option<Run>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Run {
    #[serde(default)]
    pub(super) entrypoint: Option<Vec<String>>,
    #[serde(default)]
    pub(super) cmd: Option<Vec<String>>,
    #[serde(default)]
    pub(super) env: Option<Vec<String>>,
}

/// What a manifest describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One module or component, as the CNCF's layout and its predecessors have it.
    Artifact,
    /// A container image.
    Container,
}

impl Platform {
    /// How much it is what runs here: a command of preview 1 first.
    fn rank(&self) -> Option<u8> {
        let is_wasm = matches!(self.architecture.as_str(), "wasm" | "wasm32");
        match self.os.as_str() {
            "wasip1" if is_wasm => Some(0),
            "wasi" if is_wasm => Some(1),
            "wasip2" if is_wasm => Some(2),
            // Some builders know no such system: `--platform linux/wasm32`, or none at all.
            "" | "linux" if is_wasm => Some(3),
            _ => None,
        }
    }

    pub(super) fn is_wasm(&self) -> bool {
        self.rank().is_some()
    }

    /// Whether it is one of components.
    pub(super) fn is_component(&self) -> bool {
        self.os == "wasip2"
    }

    pub(super) fn shown(&self) -> String {
        format!("{}/{}", self.os, self.architecture)
    }
}

impl Document {
    /// Whether it is an index.
    pub(super) fn is_index(&self) -> bool {
        !self.manifests.is_empty() && self.config.is_none()
    }

    /// The manifest of an index that runs here.
    pub(super) fn choose(&self) -> Result<Digest, String> {
        let ranked = self
            .manifests
            .iter()
            .filter_map(|entry| Some((entry.platform.as_ref()?.rank()?, entry)));
        let Some((_, entry)) = ranked.min_by_key(|(rank, _)| *rank) else {
            let mut known: Vec<String> = self
                .manifests
                .iter()
                .filter_map(|entry| entry.platform.as_ref())
                .map(Platform::shown)
                .filter(|platform| platform != "unknown/unknown")
                .collect();
            known.sort();
            known.dedup();
            return Err(no_platform(&known));
        };
        Digest::parse(&entry.digest).ok_or_else(|| format!("{:?} is not a digest", entry.digest))
    }

    /// Whether its annotations say that it is WebAssembly, whatever its platform.
    pub(super) fn is_marked_as_wasm(&self) -> bool {
        self.annotations.contains_key("module.wasm.image/variant")
            || self.annotations.get("run.oci.handler").is_some_and(|handler| handler == "wasm")
    }

    /// What it describes. Its layers are as the layout wants them.
    pub(super) fn kind(&self) -> Result<Kind, String> {
        let config = self.config.as_ref().ok_or("its manifest has no configuration")?;
        let is_wasm = |layer: &Descriptor| {
            matches!(
                layer.media_type.as_str(),
                "application/wasm"
                    | "application/vnd.wasm.content.layer.v1+wasm"
                    | "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm"
            )
        };
        for layer in &self.layers {
            if layer.size > MAX_LAYER {
                let limit = MAX_LAYER >> 30;
                return Err(format!(
                    "its layer {} has {} bytes, more than the limit of {limit} GiB",
                    layer.digest, layer.size
                ));
            }
        }
        if self.layers.len() > MAX_LAYERS {
            let count = self.layers.len();
            return Err(format!("it has {count} layers, more than the limit of {MAX_LAYERS}"));
        }
        if config.media_type.starts_with("application/vnd.wasm.config.")
            || self.layers.iter().any(is_wasm)
        {
            return match self.layers.as_slice() {
                [layer] if is_wasm(layer) => Ok(Kind::Artifact),
                [layer] => Err(format!(
                    "its layer is of the type {}, and an artifact's is application/wasm",
                    layer.media_type
                )),
                layers => Err(format!(
                    "it has {} layers, and a WebAssembly artifact has exactly one; a newer layout \
                     needs a newer greenroom",
                    layers.len()
                )),
            };
        }
        let is_image = matches!(
            config.media_type.as_str(),
            "application/vnd.oci.image.config.v1+json"
                | "application/vnd.docker.container.image.v1+json"
        );
        if !is_image {
            return Err(format!(
                "it is neither an image nor a WebAssembly artifact: its configuration is of the \
                 type {}",
                config.media_type
            ));
        }
        let foreign = self.layers.iter().find(|layer| {
            !layer.media_type.contains(".tar") || layer.media_type.contains("foreign")
        });
        match foreign {
            Some(layer) => {
                Err(format!("its layers of the type {} are not known", layer.media_type))
            }
            None => Ok(Kind::Container),
        }
    }
}

/// Says that nothing in it runs here.
pub(super) fn no_platform(known: &[String]) -> String {
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    format!(
        "it has no WebAssembly platform (it has {known}), so it cannot run here, and no alias says \
         what to use instead; add one to greenroom.toml: [images] \"NAME\" = \"npm:…\""
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(json: &str) -> Document {
        serde_json::from_str(json).expect("valid JSON")
    }

    #[test]
    fn the_platform_that_runs_here_is_chosen() {
        let digest = |c: &str| format!("sha256:{}", c.repeat(64));
        let entry = |c: &str, os: &str, architecture: &str| {
            let digest = digest(c);
            format!(
                r#"{{"digest": "{digest}", "platform": {{"os": "{os}", "architecture": "{architecture}"}}}}"#
            )
        };
        let index =
            |entries: &[String]| document(&format!(r#"{{"manifests": [{}]}}"#, entries.join(",")));
        let all = [
            entry("1", "linux", "amd64"),
            entry("2", "wasip2", "wasm"),
            entry("3", "wasi", "wasm"),
            entry("4", "wasip1", "wasm"),
        ];
        for (entries, expected) in [(&all[..], "4"), (&all[..3], "3"), (&all[..2], "2")] {
            let chosen = index(entries).choose().expect("one of them");
            assert_eq!(chosen.to_string(), digest(expected));
        }
        let error = index(&all[..1]).choose().expect_err("none runs here");
        assert!(error.contains("no WebAssembly platform (it has linux/amd64)"), "{error}");
    }

    #[test]
    fn layouts_are_told_apart() {
        let manifest = |config: &str, layers: &[&str]| {
            let layers: Vec<String> = layers
                .iter()
                .map(|kind| format!(r#"{{"mediaType": "{kind}", "digest": "d", "size": 1}}"#))
                .collect();
            let config = format!(r#"{{"mediaType": "{config}", "digest": "d", "size": 1}}"#);
            document(&format!(r#"{{"config": {config}, "layers": [{}]}}"#, layers.join(","))).kind()
        };
        let (wasm, image) =
            ("application/vnd.wasm.config.v0+json", "application/vnd.oci.image.config.v1+json");
        let old = "application/vnd.wasm.content.layer.v1+wasm";
        let tar = "application/vnd.oci.image.layer.v1.tar+gzip";
        assert_eq!(manifest(wasm, &["application/wasm"]), Ok(Kind::Artifact));
        assert_eq!(manifest("application/vnd.wasm.config.v1+json", &[old]), Ok(Kind::Artifact));
        assert_eq!(manifest(image, &[tar, tar]), Ok(Kind::Container));
        for (config, layers, expected) in [
            (wasm, &["application/wasm", "application/wasm"][..], "it has 2 layers"),
            (wasm, &[], "it has 0 layers"),
            (wasm, &[tar], "an artifact's is application/wasm"),
            ("application/vnd.cncf.helm.config.v1+json", &[tar], "neither an image nor"),
            (
                image,
                &["application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"],
                "are not known",
            ),
        ] {
            let error = manifest(config, layers).expect_err("refused");
            assert!(error.contains(expected), "{error}");
        }
        let huge = r#"{"config": {"mediaType": "x", "digest": "d", "size": 1},
            "layers": [{"mediaType": "application/wasm", "digest": "d", "size": 10737418240}]}"#;
        assert!(
            document(huge).kind().expect_err("10 GiB").contains("more than the limit of 4 GiB")
        );
    }
}
