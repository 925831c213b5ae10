//! How is it told?

use std::io;
use std::sync::Arc;

use crate::flow::tcp::Connection;
use crate::flow::{Datagrams, End, Flows, Seen};
use crate::timeline::fetch::Step;
use crate::timeline::{About, Call, Frame, Owner, Timestamp};
use crate::wire::Packet;

pub mod annotations;
pub mod check;
pub mod choice;
pub mod clock;
pub mod columns;
pub mod events;
pub mod exchanges;
pub mod explain;
pub mod fetch;
pub mod flows;
pub mod follow;
pub mod hex;
pub mod html;
pub mod interfaces;
pub mod json;
pub mod ladder;
pub mod line;
pub mod out;
pub mod outcome;
pub mod overview;
pub mod owners;
pub mod remarks;
pub mod tree;
pub mod verdict;
pub mod why;
pub mod zeek;

mod conversations;
mod fit;
mod kept;
mod page;
pub(crate) mod quantity;
mod sheet;
mod since;
mod tally;
mod value;

use owners::Owned;

/// One way of telling. Each method does nothing unless a report cares.
pub trait Report {
    /// Nothing was read yet but the beginning of the capture.
    fn begin(&mut self, about: &About) -> io::Result<()> {
        let _ = about;
        Ok(())
    }

    /// When the first packet was captured, told or not.
    fn first(&mut self, time: Timestamp) {
        let _ = time;
    }

    fn call(&mut self, call: &Call) -> io::Result<()> {
        let _ = call;
        Ok(())
    }

    fn step(&mut self, step: &Step) -> io::Result<()> {
        let _ = step;
        Ok(())
    }

    /// `seen` is what the packet is to its conversation.
    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()>;

    /// What a savefile shall say of this packet, before it is told; nothing leaves what is said of it already.
    fn remark(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> Option<&[u8]> {
        let _ = (packet, seen);
        None
    }

    /// Whether packets are told at all: a report that does not hear is for packets that are only kept, and
    /// none is read for it.
    fn hears(&self) -> bool {
        true
    }

    /// Whether a packet that only goes on with its connection may be [`Report::passed`] instead of told,
    /// without having been read beyond TCP.
    fn skims(&self) -> bool {
        false
    }

    /// Whether something is wanted of what this protocol says on a connection; of those that skim.
    fn wants(&self, connection: &Connection, protocol: &str) -> bool {
        let _ = (connection, protocol);
        true
    }

    /// The frame of a packet that was not read beyond TCP.
    fn passed(&mut self, frame: &Frame<'_>, seen: &Seen<'_>) {
        let _ = (frame, seen);
    }

    /// A packet that does not pass the filter: what it tells of others that do may be told.
    fn left_out(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        let _ = (packet, seen);
        Ok(())
    }

    /// A connection is over, or no longer followed: nothing will be added to it.
    fn gone(&mut self, connection: &Connection) -> io::Result<()> {
        self.forget(connection.id());
        Ok(())
    }

    /// Two ends without a connection have not spoken for long: nothing will be added.
    fn silent(&mut self, datagrams: &Datagrams) -> io::Result<()> {
        self.forget(datagrams.id());
        Ok(())
    }

    /// Where it is kept whose the ends of conversations are, if that is to be told.
    fn owners(&mut self) -> Option<&mut Owned> {
        None
    }

    /// Nothing will be added to what is still followed, either: everything was read.
    fn all_gone(&mut self, flows: &Flows) -> io::Result<()> {
        for connection in flows.connections() {
            self.gone(connection)?;
        }
        for datagrams in flows.datagrams() {
            self.silent(datagrams)?;
        }
        Ok(())
    }

    /// Whose the ends of a conversation are will not be told any more.
    fn forget(&mut self, conversation: u32) {
        if let Some(owned) = self.owners() {
            owned.forget(conversation);
        }
    }

    /// It is being looked up whose this end of a conversation is, until [`Report::asked`].
    fn asking(&mut self, conversation: u32, end: End) {
        let _ = (conversation, end);
    }

    /// It came out whose this end of a conversation is; said again when more is known.
    fn owned(&mut self, conversation: u32, end: End, owner: &Arc<Owner>) {
        if let Some(owned) = self.owners() {
            owned.learn(conversation, end, owner);
        }
    }

    /// Nothing more will come out about this end for the time being.
    fn asked(&mut self, conversation: u32, end: End) -> io::Result<()> {
        let _ = (conversation, end);
        Ok(())
    }

    /// Nothing comes just now: show what was written.
    fn lull(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Whether the report may know enough before the source ends; then [`Report::has_enough`] is asked between
    /// packets.
    fn may_have_enough(&self) -> bool {
        false
    }

    /// Whether nothing that follows matters any more.
    fn has_enough(&self) -> bool {
        false
    }

    /// Whether it shows how things stand while they go on.
    fn shows(&self) -> bool {
        false
    }

    /// Whether it is time for [`Report::show`]; asked between packets, of reports that show.
    fn is_due(&self) -> bool {
        false
    }

    /// How things stand. `flows` are the conversations that are followed.
    fn show(&mut self, about: &About, flows: &Flows) -> io::Result<()> {
        let _ = (about, flows);
        Ok(())
    }

    /// Something happened to the source, and it goes on.
    fn note(&mut self, sentence: &str) -> io::Result<()> {
        say!("wiretale: {sentence}");
        Ok(())
    }

    /// Everything was read. `about` says what the source told of itself, damage included.
    /// `flows` are the conversations that are still followed.
    fn end(&mut self, about: &About, flows: &Flows) -> io::Result<()>;
}
