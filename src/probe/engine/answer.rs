//! Where do the octets of an answer go?

use std::io::{self, Write};

use super::locked;
use crate::probe::http::Exchange;
use crate::probe::plan::Body;
use crate::timeline::Timestamp;
use crate::timeline::fetch::Failure;
use crate::timeline::http::Response;

/// What is known of the answer.
pub(super) struct Answer {
    pub(super) body_at: u64,
    pub(super) asked: Timestamp,
    pub(super) exchange: Exchange,
    pub(super) head: Option<Box<Response>>,
    /// Until the last is there, if heads are to be handed on.
    pub(super) heads: Option<Heads>,
    pub(super) sink: Sink,
}

/// What came of heads that is not handed on yet, and where in the stream it begins.
pub(super) struct Heads {
    pub(super) octets: Vec<u8>,
    pub(super) from: u64,
}

pub(super) fn unsaved(error: &io::Error) -> Failure {
    Failure::Saving(error.to_string())
}

/// Where a body goes; until the head says so it is held back.
#[derive(Default)]
pub(super) struct Sink {
    held: Vec<u8>,
    is_decided: bool,
    pub(super) body: Option<Body>,
    pub(super) html: Option<Vec<u8>>,
}

/// Of a page so much is searched for what it embeds, in octets.
const SEARCHED: usize = 8 << 20;

impl Sink {
    pub(super) fn decide(&mut self, body: Option<Body>, is_page: bool) {
        self.is_decided = true;
        self.body = body;
        self.html = is_page.then(Vec::new);
    }

    pub(super) fn pass_on(&mut self) -> io::Result<()> {
        if !self.is_decided {
            return Ok(());
        }
        let held = std::mem::take(&mut self.held);
        self.write_all(&held)
    }
}

impl Write for Sink {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if !self.is_decided {
            self.held.extend_from_slice(octets);
            return Ok(octets.len());
        }
        if let Some(html) = &mut self.html {
            let room = SEARCHED.saturating_sub(html.len());
            html.extend_from_slice(&octets[..octets.len().min(room)]);
        }
        if let Some(body) = &self.body {
            locked(body).write_all(octets)?;
        }
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.body.as_ref().map_or(Ok(()), |body| locked(body).flush())
    }
}
