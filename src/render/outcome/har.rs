//! An HTTP archive (HAR 1.2), which browsers and their tools read.
//!
//! Names that begin with an underscore are ours, as the format wants it. Times are in milliseconds. A phase
//! that did not occur is -1; `send`, `wait` and `receive` must be there and are 0.

use std::time::Duration;

use super::{Leg, Outcome};
use crate::ink::{Ink, safe};
use crate::render::clock::Calendar;
use crate::render::sheet::{Form, Sheet};
use crate::tale::fetch::{Tale, Told};
use crate::timeline::fetch::Timing;
use crate::timeline::http::{Field, Version};

impl Outcome {
    /// Writes all transfers that have ended.
    pub fn har(&self, tale: &Tale, ink: &mut Ink) {
        let mut calendar = Calendar::utc();
        let mut archive = Sheet::new(ink, Form::Json);
        archive.nest("log", |log| {
            log.words("version", Some("1.2"));
            log.nest("creator", |creator| {
                creator.words("name", Some("wiretale"));
                creator.words("version", Some(env!("CARGO_PKG_VERSION")));
            });
            log.list("pages", Some(&tale.rounds), |round, _, ink| {
                let Some(first) = tale.told.get(round.told.start) else { return };
                let mut page = Sheet::new(ink, Form::Json);
                page.time("startedDateTime", Some(round.began), &mut Calendar::utc());
                page.words("id", Some(&page_of(first)));
                page.words("title", Some(&first.transfer.url));
                page.nest("pageTimings", |timings| {
                    // Nothing is laid out or run here, so there is no such moment.
                    timings.signed("onContentLoad", Some(-1));
                    timings.millis("onLoad", Some(round.ended.since(round.began)));
                });
                page.end();
            });
            let entries = tale.rounds.iter().flat_map(|round| {
                let told = tale.told.get(round.told.clone()).unwrap_or_default();
                told.iter().map(move |one| (one, &told[0]))
            });
            log.list("entries", Some(entries), |(told, first), _, ink| {
                self.entry(told, first, &mut calendar, ink);
            });
        });
        archive.end();
        ink.text("\n");
    }

    fn entry(&self, told: &Told, first: &Told, calendar: &mut Calendar, ink: &mut Ink) {
        let none = Leg::default();
        let leg = self.legs.get(&told.number).unwrap_or(&none);
        let transfer = &told.transfer;
        let mut entry = Sheet::new(ink, Form::Json);
        entry.words("pageref", Some(&page_of(first)));
        entry.time("startedDateTime", Some(told.began), calendar);
        let is_secure = transfer.url.starts_with("https:");
        let cut = cut(&transfer.timing, told.is_reused, is_secure);
        entry.millis("time", Some(cut.iter().filter_map(|(_, took)| *took).sum()));
        entry.nest("request", |request| self.request(told, leg, request));
        entry.nest("response", |response| self.response(told, leg, response));
        entry.nest("cache", |_| {});
        entry.nest("timings", |timings| {
            for (name, took) in cut {
                timings.millis(name, took);
            }
            timings.millis("ssl", secured(&transfer.timing, told.is_reused));
        });
        if let Some(remote) = transfer.remote {
            entry.address("serverIPAddress", Some(remote.ip()));
        }
        if told.socket != 0 {
            entry.words("connection", Some(&told.socket.to_string()));
        }
        entry.number("_transfer", Some(told.number));
        entry.number("_parent", transfer.parent);
        entry.flag("_embedded", Some(transfer.is_embedded));
        entry.nest("_wire", |wire| times(&told.wire, wire));
        entry.nest("_local", |local| {
            for (phase, took) in told.phases() {
                local.millis(phase.key(), Some(took));
            }
        });
        entry.list("_frames", Some(told.packets()), |packet, _, ink| _ = ink.number(packet));
        entry.words("_verdict", Some(&told.verdict.sentence));
        if let Some(fault) = &told.fault {
            entry.words("_error", Some(&fault.sentence));
            entry.words("_fault", Some(fault.code));
            entry.words("_side", Some(fault.party.key()));
        }
        entry.end();
    }

