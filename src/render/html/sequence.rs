//! What did one side send, how far was it acknowledged, and how far was it allowed to send?

use std::io;
use std::time::Duration;

use super::axis::Axis;
use super::escape::Markup;
use super::party::Party;
use super::plot::{self, Frame};
use super::thinned::{Join, Span, Thinned};
use crate::flow::Seen;
use crate::flow::Side;
use crate::flow::tcp::{Connection, What};
use crate::render::why::words;
use crate::tale::budget::Tiles;
use crate::tale::verdict::spender;
use crate::timeline::Timestamp;
use crate::wire::Packet;
use crate::wire::tcp::{Flags, Scale, Seq, Tcp};

/// One direction of a connection: octets of data along the time.
#[derive(Debug)]
pub(super) struct Course {
    /// The latest place, and how far from the first it is: numbers of 32 bits begin anew.
    latest: (Seq, i64),
    marks: Thinned<Marks>,
    top: u64,
    segments: u64,
    again: u64,
}

/// What was seen at one time, in octets from the first.
#[derive(Clone, Copy, Debug, Default)]
struct Marks {
    sent: Option<Span>,
    again: Option<Span>,
    acked: Option<Span>,
    edge: Option<Span>,
}

impl Join for Marks {
    fn join(&mut self, later: Self) {
        self.sent.join(later.sent);
        self.again.join(later.again);
        self.acked.join(later.acked);
        self.edge.join(later.edge);
    }
}

impl Course {
    pub(super) fn new(base: Seq, began: Timestamp) -> Self {
        let marks = Thinned::new(began);
        Self { latest: (base, 0), marks, top: 0, segments: 0, again: 0 }
    }

    /// A segment of the side that sends.
    pub(super) fn send(&mut self, packet: &Packet<'_>, tcp: Tcp<'_>, seen: &Seen<'_>) {
        let len = tcp.payload().len() as u64;
        if len == 0 {
            return;
        }
        let from = self.far(tcp.seq());
        let span = Span::between(from, from + len);
        self.top = self.top.max(from + len);
        self.segments += 1;
        let is_again =
            seen.verdicts.iter().any(|verdict| matches!(verdict.what, What::Resent { .. }));
        self.again += u64::from(is_again);
        let mark = if is_again {
            Marks { again: Some(span), ..Marks::default() }
        } else {
            Marks { sent: Some(span), ..Marks::default() }
        };
        self.marks.add(packet.frame.time, mark);
    }

    /// A segment of the side that receives.
    pub(super) fn hear(
        &mut self,
        packet: &Packet<'_>,
        tcp: Tcp<'_>,
        connection: &Connection,
        by: Side,
    ) {
        if !tcp.flags().has(Flags::ACK) || tcp.flags().has(Flags::RST) {
            return;
        }
        let acked = self.far(tcp.ack());
        let scale = connection.origin(by).scale;
        let edge =
            (scale != Scale::Unknown).then(|| Span::of(acked + u64::from(scale.window(tcp))));
        let mark = Marks { acked: Some(Span::of(acked)), edge, ..Marks::default() };
        self.marks.add(packet.frame.time, mark);
    }

    /// How far a place is from the first; 0 for what lies before.
    fn far(&mut self, seq: Seq) -> u64 {
        let (latest, at) = self.latest;
        let far = at + i64::from(seq.past(latest));
        if far > at {
            self.latest = (seq, far);
        }
        u64::try_from(far).unwrap_or(0)
    }

    pub(super) fn segments(&self) -> u64 {
        self.segments
    }

