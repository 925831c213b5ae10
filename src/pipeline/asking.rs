//! Whose are the ends of this conversation, and is it time to ask?
//!
//! Each end is asked about once: a server's when the handshake is over, all others with the first packet.
//! Where that came to nothing it is asked about again while the conversation goes on, a few times. What
//! is too much for whoever answers stays unknown, and is counted.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::capture::owners::{Answer, Asked, Owners, Protocol, Question};
use crate::flow::tcp::State;
use crate::flow::{End, Seen, Side};
use crate::render::Report;
use crate::timeline::Timestamp;

/// Asks about conversations, and hands on the answers.
pub(super) struct Asking {
    owners: Owners,
    conversations: HashMap<u32, Conversation, RandomState>,
    /// Their numbers, the oldest first, and those of some that were forgotten.
    order: VecDeque<u32>,
    /// Ends that were never asked about because there were too many.
    unasked: u64,
}

#[derive(Debug)]
struct Conversation {
    protocol: Protocol,
    /// The client's and the server's, as they were thought to be at first.
    ends: [End; 2],
    turns: [Turn; 2],
}

/// How far asking about one end has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Turn {
    /// Is to be asked about, from this time on, after so many times.
    Due {
        from: Timestamp,
        times: u8,
    },
    /// Could not be asked about; the same.
    Refused {
        from: Timestamp,
        times: u8,
    },
    Asked {
        times: u8,
    },
    Over,
}

/// Conversations that are known at once.
const MOST: usize = 1 << 18;
/// How long after an answer that was none the same is asked again.
const AGAIN: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(30)];
/// And how long after it could not be asked.
const REFUSED: Duration = Duration::from_secs(1);

impl Asking {
    pub(super) fn new(owners: Owners) -> Self {
        let (conversations, order) = (HashMap::default(), VecDeque::new());
        Self { owners, conversations, order, unasked: 0 }
    }

    /// Asks about the conversation of a packet of this time, if it is time to.
    pub(super) fn see(
        &mut self,
        seen: &Seen<'_>,
        now: Timestamp,
        report: &mut dyn Report,
    ) -> io::Result<()> {
        let Some(id) = seen.id() else { return Ok(()) };
        if !self.conversations.contains_key(&id) {
            let Some((protocol, ends)) = begun(seen) else { return Ok(()) };
            self.make_room(report)?;
            let turns = [Turn::Due { from: now, times: 0 }; 2];
            self.conversations.insert(id, Conversation { protocol, ends, turns });
            self.order.push_back(id);
        }
        let Some(one) = self.conversations.get_mut(&id) else { return Ok(()) };
        for at in 0..2 {
            let (Turn::Due { from, times } | Turn::Refused { from, times }) = one.turns[at] else {
                continue;
            };
            if now < from || !may_have_owner(seen, one.ends[at]) {
                continue;
            }
            let [local, remote] = [one.ends[at], one.ends[1 - at]].map(address);
            let number = u64::from(id) << 1 | at as u64;
            let mut question = Question::new(number, one.protocol, local, remote);
            question.begins = at == 0;
            one.turns[at] = match self.owners.ask(question, now) {
                Asked::Yes => {
                    report.asking(id, one.ends[at]);
                    Turn::Asked { times: times + 1 }
                }
                Asked::NotHere => Turn::Over,
                Asked::Busy => Turn::Refused { from: now.after(REFUSED), times },
            };
        }
        Ok(())
    }

    /// Where there are too many conversations, the oldest is forgotten. Should it go on, it is asked about
    /// again.
    fn make_room(&mut self, report: &mut dyn Report) -> io::Result<()> {
        while self.conversations.len() >= MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.forget(oldest, report)?;
        }
        if self.order.len() > 2 * MOST {
            self.order.retain(|id| self.conversations.contains_key(id));
        }
        Ok(())
    }

    /// Hands on what came out. `now` is the time of the latest packet.
    #[inline]
    pub(super) fn hear(&mut self, now: Timestamp, report: &mut dyn Report) -> io::Result<()> {
        while let Some(answer) = self.owners.heard() {
            self.tell(&answer, now, report)?;
        }
        Ok(())
    }

    fn tell(&mut self, answer: &Answer, now: Timestamp, report: &mut dyn Report) -> io::Result<()> {
        let (id, at) = ((answer.id >> 1) as u32, (answer.id & 1) as usize);
        let Some(one) = self.conversations.get_mut(&id) else { return Ok(()) };
        if let (true, Turn::Asked { times }) = (answer.is_last, one.turns[at]) {
            let again = AGAIN.get(usize::from(times) - 1).filter(|_| answer.owner.is_none());
            one.turns[at] =
                again.map_or(Turn::Over, |delay| Turn::Due { from: now.after(*delay), times });
        }
        let end = one.ends[at];
        if let Some(owner) = &answer.owner {
            report.owned(id, end, owner);
        }
        if answer.is_last { report.asked(id, end) } else { Ok(()) }
    }

    /// Nothing more will come of a conversation.
    pub(super) fn forget(&mut self, id: u32, report: &mut dyn Report) -> io::Result<()> {
        let Some(one) = self.conversations.remove(&id) else { return Ok(()) };
        self.unasked += one.unasked();
        for (end, turn) in one.ends.into_iter().zip(one.turns) {
            if matches!(turn, Turn::Asked { .. }) {
                report.asked(id, end)?;
            }
        }
        Ok(())
    }

    /// Waits a little for what was asked last, and hands it on. Says how many ends were never asked about
    /// because there were too many.
    pub(super) fn end(mut self, report: &mut dyn Report) -> io::Result<u64> {
        for answer in self.owners.end() {
            self.tell(&answer, Timestamp::default(), report)?;
        }
        Ok(self.unasked + self.conversations.values().map(Conversation::unasked).sum::<u64>())
    }
}

impl Conversation {
    fn unasked(&self) -> u64 {
        let refused = |turn: &&Turn| matches!(turn, Turn::Refused { times: 0, .. });
        self.turns.iter().filter(refused).count() as u64
    }
}

/// The protocol of a conversation that has sockets, and its ends.
fn begun(seen: &Seen<'_>) -> Option<(Protocol, [End; 2])> {
    let sides = [Side::Client, Side::Server];
    if let Some((connection, _)) = seen.connection {
        return Some((Protocol::Tcp, sides.map(|side| connection.end(side))));
    }
    let (datagrams, _) = seen.datagrams.filter(|(datagrams, _)| datagrams.protocol() == UDP)?;
    Some((Protocol::Udp, sides.map(|side| datagrams.end(side))))
}

const UDP: u8 = 17;

/// Whether a process may have this end: of a connection that is not open yet it is only the client's, of
/// one that is over nobody's.
fn may_have_owner(seen: &Seen<'_>, end: End) -> bool {
    let Some((connection, _)) = seen.connection else { return true };
    match connection.state() {
        State::Asked | State::Answered => end == connection.end(Side::Client),
        state => !state.is_over(),
    }
}

fn address(end: End) -> SocketAddr {
    SocketAddr::new(end.address(), end.port)
}