    fn request(&self, told: &Told, leg: &Leg, sheet: &mut Sheet<'_>) {
        let request = leg.request.as_ref();
        sheet.words("method", Some(request.map_or("GET", |request| &request.method)));
        sheet.words("url", Some(without_fragment(&told.transfer.url)));
        let version = request.map(|request| request.version.to_string());
        sheet.words("httpVersion", Some(version.as_deref().unwrap_or_default()));
        let fields = request.map_or(&[][..], |request| &request.fields);
        self.cookies(fields, "cookie", sheet);
        self.headers(fields, sheet);
        let query = leg.url.as_ref().and_then(|url| url.query.as_deref()).unwrap_or_default();
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        sheet.list("queryString", Some(pairs), |pair, _, ink| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let mut one = Sheet::new(ink, Form::Json);
            one.words("name", Some(name));
            one.words("value", Some(value));
            one.end();
        });
        sheet.signed("headersSize", Some(request.map_or(-1, |request| size(request.head))));
        sheet.signed("bodySize", Some(request.map_or(0, |request| size(request.body))));
    }

    fn response(&self, told: &Told, leg: &Leg, sheet: &mut Sheet<'_>) {
        let transfer = &told.transfer;
        let response = leg.response.as_ref();
        // Without an answer there is no status, which browsers write as 0.
        sheet.number("status", Some(transfer.status.unwrap_or(0)));
        let reason = response.map(|response| safe(&response.reason)).unwrap_or_default();
        sheet.words("statusText", Some(&reason));
        let version = transfer.version.map(|version: Version| version.to_string());
        sheet.words("httpVersion", Some(version.as_deref().unwrap_or_default()));
        let fields = response.map_or(&[][..], |response| &response.fields);
        self.cookies(fields, "set-cookie", sheet);
        self.headers(fields, sheet);
        sheet.nest("content", |content| {
            content.signed("size", Some(size(transfer.decoded)));
            let saved = transfer.decoded.saturating_sub(transfer.body);
            if saved > 0 {
                content.signed("compression", Some(size(saved)));
            }
            content.words("mimeType", Some(transfer.media.as_deref().unwrap_or("x-unknown")));
        });
        let location = response.and_then(|response| response.field("location"));
        let redirect = leg.redirect.clone().or(location.map(|field| safe(&field.value)));
        sheet.words("redirectURL", Some(redirect.as_deref().unwrap_or_default()));
        sheet.signed("headersSize", Some(response.map_or(-1, |response| size(response.head))));
        let framed = leg.body.as_ref().map_or(transfer.body, |body| body.framed);
        sheet.signed("bodySize", Some(response.map_or(-1, |_| size(framed))));
    }

    fn headers(&self, fields: &[Field], sheet: &mut Sheet<'_>) {
        sheet.list("headers", Some(fields), |field, _, ink| {
            let mut one = Sheet::new(ink, Form::Json);
            one.text("name", Some(&field.name));
            one.text("value", Some(self.shown(field)));
            one.end();
        });
    }

    /// Of a cookie the name is told; its value is a secret.
    fn cookies(&self, fields: &[Field], name: &str, sheet: &mut Sheet<'_>) {
        let own = fields.iter().filter(|field| field.is(name));
        let one = |field: &'_ Field| -> Vec<(Vec<u8>, Vec<u8>)> {
            let is_set = name == "set-cookie";
            let pairs = field.value.split(|octet| *octet == b';');
            let pairs = pairs.take(if is_set { 1 } else { usize::MAX });
            let both = |pair: &[u8]| {
                let pair = pair.trim_ascii();
                let at = pair.iter().position(|octet| *octet == b'=')?;
                let shown = self.shown(field) == &*field.value;
                let value = if shown { pair[at + 1..].to_vec() } else { b"***".to_vec() };
                Some((pair[..at].to_vec(), value))
            };
            pairs.filter_map(both).collect()
        };
        sheet.list("cookies", Some(own.flat_map(one)), |(name, value), _, ink| {
            let mut one = Sheet::new(ink, Form::Json);
            one.text("name", Some(&name));
            one.text("value", Some(&value));
            one.end();
        });
    }
}

fn page_of(first: &Told) -> String {
    format!("page_{}", first.number)
}

/// A fragment is never sent.
fn without_fragment(url: &str) -> &str {
    url.split('#').next().unwrap_or(url)
}

fn size(octets: u64) -> i64 {
    i64::try_from(octets).unwrap_or(i64::MAX)
}

