//! What do the bytes say?
//!
//! One file per protocol, each a borrowed [`View`] over the octets. A view allocates nothing, keeps
//! no state and reads no clock. Adding a protocol is one new file and one new row in the table
//! below: its name, and the [`Hint`] by which the layer before announces it.

pub mod checksum;
pub mod dictionary;
pub mod field;
pub mod frame;
pub mod packet;
pub mod place;
pub mod usual;

use arrayvec::ArrayVec;

use crate::ink::Ink;
use crate::octets::{Octets, Why};
use field::{Field, Listener};
pub use packet::{Packet, Stop};
pub use usual::Usual;

// Rows are tried from the top; of those whose hint matches, the first whose `claims` agrees reads.
protocols! {
    Hint::Link(1) | Hint::Ether(0x6558) | Hint::Ip(143)       => ethernet::Ethernet,
    Hint::Ether(0x8100 | 0x88a8 | 0x9100)                     => vlan::Vlan,
    Hint::Llc                                                 => llc::Llc,
    Hint::Link(113)                                           => sll::Sll,
    Hint::Link(276)                                           => sll2::Sll2,
    Hint::Link(0 | 108)                                       => loopback::Loopback,
    Hint::Link(12 | 14 | 101)                                 => raw::Raw,
    Hint::Link(105) | Hint::Is("padded wlan")                 => wifi::Wifi,
    Hint::Link(127)                                           => radiotap::Radiotap,
    Hint::Link(192)                                           => ppi::Ppi,
    Hint::Link(10)                                            => fddi::Fddi,
    Hint::Link(129)                                           => arcnet::Arcnet,
    Hint::Link(239)                                           => nflog::Nflog,
    Hint::Link(242)                                           => ipoib::Ipoib,
    Hint::Link(149 | 258)                                     => pktap::Pktap,
    Hint::Link(50 | 104)                                      => chdlc::Chdlc,
    Hint::Link(9 | 50 | 166) | Hint::Ether(0x880b) | Hint::Is("ppp") => ppp::Ppp,
    Hint::Ether(0x8863 | 0x8864) | Hint::Link(51)             => pppoe::Pppoe,
    Hint::Ether(0x8847 | 0x8848)                              => mpls::Mpls,
    Hint::Ether(0x0806 | 0x8035)                              => arp::Arp,
    Hint::Ether(0x0800) | Hint::Ip(4) | Hint::Link(228)       => ipv4::Ipv4,
    Hint::Ether(0x86dd) | Hint::Ip(41) | Hint::Link(228 | 229) => ipv6::Ipv6,
    Hint::Ip(0 | 60)                                          => ipv6_options::Ipv6Options,
    Hint::Ip(43)                                              => ipv6_routing::Ipv6Routing,
    Hint::Ip(44)                                              => ipv6_fragment::Ipv6Fragment,
    Hint::Ip(51)                                              => ah::Ah,
    Hint::Ip(108)                                             => ipcomp::IpComp,
    Hint::Ip(47)                                              => gre::Gre,
    Hint::Ip(1)                                               => icmp::Icmp,
    Hint::Ip(2)                                               => igmp::Igmp,
    Hint::Ip(58)                                              => icmpv6::Icmpv6,
    Hint::Ip(6)                                               => tcp::Tcp,
    Hint::Ip(17)                                              => udp::Udp,
    Hint::Udp(123, _) | Hint::Udp(_, 123)                     => ntp::Ntp,
    Hint::Udp(546 | 547, _) | Hint::Udp(_, 546 | 547)         => dhcpv6::Dhcpv6,
    Hint::Udp(67 | 68 | 4011, _) | Hint::Udp(_, 67 | 68 | 4011) => dhcp::Dhcp,
    Hint::Udp(4789 | 8472, _) | Hint::Udp(_, 4789 | 8472)     => vxlan::Vxlan,
    Hint::Udp(6081, _) | Hint::Udp(_, 6081)                   => geneve::Geneve,
    Hint::Udp(1701, _) | Hint::Udp(_, 1701)                   => l2tp::L2tp,
    Hint::Udp(2152, _) | Hint::Udp(_, 2152)                   => gtp::Gtp,
    Hint::Tcp(..) | Hint::Opened(_)                           => tls::Tls,
    Hint::Tcp(..) | Hint::Udp(..) | Hint::Tls(..)             => http::Http,
    Hint::Udp(..) | Hint::Is("quic")                          => quic::Quic,
    Hint::Udp(..) | Hint::Tcp(..) | Hint::Tls(..) | Hint::Is("dns" | "llmnr") => dns::Dns,
    Hint::Tcp(..) | Hint::Tls(..)                             => http2::Http2,
    Hint::Scrap(6)                                            => scrap::Scrap,
}