    /// Draws it.
    pub(super) fn draw(
        &mut self,
        side: Side,
        began: Timestamp,
        ended: Timestamp,
        tiles: &Tiles,
        page: &mut Markup<'_>,
    ) -> io::Result<()> {
        let span = ended.0.saturating_sub(began.0).max(1);
        self.marks.thin(span / plot::COLUMNS);
        let frame = Frame::new(360.0);
        let x = plot::across(span);
        // A window that is much wider than what is sent would press everything down.
        let edge = self.marks.marks().filter_map(|(_, it)| it.edge.map(|edge| edge.high)).max();
        let top = edge.unwrap_or(0).min(self.top + self.top / 3).max(self.top) + 1;
        let y = frame.up(top);
        let who = if side == Side::Client { "the client" } else { "the server" };
        page.own("<div class=\"wide\">");
        frame.begin(page);
        page.own("<title>Octets that ").own(who).own(" sent, along the time</title>");
        bands(tiles, began, &x, frame, page);
        frame.grid(&x.times(9), &y.octets(7), page);
        frame.inside(page);
        steps("window", self.marks.marks().map(|(at, it)| (at, it.edge)), &x, &y, page);
        page.when_full()?;
        steps("acks", self.marks.marks().map(|(at, it)| (at, it.acked)), &x, &y, page);
        page.when_full()?;
        strokes("sent", self.marks.marks().map(|(at, it)| (at, it.sent)), &x, &y, page);
        page.when_full()?;
        strokes("again", self.marks.marks().map(|(at, it)| (at, it.again)), &x, &y, page);
        page.own("</svg></svg></div><ul class=\"legend\">");
        plot::key("sent", "sent", page);
        if self.again > 0 {
            plot::key("again", &format!("sent again: {}", self.again), page);
        }
        plot::key("acks", "acknowledged", page);
        match edge {
            Some(edge) if edge <= top => plot::key("window", "the window\u{2019}s edge", page),
            Some(_) => {
                plot::key("window", "the window\u{2019}s edge, in part above the picture", page);
            }
            None => {}
        }
        page.own("</ul>\n");
        page.when_full()
    }
}

/// Waits that are wide enough to be seen, in the colour of who spent them.
fn bands(tiles: &Tiles, began: Timestamp, x: &Axis, frame: Frame, page: &mut Markup<'_>) {
    let least = tiles.wall() / 100;
    for wait in
        tiles.waits().iter().filter(|wait| wait.time() >= least.max(Duration::from_nanos(1)))
    {
        let Party::Of(culprit) = Party::of(spender(wait.bucket, wait.side)) else { continue };
        let [from, to] = [wait.begin, wait.end].map(|time| x.place(time.0.saturating_sub(began.0)));
        page.own("<rect class=\"band ").own(culprit.key()).own("\"");
        page.at("x", from).at("y", plot::TOP).at("width", to - from);
        page.at("height", frame.bottom() - plot::TOP);
        page.own("><title>").text(&words::duration(wait.time())).own(": ");
        page.own(words::bucket(wait.bucket)).own("</title></rect>\n");
    }
}

/// Upright strokes from the lowest to the highest.
fn strokes<'m>(
    class: &'static str,
    marks: impl Iterator<Item = (u64, Option<Span>)> + 'm,
    x: &Axis,
    y: &Axis,
    page: &mut Markup<'_>,
) {
    page.own("<path class=\"").own(class).own("\" d=\"");
    for (at, span) in marks.filter_map(|(at, span)| Some((at, span?))) {
        let (low, high) = (y.place(span.low), y.place(span.high));
        // What is lower than a line is wide would not be seen.
        let high = high.min(low - 1.6);
        page.own("M").place(x.place(at)).own(" ").place(low).own("V").place(high);
    }
    page.own("\"/>\n");
}

/// A line that stays where it is until the next mark.
fn steps<'m>(
    class: &'static str,
    marks: impl Iterator<Item = (u64, Option<Span>)> + 'm,
    x: &Axis,
    y: &Axis,
    page: &mut Markup<'_>,
) {
    page.own("<path class=\"").own(class).own("\" d=\"");
    for (count, (at, span)) in marks.filter_map(|(at, span)| Some((at, span?))).enumerate() {
        let at = x.place(at);
        if count == 0 {
            page.own("M").place(at).own(" ").place(y.place(span.low));
        } else {
            page.own("H").place(at).own("V").place(y.place(span.low));
        }
        if span.high != span.low {
            page.own("V").place(y.place(span.high)).own("V").place(y.place(span.last));
        }
    }
    page.own("\"/>\n");
}
