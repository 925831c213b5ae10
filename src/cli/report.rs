//! Which report answers a question?

use std::io::{self, IsTerminal, Write};
use std::rc::Rc;
use std::time::Instant;

use super::arguments::{
    self, Conversation, Conversations, Exchanges, Figures, From, Packets, Sort, Speaker, Tell,
    Time, Why,
};
use super::paper::{self, Format, Paper};
use super::picture::{no_html, no_processes, picture};
use super::{Usage, answer, no_zeek, usage};
use crate::flow::{Side, exchange};
use crate::render::Report;
use crate::render::choice::Choice;
use crate::render::clock::{Clock, Style};
use crate::render::columns::{self, Columns};
use crate::render::exchanges;
use crate::render::flows::live::{Live, Tty};
use crate::render::flows::{self, Naming, Order, Stream, Table};
use crate::render::follow::{self, Follow};
use crate::render::hex::Dumps;
use crate::render::html;
use crate::render::json::Json;
use crate::render::ladder::{self, Ladder};
use crate::render::line::{Lines, Manner, Numbers};
use crate::render::out::Out;
use crate::render::overview::{self, Overview};
use crate::render::owners::Owned;
use crate::render::tree::Trees;
use crate::render::why;
use crate::render::zeek::Zeek;

/// One screen about the whole.
pub(super) fn overview(tell: &Tell) -> Result<Box<dyn Report>, Usage> {
    let width = tell.paper.cells();
    let form = match tell.paper.format() {
        Format::Text => overview::Form::Page { width, level: overview::Level(tell.level) },
        Format::Ndjson => overview::Form::Ndjson,
        Format::Csv => return Err(usage("an overview has no columns: -o csv is for `packets`")),
        Format::Zeek => return Err(no_zeek()),
        Format::Html => return picture(&tell.from, &tell.paper, html::Question::Tell),
    };
    Ok(Box::new(Overview::new(out(&tell.from, &tell.paper)?, form)))
}

/// Packet by packet.
pub(super) fn listing(packets: &Packets) -> anyhow::Result<Box<dyn Report>> {
    let out = out(&packets.from, &packets.paper)?;
    let processes = packets.processes.asked;
    let manner = packets.figures.manner(processes);
    let width = packets.paper.columns();
    let choice = if packets.fields.is_empty() {
        None
    } else {
        Some(Choice::new(packets.fields.iter().cloned()).map_err(usage)?)
    };
    let form = columns::Form::Tabs { header: packets.header };
    if processes && choice.is_some() && packets.paper.format() != Format::Ndjson {
        return Err(usage(
            "no -e names a process: --proc tells them in whole lines, -o csv and -o ndjson",
        )
        .into());
    }
    Ok(match (packets.paper.format(), choice) {
        (Format::Ndjson, choice) => Box::new(Json::new(out, choice).with_owners(processes)),
        (Format::Zeek, _) => return Err(no_zeek().into()),
        (Format::Html, _) => return Err(no_html().into()),
        (Format::Csv, choice) => {
            Box::new(Columns::new(out, columns::Form::Csv, choice).with_owners(processes))
        }
        (Format::Text, Some(choice)) => Box::new(Columns::new(out, form, Some(choice))),
        (Format::Text, None) if packets.tree && packets.hex => {
            Box::new(Trees::new(out, manner, width).with_octets())
        }
        (Format::Text, None) if packets.tree => Box::new(Trees::new(out, manner, width)),
        (Format::Text, None) if packets.hex => Box::new(Dumps::new(out, manner, width)),
        (Format::Text, None) => Box::new(Lines::new(out, manner)),
    })
}

