//! What is to be fetched, and how?

use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::hops::Hops;
use super::kernel::Options;
use super::resolve::Family;
use super::url::Url;
use super::{http, tls};

/// Everything that was decided before the fetch begins.
pub struct Plan {
    /// Fetched one after the other.
    pub urls: Vec<Url>,
    /// How often, and with which pause in between.
    pub rounds: u32,
    pub pause: Duration,
    pub family: Family,
    /// Whether the name is looked up by both ways, and the answers compared.
    pub compare: bool,
    /// Types of records of the name that are wanted besides.
    pub kinds: Vec<u16>,
    pub overrides: Vec<Override>,
    pub detours: Vec<Detour>,
    pub connect: Options,
    /// RFC 8305: how long until the next address is tried beside the one before.
    pub delay: Duration,
    pub limits: Limits,
    pub request: http::Options,
    pub tls: tls::Options,
    /// Redirects followed at most; `None` follows none.
    pub redirects: Option<u32>,
    /// Whether a status of 400 or more is a failure.
    pub fail: bool,
    pub page: Option<Page>,
    /// Who gets the decoded body of the last answer.
    pub body: Option<Body>,
    /// Whether heads go there, too: all of them, as they came.
    pub heads: bool,
    /// Where our own packets are seen, or why they are not.
    pub packets: Result<Vec<String>, String>,
    /// What the way is probed with, if that is wanted.
    pub hops: Option<Hops>,
}

/// Who gets a body; shared because it is handed back to whoever gave it.
pub type Body = Arc<Mutex<dyn Write + Send>>;

/// The address of a host and port is known beforehand.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Override {
    pub host: String,
    pub port: u16,
    pub addresses: Vec<IpAddr>,
}

/// Who asks for a host and port is led to another; empty and 0 mean any, or the same.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Detour {
    pub host: String,
    pub port: u16,
    pub to_host: String,
    pub to_port: u16,
}

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the beginning to the end, redirects and the page included.
    pub all: Duration,
    pub connect: Duration,
    pub lookup: Option<Duration>,
    /// Octets of a body, decoded or not.
    pub body: u64,
}

/// Fetching what a page embeds.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Connections to one host.
    pub parallel: usize,
    pub same_origin: bool,
    pub most: usize,
}

/// Connections to all hosts together.
pub const CONNECTIONS: usize = 16;

impl Override {
    /// Reads `HOST:PORT:ADDRESS[,ADDRESS…]`, as curl's `--resolve`.
    pub fn parse(text: &str) -> Option<Self> {
        let (host, rest) = text.strip_prefix('+').unwrap_or(text).split_once(':')?;
        let (port, list) = rest.split_once(':')?;
        let bare = |one: &str| one.trim_matches(['[', ']']).parse().ok();
        let addresses = list.split(',').map(bare).collect::<Option<Vec<IpAddr>>>()?;
        Some(Self { host: host.to_ascii_lowercase(), port: port.parse().ok()?, addresses })
    }

    pub(super) fn is_for(&self, host: &str, port: u16) -> bool {
        self.port == port && (self.host == "*" || self.host.eq_ignore_ascii_case(host))
    }
}

impl Detour {
    /// Reads `HOST1:PORT1:HOST2:PORT2`, as curl's `--connect-to`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() || parts.len() == 3 {
            let (part, behind) = match rest.strip_prefix('[') {
                Some(inner) => {
                    let (host, behind) = inner.split_once(']')?;
                    (host, behind.strip_prefix(':').unwrap_or(behind))
                }
                None => rest.split_once(':').unwrap_or((rest, "")),
            };
            parts.push(part);
            rest = behind;
        }
        let [host, port, to_host, to_port] = parts[..] else { return None };
        let number = |text: &str| if text.is_empty() { Some(0) } else { text.parse().ok() };
        Some(Self {
            host: host.into(),
            port: number(port)?,
            to_host: to_host.into(),
            to_port: number(to_port)?,
        })
    }

    pub(super) fn lead(&self, host: &str, port: u16) -> Option<(String, u16)> {
        let is_for = (self.host.is_empty() || self.host.eq_ignore_ascii_case(host))
            && (self.port == 0 || self.port == port);
        let to_host = if self.to_host.is_empty() { host } else { &self.to_host };
        let to_port = if self.to_port == 0 { port } else { self.to_port };
        is_for.then(|| (to_host.to_owned(), to_port))
    }
}

/// An address and a port, whichever family.
pub(super) fn ends(addresses: &[IpAddr], port: u16) -> Vec<SocketAddr> {
    addresses.iter().map(|address| SocketAddr::new(*address, port)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_and_detours_are_read_as_curl_reads_them() {
        let one = Override::parse("www.example.com:443:[::1],127.0.0.1").expect("an override");
        assert!(one.is_for("WWW.example.com", 443) && !one.is_for("www.example.com", 80));
        assert_eq!(one.addresses.len(), 2);
        for wrong in ["", "host", "host:80", "host:80:", "host:x:127.0.0.1", "host:80:name"] {
            assert_eq!(Override::parse(wrong), None, "{wrong}");
        }
        let detour = Detour::parse("a.example:80:[::1]:8080").expect("a detour");
        assert_eq!(detour.lead("a.example", 80), Some(("::1".into(), 8080)));
        assert_eq!(detour.lead("b.example", 80), None);
        let any = Detour::parse("::127.0.0.1:").expect("a detour");
        assert_eq!(any.lead("b.example", 81), Some(("127.0.0.1".into(), 81)));
        for wrong in ["", "a", "a:80", "a:80:b:x", "a:80:b:1:2"] {
            assert_eq!(Detour::parse(wrong), None, "{wrong}");
        }
    }
}
