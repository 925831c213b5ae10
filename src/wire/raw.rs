//! IP packets without a link layer, told apart by their version.

use super::field::Listener;
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Why};

#[derive(Clone, Copy, Debug)]
pub struct Raw<'a> {
    first: &'a [u8; 1],
}

impl<'a> View<'a> for Raw<'a> {
    const NAMES: &'static [Name] = &[Name { key: "raw", words: "raw IP" }];
    const FIELDS: &'static [&'static super::field::Field] = &[];

    fn read(_: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (first, _) = octets.header()?;
        match first[0] >> 4 {
            4 => Ok((Self { first }, Hint::Ether(0x0800), octets)),
            6 => Ok((Self { first }, Hint::Ether(0x86dd), octets)),
            _ => Err(Why::Malformed("IP version is neither 4 nor 6")),
        }
    }

    fn line(&self, ink: &mut Ink) {
        ink.text("version ").number(self.first[0] >> 4);
    }

    fn fields(&self, _: &mut dyn Listener) {}
}
