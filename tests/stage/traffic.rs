//! What passes: answers that name addresses, connections in every state, pings.

use std::net::IpAddr;

use wiretale::flow::Side;
use wiretale::wire::tcp::Flags;

use super::Step;
use crate::segments::{Ends, Offer, Written};

pub(crate) const MILLI: u64 = 1_000_000;
pub(crate) const SECOND: u64 = 1000 * MILLI;

/// Names of every width, and one that would do harm.
pub(crate) const NAMES: [&str; 8] = [
    "서버.한국.example",
    "아주긴이름의웹서버와그뒤의더긴이름.대한민국.example",
    "evil\x1b[31m\x07\u{202e}\x1b[2Jname.example",
    "日本語サーバー.example",
    "plain.example",
    "a-very-long-name-of-a-server-somewhere.region-1.compute.cloud.example",
    "emoji-👍🏽-e\u{301}-\u{200d}.example",
    "ｆｕｌｌ．ｗｉｄｔｈ.example",
];

/// A connection while it is written.
pub(crate) struct Talk {
    pub(crate) ends: Ends,
    pub(crate) time: u64,
    sent: [u32; 2],
    pub(crate) steps: Vec<Step>,
}

/// The address of the server that has the name of this number.
pub(crate) fn server(number: u8, is_v6: bool) -> IpAddr {
    if is_v6 {
        format!("2001:db8:9:0:1234:5678:9abc:def{number}").parse().expect("an address")
    } else {
        IpAddr::from([10, 9, 0, number])
    }
}

/// An answer that gives this address to a name.
pub(crate) fn names(time: u64, name: &str, address: IpAddr) -> Step {
    let mut dns = vec![0x12, 0x34, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
    for label in name.split('.') {
        dns.push(u8::try_from(label.len()).expect("a label"));
        dns.extend(label.bytes());
    }
    let (kind, octets) = match address {
        IpAddr::V4(address) => (1, address.octets().to_vec()),
        IpAddr::V6(address) => (28, address.octets().to_vec()),
    };
    dns.extend([0, 0, kind, 0, 1, 0xc0, 0x0c, 0, kind, 0, 1, 0, 0, 0, 60, 0]);
    dns.push(octets.len() as u8);
    dns.extend(octets);
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00];
    let ip = frame.len();
    frame.extend([0x45, 0]);
    frame.extend((28 + dns.len() as u16).to_be_bytes());
    frame.extend([0, 0, 0x40, 0, 64, 17, 0, 0, 10, 9, 0, 53, 10, 9, 0, 1]);
    let sum = pnet::util::checksum(&frame[ip..], 5);
    frame[ip + 10..ip + 12].copy_from_slice(&sum.to_be_bytes());
    // RFC 768: a checksum of 0 is none.
    frame.extend([0, 53, 0x9c, 0x40]);
    frame.extend((8 + dns.len() as u16).to_be_bytes());
    frame.extend([0, 0]);
    frame.extend(dns);
    Step::Frame(time, frame)
}

impl Talk {
    pub(crate) fn between(time: u64, client: IpAddr, port: u16, server: IpAddr) -> Self {
        let ends = Ends { addresses: [client, server], ports: [port, 443], ..Ends::default() };
        Self { ends, time, sent: [0; 2], steps: Vec::new() }
    }

    /// Sends a segment a millisecond after the one before.
    pub(crate) fn sends(&mut self, by: Side, flags: u8, len: u16, window: u16) -> &mut Self {
        let (own, peer) = (by.index(), by.peer().index());
        let is_syn = flags & Flags::SYN != 0;
        let written = Written {
            time: self.time,
            ip_id: self.steps.len() as u16,
            seq: self.sent[own],
            len,
            ack: (flags & Flags::ACK != 0).then_some(self.sent[peer]),
            window,
            options: if is_syn {
                vec![Offer::Mss(1460), Offer::WindowScale(7)]
            } else {
                Vec::new()
            },
            ..Written::bare(by, flags)
        };
        let made = written.frame(&self.ends);
        let frame = made.frame(1);
        self.steps.push(Step::Frame(self.time, frame.octets.kept().to_vec()));
        self.time += MILLI;
        self.sent[own] += u32::from(len) + u32::from(is_syn || flags & Flags::FIN != 0);
        self
    }

