//! What are addresses called, as far as the capture itself shows it?
//!
//! By answers of DNS, by what TLS and HTTP clients ask servers for, and by what somebody wrote into the
//! capture. Nothing is ever looked up. At most [`MOST`] addresses have names; those that come later
//! stay numbers.

use std::net::IpAddr;
use std::ops::Range;

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use super::Seen;
use crate::ink::safe;
use crate::timeline::About;
use crate::wire::field::{Field, Listener, Value};
use crate::wire::{Layer, Packet};

const MOST: usize = 1 << 16;
/// As in DNS (RFC 1035 §2.3.4), as text.
const LONGEST: usize = 255;

/// The names of addresses and of connections' servers.
#[derive(Debug, Default)]
pub struct Names {
    addresses: HashMap<IpAddr, Named, RandomState>,
    servers: HashMap<u32, Named, RandomState>,
}

/// A name, safe to show, and where it was learned.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Named {
    pub name: Box<str>,
    pub learned: Learned,
}

/// From the weakest to the strongest.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Learned {
    /// A pcapng name resolution block.
    Capture,
    Dns,
    Host,
    /// RFC 6066 §3: server name indication.
    Sni,
}

impl Learned {
    /// Stable: records depend on it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::Dns => "dns",
            Self::Host => "host",
            Self::Sni => "sni",
        }
    }
}

impl Names {
    /// Learns what a packet shows.
    #[inline]
    pub fn learn(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) {
        if let Some(Layer::Dns(_) | Layer::Tls(_) | Layer::Http(_)) = packet.own_layers().last() {
            self.listen(packet, seen);
        }
    }

    fn listen(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) {
        for layer in packet.own_layers().iter().rev() {
            match layer {
                Layer::Dns(_) => layer.fields(&mut Answers { names: self, asked: None }),
                Layer::Tls(_) | Layer::Http(_) => {
                    let connection = seen.connection.map(|(connection, _)| connection);
                    // What is known best is not asked for again in every record.
                    let is_open =
                        |id| self.of_server(id).is_none_or(|it| it.learned < Learned::Sni);
                    if let Some(connection) = connection.filter(|one| is_open(one.id())) {
                        layer.fields(&mut Servers { names: self, connection: connection.id() });
                    }
                }
                _ => return,
            }
        }
    }

    /// Whether messages of this protocol may still tell what the server of a connection is called, or
    /// some address.
    pub fn may_learn(&self, connection: u32, protocol: &str) -> bool {
        let best = match protocol {
            "tls" => Learned::Sni,
            "http" => Learned::Host,
            "dns" => return true,
            _ => return false,
        };
        self.of_server(connection).is_none_or(|known| known.learned < best)
    }

    /// Learns what the capture carries beside its packets.
    pub fn read(&mut self, about: &About) {
        for (address, name) in &about.resolved {
            self.call(*address, safe(name).into(), Learned::Capture);
        }
    }

    /// A connection is over, and was told.
    pub fn forget(&mut self, connection: u32) {
        self.servers.remove(&connection);
    }

    pub fn of(&self, address: IpAddr) -> Option<&Named> {
        self.addresses.get(&address)
    }

    /// What the server of a connection was asked for by.
    pub fn of_server(&self, connection: u32) -> Option<&Named> {
        self.servers.get(&connection)
    }

    /// `name` is safe to show.
    fn call(&mut self, address: IpAddr, name: Box<str>, learned: Learned) {
        let is_known = self.addresses.get(&address).is_some_and(|known| known.learned > learned);
        let is_room = self.addresses.len() < MOST || self.addresses.contains_key(&address);
        if is_room && !is_known && (1..=LONGEST).contains(&name.len()) {
            self.addresses.insert(address, Named { name, learned });
        }
    }
}

/// Hears which addresses a DNS message gives to the name asked for.
struct Answers<'n> {
    names: &'n mut Names,
    asked: Option<Box<str>>,
}

impl Listener for Answers<'_> {
    fn field(&mut self, field: &'static Field, _: Range<usize>, value: Value<'_>) {
        match (field.name, value) {
            ("dns.qry.name", Value::Words(name)) => self.asked = Some(name.into()),
            ("dns.a" | "dns.aaaa", Value::Address(address)) => {
                if let Some(asked) = &self.asked {
                    self.names.call(address, asked.clone(), Learned::Dns);
                }
            }
            _ => {}
        }
    }
}

/// Hears which server a client asks for.
struct Servers<'n> {
    names: &'n mut Names,
    connection: u32,
}

impl Listener for Servers<'_> {
    fn field(&mut self, field: &'static Field, _: Range<usize>, value: Value<'_>) {
        let learned = match field.name {
            "tls.handshake.extensions_server_name" => Learned::Sni,
            "http.host" => Learned::Host,
            _ => return,
        };
        let (Value::Text(name), servers) = (value, &mut self.names.servers) else { return };
        let is_better = servers.get(&self.connection).is_none_or(|known| known.learned < learned);
        if is_better && servers.len() < super::Flows::MOST_CONNECTIONS && name.len() <= LONGEST {
            servers.insert(self.connection, Named { name: safe(name).into(), learned });
        }
    }
}
