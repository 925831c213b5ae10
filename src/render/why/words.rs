//! In which words is time told, and what stood in its way?
//!
//! All sentences of `why` and of the verdict stand here, each handed the packets that prove it.

use std::time::Duration;

use crate::flow::Side;
use crate::flow::tcp::Confidence;
use crate::ink::written;
use crate::render::quantity;
use crate::tale::accounts::{Account, Whole};
use crate::tale::bucket::Bucket;
use crate::tale::stall::{Name, Place, Stall};
use crate::tale::verdict::{Cause, Culprit, Verdict};

/// What time was spent on, as the row of a table.
pub(in crate::render) fn bucket(bucket: Bucket) -> &'static str {
    match bucket {
        Bucket::NameLookup => "looking up the name",
        Bucket::ClientBefore => "the client, before it connected",
        Bucket::ConnectRetry => "SYNs that had to be sent again",
        Bucket::Connect => "connecting: a round trip",
        Bucket::TlsClient => "the client, within the TLS handshake",
        Bucket::TlsServer => "the server, within the TLS handshake",
        Bucket::TlsPath => "round trips of the TLS handshake",
        Bucket::ClientThink => "the client, before it asked",
        Bucket::Request => "the client, amid what it sent",
        Bucket::ServerThink => "the server, before it answered",
        Bucket::Path => "round trips between question and answer",
        Bucket::ResponseApplication => "the server, amid what it sent",
        Bucket::WindowClosed => "the receiver's window was closed",
        Bucket::WindowSmall => "the receiver's window was used up",
        Bucket::LossTimeout => "losses, until a timer went off",
        Bucket::LossRecovery => "losses, while they were repaired",
        Bucket::CongestionWindow => "the sender waited for ACKs",
        Bucket::Queueing => "queues on the way",
        Bucket::Transmission => "octets that followed each other",
        Bucket::Stall => "Nagle against a delayed ACK",
        Bucket::HalfClosed => "one side had finished already",
        Bucket::Closing => "closing",
        Bucket::Idle => "nothing was to be done",
        Bucket::Unknown => "the capture does not tell",
    }
}

/// One name for somebody, as the subject of a sentence.
pub(in crate::render) fn culprit(culprit: Culprit) -> &'static str {
    match culprit {
        Culprit::Client => "the client",
        Culprit::Server => "the server",
        Culprit::Network => "the network",
        Culprit::Resolver => "the resolver",
    }
}

pub(in crate::render) fn side(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
    }
}

pub(in crate::render) fn duration(time: Duration) -> String {
    written(|ink| quantity::duration(time, ink))
}

pub(in crate::render) fn count(number: u64) -> String {
    written(|ink| quantity::count(number, ink))
}

pub(in crate::render) fn times(number: u64) -> String {
    match number {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        number => format!("{} times", count(number)),
    }
}

/// The side of a trouble, or both.
fn whose(stall: &Stall) -> &'static str {
    stall.side.map_or("either side", |it| match it {
        Side::Client => "the client",
        Side::Server => "the server",
    })
}

fn other(stall: &Stall) -> &'static str {
    match stall.side {
        Some(Side::Client) => "the server",
        Some(Side::Server) => "the client",
        None => "the other side",
    }
}

/// What happened, in a few words.
pub(in crate::render) fn title(stall: &Stall) -> String {
    let (who, other) = (whose(stall), other(stall));
    match stall.name {
        Name::NagleDelayedAck => {
            format!("{who} held a segment back until a delayed ACK came (Nagle)")
        }
        Name::LostSyn => "a SYN was lost, or its answer".to_owned(),
        Name::LostSynAck => "a SYN-ACK was lost".to_owned(),
        Name::Unanswered => "nobody answered the SYN".to_owned(),
        Name::TailLoss => format!("the last segment that {who} sent was lost"),
        Name::Timeout => format!("what {who} sent was lost, and only a timer noticed"),
        Name::Loss => format!("what {who} sent was lost"),
        Name::ZeroWindow => format!("{who} did not read: its window was closed"),
        Name::SmallWindow => format!("{who} took less at once than {other} could send"),
        Name::NoWindowScaling => format!("the window of {who} cannot grow beyond 64 KiB"),
        Name::BlackHole => format!("large segments of {who} never arrive"),
        Name::SlowStartAfterIdle => format!("{who} began slowly again after a pause"),
        Name::CertificateFlight => "the certificates did not fit into the first window".to_owned(),
        Name::DnsRetry => "a question to a resolver had to be asked again".to_owned(),
        Name::SearchList => "names were asked for that nobody has".to_owned(),
        Name::SlowResolver => "the resolver took long to answer".to_owned(),
        Name::FailingResolver => "the resolver gave no answer, or no useful one".to_owned(),
        Name::Ipv6InVain => "IPv6 was tried first, in vain".to_owned(),
        Name::NoKeepAlive => "every request had a connection of its own".to_owned(),
        Name::HeadOfLine => "requests waited for the answers before theirs".to_owned(),
        Name::Refused => "the server refused the connection".to_owned(),
        Name::Unreachable => "a router sent the SYN back: the server cannot be reached".to_owned(),
        Name::Reset => format!("{who} broke the connection off"),
        Name::InjectedReset => format!("somebody else broke it off in the name of {who}"),
        Name::PortReuse => {
            "a port was used again before its last connection was forgotten".to_owned()
        }
        Name::OptionsStripped => "options of a handshake were missing on the way".to_owned(),
        Name::SilentMidResponse => "the server fell silent amid its answer".to_owned(),
        Name::SlowToAsk => "the client connected and took long to ask".to_owned(),
        Name::SlowAnswer => "the server took long to answer".to_owned(),
        Name::LongWay => "the way there and back is long".to_owned(),
    }
}

