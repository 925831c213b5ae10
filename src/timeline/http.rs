//! What is asked of a web server, and what does it answer?
//!
//! Plain facts: whoever asks tells them, whoever reports reads them. Names, values and reasons are
//! octets as they went over the wire, not safe to show until they are made so; what is `String` is.

use std::fmt;

mod field;
mod object;
mod problem;
mod redirect;
mod status;

pub use field::{About, Group};
pub use object::{Embeds, Object, Page, Place, Reason, Skipped};
pub use problem::{Excess, Kind, Problem};
pub use redirect::{Astray, Redirect};
pub use status::{Class, Status, Whose, is_followed};

/// A version of HTTP as it is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Version {
    pub major: u8,
    pub minor: u8,
}

impl Version {
    pub const HTTP_1_0: Self = Self { major: 1, minor: 0 };
    pub const HTTP_1_1: Self = Self { major: 1, minor: 1 };
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP/{}.{}", self.major, self.minor)
    }
}

/// A header or trailer field. A secret does not get into what is printed for debugging.
#[derive(Clone, Eq, PartialEq)]
pub struct Field {
    pub name: Box<[u8]>,
    /// Without the white space around it; a folded value has its line ends replaced by spaces.
    pub value: Box<[u8]>,
    /// Whether the value is shown only to those who ask for secrets.
    pub is_secret: bool,
}

impl Field {
    /// Takes the field for a secret by its name.
    pub fn new(name: impl Into<Box<[u8]>>, value: impl Into<Box<[u8]>>) -> Self {
        let name = name.into();
        let is_secret = SECRET.iter().any(|secret| name.eq_ignore_ascii_case(secret.as_bytes()));
        Self { name, value: value.into(), is_secret }
    }

    /// Whether it has this name; the case of letters does not matter.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// The value, or `***` in place of a secret. Not yet safe for a terminal.
    pub fn shown(&self) -> &[u8] {
        if self.is_secret { b"***" } else { &self.value }
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name.escape_ascii(), self.shown().escape_ascii())
    }
}

const SECRET: [&str; 5] =
    ["authorization", "proxy-authorization", "cookie", "cookie2", "set-cookie"];

/// What goes out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// Safe to show.
    pub method: String,
    /// What the request line asks for: path and query. Safe to show.
    pub target: String,
    pub version: Version,
    /// In the order they are sent.
    pub fields: Vec<Field>,
    /// Of the head with the empty line behind it, in octets.
    pub head: u64,
    /// Of the body, in octets.
    pub body: u64,
}

impl Request {
    /// The first field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.is(name))
    }
}

/// The head of an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Response {
    pub version: Version,
    /// 100 to 999.
    pub status: u16,
    /// What stands behind the status code; nobody goes by it.
    pub reason: Box<[u8]>,
    /// In the order they came.
    pub fields: Vec<Field>,
    /// Of the head with the empty line behind it, in octets.
    pub head: u64,
    pub framing: Framing,
    pub persistence: Persistence,
    /// What is not as the standard wants it, and was read all the same: each once, in words.
    pub flaws: Vec<&'static str>,
}

impl Response {
    /// Whether another answer to the same request follows (RFC 9110 §15.2).
    pub fn is_interim(&self) -> bool {
        matches!(self.status, 100..200) && self.status != 101
    }

    /// The first field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.is(name))
    }

    /// What all fields of this name list, separated by commas, without the white space around.
    pub fn list(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let values = self.fields.iter().filter(move |field| field.is(name));
        let items = values.flat_map(|field| field.value.split(|octet| *octet == b','));
        items.map(<[u8]>::trim_ascii).filter(|item| !item.is_empty())
    }
}

/// How the end of a body is found (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Framing {
    /// There is no body; why, in words.
    None(&'static str),
    /// Told beforehand, in octets.
    Length(u64),
    Chunked,
    /// Where the server closes the connection: what is cut looks the same as what is whole.
    UntilClose,
}

impl Framing {
    /// The rule in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::None(why) => why,
            Self::Length(_) => "Content-Length tells where the body ends",
            Self::Chunked => "chunks, each with its size in front; one of size 0 is the last",
            Self::UntilClose => "no length is told: the body ends where the server closes",
        }
    }

    /// The number of the rule in RFC 9112 §6.3.
    pub fn rule(self) -> u8 {
        match self {
            Self::None(_) => 1,
            Self::Chunked => 4,
            Self::Length(_) => 6,
            Self::UntilClose => 8,
        }
    }
}

/// Whether the connection may be used again (RFC 9112 §9.3), and why, in words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Persistence {
    Persists(&'static str),
    Closes(&'static str),
}

impl Persistence {
    pub fn persists(self) -> bool {
        matches!(self, Self::Persists(_))
    }

    pub fn why(self) -> &'static str {
        match self {
            Self::Persists(why) | Self::Closes(why) => why,
        }
    }
}

/// What came behind the head.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Body {
    /// Octets of the stream, the framing of chunks and the trailer included.
    pub framed: u64,
    /// Octets without that.
    pub raw: u64,
    /// Octets after the codings are undone, or as they came where they are kept.
    pub decoded: u64,
    /// In the order they are undone.
    pub codings: Vec<Coding>,
    /// `None` without chunks.
    pub chunks: Option<Chunks>,
    /// The fields behind the last chunk.
    pub trailers: Vec<Field>,
    /// Of the decoded octets, as far as they came; `None` as long as more may.
    pub sha256: Option<[u8; 32]>,
    /// Whether it was found to end where it should.
    pub is_complete: bool,
}

/// Something that was done to a body before it was sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Coding {
    /// As written, in small letters; safe to show.
    pub name: String,
    /// Why it is not undone; `None` if it is.
    pub kept: Option<&'static str>,
    /// Octets behind the end of what was compressed; they are left out.
    pub behind: u64,
}

#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Chunks {
    /// Without the last one, whose size is 0.
    pub count: u64,
    /// The first of them, at most [`Chunks::LISTED`].
    pub first: Vec<Chunk>,
    pub smallest: u64,
    pub largest: u64,
    /// Of the size lines, how many had an extension, which nobody needs.
    pub extensions: u64,
}

impl Chunks {
    /// How many are listed one by one.
    pub const LISTED: usize = 256;
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Chunk {
    /// Where its size line begins in the stream of the connection.
    pub at: u64,
    /// Of its content, in octets.
    pub size: u64,
}
