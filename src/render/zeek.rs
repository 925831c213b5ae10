//! What would Zeek have written? (conn.log, dns.log, http.log)
//!
//! In its columns of tab-separated values, so that what reads Zeek reads us. What we do not know stays
//! unset. A log without a row is not made. Times of opening and closing are the capture's.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::Report;
use super::out::Out;
use crate::flow::exchange::{Dns, Exchange, Exchanges, Http, Topic, Wanted, Who};
use crate::flow::tcp::Connection;
use crate::flow::{Datagrams, End, Flows, Seen, Side};
use crate::ink::Ink;
use crate::timeline::{About, Timestamp};
use crate::wire::dns;
use crate::wire::{Layer, Packet};

pub struct Zeek {
    first: Timestamp,
    last: Timestamp,
    conn: Log,
    dns: Log,
    http: Log,
    exchanges: Exchanges,
    /// Which conversation a question without connection belongs to, by its packet.
    asked: HashMap<u64, u32, RandomState>,
    /// Requests so far, by connection.
    depths: HashMap<u32, u64, RandomState>,
}

/// One file, made with its first row.
struct Log {
    directory: PathBuf,
    name: &'static str,
    fields: &'static [(&'static str, &'static str)],
    out: Option<Out>,
}

/// Questions whose conversation is remembered; when there are more all are forgotten, and the uid of those
/// that are still open stays unset.
const ASKED: usize = 1 << 16;

const SIDES: [Side; 2] = [Side::Client, Side::Server];

impl Zeek {
    /// Writes the logs into a folder.
    pub fn new(directory: &Path) -> Self {
        let log = |name, fields| Log { directory: directory.to_owned(), name, fields, out: None };
        Self {
            first: Timestamp::default(),
            last: Timestamp::default(),
            conn: log("conn", CONN),
            dns: log("dns", DNS),
            http: log("http", HTTP),
            exchanges: Exchanges::default(),
            asked: HashMap::default(),
            depths: HashMap::default(),
        }
    }

    fn write(&mut self) -> io::Result<()> {
        for exchange in self.exchanges.told().filter(|one| one.wanted == Wanted::Yes) {
            let question = exchange.question.or(exchange.answer);
            let asked = question.and_then(|mark| self.asked.get(&mark.packet).copied());
            let uid = exchange.connection.or(asked).map(|id| uid(id, self.first));
            match &exchange.topic {
                Topic::Dns(dns) => {
                    self.dns.row(self.first, |row| dns_row(&exchange, dns, uid.as_deref(), row))?;
                }
                Topic::Http(http) => {
                    let depth = self.depths.entry(exchange.connection.unwrap_or(0)).or_insert(0);
                    *depth += 1;
                    let depth = *depth;
                    self.http.row(self.first, |row| {
                        http_row(&exchange, http, depth, uid.as_deref(), row);
                    })?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn watch(&mut self, packet: &Packet<'_>, seen: &Seen<'_>, wanted: Wanted) -> io::Result<()> {
        self.last = self.last.max(packet.frame.time);
        if let Some((datagrams, _)) = seen.datagrams
            && matches!(packet.own_layers().last(), Some(Layer::Dns(_)))
        {
            if self.asked.len() >= ASKED {
                self.asked.clear();
            }
            self.asked.insert(packet.frame.number, datagrams.id());
        }
        self.exchanges.observe(packet, seen, wanted);
        self.write()
    }
}

impl Report for Zeek {
    fn first(&mut self, time: Timestamp) {
        self.first = time;
    }

    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.watch(packet, seen, Wanted::Yes)
    }

    fn left_out(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.watch(packet, seen, Wanted::No)
    }

    fn gone(&mut self, connection: &Connection) -> io::Result<()> {
        self.exchanges.over(connection.id());
        self.write()?;
        self.depths.remove(&connection.id());
        let uid = uid(connection.id(), self.first);
        self.conn.row(self.first, |row| connection_row(connection, &uid, row))
    }

    fn silent(&mut self, datagrams: &Datagrams) -> io::Result<()> {
        let uid = uid(datagrams.id(), self.first);
        self.conn.row(self.first, |row| datagrams_row(datagrams, &uid, row))
    }

    fn end(&mut self, _: &About, flows: &Flows) -> io::Result<()> {
        for connection in flows.connections() {
            self.gone(connection)?;
        }
        for datagrams in flows.datagrams() {
            self.silent(datagrams)?;
        }
        self.exchanges.end();
        self.write()?;
        for log in [&mut self.conn, &mut self.dns, &mut self.http] {
            log.close(self.last)?;
        }
        Ok(())
    }
}

impl Log {
    fn row(&mut self, opened: Timestamp, write: impl FnOnce(&mut Row<'_>)) -> io::Result<()> {
        if self.out.is_none() {
            self.open(opened)?;
        }
        let Some(out) = &mut self.out else { return Ok(()) };
        write(&mut Row { ink: &mut out.ink, more: false });
        out.line()
    }

    fn open(&mut self, opened: Timestamp) -> io::Result<()> {
        let path = self.directory.join(self.name).with_extension("log");
        let file = File::create(&path).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        })?;
        let mut out = Out::new(Box::new(file), false, true);
        let ink = &mut out.ink;
        ink.text("#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n");
        ink.text("#path\t").text(self.name).text("\n#open\t");
        stamp(opened, ink);
        ink.text("\n#fields");
        for (name, _) in self.fields {
            ink.text("\t").text(name);
        }
        ink.text("\n#types");
        for (_, kind) in self.fields {
            ink.text("\t").text(kind);
        }
        out.line()?;
        self.out = Some(out);
        Ok(())
    }

    fn close(&mut self, last: Timestamp) -> io::Result<()> {
        let Some(out) = &mut self.out else { return Ok(()) };
        out.ink.text("#close\t");
        stamp(last, &mut out.ink);
        out.line()?;
        out.flush()
    }
}

/// Cells of one row.
struct Row<'i> {
    ink: &'i mut Ink,
    more: bool,
}

impl Row<'_> {
    /// A cell; unset when nothing is written into it.
    fn cell(&mut self, write: impl FnOnce(&mut Ink)) {
        self.ink.text(if self.more { "\t" } else { "" });
        self.more = true;
        let start = self.ink.len();
        write(self.ink);
        if self.ink.len() == start {
            self.ink.text("-");
        }
    }

