//! Listening, in network namespaces with real servers.
//!
//! Needs root, `ip`, `ping`, `curl`, busybox, dnsmasq and iperf3: what is missing is said, and the
//! test that wants it left out.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Two hosts and a cable: the client's side of it is `va`, with 10.77.0.1, the server's `vb`, with 10.77.0.2.
struct Hosts {
    name: String,
    folder: PathBuf,
    servers: Vec<Child>,
}

/// Says why a test cannot be run here.
fn missing(programs: &[&str]) -> bool {
    if !fs::read_to_string("/proc/self/status").is_ok_and(|status| status.contains("\nUid:\t0\t")) {
        eprintln!("left out: network namespaces need root");
        return true;
    }
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    let has =
        |program: &str| path.split(':').any(|folder| Path::new(folder).join(program).exists());
    for program in programs {
        if !has(program) {
            eprintln!("left out: there is no {program}");
        }
    }
    !programs.iter().all(|program| has(program))
}

impl Hosts {
    fn new(name: &str) -> Self {
        let name = format!("wt{}{name}", std::process::id());
        let folder = std::env::temp_dir().join(&name);
        fs::create_dir_all(&folder).expect("a folder");
        let hosts = Self { name, folder, servers: Vec::new() };
        let (client, server) = (hosts.side("c"), hosts.side("s"));
        let ip = |line: &str| {
            let done = Command::new("ip").args(line.split(' ')).status().expect("ip");
            assert!(done.success(), "ip {line}");
        };
        ip(&format!("netns add {client}"));
        ip(&format!("netns add {server}"));
        ip(&format!("link add va netns {client} type veth peer name vb netns {server}"));
        for (side, end, address) in
            [(&client, "va", "10.77.0.1/24"), (&server, "vb", "10.77.0.2/24")]
        {
            ip(&format!("-n {side} addr add {address} dev {end}"));
            ip(&format!("-n {side} link set lo up"));
            ip(&format!("-n {side} link set {end} up"));
        }
        // Router solicitations and the like would come at any time.
        for (side, end) in [(&client, "va"), (&server, "vb")] {
            let quiet = format!("net.ipv6.conf.{end}.disable_ipv6=1");
            let done = Hosts::on(side, "sysctl").arg("-qw").arg(quiet).status();
            assert!(done.is_ok_and(|done| done.success()), "sysctl");
        }
        hosts
    }

    fn side(&self, side: &str) -> String {
        format!("{}{side}", self.name)
    }

    fn on(side: &str, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", side, program]).stdin(Stdio::null());
        command
    }

    fn client(&self, line: &str) -> Command {
        let mut words = line.split(' ');
        let mut command = Self::on(&self.side("c"), words.next().expect("a program"));
        command.args(words).stdout(Stdio::null());
        command
    }

    fn serve(&mut self, line: &str) {
        let mut words = line.split(' ');
        let mut command = Self::on(&self.side("s"), words.next().expect("a program"));
        command.args(words).stdout(Stdio::null()).stderr(Stdio::null());
        self.servers.push(command.spawn().expect("a server"));
    }

    fn run(&self, line: &str) {
        assert!(self.client(line).status().expect("a program").success(), "{line}");
    }

    /// Begins to listen; returns once nothing more is missed.
    fn listen(&self, line: &str) -> Listener {
        let mut command = Self::on(&self.side("c"), env!("CARGO_BIN_EXE_wiretale"));
        command.args(line.split(' ')).current_dir(&self.folder);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("wiretale");
        let mut said = BufReader::new(child.stderr.take().expect("its words"));
        let mut heading = String::new();
        said.read_line(&mut heading).expect("text");
        assert!(heading.starts_with("listening on "), "{heading}");
        let mut out = child.stdout.take().expect("its answer");
        let reader = std::thread::spawn(move || {
            let mut text = String::new();
            out.read_to_string(&mut text).expect("text");
            text
        });
        Listener { child, said, reader }
    }

    fn ask(&self, line: &str) -> String {
        let out = Command::new(env!("CARGO_BIN_EXE_wiretale"))
            .args(line.split(' '))
            .current_dir(&self.folder)
            .output()
            .expect("wiretale");
        assert!(out.status.success(), "{line}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).expect("text")
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for server in &mut self.servers {
            let _ = server.kill();
            let _ = server.wait();
        }
        for side in ["c", "s"] {
            let _ = Command::new("ip").args(["netns", "del", &self.side(side)]).status();
        }
        let _ = fs::remove_dir_all(&self.folder);
        let _ = fs::remove_dir_all(Path::new("/etc/netns").join(self.side("c")));
    }
}

struct Listener {
    child: Child,
    said: BufReader<ChildStderr>,
    reader: std::thread::JoinHandle<String>,
}

struct Heard {
    out: String,
    said: String,
    status: ExitStatus,
    took: Duration,
}

impl Listener {
    fn signal(self, signal: &str) -> Heard {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.is_ok_and(|sent| sent.success()), "kill");
        self.end()
    }

