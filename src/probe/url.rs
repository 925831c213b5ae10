//! What is this URL?
//!
//! Read as curl reads it (RFC 3986, and without a scheme it is `http`), told piece by piece, each as
//! it was written: a browser's reading would normalise away what is to be explained. What cannot be
//! one is refused with the place where it goes wrong. A password is shown nowhere.

use std::fmt::{self, Write as _};
use std::net::Ipv6Addr;

mod host;
mod reference;
mod scheme;

pub use host::Host;
use host::percent_decoded;
pub use scheme::Scheme;

/// A URL in its pieces.
#[derive(Clone, Eq, PartialEq)]
pub struct Url {
    pub scheme: Scheme,
    /// Whether the scheme was written; else it is `http`, because nothing else was said.
    pub scheme_said: bool,
    /// Percent signs resolved.
    pub user: Option<Vec<u8>>,
    pub password: Option<Secret>,
    /// `None` where the scheme has none, as in `mailto:`.
    pub host: Option<Host>,
    /// As written.
    pub port: Option<u16>,
    /// As sent: dot segments taken out, what may not stand in a request escaped; for schemes with
    /// no host all that follows the scheme.
    pub path: String,
    /// Without the question mark.
    pub query: Option<String>,
    /// Without the hash; never sent.
    pub fragment: Option<String>,
    /// Who is asked as it was written, with user and password, to resolve references against.
    authority: String,
}

/// Something that is to be sent, but not to be shown.
#[derive(Clone, Eq, PartialEq)]
pub struct Secret(Vec<u8>);

/// Why a text is no URL.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Malformed {
    pub why: String,
    /// The text, safe to show, the password masked.
    pub shown: String,
    /// Where it goes wrong: so many characters of `shown` stand before it.
    pub caret: usize,
    /// The same in octets of the text itself.
    pub at: usize,
}

/// Longer ones are refused; browsers and servers stop long before.
const LONGEST: usize = 64 * 1024;

/// What went wrong, so many octets into the text.
type Fault = (usize, String);

impl Url {
    /// Reads what somebody typed.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        read(text).map_err(|fault| Malformed::new(text, fault))
    }

    /// The port to connect to; `None` where the scheme has none, or needs no network.
    pub fn port_used(&self) -> Option<u16> {
        self.port.or(self.scheme.port())
    }

    /// Whether the port is the one that would be used anyway.
    pub fn is_default_port(&self) -> bool {
        self.port_used() == self.scheme.port()
    }

    /// What is asked for in the request line: the path and the query.
    pub fn target(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// Whether no file is named, so that the server chooses one.
    pub fn omits_file(&self) -> bool {
        self.path.ends_with('/')
    }

    /// The value of the `Host` field: no zone, and the port only if it is not the default.
    pub fn host_field(&self) -> String {
        let host = self.host.as_ref().map_or(String::new(), Host::sent);
        match self.port {
            Some(port) if !self.is_default_port() => format!("{host}:{port}"),
            _ => host,
        }
    }

    /// Whether the same server is meant, so that it may be told the same secrets.
    pub fn is_same_origin(&self, other: &Self) -> bool {
        let host = |url: &Self| url.host.as_ref().map(Host::sent);
        self.scheme == other.scheme
            && host(self) == host(other)
            && self.port_used() == other.port_used()
    }
}

/// `http://user:***@host/…`, the pieces as they will be used.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.scheme.name())?;
        if let Some(host) = &self.host {
            f.write_str("//")?;
            if let Some(user) = &self.user {
                write!(f, "{}", user.escape_ascii())?;
            }
            if self.password.is_some() {
                f.write_str(":***")?;
            }
            if self.user.is_some() || self.password.is_some() {
                f.write_str("@")?;
            }
            write!(f, "{host}")?;
            if let Some(port) = self.port.filter(|_| !self.is_default_port()) {
                write!(f, ":{port}")?;
            }
        }
        f.write_str(&self.target())?;
        self.fragment.as_ref().map_or(Ok(()), |fragment| write!(f, "#{fragment}"))
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

impl Secret {
    pub fn new(octets: impl Into<Vec<u8>>) -> Self {
        Self(octets.into())
    }

    /// For sending.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Malformed {
    fn new(text: &str, (at, why): Fault) -> Self {
        // Whatever stands between a colon and the last at sign before the path may be a password.
        let start = text.find("//").map_or(0, |at| at + 2);
        let end = text[start..].find(['/', '?', '#']).map_or(text.len(), |at| start + at);
        let secret = text[start..end].rfind('@').and_then(|last| {
            text[start..start + last].find(':').map(|colon| start + colon + 1..start + last)
        });
        let (mut shown, mut caret) = (String::new(), None);
        for (here, character) in text.char_indices() {
            if here >= at {
                caret.get_or_insert(shown.chars().count());
            }
            match &secret {
                Some(secret) if secret.contains(&here) => {
                    shown.push_str(if here == secret.start { "***" } else { "" });
                }
                _ if character == ' ' || !(character.is_control() || character.is_whitespace()) => {
                    shown.push(character);
                }
                _ => shown.extend(character.escape_unicode()),
            }
        }
        let caret = caret.unwrap_or(shown.chars().count());
        Self { why, shown, caret, at }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.shown, self.why)
    }
}

