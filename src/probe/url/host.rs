//! Who is meant: a name, in letters or as it is sent, or an address?

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use idna::AsciiDenyList;

use super::Fault;

#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Host {
    Name {
        /// As it goes over the wire: international labels as `xn--…`, small letters.
        ascii: String,
        /// As people read it; the same as `ascii` if that holds no international label.
        unicode: String,
    },
    V4 {
        address: Ipv4Addr,
        /// As written, if that was not four decimal numbers: `127.1` and `0x7f000001` are addresses, too.
        odd: Option<String>,
    },
    V6 {
        address: Ipv6Addr,
        /// The interface that an address of a link belongs to; never sent.
        zone: Option<String>,
    },
}

/// RFC 1035 §3.1, less the octets that are not shown.
const LONGEST: usize = 253;

impl Host {
    /// Reads what stands between the user and the port.
    pub(super) fn read(text: &str) -> Result<Self, Fault> {
        if let Some(inner) = text.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')) {
            return v6(inner).map_err(|(at, why)| (at + 1, why));
        }
        if text.is_empty() {
            return Err((0, "the host is missing".into()));
        }
        let decoded = percent_decoded(text);
        let Ok(name) = std::str::from_utf8(&decoded) else {
            return Err((0, "the host is not UTF-8".into()));
        };
        let forbidden =
            |c: char| c.is_ascii() && !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
        if let Some((at, character)) = text.char_indices().find(|(_, c)| *c != '%' && forbidden(*c))
        {
            return Err((at, format!("{character} may not stand in a host")));
        }
        let ascii = idna::domain_to_ascii_cow(&decoded, AsciiDenyList::URL)
            .map_err(|_| (0, "not the name of a host (IDNA)".to_owned()))?;
        if ascii.trim_matches('.').is_empty() {
            return Err((0, "the host is missing".into()));
        }
        if let Some(address) = v4(&ascii)? {
            let odd = (address.to_string() != name).then(|| text.to_owned());
            return Ok(Self::V4 { address, odd });
        }
        let bare = ascii.strip_suffix('.').unwrap_or(&ascii);
        if bare.len() > LONGEST {
            return Err((
                0,
                format!("a name has {LONGEST} characters at most, this one {}", bare.len()),
            ));
        }
        for label in bare.split('.') {
            let why = match label.len() {
                0 => "nothing stands between two dots",
                1..64 => continue,
                _ => "what stands between two dots has 63 characters at most",
            };
            // Labels that were translated stand elsewhere in the text.
            let at =
                if label.is_empty() { text.find("..").map(|at| at + 1) } else { text.find(label) };
            return Err((at.unwrap_or(0), why.into()));
        }
        let (unicode, _) = idna::domain_to_unicode(&ascii);
        Ok(Self::Name { unicode, ascii: ascii.into_owned() })
    }

    /// As it is looked up, and sent in the `Host` field.
    pub fn sent(&self) -> String {
        match self {
            Self::Name { ascii, .. } => ascii.clone(),
            Self::V4 { address, .. } => address.to_string(),
            Self::V6 { address, .. } => format!("[{address}]"),
        }
    }

    /// Whether letters and what is sent differ.
    pub fn is_international(&self) -> bool {
        matches!(self, Self::Name { ascii, unicode } if ascii != unicode)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V6 { address, zone: Some(zone) } => write!(f, "[{address}%{zone}]"),
            _ => f.write_str(&self.sent()),
        }
    }
}

fn v6(text: &str) -> Result<Host, Fault> {
    let (address, zone) =
        text.split_once('%').map_or((text, None), |(address, zone)| (address, Some(zone)));
    let parsed = address.parse().map_err(|_| (0, "not an IPv6 address".to_owned()))?;
    let zone_at = address.len() + 1;
    let zone = match zone {
        None => None,
        // RFC 6874 has the percent sign escaped; everybody writes it bare, too.
        Some(zone) => match zone.strip_prefix("25").filter(|rest| !rest.is_empty()).unwrap_or(zone)
        {
            "" => return Err((zone_at, "the interface is missing".into())),
            zone if zone.chars().all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c)) => {
                Some(zone.to_owned())
            }
            _ => return Err((zone_at, "not the name of an interface".into())),
        },
    };
    Ok(Host::V6 { address: parsed, zone })
}

/// A name that ends in a number is an IPv4 address, or wrong: <https://url.spec.whatwg.org/#ends-in-a-number-checker>.
fn v4(name: &str) -> Result<Option<Ipv4Addr>, Fault> {
    let parts: Vec<&str> = name.strip_suffix('.').unwrap_or(name).split('.').collect();
    let is_hex =
        |part: &str| part.starts_with("0x") && part[2..].chars().all(|c| c.is_ascii_hexdigit());
    let is_number =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()) || is_hex(part);
    if !parts.last().is_some_and(|last| is_number(last)) {
        return Ok(None);
    }
    let wrong = || (0, "it ends in a number, but is no IPv4 address".to_owned());
    let mut numbers = Vec::new();
    for part in &parts {
        let number = match (part.strip_prefix("0x"), part.strip_prefix('0')) {
            (Some(""), _) => Ok(0),
            (Some(hex), _) => u32::from_str_radix(hex, 16),
            (None, Some(octal)) if !octal.is_empty() => u32::from_str_radix(octal, 8),
            _ => part.parse(),
        };
        numbers.push(number.map_err(|_| wrong())?);
    }
    // The last number fills all that is left.
    let Some((last, first)) = numbers.split_last().filter(|(_, first)| first.len() < 4) else {
        return Err(wrong());
    };
    let left = 8 * (4 - first.len()) as u32;
    if first.iter().any(|number| *number > 255) || u64::from(*last) >= 1 << left {
        return Err(wrong());
    }
    let shifted = first.iter().zip([24, 16, 8]).map(|(number, by)| number << by);
    Ok(Some(Ipv4Addr::from(shifted.sum::<u32>() + last)))
}

/// Resolves `%41` and the like; what is no escape stays.
pub(super) fn percent_decoded(text: &str) -> Vec<u8> {
    let (mut decoded, mut rest) = (Vec::new(), text.as_bytes());
    let digit = |octet: u8| char::from(octet).to_digit(16).map(|digit| digit as u8);
    while let [first, behind @ ..] = rest {
        rest = behind;
        if let (b'%', [high, low, behind @ ..]) = (first, behind)
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            decoded.push(high << 4 | low);
            rest = behind;
        } else {
            decoded.push(*first);
        }
    }
    decoded
}
