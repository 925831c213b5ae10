//! Who is asked, and how?

use std::fmt;
use std::net::SocketAddr;

use super::Name;

#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Server {
    pub address: SocketAddr,
    /// Where only the address is known, none.
    pub name: Option<Name>,
}

/// A server that a zone is said to have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Delegate {
    Known(Server),
    /// One whose address could not be found.
    Named(Name),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transport {
    Udp,
    Tcp,
}

impl fmt::Display for Delegate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(server) => server.fmt(f),
            Self::Named(name) => name.fmt(f),
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address: &SocketAddr = &self.address;
        if let Some(name) = &self.name {
            write!(f, "{name} at ")?;
        }
        if address.port() == 53 { write!(f, "{}", address.ip()) } else { write!(f, "{address}") }
    }
}
