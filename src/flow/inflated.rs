//! What was it before it was compressed? (RFC 3173)
//!
//! DEFLATE by its well-known number, or by one that the hosts agreed on elsewhere and whose octets are
//! a DEFLATE stream from the first to the last. At most [`LONGEST`] octets are inflated; what would be
//! longer is left compressed, as no IP packet can hold it.

use flate2::{Decompress, FlushDecompress, Status};

use crate::octets::Octets;
use crate::wire::ipcomp::IpComp;
use crate::wire::packet::LiesIn;
use crate::wire::{Hint, Layer, Packet};

const LONGEST: usize = 65_535;

/// What was inflated last.
#[derive(Default)]
pub struct Inflated {
    octets: Vec<u8>,
}

impl Inflated {
    /// Reads on in what the packet's innermost layer holds compressed, if it does.
    pub fn open<'a>(&'a mut self, packet: &mut Packet<'a>) {
        if let Some(Layer::IpComp(layer)) = packet.own_layers().last() {
            self.read_on(*layer, packet);
        }
    }

    fn read_on<'a>(&'a mut self, layer: IpComp<'a>, packet: &mut Packet<'a>) {
        if self.inflate(layer).is_some() {
            let octets = Octets::whole(&self.octets);
            packet.read_on(LiesIn::Inflated, Hint::Ip(layer.next_header()), octets, &[]);
        }
    }

    fn inflate(&mut self, layer: IpComp<'_>) -> Option<()> {
        // RFC 3173 §3.3: from 256 on, numbers mean what the hosts have agreed on.
        if !matches!(layer.cpi(), 2 | 256..) || layer.payload().is_cut() {
            return None;
        }
        let compressed = layer.payload().kept();
        self.octets.resize(LONGEST, 0);
        // A window of 32 KiB and no header (RFC 2394 §2.1).
        let mut stream = Decompress::new(false);
        let status =
            stream.decompress(compressed, &mut self.octets, FlushDecompress::Finish).ok()?;
        self.octets.truncate(usize::try_from(stream.total_out()).ok()?);
        let whole = status == Status::StreamEnd && stream.total_in() == compressed.len() as u64;
        (whole && !self.octets.is_empty()).then_some(())
    }
}
