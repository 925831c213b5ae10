//! How does a number become digits without a branch for each?
//!
//! A branch on how many digits a number has cannot be guessed, and guessing wrong costs more than
//! writing all eight: they are computed side by side in one word, and as many are kept as count.

/// The first number of nine digits.
pub(super) const EIGHT_DIGITS: u64 = 100_000_000;

/// Eight times the digit 0.
pub(super) const ZEROS: u64 = 0x3030_3030_3030_3030;

/// The values of the digits of a number below [`EIGHT_DIGITS`], one in each octet, the first in the
/// lowest.
#[inline]
pub(super) fn eight_digits(number: u64) -> u64 {
    // Each step halves what lies together, four digits, two, one. Multiplied by 10,486 and shifted
    // by 20, four digits are divided by 100; by 103 and 10, two by 10.
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = (fours.wrapping_mul(10_486) >> 20) & 0x7f_0000_007f;
    let twos = hundreds | (fours.wrapping_sub(hundreds.wrapping_mul(100)) << 16);
    let tens = (twos.wrapping_mul(103) >> 10) & 0xf_000f_000f_000f;
    tens | (twos.wrapping_sub(tens.wrapping_mul(10)) << 8)
}

/// The lowest eight hexadecimal digits of a number as text, the first in the lowest octet.
#[inline]
pub(super) fn eight_nibbles(number: u64) -> u64 {
    let fours = ((number & 0xffff) | (number << 16)) & 0xffff_0000_ffff;
    let twos = (fours | (fours << 8)) & 0x00ff_00ff_00ff_00ff;
    let ones = (twos | (twos << 4)) & 0x0f0f_0f0f_0f0f_0f0f;
    // Six more than a digit from ten on has a fifth bit; the letters lie 39 behind the figures.
    let letters = ((ones + 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101;
    (ones + ZEROS + 39 * letters).swap_bytes()
}

/// The digits of a number below 1000 from the left, with a dot behind them, and how many they are.
pub(super) static THREES: [([u8; 4], u8); 1000] = {
    let mut threes = [([b'.'; 4], 0); 1000];
    let mut number = 0;
    while number < 1000 {
        let (hundreds, tens, ones) = (number / 100, number / 10 % 10, number % 10);
        let (h, t, o) = (b'0' + hundreds as u8, b'0' + tens as u8, b'0' + ones as u8);
        threes[number] = match (hundreds, tens) {
            (0, 0) => ([o, b'.', b'.', b'.'], 1),
            (0, _) => ([t, o, b'.', b'.'], 2),
            _ => ([h, t, o, b'.'], 3),
        };
        number += 1;
    }
    threes
};
