//! What are the numbers of TLS called? Names are those of IANA's registries; cipher suites have a
//! table of their own.

use super::suites;

/// RFC 8446 §5.1; RFC 6520 §6.
pub(super) fn content_type(number: u32) -> Option<&'static str> {
    Some(match number {
        20 => "change cipher spec",
        21 => "alert",
        22 => "handshake",
        23 => "application data",
        24 => "heartbeat",
        _ => return None,
    })
}

pub(super) fn version(number: u32) -> Option<&'static str> {
    Some(match number {
        0x0002 => "SSL 2.0",
        0x0300 => "SSL 3.0",
        0x0301 => "TLS 1.0",
        0x0302 => "TLS 1.1",
        0x0303 => "TLS 1.2",
        0x0304 => "TLS 1.3",
        0x7f00..=0x7fff | 0xfb17 | 0xfb1a => "TLS 1.3 draft",
        _ => return grease(number),
    })
}

/// RFC 8446 §4; the rest from IANA's registry.
pub(super) fn message(number: u32) -> Option<&'static str> {
    Some(match number {
        0 => "HelloRequest",
        1 => "ClientHello",
        2 => "ServerHello",
        3 => "HelloVerifyRequest",
        4 => "NewSessionTicket",
        5 => "EndOfEarlyData",
        6 => "HelloRetryRequest",
        8 => "EncryptedExtensions",
        11 => "Certificate",
        12 => "ServerKeyExchange",
        13 => "CertificateRequest",
        14 => "ServerHelloDone",
        15 => "CertificateVerify",
        16 => "ClientKeyExchange",
        20 => "Finished",
        21 => "CertificateURL",
        22 => "CertificateStatus",
        23 => "SupplementalData",
        24 => "KeyUpdate",
        25 => "CompressedCertificate",
        67 => "NextProtocol",
        _ => return None,
    })
}

pub(super) fn suite(number: u32) -> Option<&'static str> {
    let suite = u16::try_from(number).ok()?;
    suites::name(suite).or_else(|| grease(number))
}

pub(super) fn extension(number: u32) -> Option<&'static str> {
    Some(match number {
        0 => "server_name",
        1 => "max_fragment_length",
        2 => "client_certificate_url",
        3 => "trusted_ca_keys",
        4 => "truncated_hmac",
        5 => "status_request",
        6 => "user_mapping",
        7 => "client_authz",
        8 => "server_authz",
        9 => "cert_type",
        10 => "supported_groups",
        11 => "ec_point_formats",
        12 => "srp",
        13 => "signature_algorithms",
        14 => "use_srtp",
        15 => "heartbeat",
        16 => "application_layer_protocol_negotiation",
        17 => "status_request_v2",
        18 => "signed_certificate_timestamp",
        19 => "client_certificate_type",
        20 => "server_certificate_type",
        21 => "padding",
        22 => "encrypt_then_mac",
        23 => "extended_master_secret",
        24 => "token_binding",
        25 => "cached_info",
        27 => "compress_certificate",
        28 => "record_size_limit",
        34 => "delegated_credential",
        35 => "session_ticket",
        41 => "pre_shared_key",
        42 => "early_data",
        43 => "supported_versions",
        44 => "cookie",
        45 => "psk_key_exchange_modes",
        47 => "certificate_authorities",
        48 => "oid_filters",
        49 => "post_handshake_auth",
        50 => "signature_algorithms_cert",
        51 => "key_share",
        52 => "transparency_info",
        54 => "connection_id",
        55 => "external_id_hash",
        56 => "external_session_id",
        57 => "quic_transport_parameters",
        58 => "ticket_request",
        59 => "dnssec_chain",
        13172 => "next_protocol_negotiation",
        17513 | 17613 => "application_settings",
        30031 | 30032 => "channel_id",
        0xfe0d => "encrypted_client_hello",
        0xff01 => "renegotiation_info",
        _ => return grease(number),
    })
}

