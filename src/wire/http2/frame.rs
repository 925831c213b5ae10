//! One frame (RFC 9113 §4.1): nine octets of header, then what its type says.
//!
//! ```text
//! |                 Length                        |     Type      |   0
//! |     Flags     |R|              Stream identifier              |   4
//! |               |                                                   8
//! ```

use crate::octets::{be16, be32};

/// Length of a frame's header.
pub(super) const HEADER: usize = 9;
/// RFC 9113 §4.2: more only after a SETTINGS that allows it.
const LONGEST: usize = 16_384;

#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    header: &'a [u8; HEADER],
    /// As much of it as was kept.
    pub content: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Takes a frame off the front; its content may lack the end.
    pub(super) fn read(octets: &'a [u8]) -> Option<Self> {
        let (header, rest) = octets.split_first_chunk()?;
        let mut frame = Self { header, content: rest };
        frame.content = rest.get(..frame.len()).unwrap_or(rest);
        Some(frame)
    }

    /// Without the header.
    pub(super) fn len(&self) -> usize {
        (be32(self.header, 0) >> 8) as usize
    }

    pub(super) fn kind(&self) -> u8 {
        self.header[3]
    }

    pub(super) fn flags(&self) -> u8 {
        self.header[4]
    }

    pub(super) fn has(&self, flag: u8) -> bool {
        self.flags() & flag != 0
    }

    pub(super) fn is_reserved_set(&self) -> bool {
        self.header[5] & 0x80 != 0
    }

    pub(super) fn stream(&self) -> u32 {
        be32(self.header, 5) & 0x7fff_ffff
    }

    pub(super) fn is_whole(&self) -> bool {
        self.content.len() == self.len()
    }

    /// Whether the header obeys what RFC 9113 §6 says of its type: a frame that no sender may
    /// send is taken for something else.
    pub(super) fn is_sound(&self) -> bool {
        let (len, stream) = (self.len(), self.stream());
        let known = match self.kind() {
            DATA => stream != 0 && self.flags() & !(END_STREAM | PADDED) == 0,
            HEADERS => {
                let known = END_STREAM | END_HEADERS | PADDED | PRIORITISED;
                stream != 0 && len > 0 && self.flags() & !known == 0
            }
            PRIORITY => stream != 0 && len == 5,
            RST_STREAM => stream != 0 && len == 4 && self.flags() == 0,
            SETTINGS if self.has(ACK) => stream == 0 && len == 0 && self.flags() == ACK,
            SETTINGS => stream == 0 && len % 6 == 0 && self.flags() == 0,
            PUSH_PROMISE => stream != 0 && len > 4 && self.flags() & !(END_HEADERS | PADDED) == 0,
            PING => stream == 0 && len == 8 && self.flags() & !ACK == 0,
            GOAWAY => stream == 0 && len >= 8 && self.flags() == 0,
            WINDOW_UPDATE => len == 4 && self.flags() == 0,
            CONTINUATION => stream != 0 && len > 0 && self.flags() & !END_HEADERS == 0,
            _ => false,
        };
        known && len <= LONGEST && !self.is_reserved_set()
    }

    /// Whether the header alone tells enough, when the frame's end cannot be seen.
    pub(super) fn is_plain(&self) -> bool {
        // RFC 9113 §5.1.1: streams that a client opens have odd numbers, counted from 1.
        let few = self.stream() % 2 == 1 && self.stream() <= 0xffff;
        match self.kind() {
            DATA => few && self.flags() & !END_STREAM == 0,
            HEADERS => few && self.has(END_HEADERS),
            _ => false,
        }
    }

    pub(super) fn word(&self) -> &'static str {
        match self.kind() {
            DATA => "DATA",
            HEADERS => "HEADERS",
            PRIORITY => "PRIORITY",
            RST_STREAM => "RST_STREAM",
            SETTINGS => "SETTINGS",
            PUSH_PROMISE => "PUSH_PROMISE",
            PING => "PING",
            GOAWAY => "GOAWAY",
            WINDOW_UPDATE => "WINDOW_UPDATE",
            CONTINUATION => "CONTINUATION",
            _ => "unknown",
        }
    }

    /// The four octets of content at `at`.
    pub(super) fn word_at(&self, at: usize) -> Option<u32> {
        let octets = self.content.get(at..)?.first_chunk::<4>()?;
        Some(be32(octets, 0))
    }

    /// What a SETTINGS frame sets (RFC 9113 §6.5.1): identifiers and values.
    pub(super) fn settings(&self) -> impl Iterator<Item = (u16, u32)> {
        self.content.chunks_exact(6).filter_map(|setting| {
            let setting: &[u8; 6] = setting.try_into().ok()?;
            Some((be16(setting, 0), be32(setting, 2)))
        })
    }
}

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const PRIORITY: u8 = 2;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PUSH_PROMISE: u8 = 5;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

/// Of DATA and HEADERS; the same bit as [`ACK`].
pub(super) const END_STREAM: u8 = 0x01;
/// Of SETTINGS and PING.
pub(super) const ACK: u8 = 0x01;
pub(super) const END_HEADERS: u8 = 0x04;
pub(super) const PADDED: u8 = 0x08;
pub(super) const PRIORITISED: u8 = 0x20;

/// RFC 9113 §7.
pub(super) fn error(code: u32) -> &'static str {
    const NAMES: [&str; 14] = [
        "NO_ERROR",
        "PROTOCOL_ERROR",
        "INTERNAL_ERROR",
        "FLOW_CONTROL_ERROR",
        "SETTINGS_TIMEOUT",
        "STREAM_CLOSED",
        "FRAME_SIZE_ERROR",
        "REFUSED_STREAM",
        "CANCEL",
        "COMPRESSION_ERROR",
        "CONNECT_ERROR",
        "ENHANCE_YOUR_CALM",
        "INADEQUATE_SECURITY",
        "HTTP_1_1_REQUIRED",
    ];
    NAMES.get(code as usize).copied().unwrap_or("unknown")
}
