//! What is sent to the server?
//!
//! The whole request is made in one buffer, to go out in one write: a head and a body written one
//! after the other wait for each other's acknowledgement where Nagle's algorithm is on.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::probe::url::{Secret, Url};
use crate::timeline::http::{Field, Request, Version};

/// What is asked for beside the URL; as curl's options of the same letters.
#[derive(Clone, Debug)]
pub struct Options {
    /// `-X`: as it is sent, after a redirect too. Else `HEAD` with [`Options::head`], `POST` with a body, or `GET`.
    pub method: Option<String>,
    /// `-I`: only the head is wanted.
    pub head: bool,
    /// `-H`, each as it was typed: `Name: value` in place of what would be sent, `Name:` for nothing
    /// in its place, `Name;` for an empty value.
    pub fields: Vec<String>,
    /// `-d` or `--data-binary`: the body.
    pub body: Option<Vec<u8>>,
    /// `-A`: in place of `wiretale/VERSION`; empty for none.
    pub agent: Option<String>,
    /// `-u`: user and password, before those in the URL.
    pub credentials: Option<(Vec<u8>, Secret)>,
    /// `--compressed`: says which codings are undone here.
    pub compressed: bool,
    /// `--range`: as `0-499`, `500-`, `-500` or several with commas.
    pub range: Option<String>,
    pub version: Version,
    /// Whether the connection may be used again; else `Connection: close` is sent.
    pub keep_alive: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            method: None,
            head: false,
            fields: Vec::new(),
            body: None,
            agent: None,
            credentials: None,
            compressed: false,
            range: None,
            version: Version::HTTP_1_1,
            keep_alive: true,
        }
    }
}

/// One request of a fetch that may be led on by redirects.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Leg {
    pub url: Url,
    /// What a redirect has changed the method to, unless one was typed; the body is left out either way.
    pub method: Option<&'static str>,
    pub trust: Trust,
    /// Whether a page embeds it: what is said of the page's octets is not asked of these.
    pub is_embedded: bool,
}

impl Leg {
    /// What the user asked for.
    pub fn first(url: Url) -> Self {
        Self { url, method: None, trust: Trust::Asked, is_embedded: false }
    }

    /// What a page embeds: it is fetched with `GET`, whatever the page was.
    pub fn embedded(url: Url, trust: Trust) -> Self {
        Self { url, method: Some("GET"), trust, is_embedded: true }
    }
}

/// Whether the server is the one that the user meant to tell the secrets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trust {
    Asked,
    /// A redirect or a page led elsewhere: neither [`Options::credentials`] nor secret fields are sent,
    /// and no `Host` that was meant for the first server. What the URL itself holds is.
    Elsewhere,
}

impl Trust {
    /// Whether a URL means the server that the user asked for first.
    pub fn of(url: &Url, first: &Url) -> Self {
        if url.is_same_origin(first) { Self::Asked } else { Self::Elsewhere }
    }
}

/// A request ready to be sent.
#[derive(Clone, Eq, PartialEq)]
pub struct Prepared {
    pub request: Request,
    /// Head and body, secrets too.
    pub octets: Vec<u8>,
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").field("request", &self.request).finish_non_exhaustive()
    }
}

/// Why no request can be made: one sentence, safe to show, without the values of fields.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BadRequest(pub String);

impl fmt::Display for BadRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadRequest {}

impl Options {
    /// Whether a request can be made of them; else the sentence for the command line.
    pub fn check(&self) -> Result<(), BadRequest> {
        if let Some(method) = &self.method
            && !is_token(method)
        {
            return Err(bad(format!(
                "the method {} has other characters than letters, digits and a few signs",
                method.escape_debug()
            )));
        }
        if self.head && self.body.is_some() {
            return Err(bad("a body cannot go with a request for the head only".into()));
        }
        if let Some(range) = &self.range
            && !is_range(range)
        {
            return Err(bad(format!(
                "the range {} is not like 0-499, 500- or -500",
                range.escape_debug()
            )));
        }
        if self.agent.as_deref().is_some_and(|agent| !is_value(agent)) {
            return Err(bad("the user agent has a control character".into()));
        }
        self.fields.iter().try_for_each(|typed| Typed::read(typed).map(|_| ()))
    }

