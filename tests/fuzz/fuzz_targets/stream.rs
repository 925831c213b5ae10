//! Frames one after the other through fragments and streams: whatever is kept between packets.
//! Each frame is preceded by its length in two octets.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wiretale::flow::Beyond;
use wiretale::octets::Octets;
use wiretale::timeline::{Frame, Timestamp};
use wiretale::wire::Packet;

fuzz_target!(|input: &[u8]| {
    let mut beyond = Beyond::default();
    let mut rest = input;
    let mut number = 0;
    while let Some((&[a, b], after)) = rest.split_first_chunk() {
        let len = usize::from(u16::from_be_bytes([a, b])).min(after.len());
        let (kept, after) = after.split_at(len);
        rest = after;
        number += 1;
        let time = Timestamp(number * 1_000_000);
        let octets = Octets::whole(kept);
        let mut packet =
            Packet::dissect(Frame { number, time, link: 101, interface: 0, comment: &[], octets });
        beyond.open(&mut packet);
    }
});
