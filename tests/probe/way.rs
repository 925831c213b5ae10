//! The way to an address, in namespaces with rows and rules of our own; and lease files below a folder.

use std::fs;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use wiretale::probe::neighbour::{self, Watch};
use wiretale::probe::order::order;
use wiretale::probe::route::{Flow, way};
use wiretale::probe::{interface, lease};
use wiretale::timeline::way::{Lease, NeighbourChange, RowKind, Source, Way, Why};

use super::hosts::{Hosts, missing};
use super::kernel::{Told, connect};

fn nowhere() -> &'static Path {
    Path::new("/nowhere")
}

fn to(destination: &str) -> Flow {
    Flow::tcp(destination.parse().expect("an address"))
}

/// Row, reason, device and next hop, source.
fn said(way: &Way) -> String {
    let route = &way.route;
    let row = route.won.map(|won| &route.weighed[won].row);
    let row = row.map_or("no row".to_owned(), |row| {
        format!("{} of {} {:?}", row.destination, row.table, route.why)
    });
    match &route.kernel {
        Ok(kernel) => {
            let source = kernel.source.map(|source| source.to_string()).unwrap_or_default();
            let next = kernel.next_hop(route.destination);
            format!("{row}, {} {next} from {source}", kernel.hop.device)
        }
        Err(error) => format!("{row}, {}", error.name),
    }
}

#[test]
fn the_row_that_we_find_is_the_one_that_the_kernel_takes() {
    if missing() {
        return;
    }
    let hosts = Hosts::new("rows");
    for row in [
        "route add default via 10.88.0.2 metric 100",
        "route add default via 10.88.0.3 metric 50 mtu 1300",
        "route add 198.51.0.0/16 via 10.88.0.4",
        "route add 198.51.100.0/24 via 10.88.0.5",
        "route add prohibit 203.0.113.0/24",
        "route add throw 192.0.2.0/24 table 7",
        "route add default via 10.88.0.6 table 7",
        "route add default via 10.88.0.7 table 8",
        "rule add to 192.0.2.0/23 lookup 7 priority 1000",
        "rule add ipproto tcp dport 8080 lookup 8 priority 1001",
        "rule add fwmark 5 lookup 8 priority 1002",
        "rule add from 10.1.1.1 lookup 8 priority 1003",
        "rule add not fwmark 9 lookup main suppress_prefixlength 0 priority 1004",
        "-6 route add default via fd88::2",
        "-6 route add 2001:db8::/32 via fd88::3",
    ] {
        hosts.client_ip(row);
    }
    hosts.client(|| {
        for (destination, wanted) in [
            ("8.8.8.8:80", "0.0.0.0/0 of 254 LowestMetric, wa 10.88.0.3 from 10.88.0.1"),
            ("198.51.99.1:80", "198.51.0.0/16 of 254 Only, wa 10.88.0.4 from 10.88.0.1"),
            (
                "198.51.100.1:80",
                "198.51.100.0/24 of 254 LongestPrefix, wa 10.88.0.5 from 10.88.0.1",
            ),
            ("8.8.8.8:8080", "0.0.0.0/0 of 8 EarlierTable, wa 10.88.0.7 from 10.88.0.1"),
            ("192.0.3.1:80", "0.0.0.0/0 of 7 EarlierTable, wa 10.88.0.6 from 10.88.0.1"),
            ("192.0.2.1:80", "0.0.0.0/0 of 254 LowestMetric, wa 10.88.0.3 from 10.88.0.1"),
            ("203.0.113.5:80", "203.0.113.0/24 of 254 Only, EACCES"),
            ("10.88.0.9:80", "10.88.0.0/24 of 254 Only, wa 10.88.0.9 from 10.88.0.1"),
            ("10.88.0.1:80", "10.88.0.1/32 of 255 EarlierTable, lo 10.88.0.1 from 10.88.0.1"),
            ("127.0.0.1:80", "127.0.0.1/32 of 255 LongestPrefix, lo 127.0.0.1 from 127.0.0.1"),
            ("[2001:db8::7]:80", "2001:db8::/32 of 254 LongestPrefix, wa fd88::3 from fd88::1"),
            ("[2a00::7]:80", "::/0 of 254 Only, wa fd88::2 from fd88::1"),
            ("[fd88::9]:80", "fd88::/64 of 254 LongestPrefix, wa fd88::9 from fd88::1"),
        ] {
            let way = way(to(destination), nowhere()).expect("an answer");
            assert_eq!(way.route.difference, None, "{destination}");
            assert!(said(&way).starts_with(wanted.split(" of ").next().expect("a row")));
            // Which of the rows was told as the reason depends on rows that main has besides.
            assert_eq!(said(&way), wanted, "{destination}");
        }
        let way = way(to("8.8.8.8:80"), nowhere()).expect("an answer");
        assert_eq!(way.route.kernel.as_ref().expect("a way").mtu, Some(1300));
        let rule = way.route.rules.iter().find(|rule| rule.priority == 1004).expect("the rule");
        assert_eq!(
            (rule.selects.as_str(), rule.suppresses),
            ("not fwmark 0x9/0xffffffff", Some(0))
        );
    });
}