    /// Makes the request of one leg.
    pub fn prepare(&self, leg: &Leg) -> Result<Prepared, BadRequest> {
        self.check()?;
        let body = self.body.as_deref().filter(|_| leg.method.is_none());
        let typed = self.method.as_deref().filter(|_| !leg.is_embedded);
        let method = match typed.or(leg.method) {
            Some(method) => method,
            None if self.head => "HEAD",
            None if body.is_some() => "POST",
            None => "GET",
        };
        let fields = self.all_fields(leg, body)?;
        let target = leg.url.target();
        let mut octets = format!("{method} {target} {}\r\n", self.version).into_bytes();
        for field in &fields {
            octets.extend_from_slice(&field.name);
            octets.extend_from_slice(if field.value.is_empty() { b":" } else { b": " });
            octets.extend_from_slice(&field.value);
            octets.extend_from_slice(b"\r\n");
        }
        octets.extend_from_slice(b"\r\n");
        let head = octets.len() as u64;
        octets.extend_from_slice(body.unwrap_or_default());
        let request = Request {
            method: method.into(),
            target,
            version: self.version,
            fields,
            head,
            body: octets.len() as u64 - head,
        };
        Ok(Prepared { request, octets })
    }

    /// In curl's order: what servers look for first, then what the user added, then what is about the body.
    fn all_fields(&self, leg: &Leg, body: Option<&[u8]>) -> Result<Vec<Field>, BadRequest> {
        let mut typed = Vec::new();
        for field in &self.fields {
            let field = Typed::read(field)?;
            let is_kept = match leg.trust {
                Trust::Asked => true,
                Trust::Elsewhere => {
                    !field.name.eq_ignore_ascii_case("host")
                        && !Field::new(field.name.as_bytes(), []).is_secret
                }
            };
            let is_of_body = leg.method.is_some() && is_about_body(field.name)
                || leg.is_embedded && is_about_part(field.name);
            if is_kept && !is_of_body {
                typed.push(field);
            }
        }
        let mut fields = Vec::new();
        // RFC 9110 §7.2: Host should stand first, also the one that was typed.
        let (hosts, typed): (Vec<_>, Vec<_>) =
            typed.into_iter().partition(|field| field.name.eq_ignore_ascii_case("host"));
        if hosts.is_empty() {
            fields.push(Field::new(*b"Host", leg.url.host_field().into_bytes()));
        }
        fields.extend(hosts.iter().filter_map(Typed::field));
        let mut own = |name, value| add(&mut fields, &typed, name, value);
        own("Authorization", self.authorization(leg));
        let range = self.range.as_ref().filter(|_| !leg.is_embedded);
        own("Range", range.map(|range| format!("bytes={range}").into_bytes()));
        let agent =
            self.agent.as_deref().unwrap_or(concat!("wiretale/", env!("CARGO_PKG_VERSION")));
        own("User-Agent", (!agent.is_empty()).then(|| agent.into()));
        own("Accept", Some(b"*/*".to_vec()));
        own("Accept-Encoding", self.compressed.then(|| b"gzip, deflate, br, zstd".to_vec()));
        own("Connection", (!self.keep_alive).then(|| b"close".to_vec()));
        let length = body.map(|body| body.len().to_string().into_bytes());
        let form = body.map(|_| b"application/x-www-form-urlencoded".to_vec());
        fields.extend(typed.iter().filter_map(Typed::field));
        let mut own = |name, value| add(&mut fields, &typed, name, value);
        own("Content-Length", length);
        own("Content-Type", form);
        Ok(fields)
    }

