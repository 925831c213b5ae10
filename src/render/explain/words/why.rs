//! Why is it here, in words?

use std::fmt::Write as _;
use std::time::Duration;

use super::{Words, because, numbers, octets};
use crate::flow::Mark;
use crate::flow::tcp::Trigger;
use crate::tale::packet::{Told, Why};

/// A sentence, and the packets that prove it.
pub(super) fn words(words: Words, why: &Why, own: Mark) -> (String, Vec<u64>) {
    let ago = |mark: Mark| (mark.packet, words.after(mark, own));
    if let Some((front, mark, back)) = one(why) {
        let (number, before) = ago(mark);
        let when = if mark.time == own.time {
            "at the same time".into()
        } else {
            format!("{before} before")
        };
        return (format!("{front} #{number}, {when}{back}"), vec![number]);
    }
    match why {
        Why::Acknowledges { segments, octets, has_fin } => {
            acknowledges(words, segments, (*octets, *has_fin), own)
        }
        Why::Again { first, trigger, is_spurious, asked_by, after } => {
            let mut again = Again { text: String::new(), proof: Vec::new() };
            again.first(words, *first, own);
            again.trigger(*trigger, asked_by, after.map(ago));
            let vain = if *is_spurious { "; in vain: the other side had it already" } else { "" };
            again.text.push_str(vain);
            (again.text, again.proof)
        }
        Why::Repeats { same, because, .. } => {
            let mut text = match because {
                Some(because) => {
                    format!("#{} arrived while octets before it are missing", because.packet)
                }
                None => "octets are still missing where its number points".to_owned(),
            };
            if let Some(same) = same {
                _ = write!(text, "; the same was said first in #{}", same.packet);
            }
            (text, because.iter().chain(same).map(|mark| mark.packet).collect())
        }
        _ => by_number(words, why),
    }
}

/// What one packet proves: the words around it.
fn one(why: &Why) -> Option<(&'static str, Mark, &'static str)> {
    Some(match why {
        Why::Led(Told::Address, mark) => (
            "it goes to an address that its sender had just learned: the answer",
            *mark,
            ", told it",
        ),
        Why::Led(Told::Station, mark) => {
            ("it could be sent once the hardware address was known: the answer", *mark, ", told it")
        }
        Why::Led(Told::Offer, mark) => ("it takes up the offer", *mark, ""),
        Why::AnswersSyn(syn) => ("it answers the SYN", *syn, ""),
        Why::Completes(syn) => {
            ("it acknowledges the SYN-ACK", *syn, ", and so completes the handshake")
        }
        Why::SeenBefore(mark) => (
            "it is the same datagram as",
            *mark,
            ": the capture saw it at two places, or the network delivered it twice",
        ),
        Why::GoesOn { after, octets: 0 } => ("it comes right behind the octets of", *after, ""),
        Why::GoesOn { after, .. } => ("its octets follow those of", *after, ""),
        Why::Heard(mark) => ("its sender had got", *mark, ": it echoes that packet's time stamp"),
        Why::Clocked(mark) => {
            ("the ACK", *mark, ", took octets off the way and so let it go (ACK clock)")
        }
        Why::Idle(mark) => (
            "nothing of its sender was on its way since",
            *mark,
            ", and there was room: until now it had nothing to send, or waited",
        ),
        Why::Allowed(mark) => ("the other side's window has had room for it only since", *mark, ""),
        Why::Probes { closed: Some(mark) } => {
            ("the window is closed, as was said last in", *mark, "")
        }
        Why::KeepsAlive { quiet_since: Some(mark) } => ("nothing was said since", *mark, ""),
        Why::AfterFin(mark) => ("the other side had said its last in", *mark, ""),
        Why::AfterPeer { of, reset } => {
            ("the other side's last packet before it is", *of, because(*reset))
        }
        Why::Follows(mark) => (
            "the packet of this conversation before it is",
            *mark,
            "; that it follows from it does not show",
        ),
        Why::Quotes(mark) => ("it is about", *mark, ": it sends the begin of that packet back"),
        _ => return None,
    })
}

