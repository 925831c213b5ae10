//! What came of a fetch, in the forms that other tools have: an HTTP archive, curl's variables, percentiles?

mod har;
mod percentiles;
mod write_out;

use std::collections::BTreeMap;
use std::io;

use super::Report;
use super::fetch::Secrets;
use crate::flow::{Flows, Seen};
use crate::tale::fetch::{Account, Tale, Told};
use crate::timeline::fetch::{Event, Step, Url};
use crate::timeline::http::{Body, Field, Request, Response};
use crate::timeline::tls::{Fact, Handshake, Verdict};
use crate::timeline::{About, Call};
use crate::wire::Packet;

/// Hears what a report hears, and keeps what came of it.
pub struct Outcome {
    account: Account,
    legs: BTreeMap<u32, Leg>,
    secrets: Secrets,
}

/// What a transfer asked and was answered.
#[derive(Default)]
struct Leg {
    url: Option<Url>,
    request: Option<Request>,
    /// The last one; the interim ones before it only count.
    response: Option<Response>,
    body: Option<Body>,
    handshake: Option<Box<Handshake>>,
    /// Where it leads, if somebody follows.
    redirect: Option<String>,
}

/// Transfers whose messages are kept; of those beyond, the times still are.
const KEPT: usize = 1 << 14;

impl Outcome {
    pub fn new(secrets: Secrets) -> Self {
        Self { account: Account::default(), legs: BTreeMap::new(), secrets }
    }

    /// What there is to say by now.
    pub fn tale(&self) -> Tale {
        self.account.tale()
    }

    /// A field's value, masked if it is a secret and not to be shown.
    fn shown<'f>(&self, field: &'f Field) -> &'f [u8] {
        self.secrets.of(field)
    }
}

/// What the server's certificate is worth, as OpenSSL numbers it; 0 is good, and what is not looked at, too.
fn verified(leg: &Leg) -> u8 {
    use crate::timeline::tls::Why;
    let verdict = leg.handshake.as_ref().and_then(|handshake| handshake.verdict.as_ref());
    let Some(Verdict::Accepted(why) | Verdict::Refused(why)) = verdict else { return 0 };
    match why.first() {
        Some(Why::Expired { .. }) => 10,
        Some(Why::NotYetValid { .. }) => 9,
        Some(Why::WrongName { .. }) => 62,
        Some(Why::UnknownIssuer { .. }) => 20,
        Some(Why::SelfSigned) => 18,
        Some(Why::Revoked) => 23,
        Some(Why::Other(_)) => 1,
        None => 0,
    }
}

/// The transfers that a URL led to by redirects, the last of them last, without what a page embeds.
fn chain(told: &[Told]) -> Vec<&Told> {
    told.iter().filter(|told| !told.transfer.is_embedded).collect()
}

impl Report for Outcome {
    fn call(&mut self, call: &Call) -> io::Result<()> {
        self.account.call(call);
        Ok(())
    }

    fn step(&mut self, step: &Step) -> io::Result<()> {
        self.account.step(step);
        if step.transfer == 0 || self.legs.len() >= KEPT && !self.legs.contains_key(&step.transfer)
        {
            return Ok(());
        }
        let leg = self.legs.entry(step.transfer).or_default();
        match &step.event {
            Event::Url(url) => leg.url = Some((**url).clone()),
            Event::Request { request, .. } => leg.request = Some(request.clone()),
            Event::Response { response, .. } => leg.response = Some(response.clone()),
            Event::Body { body, .. } => leg.body = Some((**body).clone()),
            Event::Tls(Fact::Handshake(handshake)) => leg.handshake = Some(handshake.clone()),
            Event::Redirected(redirect) => leg.redirect = Some(redirect.to.clone()),
            _ => {}
        }
        Ok(())
    }

    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        self.account.packet(packet, seen);
        Ok(())
    }

    fn end(&mut self, _: &About, _: &Flows) -> io::Result<()> {
        Ok(())
    }
}
