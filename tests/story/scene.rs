//! Calls, steps and frames written by hand, and what the story makes of them.

use std::cell::RefCell;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use wiretale::flow::Flows;
use wiretale::octets::Octets;
use wiretale::render::Report;
use wiretale::render::fetch::{Look, Story};
use wiretale::render::out::Out;
use wiretale::timeline::fetch::{Event, Step};
use wiretale::timeline::{About, Call, Clocks, Errno, Evidence, Frame, Purpose, Timestamp};
use wiretale::wire::Packet;

/// When everything begins.
const EPOCH: u64 = 1_700_000_000_000_000_000;

/// Everything that happened.
#[derive(Clone, Default)]
pub(crate) struct Scene {
    moments: Vec<(Timestamp, Moment)>,
}

#[derive(Clone)]
enum Moment {
    Call(Box<Call>),
    Step(Box<Step>),
    Frame(Vec<u8>),
}

/// So many milliseconds after the beginning.
pub(crate) fn at(ms: f64) -> Timestamp {
    let since = Duration::from_secs_f64(ms / 1e3).as_nanos();
    Timestamp(EPOCH + u64::try_from(since).expect("some time"))
}

pub(crate) fn end(text: &str) -> SocketAddr {
    text.parse().expect("an address and a port")
}

pub(crate) fn errno(number: i32, name: &str, sentence: &'static str) -> Errno {
    Errno { number, name: name.into(), sentence }
}

/// A call on a socket of which both ends are known.
#[derive(Clone, Copy)]
pub(crate) struct Socket {
    pub(crate) number: u32,
    pub(crate) descriptor: i32,
    pub(crate) local: &'static str,
    pub(crate) remote: &'static str,
}

impl Socket {
    pub(crate) fn call(
        self,
        (entered, left): (f64, f64),
        name: &'static str,
        arguments: &str,
        result: Result<i64, Errno>,
    ) -> Call {
        let clocks = |ms| Clocks { realtime: at(ms), monotonic: Duration::from_secs_f64(ms / 1e3) };
        Call {
            name,
            purpose: Purpose::Fetch,
            socket: self.number,
            descriptor: Some(self.descriptor).filter(|_| name != "socket"),
            arguments: arguments.into(),
            result,
            entered: clocks(entered),
            left: clocks(left),
            local: (!matches!(name, "socket" | "connect")).then(|| end(self.local)),
            remote: Some(end(self.remote)),
            octets: None,
            evidence: Vec::new(),
        }
    }
}

/// What a call moved and told.
pub(crate) fn with(call: Call, octets: Range<u64>, evidence: Vec<Evidence>) -> Call {
    Call { octets: Some(octets), evidence, ..call }
}

pub(crate) fn evidence(call: Call, evidence: Vec<Evidence>) -> Call {
    Call { purpose: Purpose::Evidence, evidence, ..call }
}

impl Scene {
    pub(crate) fn call(&mut self, call: Call) {
        self.moments.push((call.entered.realtime, Moment::Call(call.into())));
    }

    pub(crate) fn step(
        &mut self,
        (began, ended): (f64, f64),
        transfer: u32,
        socket: u32,
        event: Event,
    ) {
        let (began, ended) = (at(began), at(ended));
        let step = Step { began, ended, transfer, socket, event };
        self.moments.push((began, Moment::Step(step.into())));
    }

    pub(crate) fn frame(&mut self, ms: f64, frame: Vec<u8>) {
        self.moments.push((at(ms), Moment::Frame(frame)));
    }

    /// The story at a level.
    pub(crate) fn told(&self, look: Look) -> String {
        let paper = Paper::default();
        let out = Out::new(Box::new(paper.clone()), false, false);
        self.play(&mut Story::new(out, look), look.follows);
        paper.text()
    }

    /// Tells a report everything, in the order of time.
    pub(crate) fn play(&self, report: &mut dyn Report, follows: bool) {
        let mut moments = self.moments.clone();
        moments.sort_by_key(|(at, _)| *at);
        let (mut flows, mut number) = (Flows::default(), 0);
        report.begin(&About::default()).expect("paper");
        for (time, moment) in &moments {
            match moment {
                Moment::Call(call) => report.call(call),
                Moment::Step(step) => report.step(step),
                Moment::Frame(octets) => {
                    number += 1;
                    let (time, octets) = (*time, Octets::whole(octets));
                    let frame = Frame { number, time, link: 1, interface: 0, comment: b"", octets };
                    let packet = Packet::dissect(frame);
                    let seen = flows.observe(&packet);
                    report.packet(&packet, &seen)
                }
            }
            .expect("paper");
            if follows {
                report.lull().expect("paper");
            }
        }
        report.end(&About::default(), &flows).expect("paper");
    }
}

#[derive(Clone, Default)]
pub(crate) struct Paper(Rc<RefCell<Vec<u8>>>);

impl Paper {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).expect("UTF-8")
    }
}

impl Write for Paper {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A segment from one end to another.
#[derive(Clone, Copy)]
pub(crate) struct Segment {
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    pub(crate) hops: u8,
    pub(crate) flags: u8,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) window: u16,
    /// In octets, a multiple of four of them.
    pub(crate) options: &'static [u8],
}

impl Segment {
    pub(crate) fn frame(self, payload: &[u8]) -> Vec<u8> {
        let (from, to) = (end(self.from), end(self.to));
        let mut tcp = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
        tcp.extend(self.seq.to_be_bytes());
        tcp.extend(self.ack.to_be_bytes());
        tcp.extend([((20 + self.options.len()) * 4) as u8, self.flags]);
        tcp.extend(self.window.to_be_bytes());
        tcp.extend([0; 4]);
        tcp.extend(self.options);
        tcp.extend(payload);
        ip(self.hops, 6, from, to, &tcp)
    }
}

pub(crate) fn datagram(from: &str, to: &str, hops: u8, payload: &[u8]) -> Vec<u8> {
    let (from, to) = (end(from), end(to));
    let mut udp = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
    udp.extend((payload.len() as u16 + 8).to_be_bytes());
    udp.extend([0; 2]);
    udp.extend(payload);
    ip(hops, 17, from, to, &udp)
}

fn ip(hops: u8, protocol: u8, from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let address = |end: SocketAddr| match end.ip() {
        std::net::IpAddr::V4(v4) => v4,
        std::net::IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
    };
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
    frame.extend((20 + payload.len() as u16).to_be_bytes());
    frame.extend([0, 0, 0x40, 0, hops, protocol, 0, 0]);
    frame.extend(address(from).octets());
    frame.extend(address(to).octets());
    frame.extend(payload);
    frame
}

/// Who has one address, for another; or where it is.
pub(crate) fn arp(is_reply: bool, sender: [u8; 4], target: [u8; 4]) -> Vec<u8> {
    let mut frame = vec![0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 6];
    frame.extend([0, 1, 8, 0, 6, 4, 0, 1 + u8::from(is_reply)]);
    frame.extend([2, 0, 0, 0, 0, sender[3]]);
    frame.extend(sender);
    frame.extend([0; 6]);
    frame.extend(target);
    frame
}
