//! In what frame does a picture of points stand?

use super::axis::Axis;
use super::escape::Markup;

/// The inside of a picture, and room for the numbers beside it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    height: f64,
}

pub(super) const WIDTH: f64 = 1040.0;
/// More columns than these a picture need not tell apart.
pub(super) const COLUMNS: u64 = 1400;
const LEFT: f64 = 78.0;
const RIGHT: f64 = 1028.0;
pub(super) const TOP: f64 = 10.0;
const BELOW: f64 = 30.0;

impl Frame {
    pub(super) fn new(height: f64) -> Self {
        Self { height }
    }

    pub(super) fn bottom(self) -> f64 {
        self.height - BELOW
    }

    /// Octets.
    pub(super) fn up(self, high: u64) -> Axis {
        Axis::new(self.bottom(), TOP, 0, high)
    }

    /// Spans of time from the shortest to the longest, whose ratio may be large.
    pub(super) fn up_times(self, low: u64, high: u64) -> Axis {
        if high / low.max(1) >= 30 {
            Axis::logarithmic(self.bottom(), TOP, low.max(1) / 2 + 1, high.saturating_mul(3) / 2)
        } else {
            Axis::new(self.bottom(), TOP, 0, high.saturating_mul(11) / 10)
        }
    }

    pub(super) fn begin(self, page: &mut Markup<'_>) {
        page.own("<svg role=\"img\" viewBox=\"0 0 ").place(WIDTH).own(" ").place(self.height);
        page.own("\">");
    }

    /// Lines at round numbers, and the numbers.
    pub(super) fn grid(
        self,
        times: &[(f64, String)],
        rows: &[(f64, String)],
        page: &mut Markup<'_>,
    ) {
        page.own("<path class=\"grid\" d=\"");
        for (x, _) in times {
            page.own("M").place(*x).own(" ").place(TOP).own("V").place(self.bottom());
        }
        for (y, _) in rows {
            page.own("M").place(LEFT).own(" ").place(*y).own("H").place(RIGHT);
        }
        page.own("\"/>\n");
        for (x, words) in times {
            let anchor = if *x > RIGHT - 30.0 { "end" } else { "middle" };
            page.own("<text class=\"s n\" text-anchor=\"").own(anchor).own("\"");
            page.at("x", *x).at("y", self.height - 10.0).own(">").text(words).own("</text>\n");
        }
        for (y, words) in rows {
            page.own("<text class=\"s n\" text-anchor=\"end\"").at("x", LEFT - 8.0);
            page.at("y", y + 4.0).own(">").text(words).own("</text>\n");
        }
    }

    /// From here on nothing is drawn outside; ended by `</svg>`.
    pub(super) fn inside(self, page: &mut Markup<'_>) {
        let (width, height) = (RIGHT - LEFT + 6.0, self.bottom() - TOP + 6.0);
        page.own("<svg").at("x", LEFT - 3.0).at("y", TOP - 3.0);
        page.at("width", width).at("height", height).own(" viewBox=\"");
        page.place(LEFT - 3.0).own(" ").place(TOP - 3.0).own(" ").place(width).own(" ");
        page.place(height).own("\">");
    }
}

/// Time, in nanoseconds since the beginning.
pub(super) fn across(span: u64) -> Axis {
    Axis::new(LEFT, RIGHT, 0, span)
}

/// What a line means.
pub(super) fn key(class: &'static str, words: &str, page: &mut Markup<'_>) {
    page.own("<li><svg viewBox=\"0 0 22 11\" aria-hidden=\"true\"><path class=\"").own(class);
    page.own("\" d=\"M1 5.5H21\"/></svg>").text(words).own("</li>\n");
}
