//! What is the answer written on: a terminal, a pipe, with colours, how wide?

use std::env;
use std::io::{self, IsTerminal};

use super::arguments::{Paper, When};

/// Columns when nobody says.
const WIDTH: usize = 100;

/// Whether standard output is a terminal on which things can be put in their places.
pub(super) fn can_be_drawn_on() -> bool {
    let term = env::var_os("TERM").unwrap_or_default();
    io::stdout().is_terminal() && !term.is_empty() && term != "dumb"
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
}
