//! Does every kind of event occur, and does it say what it is about?
//!
//! Fetches of all sorts, each held to the essential data of its events; and at the end the table of kinds must
//! have been gone through.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use wiretale::tale::fetch::kind;

use crate::lab::{DISTANT, Ended, Lab, RESOLVER, WEB};
use crate::told::Told;

mod broken;
mod hops;
mod names;

/// Kinds that cannot occur, and why. One that does all the same must leave this list.
const NEVER: [&str; 1] = [
    // What the engine calls beside the calls that have kinds of their own: it makes no such call.
    "sys.other",
];

const WIRETALE: &str = env!("CARGO_BIN_EXE_wiretale");
const STYLE: &str = "http://www.lab.example/s.css";
/// As the lab's links have them.
const ROUTER: (&str, &str) = ("192.168.0.1", "02:00:00:00:00:01");
const OUR_MAC: &str = "02:00:00:00:00:10";

/// What has occurred so far.
struct Seen<'l> {
    lab: &'l Lab,
    kinds: BTreeSet<String>,
}

impl Seen<'_> {
    fn fetch(&mut self, exit: i32, words: &[&str]) -> Told {
        self.fetch_asking(None, exit, words)
    }

    fn fetch_asking(&mut self, resolver: Option<&str>, exit: i32, words: &[&str]) -> Told {
        let words = [&["--json"], words].concat();
        let ended = self.lab.fetch("client", resolver, &words);
        assert_eq!(ended.code, exit, "{words:?}: {}", ended.end());
        self.read(&ended)
    }

    /// The same by another program that starts ours: its words come first.
    fn fetch_by(&mut self, program: &str, before: &[&str], words: &[&str]) -> Told {
        let words = [before, &[WIRETALE, "fetch", "--json"], words].concat();
        let ended = self.lab.run(program, &words);
        assert_eq!(ended.code, 0, "{words:?}: {}", ended.end());
        self.read(&ended)
    }

    fn read(&mut self, ended: &Ended) -> Told {
        let told = Told::of(ended);
        let kinds = told.all("event").into_iter().filter_map(|event| event["kind"].as_str());
        self.kinds.extend(kinds.map(str::to_owned));
        told
    }
}

/// The first event of the kind of which all of this is true: a member of it, and its value. Members of `data`
/// are named by themselves, those of the event with a dot before.
fn an<'t>(told: &'t Told, kind: &str, wanted: &[(&str, Value)]) -> &'t Value {
    let events = told.events(kind);
    let is_it = |event: &&Value| {
        wanted.iter().all(|(name, value)| match name.strip_prefix('.') {
            Some(name) => event[name] == *value,
            None => event["data"][name] == *value,
        })
    };
    let all = || events.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  ");
    let found = events.iter().copied().find(is_it);
    found.unwrap_or_else(|| panic!("no {kind} with {wanted:?} among{}", all()))
}

fn none(told: &Told, kind: &str) {
    let events = told.events(kind);
    assert!(events.is_empty(), "{events:?}");
}

/// A list that has something in it.
fn some<'t>(event: &'t Value, name: &str) -> &'t Vec<Value> {
    let list = event["data"][name].as_array().unwrap_or_else(|| panic!("no {name} in {event}"));
    assert!(!list.is_empty(), "{name} of {event}");
    list
}

fn number(event: &Value, name: &str) -> u64 {
    event["data"][name].as_u64().unwrap_or_else(|| panic!("no number {name} in {event}"))
}

/// It is what packets show, and names them.
fn with_packets(event: &Value) {
    assert!(event["packets"].as_array().is_some_and(|list| !list.is_empty()), "{event}");
    assert_eq!(event["observed"], true, "{event}");
}

/// As `json!`, for what it is needed for.
fn is<V: Into<Value>>(name: &str, value: V) -> (&str, Value) {
    (name, value.into())
}

