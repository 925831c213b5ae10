//! A URL that is to be fetched, and how, as typed.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, Args, ValueHint};

use super::paper::Paper;
use crate::wire::dns::type_name;

mod besides;
mod body;
mod plan;
mod run;
mod told;

pub(super) use run::fetch;

/// Fetch a URL, and tell everything that happens: name, way, connection, request, answer, close
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch")]
#[command(
    mut_arg("json", one_document),
    before_help = "Examples:
  wiretale fetch http://www.example.com/      calls, packets and states on one timeline
  wiretale fetch --level 7 example.com        everything: each field, each row of the routing table
  wiretale fetch --level 1 https://example.com/
  wiretale fetch -L --page http://example.com/      redirects followed, and what the page embeds
  wiretale fetch --iterative example.com      the name from the root servers down
  wiretale fetch -w trace.pcapng https://example.com/
  wiretale fetch --repeat 20 https://example.com/   the percentiles of each phase
  wiretale fetch --write-out '%{time_total}\\n' --body /dev/null https://example.com/
Without the right to capture it works from system calls and what the kernel tells, and says so.
Exit codes are curl's."
)]
pub(super) struct Fetch {
    /// What to fetch; several are fetched one after the other
    #[arg(value_name = "URL", required = true)]
    pub(super) urls: Vec<String>,

    /// How much is told: 1 one sentence, 2 who and what, 3 DNS and HTTP messages, 4 system calls and times, 5 segments and windows, 6 addresses, routes and ARP, 7 everything; 4 if nobody says, and with --repeat only the percentiles
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(1..=7))]
    pub(super) level: Option<u8>,

    /// One level more, each time
    #[arg(short = 'v', long = "verbose", action = clap::ArgAction::Count)]
    pub(super) more: u8,

    /// Tell nothing but what was asked for elsewhere, and failures
    #[arg(short = 'q', long)]
    pub(super) quiet: bool,

    /// At level 7, the octets of each packet, and which layer and field they belong to; without --level it is 7
    #[arg(short = 'x', long = "hex", conflicts_with_all = ["output", "json"])]
    pub(super) hex: bool,

    /// The way to the server in a part of its own, at any level from 2 on: our address, the row of the routing table, the next hop, routers between, the largest packet; and where packets are seen, each hop by up to three probes: keep-alives of the connection itself that do not go further
    #[arg(long)]
    pub(super) path: bool,

    /// Show each line as soon as it is known
    #[arg(long)]
    pub(super) follow: bool,

    #[command(flatten)]
    pub(super) request: Request,

    #[command(flatten)]
    pub(super) naming: Naming,

    #[command(flatten)]
    pub(super) connecting: Connecting,

    #[command(flatten)]
    pub(super) securing: Securing,

    #[command(flatten)]
    pub(super) limits: Limits,

    #[command(flatten)]
    pub(super) keeping: Keeping,

    #[command(flatten)]
    pub(super) paper: Paper,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Request")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of curl's")]
pub(super) struct Request {
    /// The method, if not GET; it stays the same after redirects
    #[arg(short = 'X', long = "request", value_name = "METHOD")]
    pub(super) method: Option<String>,

    /// A field more: 'Name: value'; 'Name:' leaves ours out, 'Name;' sends it empty
    #[arg(short = 'H', long = "header", value_name = "FIELD")]
    pub(super) fields: Vec<String>,

    /// Send this, or the content of @FILE, with POST; several are joined by &
    #[arg(short = 'd', long, value_name = "DATA")]
    pub(super) data: Vec<String>,

    /// The same, with line ends as they are
    #[arg(long, value_name = "DATA")]
    pub(super) data_binary: Vec<String>,

    /// Ask for the head alone
    #[arg(short = 'I', long)]
    pub(super) head: bool,

    /// Who we say we are
    #[arg(short = 'A', long, value_name = "NAME")]
    pub(super) user_agent: Option<String>,

