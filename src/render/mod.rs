//! How is it told?

use std::io;

use crate::timeline::{About, Call};
use crate::wire::Packet;

pub mod clock;
pub mod line;
pub mod out;

/// One way of telling. Each method does nothing unless a report cares.
pub trait Report {
    fn call(&mut self, call: &Call) -> io::Result<()> {
        let _ = call;
        Ok(())
    }

    fn packet(&mut self, packet: &Packet<'_>) -> io::Result<()>;

    /// Nothing comes just now: show what was written.
    fn lull(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Everything was read. `about` says what the source told of itself, damage included.
    fn end(&mut self, about: &About) -> io::Result<()>;
}
