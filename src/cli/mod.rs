//! What the user typed: which source, which question, told how.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::anyhow;
use clap::{CommandFactory, Parser};

use crate::capture;
use crate::capture::owners::Owners;
use crate::capture::rights::{self, Rights};
use crate::capture::save::Save;
use crate::capture::sift::{BadFilter, Sift};
use crate::filter::Filter;
use crate::pipeline::{self, Passing};
use crate::render::Report;
use crate::timeline::Source;

mod annotate;
mod arguments;
mod bar;
mod check;
mod devices;
mod explain;
mod fetch;
mod from;
mod keep;
mod keys;
mod links;
mod listening;
mod man;
mod paper;
mod picture;
mod report;
mod size;
mod time;

use arguments::{Arguments, From, Question};
pub use man::page as man_page;
use paper::Format;
use report::{
    compare, conversation, conversations, listing, out, overview, reasons, refuse_terminal, talks,
};

/// Answers what the command line asks.
pub fn run() -> anyhow::Result<()> {
    let arguments = Arguments::parse_from(paper::words(std::env::args_os()));
    match arguments.command.unwrap_or(Question::Tell(arguments.tell)) {
        Question::Tell(tell) if tell.beside.annotate => {
            annotate::answer(&tell.from, None, overview(&tell)?)
        }
        Question::Tell(tell) => answer(&tell.from, false, overview(&tell)?),
        Question::Packets(packets) => {
            answer(&packets.from, packets.processes.asked, listing(&packets)?)
        }
        Question::Exchanges(exchanges) => {
            answer(&exchanges.from, exchanges.processes.asked, talks(&exchanges)?)
        }
        Question::Flows(mut flows) => {
            if flows.paper.format() == Format::Zeek {
                flows.from.folder = Some(flows.directory.clone());
            }
            answer(&flows.from, flows.processes.asked, conversations(&flows)?)
        }
        Question::Flow(mut flow) => {
            let number = flow.from.take_number("conversation", "flows")?;
            answer(&flow.from, false, conversation(&flow, number)?)
        }
        Question::Why(mut why) => {
            let number = why.from.take_number_if_any()?;
            if number.is_none() && why.from.words.len() == 2 && why.from.names_files() {
                return compare(&why);
            }
            let report = reasons(&why, number)?;
            if why.beside.annotate {
                return annotate::answer(&why.from, number, report);
            }
            answer(&why.from, false, report)
        }
        Question::Explain(mut asked) => {
            let report = asked.report()?;
            answer(&asked.from, false, report)
        }
        Question::Check(asked) => check::check(&asked),
        Question::Capture(keep) => keep::keep(keep),
        Question::Fetch(asked) => fetch::fetch(&asked),
        Question::Interfaces(asked) => devices::tell(&asked),
        Question::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "wiretale", &mut script);
            Ok(io::stdout().write_all(&script)?)
        }
    }
}

/// Something typed that cannot be meant; nothing was done.
#[derive(Debug)]
pub struct Usage(String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// Everything was told, and this is how it ends.
#[derive(Clone, Copy, Debug)]
pub struct Ended(pub u8);

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ended with {}", self.0)
    }
}

impl std::error::Error for Ended {}

/// Marks an error as the command line's.
fn usage(error: impl fmt::Display) -> Usage {
    Usage(error.to_string())
}

/// Zeek's logs are of conversations.
fn no_zeek() -> Usage {
    usage("-o zeek is for `flows`, and writes dns.log and http.log too")
}

/// Reads the source, or listens to it, and has it told; with `processes`, whose the ends are, too.
fn answer(from: &From, processes: bool, report: Box<dyn Report>) -> anyhow::Result<()> {
    let save = |inputs: &[PathBuf]| {
        from.write.as_deref().map(|path| Save::create(path, inputs)).transpose()
    };
    reply(from, processes, report, save, |_| ())
}

/// The same, with a savefile that is begun once the source is open; `told` comes when all is told.
fn reply(
    from: &From,
    processes: bool,
    report: Box<dyn Report>,
    save: impl FnOnce(&[PathBuf]) -> anyhow::Result<Option<Save>>,
    told: impl FnOnce(&Passing),
) -> anyhow::Result<()> {
    if processes && !from.listen.is_asked() {
        return Err(usage("--proc is for -i: no capture says whose the sockets were").into());
    }
    let filter = from.display_filter.as_deref().map(Filter::new).transpose().map_err(usage)?;
    let keyring = keys::read(&from.keys)?;
    let (paths, capture_filter) = from.source();
    let most = Some(from.max_connections);
    let mut passing = Passing { filter, limit: from.count, keyring, most, ..Passing::default() };
    if from.listen.is_asked() {
        let rights = from.listen.rights(processes)?;
        let rights = from.places().into_iter().fold(rights, Rights::may_write);
        let rights = if from.commands { rights.may_run_commands() } else { rights };
        let mut live = from.listen.begin(capture_filter).map_err(bad_filter)?;
        passing.owners = processes.then(Owners::open).transpose()?;
        rights.give_up()?;
        if let Some(owners) = &mut passing.owners {
            owners.begin()?;
            rights::leave_processes()?;
            owners.look_out()?;
        }
        passing.save = save(&[])?;
        passing.clock = Some(capture::live::now);
        say!("{}", listening::heading(&live));
        let ended = tell(&mut live, &mut passing, report, from);
        told(&passing);
        say!("{}", listening::summary(&live));
        return ended;
    }
    let files = capture::open(&paths)?;
    from.bar.watch(&files, from.write.as_deref());
    let mut source =
        Sift::new(files, capture_filter.as_deref(), from.begin, from.end).map_err(usage)?;
    passing.save = save(&paths)?;
    let is_told = report.hears();
    let ended = tell(&mut source, &mut passing, report, from);
    if is_told {
        links::tell_unread(source.about());
    }
    told(&passing);
    ended
}

/// A capture filter that cannot be compiled is the command line's fault.
fn bad_filter(error: anyhow::Error) -> anyhow::Error {
    if error.is::<BadFilter>() { usage(error).into() } else { error }
}

fn tell(
    source: &mut impl Source,
    passing: &mut Passing,
    mut report: Box<dyn Report>,
    from: &From,
) -> anyhow::Result<()> {
    let told = pipeline::run(source, passing, report.as_mut());
    from.bar.clear();
    if let (Some(most), dropped @ 1..) = (passing.most, passing.dropped) {
        say!(
            "wiretale: more than {most} connections at once: {dropped} dropped before they were over; \
             --max-connections follows more"
        );
    }
    if let ends @ 1.. = passing.unasked {
        say!(
            "wiretale: too many new connections to look up whose they are: {ends} ends are not told"
        );
    }
    told.map_err(named)
}

/// What the system says of writing the answer names no place; savefiles name themselves.
fn named(error: io::Error) -> anyhow::Error {
    if error.raw_os_error().is_none() || error.kind() == io::ErrorKind::BrokenPipe {
        return error.into();
    }
    anyhow!("standard output: {}", capture::cause(&error))
}
