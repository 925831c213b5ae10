//! Which facts does the record of a budget have?

use std::net::IpAddr;

use super::words::{self, side};
use crate::filter::rule::Kind;
use crate::ink::Ink;
use crate::render::sheet::{Form, Sheet};
use crate::tale::accounts::{Account, Sum, Whole};
use crate::tale::bucket::Bucket;
use crate::tale::budget::Tiles;
use crate::tale::stall::Stall;
use crate::tale::verdict::{Cause, Verdict};
use crate::tale::wait::Wait;
use crate::timeline::nanos;

/// Writes the record of one connection's time.
pub(super) fn budget(account: &Account, ink: &mut Ink) {
    let tiles = &account.tiles;
    let mut sheet = Sheet::new(ink, Form::Json);
    sheet.words("type", Some("budget"));
    sheet.number("connection", Some(account.connection));
    times(Some(tiles), &mut sheet);
    sheet.list("waits", Some(tiles.waits()), |one, _, ink| wait(one, ink));
    sheet.number("waits_omitted", Some(tiles.omitted()));
    sheet.list("stalls", Some(&account.stalls), |one, _, ink| stall(one, ink));
    verdict(account.verdict.as_ref(), None, &mut sheet);
    sheet.end();
}

/// Writes what can be limited of a budget; of nothing, that it is not known.
pub(in crate::render) fn figures(account: Option<&Account>, sheet: &mut Sheet<'_>) {
    times(account.map(|account| &account.tiles), sheet);
    verdict(account.and_then(|account| account.verdict.as_ref()), None, sheet);
}

fn times(tiles: Option<&Tiles>, sheet: &mut Sheet<'_>) {
    sheet.number("wall_ns", tiles.map(|tiles| nanos(tiles.wall())));
    sheet.nest("buckets", |sheet| {
        for bucket in Bucket::ALL {
            sheet.span(bucket.key(), Kind::Part, tiles.map(|tiles| tiles.sum(bucket)));
        }
    });
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

/// Who spent the time of all connections to one server.
fn server(address: IpAddr, sum: Sum, ink: &mut Ink) {
    let mut sheet = Sheet::new(ink, Form::Json);
    sheet.address("address", Some(address));
    sheet.number("connections", Some(sum.connections));
    sheet.number("wall_ns", Some(nanos(sum.wall)));
    let keys = ["client_ns", "server_ns", "network_ns", "resolver_ns", "nobody_ns"];
    for (key, time) in keys.into_iter().zip(sum.spent) {
        sheet.number(key, Some(nanos(time)));
    }
    sheet.end();
}

fn stall(stall: &Stall, ink: &mut Ink) {
    let mut sheet = Sheet::new(ink, Form::Json);
    sheet.words("name", Some(stall.name.key()));
    sheet.words("side", stall.side.map(side));
    sheet.number("from_packet", Some(stall.from.packet));
    sheet.number("to_packet", Some(stall.to.packet));
    sheet.number("ns", Some(nanos(stall.time)));
    sheet.number("count", Some(stall.count));
    sheet.list("packets", Some(&stall.packets), |packet, _, ink| _ = ink.number(*packet));
    sheet.words("evidence", Some(&words::evidence(stall)));
    sheet.words("remedy", Some(&words::remedy(stall)));
    sheet.words("confidence", Some(stall.confidence.name()));
    sheet.end();
}

fn verdict(verdict: Option<&Verdict>, connection: Option<u32>, sheet: &mut Sheet<'_>) {
    sheet.nest("verdict", |sheet| {
        sheet.words("side", verdict.map(|it| it.culprit.key()));
        let bucket = verdict.and_then(|it| match it.cause {
            Cause::Bucket(bucket) => Some(bucket.key()),
            Cause::Stall(_) => None,
        });
        let stall = verdict.and_then(|it| match it.cause {
            Cause::Stall(name) => Some(name.key()),
            Cause::Bucket(_) => None,
        });
        sheet.words("bucket", bucket);
        sheet.words("stall", stall);
        sheet.words("towards", verdict.and_then(|it| it.place).map(|it| side(it.towards)));
        sheet.number("ns", verdict.map(|it| nanos(it.time)));
        sheet.number("named_ns", verdict.map(|it| nanos(it.named)));
        sheet.share("share", verdict.map(|it| it.share));
        sheet.list("packets", verdict.map(|it| &it.packets), |packet, _, ink| {
            _ = ink.number(*packet);
        });
        sheet.words("confidence", verdict.map(|it| it.confidence.name()));
        let sentence = verdict.map(|it| words::verdict(it, connection));
        sheet.words("sentence", Some(sentence.as_deref().unwrap_or(words::NOTHING)));
    });
}

/// Writes the record of all connections together, and of what only several show.
pub(in crate::render) fn whole(whole: &Whole, ink: &mut Ink) {
    let mut sheet = Sheet::new(ink, Form::Json);
    sheet.words("type", Some("budget"));
    sheet.number("connection", None::<u64>);
    sheet.number("connections", Some(whole.all.connections));
    sheet.number("wall_ns", Some(nanos(whole.all.wall)));
    sheet.nest("buckets", |sheet| {
        for bucket in Bucket::ALL {
            sheet.number(bucket.key(), Some(nanos(whole.sum(bucket))));
        }
    });
    sheet.list("servers", Some(whole.servers()), |(address, sum), _, ink| {
        server(address, sum, ink);
    });
    sheet.list("stalls", Some(&whole.stalls), |one, _, ink| stall(one, ink));
    let about = whole.verdict.as_ref();
    verdict(about.map(|(_, it)| it), about.and_then(|(id, _)| *id), &mut sheet);
    sheet.end();
}
