//! What is kept of what passes, and in which files, as typed.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueHint};
use jiff::tz::TimeZone;

use super::arguments::From;
use super::{Usage, reply, usage};
use crate::capture::save::{After, Kept, Limits, Rotation, Save};
use crate::flow::{Flows, Seen};
use crate::pipeline::Passing;
use crate::render::Report;
use crate::timeline::About;
use crate::wire::Packet;

/// Packets kept in files, one or many, and none of them shown
#[derive(Args, Debug)]
#[command(
    override_usage = "wiretale capture [OPTIONS] -i INTERFACE -w FILE [FILTER]...\n       wiretale capture [OPTIONS] -r FILE -w FILE [FILTER]...",
    before_help = "Examples:
  wiretale capture -i eth0 -w kept.pcapng tcp port 443
  wiretale capture -i eth0 -w kept.pcap -C 100MB
                                              kept.pcap, kept-1.pcap, kept-2.pcap, ...
  wiretale capture -i eth0 -w ring.pcapng -C 100MB -W 10
                                              the last 1000 MB: ring-0.pcapng to ring-9.pcapng
  wiretale capture -i eth0 -w '%Y-%m-%d-%H%M.pcapng' -G 1h -z gzip
  wiretale capture -i eth0 -w night.pcapng --for 8h
  wiretale capture -r big.pcap -w part.pcap --file-packets 100000"
)]
pub(super) struct Keep {
    #[command(flatten)]
    pub(super) from: From,

    /// Begin another file before one is longer than this: 100MB, 512k, 1GiB; a bare number is millions of octets, and a bare k, M or G is 1024 of the one before, as in tcpdump. The second file has -1 before its extension, the third -2
    #[arg(short = 'C', long, value_name = "SIZE", value_parser = size)]
    file_size: Option<u64>,

    /// Begin another file after so long, in the packets' own time from the first of them: 30s, 5m, 1h, or a number of seconds. -w may hold conversions of strftime, as in tcpdump: %Y-%m-%d-%H%M%S is the local time when the file's period began
    #[arg(short = 'G', long, value_name = "TIME", value_parser = period)]
    file_time: Option<Duration>,

    /// Begin another file after so many packets
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    file_packets: Option<u64>,

    /// Keep at most so many files, numbered from 0: then the oldest is overwritten; with -G alone, end; with -G and -C, so many of each period
    #[arg(short = 'W', long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    files: Option<u64>,

    /// Run this with the name of each file that is finished, the last one included, at the lowest priority and without waiting for it
    #[arg(short = 'z', long, value_name = "COMMAND", value_hint = ValueHint::CommandName)]
    run: Option<OsString>,

    /// Write each packet out as soon as it came, not only when nothing more comes just then
    #[arg(short = 'U', long)]
    packet_buffered: bool,
}

fn size(text: &str) -> Result<u64, String> {
    super::size::octets(text, 1_000_000)
}

fn period(text: &str) -> Result<Duration, String> {
    match super::time::duration(text)? {
        Duration::ZERO => Err("a file of no time holds nothing".to_owned()),
        period => Ok(period),
    }
}

/// Keeps what comes, and says how much that was.
pub(super) fn keep(keep: Keep) -> anyhow::Result<()> {
    let rotation = keep.rotation()?;
    let Keep { mut from, run, packet_buffered, .. } = keep;
    from.folder = from.write.as_deref().and_then(above_dates);
    from.commands = run.is_some();
    let save = |inputs: &[PathBuf]| {
        let mut save = Save::rotating(rotation, inputs)?;
        if packet_buffered {
            save = save.at_once();
        }
        if let Some(command) = run {
            save = save.with(After::new(command, |sentence| say!("wiretale: {sentence}")));
        }
        Ok(Some(save))
    };
    let told = |passing: &Passing| {
        if let Some(save) = &passing.save {
            say!("{}", summary(save.kept()));
        }
    };
    reply(&from, false, Box::new(Unheard), save, told)
}

/// The folder of all files, where their own folders have dates in their names.
fn above_dates(template: &Path) -> Option<PathBuf> {
    let has_date = |path: &Path| path.as_os_str().as_encoded_bytes().contains(&b'%');
    let folder = template.parent().filter(|folder| has_date(folder))?;
    let above = folder.ancestors().find(|folder| !has_date(folder))?;
    Some(Path::new(".").join(above))
}

impl Keep {
    fn rotation(&self) -> Result<Rotation, Usage> {
        let Some(path) = &self.from.write else {
            return Err(usage("which file are the packets kept in? name it with -w"));
        };
        let limits = Limits {
            size: self.file_size,
            period: self.file_time,
            packets: self.file_packets,
            files: self.files,
        };
        let is_cut = self.file_size.or(self.file_packets).is_some() || self.file_time.is_some();
        if self.files.is_some() && !is_cut {
            return Err(usage(
                "-W counts files: say with -C, -G or --file-packets when one is full",
            ));
        }
        if path.as_os_str() == "-" {
            super::refuse_terminal()?;
            if is_cut || self.run.is_some() {
                return Err(usage(
                    "standard output is no file: -C, -G, --file-packets and -z need -w FILE",
                ));
            }
        }
        Rotation::new(path, limits, TimeZone::system())
            .map_err(|error| usage(format!("the file name of -w: {error}")))
    }
}

/// How much is in how many files, and their names.
fn summary(kept: &Kept) -> String {
    let Kept { frames, octets, files, first, last, overwritten, .. } = kept;
    let place = match files {
        0 => String::new(),
        1 => format!(" in 1 file, {octets} octets: {last}"),
        2 => format!(" in 2 files, {octets} octets: {first} and {last}"),
        _ => format!(" in {files} files, {octets} octets: {first} to {last}"),
    };
    let gone = match *overwritten {
        (_, 0) => String::new(),
        (older, 1) => format!("; 1 older file with {} was overwritten", packets(older)),
        (older, files) => {
            format!("; {files} older files with {} were overwritten", packets(older))
        }
    };
    format!("{} kept{place}{gone}", packets(*frames))
}

fn packets(count: u64) -> String {
    format!("{count} packet{}", if count == 1 { "" } else { "s" })
}

/// Packets that are kept and not told.
struct Unheard;

impl Report for Unheard {
    fn packet(&mut self, _: &Packet<'_>, _: &Seen<'_>) -> io::Result<()> {
        Ok(())
    }

    fn hears(&self) -> bool {
        false
    }

    fn end(&mut self, _: &About, _: &Flows) -> io::Result<()> {
        Ok(())
    }
}
