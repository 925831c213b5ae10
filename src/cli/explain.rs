//! Which packet is to be explained, and how?

use clap::Args;

use super::arguments::{Figures, From};
use super::paper::{Format, Paper};
use super::{Usage, no_zeek, out, usage};
use crate::render::Report;
use crate::render::explain::{Explanation, Form};
use crate::render::line::Manner;

/// One packet in words: what it is, why it is here, what came of it, and what each octet of its headers says
#[derive(Args, Debug)]
#[command(
    override_usage = "wiretale explain [OPTIONS] FILE NUMBER",
    before_help = "Examples:
  wiretale explain slow.pcap 17               the packet that `packets` numbers 17
  wiretale explain slow.pcap#17               the same
  wiretale explain -S --time utc slow.pcap 17 with sequence numbers as written
  wiretale explain --json slow.pcap 17 | jq -r '.caused[]?.text'"
)]
pub(super) struct Explain {
    #[command(flatten)]
    pub(super) from: From,

    #[command(flatten)]
    figures: Figures,

    #[command(flatten)]
    paper: Paper,
}

impl Explain {
    /// The report about one packet. Its number is taken from the words.
    pub(super) fn report(&mut self) -> Result<Box<dyn Report>, Usage> {
        if self.from.listen.is_asked() {
            return Err(usage(
                "-i is for other questions: a packet is explained from a file, which `capture -w` writes",
            ));
        }
        let number = self.from.take_number("packet", "packets")?;
        let out = out(&self.from, &self.paper)?;
        let form = match self.paper.format() {
            Format::Text => {
                let Manner { clock, numbers, .. } = self.figures.manner(false);
                Form::Page { width: self.paper.columns(), clock, numbers }
            }
            Format::Ndjson => Form::Ndjson,
            Format::Csv => {
                return Err(usage("an explanation has no columns: -o csv is for `packets`"));
            }
            Format::Zeek => return Err(no_zeek()),
            Format::Html => return Err(super::picture::no_html()),
        };
        let (files, _) = self.from.source();
        let explanation = Explanation::new(out, form, files, number).limited_to(self.from.count);
        // What is kept is to be whole.
        let keeps = self.from.write.is_some();
        Ok(Box::new(if keeps { explanation.to_the_end() } else { explanation }))
    }
}
