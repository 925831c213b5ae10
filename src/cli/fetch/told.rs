//! x
use super::Fetch;
use crate::flow::{Flows, Seen};
use crate::render::Report;
use crate::timeline::{About, Call, fetch::Step};
use crate::wire::Packet;
use std::io;
pub(super) struct Told;
impl Fetch {
    pub(super) fn told(&self) -> anyhow::Result<Told> {
        Ok(Told)
    }
}
impl Told {
    pub(super) fn exit(&self, _i: bool) -> u8 {
        0
    }
    pub(super) fn write(&self, _a: &Fetch) -> anyhow::Result<()> {
        Ok(())
    }
}
impl Report for Told {
    fn call(&mut self, c: &Call) -> io::Result<()> {
        println!(
            "CALL {} {:?} #{} {}({}) = {:?} {:?}",
            c.entered.realtime.0 % 100_000_000_000,
            c.purpose,
            c.socket,
            c.name,
            c.arguments,
            c.result,
            c.octets
        );
        Ok(())
    }
    fn step(&mut self, c: &Step) -> io::Result<()> {
        let s = format!("{:?}", c.event);
        println!(
            "STEP {} t{} s{} {}",
            c.ended.0 % 100_000_000_000,
            c.transfer,
            c.socket,
            s.chars().take(300).collect::<String>()
        );
        Ok(())
    }
    fn packet(&mut self, p: &Packet<'_>, _: &Seen<'_>) -> io::Result<()> {
        println!(
            "PKT  {} #{} {}",
            p.frame.time.0 % 100_000_000_000,
            p.frame.number,
            p.frame.octets.len()
        );
        Ok(())
    }
    fn end(&mut self, _: &About, _: &Flows) -> io::Result<()> {
        Ok(())
    }
}
