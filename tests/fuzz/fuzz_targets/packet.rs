//! Any octets of any link type, cut anywhere: read, said, told field by field, sums verified.
//! The first two octets are the link type, the next two what was lost of the frame.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wiretale::ink::Ink;
use wiretale::octets::Octets;
use wiretale::timeline::{Frame, Timestamp};
use wiretale::wire::field::{Field, Listener, Value};
use wiretale::wire::{Packet, checksum};

struct Deaf;

impl Listener for Deaf {
    fn field(&mut self, _: &'static Field, _: std::ops::Range<usize>, _: Value<'_>) {}
}

fuzz_target!(|input: &[u8]| {
    let Some((&[a, b, c, d], kept)) = input.split_first_chunk() else { return };
    let lost = usize::from(u16::from_be_bytes([c, d]));
    let frame = Frame {
        number: 1,
        time: Timestamp(0),
        link: u16::from_be_bytes([a, b]),
        interface: 0,
        comment: &[],
        octets: Octets::new(kept, kept.len() + lost),
    };
    let packet = Packet::dissect(frame);
    let mut ink = Ink::default();
    for layer in packet.layers() {
        layer.line(&mut ink);
        layer.fields(&mut Deaf);
    }
    assert!(!ink.as_bytes().iter().any(u8::is_ascii_control));
    checksum::verify(&packet, |_, _| {});
});
