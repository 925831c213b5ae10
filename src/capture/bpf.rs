//! A capture filter: compiled by libpcap, run by us.
//!
//! The `pcap` crate runs a program with one length for both what was kept and what was on the
//! wire, which makes `greater 500` and `len` wrong for cut frames. The machine is small enough to
//! have in safe code, and its oracle is at hand.

use pcap::{Capture, Dead, Linktype};

use crate::octets::Octets;

/// A program of the BSD packet filter, checked once so that running it cannot fail.
#[derive(Debug)]
pub(super) struct Program(Vec<Instruction>);

#[derive(Clone, Copy, Debug)]
struct Instruction {
    code: u16,
    jump_true: u8,
    jump_false: u8,
    k: u32,
}

impl Program {
    /// Compiles an expression for frames of a `LINKTYPE_`; an error is libpcap's own sentence.
    pub(super) fn compile(expression: &str, link: u16) -> Result<Self, String> {
        let said = |error| match error {
            pcap::Error::PcapError(sentence) => sentence,
            other => other.to_string(),
        };
        let dead: Capture<Dead> = Capture::dead(Linktype(dlt(link))).map_err(said)?;
        let program = dead.compile(expression, true).map_err(said)?;
        // The crate shows an instruction's four numbers only as text.
        let instructions = program.get_instructions().iter().map(|instruction| {
            let text = instruction.to_string();
            let mut numbers = text.split(' ').map(str::parse::<u32>);
            let mut number = || numbers.next()?.ok();
            Some(Instruction {
                code: u16::try_from(number()?).ok()?,
                jump_true: u8::try_from(number()?).ok()?,
                jump_false: u8::try_from(number()?).ok()?,
                k: number()?,
            })
        });
        let instructions: Option<Vec<_>> = instructions.collect();
        instructions.map(Self).ok_or_else(|| "libpcap's program cannot be read".to_owned())
    }

    /// Whether the program accepts a frame. Reading beyond what was kept rejects, as in the kernel.
    pub(super) fn accepts(&self, octets: Octets<'_>) -> bool {
        self.run(octets).is_some_and(|accepted| accepted > 0)
    }

    /// Ends because every jump is forward.
    fn run(&self, octets: Octets<'_>) -> Option<u32> {
        let (kept, len) = (octets.kept(), octets.len() as u32);
        let (mut a, mut x, mut memory) = (0_u32, 0_u32, [0_u32; 16]);
        let mut at = 0_usize;
        loop {
            let Instruction { code, jump_true, jump_false, k } = *self.0.get(at)?;
            at += 1;
            let operand = if code & 0x08 == 0 { k } else { x };
            match code & 0x07 {
                LD => a = load(code, k, x, len, kept, &memory)?,
                LDX if code & 0xe0 == MSH => x = 4 * u32::from(kept.get(k as usize)? & 0xf),
                LDX => x = load(code, k, x, len, kept, &memory)?,
                ST => *memory.get_mut(k as usize)? = a,
                STX => *memory.get_mut(k as usize)? = x,
                ALU => {
                    a = match code & 0xf0 {
                        0x00 => a.wrapping_add(operand),
                        0x10 => a.wrapping_sub(operand),
                        0x20 => a.wrapping_mul(operand),
                        0x30 => a.checked_div(operand)?,
                        0x40 => a | operand,
                        0x50 => a & operand,
                        0x60 => a.checked_shl(operand).unwrap_or(0),
                        0x70 => a.checked_shr(operand).unwrap_or(0),
                        0x80 => a.wrapping_neg(),
                        0x90 => a.checked_rem(operand)?,
                        0xa0 => a ^ operand,
                        _ => return None,
                    }
                }
                JMP => {
                    let holds = match code & 0xf0 {
                        0x00 => {
                            at += k as usize;
                            continue;
                        }
                        0x10 => a == operand,
                        0x20 => a > operand,
                        0x30 => a >= operand,
                        0x40 => a & operand != 0,
                        _ => return None,
                    };
                    at += usize::from(if holds { jump_true } else { jump_false });
                }
                RET => return Some(if code & 0x18 == 0x10 { a } else { k }),
                _ if code & 0xf8 == 0x80 => a = x,
                _ => x = a,
            }
        }
    }
}

/// What a load instruction loads; `None` beyond what was kept.
fn load(code: u16, k: u32, x: u32, len: u32, kept: &[u8], memory: &[u32; 16]) -> Option<u32> {
    let at = match code & 0xe0 {
        0x00 => return Some(k),
        0x60 => return memory.get(k as usize).copied(),
        0x80 => return Some(len),
        0x20 => k as usize,
        0x40 => (k as usize).checked_add(x as usize)?,
        _ => return None,
    };
    let octets = kept.get(at..)?;
    match code & 0x18 {
        0x00 => octets.first_chunk().map(|octets| u32::from_be_bytes(*octets)),
        0x08 => octets.first_chunk().map(|octets| u16::from_be_bytes(*octets).into()),
        _ => octets.first().map(|octet| (*octet).into()),
    }
}

/// libpcap's own number for a link type, on Linux: most are the same.
fn dlt(link: u16) -> i32 {
    match link {
        100 => 11,
        12 | 14 | 101 => 12,
        106 => 19,
        same => same.into(),
    }
}

/// The number in savefiles of a link type that libpcap has a number of its own for, on Linux.
pub(super) fn linktype(dlt: i32) -> u16 {
    match dlt {
        11 => 100,
        12 | 14 => 101,
        19 => 106,
        same => u16::try_from(same).unwrap_or(u16::MAX),
    }
}

const LD: u16 = 0;
const LDX: u16 = 1;
const ST: u16 = 2;
const STX: u16 = 3;
const ALU: u16 = 4;
const JMP: u16 = 5;
const RET: u16 = 6;
const MSH: u16 = 0xa0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_on_the_wire_counts_where_the_capture_cut() {
        let program = Program::compile("greater 500", 1).expect("a filter");
        assert!(program.accepts(Octets::new(&[0; 60], 1500)));
        assert!(!program.accepts(Octets::whole(&[0; 60])));
    }

    #[test]
    fn what_was_not_kept_does_not_match() {
        let program = Program::compile("not ether[100] == 1", 1).expect("a filter");
        assert!(!program.accepts(Octets::new(&[0; 60], 1500)));
    }

    #[test]
    fn a_fault_is_told_in_libpcaps_words() {
        let sentence = Program::compile("tcp prt 80", 1).expect_err("no filter");
        assert!(sentence.contains("syntax error"), "{sentence}");
    }
}
