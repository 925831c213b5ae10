//! Who is connected to whom, and where does the way break on purpose?

use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::time::Duration;

use super::{Lab, Space, wire};

/// The hosts; `fab` holds the bridges.
const HOSTS: [&str; 13] = [
    "fab", "client", "guest", "island", "router", "ix", "isp", "root", "tld", "auth", "web",
    "fault", "distant",
];

/// Host, interface, bridge, hardware address, addresses.
#[rustfmt::skip]
const LINKS: [(&str, &str, &str, &str, &[&str]); 14] = [
    ("client", "eth0", "lan", "02:00:00:00:00:10", &["2001:db8:1::10/64"]),
    ("guest", "eth0", "lan", "02:00:00:00:00:20", &["192.168.0.20/24"]),
    ("island", "eth0", "lan", "02:00:00:00:00:09", &["192.168.0.9/24"]),
    ("router", "lan0", "lan", "02:00:00:00:00:01", &["192.168.0.1/24", "2001:db8:1::1/64"]),
    ("router", "wan0", "access", "02:00:00:00:01:02", &["203.0.113.2/24", "2001:db8:2::2/64"]),
    ("isp", "eth0", "access", "02:00:00:00:01:53", &["203.0.113.53/24", "203.0.113.54/24"]),
    ("ix", "eth0", "access", "02:00:00:00:01:01", &["203.0.113.1/24", "2001:db8:2::1/64"]),
    ("ix", "eth1", "core", "02:00:00:00:02:01", &["198.51.100.1/24", "2001:db8:3::1/64"]),
    ("root", "eth0", "core", "02:00:00:00:02:04", &["198.51.100.4/24"]),
    ("tld", "eth0", "core", "02:00:00:00:02:12", &["198.51.100.12/24"]),
    ("auth", "eth0", "core", "02:00:00:00:02:53", &["198.51.100.53/24"]),
    ("web", "eth0", "core", "02:00:00:00:02:80", &["198.51.100.80/24", "2001:db8:3::80/64"]),
    ("fault", "eth0", "core", "02:00:00:00:02:66", &[
        "198.51.100.66/24", "198.51.100.70/24", "198.51.100.71/24", "198.51.100.72/24",
        "198.51.100.73/24", "198.51.100.74/24", "198.51.100.75/24", "198.51.100.76/24",
        "198.51.100.77/24",
    ]),
    // No bridge: between it and the others is a wire on which everything takes its time.
    ("distant", "eth0", "", "02:00:00:00:02:90", &["198.51.100.90/24"]),
];

/// Host and a row of its table. A network that is routed in a circle is 10.66.2.0/24.
const ROWS: [(&str, &str); 21] = [
    ("router", "default via 203.0.113.1"),
    ("isp", "default via 203.0.113.1"),
    ("root", "default via 198.51.100.1"),
    ("tld", "default via 198.51.100.1"),
    ("auth", "default via 198.51.100.1"),
    ("web", "default via 198.51.100.1"),
    ("fault", "default via 198.51.100.1"),
    ("distant", "default via 198.51.100.1"),
    ("guest", "default via 192.168.0.1"),
    ("client", "default via 2001:db8:1::1"),
    ("router", "default via 2001:db8:2::1"),
    ("ix", "2001:db8:1::/64 via 2001:db8:2::2"),
    ("web", "default via 2001:db8:3::1"),
    // Nobody answers there, not even to refuse.
    ("router", "blackhole 2001:db8:66::/64"),
    ("router", "unreachable 2001:db8:67::/64"),
    ("router", "prohibit 2001:db8:68::/64"),
    ("router", "blackhole 10.66.0.0/24"),
    ("ix", "10.66.2.0/24 via 198.51.100.53"),
    ("auth", "10.66.2.0/24 via 198.51.100.1"),
    ("client", "throw 10.66.9.0/24"),
    // A router that is not there.
    ("island", "10.66.8.0/24 via 192.168.0.88"),
];

const WIRE: &str = "wire-end";

/// Of each packet to or from the host behind the wire.
const DELAY: Duration = Duration::from_millis(10);

/// What the router refuses: three networks (not by rows of its table, because of those the kernel tells only
/// once a second), and the web server's ports. 8101 to 8104 are refused in each way there is, from
/// 8105 on less and less is lost: requests, answers, large segments, one packet in twenty. It is the only
/// one who changes addresses.
const ROUTER: &str = "
table ip home {
 chain forward {
  type filter hook forward priority 0
  ip daddr 10.66.1.0/24 reject with icmp type host-unreachable
  ip daddr 10.66.3.0/24 reject with icmp type net-unreachable
  ip daddr 10.66.4.0/24 reject with icmp type net-prohibited
  tcp dport 8101 drop
  tcp dport 8102 reject with tcp reset
  tcp dport 8103 reject with icmp type port-unreachable
  tcp dport 8104 reject with icmp type admin-prohibited
  tcp dport 8105 meta length > 100 drop
  tcp sport 8106 meta length > 100 drop
  tcp sport 8107 meta length > 1000 drop
  tcp sport 8108 numgen inc mod 20 7 drop
 }
 chain leave {
  type nat hook postrouting priority 100
  oifname \"wan0\" masquerade random
 }
}
";

