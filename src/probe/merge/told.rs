//! What do the threads tell: of the fetch, and of its capture?

use std::sync::mpsc::Sender;

use crate::octets::Octets;
use crate::probe::now;
use crate::timeline::fetch::Step;
use crate::timeline::{Call, Frame, Timestamp};

/// What the threads tell.
pub(super) enum Told {
    Call(Box<Call>),
    Step(Box<Step>),
    Frame(Owned),
    Note(String),
    /// The fetch knows a name, or a key, that explains frames.
    Name(std::net::IpAddr, Box<[u8]>),
    Keys(Timestamp, Box<[u8]>),
    /// A handshake began just now, and its keys open what follows.
    Shaking(Timestamp),
    /// It is over, and its keys, if there are any, were told.
    Shaken(Timestamp),
    FetchIsOver,
    CaptureIsOver(Option<String>),
}

/// A frame that was taken from the capture.
#[derive(Default)]
pub(super) struct Owned {
    pub(super) time: Timestamp,
    link: u16,
    pub(super) interface: u32,
    octets: Vec<u8>,
    len: usize,
}

impl Owned {
    pub(super) fn of(frame: Frame<'_>) -> Self {
        Self {
            time: frame.time,
            link: frame.link,
            interface: frame.interface,
            octets: frame.octets.kept().to_vec(),
            len: frame.octets.len(),
        }
    }

    pub(super) fn lent(&self, number: u64) -> Frame<'_> {
        Frame {
            number,
            time: self.time,
            link: self.link,
            interface: self.interface,
            comment: &[],
            octets: Octets::new(&self.octets, self.len),
        }
    }
}

/// Where whoever fetches tells of it, from whichever thread.
#[derive(Clone)]
pub struct Watched(pub(super) Sender<Told>);

impl Watched {
    pub fn call(&self, call: Call) {
        self.tell(Told::Call(Box::new(call)));
    }

    pub fn step(&self, step: Step) {
        self.tell(Told::Step(Box::new(step)));
    }

    /// An address got a name.
    pub fn name(&self, address: std::net::IpAddr, name: &str) {
        self.tell(Told::Name(address, name.as_bytes().into()));
    }

    /// From now on frames wait for keys, until the guard is dropped.
    pub fn shaking(&self) -> Shaking<'_> {
        let began = now();
        self.tell(Told::Shaking(began));
        Shaking { watched: self, began }
    }

    pub(super) fn tell(&self, told: Told) {
        // Nobody listens any more once a signal came.
        let _ = self.0.send(told);
    }
}

/// A handshake that goes on.
pub struct Shaking<'w> {
    watched: &'w Watched,
    began: Timestamp,
}

impl Shaking<'_> {
    /// Lines of a TLS key log that open what follows the beginning of the handshake.
    pub fn keys(&self, lines: &[u8]) {
        self.watched.tell(Told::Keys(self.began, lines.into()));
    }
}

impl Drop for Shaking<'_> {
    fn drop(&mut self) {
        self.watched.tell(Told::Shaken(self.began));
    }
}
