//! How do keys come from secrets, and what do they open? (RFC 8446 §5, §7; RFC 5246 §5, §6)
//!
//! Only suites whose records carry an authentication tag: what does not agree with its tag is not told.

use ring::aead::{
    AES_128_GCM, AES_256_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey,
};
use ring::{hkdf, hmac};

use super::log::Secret;
use crate::wire::tls::{self, Version};

/// What a cipher suite means for the records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Suite {
    aead: &'static Algorithm,
    hash: Hash,
    version: Version,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Hash {
    Sha256,
    Sha384,
}

/// What opens the records of one direction, until its keys change.
#[derive(Clone, Debug)]
pub(super) struct Seal {
    key: LessSafeKey,
    iv: [u8; 12],
    form: Form,
}

/// How a record becomes nonce, additional data and cipher text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Form {
    /// RFC 5288 §3: eight octets of the nonce stand in front of the cipher text.
    Explicit,
    /// RFC 7905 §2: the sequence number makes the nonce.
    Counted,
    /// RFC 8446 §5.2: as above, and the content type is inside.
    Inner,
}

/// A record as it was sent: its header, and what is behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sealed<'r> {
    pub(super) header: [u8; 5],
    pub(super) body: &'r [u8],
}

impl Suite {
    /// `None` for those that cannot be opened here.
    pub(super) fn of(number: u16, version: Version) -> Option<Self> {
        let name = tls::suite_name(number)?;
        let (aead, hash) = [
            ("AES_128_GCM_SHA256", &AES_128_GCM, Hash::Sha256),
            ("AES_256_GCM_SHA384", &AES_256_GCM, Hash::Sha384),
            ("CHACHA20_POLY1305_SHA256", &CHACHA20_POLY1305, Hash::Sha256),
        ]
        .into_iter()
        .find_map(|(end, aead, hash)| name.ends_with(end).then_some((aead, hash)))?;
        Some(Self { aead, hash, version })
    }

    /// What opens the records of both sides in TLS 1.2 (RFC 5246 §6.3).
    pub(super) fn seals(
        self,
        master: &[u8],
        client: &[u8; 32],
        server: &[u8; 32],
    ) -> Option<[Seal; 2]> {
        let form = if self.aead == &CHACHA20_POLY1305 { Form::Counted } else { Form::Explicit };
        let (key, iv) = (self.aead.key_len(), if form == Form::Explicit { 4 } else { 12 });
        let seed = [b"key expansion", &server[..], &client[..]].concat();
        let block = self.expand(master, &seed, 2 * (key + iv));
        let (keys, ivs) = block.split_at_checked(2 * key)?;
        let seal =
            |side: usize| self.seal(&keys[side * key..][..key], &ivs[side * iv..][..iv], form);
        Some([seal(0)?, seal(1)?])
    }

    /// What opens the records under a traffic secret of TLS 1.3 (RFC 8446 §7.3).
    pub(super) fn seal_under(self, secret: &[u8]) -> Option<Seal> {
        let key = self.expand_label(secret, b"key", self.aead.key_len())?;
        let iv = self.expand_label(secret, b"iv", 12)?;
        self.seal(&key, &iv, Form::Inner)
    }

    /// The traffic secret after this one (RFC 8446 §7.2).
    pub(super) fn next(self, secret: &[u8]) -> Option<Secret> {
        self.expand_label(secret, b"traffic upd", secret.len())
    }

    pub(super) fn version(self) -> Version {
        self.version
    }

    fn seal(self, key: &[u8], start: &[u8], form: Form) -> Option<Seal> {
        let key = LessSafeKey::new(UnboundKey::new(self.aead, key).ok()?);
        let mut iv = [0; 12];
        iv.get_mut(..start.len())?.copy_from_slice(start);
        Some(Seal { key, iv, form })
    }

    /// The pseudorandom function of TLS 1.2 (RFC 5246 §5), its label in front of the seed.
    fn expand(self, secret: &[u8], seed: &[u8], len: usize) -> Vec<u8> {
        let algorithm = match self.hash {
            Hash::Sha256 => hmac::HMAC_SHA256,
            Hash::Sha384 => hmac::HMAC_SHA384,
        };
        let key = hmac::Key::new(algorithm, secret);
        let mut block = Vec::new();
        let mut a = hmac::sign(&key, seed);
        while block.len() < len {
            block.extend_from_slice(hmac::sign(&key, &[a.as_ref(), seed].concat()).as_ref());
            a = hmac::sign(&key, a.as_ref());
        }
        block.truncate(len);
        block
    }

    /// HKDF-Expand-Label without a context (RFC 8446 §7.1).
    fn expand_label(self, secret: &[u8], label: &[u8], len: usize) -> Option<Secret> {
        let algorithm = match self.hash {
            Hash::Sha256 => hkdf::HKDF_SHA256,
            Hash::Sha384 => hkdf::HKDF_SHA384,
        };
        let [high, low] = (len as u16).to_be_bytes();
        let whole_label = [6 + label.len() as u8];
        let info = [&[high, low], &whole_label[..], b"tls13 ", label, &[0]];
        let mut expanded = Secret::new();
        expanded.try_extend_from_slice([0; 48].get(..len)?).ok()?;
        hkdf::Prk::new_less_safe(algorithm, secret)
            .expand(&info, Len(len))
            .and_then(|expanded_to| expanded_to.fill(&mut expanded))
            .ok()?;
        Some(expanded)
    }
}

/// How many octets are wanted.
struct Len(usize);

impl hkdf::KeyType for Len {
    fn len(&self) -> usize {
        self.0
    }
}

impl Seal {
    /// Writes behind `into` what a record holds, and says what type of content that is; nothing when
    /// it does not authenticate as the one with this sequence number.
    pub(super) fn open(&self, record: Sealed<'_>, seq: u64, into: &mut Vec<u8>) -> Option<u8> {
        let begin = into.len();
        let opened = self.authentic(record, seq, into);
        if opened.is_none() {
            into.truncate(begin);
        }
        opened
    }

    fn authentic(&self, record: Sealed<'_>, seq: u64, into: &mut Vec<u8>) -> Option<u8> {
        let begin = into.len();
        let mut nonce = self.iv;
        let mut body = record.body;
        if self.form == Form::Explicit {
            let (explicit, rest) = body.split_first_chunk::<8>()?;
            nonce[4..].copy_from_slice(explicit);
            body = rest;
        } else {
            for (octet, of_seq) in nonce[4..].iter_mut().zip(seq.to_be_bytes()) {
                *octet ^= of_seq;
            }
        }
        let len = body.len().checked_sub(self.key.algorithm().tag_len())?;
        let [content_type, major, minor, ..] = record.header;
        let mut additional = [0; 13];
        let additional = if self.form == Form::Inner {
            &record.header[..]
        } else {
            let [high, low] = (len as u16).to_be_bytes();
            additional[..8].copy_from_slice(&seq.to_be_bytes());
            additional[8..].copy_from_slice(&[content_type, major, minor, high, low]);
            &additional[..]
        };
        into.extend_from_slice(body);
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.key.open_in_place(nonce, Aad::from(additional), &mut into[begin..]).ok()?;
        into.truncate(begin + len);
        if self.form != Form::Inner {
            return Some(content_type);
        }
        // RFC 8446 §5.2: the type is the last octet that is not zero.
        let at = into[begin..].iter().rposition(|octet| *octet != 0)?;
        let content_type = into[begin + at];
        into.truncate(begin + at);
        Some(content_type)
    }
}
