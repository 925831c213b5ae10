//! What is there to say about a segment, in plain words?

use super::line;
use super::quantity;
use crate::flow::Seen;
use crate::flow::tcp::{Confidence, Copied, FastOpen, Need, Reset, Trigger, Verdict, What};
use crate::ink::Ink;
use crate::octets::Why;
use crate::timeline::nanos;
use crate::wire::Packet;
use crate::wire::checksum;

/// Writes a verdict for people. What is not certain says so.
pub fn words(verdict: &Verdict, ink: &mut Ink) {
    match verdict.confidence {
        Confidence::Certain => {}
        Confidence::Likely => _ = ink.text("probably "),
        Confidence::Weak => _ = ink.text("perhaps "),
    }
    match verdict.what {
        What::Gap { octets } => {
            octets_of(octets, ink);
            ink.text(" missing before this");
        }
        What::Resent { trigger, need, .. } => resent(verdict.of, trigger, need, ink),
        What::Reordered { .. } => {
            ink.text("out of order");
            about(", after ", verdict.of, ink);
        }
        What::Copy(by) => {
            ink.text("a copy");
            about(" of ", verdict.of, ink);
            ink.text(match by {
                Copied::Network => ", made on the way",
                Copied::Capture => ", captured twice",
            });
        }
        What::DuplicateAck { count } => _ = ink.text("duplicate ACK ").number(count),
        What::AckUnseen { octets } => {
            ink.text("acknowledges ");
            octets_of(octets, ink);
            ink.text(" the capture did not see");
        }
        What::DuplicateSack { octets } => {
            octets_of(octets, ink);
            ink.text(" arrived twice");
        }
        What::WindowReopened { after } => {
            ink.text("window opened after ");
            quantity::duration(after, ink);
        }
        What::WindowShrunk { octets } => {
            ink.text("window shrunk by ");
            octets_of(octets, ink);
        }
        What::WindowLimited { left } => {
            ink.text("window leaves ");
            octets_of(left, ink);
        }
        What::Connected { rtt: Some(rtt) } => {
            ink.text("connected after ");
            quantity::duration(rtt, ink);
        }
        What::PortsReused { connection } => {
            ink.text("ports of connection ").number(connection).text(" used again");
        }
        What::FastOpen(FastOpen::Data { octets }) => {
            ink.text("fast open with ");
            octets_of(octets, ink);
        }
        what => _ = ink.text(plain(what)),
    }
}

/// Verdicts that need no figures.
fn plain(what: What) -> &'static str {
    match what {
        What::BeforeCapture => "from before the capture began",
        What::OldAck => "an older ACK",
        What::PartialAck => "acknowledges part of a segment",
        What::WindowUpdate => "window update",
        What::ZeroWindow => "window closed",
        What::WindowFull => "window full",
        What::WindowProbe => "window probe",
        What::WindowProbeAck => "answers the window probe",
        What::KeepAlive => "keep-alive",
        What::KeepAliveAck => "answers the keep-alive",
        What::Connected { .. } => "connected",
        What::OpenedByBoth => "opened by both at once",
        What::SynInEstablished => "SYN on an open connection",
        What::WrongSynAck => "answers another SYN",
        What::FastOpen(FastOpen::Asked) => "asks for a fast open cookie",
        What::FastOpen(FastOpen::CookieGiven) => "gives a fast open cookie",
        What::FastOpen(FastOpen::Accepted) => "fast open accepted",
        What::FastOpen(FastOpen::Ignored) => "fast open ignored",
        What::Finished => "closed",
        What::FinishedByBoth => "closed by both at once",
        What::Reset(Reset::Refused) => "refused",
        What::Reset(Reset::AfterUnread) => "reset while the peer was sending",
        What::Reset(Reset::Abort) => "reset",
        What::Reset(Reset::AfterFin) => "reset after its own FIN",
        What::Reset(Reset::HalfOpen) => "reset, for it knows of no connection",
        What::Reset(Reset::OutOfWindow) => "reset outside the window, not believed",
        What::Reset(Reset::AfterClose) => "reset after the close",
        What::ChallengeAck => "challenge ACK",
        What::TimeWaitReset => "reset in TIME-WAIT",
        What::Congested => "marked by a router: congestion",
        // Those with figures have their words above.
        _ => "",
    }
}

