//! Whose certificate, by whom, and until when? (RFC 5280 §4.1)
//!
//! Names are written as RFC 4514 has it, last part first. Nothing is verified.

use arrayvec::ArrayVec;

use super::der::{
    self, BIT_STRING, BOOLEAN, INTEGER, Moment, OCTET_STRING, OID, SEQUENCE,
};
use super::fields::{
    ALGORITHM, CA, CERTIFICATE, EXTENSIONS_LEN, CERTIFICATE_LEN, CERTIFICATES, CERTIFICATES_LEN, DNS_NAME,
    GENERALIZED_TIME, IPV4_NAME, IPV6_NAME, ISSUER, KEY_BITS, KEY_NAME, NOT_AFTER, NOT_BEFORE,
    SERIAL, SIGNATURE_NAME, SUBJECT, UTC_TIME, X509_VERSION,
};
use super::extension;
use super::hello::Side;
use super::name;
use super::span::{MOST, Span, Unseen};
use crate::ink::Ink;
use crate::octets::Octets;
use crate::timeline::Timestamp;
use crate::wire::field::{Field, Listener, Value};

/// The parts of a certificate, as far as it goes.
#[derive(Default)]
struct Certificate<'a> {
    version: Option<Span<'a>>,
    serial: Option<Span<'a>>,
    signature: Option<Span<'a>>,
    issuer: Option<Span<'a>>,
    not_before: Option<(u8, Span<'a>)>,
    not_after: Option<(u8, Span<'a>)>,
    subject: Option<Span<'a>>,
    key: Option<Span<'a>>,
    /// Empty when there are none; absent when that was not seen.
    extensions: Option<Span<'a>>,
}

impl<'a> Certificate<'a> {
    fn read(octets: Span<'a>) -> Self {
        let mut certificate = Self::default();
        certificate.fill(octets);
        certificate
    }

    fn fill(&mut self, mut octets: Span<'a>) -> Option<()> {
        let mut tbs = der::value(&mut der::value(&mut octets, SEQUENCE)?, SEQUENCE)?;
        self.version = der::value(&mut tbs, 0xa0);
        self.serial = Some(der::value(&mut tbs, INTEGER)?);
        self.signature = Some(der::value(&mut tbs, SEQUENCE)?);
        self.issuer = Some(der::value(&mut tbs, SEQUENCE)?);
        let mut validity = der::value(&mut tbs, SEQUENCE)?;
        self.not_before = Some(der::any(&mut validity)?);
        self.not_after = Some(der::any(&mut validity)?);
        self.subject = Some(der::value(&mut tbs, SEQUENCE)?);
        self.key = Some(der::value(&mut tbs, SEQUENCE)?);
        for _ in 0..3 {
            if tbs.is_empty() {
                self.extensions = Some(tbs);
                break;
            }
            let (tag, mut value) = der::any(&mut tbs)?;
            if tag == 0xa3 {
                self.extensions = Some(der::value(&mut value, SEQUENCE)?);
                break;
            }
        }
        Some(())
    }

    /// Whom it names: the common name, or else the first alternative name.
    fn line(&self, ink: &mut Ink) -> Option<()> {
        let (tag, not_after) = self.not_after?;
        let subject = self.subject?;
        der::octets(subject)?;
        let common = name::common(subject);
        let alternative = match common {
            Some(_) => None,
            None => self.first_alternative().ok()?,
        };
        ink.text(" ");
        match common.or(alternative) {
            Some(name) => ink.clipped(name, 64),
            None => ink.text("without a name"),
        };
        if let Some(moment) = Moment::read(tag, not_after) {
            ink.text(" until ").wire(&moment.day());
        }
        Some(())
    }

    /// The first DNS name among the alternative names.
    fn first_alternative(&self) -> Result<Option<&'a [u8]>, Unseen> {
        let mut extensions = self.extensions.ok_or(Unseen)?;
        der::octets(extensions).ok_or(Unseen)?;
        while let Some(extension) = Extension::read(&mut extensions) {
            if let Some(mut names) = extension.alternative_names() {
                while let Some((tag, value)) = der::any(&mut names) {
                    if tag == 0x82 {
                        return Ok(der::octets(value));
                    }
                }
            }
        }
        Ok(None)
    }

    fn fields(&self, listener: &mut dyn Listener) {
        if let Some(mut version) = self.version
            && let Some(mut number) = der::value(&mut version, INTEGER)
        {
            number.tell(listener, &X509_VERSION, number.len());
        }
        if let Some(mut serial) = self.serial {
            serial.tell_octets(listener, &SERIAL, serial.len());
        }
        if let Some(signature) = self.signature {
            algorithm_fields(signature, &SIGNATURE_NAME, signature_name, listener);
        }
        name_field(self.issuer, &ISSUER, listener);
        moment_fields(self.not_before, &NOT_BEFORE, listener);
        moment_fields(self.not_after, &NOT_AFTER, listener);
        name_field(self.subject, &SUBJECT, listener);
        if let Some(key) = self.key {
            key_fields(key, listener);
        }
        if let Some(mut extensions) = self.extensions {
            for _ in 0..MOST {
                let Some(extension) = Extension::read(&mut extensions) else { break };
                extension.fields(listener);
            }
        }
    }
}

