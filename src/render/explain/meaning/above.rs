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
        "dns.qry.name.len" => "octets of the name as text",
        "dns.count.labels" => "parts of the name between the dots",
        "dns.flags" => "what kind of message it is, and how it went",
        "dns.flags.z" => "must be zero",
        "dns.txt" => "what somebody wrote about the name",
        "dns.txt.length" => "octets of the text",
        "dns.ptr.domain_name" => {
            "the name that belongs to the address, or an instance of the service"
        }
        // RFC 6762 §10.2
        "dns.resp.cache_flush" => "what was known of the name before is to be forgotten",
        // RFC 6891 §6.1
        "dns.resp.ext_rcode" => "the upper bits of the response code",
        "dns.resp.edns0_version" => "the version of the extension",
        "dns.resp.z.do" => "the asker wants signatures, too (RFC 3225)",
        "dns.resp.z" | "dns.resp.z.reserved" => "flags of the extension",
        "dns.opt.code" => "which option it is",
        "dns.opt.len" => "octets of the option",
        // RFC 7873 §4
        "dns.opt.cookie.client" => "the server repeats it: so the asker knows that it was asked",
        "dns.opt.cookie.server" => "the asker repeats it: so the server knows its address",
        // RFC 6891 §6.2.3
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
        "dhcp.hw.type" => "what kind of link the client is on",
        "dhcp.hw.len" => "octets of its hardware address",
        "dhcp.hw.addr_padding" => "filled up to sixteen octets",
        "dhcp.flags" => "how the client wants to be answered",
        "dhcp.flags.reserved" => "must be zero",
        "dhcp.server" => "the name of the server to load from, if there is one",
        "dhcp.file" => "the file to load, if there is one",
        "dhcp.option.type" => "which option it is",
        "dhcp.option.length" => "octets of the option behind this field",
        "dhcp.option.hostname" => "what the client calls itself",
        "dhcp.option.domain_name" => "what to put behind short names",
        "dhcp.option.dhcp_max_message_size" => "the longest message that the client takes",
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
        "tls.handshake.version" => {
            "kept at an old version since TLS 1.3; an extension tells the true one"
        }
        "tls.handshake.session_id_length"
        | "tls.handshake.cipher_suites_length"
        | "tls.handshake.comp_methods_length"
        | "tls.handshake.extensions_length"
        | "tls.handshake.extension.len"
        | "tls.handshake.sig_hash_alg_len"
        | "tls.handshake.extensions_server_name_list_len"
        | "tls.handshake.extensions_server_name_len"
        | "tls.handshake.extensions_alpn_len"
        | "tls.handshake.extensions_alpn_str_len"
        | "tls.handshake.extensions.supported_versions_len"
        | "tls.handshake.extensions_supported_groups_length"
        | "tls.handshake.extensions_ec_point_formats_length"
        | "tls.handshake.extensions_key_share_client_length"
        | "tls.handshake.extensions_key_share_key_exchange_length"
        | "tls.extension.psk_ke_modes_length"
        | "tls.handshake.certificates_length"
        | "tls.handshake.certificate_length" => "octets of what follows",
        // RFC 8446 §4.2
        "tls.handshake.extension.type" => "which extension it is",
        "tls.handshake.extensions_ec_point_format" => {
            "how points on curves may be written; of no use since TLS 1.3"
        }
        "tls.handshake.extensions_key_share_group" => {
            "on which curve, or in which group, the key lies"
        }
        "tls.extension.psk_ke_mode" => "how a key from before may be used again",
        // RFC 6066 §3, RFC 7301 §3.1
        "tls.handshake.extensions_server_name_type" => "0: the name of a host, as always",
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
        "http.request" => "from a client",
        "http.response" => "from a server",
        "http.request.full_uri" => "with the host and the scheme",
        "http.response.code.desc" => "what the code means by the RFC",
        "http.date" => "when the message was made, by its sender's clock",
        "http.last_modified" => "when the content changed last, as its sender says",
        "http.accept" => "which kinds of content the client takes",
        "http.accept_encoding" => "which compressions the client takes",
        "http.content_length" => "octets of the body, as a number",
        "http.request.line" | "http.response.line" => "a line of the head",
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
        "quic.header_form" => "1: a long header, as while the connection is set up",
        "quic.fixed_bit" => "tells it from other protocols",
        "quic.dcil" | "quic.scil" => "octets of the connection's identifier",
        "quic.length" => "octets of the packet behind this field",
        "quic.remaining_payload" => "encrypted",
        // RFC 9113 §4.1
        "http2.length" => "octets of the frame behind its header",
        "http2.type" => "what the frame is for",
        "http2.streamid" => {
            "which of the requests in the connection it belongs to; 0 is the connection"
        }
        "http2.r" => "must be zero",
        "http2.headers" => "header fields, packed as RFC 7541 has it",
        // RFC 2661 §3.1
        "l2tp.tunnel" => "the tunnel, by the number that its receiver gave it",
        "l2tp.session" => "the session in the tunnel, likewise",
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
