//! Which link types did nobody here read?

use std::collections::BTreeMap;

use crate::octets::Octets;
use crate::timeline::{About, Frame, Timestamp};
use crate::wire::{Packet, frame};

/// Says of each, once, that its frames are only counted and shown as octets.
pub(super) fn tell_unread(about: &About) {
    let mut frames = BTreeMap::<u16, u64>::new();
    for interface in &about.interfaces {
        *frames.entry(interface.link).or_default() += interface.frames;
    }
    for (link, count) in frames.into_iter().filter(|(link, count)| *count > 0 && !is_read(*link)) {
        let name = frame::link_name(link).map_or(String::new(), |name| format!(" ({name})"));
        let (frames, are) = if count == 1 { ("frame", "is") } else { ("frames", "are") };
        say!(
            "wiretale: link type {link}{name} is not read here: its {count} {frames} {are} counted, and shown as octets"
        );
    }
}

/// Whether anything is expected behind it: an empty frame is then too short.
fn is_read(link: u16) -> bool {
    let (number, time, octets) = (1, Timestamp::default(), Octets::new(&[], 0));
    let frame = Frame { number, time, link, interface: 0, comment: &[], octets };
    Packet::dissect(frame).stop.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_table_of_protocols_has_is_read() {
        assert!([0, 1, 12, 101, 113, 228, 276].into_iter().all(is_read));
        assert!(![147, 9999].into_iter().any(is_read));
    }
}
