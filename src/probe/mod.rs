//! What if we fetch it ourselves, and watch?

pub mod http;
pub mod interface;
pub mod kernel;
pub mod lease;
pub mod neighbour;
pub mod order;
pub mod resolve;
pub mod route;
pub mod url;

mod clock;
mod netlink;

pub(crate) use crate::capture::live::now;
