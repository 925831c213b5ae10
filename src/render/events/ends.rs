//! How did it end, and where did the time go, as records?

use std::time::Duration;

use super::event::Event;
use crate::ink::Ink;
use crate::render::clock::Calendar;
use crate::render::sheet::{Form, Sheet};
use crate::tale::fetch::course::Witness;
use crate::tale::fetch::{Basis, Phase, Span, Told, Verdict, kind, sums};
use crate::timeline::fetch::Timing;
use crate::timeline::{Timestamp, nanos};

/// The end of a transfer, and its fault if it has one.
pub(super) fn events(told: &Told) -> Vec<Event> {
    let transfer = &told.transfer;
    let status = match (&transfer.failure, transfer.status) {
        (None, Some(status)) => format!("{status}, {} bytes of content", transfer.decoded),
        (None, None) => "done".to_owned(),
        (Some(_), _) => "failed".to_owned(),
    };
    let took = told.total().as_secs_f64();
    let text = format!("{}: {status}, in {took:.6} s; {}", transfer.url, told.verdict.sentence);
    let mut summary = Event::new(kind::SUMMARY, told.began, told.ended, text)
        .of(told.number)
        .with(|sheet| figures(told, sheet));
    summary.connection = told.connection;
    let mut events = vec![summary];
    // What is used again says so itself.
    if transfer.is_embedded && !told.is_reused && told.socket != 0 {
        let (began, queue) = (told.began, transfer.timing.queue);
        let slot = began.after(queue);
        let text = "a connection of its own is opened for it";
        events.push(Event::new(kind::SCHED_SLOT, began, slot, text).of(told.number).with(
            |sheet| {
                sheet.words("slot", Some("new"));
                sheet.number("requests", Some(1_u8));
                sheet.number("socket", Some(told.socket));
                sheet.number("waited_ns", Some(nanos(queue)));
            },
        ));
    }
    if let Some(fault) = &told.fault {
        let mut event = Event::new(kind::FAULT_VERDICT, told.ended, told.ended, &*fault.sentence)
            .of(told.number)
            .with(|sheet| {
                sheet.words("code", Some(fault.code));
                sheet.words("side", Some(fault.party.key()));
                sheet.number("exit", Some(fault.exit));
                sheet.number("lost_ns", Some(nanos(told.total())));
            });
        event.connection = told.connection;
        event.packets.clone_from(&fault.packets);
        events.push(event);
    }
    events
}

fn figures(told: &Told, sheet: &mut Sheet<'_>) {
    let transfer = &told.transfer;
    sheet.words("url", Some(&transfer.url));
    sheet.number("status", transfer.status);
    sheet.words("http_version", transfer.version.map(|it| it.to_string()).as_deref());
    sheet.words("media", transfer.media.as_deref());
    sheet.number("request_bytes", Some(transfer.request));
    sheet.number("head_bytes", Some(transfer.head));
    sheet.number("body_bytes", Some(transfer.body));
    sheet.number("decoded_bytes", Some(transfer.decoded));
    sheet.number("connects", Some(transfer.connects));
    sheet.number("redirects", Some(transfer.redirects));
    sheet.words("local", transfer.local.map(|end| end.to_string()).as_deref());
    sheet.words("remote", transfer.remote.map(|end| end.to_string()).as_deref());
    sheet.flag("reused", Some(told.is_reused));
    sheet.number("total_ns", Some(nanos(told.total())));
}

/// The record of where a transfer's time went.
pub(super) fn timing(told: &Told, calendar: &mut Calendar, ink: &mut Ink) {
    let transfer = &told.transfer;
    let mut sheet = Sheet::new(ink, Form::Json);
    sheet.words("type", Some("timing"));
    sheet.number("transfer", Some(told.number));
    sheet.number("parent", transfer.parent);
    sheet.words("url", Some(&transfer.url));
    sheet.time("time", Some(told.began), calendar);
    sheet.number("connection", told.connection);
    sheet.number("socket", (told.socket != 0).then_some(told.socket));
    sheet.flag("reused", Some(told.is_reused));
    sheet.words("witness", Some(witness(told.witness)));
    let timing = &transfer.timing;
    sheet.number("begin_ns", Some(nanos(timing.begin)));
    sheet.number("time_queue_ns", Some(nanos(timing.queue)));
    let [names, wires] = [TIMES, WIRES];
    times(timing, names, &mut sheet);
    sheet.number("time_total_ns", Some(nanos(told.total())));
    times(&told.wire, wires, &mut sheet);
    let total = Some(told.wire.total).filter(|total| !total.is_zero());
    sheet.number("wire_total_ns", total.map(nanos));
    // What our own capture lost of the answer.
    sheet.number("unseen_bytes", (told.witness == Witness::Packets).then_some(told.unseen));
    sheet.number("round_trip_ns", told.round_trip.map(nanos));
    spans(&told.spans, told.began, &mut sheet);
    let close = told.close.map(|(from, to)| to.time.since(from.time));
    sheet.number("close_ns", close.map(nanos));
    verdict(&told.verdict, &mut sheet);
    sheet.end();
}