pub(super) fn lay(lab: &mut Lab) {
    lab.spaces = HOSTS.iter().map(|name| Space::new(name)).collect();
    let forwards = |host: &str| ["router", "ix", "auth"].contains(&host);
    for host in HOSTS {
        // Nobody configures himself, and nobody is told of a shorter way round a circle.
        let mut settings = vec![
            "ipv6/conf/default/accept_dad=0",
            "ipv6/conf/default/accept_ra=0",
            "ipv6/conf/default/router_solicitations=0",
            "ipv4/conf/all/send_redirects=0",
            "ipv4/conf/default/send_redirects=0",
            "ipv4/conf/all/rp_filter=0",
            "ipv4/conf/default/rp_filter=0",
            // Faults beside each other are all told.
            "ipv4/icmp_ratelimit=0",
            "ipv6/icmp/ratelimit=0",
        ];
        if forwards(host) {
            settings.extend(["ipv4/ip_forward=1", "ipv6/conf/all/forwarding=1"]);
        }
        // In a user namespace the web server is an ordinary user.
        settings.push("ipv4/ip_unprivileged_port_start=0");
        lab.space(host).set(&settings);
    }
    let mut fabric = String::from("link set lo up\n");
    for bridge in ["lan", "access", "core"] {
        let quiet = "mcast_snooping 0 stp_state 0 forward_delay 0";
        _ = writeln!(fabric, "link add {bridge} type bridge {quiet}");
        _ = writeln!(fabric, "link set {bridge} addrgenmode none up");
    }
    for (host, device, bridge, mac, _) in LINKS {
        let port = format!("{host}-{device}");
        _ = writeln!(
            fabric,
            "link add {port} type veth peer name {device} address {mac} netns {host}"
        );
        let master = if bridge.is_empty() { String::new() } else { format!("master {bridge}") };
        _ = writeln!(fabric, "link set {port} {master} addrgenmode none up");
    }
    // One end of the slow wire is at the host, the other at the bridge.
    _ = writeln!(fabric, "link add {WIRE} type veth peer name wire-core");
    _ = writeln!(fabric, "link set {WIRE} addrgenmode none up");
    _ = writeln!(fabric, "link set wire-core master core addrgenmode none up");
    lab.space("fab").ip(&fabric);
    for host in HOSTS.into_iter().skip(1) {
        let mut lines = String::from("link set lo up\n");
        for (_, device, _, _, addresses) in LINKS.iter().filter(|link| link.0 == host) {
            _ = writeln!(lines, "link set {device} up");
            for address in *addresses {
                _ = writeln!(lines, "addr add {address} dev {device}");
            }
        }
        for (_, row) in ROWS.iter().filter(|row| row.0 == host) {
            _ = writeln!(lines, "route add {row}");
        }
        lab.space(host).ip(&lines);
        // What goes over these cables is what would go over real ones: true checksums, whole segments.
        for (_, device, ..) in LINKS.iter().filter(|link| link.0 == host) {
            let mut quiet = lab.space(host).command("ethtool");
            quiet.args(["-K", device]);
            for offload in ["tx", "tso", "gso", "gro"] {
                quiet.args([offload, "off"]);
            }
            let done = quiet.stdout(Stdio::null()).stderr(Stdio::null()).status();
            assert!(done.is_ok_and(|done| done.success()), "ethtool: {host} {device}");
        }
    }
    lab.space("router").nft(ROUTER);
    wire::join(lab.space("fab"), WIRE, "distant-eth0", DELAY);
}

/// What the client knows of the network comes by DHCP.
pub(super) fn lease(lab: &Lab) {
    let script = lab.file(
        "udhcpc.script",
        &format!(
            "#!/bin/sh\ncase $1 in bound|renew)\n\
             ip addr replace $ip/$mask dev $interface\n\
             ip route replace default via $router\n\
             echo \"nameserver $dns\" > {};;\nesac\n",
            lab.path("resolv.conf").display()
        ),
    );
    let runs = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&script, runs).expect("our file");
    let script = script.to_str().expect("UTF-8");
    let words = ["udhcpc", "-f", "-q", "-n", "-i", "eth0", "-T", "1", "-s", script];
    let got = lab.run("busybox", &words);
    assert_eq!(got.code, 0, "{}", got.err);
}
