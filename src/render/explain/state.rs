//! How did the conversation stand before the packet and after it?

use super::head::name;
use super::words::{Words, many, octets};
use crate::flow::tcp::State;
use crate::flow::{Seen, Side};
use crate::render::ladder::state_words;
use crate::render::line::Numbers;
use crate::tale::packet::{Half, Subject};
use crate::wire::tcp::{Origin, Seq};

/// One thing before and after.
#[derive(Debug)]
pub(super) struct Change {
    /// Of which side; of both when none is named.
    pub(super) side: Option<Side>,
    /// As records name it, and as people do.
    pub(super) key: &'static str,
    pub(super) words: &'static str,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

impl Change {
    pub(super) fn is_one(&self) -> bool {
        self.before != self.after
    }
}

pub(super) fn changes(
    subject: &Subject,
    seen: &Seen<'_>,
    numbers: Numbers,
    words: Words,
) -> Vec<Change> {
    let Some(side) = subject.side else { return Vec::new() };
    if let (Some(after), Some(origin)) = (subject.trace.standing, subject.origin) {
        let state = |state: State| state_words(state).to_owned();
        let mut changes = vec![Change {
            side: None,
            key: "state",
            words: "connection",
            before: subject.before.map(|before| state(before.state)),
            after: Some(state(after.state)),
        }];
        let from = subject.trace.from;
        for (side, which) in [(side, from), (side.peer(), from.other())] {
            let own = side == subject.side.unwrap_or(side);
            let zero = zero(origin, own, numbers);
            let before = subject.before.map(|before| before.half(which)).unwrap_or_default();
            half(side, before, after.half(which), zero, words, &mut changes);
        }
        return changes;
    }
    let Some((datagrams, _)) = seen.datagrams else { return Vec::new() };
    [Side::Client, Side::Server]
        .map(|of| {
            let sent = datagrams.sent(of).packets;
            let before = sent - u64::from(of == side);
            let count = |count| Some(many(count, "packet", "packets"));
            Change {
                side: Some(of),
                key: "packets",
                words: "sent",
                before: count(before),
                after: count(sent),
            }
        })
        .into()
}

/// What the numbers of a side are counted from.
fn zero(origin: Origin, own: bool, numbers: Numbers) -> Seq {
    match numbers {
        Numbers::Absolute => Seq::default(),
        Numbers::Relative if own => origin.seq,
        Numbers::Relative => origin.ack,
    }
}

fn half(side: Side, before: Half, after: Half, zero: Seq, words: Words, changes: &mut Vec<Change>) {
    let place = |place: Option<Seq>| place.map(|place| place.from(zero).to_string());
    let octets = |count: Option<u32>| count.map(|count| octets(count.into()));
    let span = |half: Half| half.smoothed.map(|span| words.duration(span));
    let mut push = |key, words, before, after| {
        changes.push(Change { side: Some(side), key, words, before, after });
    };
    push("next", "next octet to send", place(before.next), place(after.next));
    push("acknowledged", "acknowledged up to", place(before.acked), place(after.acked));
    push("edge", "may send up to", place(before.edge), place(after.edge));
    push("in_flight", "on the way", octets(before.in_flight), octets(after.in_flight));
    push("window", "window it offers", octets(before.window), octets(after.window));
    push("smoothed_rtt", "smoothed round trip", span(before), span(after));
}

/// `client: window it offers`.
pub(super) fn label(change: &Change) -> String {
    match change.side {
        Some(side) => format!("{}: {}", name(side), change.words),
        None => change.words.to_owned(),
    }
}
