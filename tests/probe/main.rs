//! The kernel's sockets and the way to an address, on loopback and in network namespaces.
//!
//! What needs root and `ip` says so and is left out without them.

mod hosts;
mod kernel;
mod network;
mod way;
