//! What came of it, in words?

use super::{Words, because, octets};
use crate::flow::Mark;
use crate::flow::tcp::Trigger;
use crate::tale::packet::{Came, Told};

/// A sentence, and the packet that proves it.
pub(super) fn words(words: Words, came: Came, own: Mark) -> (String, Mark) {
    let later = |by: Mark| format!("#{}, {} later", by.packet, words.after(own, by));
    match came {
        Came::Accepted(by) => (format!("accepted with the SYN-ACK {}", later(by)), by),
        Came::Refused(by) => (format!("refused with the reset {}", later(by)), by),
        Came::Acknowledged { by, with_more: false } => {
            (format!("acknowledged by {}", later(by)), by)
        }
        Came::Acknowledged { by, with_more: true } => {
            (format!("acknowledged, together with what follows it, by {}", later(by)), by)
        }
        Came::Named(by) => {
            (format!("reported as arrived behind a gap (SACK) by {}", later(by)), by)
        }
        Came::SentAgain { by, trigger, is_spurious } => {
            let vain = if is_spurious { "; in vain: it had arrived" } else { "" };
            (format!("sent again in {}{}{vain}", later(by), because_of(trigger)), by)
        }
        Came::Copied(by) => (format!("seen once more as {}", later(by)), by),
        Came::Heard { by, octets: 0 } => (
            format!(
                "it had arrived when the other side sent {}: that echoes its time stamp",
                later(by)
            ),
            by,
        ),
        Came::Heard { by, octets: count } => {
            let what = octets(count.into());
            (
                format!(
                    "it had arrived when the other side sent {what} in {}: that echoes its time stamp",
                    later(by)
                ),
                by,
            )
        }
        Came::MadeSendAgain { by, first } => {
            let what = first.map_or_else(String::new, |first| format!(" #{first}"));
            (format!("made the other side send{what} again in {}", later(by)), by)
        }
        Came::MadeRoom { by } => (
            format!("made room for all of {}: before it, the window had too little", later(by)),
            by,
        ),
        Came::Repeated { by, count } => {
            (format!("answered by duplicate ACK {count}, {}", later(by)), by)
        }
        Came::Reopened(by) => (format!("the window opened again with {}", later(by)), by),
        Came::Probed(by) => {
            (format!("the other side probed the closed window in {}", later(by)), by)
        }
        Came::ProbeAnswered(by) => (format!("answered by {}", later(by)), by),
        Came::Reset { by, reset } => {
            (format!("the other side gave up in {}{}", later(by), because(reset)), by)
        }
        Came::FinCame(by) => (format!("the other side said its last, too, in {}", later(by)), by),
        Came::Led(told, by) => {
            let what = match told {
                Told::Address => "the asker spoke to an address that it tells, first in",
                Told::Station => "the asker sent to the hardware address that it tells, first in",
                Told::Offer => "the offer was taken up in",
            };
            (format!("{what} {}", later(by)), by)
        }
        Came::Joined(by) => (format!("what it is part of was whole with {}", later(by)), by),
        Came::SentBack(by) => (format!("an error message sent it back: {}", later(by)), by),
        Came::NextBack(by) => {
            (format!("the next packet back is {}; whether it answers does not show", later(by)), by)
        }
    }
}

fn because_of(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Fast => " (fast retransmission)",
        Trigger::Timeout => " (timeout)",
        Trigger::Recovery => " (recovery after a timeout)",
        Trigger::TailProbe => " (tail loss probe)",
        Trigger::TailProbeOrTimeout => " (tail loss probe or timeout)",
        Trigger::Unknown => "",
    }
}
