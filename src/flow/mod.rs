//! What happened?

mod fragments;

pub use fragments::Fragments;