/// RFC 8422 §5.1.1, RFC 7919 §2, RFC 8446 §4.2.7 and IANA's registry for the post-quantum ones.
pub(super) fn group(number: u32) -> Option<&'static str> {
    Some(match number {
        1 => "sect163k1",
        2 => "sect163r1",
        3 => "sect163r2",
        4 => "sect193r1",
        5 => "sect193r2",
        6 => "sect233k1",
        7 => "sect233r1",
        8 => "sect239k1",
        9 => "sect283k1",
        10 => "sect283r1",
        11 => "sect409k1",
        12 => "sect409r1",
        13 => "sect571k1",
        14 => "sect571r1",
        15 => "secp160k1",
        16 => "secp160r1",
        17 => "secp160r2",
        18 => "secp192k1",
        19 => "secp192r1",
        20 => "secp224k1",
        21 => "secp224r1",
        22 => "secp256k1",
        23 => "secp256r1",
        24 => "secp384r1",
        25 => "secp521r1",
        26 => "brainpoolP256r1",
        27 => "brainpoolP384r1",
        28 => "brainpoolP512r1",
        29 => "x25519",
        30 => "x448",
        31 => "brainpoolP256r1tls13",
        32 => "brainpoolP384r1tls13",
        33 => "brainpoolP512r1tls13",
        41 => "curveSM2",
        0x0100 => "ffdhe2048",
        0x0101 => "ffdhe3072",
        0x0102 => "ffdhe4096",
        0x0103 => "ffdhe6144",
        0x0104 => "ffdhe8192",
        0x0200 => "MLKEM512",
        0x0201 => "MLKEM768",
        0x0202 => "MLKEM1024",
        0x11eb => "SecP256r1MLKEM768",
        0x11ec => "X25519MLKEM768",
        0x11ed => "SecP384r1MLKEM1024",
        0x6399 => "X25519Kyber768Draft00",
        0x639a => "SecP256r1Kyber768Draft00",
        0xff01 => "arbitrary_explicit_prime_curves",
        0xff02 => "arbitrary_explicit_char2_curves",
        _ => return grease(number),
    })
}

/// RFC 8446 §4.2.3; before TLS 1.3 a hash and a signature algorithm (RFC 5246 §7.4.1.4.1).
pub(super) fn signature_scheme(number: u32) -> Option<&'static str> {
    Some(match number {
        0x0101 => "rsa_pkcs1_md5",
        0x0201 => "rsa_pkcs1_sha1",
        0x0202 => "dsa_sha1",
        0x0203 => "ecdsa_sha1",
        0x0301 => "rsa_pkcs1_sha224",
        0x0302 => "dsa_sha224",
        0x0303 => "ecdsa_sha224",
        0x0401 => "rsa_pkcs1_sha256",
        0x0402 => "dsa_sha256",
        0x0403 => "ecdsa_secp256r1_sha256",
        0x0501 => "rsa_pkcs1_sha384",
        0x0502 => "dsa_sha384",
        0x0503 => "ecdsa_secp384r1_sha384",
        0x0601 => "rsa_pkcs1_sha512",
        0x0602 => "dsa_sha512",
        0x0603 => "ecdsa_secp521r1_sha512",
        0x0708 => "sm2sig_sm3",
        0x0804 => "rsa_pss_rsae_sha256",
        0x0805 => "rsa_pss_rsae_sha384",
        0x0806 => "rsa_pss_rsae_sha512",
        0x0807 => "ed25519",
        0x0808 => "ed448",
        0x0809 => "rsa_pss_pss_sha256",
        0x080a => "rsa_pss_pss_sha384",
        0x080b => "rsa_pss_pss_sha512",
        0x081a => "ecdsa_brainpoolP256r1tls13_sha256",
        0x081b => "ecdsa_brainpoolP384r1tls13_sha384",
        0x081c => "ecdsa_brainpoolP512r1tls13_sha512",
        0x0904 => "mldsa44",
        0x0905 => "mldsa65",
        0x0906 => "mldsa87",
        _ => return grease(number),
    })
}

pub(super) fn alert_level(number: u32) -> Option<&'static str> {
    Some(match number {
        1 => "warning",
        2 => "fatal",
        _ => return None,
    })
}