    /// A user and a password for the server; they are shown nowhere
    #[arg(short = 'u', long = "user", value_name = "USER:PASSWORD")]
    pub(super) user: Option<String>,

    /// Ask for a compressed answer
    #[arg(long)]
    pub(super) compressed: bool,

    /// Ask for a part, as in 0-99
    #[arg(long, value_name = "RANGE")]
    pub(super) range: Option<String>,

    /// Speak HTTP/1.0
    #[arg(long = "http1.0")]
    pub(super) http_1_0: bool,

    /// Close the connection after each answer
    #[arg(long)]
    pub(super) no_keepalive: bool,

    /// Follow redirects
    #[arg(short = 'L', long)]
    pub(super) location: bool,

    /// With --body, write the heads of all answers there, too, as they came
    #[arg(short = 'i', long, requires = "body")]
    pub(super) include: bool,

    /// End with 22 when the server answers with 400 or more, and leave out its body
    #[arg(short = 'f', long)]
    pub(super) fail: bool,

    /// Fetch what the page embeds as well
    #[arg(long)]
    pub(super) page: bool,

    /// Connections to a host at once, at most
    #[arg(long, value_name = "COUNT", default_value_t = 6, value_parser = clap::value_parser!(u8).range(1..=6), requires = "page")]
    pub(super) parallel: u8,

    /// Of what the page embeds, only what is on its own host
    #[arg(long, requires = "page")]
    pub(super) same_origin: bool,

    /// Objects of a page at most
    #[arg(long, value_name = "COUNT", default_value_t = 64, value_parser = clap::value_parser!(u16).range(0..=64), requires = "page")]
    pub(super) max_objects: u16,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Name")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch")]
pub(super) struct Naming {
    /// Ask this server instead of those configured: 9.9.9.9, 127.0.0.1:5353; or with `system` the system's own function, whose inside is not seen
    #[arg(long, value_name = "SERVER", value_parser = server)]
    pub(super) dns: Option<Asked>,

    /// Ask the root servers, then those they point to, down to the authority
    #[arg(long, conflicts_with = "dns")]
    pub(super) iterative: bool,

    /// The root servers, as a zone file has them
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) root_hints: Option<PathBuf>,

    /// Tell each server only as much of the name as it needs (RFC 9156)
    #[arg(long, requires = "iterative")]
    pub(super) qmin: bool,

    /// Ask both ways, and tell in what the answers differ
    #[arg(long, conflicts_with = "iterative")]
    pub(super) compare: bool,

    /// Show these records of the name as well: MX, TXT, NS, ...
    #[arg(long, value_name = "TYPE", value_parser = kind)]
    pub(super) dns_type: Vec<u16>,

    /// Do not look into the hosts file
    #[arg(long)]
    pub(super) no_hosts: bool,

    /// Take this address for a host and port: HOST:PORT:ADDRESS
    #[arg(long, value_name = "HOST:PORT:ADDRESS")]
    pub(super) resolve: Vec<String>,

    /// Connect to another host and port than the URL's: HOST1:PORT1:HOST2:PORT2
    #[arg(long, value_name = "HOST1:PORT1:HOST2:PORT2")]
    pub(super) connect_to: Vec<String>,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Connection")]
pub(super) struct Connecting {
    /// IPv4 only
    #[arg(short = '4', long, conflicts_with = "ipv6")]
    pub(super) ipv4: bool,

    /// IPv6 only
    #[arg(short = '6', long)]
    pub(super) ipv6: bool,

    /// Send from this interface or address
    #[arg(long, value_name = "NAME|ADDRESS")]
    pub(super) interface: Option<String>,

    /// Send from this port
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    pub(super) source_port: u16,

    /// Milliseconds until the next address is tried beside the one before
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 250)]
    pub(super) happy_eyeballs: u64,

    /// Octets of the receive buffer, which bounds the window
    #[arg(long, value_name = "SIZE", value_parser = super::size::plain)]
    pub(super) rcvbuf: Option<usize>,

    /// The largest segment, for us and for the server
    #[arg(long, value_name = "OCTETS", value_parser = clap::value_parser!(u32).range(88..=32767))]
    pub(super) mss: Option<u32>,

    /// Leave Nagle's algorithm on
    #[arg(long)]
    pub(super) no_nodelay: bool,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "TLS")]
