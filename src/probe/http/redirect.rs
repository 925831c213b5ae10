//! Where does a redirect lead, and how is it followed? (RFC 9110 §15.4)

use super::request::{Leg, Trust};
use crate::ink;
use crate::probe::url::{Host, Url};
use crate::timeline::http::{Astray, Redirect, Request, Response, is_followed};

/// The redirects of one fetch.
#[derive(Clone, Debug)]
pub struct Redirects {
    /// What the user asked for, who is to be told the secrets.
    first: Url,
    limit: u32,
    /// Whether the method was typed, and is none of ours to change.
    keeps_method: bool,
    count: u32,
    /// Methods and URLs that were asked, without what is not sent to the server.
    asked: Vec<String>,
}

impl Redirects {
    /// Follows `limit` redirects at most.
    pub fn new(first: Url, limit: u32) -> Self {
        Self { first, limit, keeps_method: false, count: 0, asked: Vec::new() }
    }

    /// The method is one that was typed (`-X`): as with curl it is the same all along, and only the body is
    /// left out where it would have changed.
    #[must_use]
    pub fn keeping_method(self) -> Self {
        Self { keeps_method: true, ..self }
    }

    /// What is to be asked next; `None` if the answer leads nowhere else.
    ///
    /// As browsers and curl do, `POST` becomes `GET` after 301 and 302, as does every method but
    /// `HEAD` after 303, the body left out; after 307 and 308 nothing changes. A fragment is handed
    /// on. User and password of the first URL go along as long as its server is asked.
    pub fn follow(
        &mut self,
        leg: &Leg,
        request: &Request,
        response: &Response,
    ) -> Option<Result<(Leg, Redirect), Astray>> {
        let location = response.field("location").filter(|_| is_followed(response.status))?;
        Some(self.lead(leg, request, response.status, &location.value))
    }

    fn lead(
        &mut self,
        leg: &Leg,
        request: &Request,
        status: u16,
        location: &[u8],
    ) -> Result<(Leg, Redirect), Astray> {
        if self.count == self.limit {
            return Err(Astray::TooMany { limit: self.limit });
        }
        let mut url = leg.url.join(&text(location)).map_err(|malformed| Astray::Malformed {
            location: location.into(),
            why: ink::safe(malformed.why.as_bytes()),
        })?;
        let shown = |url: &Url| ink::safe(url.to_string().as_bytes());
        if !url.scheme.is_web() {
            let scheme = url.scheme.name().into();
            return Err(Astray::Scheme { to: shown(&url), scheme });
        }
        let is_first_origin = url.is_same_origin(&self.first);
        if is_first_origin && url.user.is_none() && url.password.is_none() {
            url.user.clone_from(&self.first.user);
            url.password.clone_from(&self.first.password);
        }
        let before = request.method.as_str();
        let keeps_method = self.keeps_method && !leg.is_embedded;
        let has_body = request.field("content-length").is_some();
        let changes = match status {
            301..=303 if keeps_method => has_body,
            303 => !matches!(before, "GET" | "HEAD"),
            301 | 302 => before == "POST",
            _ => false,
        };
        let method = if changes { Some("GET") } else { leg.method };
        let after = if changes && !keeps_method { "GET" } else { before };
        self.asked.push(key(before, has_body, &leg.url));
        if self.asked.contains(&key(after, has_body && !changes, &url)) {
            return Err(Astray::Loop { to: shown(&url) });
        }
        self.count += 1;
        let redirect = Redirect {
            status,
            number: self.count,
            location: location.into(),
            from: shown(&leg.url),
            to: shown(&url),
            methods: (before.into(), after.into()),
            drops_body: changes && request.body > 0,
            is_first_origin,
            is_downgrade: leg.url.scheme.name() == "https" && url.scheme.name() == "http",
        };
        let trust = Trust::of(&url, &self.first);
        Ok((Leg { url, method, trust, is_embedded: leg.is_embedded }, redirect))
    }
}

/// A URL from the wire as text; octets that are no UTF-8 are escaped one by one.
pub(in crate::probe) fn text(octets: &[u8]) -> String {
    let mut text = String::new();
    for chunk in octets.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|octet| format!("%{octet:02X}")));
    }
    text
}

/// What two requests have in common that get the same answer.
fn key(method: &str, has_body: bool, url: &Url) -> String {
    let port = url.port_used().unwrap_or_default();
    let host = url.host.as_ref().map(Host::sent).unwrap_or_default();
    let what = if has_body { " with a body" } else { "" };
    format!("{method}{what} {}://{host}:{port}{}", url.scheme.name(), url.target())
}