/// The time from one end to the other, cut where curl's phases end. What was not reached takes none, and
/// what it ended in takes the rest.
fn cut(timing: &Timing, is_reused: bool, is_secure: bool) -> [(&'static str, Option<Duration>); 6] {
    let connected = if is_secure { timing.app_connect } else { timing.connect };
    // Each phase ends where it was over, or with all of it, if nothing came after it.
    let marks = [timing.name_lookup, connected, timing.post_transfer, timing.start_transfer];
    let reached = marks.iter().take_while(|mark| mark.is_some()).count();
    let mut at = Duration::ZERO;
    let mut phases = [None; 5];
    for (place, phase) in phases.iter_mut().enumerate().take(reached + 1) {
        let mark = marks[..reached].get(place).copied().flatten();
        let end = mark.unwrap_or(timing.total).min(timing.total).max(at);
        *phase = Some(end.saturating_sub(at));
        at = end;
    }
    let [dns, connect, send, wait, receive] = phases;
    let (blocked, dns, connect) = if is_reused {
        let waited = dns.unwrap_or_default() + connect.unwrap_or_default();
        (Some(timing.queue + waited), None, None)
    } else {
        (Some(timing.queue).filter(|queue| !queue.is_zero()), dns, connect)
    };
    [
        ("blocked", blocked),
        ("dns", dns),
        ("connect", connect),
        ("send", Some(send.unwrap_or_default())),
        ("wait", Some(wait.unwrap_or_default())),
        ("receive", Some(receive.unwrap_or_default())),
    ]
}

/// Part of `connect`, as the format wants it.
fn secured(timing: &Timing, is_reused: bool) -> Option<Duration> {
    let secured = timing.app_connect.filter(|it| !it.is_zero() && !is_reused)?;
    Some(secured.saturating_sub(timing.connect?))
}

/// When phases ended on the wire, since the beginning.
fn times(timing: &Timing, sheet: &mut Sheet<'_>) {
    sheet.millis("namelookup", timing.name_lookup);
    sheet.millis("connect", timing.connect);
    sheet.millis("appconnect", timing.app_connect);
    sheet.millis("pretransfer", timing.pre_transfer);
    sheet.millis("posttransfer", timing.post_transfer);
    sheet.millis("starttransfer", timing.start_transfer);
    sheet.millis("total", Some(timing.total).filter(|total| !total.is_zero()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn taken(timing: &Timing, is_reused: bool) -> Vec<i128> {
        let is_secure = timing.app_connect.is_some();
        let took = |took: Option<Duration>| took.map_or(-1, |took| took.as_millis().cast_signed());
        cut(timing, is_reused, is_secure).into_iter().map(|(_, it)| took(it)).collect()
    }

    #[test]
    fn the_parts_of_a_transfer_are_all_of_it() {
        let mut timing = Timing {
            name_lookup: Some(ms(10)),
            connect: Some(ms(30)),
            app_connect: Some(ms(70)),
            pre_transfer: Some(ms(71)),
            post_transfer: Some(ms(72)),
            start_transfer: Some(ms(100)),
            total: ms(140),
            ..Timing::default()
        };
        assert_eq!(taken(&timing, false), [-1, 10, 60, 2, 28, 40]);
        assert_eq!(secured(&timing, false), Some(ms(40)));
        timing.queue = ms(5);
        (timing.name_lookup, timing.connect, timing.app_connect) =
            (Some(ms(1)), Some(ms(1)), Some(ms(1)));
        assert_eq!(taken(&timing, true), [6, -1, -1, 71, 28, 40]);
        assert_eq!(secured(&timing, true), None);
    }

    #[test]
    fn what_a_failure_ended_in_takes_the_rest() {
        let mut timing = Timing { total: ms(140), ..Timing::default() };
        assert_eq!(taken(&timing, false), [-1, 140, -1, 0, 0, 0]);
        timing.name_lookup = Some(ms(10));
        assert_eq!(taken(&timing, false), [-1, 10, 130, 0, 0, 0]);
        timing.connect = Some(ms(30));
        timing.post_transfer = Some(ms(35));
        assert_eq!(taken(&timing, false), [-1, 10, 20, 5, 105, 0]);
        // A clock that is not quite one with another makes nothing negative.
        timing.start_transfer = Some(ms(34));
        assert_eq!(taken(&timing, false), [-1, 10, 20, 5, 0, 105]);
    }
}
