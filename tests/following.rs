//! Whatever segments arrive, the tracker keeps its bounds and its sums.

mod segments;

use std::net::IpAddr;

use proptest::prelude::*;
use segments::{Ends, Offer, Written};
use wiretale::flow::tcp::Connection;
use wiretale::flow::{Flows, Side};
use wiretale::ink::Ink;
use wiretale::render::verdict::words;
use wiretale::wire::Packet;

/// What a segment may be: usual, or anything. Numbers are near the edges of what the other segments say.
fn segment() -> impl Strategy<Value = Written> {
    let place = || {
        prop_oneof![
            0..20_u32,
            (0..12_u32).prop_map(|at| 1 + at * 1000),
            (0..40_u32).prop_map(|back| 0_u32.wrapping_sub(back)),
            (0..8_u32).prop_map(|at| 0x7fff_fffc + at),
            any::<u32>(),
        ]
    };
    let flags = prop_oneof![
        8 => Just(0x10_u8), 4 => Just(0x18), 2 => Just(2), 2 => Just(0x12), 2 => Just(0x11), 1 => Just(4),
        1 => any::<u8>(),
    ];
    let stamps = prop_oneof![Just(None), (0..50_u32, 0..50_u32).prop_map(Some)];
    let sacks = prop::collection::vec((place(), place()), 0..3);
    let numbers = (place(), place(), 0..1500_u16, any::<u16>(), flags);
    let around = (0..2_000_000_000_u64, any::<bool>(), 0..4_u16, 62..65_u8, 0..3_u32);
    (numbers, around, stamps, sacks, prop::option::of(0..20_u8)).prop_map(
        |(
            (seq, ack, len, window, flags),
            (time, from_client, ip_id, hops, interface),
            stamps,
            sacks,
            scale,
        )| {
            let mut options = Vec::new();
            if flags & 2 != 0 {
                options.extend(scale.map(Offer::WindowScale));
                options.push(Offer::SackPermitted);
            }
            options.extend(stamps.map(|(value, echo)| Offer::Timestamps(value, echo)));
            if !sacks.is_empty() {
                options.push(Offer::Sack(sacks));
            }
            let by = if from_client { Side::Client } else { Side::Server };
            let ack = (flags & 0x10 != 0).then_some(ack);
            let bare = Written::bare(by, flags);
            Written { time, ip_id, hops, interface, seq, len, ack, window, options, ..bare }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    /// No segment makes the tracker panic; every packet is counted once; what was seen once is no more
    /// than what was sent; and there is little to say of one packet.
    #[test]
    fn any_segments_are_followed(
        segments in prop::collection::vec(segment(), 1..60),
        initial in any::<[u32; 2]>(),
        is_v6 in any::<bool>(),
    ) {
        let addresses: [IpAddr; 2] = if is_v6 { Ends::V6 } else { Ends::V4 };
        let ends = Ends { initial, addresses, ..Ends::default() };
        let mut flows = Flows::default();
        let mut gone: Vec<Connection> = Vec::new();
        let mut ink = Ink::default();
        for (at, written) in segments.iter().enumerate() {
            let made = written.frame(&ends);
            let seen = flows.observe(&Packet::dissect(made.frame(at as u64 + 1)));
            prop_assert!(seen.connection.is_some());
            prop_assert!(seen.verdicts.len() <= 8, "{:?}", seen.verdicts);
            for verdict in seen.verdicts {
                prop_assert!(verdict.of.is_none_or(|of| of <= at as u64 + 1));
                let before = ink.len();
                words(verdict, &mut ink);
                prop_assert!(ink.len() > before, "{verdict:?} has no words");
            }
            gone.extend(flows.gone());
        }
        let mut packets = 0;
        for connection in gone.iter().chain(flows.connections()) {
            for side in [Side::Client, Side::Server] {
                let half = connection.half(side);
                let sent = half.sent();
                packets += half.packets();
                let copies = sent.copies.iter().sum::<u64>();
                prop_assert!(copies + sent.resent + sent.reordered <= half.packets());
                prop_assert!(sent.spurious <= sent.resent);
                prop_assert!(sent.triggers.iter().sum::<u64>() == sent.resent);
                prop_assert!(sent.lost_before + sent.lost_after <= sent.resent);
                if let Some(rtt) = half.rtt().filter(|rtt| rtt.samples() > 0) {
                    prop_assert!(rtt.shortest() <= rtt.average() && rtt.average() <= rtt.longest());
                }
            }
        }
        prop_assert_eq!(packets, segments.len() as u64);
    }
}
