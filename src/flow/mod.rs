//! What happened?

mod fragments;
mod inflated;
mod streams;

pub use fragments::Fragments;
pub use inflated::Inflated;
pub use streams::Streams;
