//! How is a web server asked, and what did it answer?
//!
//! HTTP/1.0 and 1.1 (RFC 9110, RFC 9112) without sockets: [`Options`] make the octets of a request,
//! an [`Exchange`] is fed with what each read gave and tells what it understood, octet by octet of
//! the stream.

mod body;
mod chunks;
mod decode;
mod head;
mod redirect;
mod request;
mod response;

pub use redirect::Redirects;
pub(super) use redirect::text;
pub use request::{BadRequest, Leg, Options, Prepared, Trust};
pub use response::{Codings, Exchange, Fact, Limits, Progress, State};

#[cfg(test)]
mod tests;
