//! What does a field mean, in words?
//!
//! By the name of the field. What is not known here is told with its name and its value alone.

mod above;
mod internet;
mod link;
mod transport;

use crate::wire::checksum::Verdict;
use crate::wire::field::Value;
use crate::wire::tcp::{Flags, Origin, Seq};

/// What is known of a packet beside its octets.
#[derive(Debug, Default)]
pub(super) struct Sense {
    /// The key of the layer at hand.
    pub(super) layer: &'static str,
    pub(super) is_quoted: bool,
    pub(super) checksum: Option<Verdict>,
    /// Of the packet's own segment.
    pub(super) segment: Option<Segment>,
}

/// What its connection adds to a segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    pub(super) origin: Origin,
    pub(super) flags: Flags,
    /// What the peer's SYN would be told as, where it was seen.
    pub(super) peer_syn: Option<Seq>,
    /// How far it moves the sequence.
    pub(super) span: u32,
    /// `client` or `server`.
    pub(super) sender: &'static str,
    pub(super) peer: &'static str,
}

/// What a value of a field means; nothing where the name says it all.
pub(super) fn of(name: &str, value: Value<'_>, sense: &Sense) -> Option<String> {
    if name.ends_with(".checksum") && name.strip_suffix(".checksum") == Some(sense.layer) {
        return Some(sum(sense));
    }
    let computed = transport::computed(name, value, sense)
        .or_else(|| internet::computed(name, value))
        .or_else(|| link::computed(name, value))
        .or_else(|| above::computed(name, value));
    computed.or_else(|| {
        let told = link::told(name)
            .or_else(|| internet::told(name))
            .or_else(|| transport::told(name))
            .or_else(|| above::told(name));
        told.map(str::to_owned)
    })
}

/// Whether the checksum is right.
fn sum(sense: &Sense) -> String {
    match sense.checksum {
        Some(Verdict::Good) => "right: the octets arrived as they were summed".into(),
        Some(Verdict::Bad { right, .. }) => {
            format!("wrong: {right:#06x} would be right, so an octet was changed after it was computed")
        }
        Some(Verdict::Offloaded) => {
            "not filled in yet: the sender left it to its network card, and the packet was captured before it"
                .into()
        }
        Some(Verdict::Absent) => "none: the sender computed no checksum".into(),
        None if sense.is_quoted => "not verified: only the begin of the packet is quoted".into(),
        None => "not verified: what it covers is not all here".into(),
    }
}

fn number(value: Value<'_>) -> Option<u64> {
    match value {
        Value::Number(number) | Value::Named(number, _) => Some(number),
        _ => None,
    }
}

fn octets(count: u64) -> String {
    if count == 1 { "1 octet".into() } else { format!("{count} octets") }
}
