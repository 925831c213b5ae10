//! `--proc`: nginx, dnsmasq and curl in a network namespace, and whose the connections are told to be.
//!
//! Needs root, `ip`, `curl`, nginx and dnsmasq: what is missing is said, and the test that wants it left out.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{self, Child, ChildStderr, Command, Stdio};
use std::thread::{self, JoinHandle, sleep};
use std::time::Duration;

use serde_json::Value;

/// A namespace with a loopback, a web server on port 8080 and a name server.
struct Host {
    name: String,
    folder: PathBuf,
    servers: Vec<Child>,
}

/// Says why a test cannot be run here.
fn missing(programs: &[&str]) -> bool {
    if fs::metadata("/proc/self").expect("ourselves").uid() != 0 {
        eprintln!("left out: network namespaces need root");
        return true;
    }
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    let has =
        |program: &&&str| path.split(':').any(|folder| Path::new(folder).join(program).exists());
    let missing: Vec<_> = programs.iter().filter(|program| !has(program)).collect();
    if !missing.is_empty() {
        eprintln!("left out: there is no {missing:?}");
    }
    !missing.is_empty()
}

impl Host {
    /// `None` where it cannot be.
    fn new(name: &str) -> Option<Self> {
        if missing(&["ip", "curl", "nginx", "dnsmasq"]) {
            return None;
        }
        let name = format!("proc{name}{}", process::id());
        let folder = std::env::temp_dir().join(&name);
        fs::create_dir_all(&folder).expect("a folder");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("a mode");
        fs::write(folder.join("big"), vec![b'x'; 300_000]).expect("a file");
        let place = folder.to_str().expect("a path");
        let nginx = format!(
            "daemon off; worker_processes 1; user nobody nogroup; pid {place}/pid;\n\
             error_log {place}/errors; events {{}}\n\
             http {{ access_log off; server {{ listen 8080; listen [::]:8080; root {place}; limit_rate 200k; }} }}"
        );
        fs::write(folder.join("nginx.conf"), nginx).expect("a file");
        let mut host = Self { name, folder, servers: Vec::new() };
        for line in [format!("netns add {}", host.name), format!("-n {} link set lo up", host.name)]
        {
            let done = Command::new("ip").args(line.split(' ')).status().expect("ip");
            assert!(done.success(), "ip {line}");
        }
        let nginx = format!("nginx -c {}/nginx.conf", host.folder.display());
        let dnsmasq = "dnsmasq -k --no-hosts --no-resolv --user=root --pid-file= \
                       --listen-address=127.0.0.1 --bind-interfaces --address=/www.test/127.0.0.1";
        for line in [&*nginx, dnsmasq] {
            let server = host.run(line).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
            host.servers.push(server.expect("a server"));
        }
        for _ in 0..100 {
            if host.curl("-s http://127.0.0.1:8080/none").status().expect("curl").success() {
                return Some(host);
            }
            sleep(Duration::from_millis(50));
        }
        panic!("nginx does not answer");
    }

    fn run(&self, line: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name]).args(line.split_whitespace());
        command.stdin(Stdio::null());
        command
    }

    fn curl(&self, words: &str) -> Command {
        let mut command = self.run(&format!("curl {words}"));
        command.stdout(Stdio::null());
        command
    }

    /// A download that takes more than a second; gives curl's own number.
    fn download(&self, address: &str) -> u32 {
        let line = format!("-gs http://{address}:8080/big");
        let mut curl = self.curl(&line).spawn().expect("curl");
        // What `ip netns exec` runs takes its place.
        let number = curl.id();
        assert!(curl.wait().expect("an end").success());
        number
    }

    fn listen(&self, line: &str) -> Listener {
        let mut command = self.run(&format!("{} {line}", env!("CARGO_BIN_EXE_wiretale")));
        command.env("SUDO_UID", "65534").env("SUDO_GID", "65534");
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("wiretale");
        let mut said = BufReader::new(child.stderr.take().expect("its words"));
        let mut heading = String::new();
        said.read_line(&mut heading).expect("text");
        assert!(heading.starts_with("listening on "), "{heading}");
        let mut out = child.stdout.take().expect("its answer");
        let reader = thread::spawn(move || {
            let mut text = String::new();
            out.read_to_string(&mut text).expect("text");
            text
        });
        Listener { child, said, reader }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        for server in &mut self.servers {
            // nginx takes its workers with it when it is asked to end.
            _ = Command::new("kill").arg(server.id().to_string()).status();
            _ = server.wait();
        }
        _ = Command::new("ip").args(["netns", "del", &self.name]).status();
        _ = fs::remove_dir_all(&self.folder);
    }
}

