//! What if a wire were longer? Every packet comes out at the other end, a while later.
//!
//! The system's own means for this (netem) are not everywhere.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use pcap::{Active, Capture, Direction};

use super::Space;

/// A frame, and when it is due at the other end.
type Late = (Instant, Vec<u8>);

/// Joins two interfaces of one host, for as long as this program lives.
pub(super) fn join(space: &Space, one: &str, other: &str, delay: Duration) {
    for (from, to) in [(one, other), (other, one)] {
        let (begin, end) = channel();
        // What we send ourselves would go back and forth for ever.
        let from = space.on(|| open(from));
        from.direction(Direction::In).expect("a direction");
        let to = space.on(|| open(to));
        thread::spawn(move || take(from, delay, &begin));
        thread::spawn(move || give(to, &end));
    }
}

fn open(interface: &str) -> Capture<Active> {
    let capture = Capture::from_device(interface).expect("an interface");
    let capture = capture.promisc(true).snaplen(65_535).immediate_mode(true);
    capture.open().unwrap_or_else(|error| panic!("{interface}: {error}"))
}

fn take(mut from: Capture<Active>, delay: Duration, begin: &Sender<Late>) {
    loop {
        match from.next_packet() {
            Ok(frame) => begin.send((Instant::now() + delay, frame.data.to_vec())).expect("an end"),
            // Woken by a frame that goes the other way.
            Err(pcap::Error::TimeoutExpired) => {}
            Err(_) => break,
        }
    }
}

fn give(mut to: Capture<Active>, end: &Receiver<Late>) {
    while let Ok((due, frame)) = end.recv() {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        // A queue that is full loses packets, as any may.
        _ = to.sendpacket(frame);
    }
}
