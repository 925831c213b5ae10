//! Whom does this machine ask for names, and how? (resolv.conf(5), nsswitch.conf(5))
//!
//! As the C library reads them. Every setting remembers the line it came from, and lines that are
//! not understood are told, too.

use std::fs;
use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::lookup::{Config, Name, Place, Sources};
use crate::ink::safe;

/// Where the files are.
#[derive(Clone, Debug)]
pub struct Files {
    pub hosts: PathBuf,
    pub nsswitch: PathBuf,
    pub resolv: PathBuf,
    /// Holds this machine's own name, whose domain is searched if nothing else is told.
    pub hostname: PathBuf,
    /// Where servers listen; another port only for trials.
    pub port: u16,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            hosts: "/etc/hosts".into(),
            nsswitch: "/etc/nsswitch.conf".into(),
            resolv: "/etc/resolv.conf".into(),
            hostname: "/proc/sys/kernel/hostname".into(),
            port: 53,
        }
    }
}

/// More of a file is not read.
const LONGEST: u64 = 1 << 20;

/// More servers than these are told, but not asked.
const SERVERS: usize = 3;

/// More domains than these are not searched.
const DOMAINS: usize = 16;

fn text(file: &Path) -> Option<String> {
    let mut octets = Vec::new();
    fs::File::open(file).ok()?.take(LONGEST).read_to_end(&mut octets).ok()?;
    Some(String::from_utf8_lossy(&octets).into_owned())
}

/// Reads resolv.conf; a file that is missing is an empty one.
pub fn config(files: &Files) -> Config {
    let file = files.resolv.display().to_string();
    let nowhere = Place { file: file.clone(), line: None };
    let mut config = Config {
        file,
        servers: Vec::new(),
        search: Vec::new(),
        searched_by: nowhere.clone(),
        ndots: 1,
        timeout: Duration::from_secs(5),
        attempts: 2,
        rotate: false,
        use_vc: false,
        edns0: false,
        trust_ad: false,
        no_aaaa: false,
        passed_over: Vec::new(),
    };
    for (number, line) in (1..).zip(text(&files.resolv).unwrap_or_default().lines()) {
        let place = Place { file: config.file.clone(), line: Some(number) };
        if !line.starts_with([';', '#']) {
            setting(&mut config, line, &place, files.port);
        }
    }
    if config.servers.is_empty() {
        let here = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), files.port);
        config.servers.push((here, nowhere));
    }
    if config.searched_by.line.is_none()
        && let Some(host) = text(&files.hostname)
        && let Some((_, domain)) = host.trim().split_once('.')
        && let Ok(domain) = Name::of(domain)
    {
        config.search.push(domain);
        config.searched_by.file = files.hostname.display().to_string();
    }
    config
}

fn setting(config: &mut Config, line: &str, place: &Place, port: u16) {
    let mut words = line.split_ascii_whitespace();
    let mut pass_over = |why: String| config.passed_over.push((place.clone(), why));
    match words.next() {
        None => {}
        Some("nameserver") => match words.next().map(|word| (word, server(word, port))) {
            Some((_, Some(server))) if config.servers.len() < SERVERS => {
                config.servers.push((server, place.clone()));
            }
            Some((word, Some(_))) => {
                pass_over(format!("{}: only {SERVERS} servers are asked", told(word)));
            }
            Some((word, None)) => pass_over(format!("{}: no address of a server", told(word))),
            None => pass_over("nameserver: the address is missing".into()),
        },
        // The last of these lines holds.
        Some(keyword @ ("search" | "domain")) => {
            config.search.clear();
            config.searched_by = place.clone();
            let most = if keyword == "domain" { 1 } else { DOMAINS };
            for word in words.take(most) {
                match Name::of(word) {
                    Ok(name) if name.is_root() => {}
                    Ok(name) => config.search.push(name),
                    Err(why) => {
                        config.passed_over.push((place.clone(), format!("{}: {why}", told(word))));
                    }
                }
            }
        }
        Some("options") => words.for_each(|word| option(config, word, place)),
        Some(word) => pass_over(format!("{}: not known", told(word))),
    }
}

fn option(config: &mut Config, word: &str, place: &Place) {
    let (name, value) =
        word.split_once(':').map_or((word, None), |(name, value)| (name, Some(value)));
    let number = value.and_then(|value| value.parse::<u32>().ok());
    match (name, number) {
        // The C library's limits.
        ("ndots", Some(number)) => config.ndots = number.min(15) as u8,
        ("timeout", Some(number)) => {
            config.timeout = Duration::from_secs(number.clamp(1, 30).into());
        }
        ("attempts", Some(number)) => config.attempts = number.clamp(1, 5) as u8,
        ("rotate", _) => config.rotate = true,
        ("use-vc", _) => config.use_vc = true,
        ("edns0", _) => config.edns0 = true,
        ("trust-ad", _) => config.trust_ad = true,
        ("no-aaaa", _) => config.no_aaaa = true,
        _ => config.passed_over.push((place.clone(), format!("option {}: not used", told(word)))),
    }
}

/// As much of a word as is told.
fn told(word: &str) -> String {
    let begin: String = word.chars().take(80).collect();
    safe(begin.as_bytes())
}

/// An address of a server; an IPv6 address of a link needs its interface, by name or number.
pub fn server(word: &str, port: u16) -> Option<SocketAddr> {
    let (address, scope) =
        word.split_once('%').map_or((word, None), |(address, scope)| (address, Some(scope)));
    match (address.parse().ok()?, scope) {
        (address, None) => Some(SocketAddr::new(address, port)),
        (IpAddr::V6(address), Some(scope)) => {
            let index = match scope.parse() {
                Ok(index) => index,
                Err(_) => nix::net::if_::if_nametoindex(scope).ok()?,
            };
            Some(SocketAddrV6::new(address, port, 0, index).into())
        }
        (IpAddr::V4(_), Some(_)) => None,
    }
}

