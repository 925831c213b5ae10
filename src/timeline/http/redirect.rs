//! Where does an answer lead to, and may it?

use std::fmt;

/// A redirect that is followed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Redirect {
    pub status: u16,
    /// Counted from 1.
    pub number: u32,
    /// As it came.
    pub location: Box<[u8]>,
    /// Safe to show, a password masked.
    pub from: String,
    /// `Location` seen from there. Safe to show, a password masked.
    pub to: String,
    /// Of the request before, and of the one that follows.
    pub methods: (String, String),
    /// Whether the request before had a body, and the next has none.
    pub drops_body: bool,
    /// Whether it leads to the server that was asked first; to no other go passwords and cookies.
    pub is_first_origin: bool,
    /// From https to http: what follows can be read and changed by everybody on the way.
    pub is_downgrade: bool,
}

/// Why a redirect is not followed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Astray {
    /// It would be one more than is allowed.
    TooMany { limit: u32 },
    /// It leads to where an earlier request of this fetch went, with the same method.
    Loop { to: String },
    /// `Location` is no URL: the reason, as the URL's reader says it.
    Malformed { location: Box<[u8]>, why: String },
    /// It leads to something that is not fetched here; the URL is safe to show.
    Scheme { to: String, scheme: String },
}

impl Astray {
    /// Its name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooMany { .. } | Self::Loop { .. } => "http.redirects",
            Self::Malformed { .. } | Self::Scheme { .. } => "http.location",
        }
    }

    /// curl's exit code.
    pub fn exit(&self) -> u8 {
        match self {
            Self::TooMany { .. } | Self::Loop { .. } => 47,
            Self::Malformed { .. } => 3,
            Self::Scheme { .. } => 1,
        }
    }
}

/// One sentence, safe to show.
impl fmt::Display for Astray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany { limit: 0 } => {
                f.write_str("a redirect is not followed: none was allowed")
            }
            Self::TooMany { limit } => {
                write!(f, "the redirects do not end: {limit} were allowed, and one more came")
            }
            Self::Loop { to } => write!(
                f,
                "the redirects lead in a circle: {to} was asked for before; a server may wait for a \
                 cookie, and none are kept here"
            ),
            Self::Malformed { location, why } => {
                let shown = location.get(..200).unwrap_or(location);
                write!(f, "the redirect leads nowhere: \"{}\": {why}", shown.escape_ascii())
            }
            Self::Scheme { to, scheme } => {
                write!(f, "the redirect to {to} is not followed: {scheme} is not fetched here")
            }
        }
    }
}