pub(crate) fn every_kind_of_event_occurs(lab: &Lab) {
    let mut seen = Seen { lab, kinds: BTreeSet::new() };
    let parts: [fn(&mut Seen<'_>); 14] = [
        neighbours,
        plain,
        leased,
        sealed,
        names::plain,
        names::walks,
        names::resolvers_in_trouble,
        names::lies,
        pages,
        hops::asked,
        choices,
        broken::losses,
        broken::refusals,
        interrupted,
    ];
    for part in parts {
        part(&mut seen);
    }
    let all: BTreeSet<String> = kind::ALL.iter().map(|kind| kind.name.to_owned()).collect();
    let strange: Vec<_> = seen.kinds.difference(&all).collect();
    assert!(strange.is_empty(), "kinds that are in no table: {strange:?}");
    let never: BTreeSet<String> = NEVER.iter().map(|&name| name.to_owned()).collect();
    let missed: Vec<_> = all.difference(&seen.kinds).collect();
    assert_eq!(missed, never.iter().collect::<Vec<_>>(), "these kinds never occurred");
}

/// With nobody in the cache, and with the router in it.
fn neighbours(seen: &mut Seen<'_>) {
    let url = format!("http://{WEB}/s.css");
    let (router, mac) = ROUTER;
    // What an earlier connection still sends makes the router known again at once.
    let cold = (0..5).find_map(|_| {
        let flushed = seen.lab.run("ip", &["neighbour", "flush", "dev", "eth0"]);
        assert_eq!(flushed.code, 0, "{}", flushed.err);
        let cold = seen.fetch(0, &[&url]);
        cold.events("arp.cached").is_empty().then_some(cold)
    });
    let cold = cold.expect("a router that nobody knows");
    let request = [is("target", router), is("sender_mac", OUR_MAC)];
    with_packets(an(&cold, "arp.request", &request));
    with_packets(an(&cold, "arp.reply", &[is("sender", router), is("sender_mac", mac)]));
    an(&cold, "arp.state", &[is("address", router), is("mac", mac), is("gone", false)]);
    let warm = seen.fetch(0, &[&url]);
    an(&warm, "arp.cached", &[is("address", router), is("mac", mac)]);
    let broadcasts =
        warm.events("arp.request").into_iter().filter(|it| it["data"]["sender_mac"] == OUR_MAC);
    assert_eq!(broadcasts.count(), 0);
}

/// Of a plain fetch each part in turn.
fn plain(seen: &mut Seen<'_>) {
    // Nobody has asked for this name yet.
    let url = "http://never-heard.wild.lab.example/s.css";
    let cold = seen.fetch(0, &[url]);
    an(
        &cold,
        "url.parse",
        &[
            is("scheme", "http"),
            is("host", "never-heard.wild.lab.example"),
            is("port", 80),
            is("default_port", true),
            is("path", "/s.css"),
        ],
    );
    let policy = an(&cold, "policy", &[is("engine", "kernel"), is("tier", "packets")]);
    assert!(some(policy, "interfaces").contains(&"eth0".into()), "{policy}");
    some(an(&cold, "name.sources", &[]), "asked");
    an(&cold, "hosts.lookup", &[is("file", "/etc/hosts"), is("canonical", Value::Null)]);
    let resolver = format!("{RESOLVER}:53");
    let config = an(&cold, "resolver.config", &[is("file", "/etc/resolv.conf")]);
    assert!(config["data"]["servers"].to_string().contains(RESOLVER), "{config}");
    let question = [is("server", &*resolver), is("qtype", "A"), is("transport", "udp")];
    let query = an(&cold, "dns.query", &question);
    assert_eq!(query["data"]["recursion_desired"], true, "{query}");
    with_packets(query);
    let answer = an(&cold, "dns.answer", &[is("rcode", "NOERROR"), is("qtype", "A")]);
    assert_eq!(answer["data"]["id"], query["data"]["id"]);
    assert_eq!(some(answer, "answers")[0]["data"], WEB, "{answer}");
    with_packets(answer);
    let found = an(&cold, "name.found", &[]);
    assert_eq!(some(found, "addresses")[0]["address"], WEB, "{found}");
    let route = an(
        &cold,
        "route.decide",
        &[
            is("destination", WEB),
            is("gateway", ROUTER.0),
            is("device", "eth0"),
            is("prefix_length", 0),
        ],
    );
    assert!(some(route, "weighed").iter().any(|row| row["matches"] == true), "{route}");
    let hint = an(&cold, "nat.hint", &[is("destination", WEB), is(".observed", false)]);
    let source = hint["data"]["source"].as_str().expect("an address");
    assert!(source.starts_with("192.168.0."), "{hint}");
    calls(&cold);
    segments(&cold);
    an(&cold, "http.request", &[is("method", "GET"), is("target", "/s.css")]);
    an(&cold, "http.response", &[is("status", 200), is("framing", "length")]);
    an(&cold, "http.body", &[is("decoded_bytes", 300), is("complete", true)]);
    an(&cold, "summary", &[is("status", 200), is("decoded_bytes", 300), is("reused", false)]);
    none(&cold, "fault.verdict");
    // The resolver remembers, and its clock has gone on.
    thread::sleep(Duration::from_millis(1100));
    let warm = seen.fetch(0, &[url]);
    let answer = an(&warm, "dns.answer", &[is("qtype", "A")]);
    let ttl = |answer: &Value| some(answer, "answers")[0]["ttl_s"].as_u64().expect("a TTL");
    assert!(ttl(answer) < ttl(an(&cold, "dns.answer", &[is("qtype", "A")])), "{answer}");
    // An address and a port of our own choice.
    let bound = seen.fetch(0, &["--source-port", "40123", STYLE]);
    an(&bound, "sys.bind", &[is("call", "bind"), is("result", 0)]);
    an(&bound, "sys.write", &[is("local", format!("{source}:40123"))]);
}

fn calls(told: &Told) {
    let web = format!("{WEB}:80");
    let end = |name, call| [is("call", call), is("purpose", "fetch"), is("remote", name)];
    an(told, "sys.socket", &[is("call", "socket"), is("purpose", "fetch")]);
    an(told, "sys.option", &[is("call", "setsockopt")]);
    let connect = an(told, "sys.connect", &end(&*web, "connect"));
    assert_eq!(connect["data"]["errno"], "EINPROGRESS", "{connect}");
    an(told, "sys.poll", &[is("call", "poll")]);
    an(told, "sys.evidence", &[is("purpose", "evidence")]);
    an(told, "sys.lookup", &[is("call", "socket")]);
    let write = an(told, "sys.write", &[is("remote", &*web), is("first_octet", 0)]);
    assert_eq!(number(write, "result"), number(write, "end_octet"), "{write}");
    with_packets(write);
    let read = an(told, "sys.read", &[is("remote", &*web), is("first_octet", 0)]);
    number(read, "lag_ns");
    with_packets(read);
    an(told, "sys.shutdown", &[is("call", "shutdown"), is("remote", &*web)]);
    an(told, "sys.close", &[is("call", "close"), is("remote", &*web)]);
}

fn segments(told: &Told) {
    let (us, them) = (is("by", "client"), is("by", "server"));
    let [us, them] = [&us, &them].map(std::slice::from_ref);
    let syn = an(told, "tcp.syn", us);
    assert_eq!((number(syn, "mss"), number(syn, "retries")), (1460, 0), "{syn}");
    let answer = an(told, "tcp.synack", them);
    assert_eq!(number(answer, "ack"), (number(syn, "seq") + 1) & 0xffff_ffff, "{answer}");
    let ack = an(told, "tcp.ack", us);
    assert_eq!(number(ack, "seq"), number(answer, "ack"), "{ack}");
    let out = an(told, "tcp.segment", us);
    assert_eq!(number(out, "end_octet"), number(out, "payload_bytes"), "{out}");
    let acked =
        an(told, "tcp.acked", &[them, &[is("ack_octet", number(out, "end_octet"))]].concat());
    an(told, "tcp.segment", them);
    assert!(number(an(told, "tcp.rtt", &[]), "sample_ns") > 0);
    for (before, after) in [("SYN-SENT", "ESTABLISHED"), ("ESTABLISHED", "FIN-WAIT-1")] {
        let state = an(told, "tcp.state", &[is(".before", before), is(".after", after)]);
        assert!(state["cause"].is_string(), "{state}");
    }
    for by in [us, them] {
        an(told, "tcp.fin", by);
    }
    for event in [syn, answer, ack, out, acked] {
        with_packets(event);
    }
    let waits = an(told, "tcp.time_wait", &[is("side", "client"), is(".observed", true)]);
    // Linux has a minute.
    assert!((55_000_000_000..=60_000_000_000).contains(&number(waits, "left_ns")), "{waits}");
}

/// Where from is our address? No client of DHCP's wrote anything down, and then one did.
fn leased(seen: &mut Seen<'_>) {
    let mut own = |words: &[&str]| -> Value {
        let told = seen.fetch(0, words);
        let host = an(&told, "host.config", &[is("interface", "eth0"), is("mac", OUR_MAC)]);
        let newer = |it: &&Value| it["address"].as_str().is_some_and(|it| it.contains(':'));
        some(host, "addresses").iter().find(|it| !newer(it)).expect("an address").clone()
    };
    let bare = own(&[STYLE]);
    assert_eq!((&bare["source"], &bare["lease_file"]), (&"static".into(), &Value::Null), "{bare}");
    assert_eq!((&bare["mask"], &bare["network"]), (&"255.255.255.0".into(), &"192.168.0.0".into()));
    let address = bare["address"].as_str().expect("an address");
    let link = seen.lab.run("ip", &["-o", "link", "show", "eth0"]).out;
    let index = link.split(':').next().expect("a number");
    // Our own /run: as systemd-networkd writes it.
    let folder = std::path::Path::new("/run/systemd/netif/leases");
    std::fs::create_dir_all(folder).expect("a folder");
    let lease = format!(
        "ADDRESS={address}\nSERVER_ADDRESS={0}\nROUTER={0}\nDNS={RESOLVER}\nLIFETIME=43200\n",
        ROUTER.0
    );
    let file = folder.join(index);
    std::fs::write(&file, lease).expect("a lease");
    let mut own = |words: &[&str]| -> Value {
        let told = seen.fetch(0, words);
        let host = an(&told, "host.config", &[is("interface", "eth0")]);
        let mut list = some(host, "addresses").iter();
        list.find(|it| it["address"] == address).cloned().expect("the same address")
    };
    let leased = own(&[STYLE]);
    std::fs::remove_file(&file).expect("ours");
    assert_eq!(leased["source"], "dhcp_lease", "{leased}");
    assert_eq!(leased["lease_file"], file.to_str().expect("UTF-8"), "{leased}");
    assert_eq!(
        (&leased["dhcp_server"], &leased["routers"][0]),
        (&ROUTER.0.into(), &ROUTER.0.into())
    );
    assert_eq!(
        (&leased["resolvers"][0], &leased["lease_ns"]),
        (&RESOLVER.into(), &43_200_000_000_000_u64.into())
    );
}

fn sealed(seen: &mut Seen<'_>) {
    let authority = seen.lab.authority();
    let url = "https://www.lab.example/s.css";
    // A file in a folder that is not there.
    let words = ["--cacert", &authority, url];
    let told = seen.fetch_by("env", &["SSLKEYLOGFILE=/nowhere/keys"], &words);
    assert!(an(&told, "tls.keys", &[])["data"]["why"].is_string());
    let hello = an(&told, "tls.record", &[is("direction", "out"), is("first_octet", 0)]);
    some(hello, "records");
    some(an(&told, "tls.record", &[is("direction", "in"), is("first_octet", 0)]), "records");
    let handshake = an(
        &told,
        "tls.handshake",
        &[
            is("version", "TLS 1.3"),
            is("server_name", "www.lab.example"),
            is("verdict", "trusted"),
            is("resumed", false),
        ],
    );
    let certificate = &some(handshake, "certificates")[0];
    assert!(certificate["subject"].to_string().contains("www.lab.example"), "{certificate}");
    assert!(certificate["issuer"].to_string().contains("wiretale:lab"), "{certificate}");
    assert!(an(&told, "tls.end", &[])["data"]["close_notify"].is_boolean());
}

/// Six connections of ten objects.
fn pages(seen: &mut Seen<'_>) {
    let told = seen.fetch(0, &["--page", "--parallel", "6", &format!("http://{DISTANT}/")]);
    let page = an(&told, "html.objects", &[]);
    assert_eq!(some(page, "objects").len(), 9, "{page}");
    let slots = told.events("sched.slot");
    assert!(slots.iter().any(|it| it["data"]["slot"] == "reused"), "{slots:?}");
    let opened: BTreeSet<u64> =
        told.all("timing").iter().filter_map(|it| it["connection"].as_u64()).collect();
    assert_eq!(opened.len(), 6, "{opened:?}");
    let responses = told.events("http.response");
    assert_eq!(responses.len(), 10, "{responses:?}");
}

/// Two families, of which the first is dead.
fn choices(seen: &mut Seen<'_>) {
    let told = seen.fetch(0, &["http://half.lab.example/s.css"]);
    let chosen = an(&told, "addr.choose", &[]);
    let plan = some(chosen, "plan");
    assert_eq!(plan[0]["destination"], "[2001:db8:66::80]:80", "{chosen}");
    assert_eq!(
        (&plan[1]["destination"], &plan[1]["begins_ns"]),
        (&format!("{WEB}:80").into(), &250_000_000.into())
    );
    let tried = some(an(&told, "addr.tried", &[]), "tried");
    let outcomes: Vec<&Value> = tried.iter().map(|it| &it["outcome"]).collect();
    assert_eq!(outcomes, ["overtaken", "connected"]);
}

fn interrupted(seen: &mut Seen<'_>) {
    let mut command = seen.lab.space("client").command(WIRETALE);
    command.args(["fetch", "--json", "http://fault.lab.example/half-stalled"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("wiretale");
    thread::sleep(Duration::from_millis(1500));
    let id = Pid::from_raw(i32::try_from(child.id()).expect("a number"));
    kill(id, Signal::SIGINT).expect("our child");
    let out = child.wait_with_output().expect("its end").stdout;
    let out = String::from_utf8(out).expect("UTF-8");
    let ended = Ended { code: 130, out, err: String::new(), took: Duration::ZERO };
    let told = seen.read(&ended);
    an(&told, "interrupted", &[]);
}
