//! Are the checksums right? (RFC 1071)
//!
//! Verified where the whole of what they cover was kept. A sender that leaves the sum to its card
//! is captured before the card: such sums are recognised and are no errors.

use super::packet::{LiesIn, Place};
use super::{Layer, Packet};
use crate::octets::Octets;

/// What a checksum turned out to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    Good,
    Bad {
        told: u16,
        right: u16,
    },
    /// Only the pseudo-header is summed, or of an IPv4 header nothing: the card was to do the rest.
    Offloaded,
    /// The sender computed none.
    Absent,
}

/// Tells the packet's own checksums that could be verified, outermost first.
pub fn verify<'p>(packet: &'p Packet<'_>, mut tell: impl FnMut(Place<'p, 'p>, Verdict)) {
    let mut enclosing = None;
    for (at, layer) in packet.own_layers().iter().enumerate() {
        if may_be_verified(layer) {
            let place = packet.place(at);
            if let Some(verdict) = verdict(place, &mut enclosing) {
                tell(place, verdict);
            }
        }
    }
}

/// The verdict on one layer, `enclosing` being the IP packet around it; an IP packet takes its place.
fn verdict(place: Place<'_, '_>, enclosing: &mut Option<Enclosing>) -> Option<Verdict> {
    match place.layer {
        Layer::Ipv4(ip) => {
            let (header, options) = ip.header();
            let addresses = ip.goes_straight().then(|| add(&header[12..20], 0));
            *enclosing = Some(Enclosing::of(place, addresses, ip.payload()));
            let told = [header[10], header[11]];
            // Left to the card, the sum is 0.
            Some(match judge(add(options, add(header, 0)), told, None) {
                Verdict::Bad { told: 0, .. } => Verdict::Offloaded,
                verdict => verdict,
            })
        }
        Layer::Ipv6(ip) => {
            let [source, destination] = [ip.source(), ip.destination()].map(|ip| ip.octets());
            let addresses = add(&destination, add(&source, 0));
            *enclosing = Some(Enclosing::of(place, Some(addresses), ip.payload()));
            None
        }
        // RFC 8200 §8.1: the pseudo-header holds the last destination, which is not known here.
        Layer::Ipv6Routing(routing) if routing.segments_left() > 0 => {
            enclosing.as_mut()?.addresses = None;
            None
        }
        // RFC 6275 §9.3.1: the home address takes the source's place.
        Layer::Ipv6Options(options) if options.options().any(|(kind, _)| kind == 0xc9) => {
            enclosing.as_mut()?.addresses = None;
            None
        }
        Layer::Tcp(_) => enclosing.as_ref()?.verify(place, Some(6), 16, None),
        Layer::Udp(udp) if udp.checksum() == 0 => Some(Verdict::Absent),
        Layer::Udp(udp) => enclosing.as_ref()?.verify(place, Some(17), 6, Some(udp.told_len())),
        Layer::Icmpv6(_) => enclosing.as_ref()?.verify(place, Some(58), 2, None),
        Layer::Icmp(_) | Layer::Igmp(_) => enclosing.as_ref()?.verify(place, None, 2, None),
        Layer::Gre(gre) if gre.parts().checksum.is_some() => {
            enclosing.as_ref()?.verify(place, None, 4, None)
        }
        _ => None,
    }
}

/// Whether a layer has a checksum, or a say in that of another.
fn may_be_verified(layer: &Layer<'_>) -> bool {
    matches!(
        layer,
        Layer::Ipv4(_)
            | Layer::Ipv6(_)
            | Layer::Ipv6Routing(_)
            | Layer::Ipv6Options(_)
            | Layer::Tcp(_)
            | Layer::Udp(_)
            | Layer::Icmp(_)
            | Layer::Icmpv6(_)
            | Layer::Igmp(_)
            | Layer::Gre(_)
    )
}

/// The IP packet around a transport header, as far as its checksum covers it.
#[derive(Clone, Copy)]
struct Enclosing {
    /// The sum of both addresses, where the transport header was summed with these.
    addresses: Option<u64>,
    /// Where the IP payload ends, counted like [`Place::start`].
    end: usize,
    lies_in: LiesIn,
}

