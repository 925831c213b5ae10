//! Octets between rustls, which does no input or output, and the transport: each record passes here.

use std::collections::VecDeque;
use std::io::{self, Read as _, Write as _};
use std::mem;
use std::ops::Range;
use std::time::Instant;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, Error, IoState};

use super::records::{self, Side};
use super::verify::{self, Judged};
use crate::probe::clock;
use crate::probe::kernel::Transport;
use crate::timeline::Timestamp;
use crate::timeline::tls::{Direction, End, Fact, Flight, Record};

/// A connection, its transport, and what is on the way between them.
pub(super) struct Session<T> {
    pub(super) transport: T,
    pub(super) connection: ClientConnection,
    host: ServerName<'static>,
    tell: Box<dyn FnMut(Fact) + Send>,
    pub(super) out: Side,
    pub(super) into: Side,
    /// Octets written, of which the last may be no whole record.
    pub(super) written: u64,
    /// Where the transport puts what comes.
    room: Vec<u8>,
    /// Octets that came and are no whole record yet.
    unfinished: Vec<u8>,
    /// How something began that is no record.
    pub(super) strange: Vec<u8>,
    /// Whether any record came before that.
    pub(super) spoke: bool,
    /// A flight that is coming.
    heard: Option<Flight>,
    pub(super) judged: Option<Judged>,
    /// Data that was opened and that nobody has read.
    plain: VecDeque<u8>,
    /// The records that it came in: how much is left of each, and which octets of the stream it is.
    sources: VecDeque<(usize, Range<u64>)>,
    pub(super) ending: Option<End>,
    /// When octets moved last.
    pub(super) moved: Instant,
}

/// Why no more came.
#[derive(Debug)]
pub(super) enum Break {
    Transport(io::Error),
    Tls(Error),
}

impl From<io::Error> for Break {
    fn from(error: io::Error) -> Self {
        Self::Transport(error)
    }
}

/// The longest record there is fits.
const ROOM: usize = 18 << 10;

/// The most application data in one record (RFC 8446 §5.1).
const FRAGMENT: usize = 1 << 14;

/// How much is kept of what is no record.
const STRANGE: usize = 256;

/// Records that are told together at most.
const TOGETHER: usize = 256;

impl<T: Transport> Session<T> {
    pub(super) fn new(
        transport: T,
        connection: ClientConnection,
        host: ServerName<'static>,
        tell: Box<dyn FnMut(Fact) + Send>,
    ) -> Self {
        Self {
            transport,
            connection,
            host,
            tell,
            out: Side::new(Direction::Out),
            into: Side::new(Direction::In),
            written: 0,
            room: vec![0; ROOM],
            unfinished: Vec::new(),
            strange: Vec::new(),
            spoke: false,
            heard: None,
            judged: None,
            plain: VecDeque::new(),
            sources: VecDeque::new(),
            ending: None,
            moved: Instant::now(),
        }
    }

    pub(super) fn tell(&mut self, fact: Fact) {
        (self.tell)(fact);
    }

