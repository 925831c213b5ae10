//! As what will libpcap give the frames of an interface?

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Of `any`: Linux cooked, the kind that says which interface it was.
pub(super) const ANY: u16 = 276;

const COOKED: u16 = 113;
const ETHERNET: u16 = 1;
const RAW: u16 = 101;

/// The `LINKTYPE_` number for an `ARPHRD_` number, as libpcap chooses it on Linux: what it does not know,
/// and what has no fixed header, it takes without header and puts a cooked one before it.
pub(super) fn of(kind: u16, name: &[u8]) -> Option<u16> {
    Some(match kind {
        1 if name.starts_with(b"cdma_rmnet") => RAW,
        1 | 23 | 772 if name.starts_with(b"isdn") || name.starts_with(b"isdY") => COOKED,
        1 => return behind_a_switch(name),
        23 | 772 => ETHERNET,
        2 => 2,
        3 => 202,
        4 => 4,
        5 => 5,
        6 | 800 => 6,
        7 => 129,
        // Serial lines and tunnels without headers.
        15 | 256..=259 | 264 | 518 | 768 | 776 | 0xfffe => RAW,
        280 => 227,
        513 => 104,
        770 => 107,
        773 => 114,
        774 => 10,
        783 => 144,
        784..=787 => 224,
        801 => 105,
        802 => 119,
        803 => 127,
        804 => 230,
        824 => 253,
        826 => 271,
        _ => COOKED,
    })
}

/// Frames to and from the chip of a switch carry its tag. libpcap refuses tags that it does not know.
fn behind_a_switch(name: &[u8]) -> Option<u16> {
    let place = Path::new("/sys/class/net").join(OsStr::from_bytes(name)).join("dsa/tagging");
    let Ok(tag) = fs::read_to_string(place) else { return Some(ETHERNET) };
    match tag.trim_end() {
        "none" => Some(ETHERNET),
        "brcm" => Some(281),
        "brcm-prepend" => Some(282),
        "dsa" => Some(284),
        "edsa" => Some(285),
        _ => None,
    }
}
