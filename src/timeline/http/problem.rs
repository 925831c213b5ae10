//! What can be wrong with an answer?

use std::fmt;

/// Why an answer cannot be used, or not as it should be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Problem {
    /// The connection ended before the first octet.
    Empty,
    /// It ended within the head, after so many octets of it.
    HeadCut(u64),
    /// It ended after so many octets of a body of known length.
    Truncated { had: u64, of: u64 },
    /// It ended within the chunks, after so many octets of content in so many whole chunks.
    LastChunkMissing { had: u64, chunks: u64 },
    /// It ended behind the last chunk, before the empty line that ends the trailer.
    TrailerCut,
    /// The octets where a chunk's size should stand, counted from 1, the first few of them.
    ChunkSize { chunk: u64, line: Box<[u8]> },
    /// The octets where the line end behind a chunk should stand, counted from 1.
    ChunkEnd { chunk: u64, found: Box<[u8]> },
    /// It does not begin as an answer does; its first octets, and what they look like.
    NotHttp { first: Box<[u8]>, looks: Option<&'static str> },
    /// A line of the head that cannot be one.
    BadLine { line: Box<[u8]>, why: &'static str },
    /// The values of Content-Length are no number, or several (RFC 9112 §6.3 rule 5).
    Length(Box<[u8]>),
    /// The heads of this answer, or its trailer, are larger than so many octets.
    HeadTooLarge(u64),
    /// A coding that is not known here; safe to show.
    UnknownCoding { kind: Kind, name: String },
    /// What was compressed cannot be undone.
    BrokenCoding { name: String, why: String },
    /// More than was to be taken.
    TooLarge { limit: u64, what: Excess },
    /// The body could not be handed on; the system's words.
    Output(String),
}

/// Where a coding is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Transfer-Encoding: for this connection only.
    Transfer,
    /// Content-Encoding: of the thing itself.
    Content,
}

/// What grew too large.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Excess {
    /// Content-Length announces so many octets; none were taken.
    Announced(u64),
    /// What came.
    Raw,
    /// What it grew to when its codings were undone.
    Decoded,
}

impl Problem {
    /// Its name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "http.empty",
            Self::HeadCut(_)
            | Self::Truncated { .. }
            | Self::LastChunkMissing { .. }
            | Self::TrailerCut => "http.truncated",
            Self::ChunkSize { .. } | Self::ChunkEnd { .. } => "http.chunk",
            Self::NotHttp { .. } => "http.not-http",
            Self::BadLine { .. } => "http.head",
            Self::Length(_) => "http.length",
            Self::HeadTooLarge(_) => "http.head-too-large",
            Self::UnknownCoding { .. } | Self::BrokenCoding { .. } => "http.encoding",
            Self::TooLarge { .. } => "http.too-large",
            Self::Output(_) => "local.output",
        }
    }

    /// curl's exit code.
    pub fn exit(&self) -> u8 {
        match self {
            Self::NotHttp { .. } => 1,
            Self::BadLine { .. } | Self::Length(_) => 8,
            Self::Truncated { .. } | Self::LastChunkMissing { .. } | Self::TrailerCut => 18,
            Self::Output(_) => 23,
            // curl tells half a status line from none as little.
            Self::Empty | Self::HeadCut(_) => 52,
            Self::ChunkSize { .. } | Self::ChunkEnd { .. } | Self::HeadTooLarge(_) => 56,
            Self::UnknownCoding { .. } | Self::BrokenCoding { .. } => 61,
            Self::TooLarge { .. } => 63,
        }
    }

    /// Whether the connection ended too early; who ended it is not known here.
    pub fn is_early_end(&self) -> bool {
        matches!(
            self,
            Self::Empty
                | Self::HeadCut(_)
                | Self::Truncated { .. }
                | Self::LastChunkMissing { .. }
                | Self::TrailerCut
        )
    }
}

/// One sentence, safe to show.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the server closed the connection without any answer"),
            Self::HeadCut(had) => {
                write!(f, "the answer ends within its head, after {had} octets of it")
            }
            Self::Truncated { had, of } => {
                write!(f, "the body ends after {had} of {of} octets that Content-Length announced")
            }
            Self::LastChunkMissing { had, chunks } => write!(
                f,
                "the body ends after {had} octets in {chunks} whole chunks, without the last chunk"
            ),
            Self::TrailerCut => {
                f.write_str("the empty line behind the last chunk is missing, the chunks are whole")
            }
            Self::ChunkSize { chunk, line } => {
                write!(f, "the size of chunk {chunk} is no hexadecimal number: {}", Quoted(line))
            }
            Self::ChunkEnd { chunk, found } => write!(
                f,
                "chunk {chunk} is longer than its size, no line end follows it: {}",
                Quoted(found)
            ),
            Self::NotHttp { first, looks } => {
                write!(f, "the answer is not HTTP, it begins with {}", Quoted(first))?;
                looks.map_or(Ok(()), |looks| write!(f, ": {looks}"))
            }
            Self::BadLine { line, why } => {
                write!(f, "the head of the answer cannot be read, {why}: {}", Quoted(line))
            }
            Self::Length(value) => write!(
                f,
                "the length of the body is not known, Content-Length says {}",
                Quoted(value)
            ),
            Self::HeadTooLarge(limit) => {
                write!(f, "the head of the answer is larger than {limit} octets")
            }
            Self::UnknownCoding { kind, name } => {
                let field = match kind {
                    Kind::Transfer => "Transfer-Encoding",
                    Kind::Content => "Content-Encoding",
                };
                write!(f, "the body cannot be decoded, {field} {name} is not known here")
            }
            Self::BrokenCoding { name, why } => {
                write!(f, "the body cannot be decoded, its {name} is broken: {why}")
            }
            Self::TooLarge { limit, what } => match what {
                Excess::Announced(of) => {
                    write!(f, "the body of {of} octets is larger than the limit of {limit}")
                }
                Excess::Raw => write!(f, "the body is larger than the limit of {limit} octets"),
                Excess::Decoded => write!(
                    f,
                    "the body is larger than the limit of {limit} octets when it is decoded"
                ),
            },
            Self::Output(why) => write!(f, "the body cannot be written: {why}"),
        }
    }
}

/// Octets in quotation marks, none of them able to do anything to a terminal.
struct Quoted<'a>(&'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// So many octets are enough to see what they are.
        const SHOWN: usize = 48;
        let shown = self.0.get(..SHOWN).unwrap_or(self.0);
        write!(f, "\"{}\"", shown.escape_ascii())?;
        if self.0.len() > SHOWN { write!(f, " and {} more", self.0.len() - SHOWN) } else { Ok(()) }
    }
}
