//! What does an alert mean? (RFC 8446 §6.2, IANA's registry)

/// What a server that sends it says of itself, to go on after "the server"; `None` for numbers unknown.
pub fn meaning(description: u8) -> Option<&'static str> {
    Some(match description {
        0 => "says that it will send nothing more",
        10 => "got a message that it did not expect",
        20 => "could not open one of our records",
        22 => "got a record that is longer than allowed",
        40 => "found nothing in our offer that it could agree to",
        42 => "holds a certificate to be damaged",
        43 => "does not know this kind of certificate",
        44 => "holds a certificate to be revoked",
        45 => "holds a certificate to be expired",
        46 => "does not accept a certificate, and does not say why",
        47 => "found a value in our handshake that may not be",
        48 => "does not trust the authority behind a certificate",
        49 => "knows us, and denies us access",
        50 => "could not read one of our messages",
        51 => "found a signature or a proof of keys wrong",
        60 => "does not negotiate under old rules of export",
        70 => "speaks none of the versions that we offer",
        71 => "demands stronger cipher suites than we offer",
        80 => "has trouble of its own",
        86 => "knows newer versions than this second try offers",
        90 => "gave the handshake up, for no reason of the protocol",
        100 => "does not want to negotiate again",
        109 => "misses something in our hello that it must have",
        110 => "got an extension that it does not support",
        111 => "could not get a certificate from where we said",
        112 => "has no site of the name that we asked for",
        113 => "got a bad answer about a certificate's state",
        115 => "does not know the key that we would share",
        116 => "wants a certificate of ours, and we showed none",
        120 => "speaks none of the protocols that we offer",
        121 => "wants an encrypted hello",
        _ => return None,
    })
}
