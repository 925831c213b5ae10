//! What if we fetch it ourselves, and watch?

pub mod engine;
pub mod hops;
pub mod http;
pub mod interface;
pub mod kernel;
pub mod lease;
pub mod neighbour;
pub mod objects;
pub mod order;
pub mod plan;
pub mod resolve;
pub mod route;
pub mod tls;
pub mod url;

mod clock;
mod merge;
mod ours;
mod sightings;

pub use merge::{Probe, Watched, watch};
pub use sightings::Sightings;

pub(crate) use crate::capture::live::now;
use crate::capture::netlink;
