//! The options behind a block's own fields.

use crate::capture::Order;

/// Walks over options until they end or no longer fit.
pub(super) fn options(order: Order, octets: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut left = octets;
    std::iter::from_fn(move || {
        let (&[a, b, c, d], rest) = left.split_first_chunk::<4>()?;
        let (code, len) = (order.u16([a, b]), usize::from(order.u16([c, d])));
        let value = rest.get(..len).filter(|_| code != END)?;
        left = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some((code, value))
    })
}

const END: u16 = 0;
pub(super) const COMMENT: u16 = 1;