/// What packets prove of which only the numbers are known, or none at all.
fn by_number(words: Words, why: &Why) -> (String, Vec<u64>) {
    let (text, of) = match why {
        Why::Opens => {
            ("nothing of this connection comes before it: it is its first packet".into(), None)
        }
        Why::Forgotten => (
            "what came before it in its conversation is too far back to be remembered".into(),
            None,
        ),
        Why::First => ("nothing of its conversation comes before it in what was read".into(), None),
        Why::QuotesUnseen => {
            ("it is about a packet that the capture does not have, or had long before".into(), None)
        }
        Why::Probes { .. } => ("the window of the other side is closed".into(), None),
        Why::KeepsAlive { .. } => ("nothing was said before it".into(), None),
        Why::Late { before: None } => {
            ("it was sent before octets that came first, and was overtaken on its way".into(), None)
        }
        Why::Copy(Some(of)) => (
            format!("it is #{of} once more: every field that a sender chooses is the same"),
            Some(*of),
        ),
        Why::Copy(None) => ("it is a packet before it once more".into(), None),
        Why::Late { before: Some(before) } => {
            (format!("it was sent before #{before}, and was overtaken on its way"), Some(*before))
        }
        Why::AnswersProbe { of, keep_alive } => {
            let what = if *keep_alive { "keep-alive" } else { "window probe" };
            let number = of.map_or_else(String::new, |of| format!(" #{of}"));
            (format!("it answers the {what}{number}"), *of)
        }
        Why::Reopens { closed, after } => (reopens(words, *closed, *after), *closed),
        Why::Joins(others) => {
            return (
                format!("it brings the last part of what {} began", numbers(others)),
                others.clone(),
            );
        }
        _ => (String::new(), None),
    };
    (text, of.into_iter().collect())
}

fn reopens(words: Words, closed: Option<u64>, after: Duration) -> String {
    let since = closed.map_or_else(String::new, |closed| format!(" since #{closed},"));
    format!("its sender has room again: its window was closed{since} for {}", words.duration(after))
}

fn acknowledges(
    words: Words,
    segments: &[Mark],
    (count, has_fin): (u32, bool),
    own: Mark,
) -> (String, Vec<u64>) {
    let proof: Vec<u64> = segments.iter().map(|mark| mark.packet).collect();
    let what = match (count, has_fin) {
        (0, true) => "the FIN".to_owned(),
        (_, true) => format!("{} and the FIN", octets(count.into())),
        (_, false) => octets(count.into()),
    };
    let after = segments.last().map_or_else(String::new, |last| words.after(*last, own));
    let whom = if proof.len() == 1 { "it" } else { "the last of them" };
    (format!("it acknowledges {what} of {}, {after} after {whom}", numbers(&proof)), proof)
}

/// What was sent again, and why.
struct Again {
    text: String,
    proof: Vec<u64>,
}

impl Again {
    fn first(&mut self, words: Words, first: Option<Mark>, own: Mark) {
        self.text = match first {
            Some(first) => {
                self.proof.push(first.packet);
                format!("it sends #{} again, {} later", first.packet, words.after(first, own))
            }
            None => "it sends octets again".to_owned(),
        };
    }

    /// `waited` is what its sender had sent last, and how long before.
    fn trigger(&mut self, trigger: Trigger, asked_by: &[Mark], waited: Option<(u64, String)>) {
        let asked: Vec<u64> = asked_by.iter().map(|mark| mark.packet).collect();
        let why = match (trigger, waited) {
            (Trigger::Fast, _) if !asked.is_empty() => {
                format!(", because {} asked for it (fast retransmission)", numbers(&asked))
            }
            (Trigger::Fast, _) => {
                ", because the other side asked for it (fast retransmission)".into()
            }
            (Trigger::Timeout, Some((packet, waited))) => {
                self.proof.push(packet);
                format!(
                    ", because its timer went off: #{packet}, {waited} before, is the last that it had sent"
                )
            }
            (Trigger::Timeout, None) => ", because its timer went off".into(),
            (Trigger::Recovery, _) => ", going on after its timer had gone off".into(),
            (Trigger::TailProbe, _) => {
                ", to find out whether the last octets arrived (tail loss probe)".into()
            }
            (Trigger::TailProbeOrTimeout, _) => {
                ", because no ACK came in time: a tail loss probe or a timeout, which look the same"
                    .into()
            }
            (Trigger::Unknown, _) => "; what made it do so does not show".into(),
        };
        self.text.push_str(&why);
        if trigger == Trigger::Fast {
            self.proof.extend(asked);
        }
    }
}