    /// Goes back by what was sent last, and sends it again.
    pub(crate) fn sends_again(&mut self, by: Side, len: u16) -> &mut Self {
        self.sent[by.index()] -= u32::from(len);
        self.time += 300 * MILLI;
        self.sends(by, Flags::ACK, len, 500)
    }

    pub(crate) fn opens(&mut self) -> &mut Self {
        self.sends(Side::Client, Flags::SYN, 0, 64_000)
            .sends(Side::Server, Flags::SYN | Flags::ACK, 0, 65_000)
            .sends(Side::Client, Flags::ACK, 0, 500)
    }

    pub(crate) fn asks(&mut self, answer: u16) -> &mut Self {
        self.sends(Side::Client, Flags::ACK | Flags::PSH, 100, 500)
            .sends(Side::Server, Flags::ACK | Flags::PSH, answer, 510)
            .sends(Side::Client, Flags::ACK, 0, 500)
    }

    pub(crate) fn closes(&mut self) -> &mut Self {
        self.sends(Side::Client, Flags::FIN | Flags::ACK, 0, 500)
            .sends(Side::Server, Flags::FIN | Flags::ACK, 0, 510)
            .sends(Side::Client, Flags::ACK, 0, 500)
    }

    pub(crate) fn steps(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.steps)
    }
}

/// Everything that a row can look like, within two seconds.
pub(crate) fn everything() -> Vec<Step> {
    let mut steps = Vec::new();
    for (number, name) in NAMES.iter().enumerate() {
        for is_v6 in [false, true] {
            let number = number as u8;
            // Some IPv6 addresses stay without a name.
            if !is_v6 || number < 4 {
                steps.push(names(MILLI, name, server(number, is_v6)));
            }
        }
    }
    let clients = [IpAddr::from([192, 168, 100, 100]), server(99 % 10, true)];
    for (kind, is_v6) in (0..11).flat_map(|kind| [(kind, false), (kind, true)]) {
        let begun = 10 * MILLI + kind * 100 * MILLI;
        let to = server((kind % 8) as u8, is_v6);
        let client = clients[usize::from(is_v6)];
        let mut talk = Talk::between(begun, client, 50_000 + kind as u16, to);
        match kind {
            0 => _ = talk.sends(Side::Client, Flags::SYN, 0, 64_000),
            1 => _ = talk.opens().asks(1400),
            2 => _ = talk.opens().asks(900).closes(),
            3 => _ = talk.opens().asks(10).sends(Side::Server, Flags::RST | Flags::ACK, 0, 0),
            4 => {
                talk.sends(Side::Client, Flags::SYN, 0, 64_000);
                talk.sends(Side::Server, Flags::RST | Flags::ACK, 0, 0);
            }
            5 => _ = talk.opens().asks(1400).sends_again(Side::Server, 1400),
            6 => _ = talk.opens().asks(700).sends(Side::Client, Flags::ACK, 0, 0),
            7 => (0..60).for_each(|_| _ = talk.asks(1460)),
            8 => _ = talk.opens().asks(1).sends(Side::Client, Flags::FIN | Flags::ACK, 0, 500),
            9 => {
                talk.sends(Side::Client, Flags::SYN, 0, 64_000);
                talk.sends(Side::Server, Flags::SYN | Flags::ACK, 0, 65_000);
            }
            _ => {
                talk.opens();
                (0..50).for_each(|_| _ = talk.asks(1460));
            }
        }
        steps.extend(talk.steps());
    }
    steps.sort_by_key(|step| if let Step::Frame(time, _) = step { *time } else { 0 });
    steps
}
