//! Which parts of a connection's life were seen?

/// One bit each.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Phases(u16);

impl Phases {
    pub const SYN: u16 = 1;
    pub const SYN_ACK: u16 = 1 << 1;
    /// The client's ACK of the SYN-ACK.
    pub const ACK: u16 = 1 << 2;
    pub const CLIENT_DATA: u16 = 1 << 3;
    pub const SERVER_DATA: u16 = 1 << 4;
    pub const CLIENT_FIN: u16 = 1 << 5;
    pub const SERVER_FIN: u16 = 1 << 6;
    pub const CLIENT_FIN_ACKED: u16 = 1 << 7;
    pub const SERVER_FIN_ACKED: u16 = 1 << 8;
    pub const CLIENT_RESET: u16 = 1 << 9;
    pub const SERVER_RESET: u16 = 1 << 10;
    /// The first packet was no SYN.
    pub const JOINED: u16 = 1 << 11;
    /// It was not over when the capture was.
    pub const OPEN: u16 = 1 << 12;
    /// There was no room to follow it to its end.
    pub const DROPPED: u16 = 1 << 13;
    /// Octets were acknowledged that the capture never saw.
    pub const GAPS: u16 = 1 << 14;
    /// The capture lost parts of the headers.
    pub const CUT: u16 = 1 << 15;

    pub fn has(self, phase: u16) -> bool {
        self.0 & phase != 0
    }

    /// Every bit in a number.
    pub fn bits(self) -> u16 {
        self.0
    }

    pub(super) fn note(&mut self, phase: u16, seen: bool) {
        self.0 |= if seen { phase } else { 0 };
    }
}
