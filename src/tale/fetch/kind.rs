//! What kinds of events does a fetch have, and from which level on is each told?
//!
//! The one table of them: whoever tells a fetch, in words or as records, asks here, so that both agree. Levels
//! are cumulative; records hold all of them, whatever the level of the words.

use crate::timeline::fetch::{Event, Step};
use crate::timeline::{Call, Evidence, Purpose, lookup, tls};

/// A kind of event.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Kind {
    /// For programs: the field `kind` of a record.
    pub name: &'static str,
    /// The lowest of the levels 1 to 7 at which it is told.
    pub level: u8,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $id:ident = $name:literal, $level:literal;)*) => {
        $($(#[$doc])* pub const $id: Kind = Kind { name: $name, level: $level };)*

        /// All of them.
        pub const ALL: &[Kind] = &[$($id,)*];
    };
}

kinds! {
    URL_PARSE       = "url.parse", 2;
    POLICY          = "policy", 4;
    HOST_CONFIG     = "host.config", 6;
    HOSTS_LOOKUP    = "hosts.lookup", 3;
    RESOLVER_CONFIG = "resolver.config", 4;
    /// Which sources are asked for names, and which names are tried.
    NAME_SOURCES    = "name.sources", 4;
    NAME_SEARCH     = "name.search", 3;
    NAME_ALIAS      = "name.alias", 2;
    NAME_FOUND      = "name.found", 2;
    /// Records of other types that were asked for.
    NAME_RECORDS    = "name.records", 2;
    /// Both ways of looking it up, beside each other.
    NAME_COMPARED   = "name.compared", 2;
    DNS_CACHE       = "dns.cache", 4;
    DNS_QUERY       = "dns.query", 3;
    DNS_ANSWER      = "dns.answer", 3;
    /// Something came that is no answer to the question.
    DNS_IGNORED     = "dns.ignored", 3;
    DNS_REFERRAL    = "dns.referral", 4;
    DNS_LAME        = "dns.lame", 4;
    /// Records that the server may not speak for.
    DNS_THROWN_AWAY = "dns.thrown_away", 4;
    DNS_DETOUR      = "dns.detour", 4;
    DNS_TCP         = "dns.tcp", 4;
    DNS_RETRY       = "dns.retry", 2;
    DNS_FAIL        = "dns.fail", 2;
    ADDR_CHOOSE     = "addr.choose", 4;
    /// What became of each attempt to connect.
    ADDR_TRIED      = "addr.tried", 4;
    ROUTE_DECIDE    = "route.decide", 6;
    ARP_CACHED      = "arp.cached", 6;
    ARP_REQUEST     = "arp.request", 6;
    ARP_REPLY       = "arp.reply", 6;
    ARP_TIMEOUT     = "arp.timeout", 6;
    /// The kernel's neighbour cache changed.
    ARP_STATE       = "arp.state", 6;
    SYS_SOCKET      = "sys.socket", 4;
    /// An option, asked for or read; the name of a socket.
    SYS_OPTION      = "sys.option", 7;
    SYS_BIND        = "sys.bind", 4;
    SYS_CONNECT     = "sys.connect", 4;
    /// What became of a `connect` that was under way.
    SYS_CONNECTED   = "sys.connected", 4;
    SYS_POLL        = "sys.poll", 7;
    /// A call that only gathers evidence: the error queue, questions over netlink.
    SYS_EVIDENCE    = "sys.evidence", 7;
    /// A call of a lookup.
    SYS_LOOKUP      = "sys.lookup", 4;
    SYS_WRITE       = "sys.write", 4;
    SYS_READ        = "sys.read", 4;
    SYS_SHUTDOWN    = "sys.shutdown", 4;
    SYS_CLOSE       = "sys.close", 4;
    SYS_OTHER       = "sys.other", 7;
    TCP_SYN         = "tcp.syn", 5;
    TCP_SYN_ACK     = "tcp.synack", 5;
    TCP_ACK         = "tcp.ack", 5;
    TCP_STATE       = "tcp.state", 5;
    TCP_RTT         = "tcp.rtt", 5;
    TCP_SEGMENT     = "tcp.segment", 5;
    TCP_ACKED       = "tcp.acked", 5;
    TCP_WINDOW      = "tcp.window", 5;
    TCP_TIMER       = "tcp.timer", 7;
    TCP_RST         = "tcp.rst", 5;
    TCP_FIN         = "tcp.fin", 5;
    TCP_TIME_WAIT   = "tcp.time_wait", 5;
    TLS_RECORD      = "tls.record", 4;
    TLS_HANDSHAKE   = "tls.handshake", 4;
    TLS_END         = "tls.end", 5;
    TLS_KEYS        = "tls.keys", 2;
    HTTP_REQUEST    = "http.request", 2;
    HTTP_RESPONSE   = "http.response", 2;
    HTTP_BODY       = "http.body", 3;
    HTTP_REDIRECT   = "http.redirect", 2;
    HTML_OBJECTS    = "html.objects", 2;
    SCHED_SLOT      = "sched.slot", 3;
    /// Who answered a probe of the way that went so many hops.
    PATH_HOP        = "path.hop", 6;
    ICMP_ERROR      = "icmp.error", 2;
    NAT_HINT        = "nat.hint", 6;
    FAULT_VERDICT   = "fault.verdict", 1;
    INTERRUPTED     = "interrupted", 1;
    SUMMARY         = "summary", 1;
}

/// The kind of a call.
pub fn of_call(call: &Call) -> Kind {
    // How a `connect` that was under way ended is asked for later, and is its true return.
    if call.evidence.iter().any(|evidence| matches!(evidence, Evidence::Connected(_))) {
        return SYS_CONNECTED;
    }
    match (call.purpose, call.name) {
        (_, "setsockopt" | "getsockopt" | "getsockname" | "getpeername") => SYS_OPTION,
        (Purpose::Evidence, _) => SYS_EVIDENCE,
        (_, "socket") => SYS_SOCKET,
        (_, "bind") => SYS_BIND,
        (_, "connect") => SYS_CONNECT,
        (_, "poll" | "select" | "epoll_wait") => SYS_POLL,
        (_, "write" | "send" | "sendto" | "sendmsg" | "writev") => SYS_WRITE,
        (_, "read" | "recv" | "recvfrom" | "recvmsg" | "readv") => SYS_READ,
        (_, "shutdown") => SYS_SHUTDOWN,
        (_, "close") => SYS_CLOSE,
        _ => SYS_OTHER,
    }
}

/// The kind of a step; what a lookup calls is told by [`SYS_LOOKUP`].
pub fn of_step(step: &Step) -> Kind {
    match &step.event {
        Event::Policy(_) => POLICY,
        Event::Url(_) => URL_PARSE,
        Event::Lookup(event) => of_lookup(event),
        Event::Found(_) => NAME_FOUND,
        Event::Chosen(_) => ADDR_CHOOSE,
        Event::Way(_) => ROUTE_DECIDE,
        Event::Neighbour(_) => ARP_STATE,
        Event::Tried(_) => ADDR_TRIED,
        Event::Hop(_) => PATH_HOP,
        Event::Reused { .. } => SCHED_SLOT,
        Event::Records { .. } => NAME_RECORDS,
        Event::Compared(_) => NAME_COMPARED,
        Event::Tls(fact) => of_tls(fact),
        Event::Request { .. } => HTTP_REQUEST,
        Event::Response { .. } => HTTP_RESPONSE,
        Event::Body { .. } => HTTP_BODY,
        Event::Redirected(_) => HTTP_REDIRECT,
        Event::Objects(_) => HTML_OBJECTS,
        Event::Ended(_) => SUMMARY,
        Event::Interrupted => INTERRUPTED,
    }
}

fn of_tls(fact: &tls::Fact) -> Kind {
    match fact {
        tls::Fact::Flight(_) => TLS_RECORD,
        tls::Fact::Handshake(_) => TLS_HANDSHAKE,
        tls::Fact::Ended(_) => TLS_END,
        tls::Fact::KeysNotKept(_) => TLS_KEYS,
    }
}

fn of_lookup(event: &lookup::Event) -> Kind {
    match event {
        lookup::Event::Sources(_) => NAME_SOURCES,
        lookup::Event::Hosts { .. } => HOSTS_LOOKUP,
        lookup::Event::Configured(_) => RESOLVER_CONFIG,
        lookup::Event::Searched { .. } => NAME_SEARCH,
        lookup::Event::Cached { .. } => DNS_CACHE,
        lookup::Event::Called(_) => SYS_LOOKUP,
        lookup::Event::Asked(_) => DNS_QUERY,
        lookup::Event::Answered(_) => DNS_ANSWER,
        lookup::Event::Ignored { .. } => DNS_IGNORED,
        lookup::Event::Referred(_) => DNS_REFERRAL,
        lookup::Event::Lame { .. } => DNS_LAME,
        lookup::Event::ThrownAway { .. } => DNS_THROWN_AWAY,
        lookup::Event::Detour { .. } => DNS_DETOUR,
        lookup::Event::Alias { .. } => NAME_ALIAS,
        lookup::Event::OverTcp { .. } => DNS_TCP,
        lookup::Event::Retried { .. } => DNS_RETRY,
        lookup::Event::Failed(_) => DNS_FAIL,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_kind_has_a_name_of_its_own_and_a_level_there_is() {
        let names: HashSet<&str> = ALL.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), ALL.len());
        assert!(ALL.iter().all(|kind| (1..=7).contains(&kind.level)));
    }
}
