//! The command line as typed. Help, man page and completions are all made from these definitions.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use super::bar::Bar;
use super::check::Check;
use super::devices::Interfaces;
use super::explain::Explain;
use super::fetch::Fetch;
use super::keep::Keep;
use super::listening::{Listen, Processes};
use super::paper::Paper;
use crate::capture::sift::Edge;
use crate::flow::Flows;

/// Tells what happened on the wire, and who spent the time.
#[derive(Debug, Parser)]
#[command(
    name = "wiretale",
    version,
    disable_version_flag = true,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    arg_required_else_help = true,
    override_usage = "wiretale [OPTIONS] FILE...\n       wiretale COMMAND [OPTIONS] ...",
    before_help = "Examples:
  wiretale slow.pcap                          what is in the capture, on one screen
  wiretale packets slow.pcap                  every packet in one line
  wiretale packets -v -c 1 slow.pcap          the first packet, field by field
  wiretale packets -Y 'dns or tcp.flags.syn == 1' slow.pcap
  wiretale packets -r slow.pcap port 80       a capture filter, as in tcpdump
  wiretale exchanges slow.pcap                every question with its answer, and how long it took
  wiretale packets -e ip.src -e http.host slow.pcap
  wiretale capture -i eth0 -w kept.pcapng -C 100MB -W 10
  zcat old.pcap.gz | wiretale packets --json - | jq .fields"
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Option<Question>,

    #[command(flatten)]
    pub(super) tell: Tell,

    /// Print the version
    #[arg(long, action = clap::ArgAction::Version)]
    version: Option<bool>,
}

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(super) enum Question {
    Tell(Tell),
    Packets(Packets),
    Exchanges(Exchanges),
    Flows(Conversations),
    Flow(Conversation),
    Why(Why),
    Explain(Explain),
    Check(Check),
    Capture(Keep),
    Fetch(Box<Fetch>),
    Interfaces(Interfaces),
    /// Write the completions of a shell to standard output
    #[command(before_help = "Examples:
  wiretale completions bash > ~/.local/share/bash-completion/completions/wiretale
  wiretale completions zsh > ~/.zfunc/_wiretale
  wiretale completions fish > ~/.config/fish/completions/wiretale.fish")]
    Completions {
        shell: clap_complete::Shell,
    },
}

/// What is in a capture, on one screen
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  wiretale tell slow.pcap                     the same as: wiretale slow.pcap
  wiretale tell monday.pcap.gz tuesday.pcapng several captures as one
  wiretale tell -Y 'ip.addr == 10.0.0.7' slow.pcap")]
pub(super) struct Tell {
    #[command(flatten)]
    pub(super) from: From,

    /// How much to tell: 1 one sentence, 2 who spoke, 3 where the time went and what was asked, 5 each connection, 6 addresses, 7 longer lists
    #[arg(long, value_name = "1..7", value_parser = clap::value_parser!(u8).range(1..=7), default_value_t = 3, hide_default_value = true)]
    pub(super) level: u8,

    #[command(flatten)]
    pub(super) beside: Beside,

    #[command(flatten)]
    pub(super) paper: Paper,
}

/// One line for each packet, or all of its fields, or some of them
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  wiretale packets slow.pcap                  every packet in one line
  wiretale packets -vx -c 1 slow.pcap         the first packet, field by field, and its octets
  wiretale packets -Y 'tcp.port == 443 and tls.handshake.type == 1' slow.pcap
  wiretale packets -e frame.number -e dns.qry.name -Y dns slow.pcap
  wiretale packets --json slow.pcap | jq -r '.fields[\"http.host\"] // empty'
  wiretale packets --keys tls.keys -Y http slow.pcap
  wiretale packets --from +1.5s --to +2s -w part.pcapng slow.pcap
  wiretale packets -i eth0 port 53            what passes an interface, as tcpdump would be asked
  ssh host tcpdump -U -w - | wiretale packets -")]
pub(super) struct Packets {
    #[command(flatten)]
    pub(super) from: From,

    #[command(flatten)]
    pub(super) processes: Processes,

    /// Show every field of every layer
    #[arg(short = 'v', long = "verbose", conflicts_with_all = ["fields", "output", "json"])]
    pub(super) tree: bool,

    /// Show the octets, and which layer and field they belong to
    #[arg(short = 'x', long = "hex", conflicts_with_all = ["fields", "output", "json"])]
    pub(super) hex: bool,

    /// Show this field, by its Wireshark name; may be given several times
    #[arg(short = 'e', long = "field", value_name = "FIELD", id = "fields")]
    pub(super) fields: Vec<String>,

    /// Begin with a line that names the columns of -e
    #[arg(long, requires = "fields")]
    pub(super) header: bool,