/// What all transfers together were waiting for.
pub(super) fn whole(whole: &crate::tale::fetch::Whole, calendar: &mut Calendar, ink: &mut Ink) {
    let mut sheet = Sheet::new(ink, Form::Json);
    sheet.words("type", Some("timing"));
    sheet.number("transfer", None::<u64>);
    sheet.number("parent", None::<u64>);
    sheet.words("url", None);
    sheet.time("time", Some(whole.began), calendar);
    sheet.number("time_total_ns", Some(nanos(whole.ended.since(whole.began))));
    spans(&whole.spans, whole.began, &mut sheet);
    verdict(&whole.verdict, &mut sheet);
    sheet.end();
}

pub(super) fn fault(told: &Told, ink: &mut Ink) {
    let Some(fault) = &told.fault else { return };
    let mut sheet = Sheet::new(ink, Form::Json);
    sheet.words("type", Some("fault"));
    sheet.number("transfer", Some(told.number));
    sheet.words("url", Some(&told.transfer.url));
    sheet.number("connection", told.connection);
    sheet.words("code", Some(fault.code));
    sheet.words("side", Some(fault.party.key()));
    sheet.number("exit", Some(fault.exit));
    sheet.words("sentence", Some(&fault.sentence));
    sheet.list("packets", Some(&fault.packets), |packet, _, ink| _ = ink.number(*packet));
    sheet.number("after_ns", Some(nanos(told.total())));
    sheet.end();
}

fn witness(witness: Witness) -> &'static str {
    match witness {
        Witness::Calls => "calls",
        Witness::Stamps => "stamps",
        Witness::Packets => "packets",
    }
}

type Names = [&'static str; 6];

const TIMES: Names = [
    "time_namelookup_ns",
    "time_connect_ns",
    "time_appconnect_ns",
    "time_pretransfer_ns",
    "time_posttransfer_ns",
    "time_starttransfer_ns",
];

const WIRES: Names = [
    "wire_namelookup_ns",
    "wire_connect_ns",
    "wire_appconnect_ns",
    "wire_pretransfer_ns",
    "wire_posttransfer_ns",
    "wire_starttransfer_ns",
];

fn times(timing: &Timing, names: Names, sheet: &mut Sheet<'_>) {
    let times: [Option<Duration>; 6] = [
        timing.name_lookup,
        timing.connect,
        timing.app_connect,
        timing.pre_transfer,
        timing.post_transfer,
        timing.start_transfer,
    ];
    for (name, time) in names.into_iter().zip(times) {
        sheet.number(name, time.map(nanos));
    }
}

fn spans(spans: &[Span], began: Timestamp, sheet: &mut Sheet<'_>) {
    let sums = sums(spans);
    sheet.nest("phases_ns", |sheet| {
        for phase in Phase::ALL {
            let took =
                sums.iter().find(|(one, _)| *one == phase).map_or(0, |(_, took)| nanos(*took));
            sheet.number(phase.key(), Some(took));
        }
    });
    sheet.list("spans", Some(spans), |span, _, ink| {
        let mut one = Sheet::new(ink, Form::Json);
        one.words("phase", Some(span.phase.key()));
        one.words("side", Some(span.phase.party().key()));
        one.number("from_ns", Some(nanos(span.from.time.since(began))));
        one.number("to_ns", Some(nanos(span.to.time.since(began))));
        one.number("from_packet", span.from.packet);
        one.number("to_packet", span.to.packet);
        one.flag("observed", Some(span.basis == Basis::Observed));
        one.end();
    });
}

fn verdict(verdict: &Verdict, sheet: &mut Sheet<'_>) {
    sheet.nest("verdict", |sheet| {
        let culprit = verdict.culprit.as_ref();
        sheet.words("side", culprit.map(|it| it.party.key()));
        sheet.words("phase", culprit.map(|it| it.phase.key()));
        sheet.number("took_ns", culprit.map(|it| nanos(it.took)));
        sheet.number("excess_ns", culprit.map(|it| nanos(it.excess)));
        sheet.number("share_percent", culprit.map(|it| it.percent));
        sheet.flag("observed", culprit.map(|it| it.basis == Basis::Observed));
        let packets = culprit.map(|it| &it.packets);
        sheet.list("packets", packets, |packet, _, ink| _ = ink.number(*packet));
        sheet.words("sentence", Some(&verdict.sentence));
    });
}
