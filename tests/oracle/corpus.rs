//! Independent readers agree: captures of other projects against tables that tshark and libpcap made.
//!
//! Not part of the tests of a clone, which has neither: `.ci/run` runs it where the captures lie beside
//! the clone, and names the folder in `WIRETALE_CORPUS`. At least 99.5 % of the rows of each table must
//! be equal. `exceptions.tsv` must give a reason for each of the others, and for what we tell beyond the
//! table.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::Read;
use std::net::IpAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use wiretale::flow::{Fragments, Streams};
use wiretale::octets::Octets;
use wiretale::timeline::{Frame, Moment, Source};
use wiretale::wire::Packet;
use wiretale::wire::field::{Field, Kind, Listener, Value};

/// Every capture ends by itself, in 10 s and 200 MB, and gives as many packets as tshark read.
#[test]
fn every_capture_ends_by_itself_with_as_many_packets() {
    let mut table = Comparison::new("files");
    for row in rows("truth/files.tsv") {
        let path = corpus().join(&row["path"]);
        let output = Command::new("sh")
            .args(["-c", "ulimit -v 204800; exec timeout 10 \"$0\" packets \"$1\" | wc -l; exit ${PIPESTATUS:-0}"])
            .args([env!("CARGO_BIN_EXE_wiretale").as_ref(), path.as_os_str()])
            .stderr(Stdio::piped())
            .output()
            .expect("a shell");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(
            !told.contains("panicked") && !told.contains("memory"),
            "{}: {told}",
            path.display()
        );
        let lines = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        table.row(&row["id"], "", &lines, &row["packets"]);
    }
    table.judge();
}

/// Ports, sequence and acknowledgment numbers, lengths, flags and windows of every TCP segment.
#[test]
fn tcp_segments_are_read_alike() {
    tcp("tcp", usize::MAX);
}

/// The same for what a snap length of 96 leaves.
#[test]
fn tcp_segments_are_read_alike_when_cut() {
    tcp("tcp-96", 96);
}

fn tcp(name: &'static str, snaplen: usize) {
    let mut table = Comparison::new(name);
    for file in rows("truth/files.tsv") {
        let truth = rows(&format!("truth/packets/{}.tsv.gz", file["id"]));
        let truth: HashMap<&str, &HashMap<String, String>> = truth
            .iter()
            .filter(|row| !row["seq_raw"].is_empty() && row["icmp_err"].is_empty())
            .map(|row| (row["frame"].as_str(), row))
            .collect();
        let mut ours = HashMap::new();
        each_packet(&file["path"], snaplen, |packet| {
            if let (Some(tcp), Some((source, destination))) = (packet.tcp(), packet.addresses()) {
                let told = fields(packet, &["tcp.flags"]);
                let flags = told["tcp.flags"].last().cloned().unwrap_or_default();
                let ends = format!(
                    "{source} {destination} {} {}",
                    tcp.source_port(),
                    tcp.destination_port()
                );
                let numbers = format!("{} {} {}", tcp.seq().0, tcp.ack().0, tcp.payload().len());
                ours.insert(
                    packet.frame.number.to_string(),
                    format!("{ends} {numbers} {flags} {}", tcp.window()),
                );
            }
        });
        for (frame, row) in &truth {
            let columns =
                ["src", "dst", "sport", "dport", "seq_raw", "ack_raw", "tcplen", "flags", "win"];
            let theirs = columns.map(|column| row[column].as_str()).join(" ");
            let Some(own) = ours.remove(*frame) else {
                // Cut away: there is nothing to compare.
                if snaplen == usize::MAX {
                    table.row(&file["id"], frame, "", &theirs);
                }
                continue;
            };
            table.row(&file["id"], frame, &own, &theirs);
        }
        for (frame, own) in ours {
            table.beyond(&file["id"], &frame, &own);
        }
    }
    table.judge();
}

#[test]
fn arp_is_read_alike() {
    let columns = [
        ("arp.opcode", "opcode"),
        ("arp.src.hw_mac", "sha"),
        ("arp.src.proto_ipv4", "spa"),
        ("arp.dst.hw_mac", "tha"),
        ("arp.dst.proto_ipv4", "tpa"),
    ];
    for snaplen in [usize::MAX, 96] {
        compare("arp", &columns, snaplen);
    }
}

#[test]
fn dhcp_is_read_alike() {
    let columns = [
        ("dhcp.option.dhcp", "msgtype"),
        ("dhcp.id", "xid"),
        ("dhcp.ip.client", "ciaddr"),
        ("dhcp.ip.your", "yiaddr"),
    ];
    for snaplen in [usize::MAX, 96] {
        compare("dhcp", &columns, snaplen);
    }
}

