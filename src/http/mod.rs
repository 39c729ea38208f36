//! Downloads: the one place that speaks HTTP, within limits of size, time and redirects.
//!
//! Nothing of it exists until the first request: a run that needs no network pays nothing for it.
//! Every request is encrypted unless it goes to this very machine or to a host that the user's
//! settings name. What a server does — stall, cut short, send too much, redirect for ever, be busy
//! — ends in a retry or in a message that names the server and the cause.
//!
//! Proxies are those of the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`), certificates
//! those of the system (or of `SSL_CERT_FILE`) and of the settings.

mod client;
mod error;
mod request;
mod transfer;

pub use client::{Client, Config, Timing, install_crypto};
pub use error::{Error, Problem};
pub use request::{Request, Response};
pub use reqwest::header;
pub use transfer::Sink;