/// The packets that show it, and what they show.
pub(in crate::render) fn evidence(stall: &Stall) -> String {
    let from = number(stall.from.packet);
    let to = number(stall.to.packet);
    let span = duration(stall.to.time.since(stall.from.time));
    let middle = stall
        .packets
        .iter()
        .copied()
        .find(|packet| *packet > stall.from.packet && *packet < stall.to.packet);
    let by = middle.map(number);
    let lost =
        stall.place.map_or(String::new(), |it| format!("; lost{}", place(it).replacen(',', "", 1)));
    let name = stall.about.as_deref().map_or(String::new(), |name| format!(" for {name}"));
    match stall.name {
        Name::NagleDelayedAck => {
            let ack = by.unwrap_or_else(|| to.clone());
            format!(
                "{from} is short; its ACK {ack} came late, and {to} followed at once, {span} after {from}"
            )
        }
        Name::LostSyn | Name::LostSynAck | Name::PortReuse => {
            format!("sent again in {to}, {span} after {from}")
        }
        Name::Unanswered => format!("from {from} to {to}, {span}, nothing came back"),
        Name::TailLoss | Name::Timeout => {
            format!("nothing from {from} on until {to}, {span} later, was sent again")
        }
        Name::Loss => format!("{to} was sent again, {span} after {from}{lost}"),
        Name::ZeroWindow => match by {
            Some(by) => format!("{by} closed it; the next segment is {to}, {span} after {from}"),
            None => format!("closed by {from}; open again by {to}, {span} later"),
        },
        Name::SmallWindow | Name::NoWindowScaling => match by {
            Some(by) => format!("full after {from}, as {by} says; {to} went on {span} later"),
            None => format!("full after {from}; {to} went on {span} later"),
        },
        Name::BlackHole => format!(
            "sent first after {from} and again up to {to}, the same length each time; shorter ones arrive"
        ),
        Name::SlowStartAfterIdle => {
            format!("it went on with {from}, and waited for ACKs until {to}")
        }
        Name::CertificateFlight => format!("the rest, up to {to}, waited for ACKs after {from}"),
        Name::DnsRetry | Name::SlowResolver => {
            format!("asked{name} in {from}, answered in {to} after {span}")
        }
        Name::SearchList => format!("asked{name} in {from}; {to} says that there is none"),
        Name::FailingResolver => {
            format!("asked{name} in {from}; up to {to}, {span} later, nothing that helps")
        }
        Name::Ipv6InVain => {
            format!("tried from {from} on; the connection over IPv4 began with {to}, {span} later")
        }
        Name::NoKeepAlive => format!("one after the other from {from} to {to}"),
        Name::HeadOfLine => {
            format!("asked in {from}, while the answer before went on until {to}, {span}")
        }
        Name::Refused => format!("{to} answers {from}"),
        Name::Unreachable => format!("tried from {from} on; {to}, {span} later, sends it back"),
        Name::Reset => format!("{to} is the reset; the packet before was {from}"),
        Name::InjectedReset => {
            format!("the reset {to} has come another way than {from}: its hop limit differs")
        }
        Name::OptionsStripped => {
            format!("{from} offers what {to} does not agree to; to others the same server does")
        }
        Name::SilentMidResponse => {
            format!("nothing between {from} and {to} for {span}, and the answer was not over")
        }
        Name::SlowToAsk => format!("ready with {from}, and asked in {to}, {span} later"),
        Name::SlowAnswer => match by {
            Some(by) => format!("asked in {from}, acknowledged in {by}, answered from {to} on"),
            None => format!("asked in {from}, answered from {to} on"),
        },
        Name::LongWay => format!("from {from} to {to}: {span}"),
    }
}

