//! What did a DHCP client write down of its lease?
//!
//! Four clients, two kinds of text and one of octets. Whatever in a file is no number and no address is not
//! taken: a DHCP server chose it.

use std::fs::{self, File};
use std::io::Read;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use super::clock;
use crate::timeline::Timestamp;
use crate::timeline::way::Lease;

/// The lease of an address, if a client of this computer has one. Where several do, the one that ends last.
pub fn find(root: &Path, interface: &str, index: u32, address: Ipv4Addr) -> Option<Lease> {
    let mut leases = Vec::new();
    for folder in ["var/lib/dhcp", "var/lib/dhclient", "var/lib/NetworkManager"] {
        let is_lease = |name: &str| {
            let ends = [".leases", ".lease"].iter().any(|end| name.strip_suffix(end).is_some());
            name.starts_with("dhclient") && ends
        };
        for file in files(&root.join(folder), is_lease) {
            leases.extend(dhclient(&file, interface));
        }
    }
    let networkd = root.join(format!("run/systemd/netif/leases/{index}"));
    leases.extend(variables(&networkd, "systemd-networkd"));
    for file in files(&root.join("var/lib/NetworkManager"), |name| {
        name.starts_with("internal-") && name.ends_with(&format!("-{interface}.lease"))
    }) {
        leases.extend(variables(&file, "NetworkManager"));
    }
    for folder in ["var/lib/dhcpcd", "var/lib/dhcpcd5", "var/db/dhcpcd"] {
        for name in [format!("{interface}.lease"), format!("dhcpcd-{interface}.lease")] {
            leases.extend(dhcpcd(&root.join(folder).join(name)));
        }
    }
    leases.into_iter().filter(|lease| lease.address == address).max_by_key(|lease| lease.ends)
}

fn files(folder: &Path, is_wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let wanted = entries.filter(|entry| entry.file_name().to_str().is_some_and(&is_wanted));
    let mut files: Vec<PathBuf> = wanted.map(|entry| entry.path()).collect();
    files.sort();
    files
}

/// A file as far as anybody would write a lease.
const MOST: u64 = 1 << 20;

fn octets(file: &Path) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    File::open(file).ok()?.take(MOST).read_to_end(&mut octets).ok()?;
    Some(octets)
}

fn text(file: &Path) -> Option<String> {
    Some(String::from_utf8_lossy(&octets(file)?).into_owned())
}

/// When the file was written: when the lease was had, in formats that do not say.
fn written(file: &Path) -> Option<Timestamp> {
    let modified = fs::metadata(file).and_then(|about| about.modified()).ok()?;
    modified.duration_since(UNIX_EPOCH).ok().map(clock::stamp)
}

fn blank(file: &Path, client: &'static str, address: Ipv4Addr) -> Lease {
    Lease {
        file: file.to_owned(),
        client,
        address,
        server: None,
        routers: Vec::new(),
        resolvers: Vec::new(),
        lasts: None,
        renews_after: None,
        rebinds_after: None,
        ends: None,
    }
}

fn addresses(list: &str) -> Vec<Ipv4Addr> {
    list.split([',', ' ']).filter_map(|one| one.trim().parse().ok()).collect()
}

fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().map(|seconds: u32| Duration::from_secs(seconds.into()))
}

/// `lease { ... }`, each later one in place of those before it (dhclient.leases(5)).
fn dhclient(file: &Path, interface: &str) -> Option<Lease> {
    let text = unquoted(&text(file)?);
    let mut last = None;
    for block in text.split("lease {").skip(1) {
        let block = block.split('}').next().unwrap_or_default();
        let said = |name: &str| {
            let mut statements = block.split([';', '\n']).map(str::trim);
            statements.find_map(|statement| statement.strip_prefix(name)?.strip_prefix(' '))
        };
        if said("interface").is_none_or(|name| name.trim_matches('"') != interface) {
            continue;
        }
        let Some(address) = said("fixed-address").and_then(|address| address.parse().ok()) else {
            continue;
        };
        let all = |name: &str| said(name).map(addresses).unwrap_or_default();
        let time = |name: &str| said(name).and_then(seconds);
        last = Some(Lease {
            server: all("option dhcp-server-identifier").first().copied(),
            routers: all("option routers"),
            resolvers: all("option domain-name-servers"),
            lasts: time("option dhcp-lease-time"),
            renews_after: time("option dhcp-renewal-time"),
            rebinds_after: time("option dhcp-rebinding-time"),
            ends: said("expire").and_then(date),
            ..blank(file, "dhclient", address)
        });
    }
    last
}