fn resent(of: Option<u64>, trigger: Trigger, need: Need, ink: &mut Ink) {
    ink.text("sent again");
    about(", first in ", of, ink);
    ink.text(match trigger {
        Trigger::Fast => " (fast)",
        Trigger::Timeout => " (timeout)",
        Trigger::Recovery => " (recovery)",
        Trigger::TailProbe => " (tail probe)",
        Trigger::TailProbeOrTimeout => " (tail probe or timeout)",
        Trigger::Unknown => "",
    });
    if need == Need::Spurious {
        ink.text(", in vain");
    }
}

/// Names another packet, where one is known.
fn about(words: &str, packet: Option<u64>, ink: &mut Ink) {
    if let Some(packet) = packet {
        ink.text(words).text("#").number(packet);
    }
}

fn octets_of(count: u32, ink: &mut Ink) {
    quantity::count(count.into(), ink);
    ink.text(if count == 1 { " octet" } else { " octets" });
}

/// Writes what is wrong with a packet and what it is to its conversation, as JSON objects.
pub(super) fn records(packet: &Packet<'_>, seen: &Seen<'_>, ink: &mut Ink) {
    let start = ink.len();
    if let Some(stop) = packet.stop {
        let name = match stop.why {
            Why::Cut { .. } => "cut",
            Why::Short { .. } => "short",
            Why::Malformed(_) => "malformed",
        };
        wrong(name, start, |ink| stop.line(ink), ink);
    }
    if let Some(closed) = packet.closed() {
        wrong("not_decrypted", start, |ink| _ = ink.text(closed.words()), ink);
    }
    checksum::verify(packet, |place, verdict| {
        if let checksum::Verdict::Bad { told, right } = verdict {
            wrong("checksum_wrong", start, |ink| line::wrong(place.layer, told, right, ink), ink);
        }
    });
    for verdict in seen.verdicts {
        record(verdict, start, ink);
    }
}

/// Something that is wrong with the packet alone; the evidence is in words.
fn wrong(name: &str, start: usize, evidence: impl FnOnce(&mut Ink), ink: &mut Ink) {
    ink.text(if ink.len() > start { "," } else { "" });
    ink.text(r#"{"name":""#).text(name).text(r#"","evidence":""#);
    evidence(ink);
    ink.text(r#"","confidence":"certain","of_packet":null,"kind":null,"octets":null"#);
    ink.text(r#","count":null,"spurious":null,"after_ns":null}"#);
}

fn record(verdict: &Verdict, start: usize, ink: &mut Ink) {
    let what = verdict.what;
    ink.text(if ink.len() > start { "," } else { "" });
    ink.text(r#"{"name":""#).text(what.name());
    ink.text(r#"","evidence":""#).text(verdict.evidence.name());
    ink.text(r#"","confidence":""#).text(verdict.confidence.name());
    number(r#"","of_packet":"#, verdict.of, ink);
    ink.text(r#","kind":"#);
    match what.kind() {
        Some(kind) => ink.text("\"").text(kind).text("\""),
        None => ink.text("null"),
    };
    number(r#","octets":"#, what.octets().map(u64::from), ink);
    let count = match what {
        What::DuplicateAck { count } => Some(count.into()),
        _ => None,
    };
    number(r#","count":"#, count, ink);
    ink.text(match verdict.is_spurious() {
        Some(true) => r#","spurious":true"#,
        Some(false) => r#","spurious":false"#,
        None => r#","spurious":null"#,
    });
    let after = match what {
        What::Connected { rtt } => rtt,
        What::WindowReopened { after } => Some(after),
        _ => None,
    };
    number(r#","after_ns":"#, after.map(nanos), ink);
    ink.text("}");
}

fn number(name: &str, number: Option<u64>, ink: &mut Ink) {
    ink.text(name);
    match number {
        Some(number) => ink.number(number),
        None => ink.text("null"),
    };
}
