//! What does a certificate say, in plain facts?

use std::ops::Range;

use ring::digest::{SHA256, digest};

use crate::ink::safe;
use crate::timeline::tls::Certificate;
use crate::wire::field::{Field, Listener, Value};
use crate::wire::tls;

/// Reads a certificate in DER, which may say anything.
pub(super) fn read(der: &[u8]) -> Certificate {
    let mut reading = Reading::default();
    tls::certificate(der, &mut reading);
    let mut certificate = reading.certificate;
    (certificate.not_before, certificate.not_after) = tls::validity(der);
    certificate.fingerprint = hex(digest(&SHA256, der).as_ref());
    certificate.octets = der.len();
    certificate
}

#[derive(Default)]
struct Reading {
    certificate: Certificate,
}

impl Listener for Reading {
    fn field(&mut self, field: &'static Field, _: Range<usize>, value: Value<'_>) {
        let known = &mut self.certificate;
        match (field.name, value) {
            ("x509af.serialNumber", Value::Octets(serial)) => known.serial = hex(serial),
            ("x509af.issuer.name", Value::Text(name)) => known.issuer = safe(name),
            ("x509af.subject.name", Value::Text(name)) => known.subject = safe(name),
            ("x509af.signature.name", Value::Words(name)) => known.signature = Some(name.into()),
            ("x509af.subjectPublicKey.name", Value::Words(name)) => known.key = Some(name.into()),
            ("x509af.subjectPublicKey.bits", Value::Number(bits)) => known.key_bits = Some(bits),
            ("x509ce.cA", Value::Flag(is_ca)) => known.is_ca = is_ca,
            ("x509ce.dNSName", Value::Text(name)) => known.names.push(safe(name)),
            ("x509ce.IPAddress.ipv4" | "x509ce.IPAddress.ipv6", Value::Address(address)) => {
                known.addresses.push(address);
            }
            _ => {}
        }
    }
}

fn hex(octets: &[u8]) -> String {
    use std::fmt::Write as _;
    octets.iter().fold(String::with_capacity(2 * octets.len()), |mut text, octet| {
        // Writing into a string does not fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}