    #[command(flatten)]
    pub(super) figures: Figures,

    #[command(flatten)]
    pub(super) paper: Paper,
}

/// How times and numbers are written.
#[derive(Args, Debug)]
pub(super) struct Figures {
    /// How to write the time of a packet
    #[arg(long, value_enum, default_value_t = Time::Relative, value_name = "STYLE")]
    pub(super) time: Time,

    /// Sequence numbers as written, not counted from the first of each side
    #[arg(short = 'S', long)]
    pub(super) absolute: bool,
}

/// Questions and their answers: DNS, HTTP, TLS, DHCP, ARP, neighbour discovery, echo
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  wiretale exchanges slow.pcap                who asked whom, what came back, and how long it took
  wiretale exchanges -Y 'ip.addr == 10.0.0.7' slow.pcap
                                              those of which a packet that asks or answers passes
  wiretale exchanges --json slow.pcap | jq 'select(.answered == false)'
  wiretale exchanges --json slow.pcap | jq -r 'select(.http) | [.latency_ns, .http.target] | @tsv'
  wiretale exchanges -o csv slow.pcap > exchanges.csv")]
pub(super) struct Exchanges {
    #[command(flatten)]
    pub(super) from: From,

    #[command(flatten)]
    pub(super) processes: Processes,

    /// How to write the time of a question
    #[arg(long, value_enum, default_value_t = Time::Relative, value_name = "STYLE")]
    pub(super) time: Time,

    /// Show the heads of HTTP messages, too
    #[arg(short = 'v', long = "verbose")]
    pub(super) heads: bool,

    /// Let at most so many questions wait for their answers; then the oldest is given up
    #[arg(long, value_name = "COUNT", default_value_t = crate::flow::exchange::Exchanges::OPEN)]
    pub(super) open_questions: usize,

    #[command(flatten)]
    pub(super) paper: Paper,
}

/// One row for each conversation: who, how much, how fast, what went wrong, how it ended
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  wiretale flows slow.pcap                    the twenty largest conversations, in a table
  wiretale flows --top 0 slow.pcap            every conversation in one line, as soon as it is over
  wiretale flows --sort rtt --top 5 slow.pcap
  wiretale flows -Y 'ip.addr == 10.0.0.7' slow.pcap
  wiretale flows --json slow.pcap | jq 'select(.server.retransmitted_packets > 0)'
  wiretale flows -o csv slow.pcap > flows.csv
  wiretale flows -o zeek --directory logs slow.pcap
  wiretale flows -i eth0 tcp port 443         those that pass an interface, as they change
  wiretale flows -i any --proc                and which processes have them")]
pub(super) struct Conversations {
    #[command(flatten)]
    pub(super) from: From,

    #[command(flatten)]
    pub(super) processes: Processes,

    /// Sort the table; the largest come first
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with_all = ["output", "json"])]
    pub(super) sort: Option<Sort>,

    /// Show so many conversations in a table, 0 for all in one line each; 20 on a terminal, all elsewhere
    #[arg(long, value_name = "COUNT", conflicts_with_all = ["output", "json"])]
    pub(super) top: Option<usize>,

    /// Where -o zeek writes its logs
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath, default_value = ".", hide_default_value = true)]
    pub(super) directory: PathBuf,

    /// How to write the time of the first packet
    #[arg(long, value_enum, default_value_t = Time::Relative, value_name = "STYLE")]
    pub(super) time: Time,

    #[command(flatten)]
    pub(super) paper: Paper,
}

/// One conversation, packet by packet: the client on the left, the server on the right
#[derive(Args, Debug)]
#[command(
    override_usage = "wiretale flow [OPTIONS] FILE NUMBER",
    before_help = "Examples:
  wiretale flow slow.pcap 2                   the conversation that `flows` numbers 2
  wiretale flow slow.pcap#2                   the same
  wiretale flow --follow slow.pcap 2          what both sides said
  wiretale flow --follow=raw --side server slow.pcap 2 > body
  wiretale flow --json slow.pcap 2 | jq .server.rtt"
)]
pub(super) struct Conversation {
    #[command(flatten)]
    pub(super) from: From,

    /// How much to tell: 1 one sentence, 2 the actors, 3 where the time went and what was asked, 5 every segment, 6 every option, 7 every field
    #[arg(long, value_name = "1..7", value_parser = clap::value_parser!(u8).range(1..=7), default_value_t = 5, hide_default_value = true)]
    pub(super) level: u8,

    /// Every option of each segment, and what is not as usual in its IP header; as --level 6
    #[arg(short = 'v', long = "verbose", conflicts_with_all = ["output", "json"])]
    pub(super) verbose: bool,