/// Reads the order of sources; the C library's own holds where the file does not say.
pub fn sources(files: &Files) -> Sources {
    let file = files.nsswitch.display().to_string();
    let text = text(&files.nsswitch).unwrap_or_default();
    let mut lines = (1..).zip(text.lines());
    let line = lines.find_map(|(number, line)| {
        let line = line.split('#').next().unwrap_or_default();
        line.trim_start().strip_prefix("hosts:").map(|rest| (number, rest))
    });
    let (number, said) = line.map_or((None, "files dns"), |(number, said)| (Some(number), said));
    let mut sources = Sources {
        place: Place { file, line: number },
        listed: Vec::new(),
        asked: Vec::new(),
        passed_over: Vec::new(),
    };
    let mut in_brackets = false;
    for word in said.split_ascii_whitespace() {
        sources.listed.push(told(word));
        let is_action = in_brackets || word.starts_with('[');
        in_brackets = is_action && !word.ends_with(']');
        match word {
            _ if is_action => {}
            "files" if !sources.asked.contains(&"files") => sources.asked.push("files"),
            "dns" if !sources.asked.contains(&"dns") => sources.asked.push("dns"),
            "files" | "dns" => {}
            _ if sources.asked.contains(&"dns") => {}
            other => sources.passed_over.push(told(other)),
        }
    }
    // Where another source stands for the DNS, we ask the DNS itself.
    if !sources.asked.contains(&"dns") && !sources.passed_over.is_empty() {
        sources.asked.push("dns");
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(resolv: &str, nsswitch: &str, hostname: &str) -> Files {
        let folder = super::super::trial::folder();
        let file = |name: &str, text: &str| {
            let path = folder.join(name);
            if !text.is_empty() {
                fs::write(&path, text).expect("a file");
            }
            path
        };
        Files {
            hosts: folder.join("hosts"),
            nsswitch: file("nsswitch.conf", nsswitch),
            resolv: file("resolv.conf", resolv),
            hostname: file("hostname", hostname),
            port: 53,
        }
    }

    #[test]
    fn every_setting_is_read_with_its_line() {
        let files = files(
            "# made by hand\ndomain first.example\nnameserver 127.0.0.53\nnameserver fe80::1%1\n\
            nameserver 300.1.1.1\nsearch lab.example a..b Home.arpa\n\
            options ndots:99 timeout:2 attempts:9 rotate use-vc edns0 trust-ad no-aaaa single-request\n\
            nameserver 10.0.0.1\nnameserver 10.0.0.2\nsortlist 10.0.0.0\x1b\n",
            "",
            "host.ignored.example\n",
        );
        let config = config(&files);
        let servers: Vec<_> =
            config.servers.iter().map(|(server, place)| (server.to_string(), place.line)).collect();
        assert_eq!(
            servers,
            [
                ("127.0.0.53:53".into(), Some(3)),
                ("[fe80::1%1]:53".into(), Some(4)),
                ("10.0.0.1:53".into(), Some(8)),
            ]
        );
        assert!(
            Config::is_local_stub(config.servers[0].0)
                && !Config::is_local_stub(config.servers[2].0)
        );
        assert_eq!(
            config.search,
            ["lab.example", "home.arpa"].map(|name| Name::of(name).expect("a name"))
        );
        assert_eq!(config.searched_by.line, Some(6));
        assert_eq!((config.ndots, config.timeout.as_secs(), config.attempts), (15, 2, 5));
        assert!(
            config.rotate && config.use_vc && config.edns0 && config.trust_ad && config.no_aaaa
        );
        let passed: Vec<_> =
            config.passed_over.iter().map(|(place, why)| (place.line, why.as_str())).collect();
        assert_eq!(
            passed,
            [
                (Some(5), "300.1.1.1: no address of a server"),
                (Some(6), "a..b: nothing stands between two dots"),
                (Some(7), "option single-request: not used"),
                (Some(9), "10.0.0.2: only 3 servers are asked"),
                (Some(10), "sortlist: not known"),
            ]
        );
    }

    #[test]
    fn without_a_file_this_machine_is_asked_and_its_own_domain_searched() {
        let config = config(&files("", "", "pc.home.example\n"));
        assert_eq!(config.servers[0].0.to_string(), "127.0.0.1:53");
        assert_eq!(
            (config.servers[0].1.line, config.search[0].to_string()),
            (None, "home.example".into())
        );
        assert_eq!((config.ndots, config.timeout.as_secs(), config.attempts), (1, 5, 2));
    }

    #[test]
    fn sources_that_are_not_asked_here_are_told() {
        let line = "passwd: files\nhosts: mymachines resolve [!UNAVAIL=return] files myhostname dns mdns # x\n";
        let sources = sources(&files("", line, ""));
        assert_eq!((sources.place.line, sources.asked), (Some(2), vec!["files", "dns"]));
        assert_eq!(sources.passed_over, ["mymachines", "resolve", "myhostname"]);
        assert_eq!(sources.listed.len(), 7);
        let only = super::sources(&files("", "hosts: files\n", ""));
        assert_eq!((only.asked, only.passed_over.len()), (vec!["files"], 0));
        let resolved = super::sources(&files("", "hosts: dns [ NOTFOUND=return dns ] files", ""));
        assert_eq!(resolved.asked, ["dns", "files"]);
        assert_eq!(super::sources(&files("", "", "")).asked, ["files", "dns"]);
    }
}