/// Question by question.
pub(super) fn talks(exchanges: &Exchanges) -> anyhow::Result<Box<dyn Report>> {
    let out = out(&exchanges.from, &exchanges.paper)?;
    let style = match exchanges.paper.format() {
        Format::Text => exchanges::Style::Lines(Clock::new(exchanges.time.style())),
        Format::Ndjson => exchanges::Style::Ndjson,
        Format::Csv => exchanges::Style::Csv,
        Format::Zeek => return Err(no_zeek().into()),
        Format::Html if exchanges.processes.asked => return Err(no_processes().into()),
        Format::Html => {
            let question = html::Question::Exchanges;
            return Ok(picture(&exchanges.from, &exchanges.paper, question)?);
        }
    };
    let pairs = exchange::Exchanges::new(exchanges.open_questions);
    let pairs = if exchanges.heads { pairs.with_heads() } else { pairs };
    Ok(Box::new(exchanges::Listing::new(out, style, pairs).with_owners(exchanges.processes.asked)))
}

/// Conversation by conversation.
pub(super) fn conversations(flows: &Conversations) -> Result<Box<dyn Report>, Usage> {
    let out = out(&flows.from, &flows.paper)?;
    let naming = if flows.from.numeric > 0 { Naming::Numbers } else { Naming::Names };
    let processes = flows.processes.asked;
    Ok(match flows.paper.format() {
        Format::Ndjson => {
            let form = flows::Json::default();
            Box::new(Stream::new(out, form, Naming::Names).with_owners(processes))
        }
        Format::Csv => {
            let form = flows::Csv::default();
            Box::new(Stream::new(out, form, Naming::Names).with_owners(processes))
        }
        Format::Zeek if processes => {
            return Err(usage(
                "Zeek's logs have no place for processes: --proc is for the other formats",
            ));
        }
        Format::Zeek => Box::new(Zeek::new(&flows.directory)),
        Format::Html if processes => return Err(no_processes()),
        Format::Html => return picture(&flows.from, &flows.paper, html::Question::Flows),
        Format::Text => match flows.most() {
            0 => {
                let form = flows::Lines::new(Clock::new(flows.time.style()));
                Box::new(Stream::new(out, form, naming).with_owners(processes))
            }
            most => {
                let width = flows.paper.cells();
                let table = Table::new(out, width, flows.sort.map(Sort::order), most, naming)
                    .with_owners(processes);
                if !flows.lives() {
                    return Ok(Box::new(table));
                }
                let begun = Instant::now();
                let live = Live::new(table, flows.top, Tty::find(), move || begun.elapsed());
                Box::new(live.within(flows.paper.width))
            }
        },
    })
}

/// One conversation.
pub(super) fn conversation(flow: &Conversation, number: u32) -> Result<Box<dyn Report>, Usage> {
    let out = out(&flow.from, &flow.paper)?;
    let level = ladder::Level(if flow.verbose { 6 } else { flow.level });
    Ok(match (flow.paper.format(), flow.follow) {
        (Format::Ndjson, _) => {
            Box::new(Stream::new(out, flows::Json::default(), Naming::Names).only(number))
        }
        (Format::Zeek, _) => return Err(no_zeek()),
        (Format::Html, _) => {
            return picture(&flow.from, &flow.paper, html::Question::Flow(number));
        }
        (Format::Csv, _) => {
            Box::new(Stream::new(out, flows::Csv::default(), Naming::Names).only(number))
        }
        (Format::Text, None) => Box::new(Ladder::new(out, number, level, flow.paper.columns())),
        (Format::Text, Some(form)) => {
            let form = match form {
                arguments::Follow::Text => follow::Form::Text,
                arguments::Follow::Hex => follow::Form::Hex,
                arguments::Follow::Raw => follow::Form::Raw,
            };
            let side = flow.side.map(|side| match side {
                Speaker::Client => Side::Client,
                Speaker::Server => Side::Server,
            });
            Box::new(Follow::new(out, form, number, side))
        }
    })
}

