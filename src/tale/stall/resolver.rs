//! Was the resolver slow, did it fail, or was it asked for names that nobody has?

use std::net::IpAddr;
use std::time::Duration;

use super::{Found, Name, Stall};
use crate::flow::Mark;
use crate::flow::exchange::{Dns, Exchange, Outcome, Transport, Who};
use crate::flow::tcp::Confidence;
use crate::timeline::Timestamp;

/// A resolver that needs longer is slow.
const SLOW: Duration = Duration::from_millis(200);
/// Names that were not found, as long as they may have been tried for the sake of another.
const MOST: usize = 64;
/// RFC 1035 §4.1.1, RFC 2308.
const SERVFAIL: u16 = 2;
const NXDOMAIN: u16 = 3;
const REFUSED: u16 = 5;

/// What was asked of resolvers.
#[derive(Debug, Default)]
pub(in crate::tale) struct Resolver {
    pub(in crate::tale) found: Found,
    /// Names that do not exist: who asked, the name, and from when to when.
    missed: Vec<(Option<IpAddr>, Box<str>, Mark, Mark)>,
    /// Up to when resolvers were waited for: who asks two at once waits but once.
    covered: Timestamp,
    asked: u64,
    failed: u64,
}

impl Resolver {
    /// Hears of an exchange that is final.
    pub(in crate::tale) fn hear(&mut self, exchange: &Exchange, dns: &Dns, last: Mark) {
        let Some(question) = exchange.question else { return };
        // Who asks everybody at once (RFC 6762, RFC 4795) need not be answered.
        if !matches!(dns.transport, Transport::Udp | Transport::Tcp) {
            return;
        }
        self.asked += 1;
        let answer = exchange.answer;
        let since = self.covered.max(question.time);
        match (exchange.outcome, &dns.reply, answer) {
            (Outcome::Answered, Some(reply), Some(answer)) => {
                self.covered = self.covered.max(answer.time);
                let time = answer.time.since(since);
                let stall =
                    |name| Stall::once(name, None, question, answer).taking(time).about(&dns.name);
                if exchange.retries > 0 {
                    self.found.add(stall(Name::DnsRetry));
                } else if matches!(reply.rcode, SERVFAIL | REFUSED) {
                    self.failed += 1;
                    let what = if reply.rcode == SERVFAIL { "SERVFAIL" } else { "REFUSED" };
                    let about = format!("{} ({what})", dns.name);
                    self.found.add(stall(Name::FailingResolver).about(&about));
                } else if answer.time.since(question.time) >= SLOW {
                    self.found.add(stall(Name::SlowResolver));
                }
                if reply.rcode == NXDOMAIN {
                    if self.missed.len() == MOST {
                        self.missed.remove(0);
                    }
                    self.missed.push((address(exchange.asker), dns.name.clone(), question, answer));
                } else if reply.rcode == 0 && !reply.answers.is_empty() {
                    self.settle(address(exchange.asker), &dns.name);
                }
            }
            (Outcome::Unanswered, ..) => {
                self.failed += 1;
                self.covered = self.covered.max(last.time);
                let stall = Stall::once(Name::FailingResolver, None, question, last);
                let stall = stall.taking(last.time.since(since)).about(&dns.name);
                let told =
                    if exchange.retries > 0 { Confidence::Certain } else { Confidence::Likely };
                self.found.add(stall.believed(told));
            }
            _ => {}
        }
    }

    /// Whether it was of no use: most questions had no answer, or none that helps.
    pub(in crate::tale) fn is_of_no_use(&self) -> bool {
        self.failed * 2 > self.asked
    }

    /// A name was found: those that are longer by a domain were tried for it.
    fn settle(&mut self, asker: Option<IpAddr>, name: &str) {
        let name = name.trim_end_matches('.');
        let found = &mut self.found;
        self.missed.retain(|(by, missed, question, answer)| {
            let is_it = *by == asker
                && missed
                    .trim_end_matches('.')
                    .strip_prefix(name)
                    .is_some_and(|it| it.starts_with('.'));
            if is_it {
                found.add(Stall::once(Name::SearchList, None, *question, *answer).about(missed));
            }
            !is_it
        });
    }
}

fn address(who: Who) -> Option<IpAddr> {
    match who {
        Who::At(address, _) => Some(address),
        _ => None,
    }
}
