//! A capture of many small TCP connections, the same for the same seed.
//!
//! Each connection opens, asks and answers a few times, and closes; every header and checksum is right.

#![allow(dead_code)] // each bench builds this anew and uses its own part

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Classic, little-endian, microseconds, Ethernet.
const HEADER: [u8; 24] =
    [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];

/// What to make.
pub(crate) struct Recipe {
    pub(crate) connections: u32,
    /// How many are open at once.
    pub(crate) concurrent: usize,
    /// Questions in each connection.
    pub(crate) exchanges: u32,
    /// The most octets in one segment.
    pub(crate) payload: usize,
    pub(crate) seed: u64,
}

/// Writes a classic little-endian savefile; returns how many packets it holds.
pub(crate) fn write(path: &Path, recipe: &Recipe) -> io::Result<u64> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    out.write_all(&HEADER)?;
    let mut dice = Dice(recipe.seed);
    let mut made = 0;
    let mut open: Vec<Connection> = Vec::new();
    let (mut packets, mut micros) = (0, 1_700_000_000_000_000_u64);
    let mut frame = Vec::with_capacity(2048);
    loop {
        while open.len() < recipe.concurrent && made < recipe.connections {
            open.push(Connection::new(made, recipe.exchanges, &mut dice));
            made += 1;
        }
        if open.is_empty() {
            break;
        }
        let which = dice.below(open.len() as u64) as usize;
        micros += 1 + dice.below(3);
        let len = 1 + dice.below(recipe.payload as u64) as usize;
        frame.clear();
        let over = open[which].step(len, (micros / 1000) as u32, &mut frame);
        if over {
            open.swap_remove(which);
        }
        record(&mut out, micros, &frame)?;
        packets += 1;
    }
    out.flush()?;
    Ok(packets)
}

/// Writes as many SYNs as there are connections to be, which nobody answers, a microsecond apart.
pub(crate) fn write_half_open(path: &Path, connections: u32, seed: u64) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    out.write_all(&HEADER)?;
    let mut dice = Dice(seed);
    let mut frame = Vec::with_capacity(128);
    for number in 0..connections {
        let micros = 1_700_000_000_000_000 + u64::from(number);
        frame.clear();
        Connection::new(number, 0, &mut dice).step(0, (micros / 1000) as u32, &mut frame);
        record(&mut out, micros, &frame)?;
    }
    out.flush()
}

fn record(out: &mut impl Write, micros: u64, frame: &[u8]) -> io::Result<()> {
    out.write_all(&((micros / 1_000_000) as u32).to_le_bytes())?;
    out.write_all(&((micros % 1_000_000) as u32).to_le_bytes())?;
    out.write_all(&(frame.len() as u32).to_le_bytes())?;
    out.write_all(&(frame.len() as u32).to_le_bytes())?;
    out.write_all(frame)
}

/// splitmix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.roll()) * u128::from(end)) >> 64) as u64
    }
}

/// Where a connection stands: the client's end first.
struct Connection {
    addresses: [[u8; 4]; 2],
    ports: [u16; 2],
    seq: [u32; 2],
    stamps: [u32; 2],
    id: u16,
    stage: u32,
    last: u32,
}

const SYN: u8 = 2;
const ACK: u8 = 16;
const FIN_ACK: u8 = 17;
const PUSH_ACK: u8 = 24;

impl Connection {
    fn new(number: u32, exchanges: u32, dice: &mut Dice) -> Self {
        let (one, other) = (dice.roll(), dice.roll());
        let [.., high, low] = (number / 60_000).to_be_bytes();
        Self {
            addresses: [[10, high, low, one as u8 & 0x7f], [198, 51, 100, other as u8]],
            ports: [1024 + (number % 60_000) as u16, 80],
            seq: [(one >> 16) as u32, (other >> 16) as u32],
            stamps: [0, 0],
            id: (one >> 48) as u16,
            stage: 0,
            last: 3 + 4 * exchanges,
        }
    }

    /// Appends the next segment to a frame; says whether it was the last.
    fn step(&mut self, len: usize, now: u32, frame: &mut Vec<u8>) -> bool {
        let (sender, flags, len) = match self.stage {
            0 => (0, SYN, 0),
            1 => (1, SYN | ACK, 0),
            2 => (0, ACK, 0),
            stage if stage < self.last => match (stage - 3) % 4 {
                0 => (0, PUSH_ACK, len),
                1 => (1, ACK, 0),
                2 => (1, PUSH_ACK, len),
                _ => (0, ACK, 0),
            },
            stage => match stage - self.last {
                0 => (0, FIN_ACK, 0),
                1 => (1, FIN_ACK, 0),
                _ => (0, ACK, 0),
            },
        };
        self.stamps[sender] = now;
        self.segment(sender, flags, len, frame);
        let counts = u32::from(flags & 3 != 0);
        self.seq[sender] = self.seq[sender].wrapping_add(len as u32 + counts);
        self.stage += 1;
        self.stage == self.last + 3
    }

    fn segment(&mut self, sender: usize, flags: u8, len: usize, frame: &mut Vec<u8>) {
        let peer = 1 - sender;
        self.id = self.id.wrapping_add(1);
        frame.extend_from_slice(&[
            2,
            0,
            0,
            0,
            0,
            2 - sender as u8,
            2,
            0,
            0,
            0,
            0,
            1 + sender as u8,
            8,
            0,
        ]);
        let total = (52 + len) as u16;
        let ip = frame.len();
        frame.extend_from_slice(&[0x45, 0]);
        frame.extend_from_slice(&total.to_be_bytes());
        frame.extend_from_slice(&self.id.to_be_bytes());
        frame.extend_from_slice(&[0x40, 0, 64, 6, 0, 0]);
        frame.extend_from_slice(&self.addresses[sender]);
        frame.extend_from_slice(&self.addresses[peer]);
        let sum = checksum(&frame[ip..], 0);
        frame[ip + 10..ip + 12].copy_from_slice(&sum.to_be_bytes());
        let pseudo = checksum(&frame[ip + 12..], 0);
        let tcp = frame.len();
        frame.extend_from_slice(&self.ports[sender].to_be_bytes());
        frame.extend_from_slice(&self.ports[peer].to_be_bytes());
        frame.extend_from_slice(&self.seq[sender].to_be_bytes());
        let ack = if flags & ACK == 0 { 0 } else { self.seq[peer] };
        frame.extend_from_slice(&ack.to_be_bytes());
        frame.extend_from_slice(&[0x80, flags, 0xfa, 0xf0, 0, 0, 0, 0, 1, 1, 8, 10]);
        frame.extend_from_slice(&self.stamps[sender].to_be_bytes());
        frame.extend_from_slice(&self.stamps[peer].to_be_bytes());
        frame.extend((0..len).map(|at| b'a' + (at % 26) as u8));
        let sum = checksum(&frame[tcp..], u64::from(!pseudo) + 6 + u64::from(total) - 20);
        frame[tcp + 16..tcp + 18].copy_from_slice(&sum.to_be_bytes());
    }
}

/// RFC 1071, in the plain way.
fn checksum(octets: &[u8], start: u64) -> u16 {
    let pairs = octets
        .chunks(2)
        .map(|pair| u64::from(pair[0]) << 8 | u64::from(*pair.get(1).unwrap_or(&0)));
    let mut sum = start + pairs.sum::<u64>();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
