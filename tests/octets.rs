//! A stream's octets are the same however they were cut, captured again and shuffled.

use proptest::prelude::*;
use wiretale::flow::Mark;
use wiretale::flow::stream::{Gap, Missing, Part, Room, Run, Segment, Stream};
use wiretale::octets::Octets;
use wiretale::timeline::Timestamp;
use wiretale::wire::tcp::{Flags, Seq};

/// What a reader got: octets with holes, and whether the end came.
#[derive(Debug, Default, Eq, PartialEq)]
struct Read {
    octets: Vec<Option<u8>>,
    gaps: Vec<Gap>,
    brought: Vec<u64>,
    ends: u32,
}

impl Read {
    fn run(&mut self, run: Run<'_>) {
        assert_eq!(run.offset, self.octets.len() as u64, "{run:?} follows what was read");
        assert_eq!(self.ends, 0, "{run:?} lies before the end");
        match run.part {
            Part::Octets(octets) => {
                assert!(!octets.is_empty());
                self.brought.push(run.mark.packet);
                self.octets.extend(octets.iter().copied().map(Some));
            }
            Part::Gap(gap) => {
                self.gaps.push(gap);
                self.octets.extend((0..gap.len).map(|_| None));
            }
            Part::End => self.ends += 1,
        }
    }
}

fn mark(packet: u64) -> Mark {
    Mark { packet, time: Timestamp(packet * 1_000_000) }
}

/// Segments of the stream 0, 1, 2, ... that begins behind `isn`.
struct Told {
    stream: Stream,
    room: Room,
    read: Read,
    isn: u32,
    packet: u64,
}

impl Told {
    fn new(isn: u32) -> Self {
        let (stream, room, read) = <_>::default();
        Self { stream, room, read, isn, packet: 0 }
    }

    fn take(&mut self, from: u32, octets: Octets<'_>, flags: u8) -> &mut Self {
        self.packet += 1;
        let seq = Seq(self.isn).plus(u32::from(flags & Flags::SYN == 0)).plus(from);
        let segment =
            Segment { seq, flags: Flags(flags), payload: octets, mark: mark(self.packet) };
        self.stream.take(segment, &mut self.room, &mut |run| self.read.run(run));
        self
    }

    fn span(&mut self, from: u32, to: u32) -> &mut Self {
        let octets: Vec<u8> = (from..to).map(octet).collect();
        self.take(from, Octets::whole(&octets), Flags::ACK)
    }

    fn acknowledge(&mut self, to: u32, packet: u64) -> &mut Self {
        let ack = Seq(self.isn).plus(1).plus(to);
        let reader = &mut |run: Run<'_>| self.read.run(run);
        self.stream.acknowledge(ack, mark(packet), &mut self.room, reader);
        self
    }

    fn end(&mut self) -> &mut Self {
        self.stream.end(mark(self.packet), &mut self.room, &mut |run| self.read.run(run));
        self
    }
}

fn octet(at: u32) -> u8 {
    (at.wrapping_mul(2_654_435_761) >> 13) as u8
}

fn octets(range: std::ops::Range<u32>) -> Vec<Option<u8>> {
    range.map(|at| Some(octet(at))).collect()
}

proptest! {
    /// Every octet is in some segment: cuts make segments, and others with other boundaries repeat them.
    #[test]
    fn cutting_repeating_and_shuffling_change_nothing(
        isn: u32,
        len in 1u32..3000,
        cuts in prop::collection::vec(0u32..3000, 0..30),
        again in prop::collection::vec((0u32..3000, 0u32..900), 0..20),
        seed: u64,
    ) {
        let mut cuts: Vec<u32> = cuts.into_iter().filter(|cut| *cut < len).chain([0, len]).collect();
        cuts.sort_unstable();
        let mut segments: Vec<(u32, u32)> =
            cuts.windows(2).map(|pair| (pair[0], pair[1])).collect();
        segments.extend(again.iter().map(|(from, span)| (*from.min(&len), (from + span).min(len))));
        let mut random = seed | 1;
        for at in (1..segments.len()).rev() {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            segments.swap(at, (random % (at as u64 + 1)) as usize);
        }
        let mut told = Told::new(isn);
        told.take(0, Octets::whole(&[]), Flags::SYN);
        for (from, to) in segments {
            let octets: Vec<u8> = (from..to).map(octet).collect();
            let fin = if to == len { Flags::FIN } else { 0 };
            told.take(from, Octets::whole(&octets), Flags::ACK | fin);
        }
        prop_assert!(told.stream.is_over());
        prop_assert_eq!(told.stream.waiting(), 0);
        prop_assert_eq!(told.stream.contradictions(), 0);
        prop_assert_eq!(told.room.waiting(), 0);
        told.end();
        prop_assert_eq!(&told.read.octets, &octets(0..len));
        prop_assert_eq!(told.read.ends, 1);
    }

    /// Whatever arrives, runs follow one another and all room is given back.
    #[test]
    fn anything_may_arrive(
        steps in prop::collection::vec((any::<u32>(), 0usize..2000, 0usize..2000, any::<u8>(), any::<bool>()), 0..60),
        near: bool,
        limit in 0usize..5000,
    ) {
        let zeros = [0u8; 2000];
        let mut told = Told::new(0xffff_f000);
        told.room = Room::of(limit);
        for (seq, kept, len, flags, is_ack) in steps {
            let seq = if near { seq % 8192 } else { seq };
            if is_ack {
                let packet = told.packet + 5;
                told.acknowledge(seq, packet);
            } else if near {
                told.take(seq, Octets::new(&zeros[..kept], len), flags);
            } else {
                // Gaps of gigabytes are not to be spelt out octet by octet.
                let segment = Segment {
                    seq: Seq(seq),
                    flags: Flags(flags),
                    payload: Octets::new(&zeros[..kept], len),
                    mark: mark(1),
                };
                let mut at = told.stream.offset();
                told.stream.take(segment, &mut told.room, &mut |run| {
                    assert_eq!(run.offset, at);
                    at += match run.part {
                        Part::Octets(octets) => octets.len() as u64,
                        Part::Gap(gap) => gap.len,
                        Part::End => 0,
                    };
                });
                told.read.octets.clear();
                told.read.ends = 0;
                if told.stream.offset() > 100_000 {
                    break;
                }
                told.read.octets.resize(told.stream.offset() as usize, None);
            }
            prop_assert!(told.stream.waiting() <= limit);
        }
        if near {
            told.end();
            prop_assert_eq!(told.room.waiting(), 0);
        }
    }
}