impl Enclosing {
    fn of(ip: Place<'_, '_>, addresses: Option<u64>, payload: Octets<'_>) -> Self {
        let base = ip.octets.kept().as_ptr() as usize;
        let end = payload.kept().as_ptr() as usize - base + payload.len();
        Self { addresses, end, lies_in: ip.lies_in }
    }

    /// Verifies a checksum that stands `at` octets into the header and covers a pseudo-header with
    /// this protocol, or none.
    fn verify(
        &self,
        place: Place<'_, '_>,
        protocol: Option<u8>,
        at: usize,
        told: Option<usize>,
    ) -> Option<Verdict> {
        let end = if place.lies_in == self.lies_in { self.end } else { place.octets.len() };
        let len = told.filter(|len| *len > 0).unwrap_or(end.checked_sub(place.start)?);
        let covered = place.octets.kept().get(place.start..)?.get(..len)?;
        let told = [*covered.get(at)?, *covered.get(at + 1)?];
        let Some(protocol) = protocol else { return Some(judge(add(covered, 0), told, None)) };
        let unsized_pseudo = plus(self.addresses?, u16::from(protocol).to_be());
        let pseudo = plus(unsized_pseudo, (len as u32).to_be());
        Some(judge(add(covered, pseudo), told, Some([pseudo, unsized_pseudo])))
    }
}

/// `sum` covers everything, the checksum itself too.
fn judge(sum: u64, told: [u8; 2], pseudo: Option<[u64; 2]>) -> Verdict {
    if fold(sum) == 0xffff {
        return Verdict::Good;
    }
    let native = u16::from_ne_bytes(told);
    if pseudo.is_some_and(|sums| sums.into_iter().any(|sum| fold(sum) == native)) {
        return Verdict::Offloaded;
    }
    let right = !fold(plus(sum, !native));
    Verdict::Bad { told: u16::from_be_bytes(told), right: u16::from_be(right) }
}

/// Adds octets to a one's complement sum, in this machine's byte order: RFC 1071 §2 (B).
fn add(octets: &[u8], sum: u64) -> u64 {
    // RFC 1071 §2 (C): as many octets at a time as a word has.
    let (eights, rest) = octets.as_chunks::<8>();
    let sum = eights.iter().fold(sum, |sum, word| plus(sum, u64::from_ne_bytes(*word)));
    let (fours, rest) = rest.as_chunks::<4>();
    let sum = fours.iter().fold(sum, |sum, word| plus(sum, u32::from_ne_bytes(*word)));
    match *rest {
        [a] => plus(sum, u16::from_ne_bytes([a, 0])),
        [a, b] => plus(sum, u16::from_ne_bytes([a, b])),
        [a, b, c] => plus(plus(sum, u16::from_ne_bytes([a, b])), u16::from_ne_bytes([c, 0])),
        _ => sum,
    }
}

/// One's complement addition: what is carried out at one end comes in at the other.
fn plus(a: u64, b: impl Into<u64>) -> u64 {
    let b = b.into();
    let (sum, carry) = a.overflowing_add(b);
    // A sum that overflowed is not all ones.
    sum + u64::from(carry)
}

fn fold(sum: u64) -> u16 {
    // As many steps as the largest sum needs: how many a sum needs cannot be guessed.
    let sum = (sum & 0xffff_ffff) + (sum >> 32);
    let sum = (sum & 0xffff_ffff) + (sum >> 32);
    let sum = (sum & 0xffff) + (sum >> 16);
    let sum = (sum & 0xffff) + (sum >> 16);
    sum as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 1071 §3's example.
    #[test]
    fn the_sum_of_the_rfc() {
        let octets = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(u16::from_be(fold(add(&octets, 0))), 0xddf2);
    }

    #[test]
    fn what_is_wrong_is_told_with_what_would_be_right() {
        let mut octets = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0x22, 0x0d];
        octets[6..].copy_from_slice(&[0, 0]);
        let Verdict::Bad { told: 0, right } = judge(add(&octets, 0), [0, 0], None) else {
            panic!("bad")
        };
        octets[6..].copy_from_slice(&right.to_be_bytes());
        assert_eq!(judge(add(&octets, 0), right.to_be_bytes(), None), Verdict::Good);
    }
}