    fn unset(&mut self) {
        self.cell(|_| {});
    }

    fn number(&mut self, number: Option<u64>) {
        self.cell(|ink| {
            if let Some(number) = number {
                ink.number(number);
            }
        });
    }

    fn words(&mut self, words: Option<&str>) {
        self.text(words.map(str::as_bytes));
    }

    fn text(&mut self, text: Option<&[u8]>) {
        self.cell(|ink| {
            if let Some(text) = text {
                ink.wire(text);
            }
        });
    }

    fn flag(&mut self, flag: Option<bool>) {
        self.words(flag.map(|flag| if flag { "T" } else { "F" }));
    }

    /// Seconds with six digits of fraction.
    fn seconds(&mut self, nanos: Option<u64>) {
        self.cell(|ink| {
            if let Some(nanos) = nanos {
                ink.number(nanos / 1_000_000_000).text(".");
                ink.digits(nanos % 1_000_000_000 / 1000, 6);
            }
        });
    }

    fn ends(&mut self, ends: [End; 2]) {
        for end in ends {
            self.cell(|ink| _ = ink.address(end.address()));
            self.number(Some(end.port.into()));
        }
    }

    fn who(&mut self, who: Who) {
        let Who::At(address, port) = who else {
            self.unset();
            return self.unset();
        };
        self.cell(|ink| _ = ink.address(address));
        self.number(port.map(u64::from));
    }
}

fn connection_row(one: &Connection, uid: &str, row: &mut Row<'_>) {
    let span = one.latest().time.since(one.opened().time).as_nanos() as u64;
    row.seconds(Some(one.opened().time.0));
    row.words(Some(uid));
    row.ends(SIDES.map(|side| one.end(side)));
    row.words(Some("tcp"));
    row.words(one.application().map(|key| if key == "tls" { "ssl" } else { key }));
    row.seconds((span > 0).then_some(span));
    for side in SIDES {
        row.number(Some(one.half(side).unique()));
    }
    row.words(Some(one.zeek_state()));
    row.unset();
    row.unset();
    row.number(Some(SIDES.iter().map(|side| one.half(*side).sent().missed_octets).sum()));
    let history = one.zeek_history();
    row.words(Some(&history).filter(|history| !history.is_empty()).map(String::as_str));
    for side in SIDES {
        row.number(Some(one.half(side).packets()));
        row.unset();
    }
    row.words(one.tunnel().map(|tunnel| tunnel.name));
    row.words(Some(&one.community_id().to_string()));
}