    /// Sends what rustls has to send, in one write.
    pub(super) fn send(&mut self, noticed: &[&'static str]) -> io::Result<()> {
        let mut flight = Vec::new();
        let mut records = Vec::new();
        self.drain(0, noticed, &mut flight, &mut records)?;
        self.put(&flight, records)
    }

    /// Sends data: all of it in one write, however many records it takes.
    pub(super) fn send_data(&mut self, data: &[u8]) -> io::Result<()> {
        let mut flight = Vec::new();
        let mut records = Vec::new();
        self.drain(0, &[], &mut flight, &mut records)?;
        for fragment in data.chunks(FRAGMENT) {
            self.connection.writer().write_all(fragment)?;
            self.drain(fragment.len(), &[], &mut flight, &mut records)?;
        }
        self.put(&flight, records)
    }

    /// Takes the records that rustls has ready. Data is in the last of them.
    fn drain(
        &mut self,
        data: usize,
        noticed: &[&'static str],
        flight: &mut Vec<u8>,
        records: &mut Vec<Record>,
    ) -> io::Result<()> {
        let mut at = flight.len();
        while self.connection.wants_write() {
            self.connection.write_tls(flight)?;
        }
        while let Some(octets) = flight.get(at..).filter(|octets| !octets.is_empty()) {
            let len = records::length(octets).unwrap_or(octets.len()).min(octets.len());
            let (record, rest) = octets.split_at(len);
            let data = if rest.is_empty() { data } else { 0 };
            let version = self.connection.protocol_version();
            records.push(self.out.take(record, version, data, noticed.to_vec()));
            at += len;
        }
        Ok(())
    }

    /// Writes a flight and tells of the records that went.
    fn put(&mut self, flight: &[u8], mut records: Vec<Record>) -> io::Result<()> {
        if flight.is_empty() {
            return Ok(());
        }
        self.tell_heard();
        let began = now();
        let mut left = flight;
        let mut result = Ok(());
        while !left.is_empty() {
            match self.transport.write(left) {
                Ok(0) => result = Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.written += count as u64;
                    self.moved = Instant::now();
                    left = &left[count..];
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => result = Err(error),
            }
            break;
        }
        records.retain(|record| record.octets.end <= self.written);
        if !records.is_empty() {
            let flight = Flight { direction: Direction::Out, began, ended: now(), records };
            self.tell(Fact::Flight(flight));
        }
        result
    }

    /// Waits for octets and takes the records that they complete; says how many octets came, 0 at the end.
    pub(super) fn receive(&mut self) -> Result<usize, Break> {
        let mut room = mem::take(&mut self.room);
        let began = now();
        let count = loop {
            match self.transport.read(&mut room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        let heard = self.heard.get_or_insert_with(|| Flight {
            direction: Direction::In,
            began,
            ended: began,
            records: Vec::new(),
        });
        heard.ended = now();
        if let Ok(count) = count {
            self.unfinished.extend(room.get(..count).unwrap_or_default());
        }
        self.room = room;
        let count = count?;
        self.moved = Instant::now();
        self.open()?;
        Ok(count)
    }

    /// Gives rustls the whole records at hand, one by one, so that it shows what each brings.
    fn open(&mut self) -> Result<(), Break> {
        let octets = mem::take(&mut self.unfinished);
        let mut rest = octets.as_slice();
        while self.ending.is_none() {
            if !records::may_be(rest) {
                // rustls has the word for it, and says it to the peer.
                self.strange = rest.iter().copied().take(STRANGE).collect();
                self.spoke = self.into.octets > 0;
                self.into.octets += rest.len() as u64;
                return self.give(rest).0.map(drop);
            }
            let Some(len) = records::length(rest).filter(|len| *len <= rest.len()) else { break };
            let (record, after) = rest.split_at(len);
            rest = after;
            self.feed(record)?;
        }
        self.unfinished = rest.to_vec();
        Ok(())
    }

    fn feed(&mut self, record: &[u8]) -> Result<(), Break> {
        let was_shaking = self.connection.is_handshaking();
        let tickets = self.connection.tls13_tickets_received();
        let (done, plain, judged) = self.give(record);
        let mut noticed = Vec::new();
        if judged.is_some() {
            noticed.push("Certificate");
            self.judged = judged;
        }
        if was_shaking && !self.connection.is_handshaking() {
            noticed.push("Finished");
        }
        if self.connection.tls13_tickets_received() > tickets {
            noticed.push("NewSessionTicket");
        }
        if let Ok(state) = &done
            && state.peer_has_closed()
        {
            noticed.push("close_notify");
            self.ending = Some(End::CloseNotify);
        }
        if let Err(Break::Tls(Error::AlertReceived(_))) = done {
            noticed.push("alert");
        }
        let version = self.connection.protocol_version();
        let told = self.into.take(record, version, plain.len(), noticed);
        if !plain.is_empty() {
            self.sources.push_back((plain.len(), told.octets.clone()));
            self.plain.extend(plain);
        }
        if let Some(heard) = &mut self.heard {
            heard.records.push(told);
            if heard.records.len() >= TOGETHER {
                let (began, ended) = (heard.ended, heard.ended);
                self.tell_heard();
                self.heard =
                    Some(Flight { direction: Direction::In, began, ended, records: Vec::new() });
            }
        }
        done.map(drop)
    }

    /// Gives rustls octets: what it made of them, the data that was in them, and what the verifier said.
    fn give(&mut self, octets: &[u8]) -> (Result<IoState, Break>, Vec<u8>, Option<Judged>) {
        let connection = &mut self.connection;
        let (done, judged) = verify::watch(&self.host, || {
            let mut left = octets;
            while !left.is_empty() {
                if connection.read_tls(&mut left)? == 0 {
                    break;
                }
            }
            connection.process_new_packets().map_err(Break::Tls)
        });
        let mut plain = Vec::new();
        // Ends in an error when nothing is left.
        let _ = connection.reader().read_to_end(&mut plain);
        (done, plain, judged)
    }

    /// Tells of the flight that came, if one did.
    pub(super) fn tell_heard(&mut self) {
        if let Some(flight) = self.heard.take().filter(|flight| !flight.records.is_empty()) {
            self.tell(Fact::Flight(flight));
        }
    }

    /// Octets that came and are no whole record.
    pub(super) fn unfinished(&self) -> &[u8] {
        &self.unfinished
    }

    pub(super) fn has_plain(&self) -> bool {
        !self.plain.is_empty()
    }

    /// Takes opened data, and says in which octets of the stream it came.
    pub(super) fn take_plain(&mut self, room: &mut [u8]) -> (usize, Option<Range<u64>>) {
        let Ok(count) = self.plain.read(room) else { return (0, None) };
        let mut left = count;
        let mut octets: Option<Range<u64>> = None;
        while left > 0 {
            let Some((size, source)) = self.sources.front_mut() else { break };
            let start = octets.map_or(source.start, |octets| octets.start);
            octets = Some(start..source.end);
            let taken = left.min(*size);
            *size -= taken;
            left -= taken;
            if *size == 0 {
                self.sources.pop_front();
            }
        }
        (count, octets)
    }
}

pub(super) fn now() -> Timestamp {
    clock::now().realtime
}