#[test]
fn addresses_are_told_with_their_networks_and_where_they_are_from() {
    if missing() {
        return;
    }
    let hosts = Hosts::new("own");
    hosts.client_ip("route add default via 10.88.0.2 proto dhcp src 10.88.0.1");
    hosts.client_ip("addr add 10.89.0.1/16 brd + valid_lft 600 preferred_lft 0 dev wa");
    hosts.client_ip("link add wt type veth peer name wu");
    hosts.client_ip("addr add 192.0.2.1 peer 192.0.2.2/32 dev wt");
    let interfaces = hosts.client(|| interface::interfaces(nowhere())).expect("interfaces");
    let find = |name: &str| interfaces.iter().find(|it| it.name == name).expect("the interface");
    let wa = find("wa");
    assert!(wa.mac.is_some() && wa.is_up && wa.mtu == Some(1500), "{wa:#?}");
    assert!(!find("wt").is_up && find("lo").mac.is_none());
    let told = |address: &str| {
        let address: IpAddr = address.parse().expect("an address");
        let mut all = interfaces.iter().flat_map(|it| &it.addresses);
        all.find(|it| it.prefix.address == address).expect("the address")
    };
    let dhcp = told("10.88.0.1");
    assert_eq!(dhcp.source, Source::DhcpRoute);
    assert_eq!(dhcp.prefix.network().to_string(), "10.88.0.0");
    assert_eq!(dhcp.prefix.mask().to_string(), "255.255.255.0");
    assert_eq!(dhcp.broadcast.map(|it| it.to_string()).as_deref(), Some("10.88.0.255"));
    let timed = told("10.89.0.1");
    assert_eq!((timed.source, timed.is_deprecated), (Source::Lifetime, true));
    assert!(timed.valid.is_some_and(|left| left <= Duration::from_secs(600)));
    assert_eq!(told("192.0.2.1").peer, Some("192.0.2.2".parse().expect("an address")));
    assert_eq!(told("fd88::1").source, Source::Static);
    assert_eq!(told("127.0.0.1").source, Source::Loopback);
    let local = wa.addresses.iter().find(|it| it.prefix.address.to_string().starts_with("fe80"));
    assert_eq!(local.map(|it| it.source), Some(Source::LinkLocal));

    let all = ["[fd88::2]:80", "10.88.0.2:80", "[2a00::1]:80"].map(|it| it.parse().expect("one"));
    let sorted = hosts.client(|| order(&all, &interfaces));
    let sorted: Vec<_> =
        sorted.iter().map(|it| (it.destination, it.source, it.behind_by)).collect();
    let own = |own: &str| Some(own.parse().expect("an address"));
    assert_eq!(
        sorted,
        [
            // Unique local addresses have a low precedence: IPv4 goes first.
            (all[1], own("10.88.0.1"), None),
            (all[0], own("fd88::1"), Some(6)),
            (all[2], None, Some(1)),
        ]
    );
}

#[test]
fn the_neighbour_cache_is_seen_to_learn() {
    if missing() {
        return;
    }
    let hosts = Hosts::new("neighbour");
    let listener = hosts.server(|| TcpListener::bind("10.88.0.2:80").expect("a port"));
    let (tell, told) = mpsc::channel();
    let (before, after, index) = hosts.client(|| {
        let destination: SocketAddr = "10.88.0.2:80".parse().expect("an address");
        let before = way(Flow::tcp(destination), nowhere()).expect("an answer");
        let index = before.route.kernel.as_ref().expect("a way").hop.interface;
        let watch = Watch::begin(move |change| tell.send(change).expect("a listener"));
        let watch = watch.expect("a watch");
        let tcp = connect(destination, &Told::default());
        drop((tcp, watch));
        (before, neighbour::entry(destination.ip(), index).expect("an answer"), index)
    });
    drop(listener);
    assert_eq!(before.neighbour, None);
    let after = after.expect("an entry");
    assert_eq!((after.state, after.interface), ("REACHABLE", index));
    assert!(after.mac.is_some() && after.confirmed.is_some_and(|ago| ago.as_secs() < 60));
    let changes: Vec<NeighbourChange> =
        told.iter().filter(|it| it.neighbour.address == after.address).collect();
    let states: Vec<_> = changes.iter().map(|it| it.neighbour.state).collect();
    assert_eq!(states.last(), Some(&"REACHABLE"), "{states:?}");
    assert_eq!(changes.last().and_then(|it| it.neighbour.mac), after.mac);
}

