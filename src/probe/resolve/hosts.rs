//! Which addresses does the hosts file give to a name? (hosts(5))

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::Path;

use super::lookup::HostsEntry;

/// Octets of a file that are read: there are lists of millions of names, but not longer ones.
const LONGEST: u64 = 256 << 20;

/// Looks for a name in the file; several lines may hold it, for IPv4 and IPv6 or by mistake.
pub fn look_up(file: &Path, name: &str) -> io::Result<Option<HostsEntry>> {
    if fs::metadata(file)?.len() > LONGEST {
        return Err(io::Error::other("the file is too large"));
    }
    Ok(find(&fs::read(file)?, name))
}

fn find(octets: &[u8], name: &str) -> Option<HostsEntry> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let mut entry: Option<HostsEntry> = None;
    for (number, line) in (1..).zip(octets.split(|octet| *octet == b'\n')) {
        let line = line.split(|octet| *octet == b'#').next().unwrap_or_default();
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let (Some(address), Some(first)) = (words.next(), words.next()) else { continue };
        let is_it = |word: &[u8]| word.eq_ignore_ascii_case(name.as_bytes());
        if !is_it(first) && !words.any(is_it) {
            continue;
        }
        // The name of an interface may follow the address of a link.
        let address = address.split(|octet| *octet == b'%').next().unwrap_or_default();
        let address: Option<IpAddr> =
            std::str::from_utf8(address).ok().and_then(|text| text.parse().ok());
        let Some(address) = address else { continue };
        let entry = entry.get_or_insert_with(|| HostsEntry {
            addresses: Vec::new(),
            canonical: first.escape_ascii().to_string(),
        });
        if !entry.addresses.iter().any(|(known, _)| *known == address) {
            entry.addresses.push((address, number));
        }
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_that_holds_the_name_counts_and_is_told() {
        let file = b"127.0.0.1\tlocalhost\n::1 localhost ip6-localhost # loop\n\n# 10.0.0.9 web\n\
            10.0.0.1  Web.lab.example web WEB2\r\n10.0.0.1 web\nfe80::1%eth0 web\nrubbish web\n10.0.0.2";
        let addresses = |name: &str| find(file, name).map(|entry| entry.addresses);
        let ip = |text: &str| text.parse::<IpAddr>().expect("an address");
        assert_eq!(addresses("localhost"), Some(vec![(ip("127.0.0.1"), 1), (ip("::1"), 2)]));
        assert_eq!(addresses("wEB."), Some(vec![(ip("10.0.0.1"), 5), (ip("fe80::1"), 7)]));
        assert_eq!(addresses("web2"), Some(vec![(ip("10.0.0.1"), 5)]));
        assert_eq!(find(file, "web").expect("an entry").canonical, "Web.lab.example");
        assert_eq!((addresses("we"), addresses("10.0.0.2"), addresses("")), (None, None, None));
    }
}
