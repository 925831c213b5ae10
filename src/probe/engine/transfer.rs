//! How is one URL fetched over a connection?

use std::io::{self, Read, Write};
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::answer::{Answer, Heads, Sink, unsaved};
use super::connection::{Open, Origin};
use super::{Fetcher, Teller, locked, told};
use crate::ink::safe;
use crate::probe::http::{Codings, Exchange, Fact, Leg, Limits, Redirects, State};
use crate::probe::netlink;
use crate::probe::now;
use crate::probe::objects::is_page;
use crate::probe::url::{Host, Url};
use crate::timeline::Timestamp;
use crate::timeline::fetch::{Doing, Event, Failure, Transfer};
use crate::timeline::http::{Framing, Request, Response, is_followed};
use crate::timeline::tls::{Cause, Problem, Stage};

/// A URL whose turn it is.
pub(super) struct Job {
    pub(super) leg: Leg,
    pub(super) number: u32,
    /// The transfer that led to it.
    pub(super) parent: Option<u32>,
    /// How many redirects did.
    pub(super) redirects: u32,
    /// How long it waited until a connection was free.
    pub(super) queued: Duration,
    pub(super) is_embedded: bool,
}

impl Job {
    pub(super) fn first(url: Url, number: u32) -> Self {
        Self {
            leg: Leg::first(url),
            number,
            parent: None,
            redirects: 0,
            queued: Duration::ZERO,
            is_embedded: false,
        }
    }
}

/// What came of a transfer.
#[derive(Default)]
pub(super) struct Done {
    /// Where it leads on to.
    pub(super) redirect: Option<Job>,
    /// The page, where what it embeds is wanted.
    pub(super) html: Option<Vec<u8>>,
}

impl Fetcher<'_> {
    /// Fetches one URL.
    pub(super) fn transfer(&self, job: &Job, redirects: &mut Option<Redirects>) -> Done {
        let teller = self.teller(job.number);
        let url = &job.leg.url;
        teller.step(now(), 0, Event::Url(Box::new(told(url))));
        let mut told = Transfer {
            url: safe(url.to_string().as_bytes()),
            parent: job.parent,
            is_embedded: job.is_embedded,
            redirects: job.redirects,
            ..Transfer::default()
        };
        told.timing.begin = self.began.elapsed();
        told.timing.queue = job.queued;
        let mut done = Done::default();
        let (began, mut socket) = (now(), 0);
        let ended = match self.connection(job, &teller, &mut told) {
            Ok(open) => {
                socket = open.socket;
                self.exchange(job, open, &teller, &mut told, redirects, &mut done)
            }
            Err(failure) => Err(failure),
        };
        if told.timing.total.is_zero() {
            told.timing.total = teller.elapsed();
        }
        told.failure = ended.err();
        let refused = told.status.filter(|status| self.refuses(*status));
        if let (None, Some(status)) = (&told.failure, refused) {
            told.failure = Some(Failure::Status(status));
        }
        if told.failure.is_none()
            && done.redirect.is_none()
            && !job.is_embedded
            && let Some(body) = &self.plan.body
            && let Err(error) = locked(body).flush()
        {
            // An empty body is saved, too.
            told.failure = Some(unsaved(&error));
        }
        teller.step(began, socket, Event::Ended(Box::new(told)));
        done
    }

    /// Whether a status is to count as a failure.
    fn refuses(&self, status: u16) -> bool {
        self.plan.fail && status >= 400
    }

    /// One that is open already, or a new one.
    fn connection(
        &self,
        job: &Job,
        teller: &Teller<'_>,
        told: &mut Transfer,
    ) -> Result<Open, Failure> {
        let origin = Origin::of(&job.leg.url);
        let idle = {
            let mut idle = locked(&self.idle);
            let at = idle.iter().position(|open| open.origin == origin);
            at.map(|at| idle.swap_remove(at))
        };
        if let Some(open) = idle {
            let (requests, at) = (open.requests + 1, Some(teller.elapsed()));
            teller.step(now(), open.socket, Event::Reused { requests });
            (told.timing.name_lookup, told.timing.connect) = (at, at);
            if job.leg.url.scheme.name() == "https" {
                told.timing.app_connect = at;
            }
            return Ok(open);
        }
        told.connects = 1;
        self.open(&job.leg.url, teller, &mut told.timing)
    }

    /// Asks, and takes what is answered; keeps the connection for others, or closes it.
    fn exchange(
        &self,
        job: &Job,
        mut open: Open,
        teller: &Teller<'_>,
        told: &mut Transfer,
        redirects: &mut Option<Redirects>,
        done: &mut Done,
    ) -> Result<(), Failure> {
        open.requests += 1;
        let (local, remote) = open.transport.ends();
        (told.local, told.remote) = (Some(local), Some(remote));
        let mut talk = Talk { fetcher: self, job, teller, told, redirects, done, open: &mut open };
        let outcome = talk.run();
        let stays = matches!(outcome, Ok(Stays::Open));
        told.timing.total = teller.elapsed();
        if stays {
            locked(&self.idle).push(open);
        } else {
            self.close(open, outcome.is_ok());
        }
        outcome.map(|_| ())
    }

    /// Ends a connection: in good order the other side's end is waited for, a little.
    pub(super) fn close(&self, mut open: Open, in_order: bool) {
        if in_order && open.transport.shutdown().is_ok() {
            open.transport.set_deadline(Some(self.within(CLOSING)));
            let mut room = [0; 4096];
            // What still comes is of no interest; only that it ends.
            while open.transport.read(&mut room).is_ok_and(|count| count > 0) {}
        }
        // It is given up in any case.
        let _ = open.transport.close();
    }
}