pub(super) struct Securing {
    /// Trust the certificates in this file, and no others
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) cacert: Option<PathBuf>,

    /// Go on whatever certificate is shown
    #[arg(short = 'k', long)]
    pub(super) insecure: bool,

    /// The oldest version: 1.2 or 1.3
    #[arg(long, value_name = "VERSION", value_parser = ["1.2", "1.3"])]
    pub(super) tls_min: Option<String>,

    /// The newest version: 1.2 or 1.3
    #[arg(long, value_name = "VERSION", value_parser = ["1.2", "1.3"])]
    pub(super) tls_max: Option<String>,

    /// The name asked for, if not the URL's
    #[arg(long, value_name = "NAME")]
    pub(super) sni: Option<String>,

    /// Write the keys into the savefile of -w, so that others can read it
    #[arg(long, requires = "write")]
    pub(super) keys_in_pcap: bool,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Limits")]
pub(super) struct Limits {
    /// The longest it may take: 30s, 2m
    #[arg(short = 'm', long, value_name = "TIME", default_value = "30s", value_parser = super::time::duration)]
    pub(super) max_time: Duration,

    /// The longest a connection may take to come about
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = super::time::duration)]
    pub(super) connect_timeout: Duration,

    /// The longest the name may take to be found
    #[arg(long, value_name = "TIME", value_parser = super::time::duration)]
    pub(super) dns_timeout: Option<Duration>,

    /// The longest body
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = super::size::plain)]
    pub(super) max_size: usize,

    /// The most redirects that are followed
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    pub(super) max_redirs: u32,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub(super) struct Keeping {
    /// Write the body to a file, or with - to standard output, and the story to standard error
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) body: Option<PathBuf>,

    /// Keep the packets in this file: pcapng, or pcap if its name ends so; in pcapng each with what is told of it
    #[arg(short = 'w', long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) write: Option<PathBuf>,

    /// Write an HTTP archive (HAR 1.2)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) har: Option<PathBuf>,

    /// At the end write this to standard output, with curl's variables, as in `%{http_code} %{time_total}\n`; @FILE reads it from a file, @- from standard input
    #[arg(long, value_name = "FORMAT")]
    pub(super) write_out: Option<String>,

    /// Show passwords, cookies and the like
    #[arg(long)]
    pub(super) show_secrets: bool,

    /// Fetch so often, and tell the percentiles of each phase
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) repeat: Option<u32>,

    /// Wait so long in between
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = super::time::duration, requires = "repeat")]
    pub(super) interval: Duration,
}

/// Here one document can be had instead of lines.
fn one_document(json: Arg) -> Arg {
    json.num_args(0..=1).require_equals(true).value_name("FORM").help(
        "One JSON object a line, as -o ndjson has it, each as soon as it is final; with =doc one document: an object \
         with the lists `events`, `timing` and `fault`, of the same records",
    )
}

/// Who is asked for names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Asked {
    System,
    Server(SocketAddr),
}

fn server(text: &str) -> Result<Asked, String> {
    if text == "system" {
        return Ok(Asked::System);
    }
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(Asked::Server(SocketAddr::new(address, 53)));
    }
    let server = text.parse().map(Asked::Server);
    server.map_err(|_| "an address, perhaps with a port, is needed, or `system`".to_owned())
}

fn kind(text: &str) -> Result<u16, String> {
    let number = |text: &str| text.parse().ok();
    let known = (0..=u16::MAX)
        .find(|kind| type_name(*kind).is_some_and(|name| name.eq_ignore_ascii_case(text)));
    known.or_else(|| number(text)).ok_or_else(|| "no type of records is called so".to_owned())
}
