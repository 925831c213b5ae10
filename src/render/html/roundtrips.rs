//! How long did it take to either end and back, along the time?

use std::io;

use super::escape::Markup;
use super::plot::{self, Frame};
use super::thinned::{Span, Thinned};
use crate::flow::Side;
use crate::timeline::Timestamp;

/// Round trips from the capture to each end, by the side that was reached.
#[derive(Debug)]
pub(super) struct RoundTrips {
    to: [Thinned<Span>; 2],
    counts: [u64; 2],
}

impl RoundTrips {
    pub(super) fn new(began: Timestamp) -> Self {
        Self { to: [Thinned::new(began), Thinned::new(began)], counts: [0; 2] }
    }

    /// This side acknowledged, so many nanoseconds after what it acknowledges.
    pub(super) fn add(&mut self, time: Timestamp, by: Side, nanos: u64) {
        self.counts[by.index()] += 1;
        self.to[by.index()].add(time, Span::of(nanos));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.to.iter().all(Thinned::is_empty)
    }

    pub(super) fn draw(
        &mut self,
        began: Timestamp,
        ended: Timestamp,
        page: &mut Markup<'_>,
    ) -> io::Result<()> {
        let span = ended.0.saturating_sub(began.0).max(1);
        self.to.iter_mut().for_each(|one| one.thin(span / plot::COLUMNS));
        let all = || self.to.iter().flat_map(Thinned::marks).map(|(_, span)| span);
        // What took less than the clocks of most captures tell is drawn at the bottom.
        let low = all().map(|span| span.low).min().unwrap_or(1).max(1000);
        let high = all().map(|span| span.high).max().unwrap_or(1);
        let frame = Frame::new(240.0);
        let (x, y) = (plot::across(span), frame.up_times(low, high));
        page.own("<div class=\"wide\">");
        frame.begin(page);
        page.own("<title>Round trips, along the time</title>");
        frame.grid(&x.times(9), &y.times(6), page);
        frame.inside(page);
        for (side, class) in [(Side::Client, "toclient"), (Side::Server, "toserver")] {
            page.own("<path class=\"").own(class).own("\" d=\"");
            for (at, span) in self.to[side.index()].marks() {
                page.own("M").place(x.place(at)).own(" ").place(y.place(span.low));
                if span.high == span.low {
                    page.own("h0");
                } else {
                    page.own("V").place(y.place(span.high));
                }
            }
            page.own("\"/>\n");
            page.when_full()?;
        }
        page.own("</svg></svg></div><ul class=\"legend\">");
        for (side, class, words) in [
            (Side::Client, "toclient", "to the client and back: "),
            (Side::Server, "toserver", "to the server and back: "),
        ] {
            let count = self.counts[side.index()];
            if count > 0 {
                let plural = if count == 1 { "" } else { "s" };
                plot::key(class, &format!("{words}{count} sample{plural}"), page);
            }
        }
        page.own("</ul>\n");
        Ok(())
    }
}
