//! Why, and whose fault was it?

use std::fmt;

pub mod accounts;
pub mod bucket;
pub mod budget;
pub mod fetch;
pub mod packet;
pub mod stall;
pub mod verdict;
pub mod wait;

/// Who may have spent the time, or be at fault.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Party {
    /// What was asked for: a URL, an option.
    Request,
    ThisComputer,
    /// The network at home, in the office, of the provider: up to the first routers.
    Access,
    Resolver,
    /// Everything between here and the server.
    Path,
    Server,
    /// What the page consists of: its size, its objects, its redirects.
    Content,
}

impl Party {
    /// For programs.
    pub fn key(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::ThisComputer => "this_computer",
            Self::Access => "access_network",
            Self::Resolver => "resolver",
            Self::Path => "path",
            Self::Server => "server",
            Self::Content => "content",
        }
    }

    /// For people, as it stands within a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::Request => "the request itself",
            Self::ThisComputer => "this computer",
            Self::Access => "the home or access network",
            Self::Resolver => "the resolver",
            Self::Path => "the path",
            Self::Server => "the server",
            Self::Content => "the content",
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}
