//! Which fragments make one datagram?
//!
//! Decided as the Linux kernel decides, whose reader we want to be: of a repeated fragment the first
//! counts, and one that overlaps another in part makes the whole datagram void (RFC 5722 §4, which
//! Linux obeys for IPv4 too). A fragment that the capture cut joins nothing.
//!
//! At most [`DATAGRAMS`] wait at a time, each of at most [`PIECES`] fragments, for [`PATIENCE`]
//! of the capture's time, together [`OCTETS`] long. What is beyond is forgotten, oldest first.

mod datagram;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use crate::octets::Octets;
use crate::timeline::Timestamp;
use crate::wire::packet::{Fragment, LiesIn};
use crate::wire::{Hint, Packet};
use datagram::{Datagram, Outcome};

const DATAGRAMS: usize = 4096;
const PIECES: usize = 64;
const OCTETS: usize = 16 << 20;
/// RFC 1122 §3.3.2 asks for 60 to 120 s; Linux waits 30 s (and RFC 8200 §4.5: 60 s).
const PATIENCE: Duration = Duration::from_secs(30);

/// The datagrams that are still incomplete.
#[derive(Default)]
pub struct Fragments {
    waiting: HashMap<Key, Datagram, RandomState>,
    /// In the order begun; a datagram that is gone leaves its row behind for a while.
    begun: VecDeque<(Key, u64)>,
    /// Counts datagrams begun, to tell one from a later one with the same key.
    turn: u64,
    held: usize,
    /// Emptied, for their buffers.
    spare: Vec<Datagram>,
    joined: Vec<u8>,
    numbers: Vec<u64>,
}

/// What the fragments of one datagram have in common.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
struct Key {
    source: u128,
    destination: u128,
    id: u32,
    /// RFC 791 §3.2 counts it in; RFC 8200 §4.5 does not.
    protocol: Option<u8>,
}

impl Fragments {
    /// Reads on in the datagram that this packet completes, if it does.
    pub fn join<'a>(&'a mut self, packet: &mut Packet<'a>) {
        let Some(fragment) = packet.fragment().filter(|fragment| !fragment.payload.is_cut()) else {
            return;
        };
        let key = Key::of(&fragment);
        self.make_room(&key, packet.frame.time, fragment.payload.len());
        match self.add(key, &fragment, packet.frame.number, packet.frame.time) {
            Outcome::Waits | Outcome::Ignored => {}
            Outcome::Overlaps(other) => {
                self.remove(&key);
                packet.overlap(other);
            }
            Outcome::Void => self.remove(&key),
            Outcome::Completes => {
                let Some(datagram) = self.waiting.get(&key) else { return };
                let protocol = key.protocol.unwrap_or(datagram.protocol);
                datagram.write(&mut self.joined, &mut self.numbers);
                self.remove(&key);
                let datagram = Octets::whole(&self.joined);
                packet.read_on(LiesIn::Datagram, Hint::Ip(protocol), datagram, &self.numbers);
            }
        }
    }

    fn add(&mut self, key: Key, fragment: &Fragment<'_>, number: u64, now: Timestamp) -> Outcome {
        let datagram = match self.waiting.entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                self.turn += 1;
                self.begun.push_back((key, self.turn));
                let mut datagram = self.spare.pop().unwrap_or_default();
                (datagram.turn, datagram.began) = (self.turn, now);
                entry.insert(datagram)
            }
        };
        let before = datagram.held();
        let outcome = datagram.add(fragment, number, key.longest());
        self.held += datagram.held() - before;
        outcome
    }

    /// Makes room for `more` octets of a datagram, and forgets what waited too long.
    fn make_room(&mut self, key: &Key, now: Timestamp, more: usize) {
        let limit = if self.waiting.contains_key(key) { DATAGRAMS + 1 } else { DATAGRAMS };
        while let Some((key, turn)) = self.begun.front() {
            let is_full = self.waiting.len() >= limit || self.held + more > OCTETS;
            match self.waiting.get(key).filter(|datagram| datagram.turn == *turn) {
                Some(datagram) if !is_full && now.since(datagram.began) <= PATIENCE => break,
                Some(_) => {
                    let key = *key;
                    self.remove(&key);
                }
                None => {}
            }
            self.begun.pop_front();
        }
        // Rows of those gone, behind one that waits on.
        if self.begun.len() > 2 * DATAGRAMS {
            let waiting = &self.waiting;
            self.begun.retain(|(key, turn)| waiting.get(key).is_some_and(|one| one.turn == *turn));
        }
    }

    fn remove(&mut self, key: &Key) {
        if let Some(mut datagram) = self.waiting.remove(key) {
            self.held -= datagram.held();
            if self.spare.len() < 16 {
                datagram.clear();
                self.spare.push(datagram);
            }
        }
    }
}