    /// The value for user and password (RFC 7617).
    fn authorization(&self, leg: &Leg) -> Option<Vec<u8>> {
        let given = self.credentials.as_ref().filter(|_| leg.trust == Trust::Asked);
        let (user, password) = if let Some((user, password)) = given {
            (user.as_slice(), password.reveal())
        } else {
            let password = leg.url.password.as_ref().map(Secret::reveal);
            (leg.url.user.as_deref().or(password.and(Some(&[])))?, password.unwrap_or_default())
        };
        let pair = [user, b":", password].concat();
        let mut value = b"Basic ".to_vec();
        let begin = value.len();
        value.resize(begin + pair.len().div_ceil(3) * 4, 0);
        let written = STANDARD.encode_slice(pair, &mut value[begin..]).ok()?;
        value.truncate(begin + written);
        Some(value)
    }
}

/// A field as it was typed.
#[derive(Clone, Copy, Debug)]
struct Typed<'a> {
    name: &'a str,
    /// `None` if the field is to be left out.
    value: Option<&'a str>,
}

impl<'a> Typed<'a> {
    fn read(typed: &'a str) -> Result<Self, BadRequest> {
        let end = typed.find([':', ';']).unwrap_or(typed.len());
        let (name, rest) = typed.split_at(end);
        if !is_token(name) {
            return Err(bad(format!(
                "the header field {} has no name that may be sent",
                name.escape_debug()
            )));
        }
        let value = match rest.strip_prefix(':') {
            Some(value) => Some(value.trim_matches([' ', '\t'])).filter(|value| !value.is_empty()),
            None if rest == ";" => Some(""),
            None => {
                return Err(bad(format!("the header field {name} lacks a colon behind its name")));
            }
        };
        if let Some(wrong) = value.and_then(|value| value.chars().find(|c| !may_be_sent(*c))) {
            let what = match wrong {
                '\r' => "a carriage return (CR)",
                '\n' => "a line feed (LF)",
                '\0' => "a NUL",
                _ => "a control character",
            };
            return Err(bad(format!("the value of the header field {name} has {what} in it")));
        }
        if name.eq_ignore_ascii_case("transfer-encoding") && value.is_some() {
            return Err(bad(format!(
                "the header field {name} cannot be set: a body is sent with its length"
            )));
        }
        Ok(Self { name, value })
    }

    fn field(&self) -> Option<Field> {
        self.value.map(|value| Field::new(self.name.as_bytes(), value.as_bytes()))
    }
}

/// Adds a field of ours, unless one was typed in its place.
fn add(fields: &mut Vec<Field>, typed: &[Typed<'_>], name: &str, value: Option<Vec<u8>>) {
    let is_typed = typed.iter().any(|field| field.name.eq_ignore_ascii_case(name));
    if let Some(value) = value.filter(|_| !is_typed) {
        fields.push(Field::new(name.as_bytes(), value));
    }
}

fn bad(why: String) -> BadRequest {
    BadRequest(why)
}

/// RFC 9110 §5.6.2.
fn is_token(text: &str) -> bool {
    let is_of_token =
        |octet: u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet);
    !text.is_empty() && text.bytes().all(is_of_token)
}

fn may_be_sent(character: char) -> bool {
    character == '\t' || !character.is_ascii_control()
}

fn is_value(text: &str) -> bool {
    text.chars().all(may_be_sent)
}

/// RFC 9110 §14.1.1, in octets.
fn is_range(text: &str) -> bool {
    let is_number = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit());
    text.split(',').all(|part| {
        let Some((first, last)) = part.trim().split_once('-') else { return false };
        is_number(first) && is_number(last) && !(first.is_empty() && last.is_empty())
    })
}

/// What asks for a part, or for a version that is not known yet.
fn is_about_part(name: &str) -> bool {
    let is_condition = name.get(..3).is_some_and(|begin| begin.eq_ignore_ascii_case("if-"));
    is_condition || name.eq_ignore_ascii_case("range")
}

/// What says something of a body, and is left out with it.
fn is_about_body(name: &str) -> bool {
    name.get(..8).is_some_and(|begin| begin.eq_ignore_ascii_case("content-"))
}
