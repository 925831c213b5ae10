//! What `interfaces` tells, against what `ip` tells and what libpcap does, in a network namespace.
//!
//! Needs root and `ip`; without them it says so and is left out.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

mod machine;

use machine::{Machine, WIRETALE, furnished, records};

#[test]
fn what_is_told_is_what_ip_tells() {
    let Some(machine) = furnished("ip") else { return };
    let output = Command::new("ip").args(["-n", &machine.0, "-j", "-d", "addr"]).output();
    let told: Vec<Value> =
        serde_json::from_slice(&output.expect("ip").stdout).expect("what ip tells");
    let ours = machine.records(&[]);
    assert_eq!(ours.len(), told.len() + 1, "and any");
    assert_eq!(ours[told.len()]["name"], "any");
    for (ours, ip) in ours.iter().zip(&told) {
        assert_eq!((&ours["type"], &ours["schema"]), (&"interface".into(), &1.into()));
        // `ip` has the lower interface behind an @, but not in JSON.
        assert_eq!(ours["name"], ip["ifname"]);
        let name = &ours["name"];
        assert_eq!(ours["index"], ip["ifindex"], "{name}");
        assert_eq!(ours["mtu"], ip["mtu"], "{name}");
        let mac = ip["address"].as_str().filter(|address| address.len() == 17);
        assert_eq!(ours["mac"].as_str(), mac, "{name}");
        let state = match ip["operstate"].as_str().expect("a state") {
            "UNKNOWN" => None,
            "LOWERLAYERDOWN" => Some("lower_layer_down".to_owned()),
            state => Some(state.to_lowercase()),
        };
        assert_eq!(ours["state"].as_str(), state.as_deref(), "{name}");
        assert_eq!(flags(&ours["flags"]), flags_of_ip(ip), "{name}");
        let one = |ip: &Value| {
            // The other end stands where the address would.
            let peer = ip.get("address").cloned().unwrap_or(Value::Null);
            (ip["local"].clone(), ip["prefixlen"].clone(), peer, ip["scope"].clone())
        };
        let ips: Vec<_> = ip["addr_info"].as_array().expect("a list").iter().map(one).collect();
        let known: Vec<_> = ours["addresses"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|it| {
                let [address, prefix, peer, scope] =
                    ["address", "prefix_length", "peer", "scope"].map(|key| it[key].clone());
                (address, prefix, peer, scope)
            })
            .collect();
        assert_eq!(sorted(&known), sorted(&ips), "{name}");
        for address in ip["addr_info"].as_array().expect("a list") {
            if let Some(broadcast) = address["broadcast"].as_str() {
                let ours = ours["addresses"].as_array().expect("a list").iter();
                let mut same = ours.filter(|it| it["address"] == address["local"]);
                let same = same.next().expect("the address");
                assert_eq!(same["broadcast"].as_str(), Some(broadcast), "{name}");
            }
        }
    }
}

fn sorted<T: std::fmt::Debug>(all: &[T]) -> Vec<String> {
    let mut all: Vec<String> = all.iter().map(|one| format!("{one:?}")).collect();
    all.sort_unstable();
    all
}

fn flags(list: &Value) -> Vec<String> {
    let words = list.as_array().expect("a list").iter();
    words.map(|word| word.as_str().expect("a word").to_owned()).collect()
}

/// What `ip` tells of an interface in our words; it tells of running only when it is not.
fn flags_of_ip(ip: &Value) -> Vec<String> {
    let told = flags(&ip["flags"]);
    let has = |word: &str| told.iter().any(|flag| flag == word);
    let ours = [
        ("up", has("UP")),
        ("running", has("UP") && !has("NO-CARRIER")),
        ("carrier", has("LOWER_UP")),
        ("loopback", has("LOOPBACK")),
        ("point_to_point", has("POINTOPOINT")),
        ("broadcast", has("BROADCAST")),
        ("multicast", has("MULTICAST")),
        ("promiscuous", ip["promiscuity"] != 0),
    ];
    ours.into_iter().filter(|(_, holds)| *holds).map(|(word, _)| word.to_owned()).collect()
}

