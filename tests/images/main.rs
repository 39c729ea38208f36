//! Images from registries that run in the test itself: what is pulled, what is refused, what stays
//! in the store.

mod archive;
mod faults;
mod npm;
mod oci;
mod place;
mod ready;
mod registry;
#[path = "../http/server.rs"]
mod server;
mod url;
