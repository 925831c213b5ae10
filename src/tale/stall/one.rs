//! What troubles one connection, as its waits and its packets show?

use std::time::Duration;

use super::{Found, Name, Place, Stall};
use crate::flow::tcp::{Confidence, Connection, Facts, How, Reset, Rtt, State, Trigger, Windows};
use crate::flow::{Mark, Side};
use crate::tale::bucket::Bucket;
use crate::tale::budget::{Notes, Tiles};
use crate::tale::wait::{Proof, Wait};

/// A side that takes longer than this to speak is slow.
pub(in crate::tale) const SLOW: Duration = Duration::from_millis(200);
/// Windows that cost less than this are not worth a word.
const NOTICEABLE: Duration = Duration::from_millis(50);
/// No cable and no switch answers within so short a time, and no other host either.
const INSIDE: Duration = Duration::from_micros(50);
/// A round trip round half the globe takes longer.
pub(in crate::tale) const LONG: Duration = Duration::from_millis(150);

/// Names what is to be named.
pub(in crate::tale) fn find(
    connection: &Connection,
    tiles: &Tiles,
    notes: &Notes,
    found: &mut Found,
) {
    // What never arrives whole is not told once more as lost.
    let holes: Vec<_> =
        notes.stalls.iter().filter(|it| it.name == Name::BlackHole).map(|it| it.side).collect();
    for wait in tiles.waits() {
        let is_told = wait.bucket == Bucket::LossTimeout && holes.contains(&wait.side);
        if let Some(stall) = of_wait(wait, connection, notes).filter(|_| !is_told) {
            found.add(stall);
        }
    }
    windows(connection, tiles, found);
    opening(connection, tiles, found);
    ending(connection, notes, found);
    for stall in &notes.stalls {
        found.add(stall.clone());
    }
    if let Some(rtt) = connection.rtt().filter(|rtt| *rtt >= LONG) {
        let handshake = connection.handshake();
        let ends = handshake
            .last_syn
            .zip(handshake.ack)
            .unwrap_or((connection.opened(), connection.latest()));
        let cost = [Bucket::Connect, Bucket::Path, Bucket::TlsPath].map(|bucket| tiles.sum(bucket));
        if handshake.rtt().is_none_or(|opened| opened >= LONG) {
            found.add(
                Stall::once(Name::LongWay, None, ends.0, ends.1)
                    .taking(cost.iter().sum::<Duration>().max(rtt)),
            );
        }
    }
}

fn of_wait(wait: &Wait, connection: &Connection, notes: &Notes) -> Option<Stall> {
    let stall =
        |name, side: Option<Side>| Stall::once(name, side, wait.from, wait.to).taking(wait.time());
    Some(match (wait.bucket, wait.proof) {
        (Bucket::Stall, Proof::Delayed(ack)) => {
            let likely = if wait.time() < Duration::from_millis(35) {
                Confidence::Likely
            } else {
                Confidence::Certain
            };
            stall(Name::NagleDelayedAck, wait.side).shown_by([ack]).believed(likely)
        }
        (Bucket::LossTimeout | Bucket::LossRecovery, proof) => {
            let name = match (wait.bucket, proof) {
                (Bucket::LossRecovery, _) => Name::Loss,
                (
                    _,
                    Proof::ResentLast(_)
                    | Proof::Resent(Trigger::TailProbe | Trigger::TailProbeOrTimeout),
                ) => Name::TailLoss,
                _ => Name::Timeout,
            };
            stall(name, wait.side).at(wait.side.and_then(|sender| place(connection, sender)))
        }
        (Bucket::WindowClosed, Proof::Window(by)) => {
            stall(Name::ZeroWindow, wait.side).shown_by([by])
        }
        (Bucket::ServerThink, proof) if wait.time() >= SLOW => {
            let told =
                if proof == Proof::RoundTrip { Confidence::Likely } else { Confidence::Certain };
            let acked = match proof {
                Proof::Acknowledged(packet) => packet,
                _ => 0,
            };
            stall(Name::SlowAnswer, Some(Side::Server)).shown_by([acked]).believed(told)
        }
        (Bucket::ClientThink, _) if wait.time() >= SLOW && notes.asks_first(wait.to.packet) => {
            stall(Name::SlowToAsk, Some(Side::Client))
        }
        (Bucket::ConnectRetry, _) if connection.handshake().syn_ack.is_some() => match wait.side {
            Some(Side::Server) => stall(Name::LostSynAck, None),
            _ if notes.syn_acks_before(wait.to) => stall(Name::LostSynAck, None),
            _ => stall(Name::LostSyn, None),
        },
        _ => return None,
    })
}

