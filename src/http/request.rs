use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

/// A request for a resource.
#[derive(Clone, Debug)]
pub struct Request {
    pub(super) url: String,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) limit: u64,
    pub(super) expected: Option<u64>,
    pub(super) head: bool,
}

impl Request {
    /// Asks for the resource at `url`, of at most `limit` bytes.
    pub fn get(url: impl Into<String>, limit: u64) -> Self {
        Self { url: url.into(), headers: Vec::new(), limit, expected: None, head: false }
    }

    /// Asks for what is known about the resource.
    pub fn head(url: impl Into<String>) -> Self {
        Self { head: true, ..Self::get(url, 0) }
    }

    /// The address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Adds a header. Credentials are not sent on to another host by a redirect.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The resource has exactly this size and never changes, so that a download that broke off can be
    /// taken up where it was.
    #[must_use]
    pub fn expect_size(mut self, size: u64) -> Self {
        self.expected = Some(size);
        self
    }

    pub(super) fn header_map(&self) -> Result<HeaderMap, String> {
        let mut map = HeaderMap::new();
        for (name, value) in &self.headers {
            let mut value = HeaderValue::from_str(value)
                .map_err(|_| format!("the value of the header `{name}` has control characters"))?;
            value.set_sensitive(name == reqwest::header::AUTHORIZATION);
            map.append(name, value);
        }
        Ok(map)
    }

    /// The address as messages show it.
    pub(super) fn shown(&self) -> String {
        Url::parse(&self.url).map_or_else(|_| self.url.clone(), |url| shown(&url))
    }
}

/// Without user, password, query and fragment, which may be secret.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

/// An answer whose status is a success.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The address that answered, after redirects.
    pub url: String,
    /// Its body.
    pub body: Vec<u8>,
    pub(super) headers: HeaderMap,
}

impl Response {
    /// A header's value, if it is there and text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