impl Key {
    fn of(fragment: &Fragment<'_>) -> Self {
        let [source, destination] = [fragment.source, fragment.destination].map(|ip| match ip {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
            IpAddr::V6(v6) => v6.to_bits(),
        });
        let protocol = fragment.source.is_ipv4().then_some(fragment.protocol);
        Self { source, destination, id: fragment.id, protocol }
    }

    /// The longest a datagram may be: its length field has 16 bits, in IPv4 with the header.
    fn longest(self) -> usize {
        if self.protocol.is_some() { 65_535 - 20 } else { 65_535 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::Frame;

    /// A fragment: its offset, whether more follow, and one letter for each 8 octets.
    type Sent = (u16, bool, &'static str);

    /// What becomes of fragments that arrive a second apart: of each the letters it completed.
    fn received(sent: &[Sent]) -> Vec<String> {
        let mut fragments = Fragments::default();
        let frames = sent.iter().map(|sent| ipv4(7, *sent));
        frames.zip(1..).map(|(octets, number)| letters(&mut fragments, &octets, number)).collect()
    }

    fn letters(fragments: &mut Fragments, octets: &[u8], second: u64) -> String {
        let mut packet = dissected(octets, second);
        fragments.join(&mut packet);
        match (packet.datagram(), packet.overlapped()) {
            (Some(datagram), _) => {
                datagram.kept().chunks(8).map(|eight| char::from(eight[0])).collect()
            }
            (None, Some(other)) => format!("overlaps {other}"),
            (None, None) => String::new(),
        }
    }

    fn dissected(octets: &[u8], second: u64) -> Packet<'_> {
        Packet::dissect(Frame {
            number: second,
            time: Timestamp(second * 1_000_000_000),
            link: if octets[0] >> 4 == 4 { 228 } else { 229 },
            interface: 0,
            comment: &[],
            octets: Octets::whole(octets),
        })
    }

    fn payload(letters: &str) -> Vec<u8> {
        letters.bytes().flat_map(|letter| [letter; 8]).collect()
    }

    fn ipv4(id: u16, (offset, more, letters): Sent) -> Vec<u8> {
        let payload = payload(letters);
        let mut octets = vec![0x45, 0, 0, 20 + payload.len() as u8];
        octets.extend(id.to_be_bytes());
        octets.extend((offset / 8 + if more { 0x2000 } else { 0 }).to_be_bytes());
        octets.extend([64, 253, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        octets.extend(payload);
        octets
    }

    fn ipv6((offset, more, letters): Sent) -> Vec<u8> {
        let payload = payload(letters);
        let mut octets = vec![0x60, 0, 0, 0, 0, 8 + payload.len() as u8, 44, 64];
        octets.extend([1; 16]);
        octets.extend([2; 16]);
        octets.extend([253, 0]);
        octets.extend((offset | u16::from(more)).to_be_bytes());
        octets.extend([0, 0, 0, 7]);
        octets.extend(payload);
        octets
    }

    #[test]
    fn fragments_make_a_datagram_in_whatever_order_they_come() {
        assert_eq!(received(&[(0, true, "ab"), (16, true, "c"), (24, false, "d")])[2], "abcd");
        assert_eq!(received(&[(24, false, "d"), (16, true, "c"), (0, true, "ab")])[2], "abcd");
    }

    #[test]
    fn of_a_fragment_that_is_repeated_the_first_counts() {
        assert_eq!(received(&[(0, true, "ab"), (0, true, "xy"), (16, false, "c")])[2], "abc");
    }

    #[test]
    fn of_a_fragment_that_repeats_a_part_the_first_counts() {
        assert_eq!(received(&[(0, true, "ab"), (8, true, "x"), (16, false, "c")])[2], "abc");
    }

    #[test]
    fn a_repetition_may_span_fragments_that_came_in_order() {
        let sent = [(0, true, "a"), (8, true, "b"), (0, true, "xy"), (16, false, "c")];
        assert_eq!(received(&sent)[3], "abc");
    }

    #[test]
    fn a_partial_overlap_makes_the_datagram_void() {
        let later = [(0, true, "ab"), (8, true, "xy"), (16, false, "c")];
        assert_eq!(received(&later), ["", "overlaps 1", ""]);
        let earlier = [(8, true, "bc"), (0, true, "xy"), (24, false, "d")];
        assert_eq!(received(&earlier), ["", "overlaps 1", ""]);
        let around = [(8, true, "b"), (0, true, "xyz"), (24, false, "d")];
        assert_eq!(received(&around), ["", "overlaps 1", ""]);
    }

    #[test]
    fn a_second_end_makes_the_datagram_void() {
        let sent = [(16, false, "c"), (8, false, "b"), (0, true, "ab")];
        assert_eq!(received(&sent), ["", "", ""]);
    }

    #[test]
    fn an_end_that_comes_again_after_the_datagram_is_whole_changes_nothing() {
        let sent = [(0, true, "a"), (8, false, "b"), (8, false, "x"), (8, false, "y")];
        assert_eq!(received(&sent), ["", "ab", "", ""]);
    }

    #[test]
    fn what_waits_too_long_is_forgotten() {
        let mut fragments = Fragments::default();
        let [first, last] = [ipv4(7, (0, true, "a")), ipv4(7, (8, false, "b"))];
        assert_eq!(letters(&mut fragments, &first, 1), "");
        assert_eq!(letters(&mut fragments, &last, 32), "");
        assert_eq!(letters(&mut fragments, &first, 33), "ab");
    }

    #[test]
    fn a_flood_of_beginnings_costs_the_oldest() {
        let mut fragments = Fragments::default();
        for id in 0..=DATAGRAMS as u16 {
            letters(&mut fragments, &ipv4(id, (0, true, "a")), 1);
        }
        assert_eq!(letters(&mut fragments, &ipv4(0, (8, false, "b")), 1), "");
        assert_eq!(letters(&mut fragments, &ipv4(9, (8, false, "b")), 1), "ab");
        assert_eq!(fragments.waiting.len(), DATAGRAMS - 1);
        assert_eq!(fragments.held, 8 * fragments.waiting.len());
    }

    #[test]
    fn a_datagram_of_too_many_fragments_is_given_up() {
        let sent: Vec<_> = (0..=PIECES as u16).map(|at| (8 * at, true, "a")).collect();
        let mut fragments = Fragments::default();
        for sent in sent {
            letters(&mut fragments, &ipv4(7, sent), 1);
        }
        assert_eq!((fragments.waiting.len(), fragments.held), (0, 0));
    }

    #[test]
    fn an_atomic_fragment_is_whole_and_disturbs_nobody() {
        let mut fragments = Fragments::default();
        assert_eq!(letters(&mut fragments, &ipv6((0, true, "a")), 1), "");
        assert_eq!(letters(&mut fragments, &ipv6((0, false, "z")), 2), "");
        let last = ipv6((8, false, "b"));
        let mut packet = dissected(&last, 3);
        fragments.join(&mut packet);
        assert_eq!(packet.fragments(), [1, 3]);
        assert!(packet.places().all(|place| place.lies_in == LiesIn::Frame));
        assert_eq!(packet.rest.kept(), payload("ab"));
    }

    #[test]
    fn a_fragment_that_was_cut_joins_nothing() {
        let mut fragments = Fragments::default();
        let [first, last] = [ipv4(7, (0, true, "ab")), ipv4(7, (16, false, "c"))];
        let whole = dissected(&first, 1).frame;
        let cut = Frame { octets: Octets::new(&first[..30], first.len()), ..whole };
        {
            let mut packet = Packet::dissect(cut);
            fragments.join(&mut packet);
            assert!(packet.datagram().is_none());
        }
        assert_eq!(letters(&mut fragments, &last, 2), "");
        assert_eq!(letters(&mut fragments, &first, 3), "abc");
    }
}