/// On which side of the capture the segments of this side were lost, where all were lost on one.
pub(in crate::tale) fn place(connection: &Connection, sender: Side) -> Option<Place> {
    let sent = connection.half(sender).sent();
    let towards = match (sent.lost_before, sent.lost_after) {
        (0, 1..) => sender.peer(),
        (1.., 0) => sender,
        _ => return None,
    };
    // What one side sends is answered by the other.
    let away = connection.half(towards.peer()).rtt().and_then(Rtt::shortest);
    Some(Place { towards, is_inside: away.is_some_and(|away| away < INSIDE) })
}

/// Windows that were used up.
fn windows(connection: &Connection, tiles: &Tiles, found: &mut Found) {
    for side in [Side::Client, Side::Server] {
        let time = tiles.sum_of(side, Bucket::WindowSmall);
        let is_it = |wait: &&Wait| (wait.bucket, wait.side) == (Bucket::WindowSmall, Some(side));
        let Some(longest) = tiles.waits().iter().filter(is_it).max_by_key(|wait| wait.time())
        else {
            continue;
        };
        if time < NOTICEABLE {
            continue;
        }
        let count = tiles.waits().iter().filter(is_it).count() as u64;
        let most = connection.half(side).windows().and_then(Windows::range);
        let is_unscaled = connection.agreed(Facts::SCALE) == Some(false)
            && most.is_some_and(|(_, most)| most > 32_767);
        let name = if is_unscaled { Name::NoWindowScaling } else { Name::SmallWindow };
        let by = longest.proof.packet().unwrap_or(0);
        let stall = Stall::once(name, side, longest.from, longest.to).shown_by([by]);
        found.add(Stall { count, ..stall }.taking(time));
    }
}

/// Connections that nobody opened.
fn opening(connection: &Connection, tiles: &Tiles, found: &mut Found) {
    let (opened, latest) = (connection.opened(), connection.latest());
    match connection.state() {
        State::Refused => {
            let from = connection.handshake().last_syn.unwrap_or(opened);
            let at = connection.close().map_or(latest, |close| close.at);
            let sent_back = connection.close().is_some_and(|it| it.how == How::Unreachable);
            found.add(if sent_back {
                let first = connection.handshake().syn.unwrap_or(from);
                Stall::once(Name::Unreachable, None, first, at)
            } else {
                Stall::once(Name::Refused, Side::Server, from, at)
            });
        }
        State::Asked if connection.handshake().syn_ack.is_none() => {
            let from = connection.handshake().syn.unwrap_or(opened);
            let retries = connection.handshake().syn_retries;
            if retries > 0 {
                let told = if retries > 1 { Confidence::Certain } else { Confidence::Likely };
                let stall = Stall::once(Name::Unanswered, None, from, latest).believed(told);
                found.add(stall.taking(tiles.wall()));
            }
        }
        _ => {}
    }
}

/// Connections that were broken off.
fn ending(connection: &Connection, notes: &Notes, found: &mut Found) {
    let Some(close) = connection.close() else { return };
    let (How::Reset(kind), Some(by)) = (close.how, close.by) else { return };
    if let Some((marks, confidence)) = notes.injected {
        let stall = Stall::once(Name::InjectedReset, by, marks.0, marks.1).taking(Duration::ZERO);
        found.add(stall.believed(confidence));
        return;
    }
    let is_loss = match kind {
        Reset::AfterUnread | Reset::HalfOpen => true,
        Reset::Abort => notes.was_owed,
        _ => false,
    };
    if is_loss {
        let before = notes.before_reset.unwrap_or(Mark { packet: 0, ..close.at });
        found.add(Stall::once(Name::Reset, by, before, close.at).taking(Duration::ZERO));
    }
}