/// RFC 8446 §6; older ones from RFC 5246 §7.2 and SSL 3.0.
pub(super) fn alert(number: u32) -> Option<&'static str> {
    Some(match number {
        0 => "close notify",
        1 => "end of early data",
        10 => "unexpected message",
        20 => "bad record mac",
        21 => "decryption failed",
        22 => "record overflow",
        30 => "decompression failure",
        40 => "handshake failure",
        41 => "no certificate",
        42 => "bad certificate",
        43 => "unsupported certificate",
        44 => "certificate revoked",
        45 => "certificate expired",
        46 => "certificate unknown",
        47 => "illegal parameter",
        48 => "unknown ca",
        49 => "access denied",
        50 => "decode error",
        51 => "decrypt error",
        52 => "too many cids requested",
        60 => "export restriction",
        70 => "protocol version",
        71 => "insufficient security",
        80 => "internal error",
        86 => "inappropriate fallback",
        90 => "user canceled",
        100 => "no renegotiation",
        109 => "missing extension",
        110 => "unsupported extension",
        111 => "certificate unobtainable",
        112 => "unrecognized name",
        113 => "bad certificate status response",
        114 => "bad certificate hash value",
        115 => "unknown psk identity",
        116 => "certificate required",
        117 => "general error",
        120 => "no application protocol",
        121 => "ech required",
        _ => return None,
    })
}

pub(super) fn compression(number: u32) -> Option<&'static str> {
    Some(match number {
        0 => "null",
        1 => "DEFLATE",
        64 => "LZS",
        _ => return None,
    })
}

/// RFC 8879 §7.3.
pub(super) fn certificate_compression(number: u32) -> Option<&'static str> {
    Some(match number {
        1 => "zlib",
        2 => "brotli",
        3 => "zstd",
        _ => return None,
    })
}

/// RFC 5246 §7.4.4, RFC 8422 §5.5.
pub(super) fn certificate_type(number: u32) -> Option<&'static str> {
    Some(match number {
        1 => "rsa_sign",
        2 => "dss_sign",
        3 => "rsa_fixed_dh",
        4 => "dss_fixed_dh",
        64 => "ecdsa_sign",
        65 => "rsa_fixed_ecdh",
        66 => "ecdsa_fixed_ecdh",
        _ => return None,
    })
}

pub(super) fn point_format(number: u32) -> Option<&'static str> {
    Some(match number {
        0 => "uncompressed",
        1 => "ansiX962_compressed_prime",
        2 => "ansiX962_compressed_char2",
        _ => return None,
    })
}

/// RFC 8446 §4.2.9.
pub(super) fn psk_mode(number: u32) -> Option<&'static str> {
    Some(match number {
        0 => "psk_ke",
        1 => "psk_dhe_ke",
        _ => return grease_octet(number),
    })
}

pub(super) fn heartbeat(number: u32) -> Option<&'static str> {
    Some(match number {
        1 => "request",
        2 => "response",
        _ => return None,
    })
}

/// RFC 8701 §2: values that mean nothing, sent so that peers stay used to the unknown.
pub(super) fn is_grease(number: u32) -> bool {
    number & 0x0f0f == 0x0a0a && number >> 8 == number & 0xff
}

fn grease(number: u32) -> Option<&'static str> {
    is_grease(number).then_some("GREASE")
}

fn grease_octet(number: u32) -> Option<&'static str> {
    matches!(number, 0x0b | 0x2a | 0x49 | 0x68 | 0x87 | 0xa6 | 0xc5 | 0xe4).then_some("GREASE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cipher_suites_stand_in_rising_order() {
        assert_eq!(suite(0x0000), Some("TLS_NULL_WITH_NULL_NULL"));
        assert_eq!(suite(0x1301), Some("TLS_AES_128_GCM_SHA256"));
        assert_eq!(suite(0xc02f), Some("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
        assert_eq!(suite(0x00ff), Some("TLS_EMPTY_RENEGOTIATION_INFO_SCSV"));
        assert_eq!(suite(0xfafa), Some("GREASE"));
        assert_eq!(suite(0xfafb), None);
    }
}