struct Listener {
    child: Child,
    said: BufReader<ChildStderr>,
    reader: JoinHandle<String>,
}

impl Listener {
    /// Ends listening; gives what was told.
    fn end(mut self) -> String {
        sleep(Duration::from_millis(300));
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill").success());
        let mut said = String::new();
        self.said.read_to_string(&mut said).expect("text");
        assert!(self.child.wait().expect("an end").success(), "{said}");
        self.reader.join().expect("its answer")
    }
}

fn records(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn is_curl(process: &Value, number: u32) {
    assert_eq!(process["name"], "curl", "{process}");
    assert_eq!(process["executable"], "curl");
    assert_eq!(process["pid"], number);
    assert_eq!(process["others"], 0);
    assert_eq!(process["uid"], 0);
}

fn is_nginx(process: &Value) {
    assert_eq!(process["name"], "nginx", "{process}");
    assert_eq!(process["uid"], 65_534);
    assert!(process["pid"].as_u64() > Some(1));
}

#[test]
fn records_name_the_processes_at_both_ends_of_a_conversation() {
    let Some(host) = Host::new("rec") else { return };
    let flows = host.listen("flows -i any --proc --json");
    let exchanges = host.listen("exchanges -i lo --proc --json");
    let numbers = ["127.0.0.1", "[::1]"].map(|address| host.download(address));
    let flows: Vec<Value> = records(&flows.end());
    let connections = flows.iter().filter(|record| record["type"] == "connection");
    let mut asked = 0;
    for (connection, number) in connections.zip(numbers) {
        is_curl(&connection["client"]["process"], number);
        is_nginx(&connection["server"]["process"]);
        asked += 1;
    }
    assert_eq!(asked, 2);
    let exchanges = records(&exchanges.end());
    let exchanges = exchanges.iter().filter(|record| record["protocol"] == "http");
    for (exchange, number) in exchanges.zip(numbers) {
        is_curl(&exchange["asker"]["process"], number);
        is_nginx(&exchange["asked"]["process"]);
        asked += 1;
    }
    assert_eq!(asked, 4);
}

#[test]
fn lines_and_columns_name_a_process_beside_its_end() {
    let Some(host) = Host::new("text") else { return };
    let flows = host.listen("flows -i lo --proc --top 0");
    let exchanges = host.listen("exchanges -i lo --proc");
    let packets = host.listen("packets -i lo --proc");
    let rows = host.listen("packets -i lo --proc -o csv");
    let table = host.listen("flows -i lo --proc --sort id --width 160");
    let number = host.download("127.0.0.1");
    let curl = format!("curl[{number}]");
    for told in [flows.end(), exchanges.end()] {
        let (client, server) = told.split_once(" → ").expect("an arrow");
        assert!(client.ends_with(&curl), "{told}");
        assert!(server.starts_with("127.0.0.1:8080 nginx["), "{told}");
    }
    let packets = packets.end();
    // Once for each, with the first packet after it was known.
    assert_eq!(packets.matches(&curl).count(), 1, "{packets}");
    assert_eq!(packets.matches("nginx[").count(), 1, "{packets}");
    assert!(packets.contains(&format!(" ; client {curl}")), "{packets}");
    let rows = rows.end();
    let header = rows.lines().next().expect("a header");
    assert!(header.contains("summary,client.process.pid,client.process.name"), "{header}");
    let last = rows.lines().last().expect("a row");
    assert!(last.contains(&format!(",{number},curl,curl,0,0,")), "{last}");
    assert_eq!(last.split(',').count(), header.split(',').count(), "{last}");
    assert!(table.end().contains(&curl));
}

#[test]
fn a_server_of_datagrams_is_named_though_it_hears_everybody() {
    let Some(host) = Host::new("udp") else { return };
    let exchanges = host.listen("exchanges -i lo --proc --json udp port 53");
    let number = host.servers[1].id();
    let resolver = Path::new("/etc/netns").join(&host.name);
    fs::create_dir_all(&resolver).expect("a folder");
    fs::write(resolver.join("resolv.conf"), "nameserver 127.0.0.1\n").expect("a file");
    assert!(host.curl("-s http://www.test:8080/none").status().expect("curl").success());
    fs::remove_dir_all(&resolver).expect("to be removed");
    let told = records(&exchanges.end());
    let told: Vec<_> = told.iter().filter(|record| record["protocol"] == "dns").collect();
    assert!(!told.is_empty());
    for exchange in told {
        assert_eq!(exchange["asked"]["process"]["name"], "dnsmasq", "{exchange}");
        assert_eq!(exchange["asked"]["process"]["pid"], number);
    }
}

/// Which capabilities the threads of a process have, by their names.
fn capabilities(number: u32) -> Vec<(String, String)> {
    let threads = fs::read_dir(format!("/proc/{number}/task")).expect("threads");
    let mut told: Vec<_> = threads
        .map(|thread| {
            let status = fs::read_to_string(thread.expect("a thread").path().join("status"));
            let status = status.expect("a status");
            let find = |name| {
                let line = status.lines().find_map(|line| line.strip_prefix(name));
                line.expect("a line").trim().to_owned()
            };
            assert_eq!(find("Uid:").split_whitespace().next(), Some("65534"));
            assert_eq!(find("CapPrm:"), find("CapEff:"));
            (find("Name:"), find("CapEff:"))
        })
        .collect();
    told.sort();
    told
}

#[test]
fn only_the_thread_that_looks_into_processes_keeps_the_rights_for_it() {
    let Some(host) = Host::new("cap") else { return };
    let listener = host.listen("flows -i lo --proc");
    // CAP_DAC_READ_SEARCH is 2, CAP_SYS_PTRACE is 19.
    let both = format!("{:016x}", 1 << 2 | 1 << 19);
    let none = format!("{:016x}", 0);
    // A thread gives itself its name once it runs.
    sleep(Duration::from_millis(300));
    let told = capabilities(listener.child.id());
    let told: Vec<_> = told.iter().map(|(name, has)| (&**name, &**has)).collect();
    assert_eq!(told, [("owners", &*both), ("scout", &*none), ("wiretale", &*none)]);
    listener.end();
}

#[test]
fn nothing_is_said_of_processes_unless_it_is_asked() {
    let Some(host) = Host::new("not") else { return };
    let listeners = ["flows -i lo --json", "exchanges -i lo --json", "packets -i lo --json"]
        .map(|line| host.listen(line));
    assert!(host.curl("-s http://127.0.0.1:8080/none").status().expect("curl").success());
    for listener in listeners {
        let told = listener.end();
        assert!(told.contains("8080") && !told.contains("process"), "{told}");
    }
}

#[test]
fn what_cannot_be_asked_is_a_wrong_command_line() {
    for (line, sentence) in [
        ("flows --proc fixtures/http-get.pcap", "--proc is for -i: no capture says whose"),
        ("flows -i lo --proc -o zeek", "Zeek's logs have no place for processes"),
        ("packets -i lo --proc -e ip.src", "no -e names a process"),
    ] {
        let out = Command::new(env!("CARGO_BIN_EXE_wiretale")).args(line.split(' ')).output();
        let out = out.expect("wiretale");
        let said = String::from_utf8(out.stderr).expect("text");
        assert_eq!(out.status.code(), Some(2), "{said}");
        assert!(said.starts_with(&format!("wiretale: {sentence}")), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}
