//! Why did a connection break?

use super::{Fault, Proof, destination, system};
use crate::tale::Party;
use crate::timeline::Errno;
use crate::timeline::fetch::Doing;
use crate::timeline::http::Problem;
use crate::timeline::tls::{self, Cause};

pub(super) fn judge(doing: Doing, errno: &Errno, moved: (u64, u64), proof: &Proof) -> Fault {
    match &*errno.name {
        "ECONNRESET" | "EPIPE" | "ECONNABORTED" => reset(doing, moved, proof),
        "ETIMEDOUT" => lost(doing, proof),
        "EHOSTUNREACH" | "ENETUNREACH" if proof.unheard.is_some() => {
            let fault = super::connecting::unanswered(proof, None);
            Fault { exit: exit(doing), ..fault }
        }
        _ => Fault::new(
            "tcp.failed",
            Party::Path,
            exit(doing),
            format!("the connection to {} broke: {}", destination(proof), system(errno)),
        ),
    }
}

/// An answer that is none, or that is not whole.
pub(super) fn answer(problem: &Problem, proof: &Proof) -> Fault {
    let party = match problem {
        Problem::TooLarge { .. } => Party::Content,
        Problem::Output(_) => Party::ThisComputer,
        _ => Party::Server,
    };
    let fault = Fault::new(problem.code(), party, problem.exit(), problem.to_string());
    let ending = [proof.last.or(proof.last_seen), proof.fin].into_iter().flatten();
    let mut packets: Vec<u64> = ending.filter_map(|edge| edge.packet).collect();
    packets.dedup();
    fault.shown_by(packets)
}

/// A connection that could not be secured, or did not stay so.
pub(super) fn secured(problem: &tls::Problem, proof: &Proof) -> Fault {
    let party = match problem.cause {
        Cause::Store(_) => Party::ThisComputer,
        Cause::Host | Cause::Versions { .. } => Party::Request,
        Cause::Connection { .. } => Party::Path,
        _ => Party::Server,
    };
    let reset = proof.reset.map(|reset| reset.packet);
    let shown = reset.or(proof.last_seen.or(proof.last).and_then(|edge| edge.packet));
    let fault = Fault::new(problem.code(), party, problem.exit(), problem.to_string());
    fault.shown_by(shown)
}

/// curl's: of TLS, of sending, of receiving.
fn exit(doing: Doing) -> u8 {
    match doing {
        Doing::Lookup => 6,
        Doing::Connecting => 7,
        Doing::Securing => 35,
        Doing::Sending => 55,
        Doing::Waiting | Doing::Receiving => 56,
    }
}

fn reset(doing: Doing, (sent, received): (u64, u64), proof: &Proof) -> Fault {
    let after = match doing {
        Doing::Lookup | Doing::Connecting => "before it was there".to_owned(),
        Doing::Securing => "during the TLS handshake".to_owned(),
        Doing::Sending => format!("after {sent} octets of the request"),
        Doing::Waiting => "after the request, before a single octet of the answer".to_owned(),
        Doing::Receiving => format!("after {received} octets of the answer"),
    };
    let code = if doing == Doing::Securing { "tls.reset" } else { "tcp.reset" };
    let to = destination(proof);
    let Some(reset) = proof.reset else {
        let sentence = format!("{to} broke the connection off {after}");
        return Fault::new(code, Party::Server, exit(doing), sentence);
    };
    let (party, sentence) = match reset.usual.filter(|usual| *usual != reset.hops) {
        Some(usual) => (
            Party::Path,
            format!(
                "a RST broke the connection to {to} off {after}, with TTL {} where the server's packets \
                 have {usual}: somebody on the way sent it",
                reset.hops
            ),
        ),
        None => (Party::Server, format!("{to} broke the connection off by a RST {after}")),
    };
    Fault::new(code, party, exit(doing), sentence).shown_by([reset.packet])
}

/// The kernel gave up sending again.
fn lost(doing: Doing, proof: &Proof) -> Fault {
    let sentence = format!(
        "{} acknowledges nothing any more: what was sent {} times again was lost on the path",
        destination(proof),
        proof.sent_again
    );
    Fault::new("tcp.data-lost", Party::Path, exit(doing), sentence)
        .shown_by(proof.unacknowledged.clone())
}
