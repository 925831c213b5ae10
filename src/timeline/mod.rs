//! What can appear on the timeline: frames on the wire, and the calls that caused them.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use crate::octets::Octets;

mod call;
pub mod device;
pub mod fetch;
pub mod http;
pub mod lookup;
mod tcp_info;
pub mod tls;
pub mod way;

pub use call::{
    Call, Clocks, Errno, Evidence, Metric, Origin, Purpose, Refusal, SocketState, Stage, Stamp,
};
pub use tcp_info::{TcpInfo, native, state_name};

/// How many frames ahead anybody looks.
pub const AHEAD: usize = 12;

/// Yields everything that happened, in the order it is read.
pub trait Source {
    /// The next moment, or `None` when nothing more will come.
    ///
    /// The moment borrows from the source and is gone at the next call. After an error the source
    /// yields nothing more; what was yielded before it stays true.
    fn next(&mut self) -> io::Result<Option<Moment<'_>>>;

    /// A frame that will come soon, where it is at hand already: each at most once, in their order, and
    /// never more than [`AHEAD`] before it comes. Only a hint; it may still turn out not to come.
    fn ahead(&mut self) -> Option<Frame<'_>> {
        None
    }

    /// Nothing more will be asked for: what the system counted is now in [`Source::about`].
    fn finish(&mut self) {}

    /// What is known of the source so far; grows while it is read.
    fn about(&self) -> &About;
}

/// What a source tells about itself beside its frames.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The names of the files, or what else it was read from, in the order given; safe to show.
    pub names: Vec<String>,
    /// `pcap`, `pcapng`, `live`, ...; each once, in the order met.
    pub formats: Vec<&'static str>,
    /// In the order of [`Frame::interface`].
    pub interfaces: Vec<Interface>,
    /// Names that the capture carries for addresses (pcapng name resolution blocks).
    pub resolved: Vec<(IpAddr, Box<[u8]>)>,
    /// Keys that the capture carries (pcapng decryption secrets blocks): the type and the octets.
    pub secrets: Vec<(u32, Box<[u8]>)>,
    /// What somebody wrote about the capture as a whole.
    pub comments: Vec<Box<[u8]>>,
    /// Frames whose time lies before that of the frame read just before them.
    pub backwards: u64,
    /// Frames that the capture filter or the limits of time left out.
    pub sifted: u64,
    /// The sentence that says where the capture is damaged, once it is found to be.
    pub damage: Option<String>,
}

impl About {
    /// Notes a format, once.
    pub(crate) fn is_of(&mut self, format: &'static str) {
        if !self.formats.contains(&format) {
            self.formats.push(format);
        }
    }
}

/// One interface of a capture.
#[derive(Clone, Debug, Default)]
pub struct Interface {
    /// Empty when the capture does not say.
    pub name: Box<[u8]>,
    /// What somebody calls it, beside its name.
    pub description: Box<[u8]>,
    /// The capture filter that was in force, where the capture says so.
    pub filter: Box<[u8]>,
    pub comment: Box<[u8]>,
    pub link: u16,
    /// The most octets of a frame that were kept; 0 when there was no limit.
    pub snaplen: u32,
    /// What its clock counts in.
    pub step: Duration,
    /// Counted by the capturing system, where the capture says so.
    pub received: Option<u64>,
    /// Lost by the capturing system, where the capture says so.
    pub dropped: Option<u64>,
    /// Frames of this interface read so far.
    pub frames: u64,
}

/// One thing that happened at one instant.
#[derive(Clone, Debug)]
pub enum Moment<'a> {
    /// A system call made by our own fetch.
    Call(Box<Call>),
    /// A step of our own fetch.
    Step(Box<fetch::Step>),
    Frame(Frame<'a>),
    /// When the first frame of the source was captured, wanted or not: relative times count from here.
    Begin(Timestamp),
    /// The capture holds keys, now in [`About::secrets`], for frames that follow.
    Secrets,
    /// Nothing is there just now, and the next call may wait: time to show what was written.
    Lull,
    /// Something happened to the source, and it goes on: one sentence, safe to show.
    Note(&'a str),
}

/// A frame as the capture kept it.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Counted from 1, as every tool prints it.
    pub number: u64,
    pub time: Timestamp,
    /// The link type by its `LINKTYPE_` number, as in a savefile (not libpcap's `DLT_`).
    pub link: u16,
    /// Which interface of the capture saw it, counted from 0 over all files and sections.
    pub interface: u32,
    /// What somebody wrote about it in a pcapng comment, several joined by line ends; empty when
    /// nobody did.
    pub comment: &'a [u8],
    pub octets: Octets<'a>,
}

/// Who holds the socket at one end of a conversation, as far as this machine tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Owner {
    /// The user whose socket it is.
    pub uid: u32,
    /// `None` where no process that holds it may be looked into, or none does any more.
    pub process: Option<Process>,
}

/// A process that holds a socket.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Process {
    /// The lowest number of those that hold it.
    pub pid: u32,
    /// As the process calls itself, which may be anything.
    pub name: Box<[u8]>,
    /// The last part of the path of what it runs, where that may be seen.
    pub executable: Option<Box<[u8]>>,
    /// How many other processes hold the same socket; `None` until all were looked into.
    pub others: Option<u32>,
}

/// How many nanoseconds a span is; what is longer than 584 years counts as that.
pub fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

/// Nanoseconds since the Unix epoch, as stamped by the capture. Never read from a clock here.
///
/// Reaches to the year 2554; captures that claim more are clamped there.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// How long after `earlier` this is; zero if the capture's clock stepped back.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// So long before this; not before the epoch.
    #[must_use]
    pub fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(span)))
    }

    /// So long after this; not beyond what a timestamp reaches to.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(nanos(span)))
    }

    /// The whole seconds.
    pub fn seconds(self) -> u64 {
        self.0 / 1_000_000_000
    }

    /// The nanoseconds beyond the whole seconds.
    pub fn nanos(self) -> u32 {
        (self.0 % 1_000_000_000) as u32
    }
}