/// RFC 5280 §4.2.
struct Extension<'a> {
    id: &'a [u8],
    value: Span<'a>,
}

impl<'a> Extension<'a> {
    fn read(extensions: &mut Span<'a>) -> Option<Self> {
        let mut extension = der::value(extensions, SEQUENCE)?;
        let id = der::octets(der::value(&mut extension, OID)?)?;
        der::value(&mut extension, BOOLEAN);
        Some(Self { id, value: der::value(&mut extension, OCTET_STRING)? })
    }

    /// RFC 5280 §4.2.1.6.
    fn alternative_names(&self) -> Option<Span<'a>> {
        der::value(&mut { self.value }, SEQUENCE).filter(|_| self.id == [0x55, 29, 17])
    }

    fn fields(&self, listener: &mut dyn Listener) {
        // RFC 5280 §4.2.1.9: what is not said is false.
        if self.id == [0x55, 29, 19]
            && let Some(octets) = der::octets(self.value)
            && let Some(mut constraints) = der::value(&mut { self.value }, SEQUENCE)
        {
            let says = der::value(&mut constraints, BOOLEAN);
            let is_ca = says.and_then(der::octets).is_some_and(|truth| truth != [0]);
            let start = self.value.at();
            listener.field(&CA, start..start + octets.len(), Value::Flag(is_ca));
        }
        let Some(mut names) = self.alternative_names() else { return };
        for _ in 0..MOST {
            let Some((tag, mut name)) = der::any(&mut names) else { break };
            let range = name.range();
            match tag {
                0x82 => _ = name.tell_text(listener, &DNS_NAME, name.len()),
                0x87 => match name.kept() {
                    &[a, b, c, d] if range.len() == 4 => {
                        listener.field(&IPV4_NAME, range, Value::Address([a, b, c, d].into()));
                    }
                    octets => {
                        if let Ok(address) = <[u8; 16]>::try_from(octets)
                            && range.len() == 16
                        {
                            listener.field(&IPV6_NAME, range, Value::Address(address.into()));
                        }
                    }
                },
                _ => {}
            }
        }
    }
}

/// Writes whom the first certificate of a chain names; `None` where octets lacked to say so.
pub(super) fn line(mut body: Span<'_>, ink: &mut Ink) -> Option<()> {
    let mut chain = body.vector(3)?;
    if chain.is_empty() {
        ink.text(" none");
        return Some(());
    }
    Certificate::read(chain.vector(3)?).line(ink)
}

/// Tells a chain of certificates as far as it goes.
pub(super) fn fields(
    mut body: Span<'_>,
    entries: Entries,
    listener: &mut dyn Listener,
) -> Option<()> {
    let mut chain = body.tell_vector(listener, &CERTIFICATES_LEN, 3)?;
    listener.open(&CERTIFICATES, chain.range(), Value::Nothing);
    for _ in 0..MOST_CERTIFICATES {
        let Some(certificate) = chain.tell_vector(listener, &CERTIFICATE_LEN, 3) else { break };
        let octets = Value::Octets(certificate.kept());
        listener.open(&CERTIFICATE, certificate.range(), octets);
        Certificate::read(certificate).fields(listener);
        listener.close();
        if entries == Entries::WithExtensions {
            let Some(list) = chain.tell_vector(listener, &EXTENSIONS_LEN, 2) else { break };
            extension::fields(list, Side::Server, listener);
        }
    }
    listener.close();
    Some(())
}

/// Tells a certificate that is no part of a message.
pub(super) fn whole(der: &[u8], listener: &mut dyn Listener) {
    Certificate::read(Span::new(Octets::whole(der))).fields(listener);
}

/// From when to when it is valid.
pub(super) fn validity(der: &[u8]) -> (Option<Timestamp>, Option<Timestamp>) {
    let certificate = Certificate::read(Span::new(Octets::whole(der)));
    let time = |moment: Option<(u8, Span<'_>)>| {
        moment.and_then(|(tag, span)| Moment::read(tag, span)?.time())
    };
    (time(certificate.not_before), time(certificate.not_after))
}

/// What stands in a chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Entries {
    Bare,
    /// RFC 8446 §4.4.2: each certificate with extensions of its own.
    WithExtensions,
}

