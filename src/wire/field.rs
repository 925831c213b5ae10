//! What a view tells about itself: each field once, with the octets it came from.
//!
//! Field names are Wireshark's wherever Wireshark has the field, so that filters, columns and JSON
//! can be carried over. The words beside them are ours.

use std::net::IpAddr;
use std::ops::Range;
use std::time::Duration;

use crate::timeline::Timestamp;

/// Receives the fields of a layer in wire order; the tree, JSON, hex and filter each are one.
///
/// `octets` are counted from the start of the layer. A field that stands for no octets of its own,
/// such as a length that follows from other fields, has an empty range.
pub trait Listener {
    fn field(&mut self, field: &'static Field, octets: Range<usize>, value: Value<'_>);

    /// A field that is made of the fields told until [`Listener::close`].
    fn open(&mut self, field: &'static Field, octets: Range<usize>, value: Value<'_>) {
        self.field(field, octets, value);
    }

    fn close(&mut self) {}
}

/// What is known of a field before any packet is seen. Each exists once, so that its place in
/// memory identifies it.
#[derive(Debug)]
pub struct Field {
    /// Wireshark's display-filter name, or one in its manner.
    pub name: &'static str,
    /// A name that stands for this field and its siblings, as `tcp.port` does; may be empty.
    pub also: &'static str,
    pub words: &'static str,
    pub kind: Kind,
}

/// What values a field takes, and how its numbers are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    Number,
    /// A number written in this many hexadecimal digits.
    Hex(u32),
    Flag,
    Address,
    Mac,
    Octets,
    Text,
    Time,
    Span,
    /// Only a heading over other fields.
    Group,
}

/// What a field holds in one packet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    Address(IpAddr),
    Flag(bool),
    Mac(Mac),
    Number(u64),
    /// A number and the word it stands for.
    Named(u64, &'static str),
    Octets(&'a [u8]),
    /// As it came from the wire: whoever shows it must escape it.
    Text(&'a [u8]),
    Time(Timestamp),
    Span(Duration),
    /// Text that is safe to show: our own, or escaped already.
    Words(&'a str),
    Nothing,
}

/// A hardware address.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Mac(pub [u8; 6]);

/// Declares the fields of a protocol, each a `static`, and `FIELDS` with all of them.
///
/// A row is `CONSTANT = "name" | "sibling name", Kind, "words";` with the sibling name optional.
macro_rules! fields {
    ($($FIELD:ident = $name:literal $(| $also:literal)?, $kind:expr, $words:literal;)*) => {
        $(pub(crate) static $FIELD: $crate::wire::field::Field = {
            #[allow(unused_imports)]
            use $crate::wire::field::Kind::*;
            $crate::wire::field::Field { name: $name, also: concat!($($also)?), words: $words, kind: $kind }
        };)*
        pub(crate) static FIELDS: &[&$crate::wire::field::Field] = &[$(&$FIELD),*];
    };
}
pub(crate) use fields;
