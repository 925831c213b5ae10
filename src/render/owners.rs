//! Whose are the ends of a conversation?
//!
//! What came out of looking them up is kept here until it is told. Where nobody asked, nothing is.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrayvec::ArrayVec;

use super::sheet::Sheet;
use crate::flow::{End, Seen, Side};
use crate::ink::Ink;
use crate::timeline::Owner;

/// The owners of the ends of conversations, by their numbers.
#[derive(Debug, Default)]
pub struct Owned {
    known: BTreeMap<u32, Pair>,
}

type Pair = ArrayVec<One, 2>;

#[derive(Debug)]
struct One {
    end: End,
    owner: Option<Arc<Owner>>,
    /// Whether it is still being looked up.
    is_open: bool,
    /// Whether [`Owned::news`] has it.
    is_new: bool,
}

/// The owners of one conversation's ends.
#[derive(Clone, Copy, Debug, Default)]
pub struct Owners<'o> {
    is_asked: bool,
    pair: &'o [One],
}

/// Conversations that are kept at most; then the oldest leaves.
const MOST: usize = 1 << 18;

impl Owned {
    /// It is being looked up whose this end is.
    pub(super) fn asking(&mut self, conversation: u32, end: End) {
        self.one(conversation, end).is_open = true;
    }

    /// Nothing more will come out about this end.
    pub(super) fn close(&mut self, conversation: u32, end: End) {
        let pair = self.known.get_mut(&conversation).into_iter().flatten();
        pair.filter(|one| one.end == end).for_each(|one| one.is_open = false);
    }

    /// It came out whose this end is.
    pub(super) fn learn(&mut self, conversation: u32, end: End, owner: &Arc<Owner>) {
        let one = self.one(conversation, end);
        let is_said = one.owner.as_ref().is_some_and(|before| said(before) == said(owner));
        one.is_new |= !is_said;
        one.owner = Some(Arc::clone(owner));
    }

    fn one(&mut self, conversation: u32, end: End) -> &mut One {
        if self.known.len() >= MOST && !self.known.contains_key(&conversation) {
            self.known.pop_first();
        }
        let pair = self.known.entry(conversation).or_default();
        let at = pair.iter().position(|one| one.end == end).unwrap_or_else(|| {
            // There is no third end.
            pair.truncate(1);
            pair.push(One { end, owner: None, is_open: false, is_new: false });
            pair.len() - 1
        });
        &mut pair[at]
    }

    /// Nothing more will be told of a conversation.
    pub(super) fn forget(&mut self, conversation: u32) {
        self.known.remove(&conversation);
    }

    /// Whether an end of a conversation is still being looked up.
    pub(super) fn is_open(&self, conversation: Option<u32>) -> bool {
        let pair = conversation.and_then(|number| self.known.get(&number));
        pair.is_some_and(|pair| pair.iter().any(|one| one.is_open))
    }

    pub(super) fn of(&self, conversation: Option<u32>) -> Owners<'_> {
        let pair = conversation.and_then(|number| self.known.get(&number));
        Owners { is_asked: true, pair: pair.map_or(&[], |pair| pair.as_slice()) }
    }

    /// Writes, behind a semicolon, whose the ends of a packet's conversation are, once for each.
    pub(super) fn news(&mut self, seen: &Seen<'_>, ink: &mut Ink) {
        let Some(pair) = seen.id().and_then(|number| self.known.get_mut(&number)) else { return };
        let mut comma = " ; ";
        for (name, end) in SIDES.into_iter().zip(ends(seen)) {
            let new = pair.iter_mut().find(|one| one.is_new && Some(one.end) == end);
            let Some(one) = new else { continue };
            one.is_new = false;
            if let Some(owner) = &one.owner {
                ink.text(comma).text(name).text(" ");
                words(owner, ink);
                comma = ", ";
            }
        }
    }
}

impl<'o> Owners<'o> {
    /// Whether anybody asked, so that there is a place for an answer.
    pub(super) fn is_asked(self) -> bool {
        self.is_asked
    }

    pub(super) fn at(self, end: Option<End>) -> Option<&'o Owner> {
        let end = end?;
        self.pair.iter().find(|one| one.end == end)?.owner.as_deref()
    }
}

const SIDES: [&str; 2] = ["client", "server"];