    /// What both sides said, instead of their segments: as text, in rows of octets, or as it is
    #[arg(long, value_enum, value_name = "FORM", num_args = 0..=1, default_missing_value = "text", require_equals = true, conflicts_with_all = ["output", "json"])]
    pub(super) follow: Option<Follow>,

    /// Only what this side said
    #[arg(long, value_enum, requires = "follow")]
    pub(super) side: Option<Speaker>,

    #[command(flatten)]
    pub(super) paper: Paper,
}

/// Where the time of each connection went, and whose it was
#[derive(Args, Debug)]
#[command(
    override_usage = "wiretale why [OPTIONS] FILE [NUMBER]\n       wiretale why [OPTIONS] GOOD BAD",
    before_help = "Examples:
  wiretale why slow.pcap                      who spent the time, and the packets that show it
  wiretale why slow.pcap 2                    of the connection that `flows` numbers 2
  wiretale why good.pcap bad.pcap             what took longer in the second than in the first
  wiretale why -r one.pcap -r two.pcap        both as one capture
  wiretale why --json slow.pcap | jq 'select(.type == \"budget\").buckets'"
)]
pub(super) struct Why {
    #[command(flatten)]
    pub(super) from: From,

    #[command(flatten)]
    pub(super) beside: Beside,

    #[command(flatten)]
    pub(super) paper: Paper,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Follow {
    /// Lines as they are; what is no text is escaped
    Text,
    /// Rows of octets with their places
    Hex,
    /// The octets and nothing else
    Raw,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Speaker {
    Client,
    Server,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Sort {
    Packets,
    Bytes,
    Duration,
    /// The shortest round trip
    Rtt,
    /// Packets sent again
    Resent,
    /// In the order of their first packets
    Id,
}

/// Where the packets come from, and which of them count.
#[derive(Args, Clone, Debug)]
pub(super) struct From {
    /// Capture files, read as one and merged by time; `-` is standard input. With -r, a capture filter instead
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath, required_unless_present_any = ["read", "interfaces"])]
    pub(super) words: Vec<String>,

    /// Read this capture file; all other words are then the capture filter, as in tcpdump
    #[arg(short = 'r', long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) read: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) listen: Listen,

    /// Only frames that pass this capture filter, in libpcap's language
    #[arg(short = 'f', long, value_name = "FILTER")]
    pub(super) filter: Option<String>,

    /// Only packets that pass this display filter, in Wireshark's language
    #[arg(short = 'Y', long, value_name = "FILTER")]
    pub(super) display_filter: Option<String>,

    /// Open TLS records with the keys in this file, as SSLKEYLOGFILE has them; those that a pcapng capture holds are used anyhow
    #[arg(long, visible_alias = "keylog", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) keys: Vec<PathBuf>,

    /// Stop after this many packets that passed
    #[arg(short = 'c', long, value_name = "COUNT")]
    pub(super) count: Option<u64>,

    /// Only frames from this time on: RFC 3339, or `+1.5s` after the first
    #[arg(long = "from", value_name = "TIME", value_parser = super::time::bound)]
    pub(super) begin: Option<Edge>,

    /// Only frames before this time: RFC 3339, or `+1.5s` after the first
    #[arg(long = "to", value_name = "TIME", value_parser = super::time::bound)]
    pub(super) end: Option<Edge>,

    /// Keep the packets that passed: pcapng, or classic pcap when the name ends in .pcap; `-` is standard output
    #[arg(short = 'w', long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) write: Option<PathBuf>,

    /// Follow at most this many connections at once; what is dropped for want of room is told as dropped
    #[arg(long, value_name = "COUNT", default_value_t = Flows::MOST_CONNECTIONS)]
    pub(super) max_connections: usize,

    /// Show numbers instead of names; packets are always shown with numbers
    #[arg(short = 'n', action = clap::ArgAction::Count)]
    pub(super) numeric: u8,

    /// Where files are written beside that of -w.
    #[arg(skip)]
    pub(super) folder: Option<PathBuf>,

    /// How far reading has come.
    #[arg(skip)]
    pub(super) bar: Bar,

    /// Whether commands are run while packets are read.
    #[arg(skip)]
    pub(super) commands: bool,
}

/// What is written beside the packets that are kept.
#[derive(Args, Debug)]
pub(super) struct Beside {
    /// With -w: write the verdicts as comments on the packets that they are about, for Wireshark to show there
    #[arg(long, requires = "write")]
    pub(super) annotate: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Time {
    /// Seconds since the first packet
    Relative,
    /// Seconds since the packet before
    Delta,
    /// Date and time of day in UTC
    Utc,
    /// Date and time of day where you are
    Local,
    /// Seconds since 1970
    Epoch,
}
