//! Why was the name not found?

use super::{Fault, Proof};
use crate::tale::Party;
use crate::timeline::lookup::Failure;

pub(super) fn judge(failure: &Failure, proof: &Proof) -> Fault {
    let code = failure.code();
    let (party, advice) = match code {
        "dns.nxdomain" => (Party::Request, "check the spelling, and the search list"),
        "dns.nodata" => (Party::Request, "the name is for something else, mail perhaps"),
        "dns.servfail" => (Party::Resolver, "--iterative names the server that is broken"),
        "dns.refused" => (Party::Resolver, "--dns asks another one"),
        "dns.timeout" => (Party::Resolver, "is port 53 filtered? --dns asks another one"),
        "dns.unreachable" => (Party::Resolver, "nothing listens there; --dns asks another one"),
        "dns.lame" | "dns.loop" => (Party::Resolver, "the zone's owner must correct it"),
        "dns.system" => (Party::Resolver, "without --dns system it is seen whom it asks"),
        "dns.no-source" => (Party::ThisComputer, "nsswitch.conf says whom to ask"),
        _ => (Party::Request, ""),
    };
    let mut sentence = failure.to_string();
    if !advice.is_empty() {
        sentence.push_str("; ");
        sentence.push_str(advice);
    }
    let silent = matches!(code, "dns.timeout" | "dns.unreachable");
    let packets: Vec<u64> =
        if silent { proof.questions.clone() } else { proof.dns_answer.into_iter().collect() };
    Fault::new(code, party, 6, sentence).shown_by(packets)
}
