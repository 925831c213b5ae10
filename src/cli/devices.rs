//! What can be listened to, as it was asked.

use std::io;

use anyhow::bail;
use clap::Args;

use super::paper::{Format, Paper};
use crate::capture::interfaces;
use crate::render::interfaces::{self as page, Form};
use crate::render::out::Out;

/// What can be listened to: interfaces, their states, addresses and networks
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  wiretale interfaces                         all interfaces; this needs no right
  wiretale interfaces eth0                    only this one
  wiretale interfaces --json | jq -r 'select(.flags | index(\"up\")).name'
  wiretale interfaces --json | jq -r '.addresses[] | .address + \" in \" + .network'")]
pub(super) struct Interfaces {
    /// Only these interfaces
    #[arg(value_name = "INTERFACE")]
    pub(super) names: Vec<String>,

    #[command(flatten)]
    pub(super) paper: Paper,
}

pub(super) fn tell(asked: &Interfaces) -> anyhow::Result<()> {
    let form = match asked.paper.format() {
        Format::Text => Form::Page { width: asked.paper.cells() },
        Format::Ndjson => Form::Ndjson,
        Format::Csv => Form::Csv,
        Format::Zeek => return Err(super::no_zeek().into()),
        Format::Html => return Err(super::picture::no_html().into()),
    };
    let mut all = interfaces::all();
    let has = |name: &&String| all.iter().any(|device| *device.name == *name.as_bytes());
    if let Some(name) = asked.names.iter().find(|name| !has(name)) {
        bail!(interfaces::unknown(name, &all));
    }
    if !asked.names.is_empty() {
        all.retain(|device| asked.names.iter().any(|name| *device.name == *name.as_bytes()));
    }
    let (coloured, ascii) = (asked.paper.is_coloured(), asked.paper.is_ascii());
    let mut out = Out::new(Box::new(io::stdout()), coloured, ascii);
    Ok(page::tell(&all, form, &mut out)?)
}