#[test]
fn an_address_is_told_with_its_network_and_who_it_reaches() {
    let Some(machine) = furnished("net") else { return };
    let expected = [
        ("lo", "127.0.0.1", "127.0.0.0", None, None),
        ("va", "192.0.2.1", "192.0.2.0", Some("192.0.2.255"), None),
        ("va", "198.51.100.0", "198.51.100.0", None, None),
        ("va", "203.0.113.9", "203.0.113.9", None, None),
        ("va", "10.1.0.1", "10.1.0.0", Some("10.1.255.255"), None),
        ("va", "10.3.0.1", "10.3.0.0", Some("10.3.0.77"), None),
        ("va", "10.4.0.1", "10.5.0.0", Some("10.5.0.255"), Some("10.5.0.9")),
        ("va", "2001:db8::1", "2001:db8::", None, None),
        ("va", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", None, None),
        ("va.7", "10.7.0.1", "10.7.0.0", Some("10.7.0.7"), None),
        ("br0", "fd00:77::1", "fd00:77::", None, None),
        ("tun0", "10.8.0.6", "10.8.0.5", None, Some("10.8.0.5")),
    ];
    let told = machine.records(&[]);
    for (name, address, network, broadcast, peer) in expected {
        let device = told.iter().find(|device| device["name"] == name).expect("an interface");
        let mut addresses = device["addresses"].as_array().expect("a list").iter();
        let one = addresses.find(|one| one["address"] == address).expect("an address");
        assert_eq!(one["network"], network, "{address}");
        assert_eq!(one["broadcast"].as_str(), broadcast, "{address}");
        assert_eq!(one["peer"].as_str(), peer, "{address}");
    }
}

/// The link type that we tell of an interface, and the one that its frames are given when it is listened
/// to; the second is `None` when it is not up.
fn link_types(machine: &Machine, name: &str) -> (Value, Option<Value>) {
    let told = machine.records(&[name]).remove(0);
    let words = [WIRETALE, "packets", "-i", name, "--for", "1ms", "--json"];
    let listened = machine.run(&words);
    let said = String::from_utf8_lossy(&listened.stderr);
    let capture = records(&String::from_utf8_lossy(&listened.stdout)).pop();
    assert!(capture.is_some() || said.contains("is down"), "{name}: {said}");
    let given = capture.map(|capture| capture["interfaces"][0]["link_type"].clone());
    (told["link_type"].clone(), given)
}

#[test]
fn the_link_type_is_the_one_that_listening_gives() {
    let Some(machine) = furnished("link") else { return };
    let mut tried = 0;
    for device in machine.records(&[]) {
        let name = device["name"].as_str().expect("a name");
        let (told, given) = link_types(&machine, name);
        if let Some(given) = given {
            assert_eq!(told, given, "{name}");
            tried += 1;
        }
    }
    assert!(tried >= 7, "{tried}");
}

/// A tunnel can be made to look like any hardware.
#[test]
fn the_link_type_of_any_hardware_is_the_one_that_listening_gives() {
    let Some(machine) = Machine::new("tun") else { return };
    machine.ip(&["tuntap add mode tun any0"]);
    // TUNSETIFF with IFF_TUN and IFF_NO_PI, TUNSETLINK.
    let script = "import fcntl, os, struct, sys\n\
                  tun = os.open('/dev/net/tun', os.O_RDWR)\n\
                  fcntl.ioctl(tun, 0x400454ca, struct.pack('16sH22x', b'any0', 0x1001))\n\
                  fcntl.ioctl(tun, 0x400454cd, int(sys.argv[1]))";
    let mut found = Vec::new();
    for hardware in [
        1, 2, 3, 4, 5, 6, 7, 19, 256, 280, 512, 513, 518, 770, 773, 774, 778, 783, 786, 801, 802,
        803, 804, 824, 826, 0xfffe,
    ] {
        machine.ip(&["link set any0 down"]);
        let done = machine.run(&["python3", "-c", script, &hardware.to_string()]);
        if !done.status.success() {
            eprintln!("left out: {}", String::from_utf8_lossy(&done.stderr));
            return;
        }
        machine.ip(&["link set any0 up"]);
        let (told, given) = link_types(&machine, "any0");
        assert_eq!(Some(&told), given.as_ref(), "hardware {hardware}");
        found.push(told.as_u64().expect("a number"));
    }
    found.sort_unstable();
    found.dedup();
    assert!(found.len() > 20, "{found:?}");
}

/// Whoever enters a namespace by `nsenter` still sees the /sys of another.
#[test]
fn nothing_is_taken_from_another_namespace_and_nothing_needs_a_right() {
    let Some(machine) = furnished("other") else { return };
    let expected = machine.wiretale(&["interfaces", "--json"]);
    let place = format!("--net=/run/netns/{}", machine.0);
    let entered = Command::new("nsenter").args([&place, WIRETALE, "interfaces", "--json"]).output();
    assert_eq!(String::from_utf8(entered.expect("nsenter").stdout).expect("UTF-8"), expected);
    let copy = Copy::new("interfaces");
    let nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs";
    let program = copy.0.to_str().expect("UTF-8");
    let words: Vec<&str> = nobody.split(' ').chain([program, "interfaces", "--json"]).collect();
    assert_eq!(String::from_utf8(machine.run(&words).stdout).expect("UTF-8"), expected);
}

/// The program where everybody may run it.
struct Copy(PathBuf);

impl Copy {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("wiretale-{name}-{}", std::process::id()));
        fs::copy(WIRETALE, &path).expect("a copy");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("our file");
        Self(path)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        _ = fs::remove_file(&self.0);
    }
}

