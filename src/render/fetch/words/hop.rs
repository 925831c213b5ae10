//! Who answered the probes of the way?

use std::fmt::Write as _;

use super::duration;
use crate::render::fetch::entry::{Entry, Kind, Part, Place};
use crate::timeline::fetch::{Hop, HopBy, Step};

/// A probe that went so many hops, from this level on.
pub(in crate::render::fetch) fn hop(step: &Step, hop: Result<&Hop, &str>, level: u8) -> Entry {
    let entry = Entry::new(step.began, Place::of(Part::Way, step.transfer), level, Kind::Fact);
    let hop = match hop {
        Ok(hop) => hop,
        Err(why) => return entry.text(format!("hop        {why}")),
    };
    let mut text = format!("hop {:<7}", hop.limit);
    match hop.by {
        HopBy::Router(router) => text.push_str(&router.to_string()),
        HopBy::Server => text.push_str("the server answered"),
        HopBy::Nobody => text.push_str("nobody answered"),
    }
    if let Some(took) = hop.round_trip {
        _ = write!(text, "  {}", duration(took));
    }
    match (hop.by, hop.tries) {
        (_, 1) => {}
        (HopBy::Nobody, tries) => _ = write!(text, ", {tries} probes"),
        (_, tries) => _ = write!(text, ", probe {tries}"),
    }
    entry.text(text)
}
