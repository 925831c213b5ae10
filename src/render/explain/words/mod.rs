//! What is said of why a packet is here and of what came of it?
//!
//! Each sentence is made of packets that prove it. What only fits is said to be inferred.

mod came;
mod why;

use std::time::Duration;

use crate::flow::Mark;
use crate::flow::exchange::{Exchange, Outcome, Topic};
use crate::flow::tcp::{Confidence, Reset};
use crate::ink::{Ink, written};
use crate::render::quantity;
use crate::tale::packet::{Account, Effect, Ending, Part, Reason};

/// A sentence and its proof.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) text: String,
    pub(super) packets: Vec<u64>,
    /// `None` where it was observed.
    pub(super) inferred: Option<Confidence>,
}

/// Writes words for this paper.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words {
    pub(super) ascii: bool,
}

/// `1 octet`, `1,448 octets`.
pub(super) fn many(count: u64, one: &str, several: &str) -> String {
    written(|ink| {
        quantity::count(count, ink);
        ink.text(" ").text(if count == 1 { one } else { several });
    })
}

pub(super) fn octets(count: u64) -> String {
    many(count, "octet", "octets")
}

impl Words {
    pub(super) fn written(self, write: impl FnOnce(&mut Ink)) -> String {
        written(|ink| {
            ink.ascii = self.ascii;
            write(ink);
        })
    }

    pub(super) fn duration(self, span: Duration) -> String {
        self.written(|ink| quantity::duration(span, ink))
    }

    /// How long after a packet another one came.
    fn after(self, from: Mark, to: Mark) -> String {
        self.duration(to.time.since(from.time))
    }

    /// Why it is here.
    pub(super) fn reason(self, reason: &Reason, own: Mark) -> Said {
        let (text, packets) = why::words(self, &reason.why, own);
        Said { text, packets, inferred: reason.inferred }
    }

    /// What came of it.
    pub(super) fn effect(self, effect: &Effect, own: Mark) -> Said {
        let (text, by) = came::words(self, effect.came, own);
        Said { text, packets: vec![by.packet], inferred: effect.inferred }
    }

    /// What an exchange adds to either.
    pub(super) fn exchange(self, exchange: &Exchange, part: Part, own: Mark) -> [Option<Said>; 2] {
        let said = |text: String, packets: Vec<u64>| Some(Said { text, packets, inferred: None });
        // A handshake goes to and fro before it is done.
        let whole = if matches!(exchange.topic, Topic::Tls(_)) { "handshake" } else { "answer" };
        let why = exchange.question.filter(|it| it.packet != own.packet).and_then(|question| {
            let number = question.packet;
            let text = match (part, whole) {
                (Part::Question, _) => return None,
                (Part::Answer, "answer") => {
                    let after = self.after(question, own);
                    format!("it ends the answer to #{number}, which came {after} before")
                }
                (Part::MoreOfTheAnswer, "answer") => {
                    format!("it belongs to the answer to #{number}")
                }
                (Part::Answer, _) => format!("it ends the handshake that #{number} began"),
                (Part::MoreOfTheQuestion, "answer") => {
                    format!("it belongs to the question that #{number} began")
                }
                (Part::MoreOfTheQuestion | Part::MoreOfTheAnswer, _) => {
                    format!("it belongs to the handshake that #{number} began")
                }
            };
            said(text, vec![number])
        });
        let begin = match &exchange.topic {
            Topic::Http(http) => http.response_begin.filter(|it| it.packet > own.packet),
            _ => None,
        };
        let last = exchange.answer.filter(|it| it.packet != own.packet);
        let later = |mark: Mark| format!("#{}, {} later", mark.packet, self.after(own, mark));
        let came = match (begin, last) {
            _ if part == Part::Answer => None,
            (Some(begin), Some(last)) if begin.packet != last.packet => {
                let text =
                    format!("answered by {}; the answer ends with {}", later(begin), later(last));
                said(text, vec![begin.packet, last.packet])
            }
            (_, Some(last)) if part == Part::MoreOfTheAnswer || whole == "handshake" => {
                said(format!("the {whole} ends with {}", later(last)), vec![last.packet])
            }
            (_, Some(last)) => said(format!("answered by {}", later(last)), vec![last.packet]),
            (Some(begin), None) => {
                let text = format!(
                    "answered by {}; {}",
                    later(begin),
                    unanswered(exchange.outcome, whole)
                );
                said(text, vec![begin.packet])
            }
            (None, None) => said(unanswered(exchange.outcome, whole), Vec::new()),
        };
        [why, came]
    }
}

/// What did not come, and how far was looked. `is_bare` when nothing else is told.
pub(super) fn ending(account: &Account, is_bare: bool) -> Option<String> {
    let last = account.latest.packet;
    let limit = match account.ending {
        Ending::CaptureEnds => format!("#{last} is the last packet that was read"),
        Ending::Over => format!("its conversation was over by #{last}"),
        Ending::Waited => format!("by #{last} a minute was over, and nobody looked any further"),
        Ending::TooFar => format!("nobody looked beyond #{last}"),
    };
    if account.is_unacked {
        Some(format!("it was not acknowledged: {limit}"))
    } else if is_bare {
        Some(format!("nothing that shows: {limit}"))
    } else if account.belongs.iter().any(|(exchange, _)| exchange.answer.is_none()) {
        Some(format!("so far was looked: {limit}"))
    } else {
        None
    }
}

fn unanswered(outcome: Outcome, whole: &str) -> String {
    match outcome {
        Outcome::Begun => format!("the end of the {whole} is not in the capture"),
        Outcome::Missed => format!("the {whole} is not in the capture, which has a gap there"),
        Outcome::Dropped => {
            "whether it was answered is not known: too many questions were open".into()
        }
        Outcome::Answered | Outcome::Unanswered => "no answer came".into(),
    }
}

/// `#1`, `#1 and #2`, `#1, #2 and #3`; of many the first and the last.
fn numbers(numbers: &[u64]) -> String {
    match numbers {
        [] => "packets before it".into(),
        [one] => format!("#{one}"),
        [first, .., last] if numbers.len() > 6 => {
            format!("{} from #{first} to #{last}", many(numbers.len() as u64, "packet", "packets"))
        }
        [all @ .., last] => {
            let all: Vec<String> = all.iter().map(|number| format!("#{number}")).collect();
            format!("{} and #{last}", all.join(", "))
        }
    }
}

fn because(reset: Reset) -> &'static str {
    match reset {
        Reset::Refused => ": nobody listens there, or it is not let in",
        Reset::AfterUnread => ": it went away while the other side was still sending",
        Reset::Abort => "",
        Reset::AfterFin => ": it had said its last before",
        Reset::HalfOpen => ": it knows of no such connection",
        Reset::OutOfWindow => ": outside the window, so nobody believes it",
        Reset::AfterClose => ": the connection was closed already",
    }
}
