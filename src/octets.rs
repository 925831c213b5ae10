//! A run of octets on the wire, of which the capture may have kept only the first part.
//!
//! Asking for *length* and asking for *content* are different questions. A snaplen of 96 keeps
//! 96 octets of a 1514-octet frame: the content ends at 96, yet the TCP segment is still 1448 long.
//! Length questions go to [`Octets::len`], content questions to [`Octets::kept`].

/// Octets on the wire: how many there were, and the first of them as the capture kept them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Octets<'a> {
    kept: &'a [u8],
    // A word like the others: where a copy reads more at once than was written at once, the
    // processor waits for the store.
    len: usize,
}

impl<'a> Octets<'a> {
    /// Octets of which `kept` survived out of `len`; `len` is raised if the two disagree.
    pub fn new(kept: &'a [u8], len: usize) -> Self {
        Self { kept, len: len.max(kept.len()).min(u32::MAX as usize) }
    }

    /// Octets of which nothing was lost.
    pub fn whole(kept: &'a [u8]) -> Self {
        Self::new(kept, kept.len())
    }

    /// How many octets were on the wire.
    pub fn len(self) -> usize {
        self.len
    }

    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// The octets the capture kept.
    pub fn kept(self) -> &'a [u8] {
        self.kept
    }

    /// Whether the capture lost the end.
    pub fn is_cut(self) -> bool {
        self.kept.len() < self.len()
    }

    /// Takes a fixed-size header off the front.
    pub fn header<const N: usize>(self) -> Result<(&'a [u8; N], Self), Why> {
        match self.kept.split_first_chunk() {
            Some((header, rest)) => Ok((header, Self { kept: rest, len: self.len - N })),
            None => Err(self.lacks(N)),
        }
    }

    /// Splits after `at` octets, all of which must have been kept.
    pub fn split(self, at: usize) -> Result<(&'a [u8], Self), Why> {
        match self.kept.split_at_checked(at) {
            Some((front, rest)) => Ok((front, Self { kept: rest, len: self.len - at })),
            None => Err(self.lacks(at)),
        }
    }

    /// Splits after `at` octets of which the capture may have lost some; `None` beyond the end.
    pub fn part(self, at: usize) -> Option<(Self, Self)> {
        let beyond = self.len().checked_sub(at)?;
        let (front, back) = self.kept.split_at(at.min(self.kept.len()));
        Some((Self::new(front, at), Self::new(back, beyond)))
    }

    /// Drops what lies beyond `len` octets, such as Ethernet padding after a short IP packet.
    #[must_use]
    pub fn limit(self, len: usize) -> Self {
        let kept = self.kept.get(..len).unwrap_or(self.kept);
        Self { kept, len: self.len.min(len) }
    }

    /// Why `need` octets cannot be had: cut by the capture, or never sent.
    #[cold]
    pub fn lacks(self, need: usize) -> Why {
        if need > self.len() {
            Why::Short { need, have: self.len() }
        } else {
            Why::Cut { need, kept: self.kept.len() }
        }
    }
}

/// Why some octets could not be read, sorted by whose doing it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Why {
    /// The capture kept too little.
    Cut { need: usize, kept: usize },
    /// The sender sent too little.
    Short { need: usize, have: usize },
    /// The octets contradict themselves.
    Malformed(&'static str),
}

/// Takes numbers off the front of some octets; `None` once they end.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    octets: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(octets: &'a [u8]) -> Self {
        Self { octets, at: 0 }
    }

    /// Begins at `at`, counting positions from the start of `octets`.
    pub fn from(octets: &'a [u8], at: usize) -> Self {
        Self { octets, at: at.min(octets.len()) }
    }

    /// How many octets were taken.
    pub fn at(&self) -> usize {
        self.at
    }

    pub fn left(&self) -> &'a [u8] {
        &self.octets[self.at..]
    }

    pub fn is_empty(&self) -> bool {
        self.at == self.octets.len()
    }

    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.left().get(..count)?;
        self.at += count;
        Some(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let taken = self.left().first_chunk()?;
        self.at += N;
        Some(taken)
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[octet]| *octet)
    }

    pub fn be16(&mut self) -> Option<u16> {
        self.array().map(|octets| u16::from_be_bytes(*octets))
    }

    pub fn be24(&mut self) -> Option<u32> {
        self.array().map(|[a, b, c]| u32::from_be_bytes([0, *a, *b, *c]))
    }

    pub fn be32(&mut self) -> Option<u32> {
        self.array().map(|octets| u32::from_be_bytes(*octets))
    }

    pub fn be64(&mut self) -> Option<u64> {
        self.array().map(|octets| u64::from_be_bytes(*octets))
    }
}

/// Reads two octets at `at` in network order.
pub(crate) const fn be16<const N: usize>(octets: &[u8; N], at: usize) -> u16 {
    u16::from_be_bytes([octets[at], octets[at + 1]])
}

/// Reads four octets at `at` in network order.
pub(crate) const fn be32<const N: usize>(octets: &[u8; N], at: usize) -> u32 {
    u32::from_be_bytes([octets[at], octets[at + 1], octets[at + 2], octets[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_capture_is_blamed_for_what_it_cut_and_the_sender_for_what_it_did_not_send() {
        let cut = Octets::new(&[1, 2, 3], 10);
        assert_eq!(cut.split(5).unwrap_err(), Why::Cut { need: 5, kept: 3 });
        assert_eq!(cut.split(11).unwrap_err(), Why::Short { need: 11, have: 10 });
    }

    #[test]
    fn a_limit_never_lengthens() {
        let octets = Octets::new(&[1, 2, 3], 10);
        assert_eq!(octets.limit(20), octets);
        assert_eq!(octets.limit(2), Octets::whole(&[1, 2]));
    }
}
