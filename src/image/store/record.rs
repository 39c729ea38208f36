use serde::{Deserialize, Serialize};

/// What a reference means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefRecord {
    /// The reference, without a path inside the image.
    pub reference: String,
    /// The digest of the image.
    pub image: String,
    /// What exactly that was: a version, a manifest.
    pub exactly: String,
    /// When it was asked, in seconds since 1970.
    pub asked: u64,
}

/// An image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageRecord {
    /// Its digest: of the package, the file, or the manifest.
    pub digest: String,
    /// What exactly was pulled.
    pub source: String,
    /// Bytes of its files.
    pub size: u64,
    /// How many files it has.
    pub files: u64,
    /// Blobs that it was made of and that are kept.
    #[serde(default)]
    pub blobs: Vec<String>,
    /// The digest of the list of its files.
    pub list: String,
    /// When it was stored, in seconds since 1970.
    pub stored: u64,
    /// How it is to be run.
    #[serde(default)]
    pub config: ImageConfig,
}

/// How an image is to be run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageConfig {
    /// Its entrypoint.
    #[serde(default)]
    pub entrypoint: Vec<String>,
    /// What its entrypoint, or its shell, is to start if nothing else is asked for.
    #[serde(default)]
    pub command: Vec<String>,
    /// Items of the form `NAME=value`.
    #[serde(default)]
    pub environment: Vec<String>,
    /// Its only module, as a path of the tree, if it is nothing but that.
    #[serde(default)]
    pub module: Option<String>,
}
