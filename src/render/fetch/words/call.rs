//! What did we ask of the kernel, as a reader of programs expects to see it?
//!
//! Below the level of everything, calls that only serve waiting are joined with what was waited for:
//! `connect`, `poll` and `getsockopt(SO_ERROR)` are one `connect`, and `poll` and `recvmsg` one `read`.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use super::{clock, count, duration, evidence, many, millis};
use crate::flow::Side;
use crate::render::fetch::entry::{Entry, Kind, Part, Place, Proof};
use crate::timeline::{Call, Errno, Evidence, Purpose, TcpInfo, Timestamp};

/// Tells calls, one after the other.
#[derive(Debug)]
pub(in crate::render::fetch) struct Calls {
    /// What times count from.
    start: Timestamp,
    /// Whether our own packets are told too; otherwise the kernel's stamps stand in for them.
    pub(in crate::render::fetch) has_packets: bool,
    sockets: HashMap<u32, Socket>,
}

/// How far a socket has got.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is something that has happened to it")]
struct Socket {
    connecting: Option<Timestamp>,
    is_connected: bool,
    is_closing: bool,
    /// The peer has said that nothing more will come.
    has_ended: bool,
    has_read: bool,
    /// When octets were read last.
    read_at: Timestamp,
    info: Option<TcpInfo>,
    reads: Option<Reads>,
    stamps: evidence::Stamps,
}

/// Reads that follow each other without anything to say about one alone.
#[derive(Debug)]
struct Reads {
    entry: Entry,
    times: u64,
    octets: Range<u64>,
}

/// A program that is woken this much later has lost time that the network is not to blame for.
const LAG: Duration = Duration::from_millis(5);

/// Evidence of so many cells stands beside the call, more of it below.
const SHORT: usize = 40;

/// Waiting that is told.
const WAITED: Duration = Duration::from_millis(1);

impl Calls {
    pub(in crate::render::fetch) fn new(start: Timestamp) -> Self {
        Self { start, has_packets: true, sockets: HashMap::new() }
    }

    /// What is held back because more of the same may come.
    pub(in crate::render::fetch) fn rest(&mut self) -> Vec<Entry> {
        let mut rest: Vec<Entry> = self
            .sockets
            .values_mut()
            .filter_map(|socket| socket.reads.take())
            .map(joined)
            .collect();
        rest.sort_by_key(|entry| entry.at);
        rest
    }

    pub(in crate::render::fetch) fn tell(&mut self, call: &Call) -> Vec<Entry> {
        let start = self.start;
        let has_packets = self.has_packets;
        let socket = self.sockets.entry(call.socket).or_default();
        // Who was never connected has nothing to close.
        socket.is_closing |= socket.is_connected && matches!(call.name, "shutdown" | "close");
        let part = match () {
            () if socket.is_closing => Part::Close,
            () if socket.is_connected => Part::Request,
            () => Part::Connection,
        };
        let told = Told { call, place: Place { part, transfer: 0, socket: call.socket } };
        let mut entries = vec![told.raw(socket)];
        if call.purpose == Purpose::Evidence {
            let said =
                evidence::Beside { call, place: told.place, is_connected: socket.is_connected };
            entries.extend(said.tell(&mut socket.stamps, has_packets, start));
            return entries;
        }
        let is_read = call.name == "recvmsg";
        let is_still = call.name == "poll" && call.took() < WAITED;
        if !(is_read || is_still) {
            entries.extend(socket.reads.take().map(joined));
        }
        entries.extend(match call.name {
            "socket" => vec![told.entry(socket_words(call))],
            "connect" => told.connect(socket),
            "getsockopt" => told.connected(socket),
            "poll" => told.poll(socket),
            "write" | "sendto" => {
                socket.has_read = false;
                vec![told.write()]
            }
            "recvmsg" => told.read(socket, start),
            "setsockopt" => match &call.result {
                Ok(_) => Vec::new(),
                Err(errno) => vec![told.returned(&failed(errno), &call.arguments)],
            },
            "shutdown" => vec![told.shutdown(socket)],
            "close" => vec![told.close(socket)],
            _ => vec![told.returned(&result(call), &call.arguments)],
        });
        entries
    }
}

/// A call that is being told.
struct Told<'c> {
    call: &'c Call,
    place: Place,
}

