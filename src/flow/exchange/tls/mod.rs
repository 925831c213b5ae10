//! How long did the TLS handshake take, and what was agreed on?
//!
//! From the `ClientHello` to the packet that ends the last message of the handshake: the later Finished
//! up to TLS 1.2, the client's in TLS 1.3, where it is known as its first encrypted record after the
//! server's. Nothing is decrypted.

mod hello;
mod records;

use super::talk::Parties;
use super::{Exchange, Outcome, Told, Topic, of};
use crate::flow::stream::{Part, Run};
use crate::flow::{Mark, Side};
use crate::wire::tls;
use hello::Hello;
use records::{Event, Records};

/// A number and its name, where it has one.
pub type Named = (u16, Option<&'static str>);

/// A handshake. What is not known is `None`.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// Agreed on; as long as the server did not answer, offered.
    pub version: Option<Named>,
    pub server_name: Option<Box<[u8]>>,
    /// Chosen; in TLS 1.3 that is encrypted.
    pub alpn: Option<Box<[u8]>>,
    pub alpn_offered: Vec<Box<[u8]>>,
    pub suite: Option<Named>,
    pub group: Option<Named>,
    pub is_resumed: Option<bool>,
    pub hello_retry: bool,
    /// Octets of the first `ClientHello`.
    pub client_hello: Option<u64>,
    /// Octets of the server's Certificate; in TLS 1.3 that is encrypted.
    pub certificate: Option<u64>,
    /// The last alert in clear text, and who sent it.
    pub alert: Option<(Side, u8, Option<&'static str>)>,
}

/// A handshake that goes on.
#[derive(Debug)]
pub(super) struct Handshake {
    parties: Parties,
    sides: [Records; 2],
    progress: Progress,
}

#[derive(Debug, Default)]
struct Progress {
    exchange: Option<Exchange>,
    tls: Box<Tls>,
    /// Who sent the `ClientHello`.
    asker: Option<Side>,
    server_spoke: bool,
    finished: [bool; 2],
    is_over: bool,
}

const TLS_1_3: u16 = 0x0304;

impl Handshake {
    pub(super) fn new(parties: Parties) -> Self {
        let (sides, progress) = <_>::default();
        Self { parties, sides, progress }
    }

    /// Whether a hello begins here.
    pub(super) fn may_begin(octets: &[u8]) -> bool {
        matches!(octets, [22, 3, 0..=4, _, _, 1 | 2, ..])
    }

    /// Takes what one side said; says whether to go on.
    pub(super) fn hear(&mut self, run: Run<'_>, side: Side, told: &mut Told) -> bool {
        let parties = self.parties;
        let progress = &mut self.progress;
        let hear = |records: &mut Records, event: Event<'_>| {
            progress.hear(records, event, side, [run.mark, run.ready], parties, told);
        };
        let records = of(side, &mut self.sides);
        match run.part {
            Part::Octets(octets) => records.read(octets, hear),
            Part::Gap(gap) => records.skip(gap.len, hear),
            Part::End => {}
        }
        !self.progress.is_over
    }

    /// About how many octets it keeps.
    pub(super) fn weight(&self) -> usize {
        self.sides.iter().map(Records::held).sum()
    }

    pub(super) fn end(self, told: &mut Told) {
        let progress = self.progress;
        let outcome = if progress.server_spoke { Outcome::Begun } else { Outcome::Unanswered };
        if let Some(mut exchange) = progress.exchange {
            exchange.topic = Topic::Tls(progress.tls);
            told.unanswered(exchange, outcome);
        }
    }
}

impl Progress {
    fn hear(
        &mut self,
        records: &mut Records,
        event: Event<'_>,
        side: Side,
        [brought, now]: [Mark; 2],
        parties: Parties,
        told: &mut Told,
    ) {
        match event {
            Event::Message(1, len, body) => {
                if self.exchange.is_none() {
                    let [asker, asked] = match side {
                        Side::Client => [parties.client, parties.server],
                        Side::Server => [parties.server, parties.client],
                    };
                    let topic = Topic::Tls(Box::default());
                    let exchange = told.ask(brought, asker, asked, topic);
                    let connection = Some(parties.connection);
                    self.exchange = Some(Exchange { connection, ..exchange });
                    self.asker = Some(side);
                    self.tls.client_hello = Some(len as u64 + 4);
                }
                self.offered(Hello::read(1, body));
            }
            Event::Message(2, _, body) => {
                self.server_spoke = true;
                self.chosen(Hello::read(2, body));
            }
            Event::Message(11, len, _) if Some(side) != self.asker => {
                self.tls.certificate = Some(len as u64 + 4);
            }
            Event::Message(12, _, body) => {
                // RFC 8422 §5.4: a named curve, and which one.
                if let [3, high, low, ..] = *body.kept() {
                    let group = u16::from_be_bytes([high, low]);
                    self.tls.group = Some((group, tls::group_name(group)));
                }
            }
            Event::Record(20, ..) => records.is_encrypted = !self.is_1_3(),
            Event::Record(21, 2, body) => self.alert(side, body),
            // Up to TLS 1.2 what is encrypted of a handshake is the Finished.
            Event::Record(22, ..) => self.finished[side.index()] = true,
            Event::Record(23, ..) if self.is_1_3() && self.server_spoke => {
                self.finished[side.index()] = true;
            }
            // Application data end every handshake, even one of which the capture lacks something.
            Event::Record(23, ..) => self.is_over |= self.server_spoke,
            Event::Message(..) | Event::Record(..) => {}
        }
        self.is_over |= self.finished == [true; 2];
        if self.is_over {
            self.finish(now, told);
        }
    }

    fn is_1_3(&self) -> bool {
        self.server_spoke && self.tls.version.is_some_and(|(version, _)| version == TLS_1_3)
    }

    fn offered(&mut self, hello: Hello) {
        let tls = &mut self.tls;
        if tls.version.is_none() {
            tls.version = hello.version;
        }
        tls.server_name = hello.server_name.or(tls.server_name.take());
        tls.alpn_offered = hello.protocols;
    }

    fn chosen(&mut self, hello: Hello) {
        let tls = &mut self.tls;
        (tls.version, tls.suite) = (hello.version, hello.suite);
        tls.group = hello.group;
        tls.hello_retry |= hello.is_retry;
        tls.alpn = hello.protocols.into_iter().next();
        if self.is_1_3() {
            self.tls.is_resumed = Some(hello.is_resumed);
        }
    }

    fn alert(&mut self, side: Side, body: &[u8]) {
        let [level, description] = *body else { return };
        let name = tls::alert_name(description);
        self.tls.alert = Some((side, description, name));
        // RFC 5246 §7.2: after a fatal alert nothing follows.
        self.is_over |= level == 2;
    }

    fn finish(&mut self, now: Mark, told: &mut Told) {
        if let Some(mut exchange) = self.exchange.take() {
            if self.tls.is_resumed.is_none() && self.finished == [true; 2] {
                // RFC 5246 §7.3: who resumes needs no certificate.
                self.tls.is_resumed = Some(self.tls.certificate.is_none());
            }
            exchange.topic = Topic::Tls(std::mem::take(&mut self.tls));
            told.answered(exchange, now);
        }
    }
}