/// Where the time of one capture went, held against that of another.
pub(super) fn compare(why: &Why) -> anyhow::Result<()> {
    let form = form(why)?;
    if why.from.write.is_some() || why.beside.annotate {
        return Err(usage("two captures are compared, not kept: leave out -w").into());
    }
    let pair = [Rc::default(), Rc::default()];
    let mut ended = Ok(());
    for (word, to) in why.from.words.iter().zip(&pair) {
        let from = From { words: vec![word.clone()], ..why.from.clone() };
        ended = ended.and(answer(&from, false, Box::new(why::pair::Gather::into(to))));
    }
    let [one, other] = pair.each_ref().map(|one| one.borrow());
    why::pair::compare([&one, &other], form, &mut out(&why.from, &why.paper)?)?;
    ended
}

pub(super) fn form(why: &Why) -> Result<why::Form, Usage> {
    match why.paper.format() {
        Format::Text => Ok(why::Form::Page { width: why.paper.cells() }),
        Format::Ndjson => Ok(why::Form::Ndjson),
        Format::Csv => Err(usage("a budget has no columns: -o csv is for `flows`")),
        Format::Zeek => Err(no_zeek()),
        Format::Html => Err(usage("two captures have no page: -o html is for one")),
    }
}

/// Where time went.
pub(super) fn reasons(why: &Why, number: Option<u32>) -> Result<Box<dyn Report>, Usage> {
    if why.paper.format() == Format::Html {
        let question = number.map_or(html::Question::Why, html::Question::WhyOf);
        return picture(&why.from, &why.paper, question);
    }
    let form = form(why)?;
    Ok(Box::new(why::Why::new(out(&why.from, &why.paper)?, form, number)))
}

/// Packets are nothing to look at.
pub(super) fn refuse_terminal() -> Result<(), Usage> {
    if io::stdout().is_terminal() {
        return Err(usage(
            "a capture is not written to a terminal: send standard output somewhere",
        ));
    }
    Ok(())
}

/// Standard output, unless the packets themselves go there.
pub(super) fn out(from: &From, paper: &Paper) -> Result<Out, Usage> {
    let watched = io::stdout().is_terminal();
    let packets = from.write.as_ref().is_some_and(|path| path.as_os_str() == "-");
    if packets {
        refuse_terminal()?;
    }
    from.bar.on(paper);
    let to: Box<dyn Write> =
        if packets { Box::new(io::sink()) } else { from.bar.before(io::stdout()) };
    let out = Out::new(to, paper.is_coloured(), paper.is_ascii());
    Ok(if watched { out.line_by_line() } else { out })
}

impl Figures {
    pub(super) fn manner(&self, processes: bool) -> Manner {
        let numbers = if self.absolute { Numbers::Absolute } else { Numbers::Relative };
        let clock = Clock::new(self.time.style());
        Manner { clock, numbers, owned: processes.then(Owned::default) }
    }
}

impl Conversations {
    /// How many rows the table has; 0 when there is to be none.
    fn most(&self) -> usize {
        // Who listens where nothing can be drawn is not kept waiting for a table until the end.
        let is_watched = io::stdout().is_terminal() && !self.from.listen.is_asked();
        let is_table = self.sort.is_some() || is_watched || self.lives();
        self.top.unwrap_or(if is_table { ROWS } else { 0 })
    }

    /// Whether the table is drawn while it changes.
    fn lives(&self) -> bool {
        self.from.listen.is_asked() && paper::can_be_drawn_on()
    }
}

impl Sort {
    fn order(self) -> Order {
        match self {
            Self::Packets => Order::Packets,
            Self::Bytes => Order::Octets,
            Self::Duration => Order::Duration,
            Self::Rtt => Order::Rtt,
            Self::Resent => Order::Resent,
            Self::Id => Order::Number,
        }
    }
}

/// Conversations in a table when nobody says.
const ROWS: usize = 20;

impl Time {
    fn style(self) -> Style {
        match self {
            Self::Relative => Style::Relative,
            Self::Delta => Style::Delta,
            Self::Utc => Style::Utc,
            Self::Local => Style::Local,
            Self::Epoch => Style::Epoch,
        }
    }
}
