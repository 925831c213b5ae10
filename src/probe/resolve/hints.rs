//! Which servers does the walk begin with?

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use super::lookup::{Name, Server};

/// The root's servers as <https://www.iana.org/domains/root/servers> lists them.
const ROOT: [(&str, &str, &str); 13] = [
    ("a", "198.41.0.4", "2001:503:ba3e::2:30"),
    ("b", "170.247.170.2", "2801:1b8:10::b"),
    ("c", "192.33.4.12", "2001:500:2::c"),
    ("d", "199.7.91.13", "2001:500:2d::d"),
    ("e", "192.203.230.10", "2001:500:a8::e"),
    ("f", "192.5.5.241", "2001:500:2f::f"),
    ("g", "192.112.36.4", "2001:500:12::d0d"),
    ("h", "198.97.190.53", "2001:500:1::53"),
    ("i", "192.36.148.17", "2001:7fe::53"),
    ("j", "192.58.128.30", "2001:503:c27::2:30"),
    ("k", "193.0.14.129", "2001:7fd::1"),
    ("l", "199.7.83.42", "2001:500:9f::42"),
    ("m", "202.12.27.33", "2001:dc3::35"),
];

/// More servers of a file are not taken.
const SERVERS: usize = 64;

/// A hints file is three kilobytes.
const LONGEST: u64 = 1 << 20;

/// The compiled-in servers of the root, those with IPv4 addresses first.
pub(super) fn compiled_in(port: u16) -> Vec<Server> {
    let server = |letter: &str, address: &str| {
        let address: IpAddr = address.parse().expect("an address in the table");
        let name = Name::of(&format!("{letter}.root-servers.net")).expect("a name in the table");
        Server { address: SocketAddr::new(address, port), name: Some(name) }
    };
    let v4 = ROOT.iter().map(|(letter, v4, _)| server(letter, v4));
    v4.chain(ROOT.iter().map(|(letter, _, v6)| server(letter, v6))).collect()
}

/// Reads a hints file, such as `named.root`: the names by the root's NS records, and their addresses.
pub(super) fn read(file: &Path, port: u16) -> io::Result<Vec<Server>> {
    if fs::metadata(file)?.len() > LONGEST {
        return Err(io::Error::other("the file is too large for root hints"));
    }
    let text = String::from_utf8_lossy(&fs::read(file)?).into_owned();
    parse(&text, port)
        .ok_or_else(|| io::Error::other("the file holds no address of a server of the root"))
}

fn parse(text: &str, port: u16) -> Option<Vec<Server>> {
    let (mut names, mut addresses) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let line = line.split(';').next().unwrap_or_default();
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [owner, between @ .., kind, data] = &words[..] else { continue };
        // A time to live and the class, either way round.
        let is_between =
            |word: &&str| word.eq_ignore_ascii_case("IN") || word.parse::<u32>().is_ok();
        let Ok(owner) = Name::of(owner) else { continue };
        if !between.iter().all(is_between) {
            continue;
        }
        match (kind.to_ascii_uppercase().as_str(), data.parse::<IpAddr>()) {
            ("NS", _) if owner.is_root() => names.extend(Name::of(data)),
            ("A", Ok(address @ IpAddr::V4(_))) | ("AAAA", Ok(address @ IpAddr::V6(_))) => {
                addresses.push((owner, address));
            }
            _ => {}
        }
    }
    addresses.sort_by_key(|(_, address)| address.is_ipv6());
    let servers: Vec<Server> = addresses
        .into_iter()
        .filter(|(owner, _)| names.contains(owner))
        .map(|(name, address)| Server { address: SocketAddr::new(address, port), name: Some(name) })
        .take(SERVERS)
        .collect();
    (!servers.is_empty()).then_some(servers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hints_file_names_the_servers_of_the_root_and_nobody_else() {
        let file = "; last update\n. 3600000 IN NS A.ROOT-SERVERS.NET. ; formerly NS.INTERNIC.NET\n\
            A.ROOT-SERVERS.NET. 3600000 AAAA 2001:503:ba3e::2:30\na.root-servers.net. 3600000 A 198.41.0.4\n\
            other.example. 60 A 192.0.2.1\n. NS\nrubbish\n. 1 CH NS b.example.\n";
        let servers = parse(file, 5353).expect("servers");
        let told: Vec<String> = servers.iter().map(Server::to_string).collect();
        assert_eq!(
            told,
            [
                "a.root-servers.net at 198.41.0.4:5353",
                "A.ROOT-SERVERS.NET at [2001:503:ba3e::2:30]:5353",
            ]
        );
        assert_eq!(parse("other.example. A 192.0.2.1\n", 53), None);
    }

    #[test]
    fn thirteen_names_with_two_addresses_each_are_compiled_in() {
        let servers = compiled_in(53);
        assert_eq!(
            (servers.len(), servers.iter().filter(|server| server.address.is_ipv4()).count()),
            (26, 13)
        );
        assert_eq!(servers[25].to_string(), "m.root-servers.net at 2001:dc3::35");
    }
}