fn name_field(name: Option<Span<'_>>, field: &'static Field, listener: &mut dyn Listener) {
    let Some(span) = name else { return };
    if der::octets(span).is_some() {
        let mut text = ArrayVec::new();
        name::write(span, &mut text);
        listener.field(field, span.range(), Value::Text(&text));
    }
}

fn moment_fields(
    moment: Option<(u8, Span<'_>)>,
    field: &'static Field,
    listener: &mut dyn Listener,
) {
    let Some((tag, span)) = moment else { return };
    let Some(moment) = Moment::read(tag, span) else { return };
    if tag == der::UTC_TIME {
        listener.open(field, span.range(), Value::Named(0, "utcTime"));
        listener.field(&UTC_TIME, span.range(), Value::Text(&moment.words()));
    } else {
        listener.open(field, span.range(), Value::Named(1, "generalizedTime"));
        if let Some(time) = moment.time() {
            listener.field(&GENERALIZED_TIME, span.range(), Value::Time(time));
        }
    }
    listener.close();
}

/// Tells an algorithm's identifier, and its name where we know it.
fn algorithm_fields(
    mut algorithm: Span<'_>,
    field: &'static Field,
    names: fn(&[u8]) -> Option<&'static str>,
    listener: &mut dyn Listener,
) -> Option<()> {
    let span = der::value(&mut algorithm, OID)?;
    let id = der::octets(span)?;
    listener.field(&ALGORITHM, span.range(), Value::Text(&der::dotted(id)));
    listener.field(field, span.range(), Value::Words(names(id)?));
    Some(())
}

/// RFC 5280 §4.1.2.7.
fn key_fields(mut key: Span<'_>, listener: &mut dyn Listener) -> Option<()> {
    let mut algorithm = der::value(&mut key, SEQUENCE)?;
    algorithm_fields(algorithm, &KEY_NAME, key_name, listener);
    let id = der::octets(der::value(&mut algorithm, OID)?)?;
    let span = der::value(&mut key, BIT_STRING)?;
    let bits = match id {
        RSA | RSA_PSS => {
            let mut string = span;
            string.number(1)?;
            let modulus = der::octets(der::value(&mut der::value(&mut string, SEQUENCE)?, INTEGER)?)?;
            let zeros = modulus.iter().take_while(|octet| **octet == 0).count();
            let first = modulus.get(zeros)?;
            (modulus.len() - zeros) as u64 * 8 - u64::from(first.leading_zeros())
        }
        EC => curve_bits(der::octets(der::value(&mut algorithm, OID)?)?)?,
        [0x2b, 0x65, 0x70] => 256,
        [0x2b, 0x65, 0x71] => 456,
        _ => return None,
    };
    listener.field(&KEY_BITS, span.range(), Value::Number(bits));
    Some(())
}

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];

/// RFC 3279, RFC 5480, RFC 8410; for ML-DSA RFC 9881.
fn key_name(id: &[u8]) -> Option<&'static str> {
    Some(match id {
        RSA => "RSA",
        RSA_PSS => "RSA-PSS",
        EC => "EC",
        [0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1] => "DSA",
        [0x2b, 0x65, 0x70] => "Ed25519",
        [0x2b, 0x65, 0x71] => "Ed448",
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 17] => "ML-DSA-44",
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 18] => "ML-DSA-65",
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 19] => "ML-DSA-87",
        _ => return None,
    })
}

fn signature_name(id: &[u8]) -> Option<&'static str> {
    Some(match id {
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, kind] => match kind {
            2 => "md2WithRSAEncryption",
            4 => "md5WithRSAEncryption",
            5 => "sha1WithRSAEncryption",
            10 => "rsassaPss",
            11 => "sha256WithRSAEncryption",
            12 => "sha384WithRSAEncryption",
            13 => "sha512WithRSAEncryption",
            14 => "sha224WithRSAEncryption",
            _ => return None,
        },
        [0x2b, 14, 3, 2, 29] => "sha1WithRSA",
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1] => "ecdsa-with-SHA1",
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, kind] => match kind {
            1 => "ecdsa-with-SHA224",
            2 => "ecdsa-with-SHA256",
            3 => "ecdsa-with-SHA384",
            4 => "ecdsa-with-SHA512",
            _ => return None,
        },
        [0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3] => "dsa-with-SHA1",
        _ => return key_name(id),
    })
}

fn curve_bits(id: &[u8]) -> Option<u64> {
    Some(match id {
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 1] => 192,
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7] | [0x2b, 0x81, 4, 0, 10] => 256,
        [0x2b, 0x81, 4, 0, 33] => 224,
        [0x2b, 0x81, 4, 0, 34] => 384,
        [0x2b, 0x81, 4, 0, 35] => 521,
        _ => return None,
    })
}

/// Certificates of a chain beyond this are left untold.
const MOST_CERTIFICATES: usize = 16;
