//! In which state is our end of a connection, by its packets? (RFC 9293 §3.3.2)
//!
//! The capture is on the computer that fetches, so what it sees our end has sent or got, and in that order.

use crate::wire::tcp::Flags;

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum State {
    #[default]
    Closed,
    SynSent,
    Established,
    FinWait1,
    FinWait2,
    Closing,
    TimeWait,
    CloseWait,
    LastAck,
}

impl State {
    /// As RFC 9293 writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "CLOSED",
            Self::SynSent => "SYN-SENT",
            Self::Established => "ESTABLISHED",
            Self::FinWait1 => "FIN-WAIT-1",
            Self::FinWait2 => "FIN-WAIT-2",
            Self::Closing => "CLOSING",
            Self::TimeWait => "TIME-WAIT",
            Self::CloseWait => "CLOSE-WAIT",
            Self::LastAck => "LAST-ACK",
        }
    }

    /// After a segment of ours.
    #[must_use]
    pub fn sent(self, flags: Flags) -> Self {
        match self {
            _ if flags.has(Flags::RST) => Self::Closed,
            Self::Closed if flags.has(Flags::SYN) => Self::SynSent,
            Self::Established if flags.has(Flags::FIN) => Self::FinWait1,
            Self::CloseWait if flags.has(Flags::FIN) => Self::LastAck,
            other => other,
        }
    }

    /// After a segment of theirs; `acks_fin`: it acknowledges our FIN.
    #[must_use]
    pub fn got(self, flags: Flags, acks_fin: bool) -> Self {
        let fin = flags.has(Flags::FIN);
        match self {
            _ if flags.has(Flags::RST) => Self::Closed,
            Self::SynSent if flags.has(Flags::SYN) && flags.has(Flags::ACK) => Self::Established,
            Self::Established if fin => Self::CloseWait,
            Self::FinWait1 if fin && acks_fin => Self::TimeWait,
            Self::FinWait1 if fin => Self::Closing,
            Self::FinWait1 if acks_fin => Self::FinWait2,
            Self::FinWait2 if fin => Self::TimeWait,
            Self::Closing if acks_fin => Self::TimeWait,
            Self::LastAck if acks_fin => Self::Closed,
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Segments, ours in capitals; `f` without `a` acknowledges nothing of ours.
    fn through(segments: &str) -> Vec<&'static str> {
        let mut state = State::default();
        let step = |one: &str| {
            let ours = one.starts_with(char::is_uppercase);
            let flag = |letter, flag| if one.to_lowercase().contains(letter) { flag } else { 0 };
            let flags = Flags(
                flag('s', Flags::SYN)
                    | flag('f', Flags::FIN)
                    | flag('r', Flags::RST)
                    | flag('a', Flags::ACK),
            );
            state = if ours { state.sent(flags) } else { state.got(flags, one.contains('a')) };
            state.name()
        };
        segments.split(' ').map(step).collect()
    }

    #[test]
    fn every_way_to_open_and_close_is_followed() {
        for (segments, states) in [
            ("S sa A", "SYN-SENT ESTABLISHED ESTABLISHED"),
            ("S ra", "SYN-SENT CLOSED"),
            ("S sa FA a fa A", "SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT TIME-WAIT"),
            ("S sa FA fa A", "SYN-SENT ESTABLISHED FIN-WAIT-1 TIME-WAIT TIME-WAIT"),
            ("S sa FA f a", "SYN-SENT ESTABLISHED FIN-WAIT-1 CLOSING TIME-WAIT"),
            ("S sa f FA a", "SYN-SENT ESTABLISHED CLOSE-WAIT LAST-ACK CLOSED"),
            ("S sa FA R", "SYN-SENT ESTABLISHED FIN-WAIT-1 CLOSED"),
        ] {
            assert_eq!(through(segments).join(" "), states, "{segments}");
        }
    }
}
