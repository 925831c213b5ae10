//! What do the fields of DNS, DHCP, TLS, HTTP and others above UDP and TCP mean?

use super::number;
use crate::wire::field::Value;

/// What does not depend on the value.
pub(super) fn told(name: &str) -> Option<&'static str> {
    dns(name).or_else(|| dhcp(name)).or_else(|| tls(name)).or_else(|| others(name))
}

/// What depends on the value.
pub(super) fn computed(name: &str, value: Value<'_>) -> Option<String> {
    Some(match (name, value) {
        ("dns.flags.response", Value::Flag(true)) => "an answer".into(),
        ("dns.flags.response", Value::Flag(false)) => "a question".into(),
        ("http.response.code", _) => status(number(value)?)?.into(),
        ("dns.flags.rcode", _) => match number(value)? {
            0 => "no error".into(),
            2 => "the server could not find out".into(),
            3 => "there is no such name".into(),
            5 => "the server does not answer such questions, or not to this asker".into(),
            _ => return None,
        },
        ("dns.resp.ttl", _) => format!("may be kept for {} s", number(value)?),
        ("dhcp.option.ip_address_lease_time", _) if number(value)? == u64::from(u32::MAX) => {
            "for ever".into()
        }
        ("ntp.stratum", _) => match number(value)? {
            0 => "unknown, or a refusal".into(),
            1 => "it has a clock of its own".into(),
            16 => "its clock is not set".into(),
            steps => format!("{steps} steps from a clock"),
        },
        _ => return None,
    })
}

fn dns(name: &str) -> Option<&'static str> {
    Some(match name {
        // RFC 1035 §4.1.1
        "dns.id" => "the answer repeats it, so that it finds its question",
        "dns.length" => "octets of the message behind this field (RFC 1035 §4.2.2)",
        "dns.flags.opcode" => "what kind of question it is",
        "dns.flags.authoritative" => "the server is responsible for the name",
        "dns.flags.truncated" => "not all of it fitted: ask again over TCP",
        "dns.flags.recdesired" => "the asker wants the server to ask others for it",
        "dns.flags.recavail" => "the server asks others for who wants it",
        // RFC 4035 §3.1.6, §3.2
        "dns.flags.authenticated" => "the server has verified the signatures",
        "dns.flags.checkdisable" => "the asker verifies signatures itself",
        "dns.count.queries" => "how many questions follow",
        "dns.count.answers" => "how many records answer it",
        "dns.count.auth_rr" => "how many records tell who is responsible",
        "dns.count.add_rr" => "how many records are told beside",
        "dns.qry.name" => "what is asked about",
        "dns.qry.type" => "what is wanted of it",
        "dns.qry.class" | "dns.resp.class" => "the Internet, as nearly always",
        "dns.resp.name" => "what the record is about",
        "dns.resp.type" => "what it tells",
        "dns.resp.len" => "octets of what it tells",
        "dns.a" | "dns.aaaa" => "the address that belongs to the name",
        "dns.cname" => "the name is only another one for this",
        "dns.ns" => "a server that is responsible",
        "dns.mx.mail_exchange" => "takes mail for the name",
        "dns.mx.preference" => "the lowest is tried first",
        // RFC 6891 §6.1
        "dns.rr.udp_payload_size" => "the longest answer over UDP that is taken",
        _ => return None,
    })
}

fn dhcp(name: &str) -> Option<&'static str> {
    Some(match name {
        // RFC 2131 §2
        "dhcp.type" => "1 from a client, 2 from a server",
        "dhcp.hops" => "relays that it passed",
        "dhcp.id" => "the same in all messages of one request for an address",
        "dhcp.secs" => "how long the client has been trying",
        "dhcp.flags.bc" => "the client cannot hear anything else yet",
        "dhcp.ip.client" => "the address that the client has and may use",
        "dhcp.ip.your" => "the address that the client gets",
        "dhcp.ip.server" => "where the client is to load its system from",
        "dhcp.ip.relay" => "the relay that handed it on",
        "dhcp.hw.mac_addr" => "who asks, by the hardware",
        "dhcp.cookie" => "says that options of DHCP follow",
        // RFC 2132
        "dhcp.option.dhcp" => "which step of the lease it is",
        "dhcp.option.ip_address_lease_time" => "so many seconds the address may be used",
        "dhcp.option.renewal_time_value" => {
            "after so many seconds the client asks its server again"
        }
        "dhcp.option.rebinding_time_value" => "after so many seconds it asks any server",
        "dhcp.option.subnet_mask" => "which part of the address names the network",
        "dhcp.option.router" => "where to send what is not for this network",
        "dhcp.option.domain_name_server" => "whom to ask for names",
        "dhcp.option.dhcp_server_id" => "the server that this is about",
        "dhcp.option.requested_ip_address" => "the address that the client would like",
        "dhcp.option.request_list_item" => "the client wants to know this, too",
        "dhcp.option.end" => "no more options",
        _ => return None,
    })
}