#[test]
fn dns_is_read_alike() {
    let columns = [
        ("dns.id", "dns_id"),
        ("dns.flags.response", "response"),
        ("dns.qry.name", "qname"),
        ("dns.qry.type", "qtype"),
        ("dns.flags.rcode", "rcode"),
        ("dns.count.answers", "answers"),
    ];
    for snaplen in [usize::MAX, 96] {
        compare("dns", &columns, snaplen);
    }
}

/// Heads of HTTP messages. tshark tells a message in the packet that ends its body, we in the packet that
/// begins it; so the messages of a capture are compared, whichever packet told them.
#[test]
fn http_is_read_alike() {
    let columns = [
        ("http.request.method", "method"),
        ("http.request.uri", "uri"),
        ("http.request.full_uri", "full_uri"),
        ("http.host", "host"),
        ("http.request.version", "req_version"),
        ("http.response.version", "resp_version"),
        ("http.response.code", "code"),
        ("http.response.phrase", "phrase"),
        ("http.content_length", "content_length"),
        ("http.content_type", "content_type"),
        ("http.content_encoding", "content_encoding"),
    ];
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let mut table = Comparison::new("http");
    let mut truth: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows("truth/http.tsv") {
        let theirs = columns.map(|(_, column)| row[column].as_str()).join(" ");
        truth.entry(row["id"].clone()).or_default().push(theirs);
    }
    for file in rows("truth/files.tsv") {
        let mut theirs = truth.remove(&file["id"]).unwrap_or_default();
        let mut ours = Vec::new();
        each_packet(&file["path"], usize::MAX, |packet| {
            let told = fields(packet, &names);
            if told.values().any(|values| !values.is_empty()) {
                ours.push(
                    names.iter().map(|name| told[name].join("|")).collect::<Vec<_>>().join(" "),
                );
            }
        });
        ours.retain(|own| match theirs.iter().position(|row| row == own) {
            Some(at) => {
                table.row(&file["id"], "", own, &theirs.swap_remove(at));
                false
            }
            None => true,
        });
        theirs.iter().for_each(|row| table.row(&file["id"], "", "", row));
        ours.iter().for_each(|own| table.beyond(&file["id"], "", own));
    }
    table.judge();
}

/// Compares fields with the columns of a table, frame by frame.
fn compare(name: &'static str, columns: &[(&str, &str)], snaplen: usize) {
    let cut = snaplen != usize::MAX;
    let mut table = Comparison::new(if cut { format!("{name}-96") } else { name.to_owned() });
    let mut truth: BTreeMap<String, Vec<HashMap<String, String>>> = BTreeMap::new();
    for row in rows(&format!("truth/{name}.tsv")) {
        truth.entry(row["id"].clone()).or_default().push(row);
    }
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    for file in rows("truth/files.tsv") {
        let mut ours: HashMap<String, HashMap<&str, Vec<String>>> = HashMap::new();
        each_packet(&file["path"], snaplen, |packet| {
            let told = fields(packet, &names);
            if told.values().any(|values| !values.is_empty()) {
                ours.insert(packet.frame.number.to_string(), told);
            }
        });
        for row in truth.remove(&file["id"]).unwrap_or_default() {
            let Some(told) = ours.remove(&row["frame"]) else {
                if !cut {
                    table.row(&file["id"], &row["frame"], "", &row[columns[0].1]);
                }
                continue;
            };
            // Of a cut packet, only what is still there can be compared.
            let there: Vec<_> = columns
                .iter()
                .filter(|(field, column)| {
                    !cut || told[field].len() == row[*column].split('|').count()
                })
                .filter(|(field, _)| !cut || !told[field].is_empty())
                .collect();
            let own =
                there.iter().map(|(field, _)| told[field].join("|")).collect::<Vec<_>>().join(" ");
            let theirs =
                there.iter().map(|(_, column)| row[*column].as_str()).collect::<Vec<_>>().join(" ");
            table.row(&file["id"], &row["frame"], &own, &theirs);
        }
        for (frame, told) in ours {
            let own = names.iter().map(|name| told[name].join("|")).collect::<Vec<_>>().join(" ");
            table.beyond(&file["id"], &frame, &own);
        }
    }
    table.judge();
}

/// How many rows are equal, which are not, and what we tell that has no row.
struct Comparison {
    name: String,
    equal: usize,
    unequal: Vec<[String; 4]>,
    beyond: usize,
}