    fn end(mut self) -> Heard {
        let since = Instant::now();
        let status = self.child.wait().expect("an end");
        let took = since.elapsed();
        let mut said = String::new();
        self.said.read_to_string(&mut said).expect("text");
        Heard { out: self.reader.join().expect("its answer"), said, status, took }
    }
}

/// All but what names the source.
fn records(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with(r#"{"type":"capture""#)).collect()
}

#[test]
fn live_answers_are_those_of_the_savefile_beside_them() {
    if missing(&["ip", "sysctl", "ping", "curl", "busybox", "dnsmasq", "iperf3"]) {
        return;
    }
    let mut hosts = Hosts::new("law");
    let folder = hosts.folder.to_str().expect("a path").to_owned();
    fs::write(hosts.folder.join("big"), vec![b'x'; 300_000]).expect("a file");
    // Where `ip netns exec` looks for the resolver of a namespace.
    let resolver = Path::new("/etc/netns").join(hosts.side("c"));
    fs::create_dir_all(&resolver).expect("a folder");
    fs::write(resolver.join("resolv.conf"), "nameserver 10.77.0.2\n").expect("a file");
    hosts.serve(&format!("busybox httpd -f -p 10.77.0.2:80 -h {folder}"));
    hosts.serve("dnsmasq -k --no-hosts --no-resolv --listen-address=10.77.0.2 --address=/www.test/10.77.0.2 --pid-file= --user=root");
    hosts.serve("iperf3 -s -B 10.77.0.2");
    wait_for(&hosts, "curl -s -o /dev/null http://10.77.0.2/");
    wait_for(&hosts, "iperf3 -c 10.77.0.2 -n 1K");

    let questions = ["packets", "flows", "exchanges"];
    let listeners: Vec<_> = questions
        .iter()
        .map(|question| hosts.listen(&format!("{question} -i va --json -w {question}.pcapng")))
        .collect();
    for _ in 0..3 {
        hosts.run("curl -s -o /dev/null http://www.test/big http://www.test/none");
    }
    let _ = hosts.client("curl -s --max-time 2 -o /dev/null http://10.77.0.2:81/").status();
    hosts.run("ping -q -c 3 -i 0.1 10.77.0.2");
    hosts.run("iperf3 -c 10.77.0.2 -n 3M");
    for (question, listener) in questions.iter().zip(listeners) {
        let heard = listener.signal("INT");
        assert!(heard.status.success(), "{question}: {}", heard.said);
        assert!(heard.said.contains(" 0 dropped by the kernel"), "{question}: {}", heard.said);
        let saved = hosts.ask(&format!("{question} --json {question}.pcapng"));
        let (live, saved) = (records(&heard.out), records(&saved));
        assert!(heard.out.contains("www.test"), "{question} told nothing of the name");
        assert!(live == saved, "{question} tells something else of the savefile");
    }
}

/// Until a server answers.
fn wait_for(hosts: &Hosts, line: &str) {
    for _ in 0..100 {
        if hosts.client(line).stderr(Stdio::null()).status().expect("a program").success() {
            return;
        }
        sleep(Duration::from_millis(50));
    }
    panic!("{line}: nobody answers");
}

#[test]
fn a_signal_ends_listening_at_once_and_nothing_before_it_is_lost() {
    if missing(&["ip", "sysctl", "ping"]) {
        return;
    }
    let hosts = Hosts::new("sig");
    hosts.run("ping -q -c 1 10.77.0.2");
    for signal in ["INT", "TERM", "HUP"] {
        let listener = hosts.listen("packets -i va -w kept.pcapng icmp");
        hosts.run("ping -q -c 40 -i 0.002 10.77.0.2");
        let heard = listener.signal(signal);
        assert!(heard.status.success(), "{signal}: {}", heard.said);
        assert_eq!(heard.out.lines().count(), 80, "{signal}: {}", heard.out);
        assert!(heard.said.starts_with("va: 80 packets captured, 80 received"), "{}", heard.said);
        assert!(heard.took < Duration::from_millis(400), "{signal} took {:?}", heard.took);
        assert_eq!(hosts.ask("packets kept.pcapng").lines().count(), 80);

        let idle = hosts.listen("packets -i va icmp");
        sleep(Duration::from_millis(150));
        let heard = idle.signal(signal);
        assert!(heard.status.success(), "{signal}: {}", heard.said);
        assert_eq!(heard.out, "");
        assert!(heard.took < Duration::from_millis(400), "{signal} took {:?}", heard.took);
    }
}

#[test]
fn listening_ends_after_the_time_or_the_packets_asked_for() {
    if missing(&["ip", "sysctl", "ping"]) {
        return;
    }
    let hosts = Hosts::new("end");
    let heard = hosts.listen("packets -i va --for 300ms icmp").end();
    assert!(heard.status.success(), "{}", heard.said);
    assert!((250..1500).contains(&heard.took.as_millis()), "{:?}", heard.took);
    let listener = hosts.listen("packets -i any -c 5 icmp");
    hosts.run("ping -q -c 5 -i 0.01 10.77.0.2");
    assert_eq!(listener.end().out.lines().count(), 5);
}

#[test]
fn several_interfaces_are_merged_by_time() {
    if missing(&["ip", "sysctl", "ping"]) {
        return;
    }
    let hosts = Hosts::new("two");
    let listener = hosts.listen("packets -i lo -i va --time epoch -w both.pcapng icmp");
    for _ in 0..10 {
        hosts.run("ping -q -c 3 -i 0.002 10.77.0.2");
        hosts.run("ping -q -c 3 -i 0.002 127.0.0.1");
    }
    let heard = listener.signal("INT");
    let lines: Vec<_> = heard.out.lines().collect();
    assert_eq!(lines.len(), 120, "{}", heard.out);
    let times: Vec<_> = lines.iter().filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert!(times.is_sorted(), "{}", heard.out);
    assert!(lines.iter().any(|line| line.contains("127.0.0.1")));
    let overview = hosts.ask("both.pcapng");
    assert!(overview.contains("lo") && overview.contains("va"), "{overview}");
}

#[test]
fn what_becomes_of_an_interface_is_told_and_the_others_go_on() {
    if missing(&["ip", "sysctl", "ping"]) {
        return;
    }
    let hosts = Hosts::new("away");
    let listener = hosts.listen("packets -i va -i lo icmp");
    let pause = || sleep(Duration::from_millis(400));
    for change in [
        "ip addr add 10.78.0.1/24 dev va",
        "ip addr del 10.78.0.1/24 dev va",
        "ip link set va down",
        "ip link set va up",
    ] {
        hosts.run(change);
        pause();
    }
    hosts.run("ping -q -c 2 -i 0.01 10.77.0.2");
    hosts.run("ip link del va");
    pause();
    hosts.run("ping -q -c 2 -i 0.01 127.0.0.1");
    let heard = listener.signal("INT");
    for sentence in [
        "va: the address 10.78.0.1/24 is new",
        "va: the address 10.78.0.1/24 was taken away",
        "va: the interface went down",
        "va: the interface is up again",
        "va: the interface went away",
    ] {
        assert!(heard.said.contains(sentence), "{sentence}: {}", heard.said);
    }
    assert_eq!(heard.out.lines().count(), 8, "{}{}", heard.out, heard.said);
    assert_eq!(heard.status.code(), Some(1), "{}", heard.said);
}

#[test]
fn what_cannot_be_listened_to_is_said_in_one_sentence() {
    let said = |line: &str| {
        let out = Command::new(env!("CARGO_BIN_EXE_wiretale"))
            .args(line.split(' '))
            .output()
            .expect("wiretale");
        (out.status.code(), String::from_utf8(out.stderr).expect("text"))
    };
    let (code, sentence) = said("packets -i none0");
    assert_eq!(code, Some(1), "{sentence}");
    assert!(sentence.starts_with("wiretale: none0: no such interface; there are: "), "{sentence}");
    assert!(sentence.contains("lo"), "{sentence}");
    assert_eq!(said("packets -i lo -r file").0, Some(2));
    assert_eq!(said("packets -p file").0, Some(2));
    assert_eq!(said("packets -i lo --for ever").0, Some(2));
    if missing(&[]) {
        return;
    }
    let (code, sentence) = said("packets -i lo tcp prt 80");
    assert_eq!(code, Some(2), "{sentence}");
    assert!(sentence.contains("syntax error"), "{sentence}");
}
