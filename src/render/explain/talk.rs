//! What are questions and answers called?

use super::words::{Words, octets};
use crate::flow::exchange::{Dhcp, Exchange, Neighbour, Sought, Topic, What};
use crate::ink::safe;
use crate::tale::packet::Part;
use crate::wire::arp::Meaning;

/// Octets of text from the wire that are told.
const TEXT: usize = 120;

/// What a packet is to an exchange. `brings` is how many octets it brings of a stream.
pub(super) fn part(exchange: &Exchange, part: Part, brings: Option<u32>, words: Words) -> String {
    let (question, answer) = names(&exchange.topic);
    let of = |what: String| match brings {
        Some(count) => format!("{} of {what}", octets(count.into())),
        None => what,
    };
    match part {
        Part::Question => of(format!("{}{}", an(&question), about(exchange))),
        Part::MoreOfTheQuestion if brings.is_some() => {
            of(format!("the {question}{}, continued", about(exchange)))
        }
        Part::MoreOfTheQuestion => format!("the same {question} once more{}", about(exchange)),
        Part::MoreOfTheAnswer => of(format!("the {answer}{}", to(exchange))),
        Part::Answer => {
            let what = match brings {
                Some(count) => format!("the last {} of the {answer}", octets(count.into())),
                None => an(&answer),
            };
            let after =
                exchange.latency.map(|latency| format!(" after {}", words.duration(latency)));
            format!("{what}{}{}", to(exchange), after.unwrap_or_default())
        }
    }
}

/// Which packet an answer answers.
fn to(exchange: &Exchange) -> String {
    match (exchange.question, &exchange.topic) {
        (Some(question), Topic::Tls(_)) => format!(" that packet {} began", question.packet),
        (None, Topic::Tls(_)) => " whose begin the capture does not have".into(),
        (Some(question), _) => format!(" to packet {}", question.packet),
        // On multicast, records are told without having been asked for (RFC 6762 §8.3).
        (None, Topic::Dns(_)) if exchange.topic.key() == "mdns" => String::new(),
        (None, _) => " to a question that the capture does not have".into(),
    }
}

/// What a question and its answer are called.
fn names(topic: &Topic) -> (String, String) {
    let dhcp = |kind: Option<u8>, other: &str| match kind.and_then(Dhcp::name) {
        Some(name) => format!("DHCP {name}"),
        None => other.to_owned(),
    };
    let (question, answer) = match topic {
        Topic::Dns(_) => match topic.key() {
            "mdns" => ("mDNS question", "mDNS answer"),
            "llmnr" => ("LLMNR question", "LLMNR answer"),
            _ => ("DNS question", "DNS answer"),
        },
        Topic::Http(_) => ("HTTP request", "HTTP response"),
        Topic::Tls(_) => ("TLS handshake's first message", "TLS handshake"),
        Topic::Dhcp(talk) => {
            return (dhcp(talk.asked, "BOOTP request"), dhcp(talk.answered, "BOOTP reply"));
        }
        Topic::Arp(arp) if arp.meaning == Meaning::Probe => ("ARP probe", "ARP reply"),
        Topic::Arp(_) => ("ARP request", "ARP reply"),
        Topic::Neighbour(Neighbour { what: Sought::Router, .. }) => {
            ("router solicitation", "router advertisement")
        }
        Topic::Neighbour(_) => ("neighbour solicitation", "neighbour advertisement"),
        Topic::Echo(echo) => match echo.what {
            What::Echo => ("echo request", "echo reply"),
            What::Timestamp => ("time stamp request", "time stamp reply"),
            What::Information => ("information request", "information reply"),
            What::Mask => ("address mask request", "address mask reply"),
        },
    };
    (question.to_owned(), answer.to_owned())
}

/// What the question is about.
fn about(exchange: &Exchange) -> String {
    let text = |octets: &[u8]| safe(&octets[..octets.len().min(TEXT)]);
    match &exchange.topic {
        Topic::Dns(dns) if !dns.name.is_empty() => format!(" about {}", text(dns.name.as_bytes())),
        Topic::Http(http) => match (&http.method, &http.target) {
            (Some(method), Some(target)) => format!(" ({} {})", text(method), text(target)),
            _ => String::new(),
        },
        Topic::Tls(tls) => match &tls.server_name {
            Some(name) => format!(" to {}", text(name)),
            None => String::new(),
        },
        Topic::Arp(arp) => format!(" for {}", arp.asked),
        Topic::Neighbour(neighbour) => match neighbour.target {
            Some(target) => format!(" for {target}"),
            None => String::new(),
        },
        Topic::Echo(echo) => format!(", number {}", echo.sequence),
        Topic::Dns(_) | Topic::Dhcp(_) => String::new(),
    }
}

/// With its article, as it is spoken: `a DNS question`, `an HTTP request`, `an mDNS answer`.
pub(super) fn an(what: &str) -> String {
    let letters = what.chars().nth(1).is_some_and(|second| second.is_ascii_uppercase());
    let first = what.chars().next().unwrap_or(' ');
    let vowel = match first {
        // Spelt out: an HTTP, an SLL, an MPLS; but spoken as a word: a RADIUS.
        'A' | 'E' | 'F' | 'H' | 'I' | 'L' | 'M' | 'N' | 'O' | 'R' | 'S' | 'X' | 'm' if letters => {
            true
        }
        // An 802.11 frame.
        '8' => true,
        other => !letters && matches!(other.to_ascii_lowercase(), 'a' | 'e' | 'i' | 'o'),
    };
    format!("{} {what}", if vowel { "an" } else { "a" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_are_as_they_are_spoken() {
        for said in [
            "a DNS question",
            "an HTTP request",
            "an mDNS answer",
            "an echo reply",
            "a UDP x",
            "an Ethernet",
        ] {
            let (_, what) = said.split_once(' ').expect("two words");
            assert_eq!(an(what), said);
        }
    }
}
