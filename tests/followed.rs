//! Which connections are followed, and which one leaves when there are too many.

mod fixtures;
mod segments;

use segments::{Ends, Offer, Written};
use wiretale::flow::tcp::{How, Roles, State};
use wiretale::flow::{Flows, Side};
use wiretale::octets::Octets;
use wiretale::timeline::{Frame, Timestamp};
use wiretale::wire::Packet;
use wiretale::wire::tcp::Flags;

const SECOND: u64 = 1_000_000_000;

/// A tracker and what was shown to it.
struct Watch {
    flows: Flows,
    packets: u64,
    /// The ports of the clients that left, and in which state.
    left: Vec<(u16, State)>,
}

impl Watch {
    fn with_room_for(connections: usize) -> Self {
        Self { flows: Flows::with_room_for(connections), packets: 0, left: Vec::new() }
    }

    /// The client at this port, or the server, sends something without options.
    fn sees(&mut self, seconds: u64, port: u16, by: Side, flags: u8, seq: u32, ack: Option<u32>) {
        let ends = Ends { ports: [port, 9], ..Ends::default() };
        let written = Written {
            time: seconds * SECOND,
            seq,
            ack,
            window: 1000,
            options: vec![Offer::Mss(1460)],
            ..Written::bare(by, flags)
        };
        let made = written.frame(&ends);
        self.packets += 1;
        self.flows.observe(&Packet::dissect(made.frame(self.packets)));
        self.left.extend(self.flows.gone().map(|one| (one.end(Side::Client).port, one.state())));
    }

    fn opens(&mut self, seconds: u64, port: u16) {
        self.asks(seconds, port);
        self.sees(seconds, port, Side::Server, Flags::SYN | Flags::ACK, 0, Some(1));
        self.sees(seconds, port, Side::Client, Flags::ACK, 1, Some(1));
    }

    fn asks(&mut self, seconds: u64, port: u16) {
        self.sees(seconds, port, Side::Client, Flags::SYN, 0, None);
    }

    fn breaks_off(&mut self, seconds: u64, port: u16) {
        self.sees(seconds, port, Side::Client, Flags::RST | Flags::ACK, 1, Some(1));
    }
}

#[test]
fn who_is_over_leaves_first() {
    let mut watch = Watch::with_room_for(3);
    watch.asks(0, 1);
    watch.opens(1, 2);
    watch.opens(2, 3);
    watch.breaks_off(3, 3);
    watch.opens(10, 4);
    assert_eq!(watch.left, [(3, State::Reset(Side::Client))]);
    assert_eq!(watch.flows.dropped(), 0);
}

#[test]
fn who_is_not_answered_for_five_seconds_leaves_before_who_is_connected() {
    let mut watch = Watch::with_room_for(2);
    watch.opens(0, 1);
    watch.asks(1, 2);
    watch.opens(6, 3);
    assert_eq!(watch.left, [(2, State::Dropped)]);
    assert_eq!(watch.flows.dropped(), 1);
}

#[test]
fn who_only_just_asked_outlives_who_was_quiet_for_long() {
    let mut watch = Watch::with_room_for(2);
    watch.opens(0, 1);
    watch.asks(400, 2);
    watch.opens(402, 3);
    assert_eq!(watch.left, [(1, State::Dropped)]);
}

#[test]
fn who_was_used_last_stays() {
    let mut watch = Watch::with_room_for(2);
    watch.opens(0, 1);
    watch.opens(1, 2);
    watch.sees(2, 1, Side::Client, Flags::ACK, 1, Some(1));
    watch.opens(3, 3);
    assert_eq!(watch.left, [(2, State::Dropped)]);
}

#[test]
fn who_is_over_leaves_after_a_minute() {
    let mut watch = Watch::with_room_for(10);
    watch.opens(0, 1);
    watch.breaks_off(1, 1);
    watch.opens(60, 2);
    assert_eq!(watch.left, []);
    watch.opens(63, 3);
    assert_eq!(watch.left, [(1, State::Reset(Side::Client))]);
    assert_eq!(watch.flows.connections().len(), 2);
}

/// The capture begins with the request, with the ACK of it, or with the answer; its port says nothing.
#[test]
fn whoever_asks_in_http_is_the_client() {
    let told = |first: u64, last: u64| {
        let mut flows = Flows::default();
        let its = |kept: &&fixtures::Kept| kept.file.ends_with("/http-high-port.pcap");
        for kept in fixtures::frames().iter().filter(its) {
            if (first..=last).contains(&kept.number) {
                flows.observe(&Packet::dissect(kept.frame()));
            }
        }
        let connection = flows.connections()[0];
        (connection.end(Side::Client).port, connection.roles())
    };
    let client = told(1, 1).0;
    assert_eq!(told(1, 10), (client, Roles::Handshake));
    assert_eq!(told(4, 4), (client, Roles::Content));
    assert_eq!(told(5, 5), (client, Roles::Ports));
    assert_eq!(told(5, 6), (client, Roles::Content));
}

/// RFC 792: the error quotes the IP header and eight octets.
#[test]
fn a_syn_that_an_icmp_error_sends_back_is_refused() {
    let mut watch = Watch::with_room_for(10);
    watch.asks(0, 50_000);
    let syn = [0x45, 0, 0, 44, 0, 0, 0x40, 0, 63, 6, 0, 0, 192, 0, 2, 1, 198, 51, 100, 1];
    let mut octets = vec![0x45, 0, 0, 56, 0, 0, 0, 0, 64, 1, 0, 0, 203, 0, 113, 1, 192, 0, 2, 1];
    octets.extend([3, 1, 0, 0, 0, 0, 0, 0]);
    octets.extend(syn);
    octets.extend([0xc3, 0x50, 0, 9]);
    octets.extend(1_000_000_u32.to_be_bytes());
    let frame = Frame {
        number: 2,
        time: Timestamp(segments::EPOCH + 1),
        link: 101,
        interface: 0,
        comment: &[],
        octets: Octets::whole(&octets),
    };
    watch.flows.observe(&Packet::dissect(frame));
    let connection = watch.flows.connections()[0];
    assert_eq!(connection.state(), State::Refused);
    let close = connection.close().expect("an end");
    assert_eq!((close.how, close.by, close.at.packet), (How::Unreachable, None, 2));
}