impl Comparison {
    fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), equal: 0, unequal: Vec::new(), beyond: 0 }
    }

    fn row(&mut self, file: &str, frame: &str, ours: &str, theirs: &str) {
        if ours == theirs {
            self.equal += 1;
        } else {
            self.unequal.push([file, frame, ours, theirs].map(str::to_owned));
        }
    }

    /// Something we tell for which the table has no row.
    fn beyond(&mut self, file: &str, frame: &str, ours: &str) {
        self.beyond += 1;
        self.unequal.push([file, frame, ours, "-"].map(str::to_owned));
    }

    /// Holds the figures to the bar and the differences to the list of reasons.
    fn judge(self) {
        let total = self.equal + self.unequal.len() - self.beyond;
        let share = 100.0 * self.equal as f64 / total as f64;
        let (name, equal, beyond) = (&self.name, self.equal, self.beyond);
        println!(
            "{name}: {equal} of {total} rows are equal, {share:.2} %; {beyond} told beyond them"
        );
        let reasons = include_str!("exceptions.tsv");
        let known = |file: &str| {
            reasons.lines().any(|line| {
                let mut columns = line.split('\t');
                columns.next() == Some(&self.name) && columns.next() == Some(file)
            })
        };
        let mut told = String::new();
        for [file, frame, ours, theirs] in &self.unequal {
            if !known(file) {
                writeln!(told, "{file}\t{frame}\n  ours   {ours}\n  theirs {theirs}")
                    .expect("room");
            }
        }
        if let Some(folder) = std::env::var_os("WIRETALE_DIFFERENCES") {
            let path = Path::new(&folder).join(format!("{}.txt", self.name));
            std::fs::write(path, &told).expect("a writable folder");
        }
        assert!(told.is_empty(), "{}: differences without a reason:\n{told}", self.name);
        assert!(share >= 99.5, "{}: only {share:.2} % are equal", self.name);
    }
}

/// Dissects every packet of a capture, fragments joined, each cut to a snap length.
fn each_packet(path: &str, snaplen: usize, mut see: impl FnMut(&Packet<'_>)) {
    let Ok(mut source) = wiretale::capture::open(&[corpus().join(path)]) else { return };
    let (mut fragments, mut streams) = (Fragments::default(), Streams::default());
    while let Ok(Some(moment)) = source.next() {
        let Moment::Frame(frame) = moment else { continue };
        let kept = frame.octets.kept();
        let octets = Octets::new(kept.get(..snaplen).unwrap_or(kept), frame.octets.len());
        let mut packet = Packet::dissect(Frame { octets, ..frame });
        fragments.join(&mut packet);
        streams.join(&mut packet);
        see(&packet);
    }
}

/// The values of some fields, as tshark would print them.
fn fields<'n>(packet: &Packet<'_>, names: &[&'n str]) -> HashMap<&'n str, Vec<String>> {
    struct Ear<'m, 'n>(&'m mut HashMap<&'n str, Vec<String>>);
    impl Listener for Ear<'_, '_> {
        fn field(&mut self, field: &'static Field, _: Range<usize>, value: Value<'_>) {
            if let Some(values) = self.0.get_mut(field.name) {
                values.push(match value {
                    Value::Number(number) | Value::Named(number, _) => match field.kind {
                        Kind::Hex(width) => format!("0x{number:0width$x}", width = width as usize),
                        _ => number.to_string(),
                    },
                    Value::Flag(flag) => u8::from(flag).to_string(),
                    Value::Address(address) => IpAddr::to_string(&address),
                    Value::Mac(mac) => mac.0.map(|octet| format!("{octet:02x}")).join(":"),
                    Value::Text(text) => String::from_utf8_lossy(text).into_owned(),
                    Value::Words(words) => words.to_owned(),
                    other => format!("{other:?}"),
                });
            }
        }
    }
    let mut found = names.iter().map(|name| (*name, Vec::new())).collect();
    packet.layers().iter().for_each(|layer| layer.fields(&mut Ear(&mut found)));
    found
}

/// The rows of a table, by the names in its first line.
fn rows(path: &str) -> Vec<HashMap<String, String>> {
    let octets = std::fs::read(corpus().join(path)).expect("a table");
    let mut text = Vec::new();
    if path.ends_with(".gz") {
        flate2::read::GzDecoder::new(&octets[..]).read_to_end(&mut text).expect("gzip");
    } else {
        text = octets;
    }
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().expect("a header").split('\t').collect();
    let row = |line: &str| {
        let cells = line.split('\t').chain(std::iter::repeat(""));
        names.iter().zip(cells).map(|(name, cell)| ((*name).to_owned(), cell.to_owned())).collect()
    };
    lines.map(row).collect()
}

fn corpus() -> PathBuf {
    std::env::var_os("WIRETALE_CORPUS")
        .expect("WIRETALE_CORPUS names the folder of the captures")
        .into()
}
