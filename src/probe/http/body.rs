//! How much of a body came, and what was it before it was coded?

use std::fmt;
use std::io::Write;

use ring::digest::{Context, SHA256};

use super::decode::{self, Stage};
use super::head::coding_name;
use super::response::Codings;
use crate::timeline::http::{Body, Coding, Excess, Kind, Problem, Response};

/// A body on its way to whoever wants it.
pub(super) struct Taking {
    pub(super) body: Body,
    stages: Vec<Stage>,
    digest: Context,
    limit: u64,
}

impl fmt::Debug for Taking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Taking").field("body", &self.body).finish_non_exhaustive()
    }
}

/// More codings in a row are no compression.
const IN_A_ROW: usize = 5;

impl Taking {
    pub(super) fn nothing() -> Self {
        let digest = Context::new(&SHA256);
        Self { body: Body::default(), stages: Vec::new(), digest, limit: 0 }
    }

    /// Reads the codings off a head; `transfer` are those that its framing leaves.
    pub(super) fn new(
        response: &Response,
        transfer: &[String],
        codings: Codings,
        limit: u64,
    ) -> Result<Self, Problem> {
        let mut taking = Self { limit, ..Self::nothing() };
        let kept = match (codings, response.status) {
            (Codings::Kept, _) => Some("it was not asked to be undone"),
            (Codings::Undone, 206) => Some("this is a part of a whole that was coded"),
            (Codings::Undone, _) => None,
        };
        let content: Vec<String> = response.list("content-encoding").map(coding_name).collect();
        let content = content.iter().filter(|name| *name != "identity");
        let transfer = transfer.iter().rev().map(|name| (Kind::Transfer, name, None));
        for (kind, name, kept) in
            transfer.chain(content.rev().map(|name| (Kind::Content, name, kept)))
        {
            if taking.body.codings.len() == IN_A_ROW {
                let name = format!("{name} and {IN_A_ROW} more");
                return Err(Problem::UnknownCoding { kind, name });
            }
            if kept.is_none() {
                let unknown = || Problem::UnknownCoding { kind, name: name.clone() };
                taking.stages.push(Stage::new(name).ok_or_else(unknown)?);
            }
            taking.body.codings.push(Coding { name: name.clone(), kept, behind: 0 });
        }
        Ok(taking)
    }

    /// Takes content as it came, and hands on what it was before.
    pub(super) fn take(&mut self, octets: &[u8], sink: &mut dyn Write) -> Result<(), Problem> {
        let limit = self.limit;
        let room = limit.saturating_sub(self.body.raw).min(octets.len() as u64);
        let (taken, beyond) = octets.split_at(room as usize);
        self.body.raw += room;
        let (body, digest) = (&mut self.body, &mut self.digest);
        let result = decode::feed(&mut self.stages, taken, limit, &mut |octets| {
            let room = limit.saturating_sub(body.decoded).min(octets.len() as u64);
            let (taken, beyond) = octets.split_at(room as usize);
            body.decoded += room;
            digest.update(taken);
            sink.write_all(taken).map_err(|error| Problem::Output(error.to_string()))?;
            if beyond.is_empty() {
                Ok(())
            } else {
                Err(Problem::TooLarge { limit, what: Excess::Decoded })
            }
        });
        self.note();
        result?;
        if beyond.is_empty() { Ok(()) } else { Err(Problem::TooLarge { limit, what: Excess::Raw }) }
    }

    /// The body is over: whether what it was coded with is, too.
    pub(super) fn finish(&mut self) -> Result<(), Problem> {
        // Where nothing came, nothing was coded.
        if self.body.raw == 0 { Ok(()) } else { decode::finish(&self.stages) }
    }

    /// Nothing more will be taken.
    pub(super) fn close(&mut self) {
        let digest = self.digest.clone().finish();
        self.body.sha256 = digest.as_ref().try_into().ok();
    }

    fn note(&mut self) {
        let codings = self.body.codings.iter_mut().filter(|coding| coding.kept.is_none());
        for (coding, stage) in codings.zip(&self.stages) {
            coding.behind = stage.behind;
        }
    }
}