impl std::error::Error for Malformed {}

fn read(text: &str) -> Result<Url, Fault> {
    if text.len() > LONGEST {
        return Err((LONGEST, format!("longer than {LONGEST} octets")));
    }
    if let Some((at, character)) = text.char_indices().find(|(_, it)| it.is_control() || *it == ' ')
    {
        let why = if character == ' ' {
            "a space here must be written %20"
        } else {
            "a control character"
        };
        return Err((at, why.into()));
    }
    let (scheme, scheme_said, after) = scheme::split(text)?;
    let fragment_at = text[after..].find('#').map_or(text.len(), |at| after + at);
    let query_at = text[after..fragment_at].find('?').map_or(fragment_at, |at| after + at);
    let piece = |from: usize, to: usize| (from < to).then(|| &text[from + 1..to]);
    let mut url = Url {
        user: None,
        password: None,
        host: None,
        port: None,
        path: String::new(),
        query: piece(query_at, fragment_at).map(|query| escaped(query, is_of_query)),
        fragment: piece(fragment_at, text.len()).map(|fragment| escaped(fragment, is_of_query)),
        authority: String::new(),
        scheme_said,
        scheme,
    };
    if !url.scheme.has_host() {
        url.path = escaped(&text[after..query_at], is_of_path);
        return Ok(url);
    }
    let path_at = text[after..query_at].find('/').map_or(query_at, |at| after + at);
    read_authority(&mut url, text, after, path_at)?;
    url.path = match &text[path_at..query_at] {
        "" => "/".into(),
        path => reference::without_dots(&escaped(path, is_of_path)),
    };
    Ok(url)
}

/// Reads user, password, host and port, which stand at `start..end`.
fn read_authority(url: &mut Url, text: &str, start: usize, end: usize) -> Result<(), Fault> {
    url.authority = text[start..end].into();
    let mut host_at = start;
    if let Some(last) = text[start..end].rfind('@') {
        host_at = start + last + 1;
        let known = &text[start..start + last];
        let (user, password) =
            known.split_once(':').map_or((known, None), |(user, word)| (user, Some(word)));
        url.user = Some(percent_decoded(user));
        url.password = password.map(|password| Secret(percent_decoded(password)));
    }
    let whole = &text[host_at..end];
    let host_len = match whole.strip_prefix('[') {
        Some(inner) => match inner.find(']') {
            Some(close) => close + 2,
            None => return Err((end, "the bracket is never closed".into())),
        },
        None => whole.find(':').unwrap_or(whole.len()),
    };
    let (host, port) = whole.split_at(host_len);
    let port_at = host_at + host_len;
    if host.is_empty() && url.scheme.name() == "file" {
        return Ok(());
    }
    match port.strip_prefix(':') {
        Some("") => {}
        None if port.is_empty() => {}
        None => {
            return Err((port_at, "after the bracket only a colon and a port may follow".into()));
        }
        Some(digits) => url.port = Some(read_port(host, digits, port_at + 1)?),
    }
    url.host = Some(Host::read(host).map_err(|(at, why)| (host_at + at, why))?);
    Ok(())
}

fn read_port(host: &str, digits: &str, at: usize) -> Result<u16, Fault> {
    if let Some(wrong) = digits.find(|c: char| !c.is_ascii_digit()) {
        // Somebody forgot the brackets.
        let is_v6 = format!("{host}:{digits}").parse::<Ipv6Addr>().is_ok();
        let why = if is_v6 {
            "an IPv6 address must stand in [brackets]"
        } else {
            "a port has digits only"
        };
        return Err((at + wrong, why.into()));
    }
    let port = digits.trim_start_matches('0');
    let too_large = || (at, "a port is 65535 at most".to_owned());
    if port.is_empty() { Ok(0) } else { port.parse().map_err(|_| too_large()) }
}

/// Escapes what may not stand in a request; percent signs stay, as they may already escape.
fn escaped(text: &str, may: fn(u8) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for octet in text.bytes() {
        if may(octet) {
            escaped.push(octet.into());
        } else {
            let _ = write!(escaped, "%{octet:02X}");
        }
    }
    escaped
}

/// What browsers leave as it is: <https://url.spec.whatwg.org/#path-percent-encode-set>.
fn is_of_path(octet: u8) -> bool {
    octet.is_ascii_graphic()
        && !matches!(octet, b'"' | b'#' | b'<' | b'>' | b'?' | b'^' | b'`' | b'{' | b'}')
}

fn is_of_query(octet: u8) -> bool {
    octet.is_ascii_graphic() && !matches!(octet, b'"' | b'\'' | b'#' | b'<' | b'>')
}

#[cfg(test)]
mod tests;
