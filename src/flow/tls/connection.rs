//! What do both sides' hellos settle?

use super::super::mark::{Mark, Side};
use super::super::stream::Stream;
use super::cipher::Suite;
use super::log::{Log, Secrets};
use super::opening::Opening;
use super::records::{Heard, News, Records};
use crate::wire::packet::Closed;
use crate::wire::tcp::Seq;
use crate::wire::tls::{Greeting, Version};

/// A connection that began with a `ClientHello`.
#[derive(Debug)]
pub(super) struct Connection {
    /// Tells it from a later one between the same ends.
    pub(super) turn: u64,
    /// The sequence numbers of both sides' first octets here.
    pub(super) start: [Seq; 2],
    client_random: Option<[u8; 32]>,
    /// As far as it matters: whether it is 1.3.
    pub(super) version: Version,
    secrets: Secrets,
    /// Of TLS 1.2, for each side's change of cipher.
    coming: [Option<Opening>; 2],
    /// By [`Side::index`].
    pub(super) sides: [Half; 2],
}

/// What one side sends.
#[derive(Debug)]
pub(super) struct Half {
    pub(super) stream: Stream,
    /// Up to where the other side acknowledged it. Heard when this side sends again: what a gap held
    /// back is then told in a packet of its own direction.
    pub(super) acknowledged: Option<(Seq, Mark)>,
    pub(super) records: Records,
}

impl Connection {
    /// Begins with the octets that the client and the server number so.
    pub(super) fn new(turn: u64, start: [Seq; 2]) -> Self {
        Self {
            turn,
            start,
            version: Version::Tls12,
            client_random: None,
            secrets: Secrets::default(),
            coming: [None, None],
            sides: start.map(|start| {
                let mut stream = Stream::default();
                stream.begin(start);
                Half { stream, acknowledged: None, records: Records::default() }
            }),
        }
    }

    /// Whether nothing more is to be learned from either side.
    pub(super) fn is_over(&self) -> bool {
        self.sides.iter().all(|half| half.records.is_over())
    }

    /// Reads all records that are whole; says where in the octets of that side the rest begins.
    pub(super) fn read(&mut self, side: Side, log: &Log, heard: &mut Heard) -> usize {
        let mut read = 0;
        while let Some(news) = self.sides[side.index()].records.read(&mut read, heard) {
            match news {
                News::Greeting(Greeting::Client { random }) if side == Side::Client => {
                    self.client_random = Some(random);
                    match log.of(&random) {
                        Some(secrets) => self.secrets = secrets.clone(),
                        None => self.end(),
                    }
                }
                News::Greeting(Greeting::Server { random, version, suite })
                    if side == Side::Server =>
                {
                    self.greeted(&random, version, suite, heard);
                }
                News::Greeting(_) => {}
                News::CipherChanged => {
                    if let Some(opening) = self.coming[side.index()].take() {
                        self.sides[side.index()].records.seal(opening);
                    }
                }
            }
        }
        read
    }

    /// The server has chosen.
    fn greeted(&mut self, random: &[u8; 32], version: u16, suite: u16, heard: &mut Heard) {
        let version = match version {
            0x0303 => Some(Version::Tls12),
            0x0304 => Some(Version::Tls13),
            _ => None,
        };
        let suite = version.and_then(|version| Suite::of(suite, version));
        let (Some(suite), Some(client_random)) = (suite, self.client_random) else {
            heard.closed = Some(Closed::Suite);
            return self.end();
        };
        self.version = suite.version();
        match (self.version, &self.secrets.master) {
            (Version::Tls13, _) => {
                for (side, half) in self.sides.iter_mut().enumerate() {
                    half.records.seal(Opening::tls13(suite, &self.secrets, side));
                }
            }
            (Version::Tls12, Some(master)) => {
                if let Some(seals) = suite.seals(master, &client_random, random) {
                    self.coming = seals.map(|seal| Some(Opening::tls12(suite, seal)));
                }
            }
            (Version::Tls12, None) => self.end(),
        }
    }

    fn end(&mut self) {
        for half in &mut self.sides {
            half.records.end();
        }
    }
}
