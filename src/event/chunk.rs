use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A piece of a job's output: bytes, usually text.
///
/// Serialised as a field `text`, or as `base64` where the bytes are not UTF-8, so that nothing is
/// lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk(pub Bytes);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Encoded<T> {
    Text(T),
    Base64(String),
}

impl Serialize for Chunk {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match str::from_utf8(&self.0) {
            Ok(text) => Encoded::Text(text),
            Err(_) => Encoded::Base64(STANDARD.encode(&self.0)),
        }
        .serialize(to)
    }
}

impl<'de> Deserialize<'de> for Chunk {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Encoded::<String>::deserialize(from)? {
            Encoded::Text(text) => Ok(Self(text.into())),
            Encoded::Base64(code) => {
                STANDARD.decode(code).map(|bytes| Self(bytes.into())).map_err(Error::custom)
            }
        }
    }
}