/// A server's own words stand in quotation marks, and could look like statements.
fn unquoted(text: &str) -> String {
    let mut is_quoted = false;
    let mut is_escaped = false;
    let plain = text.chars().map(|c| {
        is_quoted ^= c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        if is_quoted && "{};\n".contains(c) { ' ' } else { c }
    });
    plain.collect()
}

/// `3 2024/01/03 11:22:33` in UTC, the first number being the day of the week, or `epoch 1704280953`.
fn date(text: &str) -> Option<Timestamp> {
    if let Some(epoch) = text.strip_prefix("epoch ") {
        let seconds = epoch.split_whitespace().next()?.parse().ok()?;
        return Some(clock::stamp(Duration::from_secs(seconds)));
    }
    let mut numbers = text.split([' ', '/', ':']).skip(1).map(|number| number.parse::<i16>().ok());
    let mut next = || numbers.next().flatten();
    let mut small = [0_i8; 5];
    let year = next()?;
    for number in &mut small {
        *number = i8::try_from(next()?).ok()?;
    }
    let [month, day, hour, minute, second] = small;
    let date = jiff::civil::DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    let at = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
    Some(clock::stamp(Duration::from_secs(u64::try_from(at.as_second()).ok()?)))
}

/// `KEY=VALUE` in lines, as systemd's own client writes it.
fn variables(file: &Path, client: &'static str) -> Option<Lease> {
    let text = text(file)?;
    let said = |key: &str| {
        text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).map(str::trim)
    };
    let list = |key: &str| said(key).map(addresses).unwrap_or_default();
    let lasts = said("LIFETIME").and_then(seconds);
    Some(Lease {
        server: list("SERVER_ADDRESS").first().copied(),
        routers: list("ROUTER"),
        resolvers: list("DNS"),
        lasts,
        renews_after: said("T1").and_then(seconds),
        rebinds_after: said("T2").and_then(seconds),
        ends: ends(file, lasts),
        ..blank(file, client, said("ADDRESS")?.parse().ok()?)
    })
}

fn ends(file: &Path, lasts: Option<Duration>) -> Option<Timestamp> {
    let lasts = u64::try_from(lasts?.as_nanos()).ok()?;
    Some(Timestamp(written(file)?.0.saturating_add(lasts)))
}

/// The DHCPACK itself (RFC 2131 §2), as dhcpcd keeps it.
fn dhcpcd(file: &Path) -> Option<Lease> {
    const COOKIE: [u8; 4] = [99, 130, 83, 99];
    let octets = octets(file)?;
    let address: [u8; 4] = octets.get(16..20)?.try_into().ok()?;
    if octets.get(236..240)? != COOKIE {
        return None;
    }
    let mut lease = blank(file, "dhcpcd", address.into());
    let mut rest = octets.get(240..)?;
    while let [code, behind @ ..] = rest {
        match code {
            0 => rest = behind,
            255 => break,
            _ => {
                let (len, behind) = behind.split_first()?;
                let (value, behind) = behind.split_at_checked((*len).into())?;
                option(&mut lease, *code, value);
                rest = behind;
            }
        }
    }
    lease.ends = ends(file, lease.lasts);
    Some(lease)
}

fn option(lease: &mut Lease, code: u8, value: &[u8]) {
    let list = || value.chunks_exact(4).map(|a| Ipv4Addr::new(a[0], a[1], a[2], a[3]));
    let time = || {
        let seconds = u32::from_be_bytes(value.try_into().ok()?);
        Some(Duration::from_secs(seconds.into()))
    };
    match code {
        3 => lease.routers = list().collect(),
        6 => lease.resolvers = list().collect(),
        51 => lease.lasts = time(),
        54 => lease.server = list().next(),
        58 => lease.renews_after = time(),
        59 => lease.rebinds_after = time(),
        _ => {}
    }
}
