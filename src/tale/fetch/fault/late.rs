//! Why was it not over in time?

use std::time::Duration;

use super::{Fault, Proof, connecting, destination, seconds};
use crate::tale::Party;
use crate::tale::fetch::course::Witness;
use crate::tale::fetch::phase::Edge;
use crate::timeline::fetch::Doing;

/// curl's "time is over".
const TIME: u8 = 28;

pub(super) fn judge(
    doing: Doing,
    limit: Duration,
    (sent, received): (u64, u64),
    proof: &Proof,
) -> Fault {
    match doing {
        Doing::Lookup => {
            let sentence = format!(
                "no name server answered within {}: is port 53 filtered? --dns asks another one",
                seconds(limit)
            );
            Fault::new("dns.timeout", Party::Resolver, TIME, sentence)
                .shown_by(proof.questions.clone())
        }
        Doing::Connecting => connecting::unanswered(proof, Some(limit)),
        Doing::Securing => lost(proof).unwrap_or_else(|| {
            let to = destination(proof);
            let sentence =
                format!("{to} did not go on with the TLS handshake within {}", seconds(limit));
            Fault::new("tls.timeout", Party::Server, TIME, sentence).shown_by(edge(proof.last_seen))
        }),
        Doing::Sending => sending(limit, sent, proof),
        Doing::Waiting | Doing::Receiving => receiving(limit, received, proof),
    }
}

fn sending(limit: Duration, sent: u64, proof: &Proof) -> Fault {
    let to = destination(proof);
    if let Some(shut) = proof.peer_shut {
        let sentence =
            format!("{to} does not read: it closed its window after {sent} octets of the request");
        return Fault::new("tcp.zero-window", Party::Server, TIME, sentence).shown_by(shut.packet);
    }
    lost(proof).unwrap_or_else(|| {
        let sentence =
            format!("the request was not through within {}: {sent} octets were", seconds(limit));
        Fault::new("time.limit", Party::Path, TIME, sentence)
    })
}

fn receiving(limit: Duration, received: u64, proof: &Proof) -> Fault {
    if let Some(fault) = lost(proof) {
        return fault;
    }
    if let Some(shut) = proof.shut {
        let sentence = "we do not read: our own window is closed".to_owned();
        return Fault::new("tcp.zero-window", Party::ThisComputer, TIME, sentence)
            .shown_by(shut.packet);
    }
    let to = destination(proof);
    let last = proof.last.or(proof.last_seen);
    let since = last.or(proof.asked).map(|edge| proof.ended.since(edge.time));
    let packets = last.or(proof.asked).and_then(|edge| edge.packet);
    match (last, since) {
        (None, since) => {
            let since = since.map_or_else(|| seconds(limit), seconds);
            let has = if proof.is_acknowledged && proof.witness != Witness::Calls {
                "has the whole request"
            } else {
                "was sent the request"
            };
            let sentence = format!("{to} {has} and has said nothing for {since}");
            Fault::new("http.stalled", Party::Server, TIME, sentence).shown_by(packets)
        }
        // Silence that is long, for this connection and for this limit.
        (Some(_), Some(silent)) if silent >= quiet(limit, proof) => {
            let sentence = format!(
                "{to} stopped after {received} octets of the answer: acknowledged, with room for more, \
                 and silent for {}",
                seconds(silent)
            );
            Fault::new("http.stalled", Party::Server, TIME, sentence).shown_by(packets)
        }
        _ => {
            let sentence = format!(
                "{received} octets of the answer came within {}, and more were coming",
                seconds(limit)
            );
            Fault::new("time.limit", Party::Content, TIME, sentence).shown_by(packets)
        }
    }
}

/// Shorter silences are part of a transfer.
fn quiet(limit: Duration, proof: &Proof) -> Duration {
    let round_trip = proof.round_trip.unwrap_or_default();
    (limit / 10).min(Duration::from_secs(1)).max(2 * round_trip)
}

/// What was sent, by us or by them, and is lost.
fn lost(proof: &Proof) -> Option<Fault> {
    let to = destination(proof);
    if let Some((edge, missing)) = proof.hole {
        let missing = missing.map_or("some".to_owned(), |missing| missing.to_string());
        let sentence = format!(
            "{to} did answer, and {missing} octets of it never came, though later ones did: lost on the \
             path; a black hole for big packets if only they are missing"
        );
        let packets = edge.packet.into_iter().chain(proof.fin.and_then(|fin| fin.packet));
        let mut packets: Vec<u64> = packets.collect();
        packets.dedup();
        return Some(Fault::new("tcp.data-lost", Party::Path, TIME, sentence).shown_by(packets));
    }
    let sent_in_vain =
        !proof.is_acknowledged && (proof.sent_again > 0 || !proof.unacknowledged.is_empty());
    sent_in_vain.then(|| {
        let times = match proof.sent_again {
            0 => "and was not acknowledged".to_owned(),
            1 => "was sent again once, and was never acknowledged".to_owned(),
            times => format!("was sent again {times} times, and was never acknowledged"),
        };
        let sentence = format!(
            "the handshake with {to} went well, then what we sent {times}: lost on the path, or too big \
             for it"
        );
        Fault::new("tcp.data-lost", Party::Path, TIME, sentence)
            .shown_by(proof.unacknowledged.clone())
    })
}

fn edge(edge: Option<Edge>) -> Option<u64> {
    edge.and_then(|edge| edge.packet)
}
