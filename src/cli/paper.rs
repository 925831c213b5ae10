//! What is the answer written on: a terminal, a pipe, with colours, how wide?

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal};

use clap::builder::EnumValueParser;
use clap::{Args, ValueEnum};

/// Columns when nobody says.
const WIDTH: usize = 100;

/// Whether standard output is a terminal on which things can be put in their places.
pub(super) fn can_be_drawn_on() -> bool {
    let term = env::var_os("TERM").unwrap_or_default();
    io::stdout().is_terminal() && !term.is_empty() && term != "dumb"
}

/// What the answer is written on.
#[derive(Args, Debug)]
pub(super) struct Paper {
    /// What the answer is for: people, or programs
    #[arg(short = 'o', long, value_enum, value_name = "FORMAT")]
    pub(super) output: Option<Format>,

    /// The same as -o ndjson
    #[arg(long, conflicts_with = "output", num_args = 0, default_missing_value = "lines", value_parser = EnumValueParser::<Json>::new())]
    pub(super) json: Option<Json>,

    /// When to colour; `NO_COLOR` and `CLICOLOR_FORCE` are respected
    #[arg(long, value_enum, default_value_t = When::Auto, value_name = "WHEN", num_args = 0..=1, default_missing_value = "always", require_equals = true)]
    pub(super) color: When,

    /// Draw with ASCII only
    #[arg(long)]
    pub(super) ascii: bool,

    /// Use this many columns instead of the terminal's
    #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(40..))]
    pub(super) width: Option<u16>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Format {
    Text,
    /// One JSON object a line
    Ndjson,
    /// Comma-separated values with a line of names
    Csv,
    /// Zeek's conn.log, dns.log and http.log, of `flows`
    Zeek,
    /// One page for a browser, which needs nothing else, of `tell`, `why`, `flows`, `flow` and `exchanges`
    Html,
}

/// How much one piece of JSON holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Json {
    /// One record, in a line
    Lines,
    /// Everything: an object with `capture` and with the lists `events`, `timing` and `fault`
    Doc,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum When {
    Auto,
    Always,
    Never,
}

/// The words of a command line, of which `--color never` is one: `--color` may stand alone, so that whatever
/// came behind it would be a file.
pub(super) fn words(words: impl Iterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    let mut words = words.peekable();
    let is_when =
        |word: &OsString| word.to_str().is_some_and(|it| When::from_str(it, false).is_ok());
    std::iter::from_fn(move || {
        let mut word = words.next()?;
        if word == "--color"
            && let Some(when) = words.next_if(is_when)
        {
            word.push("=");
            word.push(when);
        }
        Some(word)
    })
}

impl Paper {
    /// Whether to colour: the option decides, then the environment, then whether a person looks.
    pub(super) fn is_coloured(&self) -> bool {
        match self.color {
            When::Always => true,
            When::Never => false,
            When::Auto if anstyle_query::no_color() => false,
            When::Auto if anstyle_query::clicolor_force() => true,
            When::Auto => {
                io::stdout().is_terminal()
                    && anstyle_query::clicolor().unwrap_or(true)
                    && anstyle_query::term_supports_color()
            }
        }
    }

    /// Whether only ASCII can be shown: asked for, or the locale has no UTF-8.
    pub(super) fn is_ascii(&self) -> bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .filter_map(|name| env::var(name).ok())
            .find(|value| !value.is_empty())
            .unwrap_or_default()
            .to_ascii_lowercase();
        self.ascii || !(locale.contains("utf-8") || locale.contains("utf8"))
    }

    /// How many columns there are.
    pub(super) fn columns(&self) -> usize {
        let terminal =
            || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0.into());
        self.width.map(usize::from).or_else(terminal).unwrap_or(WIDTH)
    }

    /// The width of a page.
    pub(super) fn cells(&self) -> u16 {
        u16::try_from(self.columns()).unwrap_or(u16::MAX)
    }

    pub(super) fn format(&self) -> Format {
        if self.json.is_some() { Format::Ndjson } else { self.output.unwrap_or(Format::Text) }
    }
}