/// How long the other side's end is waited for.
const CLOSING: Duration = Duration::from_secs(1);

/// Read at once.
const ROOM: usize = 16 * 1024;

enum Stays {
    Open,
    Closed,
}

/// One request on a connection, and its answer.
struct Talk<'t> {
    fetcher: &'t Fetcher<'t>,
    job: &'t Job,
    teller: &'t Teller<'t>,
    told: &'t mut Transfer,
    redirects: &'t mut Option<Redirects>,
    done: &'t mut Done,
    open: &'t mut Open,
}

impl Talk<'_> {
    fn run(&mut self) -> Result<Stays, Failure> {
        let plan = self.fetcher.plan;
        let prepared = plan.request.prepare(&self.job.leg);
        let prepared = prepared.map_err(|bad| Failure::Request(bad.to_string()))?;
        self.told.timing.pre_transfer = Some(self.teller.elapsed());
        let (began, from) = (now(), self.open.sent);
        self.open.transport.set_deadline(Some(self.fetcher.until));
        let written = self.write(&prepared.octets);
        self.told.timing.post_transfer = Some(self.teller.elapsed());
        self.told.request = self.open.sent - from;
        let request = prepared.request;
        let octets = from..self.open.sent;
        let sent = Event::Request { request: request.clone(), octets };
        self.teller.step(began, self.open.socket, sent);
        let codings = if plan.request.compressed { Codings::Undone } else { Codings::Kept };
        let limits = Limits { body: plan.limits.body, ..Limits::default() };
        let exchange = Exchange::new(&request, codings, limits, self.open.received);
        let mut answer = Answer {
            body_at: self.open.received,
            asked: now(),
            exchange,
            head: None,
            heads: self
                .wants_heads()
                .then(|| Heads { octets: Vec::new(), from: self.open.received }),
            sink: Sink::default(),
        };
        let ended = self.hear(&mut answer, written);
        self.told.timing.total = self.teller.elapsed();
        self.tell_body(&mut answer);
        let peer_closed = ended?;
        let Some(head) = &answer.head else { return Ok(Stays::Closed) };
        self.lead_on(&request, head)?;
        let persists = plan.request.keep_alive && head.persistence.persists() && !peer_closed;
        Ok(if persists { Stays::Open } else { Stays::Closed })
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        let mut rest = octets;
        while !rest.is_empty() {
            let count = self.open.transport.write(rest)?;
            if count == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.open.sent += count as u64;
            rest = &rest[count..];
        }
        self.open.transport.flush()
    }

    /// Reads until the answer is whole; says whether the server ended the connection, or there is more in
    /// it than the answer.
    fn hear(&mut self, answer: &mut Answer, written: io::Result<()>) -> Result<bool, Failure> {
        let mut room = vec![0; ROOM];
        loop {
            let began = now();
            let (state, is_over) = match self.open.transport.read(&mut room) {
                Ok(0) => (answer.exchange.ended_by_peer(), true),
                Ok(count) => {
                    self.told.timing.start_transfer.get_or_insert_with(|| self.teller.elapsed());
                    self.open.received += count as u64;
                    if let Some(heads) = &mut answer.heads {
                        heads.octets.extend_from_slice(&room[..count]);
                    }
                    let progress = answer.exchange.feed(&room[..count], &mut answer.sink);
                    for (end, fact) in progress.facts {
                        self.pass_head(answer, end).map_err(|error| unsaved(&error))?;
                        self.tell_head(answer, began, end, fact);
                    }
                    answer.sink.pass_on().map_err(|error| unsaved(&error))?;
                    (progress.state, progress.used < count)
                }
                Err(error) => {
                    answer.exchange.give_up();
                    // Whoever could not send, and hears nothing either, failed at sending.
                    return Err(match written {
                        Err(first) => self.broken(Doing::Sending, &first),
                        Ok(()) if self.told.timing.start_transfer.is_none() => {
                            self.broken(Doing::Waiting, &error)
                        }
                        Ok(()) => self.broken(Doing::Receiving, &error),
                    });
                }
            };
            match state {
                State::Awaits => {}
                State::Ended if is_over && self.open.is_cut.load(Ordering::Relaxed) => {
                    return Err(Failure::Tls(Box::new(self.cut())));
                }
                State::Ended => return Ok(is_over),
                State::Failed(problem) => return Err(Failure::Http(Box::new(problem))),
            }
        }
    }

    /// The end of a body that only the end of the connection tells, and that anybody on the way could have
    /// made (RFC 8446 §6.1).
    fn cut(&self) -> Problem {
        let host = self.job.leg.url.host.as_ref().map_or(String::new(), Host::sent);
        let cause = Cause::Closed { reset: false, into: self.open.received };
        Problem { host: safe(host.as_bytes()), stage: Stage::Data, cause }
    }

    fn wants_heads(&self) -> bool {
        self.fetcher.plan.heads && !self.job.is_embedded
    }

    /// Hands a head on as it came, before anything of the body.
    fn pass_head(&self, answer: &mut Answer, end: u64) -> io::Result<()> {
        let (Some(heads), Some(body)) = (&mut answer.heads, &self.fetcher.plan.body) else {
            return Ok(());
        };
        let len = usize::try_from(end.saturating_sub(heads.from)).unwrap_or(usize::MAX);
        let head: Vec<u8> = heads.octets.drain(..len.min(heads.octets.len())).collect();
        heads.from = end;
        locked(body).write_all(&head)
    }

    fn tell_head(&mut self, answer: &mut Answer, began: Timestamp, end: u64, fact: Fact) {
        let (Fact::Interim(response) | Fact::Head(response)) = fact;
        let octets = end.saturating_sub(response.head)..end;
        self.told.head += response.head;
        let after = now().since(answer.asked);
        if !response.is_interim() {
            answer.body_at = end;
            self.told.status = Some(response.status);
            self.told.version = Some(response.version);
            self.told.media = response.field("content-type").map(|field| safe(&field.value));
            let leads_on = self.redirects.is_some()
                && is_followed(response.status)
                && response.field("location").is_some();
            let is_wanted = !self.job.is_embedded && self.fetcher.plan.page.is_some();
            let passes = !leads_on && !self.fetcher.refuses(response.status);
            answer.sink.decide(
                self.fetcher.plan.body.clone().filter(|_| passes && !self.job.is_embedded),
                is_wanted && passes && is_page(&response),
            );
            answer.heads = None;
            answer.head = Some(response.clone());
        }
        let event = Event::Response { response: *response, after, octets };
        self.teller.step(began, self.open.socket, event);
    }

    fn tell_body(&mut self, answer: &mut Answer) {
        let body = answer.exchange.body();
        (self.told.body, self.told.decoded) = (body.raw, body.decoded);
        if answer.head.as_ref().is_none_or(|head| matches!(head.framing, Framing::None(_))) {
            return;
        }
        let event = Event::Body {
            body: Box::new(body.clone()),
            octets: answer.body_at..answer.exchange.at(),
            is_saved: answer.sink.body.is_some(),
        };
        self.teller.step(answer.asked, self.open.socket, event);
        self.done.html = answer.sink.html.take();
    }

    /// Follows where the answer leads, if it does.
    fn lead_on(&mut self, request: &Request, head: &Response) -> Result<(), Failure> {
        let Some(redirects) = self.redirects else { return Ok(()) };
        let Some(led) = redirects.follow(&self.job.leg, request, head) else { return Ok(()) };
        let (leg, told) = led.map_err(|astray| Failure::Astray(Box::new(astray)))?;
        self.teller.step(now(), self.open.socket, Event::Redirected(told));
        self.done.redirect = Some(Job {
            leg,
            number: self.fetcher.next(),
            parent: Some(self.job.number),
            redirects: self.job.redirects + 1,
            queued: Duration::ZERO,
            is_embedded: self.job.is_embedded,
        });
        Ok(())
    }

    fn broken(&self, doing: Doing, error: &io::Error) -> Failure {
        let (sent, received) = (self.open.sent, self.open.received);
        if error.kind() == io::ErrorKind::TimedOut && error.raw_os_error().is_none() {
            return self.fetcher.late(doing, self.fetcher.plan.limits.all, sent, received);
        }
        if let Some(problem) = error.get_ref().and_then(|inner| inner.downcast_ref::<Problem>()) {
            return Failure::Tls(Box::new(problem.clone()));
        }
        let errno = netlink::errno(error.raw_os_error().unwrap_or(libc::EIO));
        Failure::Broken { doing, errno, sent, received }
    }
}
