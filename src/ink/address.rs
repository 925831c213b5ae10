//! How are addresses written?

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Ink;
use super::digits::THREES;

impl Ink {
    pub fn address(&mut self, address: impl Into<IpAddr>) -> &mut Self {
        match address.into() {
            IpAddr::V4(v4) => self.ipv4(v4),
            IpAddr::V6(v6) => self.ipv6(v6),
        }
    }

    /// An address with a port, an IPv6 address in brackets.
    pub fn endpoint(&mut self, address: IpAddr, port: u16) -> &mut Self {
        match address {
            IpAddr::V4(v4) => self.ipv4(v4),
            IpAddr::V6(v6) => self.text("[").ipv6(v6).text("]"),
        };
        self.text(":").number(port)
    }

    pub fn mac(&mut self, octets: [u8; 6]) -> &mut Self {
        let mut text = *b"00:00:00:00:00:00";
        for (octet, place) in octets.into_iter().zip(text.chunks_mut(3)) {
            place[0] = DIGITS[usize::from(octet >> 4)];
            place[1] = DIGITS[usize::from(octet & 15)];
        }
        self.write(text, text.len())
    }

    fn ipv4(&mut self, address: Ipv4Addr) -> &mut Self {
        let Some(place) = self.room.get_mut(self.end..self.end + 16) else {
            self.make_room(16);
            return self.ipv4(address);
        };
        let mut at = 0;
        for octet in address.octets() {
            let (digits, count) = THREES[usize::from(octet)];
            place[at..at + 4].copy_from_slice(&digits);
            at += usize::from(count) + 1;
        }
        self.end += at - 1;
        self
    }

    /// As RFC 5952 writes them.
    fn ipv6(&mut self, address: Ipv6Addr) -> &mut Self {
        if address.to_ipv4_mapped().is_some() {
            return self.text(&address.to_string());
        }
        let groups = address.segments();
        let (mut longest, mut at) = (0..0, 0);
        while at < 8 {
            let zeros = groups[at..].iter().take_while(|group| **group == 0).count();
            if zeros > longest.len().max(1) {
                longest = at..at + zeros;
            }
            at += zeros.max(1);
        }
        for (at, group) in groups.into_iter().enumerate() {
            if at == longest.start && !longest.is_empty() {
                self.text("::");
            } else if !longest.contains(&at) {
                if at > 0 && (at != longest.end || longest.is_empty()) {
                    self.text(":");
                }
                self.hex(group.into(), (16 - group.leading_zeros()).div_ceil(4).max(1));
            }
        }
        self
    }
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";
