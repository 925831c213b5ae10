//! What came of this packet?
//!
//! Looked for in the packets after it, until its conversation is over, or nothing more can come.

use super::learned::Told;
use super::trace::{Trace, Written};
use crate::flow::Mark;
use crate::flow::tcp::{Confidence, Reset, Trigger, What};
use crate::wire::Packet;
use crate::wire::tcp::{Flags, Seq, TcpOption};

/// One thing that came of a packet, and how sure that is.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    pub came: Came,
    /// `None` where it was observed; else how well it fits.
    pub inferred: Option<Confidence>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Came {
    /// The SYN-ACK to a SYN.
    Accepted(Mark),
    /// The SYN was refused.
    Refused(Mark),
    Acknowledged {
        by: Mark,
        with_more: bool,
    },
    /// The other side says that it has it, and that something before it is missing.
    Named(Mark),
    SentAgain {
        by: Mark,
        trigger: Trigger,
        is_spurious: bool,
    },
    Copied(Mark),
    /// The first packet of the other side that echoes its time stamp.
    Heard {
        by: Mark,
        octets: u32,
    },
    /// What it asked for was sent again.
    MadeSendAgain {
        by: Mark,
        first: Option<u64>,
    },
    /// The first octets that it made room for.
    MadeRoom {
        by: Mark,
    },
    /// The other side says the same as before, since this packet came out of order.
    Repeated {
        by: Mark,
        count: u32,
    },
    /// The window that it closed opened again.
    Reopened(Mark),
    /// The window that it closed was probed.
    Probed(Mark),
    /// The probe, or the keep-alive, was answered.
    ProbeAnswered(Mark),
    Reset {
        by: Mark,
        reset: Reset,
    },
    /// The other side's FIN.
    FinCame(Mark),
    /// The first packet that goes where this one told.
    Led(Told, Mark),
    /// The datagram, or the message, that it is part of was whole.
    Joined(Mark),
    /// An error message sends it back.
    SentBack(Mark),
    /// The next packet of the other side, in a conversation of which no more is known.
    NextBack(Mark),
}

/// Why nothing more is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// The capture ends.
    CaptureEnds,
    /// The conversation does.
    Over,
    /// So long after it nothing comes any more, as a rule.
    Waited,
    /// The packets after it were looked at that far.
    TooFar,
}

/// What is looked for behind one packet.
#[derive(Debug)]
pub(super) struct Watch {
    subject: Trace,
    effects: Vec<Effect>,
    /// What was found that is told once.
    found: u8,
    /// How far the other side could send when it came, and how far it may by this packet.
    room: Option<[Seq; 2]>,
    /// How often it was sent again, seen again, or sent back.
    again: usize,
}

/// Packets of one kind that are told.
const TOLD: usize = 8;
/// What is told once, one bit each.
const ACKED: u8 = 1;
const NAMED: u8 = 1 << 1;
const HEARD: u8 = 1 << 2;
const REPEATED: u8 = 1 << 3;
const MADE_AGAIN: u8 = 1 << 4;
const PROBED: u8 = 1 << 5;
const FIN: u8 = 1 << 6;
/// Its sender sent something else.
const FOLLOWED: u8 = 1 << 7;

impl Watch {
    pub(super) fn new(subject: Trace, room: Option<[Seq; 2]>) -> Self {
        Self { subject, effects: Vec::new(), found: 0, room, again: 0 }
    }

    /// Whether this is found for the first time, if it is so.
    fn finds(&mut self, what: u8, is_so: bool) -> bool {
        let is_new = is_so && self.found & what == 0;
        self.found |= if is_so { what } else { 0 };
        is_new
    }

    /// Whether the other side is still to acknowledge it.
    pub(super) fn awaits_ack(&self) -> bool {
        let takes_up = self.subject.segment.is_some_and(|segment| segment.takes_up());
        takes_up && self.found & ACKED == 0 && !self.subject.has(Flags::RST)
    }

    pub(super) fn effects(self) -> Vec<Effect> {
        self.effects
    }

    fn push(&mut self, came: Came) {
        self.effects.push(Effect { came, inferred: None });
    }

    fn likely(&mut self, came: Came) {
        self.effects.push(Effect { came, inferred: Some(Confidence::Likely) });
    }

    /// Hears which answers led a packet after it to where it goes.
    pub(super) fn led(&mut self, led: &[(Told, Mark)], by: Mark) {
        let own = self.subject.mark;
        for (told, _) in led.iter().filter(|(_, answer)| *answer == own) {
            self.likely(Came::Led(*told, by));
        }
    }

    /// Looks at a packet after it, of any conversation.
    pub(super) fn see(&mut self, trace: &Trace, packet: &Packet<'_>, quoted: Option<u64>) {
        let number = self.subject.mark.packet;
        if quoted.is_some_and(|identity| self.subject.is_quoted_as(identity)) && self.again < TOLD {
            self.again += 1;
            self.push(Came::SentBack(trace.mark));
        }
        if packet.found().iter().any(|found| found.numbers.contains(&number)) {
            let is_told = self.effects.iter().any(|it| matches!(it.came, Came::Joined(_)));
            if !is_told {
                self.push(Came::Joined(trace.mark));
            }
        }
        if trace.conversation.is_none() || trace.conversation != self.subject.conversation {
            return;
        }
        match (self.subject.segment, trace.segment) {
            (Some(subject), Some(segment)) if trace.from == self.subject.from => {
                self.own(subject, segment, trace);
            }
            (Some(subject), Some(segment)) => self.peer(subject, segment, trace, packet),
            (None, None) if self.subject.is_copied_by(trace) && self.again < TOLD => {
                self.again += 1;
                self.likely(Came::Copied(trace.mark));
            }
            (None, None)
                if self.subject.has_ports && self.finds(HEARD, trace.from != self.subject.from) =>
            {
                self.push(Came::NextBack(trace.mark));
            }
            _ => {}
        }
    }