/// The client's and the server's end of a packet's conversation.
pub(super) fn ends(seen: &Seen<'_>) -> [Option<End>; 2] {
    [Side::Client, Side::Server].map(|side| {
        let connection = seen.connection.map(|(connection, _)| connection.end(side));
        connection.or_else(|| seen.datagrams.map(|(datagrams, _)| datagrams.end(side)))
    })
}

/// What words depend on.
fn said(owner: &Owner) -> (u32, Option<u32>, u32) {
    let process = owner.process.as_ref();
    let others = process.and_then(|process| process.others).unwrap_or(0);
    (owner.uid, process.map(|process| process.pid), others)
}

/// Writes the name and the number of the process, or whose it is where it cannot be seen.
pub(super) fn words(owner: &Owner, ink: &mut Ink) {
    let Some(process) = &owner.process else {
        ink.text("process of user ").number(owner.uid);
        return;
    };
    ink.wire(&process.name).text("[").number(process.pid).text("]");
    if let Some(others @ 1..) = process.others {
        ink.text(" and ").number(others).text(" more");
    }
}

/// Writes the members of an end that are its process's, if anybody asked.
pub(super) fn record(owners: Owners<'_>, end: Option<End>, sheet: &mut Sheet<'_>) {
    if !owners.is_asked() {
        return;
    }
    let owner = owners.at(end);
    let process = owner.and_then(|owner| owner.process.as_ref());
    sheet.nest("process", |sheet| {
        sheet.number("pid", process.map(|process| process.pid));
        sheet.text("name", process.map(|process| &*process.name));
        let executable = process.and_then(|process| process.executable.as_deref());
        sheet.text("executable", executable);
        sheet.number("others", process.and_then(|process| process.others));
        sheet.number("uid", owner.map(|owner| owner.uid));
    });
}

/// Writes the members of both sides of a packet's conversation that are their processes'.
pub(super) fn sides(owners: Owners<'_>, seen: &Seen<'_>, sheet: &mut Sheet<'_>) {
    for (name, end) in SIDES.into_iter().zip(ends(seen)) {
        sheet.nest(name, |sheet| record(owners, end, sheet));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ink::written;
    use crate::timeline::Process;

    fn end(port: u16) -> End {
        End::new([10, 0, 0, 1].into(), port)
    }

    fn curl(others: Option<u32>) -> Arc<Owner> {
        let name = b"cu\x1b[31mrl"[..].into();
        let process = Process { pid: 7, name, executable: None, others };
        Arc::new(Owner { uid: 1000, process: Some(process) })
    }

    #[test]
    fn what_a_process_calls_itself_reaches_no_terminal_as_it_is() {
        let said = |owner: &Owner| written(|ink| words(owner, ink));
        assert_eq!(said(&curl(None)), r"cu\x1b[31mrl[7]");
        assert_eq!(said(&curl(Some(0))), r"cu\x1b[31mrl[7]");
        assert_eq!(said(&curl(Some(2))), r"cu\x1b[31mrl[7] and 2 more");
        assert_eq!(said(&Owner { uid: 33, process: None }), "process of user 33");
    }

    #[test]
    fn an_end_is_open_until_it_is_answered_whatever_the_answer() {
        let mut owned = Owned::default();
        owned.asking(1, end(1));
        owned.asking(1, end(2));
        owned.learn(1, end(1), &curl(None));
        owned.close(1, end(1));
        assert!(owned.is_open(Some(1)) && !owned.is_open(Some(2)) && !owned.is_open(None));
        owned.close(1, end(2));
        assert!(!owned.is_open(Some(1)));
        assert_eq!(owned.of(Some(1)).at(Some(end(1))), Some(&*curl(None)));
        assert_eq!(owned.of(Some(1)).at(Some(end(2))), None);
        owned.forget(1);
        assert_eq!(owned.of(Some(1)).at(Some(end(1))), None);
    }

    #[test]
    fn the_oldest_conversations_leave_when_there_are_too_many() {
        let mut owned = Owned::default();
        for number in 0..=MOST as u32 {
            owned.learn(number, end(1), &curl(None));
        }
        assert!(owned.of(Some(0)).at(Some(end(1))).is_none());
        assert!(owned.of(Some(1)).at(Some(end(1))).is_some());
    }
}
