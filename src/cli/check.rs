//! Which limits were typed, and were they kept?

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::{Args, ValueHint};

use super::arguments::From;
use super::paper::{Format, Paper};
use super::picture::no_html;
use super::{Ended, Usage, answer, no_zeek, out, usage};
use crate::capture::{cause, shown};
use crate::filter::rule::{Fields, Rule};
use crate::render::check::{self, Form};

/// Limits that a capture has to keep, and the packets that break them
#[derive(Args, Debug)]
#[command(
    override_usage = "wiretale check [OPTIONS] FILE... -e RULE",
    before_help = "Examples:
  wiretale check slow.pcap -e 'server_think<200ms'
                                              does each connection keep to it? Ends with 4 if one does not
  wiretale check slow.pcap -e 'retransmitted<0.1%' -e 'no tail_loss' -e 'http.status<500'
  wiretale check slow.pcap -e 'loss_timeout<1%'
                                              a share of the connection's time
  wiretale check slow.pcap -e 'server_think<200ms if application==http and key.server.port==80'
  wiretale check slow.pcap -q --rules limits.txt && echo fine
  wiretale check -i eth0 -e 'dns.latency<50ms' each that breaks it, as it happens
  wiretale check --json slow.pcap -e 'no stall' | jq '.offenders[]?.packets'",
    after_help = "A rule is FIELD, one of < <= > >= == !=, and a limit with its unit: 200ms, 1.5s, 64k, 1MB, 0.1%.
Fields have the names of records: the columns of `flows -o csv` and `exchanges -o csv`, `budget.` and \
the members of `why --json`, `quality.dropped` and others of the capture. Their units may be left out, and \
what stands in front where nothing else ends alike: `latency`, `status`, `server_think`. In front of what all \
exchanges have stands the protocol: `dns.latency`, `http.latency`. What several records have is meant of \
connections, unless `exchange.`, `flow.` or `capture.` stands in front.
Short names: `rtt` (there and back, the shortest), `handshake` (from the first SYN to the ACK), \
`retransmitted` (which share of all segments with data were sent again).
`no stall`, `no tail_loss`: a trouble that `why` names does not occur; `stall.zero_window<100ms`: not for long.
Behind `if` stands what a record must be for the rule to be about it, joined by `and`. What is not known \
neither keeps a rule nor breaks it, and is counted."
)]
pub(super) struct Check {
    #[command(flatten)]
    pub(super) from: From,

    /// A limit that each record has to keep; may be given several times
    #[arg(short = 'e', long = "rule", value_name = "RULE", required_unless_present = "files")]
    pub(super) rules: Vec<String>,

    /// Read rules from this file, one a line; what stands behind # is not read
    #[arg(long = "rules", value_name = "FILE", id = "files", value_hint = ValueHint::FilePath)]
    pub(super) files: Vec<PathBuf>,

    /// Show all that break a rule, each as soon as it is found
    #[arg(long, conflicts_with_all = ["output", "json"])]
    pub(super) all: bool,

    /// Print nothing: how it ends tells
    #[arg(short = 'q', long, conflicts_with_all = ["output", "json", "all"])]
    pub(super) quiet: bool,

    #[command(flatten)]
    pub(super) paper: Paper,
}

/// How it ends when a rule was broken.
const BROKEN: u8 = 4;

/// Judges everything that is read, and ends with 4 where a rule was broken.
pub(super) fn check(asked: &Check) -> anyhow::Result<()> {
    let rules = rules(asked)?;
    let form = match asked.paper.format() {
        Format::Text if asked.quiet => Form::Nothing,
        Format::Text if asked.all || asked.from.listen.is_asked() => Form::Stream,
        Format::Text => Form::Page,
        Format::Ndjson => Form::Ndjson,
        Format::Csv => {
            return Err(usage("a check has no columns: -o ndjson is for programs").into());
        }
        Format::Zeek => return Err(no_zeek().into()),
        Format::Html => return Err(no_html().into()),
    };
    if asked.quiet {
        asked.from.bar.end();
    }
    let (report, outcome) = check::Check::new(out(&asked.from, &asked.paper)?, form, rules);
    answer(&asked.from, false, Box::new(report))?;
    if outcome.is_broken() { Err(Ended(BROKEN).into()) } else { Ok(()) }
}

/// The rules in the order typed, and behind them those of the files.
fn rules(asked: &Check) -> anyhow::Result<Vec<Rule>> {
    let fields = check::fields();
    let mut rules = Vec::new();
    for text in &asked.rules {
        rules.push(Rule::new(text, &fields).map_err(usage)?);
    }
    for path in &asked.files {
        read(path, &fields, &mut rules)?;
    }
    Ok(rules)
}

fn read(path: &Path, fields: &Fields, rules: &mut Vec<Rule>) -> anyhow::Result<()> {
    let text = fs::read_to_string(path)
        .map_err(|error| anyhow!("{}: {}", shown(path), cause(&error)))
        .map_err(|error| usage(format!("{error:#}")))?;
    let before = rules.len();
    for (at, line) in text.lines().enumerate() {
        let line = uncommented(line).trim();
        if line.is_empty() {
            continue;
        }
        let wrong = |error| usage(format!("{}: line {}: {error}", shown(path), at + 1));
        rules.push(Rule::new(line, fields).map_err(wrong)?);
    }
    if rules.len() == before {
        return Err(none(path).into());
    }
    Ok(())
}

fn none(path: &Path) -> Usage {
    usage(format!("{}: no rule in it", shown(path)))
}

/// What stands in front of a `#` that is not within quotes.
fn uncommented(line: &str) -> &str {
    let mut is_quoted = false;
    let end = line.char_indices().find(|(_, letter)| {
        is_quoted ^= *letter == '"';
        *letter == '#' && !is_quoted
    });
    end.map_or(line, |(at, _)| &line[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_ends_a_line_but_not_a_quote() {
        assert_eq!(uncommented("rtt<5ms # near"), "rtt<5ms ");
        assert_eq!(uncommented("# all"), "");
        assert_eq!(uncommented("http.target!=\"/a#b\" # c"), "http.target!=\"/a#b\" ");
    }
}
