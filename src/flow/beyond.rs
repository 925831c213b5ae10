//! What does a packet hold that its own frame does not show?
//!
//! The datagram that it completes, what was compressed, the head behind a body, the message that it
//! ends, and what TLS kept secret: each is read on in the packet itself.

use super::bodies::Bodies;
use super::fragments::Fragments;
use super::inflated::Inflated;
use super::key::{Key, Which};
use super::streams::{self, Streams};
use super::tls::Keyring;
use crate::wire::tcp::Flags;
use crate::wire::{Layer, Packet};

/// What earlier packets left to be gone on with.
#[derive(Default)]
pub struct Beyond {
    fragments: Fragments,
    inflated: Inflated,
    bodies: Bodies,
    streams: Streams,
    /// Keys may be learned at any time; they open what comes after.
    pub keyring: Keyring,
}

impl Beyond {
    pub fn with(keyring: Keyring) -> Self {
        Self { keyring, ..Self::default() }
    }

    /// Reads on in what the packet makes known. To be asked of every packet, in order.
    #[inline]
    pub fn open<'a>(&'a mut self, packet: &mut Packet<'a>) {
        if !self.has_nothing_for(packet) {
            self.read_on(packet);
        }
    }

    /// True of most packets: a segment that says nothing by itself, and goes on with nothing.
    fn has_nothing_for(&self, packet: &Packet<'_>) -> bool {
        let Some(Layer::Tcp(tcp)) = packet.layers().last() else { return false };
        let says_nothing = if tcp.payload().is_empty() {
            self.bodies.is_empty() || !tcp.flags().has(Flags::SYN)
        } else {
            let ports = (tcp.source_port(), tcp.destination_port());
            self.bodies.is_empty() && self.streams.is_empty() && !streams::begins_small(ports)
        };
        says_nothing && self.keyring.is_empty()
    }

    /// The protocol that a segment of this direction may go on with, though its payload says nothing by
    /// itself: with a message, or behind a body.
    pub(super) fn awaits(
        &self,
        direction: &(Key, Which),
        ports: (u16, u16),
    ) -> Option<&'static str> {
        if streams::begins_small(ports) {
            Some("dns")
        } else if self.streams.awaits(direction) {
            Some("tls")
        } else {
            self.bodies.awaits(direction).then_some("http")
        }
    }

    /// Whether keys are known: then every packet may make octets known.
    pub(crate) fn has_keys(&self) -> bool {
        !self.keyring.is_empty()
    }

    fn read_on<'a>(&'a mut self, packet: &mut Packet<'a>) {
        self.fragments.join(packet);
        self.inflated.open(packet);
        self.bodies.read_behind(packet);
        self.streams.join(packet);
        self.bodies.note(packet);
        self.keyring.open(packet);
    }
}