/// How a layer announces the one inside it.
///
/// Ports come in pairs, source and destination, because either may be the well-known one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Hint {
    /// A link type, as in savefiles.
    Link(u16),
    /// An `EtherType`.
    Ether(u16),
    /// An 802.2 header follows, as an 802.3 length field says.
    Llc,
    /// What an 802.2 destination service access point names.
    Sap(u8),
    /// A PPP protocol number.
    Ppp(u16),
    /// An IP protocol number.
    Ip(u8),
    Tcp(u16, u16),
    Udp(u16, u16),
    /// The data that TLS kept secret on a stream between these ports.
    Tls(u16, u16),
    /// What else was in decrypted records.
    Opened(tls::Opened),
    /// The start of an IP packet that an error message sends back; the `EtherType` says which IP.
    Quote(u16),
    /// The first octets of a transport header, too few to be read as one.
    Scrap(u8),
    /// The layer before knows by itself what follows.
    Is(&'static str),
    /// Nothing that we know follows.
    End,
}

/// A protocol's name in filters and records, and in text for people.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Name {
    /// Wireshark's, lower case: `tcp`, `dns`, `eth`.
    pub key: &'static str,
    /// As an engineer writes it: `TCP`, `DNS`, `Ethernet`.
    pub words: &'static str,
}

/// One protocol's reading of some octets.
pub trait View<'a>: Copy {
    /// The names it goes by; the first unless [`View::name`] says otherwise.
    const NAMES: &'static [Name];
    /// Every field that [`View::fields`] may tell.
    const FIELDS: &'static [&'static Field];

    /// Whether octets look like this protocol, for hints that do not settle it.
    fn claims(_: Hint, _: Octets<'a>) -> bool {
        true
    }

    /// Reads the header; what follows it comes back with a hint of what it is.
    ///
    /// What follows must be the octets right behind the header, without what lies beyond the
    /// packet's own length.
    fn read(hint: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why>;

    fn name(&self) -> Name {
        Self::NAMES[0]
    }

    /// From which octet of the view on there is a message that ends in a later segment of its stream.
    fn goes_on(&self) -> Option<usize> {
        None
    }

    /// Writes the layer in a few words. Where the capture cut what should be said, writes
    /// [`Ink::ellipsis`] and ends.
    fn line(&self, ink: &mut Ink);

    /// Tells every octet of the header exactly once, in wire order.
    fn fields(&self, listener: &mut dyn Listener);
}

macro_rules! protocols {
    ($($hint:pat => $module:ident::$View:ident,)*) => {
        $(pub mod $module;)*

        /// One layer of a packet.
        #[derive(Clone, Copy, Debug)]
        pub enum Layer<'a> {
            $($View($module::$View<'a>),)*
        }

        impl<'a> Layer<'a> {
            /// Reads the next layer into its place among the others, and goes on to what follows it.
            /// Says whether a protocol claimed the octets.
            // Everything is written where it belongs: handing it up cost as much as reading it.
            fn read(
                hint: &mut Hint,
                octets: &mut Octets<'a>,
                layers: &mut ArrayVec<Self, { Packet::DEPTH }>,
            ) -> Result<bool, Stop> {
                match *hint {
                    $($hint if $module::$View::claims(*hint, *octets) => match $module::$View::read(*hint, *octets) {
                        Ok((view, next, rest)) => {
                            layers.push(Self::$View(view));
                            (*hint, *octets) = (next, rest);
                        }
                        Err(why) => return Err(Stop { name: <$module::$View<'_> as View<'_>>::NAMES[0], why }),
                    },)*
                    _ => return Ok(false),
                }
                Ok(true)
            }

            /// The key of the protocol that would read octets announced so, if one would.
            fn claimant(hint: Hint, octets: Octets<'a>) -> Option<&'static str> {
                match hint {
                    $($hint if $module::$View::claims(hint, octets) => {
                        Some(<$module::$View<'_> as View<'_>>::NAMES[0].key)
                    })*
                    _ => None,
                }
            }

            pub fn name(&self) -> Name {
                match self { $(Self::$View(view) => view.name(),)* }
            }

            /// From which octet on there is a message that ends in a later segment of its stream.
            pub fn goes_on(&self) -> Option<usize> {
                match self { $(Self::$View(view) => view.goes_on(),)* }
            }

            pub fn line(&self, ink: &mut Ink) {
                match self { $(Self::$View(view) => view.line(ink),)* }
            }

            pub fn fields(&self, listener: &mut dyn Listener) {
                match self { $(Self::$View(view) => view.fields(listener),)* }
            }

            /// Every field the view may tell.
            pub fn may_tell(&self) -> &'static [&'static Field] {
                match self { $(Self::$View(_) => <$module::$View<'_> as View<'_>>::FIELDS,)* }
            }
        }

        /// Every protocol with the names it goes by and the fields it may tell; without names, those that
        /// only the conversation tells.
        pub static PROTOCOLS: &[(&[Name], &[&Field])] = &[
            (frame::NAMES, frame::FIELDS),
            (&[], tcp::analysis::FIELDS),
            $((<$module::$View<'_> as View<'_>>::NAMES, <$module::$View<'_> as View<'_>>::FIELDS),)*
        ];
    };
}
use protocols;
