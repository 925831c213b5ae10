//! Which facts does the record of a budget have?

use std::time::Duration;

use crate::flow::Side;
use crate::ink::Ink;
use crate::render::sheet::{Form, Sheet};
use crate::tale::bucket::Bucket;
use crate::tale::budget::Tiles;
use crate::tale::wait::Wait;

pub(super) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

pub(super) fn side(side: Side) -> &'static str {
    match side {
        Side::Client => "client",
        Side::Server => "server",
    }
}

/// Writes the record of one connection's time.
pub(super) fn budget(connection: u32, tiles: &Tiles, ink: &mut Ink) {
    let mut sheet = Sheet::new(ink, Form::Json);
    sheet.words("type", Some("budget"));
    sheet.number("connection", Some(connection));
    sheet.number("wall_ns", Some(nanos(tiles.wall())));
    sheet.nest("buckets", |sheet| {
        for bucket in Bucket::ALL {
            sheet.number(bucket.key(), Some(nanos(tiles.sum(bucket))));
        }
    });
    sheet.list("waits", Some(tiles.waits()), |one, _, ink| wait(one, ink));
    sheet.number("waits_omitted", Some(tiles.omitted()));
    sheet.end();
}

fn wait(wait: &Wait, ink: &mut Ink) {
    let mut sheet = Sheet::new(ink, Form::Json);
    sheet.words("bucket", Some(wait.bucket.key()));
    sheet.words("side", wait.side.map(side));
    sheet.number("from_packet", Some(wait.from.packet));
    sheet.number("to_packet", Some(wait.to.packet));
    sheet.number("ns", Some(nanos(wait.time())));
    sheet.words("evidence", Some(wait.proof.key()));
    sheet.number("evidence_packet", wait.proof.packet());
    sheet.end();
}
