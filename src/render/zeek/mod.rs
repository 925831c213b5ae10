//! What would Zeek have written? (conn.log, dns.log, http.log)
//!
//! In its columns of tab-separated values, so that what reads Zeek reads us. What we do not know stays
//! unset. A log without a row is not made. Times of opening and closing are the capture's.

use std::io;
use std::path::Path;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::Report;
use crate::flow::exchange::{Exchanges, Topic, Wanted};
use crate::flow::tcp::Connection;
use crate::flow::{Datagrams, Flows, Seen};
use crate::timeline::{About, Timestamp};
use crate::wire::{Layer, Packet};

mod log;
mod row;

use log::Log;

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

/// Questions whose conversation is remembered; when there are more all are forgotten, and the uid of those
/// that are still open stays unset.
const ASKED: usize = 1 << 16;

impl Zeek {
    /// Writes the logs into a folder.
    pub fn new(directory: &Path) -> Self {
        let log = |name, fields| Log::new(directory, name, fields);
        Self {
            first: Timestamp::default(),
            last: Timestamp::default(),
            conn: log("conn", row::CONN),
            dns: log("dns", row::DNS),
            http: log("http", row::HTTP),
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
                    self.dns
                        .row(self.first, |row| row::dns_row(&exchange, dns, uid.as_deref(), row))?;
                }
                Topic::Http(http) => {
                    let depth = self.depths.entry(exchange.connection.unwrap_or(0)).or_insert(0);
                    *depth += 1;
                    let depth = *depth;
                    self.http.row(self.first, |row| {
                        row::http_row(&exchange, http, depth, uid.as_deref(), row);
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
        self.conn.row(self.first, |row| row::connection_row(connection, &uid, row))
    }

    fn silent(&mut self, datagrams: &Datagrams) -> io::Result<()> {
        let uid = uid(datagrams.id(), self.first);
        self.conn.row(self.first, |row| row::datagrams_row(datagrams, &uid, row))
    }

    fn end(&mut self, _: &About, flows: &Flows) -> io::Result<()> {
        self.all_gone(flows)?;
        self.exchanges.end();
        self.write()?;
        for log in [&mut self.conn, &mut self.dns, &mut self.http] {
            log.close(self.last)?;
        }
        Ok(())
    }
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