impl Told<'_> {
    /// As it was made, among everything.
    fn raw(&self, socket: &mut Socket) -> Entry {
        let call = self.call;
        // Whoever polls says of each descriptor what is awaited.
        let descriptor = call.descriptor.filter(|_| call.name != "poll");
        let descriptor = descriptor.map(|it| it.to_string()).unwrap_or_default();
        let comma = if descriptor.is_empty() || call.arguments.is_empty() { "" } else { ", " };
        let result = match &call.result {
            Ok(result) => result.to_string(),
            Err(errno) => format!("-1 {}", errno.name),
        };
        let text = format!("{}({descriptor}{comma}{}) = {result}", call.name, call.arguments);
        let reasons = call.evidence.iter().map(|it| evidence::words(it, &mut socket.info, call));
        let mut reasons: Vec<String> = reasons.filter(|words| !words.is_empty()).collect();
        // A column has no room for much.
        let long: Vec<String> = if reasons.iter().map(String::len).sum::<usize>() > SHORT {
            std::mem::take(&mut reasons)
        } else {
            Vec::new()
        };
        if let Some(lag) = call.lag() {
            let bang = if lag > LAG { "! LAG" } else { "lag" };
            reasons.push(format!("{bang} {:.3} ms", lag.as_secs_f64() * 1e3));
        }
        let entry = Entry::new(call.entered.realtime, self.place, 7, Kind::Call);
        let moved = call.octets.as_ref().filter(|octets| !octets.is_empty());
        let text = match moved {
            Some(moved) => format!("{text}  octets {}..{}", moved.start, moved.end - 1),
            None => text,
        };
        let side = if call.name == "recvmsg" { Side::Server } else { Side::Client };
        let entry = entry.text(text).reason(reasons.join("; ")).proof(octets(call, side));
        long.into_iter().fold(entry, |entry, reason| entry.and(7, format!("  {reason}")))
    }

    /// A line of the calls that are joined.
    fn entry(&self, text: String) -> Entry {
        Entry::new(self.call.entered.realtime, self.place, 4, Kind::Call).text(text).below(7)
    }

    /// The call with its descriptor, as `name`.
    fn named(&self, name: &str) -> String {
        match self.call.descriptor {
            Some(descriptor) => format!("{name}({descriptor})"),
            None => name.to_owned(),
        }
    }

    fn returned(&self, result: &str, note: &str) -> Entry {
        let call = self.named(self.call.name);
        // A long result still has a gap behind it.
        let gap = if result.len() > 7 { "  " } else { "" };
        self.entry(format!("= {result:<8}{gap}{note}")).call(call)
    }

    fn connect(&self, socket: &mut Socket) -> Vec<Entry> {
        let call = self.call;
        socket.connecting = Some(call.entered.realtime);
        let to = call.remote.map(|remote| remote.to_string()).unwrap_or_default();
        let proof = |is_over| Proof::Handshake { socket: call.socket, is_over };
        match &call.result {
            Err(errno) if &*errno.name == "EINPROGRESS" => {
                let text = format!("-> {to}, waiting for the handshake");
                vec![self.entry(text).call(self.named("connect")).proof(proof(false))]
            }
            Ok(_) => {
                socket.is_connected = true;
                vec![self.returned("0", &format!("{to}, at once")).proof(proof(true))]
            }
            Err(errno) => vec![self.returned(&failed(errno), &format!("{to}: {}", errno.sentence))],
        }
    }

    /// How a `connect` that was under way has ended.
    fn connected(&self, socket: &mut Socket) -> Vec<Entry> {
        let ended = self.call.evidence.iter().find_map(|evidence| match evidence {
            Evidence::Connected(ended) => Some(ended),
            _ => None,
        });
        let Some(ended) = ended else { return Vec::new() };
        let began = socket.connecting.unwrap_or(self.call.entered.realtime);
        let after = millis(self.call.left.realtime.since(began));
        let (result, note) = match ended {
            Ok(()) => ("0".to_owned(), after),
            Err(errno) => (failed(errno), format!("{}, after {after}", errno.sentence)),
        };
        socket.is_connected |= ended.is_ok();
        let mut told = self.returned(&result, &note).call(self.named("connect"));
        told.at = self.call.left.realtime;
        vec![told.proof(Proof::Handshake { socket: self.call.socket, is_over: true })]
    }

    fn poll(&self, socket: &Socket) -> Vec<Entry> {
        let call = self.call;
        match &call.result {
            Ok(0) => {
                let text = format!("= 0       nothing within {}", duration(call.took()));
                vec![self.entry(text).call(self.named("poll"))]
            }
            Ok(_) if socket.is_connected && call.took() >= WAITED => {
                let name = if call.arguments.contains("POLLOUT") { "write" } else { "read" };
                vec![self.entry("-> waiting".into()).call(self.named(name))]
            }
            Ok(_) => Vec::new(),
            Err(errno) => vec![self.returned(&failed(errno), errno.sentence)],
        }
    }

    fn write(&self) -> Entry {
        let call = self.call;
        let told = match &call.result {
            Ok(octets) => self.returned(&count(octets.unsigned_abs()), ""),
            Err(errno) if &*errno.name == "EAGAIN" => self.returned(
                &failed(errno),
                "the kernel has no room: what was written is still on its way",
            ),
            Err(errno) => self.returned(&failed(errno), errno.sentence),
        };
        told.proof(octets(call, Side::Client))
    }

    fn read(&self, socket: &mut Socket, start: Timestamp) -> Vec<Entry> {
        let call = self.call;
        let at = call.left.realtime;
        let told = |result: &str, note: &str| {
            let mut told = self.returned(result, note).call(self.named("read"));
            told.at = at;
            told
        };
        let got = match &call.result {
            Err(errno) if matches!(&*errno.name, "EAGAIN" | "EINTR") => return Vec::new(),
            Err(errno) => {
                let mut all: Vec<Entry> = socket.reads.take().map(joined).into_iter().collect();
                all.push(told(&failed(errno), errno.sentence));
                return all;
            }
            Ok(0) => {
                let mut all: Vec<Entry> = socket.reads.take().map(joined).into_iter().collect();
                socket.has_ended = true;
                let proof = Proof::End { socket: call.socket, from: Side::Server };
                all.push(told("0", "the server's FIN: nothing more will come").proof(proof));
                return all;
            }
            Ok(got) => got.unsigned_abs(),
        };
        // What was there when it was read last only waited for its turn.
        let arrived = call.lag().map(|lag| at.before(lag));
        let was_awaited = arrived.is_some_and(|arrived| arrived > socket.read_at);
        let late = call.lag().filter(|lag| *lag > LAG && was_awaited);
        socket.read_at = at;
        let is_first = !std::mem::replace(&mut socket.has_read, true);
        let entry = told(&count(got), "").proof(octets(call, Side::Server));
        let mut all = Vec::new();
        match (&mut socket.reads, &call.octets) {
            (Some(reads), Some(octets)) if late.is_none() && reads.octets.end == octets.start => {
                reads.times += 1;
                reads.octets.end = octets.end;
                return all;
            }
            (reads, _) => all.extend(reads.take().map(joined)),
        }
        let Some(lag) = late else {
            match &call.octets {
                // The first read brings the head of an answer, and stands for itself.
                Some(octets) if !is_first => {
                    socket.reads = Some(Reads { entry, times: 1, octets: octets.clone() });
                }
                _ => all.push(entry),
            }
            return all;
        };
        let text = format!(
            "! the octets arrived at {} ms; this program was woken {} later",
            clock(at.before(lag), start),
            millis(lag)
        );
        all.push(entry);
        all.push(Entry::new(at, self.place, 4, Kind::Alarm).text(text).below(7));
        all
    }

    fn shutdown(&self, socket: &Socket) -> Entry {
        let note = match (self.call.result.is_ok(), socket.has_ended) {
            (false, _) => "",
            (true, true) => "our FIN, after the server's",
            (true, false) => "our FIN",
        };
        let proof = Proof::End { socket: self.call.socket, from: Side::Client };
        self.returned(&result(self.call), note).proof(proof)
    }

    fn close(&self, socket: &Socket) -> Entry {
        let note = match (socket.is_connected, socket.has_ended) {
            (false, _) => "given up",
            (true, true) => "",
            (true, false) => "the server has not said FIN to this program",
        };
        self.returned(&result(self.call), note)
    }
}

/// Several reads in one line.
fn joined(reads: Reads) -> Entry {
    let Reads { mut entry, times, octets } = reads;
    if times > 1 {
        let got = count(octets.end - octets.start);
        entry.text = format!("= {got:<8}{}", many(times, "time", "times together"));
    }
    if let Proof::Octets { octets: shown, .. } = &mut entry.proof {
        *shown = octets;
    }
    entry
}

fn socket_words(call: &Call) -> String {
    let kind = if call.arguments.contains("STREAM") { "TCP" } else { "UDP" };
    match &call.result {
        Ok(descriptor) => format!("socket({kind}) = {descriptor}"),
        Err(errno) => format!("socket({kind}) = -1 {}  {}", errno.name, errno.sentence),
    }
}

fn result(call: &Call) -> String {
    match &call.result {
        Ok(result) => result.to_string(),
        Err(errno) => failed(errno),
    }
}

fn failed(errno: &Errno) -> String {
    format!("-1 {}", errno.name)
}

fn octets(call: &Call, from: Side) -> Proof {
    match &call.octets {
        Some(octets) if !octets.is_empty() => {
            Proof::Octets { socket: call.socket, from, octets: octets.clone() }
        }
        _ => Proof::None,
    }
}