fn datagrams_row(one: &Datagrams, uid: &str, row: &mut Row<'_>) {
    let span = one.latest().time.since(one.opened().time).as_nanos() as u64;
    row.seconds(Some(one.opened().time.0));
    row.words(Some(uid));
    row.ends(SIDES.map(|side| one.end(side)));
    row.words(Some(match one.protocol() {
        17 => "udp",
        1 | 58 => "icmp",
        _ => "unknown_transport",
    }));
    let service = one.application().map(|name| name.key).filter(|_| one.protocol() == 17);
    row.words(service);
    row.seconds((span > 0).then_some(span));
    let packets = SIDES.map(|side| one.sent(side).packets);
    for side in SIDES {
        row.number(Some(one.sent(side).payload).filter(|_| one.protocol() == 17));
    }
    let (state, history) = match packets.map(|count| count > 0) {
        [true, true] => ("SF", "Dd"),
        [true, false] => ("S0", "D"),
        [false, _] => ("SHR", "d"),
    };
    row.words(Some(if one.protocol() == 17 { state } else { "OTH" }));
    row.unset();
    row.unset();
    row.number(Some(0));
    row.words(Some(history).filter(|_| one.protocol() == 17));
    for count in packets {
        row.number(Some(count));
        row.unset();
    }
    row.unset();
    let community = one.community_id().map(|id| id.to_string());
    row.words(community.as_deref());
}

/// What both logs of exchanges begin with.
fn begin(exchange: &Exchange, uid: Option<&str>, row: &mut Row<'_>) {
    let mark = exchange.question.or(exchange.answer);
    row.seconds(mark.map(|mark| mark.time.0));
    row.words(uid);
    row.who(exchange.asker);
    row.who(exchange.asked);
}

fn dns_row(exchange: &Exchange, message: &Dns, uid: Option<&str>, row: &mut Row<'_>) {
    let reply = message.reply.as_ref();
    begin(exchange, uid, row);
    row.words(Some(if exchange.connection.is_some() { "tcp" } else { "udp" }));
    row.number(Some(message.id.into()));
    row.seconds(exchange.latency.map(|latency| latency.as_nanos() as u64));
    row.words(Some(&*message.name));
    row.number(Some(message.class.into()));
    row.words(match message.class {
        1 => Some("C_INTERNET"),
        class => dns::class_name(class),
    });
    row.number(Some(message.kind.into()));
    row.words(dns::type_name(message.kind));
    row.number(reply.map(|reply| reply.rcode.into()));
    row.words(reply.and_then(|reply| dns::rcode_name(reply.rcode)));
    row.flag(Some(reply.is_some_and(|reply| reply.authoritative)));
    row.flag(Some(reply.is_some_and(|reply| reply.truncated)));
    row.unset();
    row.flag(Some(reply.is_some_and(|reply| reply.recursion_available)));
    row.unset();
    let answers = reply.map_or(&[][..], |reply| &reply.answers);
    row.cell(|ink| {
        for (at, answer) in answers.iter().enumerate() {
            ink.text(if at > 0 { "," } else { "" });
            // What lies between two members must not lie within one.
            for (at, part) in answer.data.split(|octet| *octet == b',').enumerate() {
                ink.text(if at > 0 { "\\x2c" } else { "" }).wire(part);
            }
        }
    });
    row.cell(|ink| {
        for (at, answer) in answers.iter().enumerate() {
            ink.text(if at > 0 { "," } else { "" }).number(answer.ttl).text(".000000");
        }
    });
    // Zeek: an answer without a record in any section.
    row.flag(Some(reply.is_some_and(|reply| reply.counts[1..] == [0; 3])));
}

