//! A record as a row of comma-separated values: nested names joined by dots.

use super::record::{Cell, Sheet};
use crate::ink::Ink;
use crate::render::clock::Calendar;
use crate::render::columns::quoted;

/// One row, cell by cell. A record may leave columns out, but never turns their order.
#[derive(Default)]
pub(super) struct Columns {
    calendar: Calendar,
    /// The names that are open.
    path: Vec<&'static str>,
    /// The first column that has no cell yet.
    at: usize,
    cells: Ink,
    cell: Ink,
}

pub(super) fn header(ink: &mut Ink) {
    for (at, name) in NAMES.iter().enumerate() {
        ink.text(if at > 0 { "," } else { "" }).text(name);
    }
}

impl Columns {
    /// Writes the row and begins another.
    pub(super) fn row(&mut self, ink: &mut Ink) {
        ink.again(self.cells.as_bytes());
        for _ in self.at.max(1)..NAMES.len() {
            ink.text(",");
        }
        self.cells.clear();
        self.at = 0;
    }

    /// Whether the open names and this one are the name of a column.
    fn is_at(&self, column: &str, name: &str) -> bool {
        let mut rest = column;
        for open in &self.path {
            match rest.strip_prefix(open).and_then(|rest| rest.strip_prefix('.')) {
                Some(inner) => rest = inner,
                None => return false,
            }
        }
        rest == name
    }

    fn write(&mut self, cell: Cell<'_>) {
        match cell {
            Cell::Unknown => {}
            Cell::Number(number) => _ = self.cell.number(number),
            Cell::Flag(flag) => _ = self.cell.text(if flag { "true" } else { "false" }),
            Cell::Words(words) => _ = self.cell.text(words),
            Cell::Time(time) => self.calendar.rfc3339(time, &mut self.cell),
            Cell::Address(address) => _ = self.cell.address(address),
            Cell::List(cells) => {
                for (at, cell) in cells.iter().enumerate() {
                    self.cell.text(if at > 0 { " " } else { "" });
                    self.write(*cell);
                }
            }
        }
    }
}

impl Sheet for Columns {
    fn cell(&mut self, name: &'static str, cell: Cell<'_>) {
        let skipped = NAMES[self.at..].iter().position(|column| self.is_at(column, name));
        let Some(skipped) = skipped else { return };
        for _ in 0..skipped + usize::from(self.at > 0) {
            self.cells.text(",");
        }
        self.at += skipped + 1;
        self.write(cell);
        quoted(self.cell.as_bytes(), &mut self.cells);
        self.cell.clear();
    }

    fn open(&mut self, name: &'static str) {
        self.path.push(name);
    }

    fn close(&mut self) {
        self.path.pop();
    }
}

macro_rules! names {
    ($($own:literal)* ; $($side:literal)* ; $($last:literal)*) => {
        const NAMES: &[&str] = &[
            $($own,)*
            $(concat!("client.", $side),)*
            $(concat!("server.", $side),)*
            $($last,)*
        ];
    };
}

names! {
    "type" "id" "key.protocol" "key.client.address" "key.client.port" "key.client.name"
    "key.server.address" "key.server.port" "key.server.name" "key.vlan" "key.tunnel"
    "role_confidence" "first_packet" "last_packet" "first_time" "duration_ns" "state"
    "close.kind" "close.by" "close.packet" "complete" "zeek_state" "zeek_history"
    "wireshark_completeness" "community_id" "handshake.syn_packet" "handshake.syn_ack_packet"
    "handshake.ack_packet" "handshake.syn_retries" "handshake.syn_ack_retries"
    "handshake.retry_wait_ns" "handshake.rtt_client_ns" "handshake.rtt_server_ns"
    "handshake.rtt_ns" "vantage" "application" "server_name.name" "server_name.from" ;
    "packets" "wire_packets" "bytes" "payload_bytes" "unique_bytes" "missed_bytes" "gaps" "isn"
    "mss" "window_scale" "sack" "timestamps" "ecn" "fast_open" "retransmitted_packets"
    "retransmitted_bytes" "retransmitted_fast" "retransmitted_timeout" "retransmitted_recovery"
    "retransmitted_probe" "retransmitted_unknown" "spurious_packets" "lost_before_capture"
    "lost_after_capture" "reordered_packets" "duplicate_packets" "capture_duplicate_packets"
    "duplicate_acks" "dsacks" "keep_alives" "window_probes" "window_updates" "rtt.samples"
    "rtt.min_ns" "rtt.avg_ns" "rtt.max_ns" "rtt.deviation_ns" "rtt.p50_ns" "rtt.p95_ns"
    "rtt.ambiguous" "window.min_bytes" "window.max_bytes" "window.last_bytes" "window.zero_count"
    "window.zero_ns" "window.full_ns" "window.shrunk" "flight.max_bytes" "flight.avg_bytes"
    "idle_max_ns" "goodput_bytes_per_s" "fin_packet" "rst_packet" "rst_reason" ;
    "budget" "confidence"
}
