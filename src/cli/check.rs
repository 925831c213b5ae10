//! Which limits were typed, and were they kept?

use std::fs;
use std::path::Path;

use anyhow::anyhow;

use super::arguments::Check;
use super::paper::Format;
use super::picture::no_html;
use super::{Ended, Usage, answer, no_zeek, out, usage};
use crate::capture::{cause, shown};
use crate::filter::rule::{Fields, Rule};
use crate::render::check::{self, Form};

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