#[test]
fn the_way_on_this_computer_is_known_without_any_right() {
    let way = way(to("127.0.0.1:80"), nowhere()).expect("an answer");
    let kernel = way.route.kernel.as_ref().expect("a way");
    assert_eq!((kernel.kind, kernel.hop.device.as_str()), (RowKind::Local, "lo"));
    assert_eq!(way.route.difference, None);
    assert_ne!(way.route.why, Why::None);
    assert!(way.interfaces.iter().any(|it| it.name == "lo"));
}

/// A folder as `/` would be.
struct Root(PathBuf);

impl Root {
    fn with(name: &str, file: &str, octets: &[u8]) -> Self {
        let root = std::env::temp_dir().join(format!("way{}{name}", std::process::id()));
        let file = root.join(file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, octets).expect("a file");
        Self(root)
    }

    fn find(&self) -> Option<Lease> {
        lease::find(&self.0, "eth0", 3, [192, 168, 0, 178].into())
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Server, routers, resolvers; the three durations.
fn facts(lease: &Lease) -> String {
    let seconds = [lease.lasts, lease.renews_after, lease.rebinds_after]
        .map(|it| it.map_or(0, |it| it.as_secs()));
    let (routers, resolvers) = (&lease.routers, &lease.resolvers);
    format!("{} {:?} {routers:?} {resolvers:?} {seconds:?}", lease.client, lease.server)
}

#[test]
fn the_last_lease_of_dhclient_counts() {
    let text = r#"
lease {
  interface "eth0";
  fixed-address 192.168.0.177;
  expire 2 2024/01/02 11:22:33;
}
lease {
  interface "eth0";
  option tftp-server-name "}; \"option routers 6.6.6.6;
  option dhcp-server-identifier 6.6.6.6; \033[31m";
  fixed-address 192.168.0.178;
  option subnet-mask 255.255.255.0;
  option routers 192.168.0.1;
  option dhcp-lease-time 43200;
  option domain-name-servers 192.168.0.1,203.0.113.53;
  option dhcp-server-identifier 192.168.0.1;
  renew 3 2024/01/03 05:22:33;
  expire 3 2024/01/03 11:22:33;
}
lease {
  interface "eth1";
  fixed-address 10.0.0.1;
}
"#;
    let root = Root::with("dhclient", "var/lib/dhcp/dhclient.eth0.leases", text.as_bytes());
    let lease = root.find().expect("a lease");
    assert_eq!(
        facts(&lease),
        "dhclient Some(192.168.0.1) [192.168.0.1] [192.168.0.1, 203.0.113.53] [43200, 0, 0]"
    );
}

#[test]
fn the_leases_of_networkd_and_networkmanager_are_variables() {
    let text = b"# This is private data. Do not parse.\nADDRESS=192.168.0.178\n\
        NETMASK=255.255.255.0\nROUTER=192.168.0.1\nSERVER_ADDRESS=192.168.0.2\nT1=300\nT2=525\n\
        LIFETIME=600\nDNS=192.168.0.1 1.1.1.1\n";
    for (name, file, client) in [
        ("networkd", "run/systemd/netif/leases/3", "systemd-networkd"),
        ("manager", "var/lib/NetworkManager/internal-1234-eth0.lease", "NetworkManager"),
    ] {
        let lease = Root::with(name, file, text).find().expect("a lease");
        let told = "Some(192.168.0.2) [192.168.0.1] [192.168.0.1, 1.1.1.1] [600, 300, 525]";
        assert_eq!(facts(&lease), format!("{client} {told}"));
        assert!(lease.ends.is_some());
    }
    assert_eq!(Root::with("other", "run/systemd/netif/leases/4", text).find(), None);
}

#[test]
fn the_lease_of_dhcpcd_is_the_message_itself_cut_anywhere() {
    let mut message = vec![0; 236];
    message[16..20].copy_from_slice(&[192, 168, 0, 178]);
    message.extend([99, 130, 83, 99, 53, 1, 5, 0, 54, 4, 192, 168, 0, 1]);
    message.extend([51, 4, 0, 0, 168, 192, 58, 4, 0, 0, 84, 96, 59, 4, 0, 0, 147, 168]);
    message.extend([3, 4, 192, 168, 0, 1, 6, 8, 1, 1, 1, 1, 8, 8, 8, 8, 255]);
    let root = Root::with("dhcpcd", "var/lib/dhcpcd/eth0.lease", &message);
    assert_eq!(
        facts(&root.find().expect("a lease")),
        "dhcpcd Some(192.168.0.1) [192.168.0.1] [1.1.1.1, 8.8.8.8] [43200, 21600, 37800]"
    );
    for len in 0..message.len() {
        fs::write(root.0.join("var/lib/dhcpcd/eth0.lease"), &message[..len]).expect("a file");
        let _ = root.find();
    }
}