#[test]
fn one_is_told_alone_and_an_unknown_one_in_one_sentence() {
    let Some(machine) = furnished("one") else { return };
    let told = machine.records(&["va", "lo"]);
    let names: Vec<&str> = told.iter().filter_map(|device| device["name"].as_str()).collect();
    assert_eq!(names, ["lo", "va"]);
    let output = machine.run(&[WIRETALE, "interfaces", "va", "vx\x1b"]);
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(said.starts_with("wiretale: vx\\x1b: no such interface; there are: lo, "), "{said}");
    assert!(said.contains("va.7") && said.trim_end().ends_with(", any"), "{said}");
    assert_eq!((output.status.code(), said.lines().count(), output.stdout.len()), (Some(1), 1, 0));
    let csv = machine.wiretale(&["interfaces", "-o", "csv", "va.7"]);
    let rows: Vec<&str> = csv.lines().collect();
    assert_eq!(rows.len(), 2);
    let header = "type,schema,name,index,state,flags,mac,mtu,link_type,link_type_name,addresses";
    assert_eq!(rows[0], header);
    assert!(rows[1].starts_with("interface,1,va.7,"), "{csv}");
    assert!(rows[1].contains(",up; running; carrier; broadcast; multicast,"), "{csv}");
    assert!(rows[1].contains(",1400,1,Ethernet,10.7.0.1/29; fe80::"), "{csv}");
    let zeek = machine.run(&[WIRETALE, "interfaces", "-o", "zeek"]);
    assert_eq!(zeek.status.code(), Some(2));
}

#[test]
fn a_page_keeps_its_width_and_is_drawn_with_ascii_when_asked() {
    let Some(machine) = furnished("page") else { return };
    for width in ["80", "100", "160"] {
        let page = machine.wiretale(&["interfaces", "--width", width]);
        let most = width.parse().expect("a number");
        for line in page.lines() {
            assert!(line.chars().count() <= most, "{line:?} at {width}");
        }
        assert!(page.contains("192.0.2.1/24"), "{page}");
    }
    let page = machine.wiretale(&["interfaces", "--width", "100"]);
    let row = |words: &[&str]| {
        assert!(
            page.lines().any(|line| {
                let found: Vec<&str> = line.split_whitespace().collect();
                found.ends_with(words)
            }),
            "{words:?} in no line of\n{page}"
        );
    };
    row(&["va", "192.0.2.1/24", "192.0.2.0/24", "192.0.2.255", "global"]);
    row(&["va", "198.51.100.0/31", "198.51.100.0/31", "global"]);
    row(&["tun0", "10.8.0.6/32", "to", "10.8.0.5", "10.8.0.5/32", "global"]);
    row(&["any", "all", "of", "them", "Linux", "cooked", "v2"]);
    let line = |name: &str| {
        let mut lines = page.lines().skip_while(|line| !line.starts_with("  ─"));
        lines.find(|line| line.split_whitespace().nth(1) == Some(name)).expect("a line")
    };
    assert!(line("lo").contains("  up, loopback "), "{page}");
    assert!(line("vb").contains("  up, promiscuous "), "{page}");
    assert!(line("tun0").contains("  up, no carrier, point to point "), "{page}");
    assert!(line("va").contains("  1400  Ethernet"), "{page}");
    let plain = machine.wiretale(&["interfaces", "--ascii"]);
    assert!(plain.is_ascii() && plain.contains("----"), "{plain}");
    let coloured = machine.wiretale(&["interfaces", "--color"]);
    assert!(coloured.contains("\x1b[36mInterfaces\x1b[0m"));
}

/// Names are data: the kernel lets almost anything be one.
#[test]
fn a_name_obeys_nobody_whatever_is_in_it() {
    let Some(machine) = Machine::new("name") else { return };
    let names: [&[u8]; 3] = [b"e\x1b[31mred\x07", b"bad\xff\xfe", "한국".as_bytes()];
    for name in names {
        let mut command = Command::new("ip");
        command.args(["-n", &machine.0, "link", "add"]).arg(OsStr::from_bytes(name));
        let added = command.args(["type", "bridge"]).status().expect("ip");
        assert!(added.success());
    }
    let page = machine.wiretale(&["interfaces"]);
    assert!(page.chars().all(|letter| letter == '\n' || !letter.is_control()), "{page}");
    let csv = machine.wiretale(&["interfaces", "-o", "csv"]);
    for shown in [r"e\x1b[31mred\x07", r"bad\xff\xfe", "한국"] {
        assert!(page.contains(shown) && csv.contains(shown), "{shown} in {page}{csv}");
    }
    let told = machine.records(&[]);
    let names: Vec<&str> = told.iter().filter_map(|device| device["name"].as_str()).collect();
    assert_eq!(names, ["lo", "e\u{1b}[31mred\u{7}", "bad\\xff\\xfe", "한국", "any"]);
    let alone = machine.records(&["한국"]);
    assert_eq!(alone.len(), 1);
}
