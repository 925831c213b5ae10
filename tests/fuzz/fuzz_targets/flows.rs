//! Frames one after the other through the tracker: every verdict has words, every packet is counted once.
//! Each frame is preceded by its length in two octets, and by the milliseconds since the one before.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wiretale::flow::{Flows, Side};
use wiretale::ink::Ink;
use wiretale::octets::Octets;
use wiretale::render::verdict::words;
use wiretale::timeline::{Frame, Timestamp};
use wiretale::wire::Packet;

fuzz_target!(|input: &[u8]| {
    let mut flows = Flows::with_room_for(64);
    let mut ink = Ink::default();
    let (mut rest, mut number, mut time) = (input, 0, 0_u64);
    let (mut seen, mut told) = (0, 0);
    while let Some((&[a, b, c, d], after)) = rest.split_first_chunk() {
        let len = usize::from(u16::from_be_bytes([a, b])).min(after.len());
        let (kept, after) = after.split_at(len);
        (rest, number) = (after, number + 1);
        time = time.wrapping_add(u64::from(u16::from_be_bytes([c, d])) * 1_000_000);
        let (time, octets) = (Timestamp(time), Octets::whole(kept));
        let frame = Frame { number, time, link: 101, interface: 0, comment: &[], octets };
        let packet = Packet::dissect(frame);
        let found = flows.observe(&packet);
        seen += u64::from(found.connection.is_some());
        for verdict in found.verdicts {
            words(verdict, &mut ink);
        }
        for connection in flows.gone() {
            told += [Side::Client, Side::Server]
                .map(|side| connection.half(side).packets())
                .iter()
                .sum::<u64>();
        }
    }
    for connection in flows.connections() {
        told += [Side::Client, Side::Server]
            .map(|side| connection.half(side).packets())
            .iter()
            .sum::<u64>();
    }
    assert_eq!(seen, told);
});