fn tls(name: &str) -> Option<&'static str> {
    Some(match name {
        // RFC 8446 §5.1
        "tls.record.content_type" => "what the record holds",
        "tls.record.version" => {
            "kept at an old version, because of boxes on the way; it decides nothing"
        }
        "tls.record.length" => "octets of the record behind this field",
        "tls.app_data" => "encrypted: only both ends can read it",
        "tls.change_cipher_spec" => "from here on encrypted; in TLS 1.3 only for boxes on the way",
        "tls.alert_message.level" => "2 ends the connection",
        "tls.alert_message.desc" => "what is wrong, or that nothing more comes",
        // RFC 8446 §4
        "tls.handshake.type" => "which message of the handshake it is",
        "tls.handshake.length" => "octets of the message behind this field",
        "tls.handshake.random" => "32 octets that were never used before",
        "tls.handshake.session_id" => "names an earlier session, or nothing since TLS 1.3",
        "tls.handshake.ciphersuite" => "a set of algorithms that is offered, or chosen",
        "tls.handshake.comp_method" => "none: compression would betray secrets",
        // RFC 6066 §3, RFC 7301 §3.1
        "tls.handshake.extensions_server_name" => {
            "the server that is wanted, readable for everybody on the way"
        }
        "tls.handshake.extensions_alpn_str" => "what is to be spoken within",
        "tls.handshake.extensions.supported_version" => "a version that is offered, or chosen",
        "tls.handshake.extensions_supported_group" => "a way to agree on keys",
        "tls.handshake.sig_hash_alg" => "a way to sign that is understood",
        "tls.handshake.extensions_key_share_key_exchange" => {
            "the public half of a key for this connection only"
        }
        "tls.handshake.session_ticket" => "lets the client come back without the whole handshake",
        "tls.handshake.certificate" => "says whose key it is",
        _ => return None,
    })
}

fn others(name: &str) -> Option<&'static str> {
    Some(match name {
        // RFC 9110
        "http.request.method" => "what is to be done",
        "http.request.uri" => "with what",
        "http.request.version" | "http.response.version" => "which HTTP its sender speaks",
        "http.response.phrase" => "for people; programs go by the code",
        "http.host" => "which of the sites on this server is meant",
        "http.content_length_header" => "octets of the body",
        "http.content_type" => "what the body is",
        "http.content_encoding" => "how the body is compressed",
        "http.transfer_encoding" => "how the body is cut up on the way",
        "http.connection" => "whether the connection is used again",
        "http.user_agent" => "what the client says it is",
        "http.server" => "what the server says it is",
        "http.location" => "where to ask instead",
        "http.set_cookie" => "the client is to bring this along next time",
        "http.cookie" => "what the server gave the client before",
        "http.head_end" => "an empty line ends the head",
        // RFC 5905 §7.3
        "ntp.org" => "when the question left, by the asker's clock",
        "ntp.rec" => "when the question arrived, by the server's clock",
        "ntp.xmt" => "when this left, by its sender's clock",
        "ntp.reftime" => "when its sender's clock was set last",
        // RFC 7348 §5, RFC 8926 §3.4
        "vxlan.vni" | "geneve.vni" => "the virtual network that the frame within belongs to",
        // RFC 9000 §17
        "quic.version" => "which QUIC is spoken",
        "quic.dcid" => "by which the receiver knows the connection",
        "quic.scid" => "by which the sender wants to be known",
        "quic.remaining_payload" => "encrypted",
        _ => return None,
    })
}

/// RFC 9110 §15, by the first digit.
fn status(code: u64) -> Option<&'static str> {
    Some(match code / 100 {
        1 => "goes on: the answer proper is still to come",
        2 => "done",
        3 => "to be found elsewhere, or known already",
        4 => "the client is asked to do something otherwise",
        5 => "the server could not do it",
        _ => return None,
    })
}
