//! Which versions there are, and what they are called.

use crate::ink::Ink;

pub(super) fn versions(octets: &[u8]) -> impl Iterator<Item = u32> {
    octets.chunks_exact(4).map(|version| {
        version.iter().fold(0, |version, octet| version << 8 | u32::from(*octet))
    })
}

/// RFC 9000 §15: versions reserved to exercise negotiation.
pub(super) fn is_greased(version: u32) -> bool {
    version & 0x0f0f_0f0f == 0x0a0a_0a0a
}

/// RFC 9369, and the last draft before it.
pub(super) fn is_second(version: u32) -> bool {
    matches!(version, 0x6b33_43cf | 0x709a_50c4)
}

/// Versions that share the header of RFC 9000; drafts do from the 22nd on.
pub(super) fn is_known(version: u32) -> bool {
    word(version) != "unknown"
}

pub(super) fn word(version: u32) -> &'static str {
    match version {
        1 => "v1",
        0x6b33_43cf => "v2",
        0x709a_50c4 => "v2 draft",
        0xff00_0016..=0xff00_0022 => "draft",
        0xface_b001 | 0xface_b002 | 0xface_b00e => "mvfst",
        0x5130_3530 => "Q050",
        0x5430_3530 => "T050",
        0x5430_3531 => "T051",
        _ => "unknown",
    }
}

pub(super) fn write(version: u32, ink: &mut Ink) {
    match word(version) {
        "draft" => ink.text("draft-").number(version & 0xff),
        "unknown" => ink.text("0x").hex(version.into(), 8),
        word => ink.text(word),
    };
}
