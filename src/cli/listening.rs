//! What to listen to, as typed.

use std::time::Duration;

use clap::{Args, ValueEnum, ValueHint};

use crate::capture::live::{self, Live};
use crate::capture::rights::Rights;
use crate::timeline::Source;

/// Listening to interfaces.
#[derive(Args, Clone, Debug)]
#[group(id = "listening")]
pub(super) struct Listen {
    /// Listen to this interface, or to `any`; may be given several times. All words are then the capture filter
    #[arg(short = 'i', long = "interface", value_name = "INTERFACE", conflicts_with_all = ["read", "begin", "end"])]
    pub(super) interfaces: Vec<String>,

    /// Listen for so long: 90s, 5m, 1h
    #[arg(long = "for", value_name = "TIME", value_parser = super::time::duration, requires = "interfaces")]
    pub(super) span: Option<Duration>,

    /// Keep at most so many octets of each frame
    #[arg(short = 's', long, value_name = "OCTETS", default_value_t = 262_144, requires = "interfaces", value_parser = clap::value_parser!(u32).range(0..=262_144))]
    pub(super) snaplen: u32,

    /// Do not ask the interface for frames that are for others
    #[arg(short = 'p', long, requires = "interfaces")]
    pub(super) no_promiscuous: bool,

    /// The kernel's buffer for each interface: 16MiB, or a number of KiB as in tcpdump; in a burst up to 128 MiB more are held in memory
    #[arg(short = 'B', long, value_name = "SIZE", default_value = "16MiB", requires = "interfaces", value_parser = super::size::buffer)]
    pub(super) buffer: usize,

    /// Only frames that go this way, seen from here
    #[arg(short = 'Q', long, value_enum, default_value_t = Direction::Inout, value_name = "WAY", requires = "interfaces")]
    pub(super) direction: Direction,

    /// Started as root, go on as this user, and not as the one who asked sudo for it
    #[arg(short = 'Z', long, value_name = "USER", requires = "interfaces", value_hint = ValueHint::Username)]
    pub(super) user: Option<String>,
}

/// Looking up processes.
#[derive(Args, Clone, Copy, Debug)]
#[group(id = "processes")]
pub(super) struct Processes {
    /// Tell which process of this machine has each end of a connection, as far as rights allow; with -i
    #[arg(long = "proc")]
    pub(super) asked: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Direction {
    In,
    Out,
    Inout,
}

impl Listen {
    /// Whether there is anything to listen to.
    pub(super) fn is_asked(&self) -> bool {
        !self.interfaces.is_empty()
    }

    /// What is needed once the interfaces are open; with `processes` those of others, too.
    pub(super) fn rights(&self, processes: bool) -> anyhow::Result<Rights> {
        let rights = Rights::of(self.user.as_deref()).map_err(super::usage)?;
        let rights = if processes { rights.may_see_processes() } else { rights };
        Ok(self.interfaces.iter().fold(rights, |rights, name| rights.may_count(name)))
    }

    pub(super) fn begin(&self, filter: Option<String>) -> anyhow::Result<Live> {
        live::listen(&live::Listening {
            interfaces: self.interfaces.clone(),
            filter,
            // As in tcpdump, 0 is as much as there may be.
            snaplen: if self.snaplen == 0 { 262_144 } else { self.snaplen },
            promiscuous: !self.no_promiscuous,
            buffer: self.buffer,
            direction: match self.direction {
                Direction::In => live::Direction::In,
                Direction::Out => live::Direction::Out,
                Direction::Inout => live::Direction::Both,
            },
            span: self.span,
        })
    }
}

/// One sentence for standard error once everything is open: from now on nothing is missed.
pub(super) fn heading(live: &Live) -> String {
    format!("listening on {}", live.about().names.join(" and "))
}

/// One sentence for standard error: how much was captured, and what is missing.
pub(super) fn summary(live: &Live) -> String {
    let about = live.about();
    let mut sentences = Vec::new();
    for (at, counts) in live.counts().enumerate() {
        let (name, interface) = (&about.names[at], &about.interfaces[at]);
        let packets = if interface.frames == 1 { "packet" } else { "packets" };
        let mut sentence = format!(
            "{name}: {} {packets} captured, {} received by the filter, {} dropped by the kernel, {} by the interface",
            interface.frames, counts.received, counts.dropped, counts.missed
        );
        if counts.dropped + counts.missed > 0 {
            sentence.push_str(
                "; what was dropped is missing from the answer, which may take it for lost on the way",
            );
        }
        sentences.push(sentence);
    }
    sentences.join("\n")
}
