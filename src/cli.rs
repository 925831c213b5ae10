//! What the user typed: which source, which question, told how.

use std::path::PathBuf;

use clap::Parser;

use crate::capture;
use crate::pipeline::{self, Passing};
use crate::render::clock::{Clock, Style};
use crate::render::line::Lines;
use crate::render::out::Out;

#[derive(Parser)]
#[command(name = "wiretale", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Packets { files: Vec<PathBuf> },
}

pub fn run() -> anyhow::Result<()> {
    let Command::Packets { files } = Cli::parse().command;
    let mut source = capture::open(&files)?;
    let out = Out::new(Box::new(std::io::stdout()), false, false);
    let mut report = Lines::new(out, Clock::new(Style::Relative));
    Ok(pipeline::run(&mut source, &mut Passing::default(), &mut report)?)
}