    /// A later segment of the same side.
    fn own(&mut self, subject: Written, segment: Written, trace: &Trace) {
        self.found |= FOLLOWED;
        let covers = |first: Written, second: Written| {
            first.seq.past(second.seq) <= 0 && first.end.past(second.end) >= 0
        };
        for verdict in &trace.verdicts {
            let is_about = verdict.of == Some(self.subject.mark.packet);
            match verdict.what {
                What::Copy(_) if is_about && self.again < TOLD => {
                    self.again += 1;
                    self.push(Came::Copied(trace.mark));
                }
                What::Resent { trigger, .. }
                    if subject.takes_up()
                        && (is_about || covers(segment, subject))
                        && self.again < TOLD =>
                {
                    self.again += 1;
                    let is_spurious = verdict.is_spurious() == Some(true);
                    let inferred =
                        (verdict.confidence != Confidence::Certain).then_some(verdict.confidence);
                    let came = Came::SentAgain { by: trace.mark, trigger, is_spurious };
                    self.effects.push(Effect { came, inferred });
                }
                What::WindowReopened { .. } if is_about => self.push(Came::Reopened(trace.mark)),
                _ => {}
            }
        }
    }

    /// A later segment of the other side.
    fn peer(&mut self, subject: Written, segment: Written, trace: &Trace, packet: &Packet<'_>) {
        let by = trace.mark;
        let flags = segment.flags;
        let is = |so: fn(What) -> bool| self.subject.is(so).is_some();
        let (repeats, closes, gapped) = (
            is(|what| matches!(what, What::DuplicateAck { .. })),
            is(|what| what == What::ZeroWindow),
            is(|what| matches!(what, What::Gap { .. })),
        );
        if self.awaits_ack() {
            self.acknowledged(subject, segment, by, names(packet, subject));
            if gapped
                && let Some(again) = trace.is(|what| matches!(what, What::DuplicateAck { .. }))
                && let What::DuplicateAck { count } = again.what
                && self.found & (ACKED | NAMED) == 0
                && self.finds(REPEATED, true)
            {
                self.likely(Came::Repeated { by, count });
            }
        }
        let echoes =
            segment.echo().is_some_and(|echo| subject.stamps.is_some_and(|own| own.0 == echo));
        // What acknowledges it shows already that it arrived.
        if self.finds(HEARD, echoes) && !subject.takes_up() {
            self.push(Came::Heard { by, octets: segment.len });
        }
        for verdict in &trace.verdicts {
            let is_about = verdict.of == Some(self.subject.mark.packet);
            match verdict.what {
                What::Resent { trigger: Trigger::Fast, .. }
                    if self.finds(MADE_AGAIN, repeats && segment.seq == subject.ack) =>
                {
                    let came = Came::MadeSendAgain { by, first: verdict.of };
                    let inferred = Some(verdict.confidence.min(Confidence::Likely));
                    self.effects.push(Effect { came, inferred });
                }
                What::WindowProbe if self.finds(PROBED, closes) => self.push(Came::Probed(by)),
                What::KeepAliveAck | What::WindowProbeAck if is_about => {
                    self.push(Came::ProbeAnswered(by));
                }
                What::Reset(reset)
                    if flags.has(Flags::RST)
                        && self.found & FOLLOWED == 0
                        && !subject.flags.has(Flags::SYN) =>
                {
                    self.likely(Came::Reset { by, reset });
                }
                _ => {}
            }
        }
        if self.finds(FIN, flags.has(Flags::FIN) && subject.flags.has(Flags::FIN)) {
            self.push(Came::FinCame(by));
        }
        if let Some([before, edge]) = self.room
            && segment.len > 0
            && segment.end.past(before) > 0
        {
            self.room = None;
            if segment.end.past(edge) <= 0 {
                self.push(Came::MadeRoom { by });
            }
        }
    }
}

impl Watch {
    /// Whether the other side says that it has the octets, or some behind them.
    fn acknowledged(&mut self, subject: Written, segment: Written, by: Mark, is_named: bool) {
        let flags = segment.flags;
        if flags.has(Flags::ACK) && segment.ack.past(subject.end) >= 0 {
            self.found |= ACKED;
            let with_more = segment.ack != subject.end;
            let (is_syn, is_answer) =
                (subject.flags.has(Flags::SYN), subject.flags.has(Flags::ACK));
            self.push(match (is_syn, flags.has(Flags::RST)) {
                (true, true) => Came::Refused(by),
                (true, false) if flags.has(Flags::SYN) && !is_answer => Came::Accepted(by),
                _ => Came::Acknowledged { by, with_more },
            });
        } else if self.finds(NAMED, is_named) {
            self.push(Came::Named(by));
        }
    }
}

/// Whether a SACK block names all that a segment brought.
fn names(packet: &Packet<'_>, subject: Written) -> bool {
    let Some(tcp) = packet.tcp() else { return false };
    tcp.options().any(|option| match option {
        TcpOption::Sack(blocks) => {
            let covers = |(left, right): (Seq, Seq)| {
                left.past(subject.seq) <= 0 && right.past(subject.end) >= 0
            };
            blocks.edges().any(covers)
        }
        _ => false,
    })
}
