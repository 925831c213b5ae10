//! How is the data of each type laid out?
//!
//! A row a type: its parts in wire order, and how many of them a line says. What is not here, and
//! what does not fit its row, is told as octets (RFC 3597 §5).

use super::codes::{algorithm_name, digest_name, tsig_error_name, type_name};
use super::fields as f;
use crate::wire::field::Field;

/// A piece of a record's data.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Name(&'static Field),
    /// A number of so many octets.
    Number(&'static Field, usize),
    Named(&'static Field, usize, fn(u16) -> Option<&'static str>),
    /// A number whose bits mean something.
    Flags(&'static Field, usize, &'static [(&'static Field, u64)]),
    /// Seconds since 1970, in so many octets.
    Time(&'static Field, usize),
    Ipv4(&'static Field),
    Ipv6(&'static Field),
    Mac(&'static Field),
    /// A length of so many octets, and what it counts.
    Counted(&'static Field, usize, &'static Field),
    /// Counted texts up to the end.
    Texts(&'static Field, &'static Field),
    /// Counted octets told in base32hex (RFC 5155 §3.3).
    Hash(&'static Field, &'static Field),
    /// All that is left.
    Rest(&'static Field),
    /// RFC 4034 appendix B; stands for no octets.
    KeyTag(&'static Field),
    /// RFC 9460 §2.2.
    ServiceParameters,
}

pub(super) struct Layout {
    pub parts: &'static [Part],
    /// How many parts a line says; lengths and key tags are not said but count.
    pub said: usize,
}

use Part::{
    Counted, Flags, Hash, Ipv4, Ipv6, KeyTag, Mac, Named, Number, Rest, ServiceParameters, Texts,
    Time,
};

const fn row(said: usize, parts: &'static [Part]) -> Layout {
    Layout { parts, said }
}

#[allow(clippy::too_many_lines, reason = "a table")]
/// The layout of a type's data, where it is known.
pub(super) fn layout(kind: u16) -> Option<&'static Layout> {
    macro_rules! rows {
        ($($($kind:literal)|+ => $said:literal [$($part:expr),* $(,)?],)*) => {
            Some(match kind {
                $($($kind)|+ => {
                    static ROW: Layout = row($said, &[$($part),*]);
                    &ROW
                })*
                _ => return None,
            })
        };
    }
    rows! {
        1 => 1 [Ipv4(&f::A)],
        2 => 1 [Part::Name(&f::NS)],
        3 => 1 [Part::Name(&f::MD)],
        4 => 1 [Part::Name(&f::MF)],
        5 => 1 [Part::Name(&f::CNAME)],
        6 => 3 [
            Part::Name(&f::SOA_MNAME), Part::Name(&f::SOA_RNAME), Number(&f::SOA_SERIAL, 4),
            Number(&f::SOA_REFRESH, 4), Number(&f::SOA_RETRY, 4), Number(&f::SOA_EXPIRE, 4),
            Number(&f::SOA_MINIMUM, 4),
        ],
        7 => 1 [Part::Name(&f::MB)],
        8 => 1 [Part::Name(&f::MG)],
        9 => 1 [Part::Name(&f::MR)],
        10 => 0 [Rest(&f::NULL)],
        11 => 2 [Ipv4(&f::WKS_ADDRESS), Number(&f::WKS_PROTOCOL, 1)],
        12 => 1 [Part::Name(&f::PTR)],
        13 => 2 [Counted(&f::CPU_LEN, 1, &f::CPU), Counted(&f::OS_LEN, 1, &f::OS)],
        14 => 2 [Part::Name(&f::MINFO_R), Part::Name(&f::MINFO_E)],
        15 => 2 [Number(&f::MX_PREFERENCE, 2), Part::Name(&f::MX_EXCHANGE)],
        16 => 1 [Texts(&f::TXT_LEN, &f::TXT)],
        17 => 2 [Part::Name(&f::RP_MAILBOX), Part::Name(&f::RP_TXT)],
        18 => 2 [Number(&f::AFSDB_SUBTYPE, 2), Part::Name(&f::AFSDB_HOST)],
        19 => 1 [Counted(&f::X25_LEN, 1, &f::X25)],
        21 => 2 [Number(&f::RT_PREFERENCE, 2), Part::Name(&f::RT_HOST)],
        23 => 1 [Part::Name(&f::NSAP_PTR)],
        24 | 46 => 1 [
            Named(&f::RRSIG_TYPE, 2, type_name), Named(&f::RRSIG_ALGORITHM, 1, algorithm_name),
            Number(&f::RRSIG_LABELS, 1), Number(&f::RRSIG_TTL, 4), Time(&f::RRSIG_END, 4),
            Time(&f::RRSIG_START, 4), Number(&f::RRSIG_TAG, 2), Part::Name(&f::RRSIG_SIGNER),
            Rest(&f::RRSIG),
        ],
        25 => 3 [
            Number(&f::KEY_FLAGS, 2), Number(&f::KEY_PROTOCOL, 1),
            Named(&f::KEY_ALGORITHM, 1, algorithm_name), Rest(&f::KEY),
        ],
        26 => 3 [Number(&f::PX_PREFERENCE, 2), Part::Name(&f::PX_822), Part::Name(&f::PX_400)],
        27 => 3 [
            Counted(&f::LONGITUDE_LEN, 1, &f::LONGITUDE), Counted(&f::LATITUDE_LEN, 1, &f::LATITUDE),
            Counted(&f::ALTITUDE_LEN, 1, &f::ALTITUDE),
        ],
        28 => 1 [Ipv6(&f::AAAA)],
        29 => 0 [
            Number(&f::LOC_VERSION, 1), Number(&f::LOC_SIZE, 1), Number(&f::LOC_HORIZONTAL, 1),
            Number(&f::LOC_VERTICAL, 1), Number(&f::LOC_LATITUDE, 4), Number(&f::LOC_LONGITUDE, 4),
            Number(&f::LOC_ALTITUDE, 4),
        ],
        33 => 4 [
            Number(&f::SRV_PRIORITY, 2), Number(&f::SRV_WEIGHT, 2), Number(&f::SRV_PORT, 2),
            Part::Name(&f::SRV_TARGET),
        ],
        35 => 6 [
            Number(&f::NAPTR_ORDER, 2), Number(&f::NAPTR_PREF, 2),
            Counted(&f::NAPTR_FLAGS_LEN, 1, &f::NAPTR_FLAGS),
            Counted(&f::NAPTR_SERVICE_LEN, 1, &f::NAPTR_SERVICE),
            Counted(&f::NAPTR_REGEX_LEN, 1, &f::NAPTR_REGEX), Part::Name(&f::NAPTR_NAME),
        ],
        36 => 2 [Number(&f::KX_PREFERENCE, 2), Part::Name(&f::KX_EXCHANGE)],
        37 => 3 [
            Number(&f::CERT_TYPE, 2), Number(&f::CERT_TAG, 2),
            Named(&f::CERT_ALGORITHM, 1, algorithm_name), Rest(&f::CERT),
        ],
        39 => 1 [Part::Name(&f::DNAME)],
        43 | 59 | 32768 | 32769 => 3 [
            Number(&f::DS_TAG, 2), Named(&f::DS_ALGORITHM, 1, algorithm_name),
            Named(&f::DS_DIGEST_TYPE, 1, digest_name), Rest(&f::DS_DIGEST),
        ],
        44 => 3 [
            Number(&f::SSHFP_ALGORITHM, 1), Number(&f::SSHFP_TYPE, 1), Rest(&f::SSHFP),
        ],
        47 => 1 [Part::Name(&f::NSEC), Rest(&f::NSEC_TYPES)],
        48 | 60 => 3 [
            Flags(&f::DNSKEY_FLAGS, 2, &[
                (&f::DNSKEY_ZONE, 0x100), (&f::DNSKEY_REVOKED, 0x80), (&f::DNSKEY_SEP, 1),
            ]),
            Number(&f::DNSKEY_PROTOCOL, 1), Named(&f::DNSKEY_ALGORITHM, 1, algorithm_name),
            KeyTag(&f::DNSKEY_TAG), Rest(&f::DNSKEY),
        ],
        49 => 0 [Rest(&f::DHCID)],
        50 => 0 [
            Number(&f::NSEC3_HASH, 1), Flags(&f::NSEC3_FLAGS, 1, &[(&f::NSEC3_OPT_OUT, 1)]),
            Number(&f::NSEC3_ROUNDS, 2), Counted(&f::NSEC3_SALT_LEN, 1, &f::NSEC3_SALT),
            Hash(&f::NSEC3_NEXT_LEN, &f::NSEC3_NEXT), Rest(&f::NSEC3_TYPES),
        ],
        51 => 3 [
            Number(&f::NSEC3_HASH, 1), Flags(&f::NSEC3_FLAGS, 1, &[(&f::NSEC3_OPT_OUT, 1)]),
            Number(&f::NSEC3_ROUNDS, 2), Counted(&f::NSEC3_SALT_LEN, 1, &f::NSEC3_SALT),
        ],
        52 | 53 => 4 [
            Number(&f::TLSA_USAGE, 1), Number(&f::TLSA_SELECTOR, 1), Number(&f::TLSA_MATCHING, 1),
            Rest(&f::TLSA),
        ],
        61 => 0 [Rest(&f::OPENPGPKEY)],
        62 => 1 [
            Number(&f::CSYNC_SERIAL, 4),
            Flags(&f::CSYNC_FLAGS, 2, &[(&f::CSYNC_NOW, 1), (&f::CSYNC_MINIMUM, 2)]),
            Rest(&f::CSYNC_TYPES),
        ],
        63 => 3 [
            Number(&f::ZONEMD_SERIAL, 4), Number(&f::ZONEMD_SCHEME, 1), Number(&f::ZONEMD_HASH, 1),
            Rest(&f::ZONEMD),
        ],
        64 | 65 => 3 [
            Number(&f::SVCB_PRIORITY, 2), Part::Name(&f::SVCB_TARGET), ServiceParameters,
        ],
        99 => 1 [Texts(&f::SPF_LEN, &f::SPF)],
        104 => 1 [Number(&f::NID_PREFERENCE, 2), Rest(&f::NID)],
        105 => 2 [Number(&f::L32_PREFERENCE, 2), Ipv4(&f::L32)],
        106 => 1 [Number(&f::L64_PREFERENCE, 2), Rest(&f::L64)],
        107 => 2 [Number(&f::LP_PREFERENCE, 2), Part::Name(&f::LP)],
        108 => 1 [Mac(&f::EUI48)],
        109 => 1 [Rest(&f::EUI64)],
        249 => 1 [
            Part::Name(&f::TKEY_ALGORITHM), Time(&f::TKEY_START, 4), Time(&f::TKEY_END, 4),
            Number(&f::TKEY_MODE, 2), Named(&f::TKEY_ERROR, 2, tsig_error_name),
            Counted(&f::TKEY_LEN, 2, &f::TKEY), Counted(&f::TKEY_OTHER_LEN, 2, &f::TKEY_OTHER),
        ],
        250 => 1 [
            Part::Name(&f::TSIG_ALGORITHM), Time(&f::TSIG_TIME, 6), Number(&f::TSIG_FUDGE, 2),
            Counted(&f::TSIG_LEN, 2, &f::TSIG), Number(&f::TSIG_ID, 2),
            Named(&f::TSIG_ERROR, 2, tsig_error_name),
            Counted(&f::TSIG_OTHER_LEN, 2, &f::TSIG_OTHER),
        ],
        256 => 3 [Number(&f::URI_PRIORITY, 2), Number(&f::URI_WEIGHT, 2), Rest(&f::URI)],
        257 => 3 [
            Flags(&f::CAA_FLAGS, 1, &[(&f::CAA_CRITICAL, 0x80)]),
            Counted(&f::CAA_TAG_LEN, 1, &f::CAA_TAG), Rest(&f::CAA_VALUE),
        ],
    }
}
