//! Whose fault was it, and what proves it?
//!
//! A pure function of a failure and its proof. It claims no more than the proof gives: a firewall is named only
//! where somebody else than the host answered.

mod broken;
mod connecting;
mod late;
mod lookup;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::aside::Refused;
use super::course::Witness;
use super::phase::Edge;
use crate::tale::Party;
use crate::timeline::fetch::{Failure, Transfer};
use crate::timeline::http::{Status, Whose};
use crate::timeline::{Refusal, Timestamp};

/// Why a transfer failed, for programs and for people.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// `dns.nxdomain`, `tcp.refused.rst`, ...
    pub code: &'static str,
    pub party: Party,
    /// curl's number.
    pub exit: u8,
    /// One sentence for people, without a full stop.
    pub sentence: String,
    /// Numbers of the packets that prove it; none where calls do.
    pub packets: Vec<u64>,
}

/// What packets and calls say about a failure.
#[derive(Clone, Debug, Default)]
pub struct Proof {
    pub host: String,
    pub destination: Option<SocketAddr>,
    pub ended: Timestamp,
    pub witness: Witness,
    /// Packets of questions that nobody answered.
    pub questions: Vec<u64>,
    /// The packet of the last answer from a name server.
    pub dns_answer: Option<u64>,
    /// A hardware address that was asked for in vain.
    pub unheard: Option<Unheard>,
    /// Every SYN, and the first SYN-ACK.
    pub syns: Vec<u64>,
    pub syn_ack: Option<u64>,
    /// SYNs sent again, by the kernel's count.
    pub syns_again: u64,
    pub is_connected: bool,
    /// Since the call that connected began.
    pub waited: Option<Duration>,
    /// The server's first RST.
    pub reset: Option<Reset>,
    /// ICMP errors about this connection, by packets.
    pub refused: Vec<Refused>,
    /// What the kernel told of such errors.
    pub told: Vec<Refusal>,
    /// Where the request ended.
    pub asked: Option<Edge>,
    /// The peer has all of the request.
    pub is_acknowledged: bool,
    pub unacknowledged: Vec<u64>,
    /// Segments of ours that were sent again.
    pub sent_again: u64,
    /// Octets of theirs that never came though later ones did: what shows it, and how many; only packets tell
    /// that.
    pub hole: Option<(Edge, Option<u64>)>,
    /// Since when we have no room, and since when they have none.
    pub shut: Option<Edge>,
    pub peer_shut: Option<Edge>,
    /// The server's first FIN.
    pub fin: Option<Edge>,
    /// The last octets of the answer that were read, and that were seen.
    pub last: Option<Edge>,
    pub last_seen: Option<Edge>,
    pub received: u64,
    pub round_trip: Option<Duration>,
}

/// A RST and how far it came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reset {
    pub packet: u64,
    /// TTL or hop limit that was left.
    pub hops: u8,
    /// What other packets of the host had left.
    pub usual: Option<u8>,
}

/// An address on the link that did not answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unheard {
    pub address: IpAddr,
    /// It is the router, not the destination itself.
    pub is_router: bool,
    /// Packets that asked.
    pub requests: Vec<u64>,
}

impl Fault {
    fn new(code: &'static str, party: Party, exit: u8, sentence: impl Into<String>) -> Self {
        Self { code, party, exit, sentence: sentence.into(), packets: Vec::new() }
    }

    fn shown_by(self, packets: impl IntoIterator<Item = u64>) -> Self {
        Self { packets: packets.into_iter().collect(), ..self }
    }
}

/// The fault of a transfer. A status that refuses is one even where it counts as no failure: then the exit
/// code is 0.
pub fn of(transfer: &Transfer, proof: &Proof) -> Option<Fault> {
    match (&transfer.failure, transfer.status) {
        (Some(failure), _) => Some(judge(failure, proof)),
        (None, Some(code @ 400..)) => Some(status(code, 0)),
        (None, _) => None,
    }
}

/// The row of the table that a failure is.
pub fn judge(failure: &Failure, proof: &Proof) -> Fault {
    match failure {
        Failure::Scheme(scheme) => Fault::new(
            "url.scheme",
            Party::Request,
            1,
            format!("{scheme} is no scheme that is fetched here: http and https are"),
        ),
        Failure::Lookup(failure) => lookup::judge(failure, proof),
        Failure::Connect { errno, tried } => connecting::judge(errno, tried, proof),
        Failure::Interface { asked, errno } => Fault::new(
            "interface",
            Party::ThisComputer,
            45,
            format!("{asked} cannot be sent from: {}", system(errno)),
        ),
        Failure::Broken { doing, errno, sent, received } => {
            broken::judge(*doing, errno, (*sent, *received), proof)
        }
        Failure::Late { doing, limit, sent, received } => {
            late::judge(*doing, *limit, (*sent, *received), proof)
        }
        Failure::Http(problem) => broken::answer(problem, proof),
        Failure::Tls(problem) => broken::secured(problem, proof),
        Failure::Astray(astray) => {
            Fault::new(astray.code(), Party::Server, astray.exit(), astray.to_string())
        }
        Failure::Request(why) => Fault::new("url.malformed", Party::Request, 3, why),
        Failure::Status(code) => status(*code, 22),
        Failure::Saving(sentence) => Fault::new(
            "save",
            Party::ThisComputer,
            23,
            format!("the body could not be saved: {sentence}"),
        ),
        Failure::Interrupted => {
            Fault::new("interrupted", Party::Request, 130, "somebody wanted it to end")
        }
    }
}

/// A status that refuses says whose turn it is.
fn status(code: u16, exit: u8) -> Fault {
    let status = Status::of(code);
    let party = match status.whose {
        Whose::Nobody | Whose::Client => Party::Request,
        Whose::Server | Whose::Behind => Party::Server,
    };
    let sentence = format!("the answer is {code} {}: {}", status.name, status.words);
    Fault::new("http.status", party, exit, sentence)
}

/// The system's own sentence, and its name for the error.
fn system(errno: &crate::timeline::Errno) -> String {
    format!("{} ({})", errno.sentence.to_lowercase(), errno.name)
}

fn seconds(span: Duration) -> String {
    let seconds = span.as_secs_f64();
    if seconds >= 10.0 { format!("{seconds:.0} s") } else { super::verdict::milliseconds(span) }
}

/// The destination in words.
fn destination(proof: &Proof) -> String {
    proof.destination.map_or_else(|| "the server".to_owned(), |it| it.to_string())
}
