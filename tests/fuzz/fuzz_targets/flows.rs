//! Frames one after the other through the tracker: every verdict has words, every packet is counted once;
//! every nanosecond is in one bucket; and what is looked at ahead and skimmed is followed as if it had been read.
//! Each frame is preceded by its length in two octets, and by the milliseconds since the one before.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use wiretale::flow::tcp::Connection;
use wiretale::flow::{Beyond, Flows, Side};
use wiretale::ink::Ink;
use wiretale::octets::Octets;
use wiretale::render::verdict::words;
use wiretale::tale::accounts::Accounts;
use wiretale::tale::bucket::Bucket;
use wiretale::timeline::{AHEAD, Frame, Timestamp};
use wiretale::wire::Packet;

fuzz_target!(|input: &[u8]| {
    let frames = frames(input);
    let frame = |at: usize| {
        let (time, octets) = &frames[at];
        let (number, octets) = (at as u64 + 1, Octets::whole(octets));
        Frame { number, time: *time, link: 1, interface: 0, comment: &[], octets }
    };
    let mut flows = Flows::with_room_for(64);
    let mut ink = Ink::default();
    let (mut seen, mut gone) = (0, Vec::new());
    let mut accounts = Accounts::default();
    for at in 0..frames.len() {
        let packet = Packet::dissect(frame(at));
        let found = flows.observe(&packet);
        seen += u64::from(found.connection.is_some());
        for verdict in found.verdicts {
            words(verdict, &mut ink);
        }
        accounts.observe(&packet, &found);
        gone.extend(flows.gone());
    }
    for connection in gone.iter().chain(flows.connections()) {
        let account = accounts.close(connection).expect("an account");
        let sum: Duration = Bucket::ALL.iter().map(|bucket| account.tiles.sum(*bucket)).sum();
        assert_eq!(sum, account.tiles.wall());
    }
    accounts.end();
    let all = || gone.iter().chain(flows.connections());
    assert_eq!(seen, all().map(packets).sum::<u64>());

    let (mut skimmed, beyond) = (Flows::with_room_for(64), Beyond::default());
    let mut left = Vec::new();
    for at in 0..frames.len() {
        let ahead = if at == 0 { 0..AHEAD } else { at + AHEAD - 1..at + AHEAD };
        for at in ahead.filter(|at| *at < frames.len()) {
            skimmed.expect(&frame(at));
        }
        if skimmed.skim(&frame(at), &beyond, |_, _| false).is_none() {
            skimmed.observe(&Packet::dissect(frame(at)));
        }
        left.extend(skimmed.gone());
    }
    let theirs = left.iter().chain(skimmed.connections());
    for (one, other) in all().zip(theirs) {
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
    }
});

fn packets(connection: &Connection) -> u64 {
    [Side::Client, Side::Server].map(|side| connection.half(side).packets()).iter().sum()
}

/// Their times and octets, each with an Ethernet header in front.
fn frames(input: &[u8]) -> Vec<(Timestamp, Vec<u8>)> {
    let (mut rest, mut time, mut frames) = (input, 0_u64, Vec::new());
    while let Some((&[a, b, c, d], after)) = rest.split_first_chunk() {
        let len = usize::from(u16::from_be_bytes([a, b])).min(after.len());
        let (kept, after) = after.split_at(len);
        rest = after;
        time = time.wrapping_add(u64::from(u16::from_be_bytes([c, d])) * 1_000_000);
        let is_v6 = kept.first().is_some_and(|first| first >> 4 == 6);
        let ethertype = if is_v6 { [0x86, 0xdd] } else { [8, 0] };
        let frame = [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2], &ethertype[..], kept].concat();
        frames.push((Timestamp(time), frame));
    }
    frames
}