/// What to do about it.
pub(in crate::render) fn remedy(stall: &Stall) -> String {
    let (who, other) = (whose(stall), other(stall));
    match stall.name {
        Name::NagleDelayedAck => format!("let the program of {who} write each message at once, or set TCP_NODELAY"),
        Name::LostSyn | Name::LostSynAck => "look for loss, or for a full queue of new connections at the server (ListenOverflows in nstat)".to_owned(),
        Name::Unanswered => "look for a firewall that drops, a host that is down, or a wrong address".to_owned(),
        Name::TailLoss | Name::Timeout => "look for loss on the way; counters of the interfaces and switches tell where".to_owned(),
        Name::Loss => "look for loss on the way, and whether a queue runs over".to_owned(),
        Name::ZeroWindow => format!("look at the program of {who}: it does not read what comes"),
        Name::SmallWindow => format!("let {who} have a larger receive buffer (net.ipv4.tcp_rmem, SO_RCVBUF), or read sooner"),
        Name::NoWindowScaling => "allow window scaling at both ends (net.ipv4.tcp_window_scaling), and let nobody strip it".to_owned(),
        Name::BlackHole => "let ICMP \"fragmentation needed\" pass, clamp the MSS, or set net.ipv4.tcp_mtu_probing".to_owned(),
        Name::SlowStartAfterIdle => format!("at {who}: net.ipv4.tcp_slow_start_after_idle=0, if the path allows"),
        Name::CertificateFlight => "send fewer or shorter certificates (ECDSA, no root), or compress them (RFC 8879)".to_owned(),
        Name::DnsRetry => "look at the loss between client and resolver, and at the resolver's load".to_owned(),
        Name::SearchList => "write the name with a dot at its end, or shorten the list of domains to search".to_owned(),
        Name::SlowResolver => "look at the resolver: its cache, its forwarders".to_owned(),
        Name::FailingResolver => "look whether the resolver runs, is reachable and may be asked".to_owned(),
        Name::Ipv6InVain => "mend IPv6 on the way, or take the address out of DNS".to_owned(),
        Name::NoKeepAlive => "keep the connection: each new one costs its round trips again".to_owned(),
        Name::HeadOfLine => "use several connections, or HTTP/2".to_owned(),
        Name::Unreachable => "look at the routers on the way, and whether the server is up".to_owned(),
        Name::Refused => "look whether the program runs at the server, and listens at this port".to_owned(),
        Name::Reset => format!("look into the log of {who} at this time"),
        Name::InjectedReset => "look for a firewall or a filter between the two".to_owned(),
        Name::PortReuse => "let the system choose the port".to_owned(),
        Name::OptionsStripped => "look for a firewall on the way that takes options out".to_owned(),
        Name::SilentMidResponse => "look at what the server does between the parts of its answer".to_owned(),
        Name::SlowToAsk => "look at what the client does between connecting and asking".to_owned(),
        Name::SlowAnswer => "look at what the server does: its log at this time, its database".to_owned(),
        Name::LongWay => format!("ask less often, keep connections, or bring {other} nearer").replace("the other side", "both ends"),
    }
}

/// Where something was lost.
fn place(place: Place) -> String {
    let end = side(place.towards);
    if place.is_inside {
        format!(", behind the capture and, by the round trip, within the {end}'s own computer")
    } else {
        format!(", between the capture and the {end}")
    }
}

fn number(packet: u64) -> String {
    format!("#{packet}")
}

/// How certain something is, before what it is.
pub(in crate::render) fn sure(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Certain => "",
        Confidence::Likely => "probably ",
        Confidence::Weak => "perhaps ",
    }
}

/// Nobody is to blame.
pub(in crate::render) const NOTHING: &str =
    "Nothing stands out: nobody was waited for longer than usual.";

/// Who spent the time of a connection.
pub(in crate::render) fn of(account: &Account) -> String {
    account.verdict.as_ref().map_or(NOTHING.to_owned(), |it| verdict(it, None))
}

/// Who spent the time of all of them.
pub(in crate::render) fn of_whole(whole: &Whole) -> String {
    whole.verdict.as_ref().map_or(NOTHING.to_owned(), |(id, it)| verdict(it, *id))
}

