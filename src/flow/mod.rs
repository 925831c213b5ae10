//! What happened?

mod fragments;
mod streams;

pub use fragments::Fragments;
pub use streams::Streams;
