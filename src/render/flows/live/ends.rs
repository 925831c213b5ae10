//! How are two ends shown where there is not much room?
//!
//! What says least is left out first: the client's port, then the rest of whatever is too long.

use std::net::IpAddr;

use super::figures::Figures;
use super::strip::{cells, clipped, without_middle};
use crate::flow::Side;
use crate::ink::{Ink, written};

/// One end in the pieces that are clipped apart.
struct End {
    /// Its name, or its address.
    host: String,
    is_name: bool,
    is_v6: bool,
    /// With the colon.
    port: String,
}

/// Writes who speaks to whom into so many cells.
pub(super) fn write(figures: &Figures, names: [Option<&str>; 2], room: usize, ink: &mut Ink) {
    let client = End::of(figures, Side::Client, names[0]);
    let server = End::of(figures, Side::Server, names[1]);
    let (from, to) = (client.whole(), server.whole());
    let arrow = 3;
    if cells(&from) + arrow + cells(&to) <= room {
        ink.text(&from).arrow().text(&to);
        return;
    }
    let Some(left) = room.checked_sub(arrow) else {
        ink.text(&server.within(room, ink.ascii));
        return;
    };
    let (half, needs) = (left / 2, [cells(&client.host), cells(&to)]);
    let own = if needs[0] <= half { needs[0] } else { half.max(left.saturating_sub(needs[1])) };
    let from = client.host_within(own, ink.ascii);
    let to = server.within(left - cells(&from), ink.ascii);
    ink.text(&from).arrow().text(&to);
}

impl End {
    fn of(figures: &Figures, side: Side, name: Option<&str>) -> Self {
        let end = figures.ends[side.index()];
        let address = end.address();
        let host = name.map_or_else(|| written(|ink| _ = ink.address(address)), str::to_owned);
        let port = if figures.has_ports { format!(":{}", end.port) } else { String::new() };
        let is_v6 = matches!(address, IpAddr::V6(_)) && name.is_none();
        Self { host, is_name: name.is_some(), is_v6, port }
    }

    fn whole(&self) -> String {
        self.with_port(&self.host)
    }

    fn with_port(&self, host: &str) -> String {
        if self.is_v6 && !self.port.is_empty() {
            format!("[{host}]{}", self.port)
        } else {
            format!("{host}{}", self.port)
        }
    }

    /// Its port stays as long as there is room for a little more than that.
    fn within(&self, room: usize, ascii: bool) -> String {
        let whole = self.whole();
        let beside = cells(&whole) - cells(&self.host);
        if cells(&whole) <= room || room < beside + 5 {
            return clipped(&whole, room, ascii);
        }
        self.with_port(&self.host_within(room - beside, ascii))
    }

    fn host_within(&self, room: usize, ascii: bool) -> String {
        let clip = if self.is_name { clipped } else { without_middle };
        clip(&self.host, room, ascii)
    }
}
