//! What does a file have to be told before its frames?

use std::time::Duration;

use super::block;
use crate::timeline::About;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Style {
    Pcapng,
    /// The link type, once there is a frame, and the nanoseconds in one unit of the fraction, once the
    /// source knows how fine its clock is.
    Classic(Option<u16>, Option<u32>),
}

/// What a file was told, written out or not.
#[derive(Default)]
pub(super) struct Told {
    /// Its header.
    pub(super) begun: bool,
    pub(super) interfaces: usize,
    resolved: usize,
    secrets: usize,
    /// What is said of the capture beside what the source says.
    pub(super) remark: Option<Box<[u8]>>,
    /// Whether keys are left out.
    pub(super) is_discreet: bool,
    pub(super) frames: u64,
    /// Octets of all that is not frames.
    pub(super) head: u64,
}

impl Told {
    /// Whether the source knows something that the file was not told.
    #[inline]
    pub(super) fn lacks(&self, about: &About) -> bool {
        self.interfaces < about.interfaces.len()
            || self.resolved < about.resolved.len()
            || self.secrets < about.secrets.len()
            || !self.begun
    }

    /// Lays out what it was not told: its header, interfaces, names, secrets.
    pub(super) fn news(&self, style: &mut Style, about: &About, to: &mut Vec<u8>) {
        match style {
            Style::Classic(link, unit) => {
                let unit = *unit.get_or_insert_with(|| {
                    let fine = about.interfaces.iter().any(|interface| {
                        !interface.step.is_zero() && interface.step < Duration::from_micros(1)
                    });
                    if fine { NANO } else { MICRO }
                });
                if !self.begun {
                    // A file without frames is still of some type: Ethernet if nothing is known.
                    let first = about.interfaces.first().map_or(1, |interface| interface.link);
                    block::file_header(to, *link.get_or_insert(first), unit);
                }
            }
            Style::Pcapng => {
                if !self.begun {
                    let remark = self.remark.iter().filter(|it| !about.comments.contains(it));
                    let comments = about.comments.iter().chain(remark);
                    block::section(to, comments);
                }
                for interface in about.interfaces.iter().skip(self.interfaces) {
                    block::interface(to, interface);
                }
                let secrets = about.secrets.iter().skip(self.secrets);
                for secrets in secrets.filter(|_| !self.is_discreet) {
                    block::secrets(to, secrets);
                }
                if let Some(resolved) = about.resolved.get(self.resolved..)
                    && !resolved.is_empty()
                {
                    block::names(to, resolved);
                }
            }
        }
    }

    /// Another file was told nothing yet.
    pub(super) fn begin_anew(&mut self) {
        let remark = self.remark.take();
        *self = Self { remark, is_discreet: self.is_discreet, ..Self::default() };
    }

    /// All that the source knows was told, in so many octets.
    pub(super) fn learn(&mut self, about: &About, octets: usize) {
        self.begun = true;
        self.interfaces = about.interfaces.len();
        self.resolved = about.resolved.len();
        self.secrets = about.secrets.len();
        self.head += octets as u64;
    }
}

/// Nanoseconds in one unit of a classic savefile's fractions.
pub(super) const NANO: u32 = 1;
pub(super) const MICRO: u32 = 1000;