/// Who spent the time, in one sentence.
pub(in crate::render) fn verdict(verdict: &Verdict, connection: Option<u32>) -> String {
    let who = culprit(verdict.culprit);
    let sure = sure(verdict.confidence);
    let what = match verdict.cause {
        Cause::Stall(name) => did(name, verdict.culprit),
        Cause::Bucket(bucket) => did_by_bucket(bucket, verdict.culprit),
    };
    let near = verdict.place.map_or(String::new(), place);
    let on = match (connection, verdict.connections) {
        (Some(id), _) => format!(" on connection {id}"),
        (None, count @ 2..) => format!(" on {count} connections"),
        (None, _) => String::new(),
    };
    let mut said = format!("{sure}{who}{on} {what}{near}");
    if !verdict.time.is_zero() {
        let share = (verdict.share * 100.0).round();
        let is_all = verdict.named.as_secs_f64() >= 0.9 * verdict.time.as_secs_f64();
        let is_of_several = verdict.among > 1;
        said.push_str(": ");
        if !is_all {
            said.push_str(&[&duration(verdict.named), " of the "].concat());
        }
        said.push_str(&duration(verdict.time));
        said.push_str(match (is_all, is_of_several) {
            (true, true) => " in all",
            (true, false) => "",
            (false, true) => " that it took in all",
            (false, false) => " that it took",
        });
        if !is_of_several && verdict.share > 0.0 && verdict.share < 1.0 {
            said.push_str(
                &[", ", &share.to_string(), " % of the time in which something was under way"]
                    .concat(),
            );
        }
    }
    let (from, to) = (number(verdict.from.packet), number(verdict.to.packet));
    let shown = match (verdict.from.packet, verdict.to.packet) {
        (0, _) => format!(" ({to})."),
        (from_packet, to_packet) if from_packet == to_packet => format!(" ({to})."),
        _ if verdict.connections > 1 => format!(" (the longest from {from} to {to})."),
        _ => format!(" ({from} to {to})."),
    };
    said.push_str(&shown);
    let mut letters = said.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// What somebody did, behind who it was.
fn did(name: Name, by: Culprit) -> String {
    let peer = if by == Culprit::Client { "the server" } else { "the client" };
    match name {
        Name::NagleDelayedAck => "held short segments back until delayed ACKs came",
        Name::LostSyn | Name::LostSynAck => "lost what opens a connection",
        Name::Unanswered => "gave no answer to the SYN",
        Name::TailLoss => "lost the last segment of a burst",
        Name::Timeout | Name::Loss => "lost segments",
        Name::ZeroWindow => "did not read what came, and closed its window",
        Name::SmallWindow => return format!("took less at once than {peer} could send"),
        Name::NoWindowScaling => "has a window that cannot grow beyond 64 KiB",
        Name::BlackHole => "lets no large segments through",
        Name::SlowStartAfterIdle => "saw the sender begin slowly again after pauses",
        Name::CertificateFlight => "took several round trips for the server's certificates",
        Name::DnsRetry => "had to be asked again",
        Name::SearchList => "was asked for names that nobody has",
        Name::FailingResolver => "gave no answer, or no useful one",
        Name::Ipv6InVain => "has no way for IPv6, which was tried first",
        Name::NoKeepAlive => "had to open a connection for every request",
        Name::HeadOfLine => "made requests wait for the answers before theirs",
        Name::Refused => "refused the connection",
        Name::Unreachable => "has no way to the server, as a router says",
        Name::Reset => "broke the connection off while something was owed",
        Name::InjectedReset => "broke the connection off in somebody's name",
        Name::PortReuse => "used a port again too soon",
        Name::OptionsStripped => "took options out of the handshake",
        Name::SilentMidResponse => "fell silent amid its answer",
        Name::SlowToAsk => "took long to ask",
        Name::SlowAnswer | Name::SlowResolver => "took long to answer",
        Name::LongWay => "is a long way there and back",
    }
    .to_owned()
}

fn did_by_bucket(bucket: Bucket, by: Culprit) -> String {
    let peer = if by == Culprit::Client { "the server" } else { "the client" };
    match bucket {
        Bucket::NameLookup => "took long to find the address",
        Bucket::ClientBefore => "took long to connect once it had the address",
        Bucket::ConnectRetry => "lost what opens a connection",
        Bucket::TlsClient | Bucket::TlsServer => "took long within the TLS handshake",
        Bucket::ClientThink => "took long between the answers and its questions",
        Bucket::ServerThink => "took long to answer",
        Bucket::Request | Bucket::ResponseApplication => "paused amid what it sent",
        Bucket::WindowClosed => "did not read what came, and closed its window",
        Bucket::WindowSmall => return format!("took less at once than {peer} could send"),
        Bucket::LossTimeout | Bucket::LossRecovery => "lost segments",
        Bucket::CongestionWindow => "kept the sender waiting for ACKs",
        Bucket::Queueing => "let packets stand in queues",
        Bucket::Transmission => "took as long as the line needs",
        Bucket::Stall => "held short segments back until delayed ACKs came",
        _ => "took long for its round trips",
    }
    .to_owned()
}