#[test]
fn what_came_first_is_handed_on_and_the_contradiction_noted() {
    let mut told = Told::new(7);
    told.span(0, 10).take(15, Octets::whole(b"early"), 0).take(12, Octets::whole(&[9; 10]), 0);
    told.take(10, Octets::whole(&[8; 4]), 0);
    let read: Vec<u8> = told.read.octets[10..].iter().map(|octet| octet.expect("no gap")).collect();
    assert_eq!(read, b"\x08\x08\x09\x09\x09early\x09\x09");
    assert_eq!(told.stream.contradictions(), 2);
    assert_eq!(told.read.brought, [1, 4, 3, 2, 3]);
}

#[test]
fn a_hole_that_was_acknowledged_is_waited_for_a_while() {
    let mut told = Told::new(u32::MAX - 5);
    told.span(0, 10).span(20, 30).acknowledge(30, 3).acknowledge(30, 12);
    assert_eq!(told.stream.offset(), 10, "9 ms later it may still come");
    told.acknowledge(30, 13);
    assert_eq!(told.read.gaps, [Gap { len: 10, why: Missing::Uncaptured }]);
    assert_eq!(told.read.octets[20..], octets(20..30));
}

#[test]
fn what_the_capture_cut_is_a_gap_at_once() {
    let mut told = Told::new(1);
    told.take(0, Octets::new(&[octet(0), octet(1)], 10), 0).span(10, 12);
    assert_eq!(told.read.gaps, [Gap { len: 8, why: Missing::Cut }]);
    assert_eq!(told.read.octets[10..], octets(10..12));
}

#[test]
fn without_room_the_first_hole_is_given_up_and_no_octet_is_lost() {
    let mut told = Told::new(1);
    told.room = Room::of(10);
    told.span(0, 1).span(2, 9).span(10, 14);
    assert_eq!(told.read.gaps, [Gap { len: 1, why: Missing::Crowded }]);
    assert_eq!(told.stream.offset(), 9);
    assert_eq!(told.stream.waiting(), 4);
    told.span(20, 40).end();
    assert_eq!(told.read.gaps.len(), 3);
    assert_eq!(told.read.octets.iter().flatten().count(), 32);
}

#[test]
fn a_stream_without_its_syn_begins_with_the_first_octet_seen() {
    let mut told = Told::new(1);
    // The other side has 100 octets; the last of them is sent again to keep the connection alive.
    told.acknowledge(100, 1).span(99, 100);
    assert!(told.read.octets.is_empty());
    told.span(100, 110).span(95, 115);
    assert_eq!(told.read.octets, octets(100..115));
}

#[test]
fn the_missing_end_is_told_when_the_connection_is_over() {
    let mut told = Told::new(1);
    told.span(0, 10).take(20, Octets::whole(&[]), Flags::FIN).acknowledge(15, 3).end();
    let gaps = [Missing::Uncaptured, Missing::Awaited].map(|why| Gap { len: 5, why });
    assert_eq!(told.read.gaps, gaps);
    assert_eq!(told.read.ends, 1);
}

#[test]
fn a_reset_adds_nothing() {
    let mut told = Told::new(1);
    told.span(0, 10).take(10, Octets::whole(b"go away"), Flags::RST);
    assert_eq!(told.stream.offset(), 10);
}