fn http_row(exchange: &Exchange, http: &Http, depth: u64, uid: Option<&str>, row: &mut Row<'_>) {
    begin(exchange, uid, row);
    row.number(Some(depth));
    row.text(http.method.as_deref());
    row.text(http.host.as_deref());
    row.text(http.target.as_deref());
    row.unset();
    let version = http.version.strip_prefix(b"HTTP/").unwrap_or(&http.version);
    row.text(Some(version));
    row.unset();
    row.unset();
    row.number(http.request_body);
    row.number(http.response_body);
    row.number(http.status.map(u64::from));
    row.text(http.reason.as_deref());
    row.unset();
    row.unset();
    row.words(Some("(empty)"));
    for _ in 0..8 {
        row.unset();
    }
    row.text(
        http.content_type
            .as_deref()
            .map(|kind| kind.split(|octet| *octet == b';').next().unwrap_or(kind).trim_ascii()),
    );
}

/// A name for a conversation that no other of this capture has, and that is the same each time.
fn uid(conversation: u32, first: Timestamp) -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut mixed = u128::from(first.0) << 32 | u128::from(conversation);
    mixed = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    mixed ^= mixed >> 64;
    let mut uid = String::from("C");
    for _ in 0..17 {
        uid.push(LETTERS[(mixed % 62) as usize].into());
        mixed /= 62;
    }
    uid
}

/// `2026-11-20-22-35-32`.
fn stamp(time: Timestamp, ink: &mut Ink) {
    let mut date = Ink::default();
    super::clock::Calendar::utc().rfc3339(time, &mut date);
    let text = String::from_utf8_lossy(date.as_bytes()).replace(['T', ':'], "-");
    ink.text(text.get(..19).unwrap_or_default());
}

const CONN: &[(&str, &str)] = &[
    ("ts", "time"),
    ("uid", "string"),
    ("id.orig_h", "addr"),
    ("id.orig_p", "port"),
    ("id.resp_h", "addr"),
    ("id.resp_p", "port"),
    ("proto", "enum"),
    ("service", "string"),
    ("duration", "interval"),
    ("orig_bytes", "count"),
    ("resp_bytes", "count"),
    ("conn_state", "string"),
    ("local_orig", "bool"),
    ("local_resp", "bool"),
    ("missed_bytes", "count"),
    ("history", "string"),
    ("orig_pkts", "count"),
    ("orig_ip_bytes", "count"),
    ("resp_pkts", "count"),
    ("resp_ip_bytes", "count"),
    ("tunnel_parents", "set[string]"),
    ("community_id", "string"),
];

const DNS: &[(&str, &str)] = &[
    ("ts", "time"),
    ("uid", "string"),
    ("id.orig_h", "addr"),
    ("id.orig_p", "port"),
    ("id.resp_h", "addr"),
    ("id.resp_p", "port"),
    ("proto", "enum"),
    ("trans_id", "count"),
    ("rtt", "interval"),
    ("query", "string"),
    ("qclass", "count"),
    ("qclass_name", "string"),
    ("qtype", "count"),
    ("qtype_name", "string"),
    ("rcode", "count"),
    ("rcode_name", "string"),
    ("AA", "bool"),
    ("TC", "bool"),
    ("RD", "bool"),
    ("RA", "bool"),
    ("Z", "count"),
    ("answers", "vector[string]"),
    ("TTLs", "vector[interval]"),
    ("rejected", "bool"),
];

const HTTP: &[(&str, &str)] = &[
    ("ts", "time"),
    ("uid", "string"),
    ("id.orig_h", "addr"),
    ("id.orig_p", "port"),
    ("id.resp_h", "addr"),
    ("id.resp_p", "port"),
    ("trans_depth", "count"),
    ("method", "string"),
    ("host", "string"),
    ("uri", "string"),
    ("referrer", "string"),
    ("version", "string"),
    ("user_agent", "string"),
    ("origin", "string"),
    ("request_body_len", "count"),
    ("response_body_len", "count"),
    ("status_code", "count"),
    ("status_msg", "string"),
    ("info_code", "count"),
    ("info_msg", "string"),
    ("tags", "set[enum]"),
    ("username", "string"),
    ("password", "string"),
    ("proxied", "set[string]"),
    ("orig_fuids", "vector[string]"),
    ("orig_filenames", "vector[string]"),
    ("orig_mime_types", "vector[string]"),
    ("resp_fuids", "vector[string]"),
    ("resp_filenames", "vector[string]"),
    ("resp_mime_types", "vector[string]"),
];
