//! The man page: options from the definitions, everything else by hand, examples first.

use std::io;

use clap::CommandFactory;
use clap_mangen::Man;

use super::arguments::Arguments;

/// The whole page as roff. `man/wiretale.1` is a copy; a test compares them.
pub fn page() -> io::Result<Vec<u8>> {
    let mut command = Arguments::command();
    command.build();
    let mut page = Vec::new();
    page.extend_from_slice(HEAD.as_bytes());
    for question in command.get_subcommands().filter(|one| one.get_name() != "help") {
        let about = question.get_about().map(ToString::to_string).unwrap_or_default();
        let mut options = Vec::new();
        Man::new(question.clone()).render_options_section(&mut options)?;
        let options = String::from_utf8_lossy(&options);
        let body = options.split_once(".SH OPTIONS\n").map_or("", |(_, body)| body);
        let name = question.get_name();
        page.extend_from_slice(format!(".SS wiretale {name}\n{about}.\n{body}").as_bytes());
    }
    page.extend_from_slice(TAIL.as_bytes());
    Ok(page)
}

const HEAD: &str = include_str!("../../man/head.roff");
const TAIL: &str = include_str!("../../man/tail.roff");
