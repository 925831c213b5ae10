//! What a connection's packets are told to be, rule by rule.
//!
//! A ladder is a text file in `tests/ladders/`: packets on the left, in the notation of packetdrill, and
//! right of `;` what was seen in them, in the words of `packets`. The packets are made into frames and go through the front door;
//! then the file is written anew from what was dissected and what was seen, and compared. After a change
//! that is meant, `WIRETALE_BLESS=1 cargo test --test ladders` writes the files; read the difference.
//!
//! ```text
//! # Comments are sentences.
//! isn client 4294967000
//!
//! 0.543 > [id 17] P. 1:1001(1000) ack 1 win 502 <nop,nop,TS val 100 ecr 50>  ; sent again (timeout)
//! │     │ │       │  │            │     │       └ options, in the order of the header
//! │     │ │       │  │            │     └ as written in the header, not scaled
//! │     │ │       │  │            └ counted from the initial number of the other side
//! │     │ │       │  └ first, end (octets), counted from the initial number: the SYN is 0
//! │     │ │       └ F S R P . U E W; `.` is ACK, `-` is none at all
//! │     │ └ what is not as usual: id, ttl, interface, vlan, ce (marked by a router),
//! │     │   kept (octets of the frame that the capture kept)
//! │     └ > from client to server, < from server to client
//! └ seconds; a packet may come before the one above it
//! ```
//!
//! Directives stand above the packets that they are about: `isn client N`, `isn server N`, `ipv6`, and
//! `another connection` (from the client's next port). A ladder that says nothing else has addresses of
//! IPv4, the initial numbers 1000000 and 2000000, the IP identification 0 and the TTL 64.
//!
//! A ladder with a line that begins with `~` ends with where the time of each connection went: every wait
//! with the packets that it lies between, then the troubles that have a name, then the verdict.
//!
//! A ladder with a line that begins with `=` ends with what became of each connection: its state, how it
//! ended, by whom and in which packet, why one end is the client, what Zeek calls it, and Wireshark's
//! completeness.

#[path = "ladders/notation.rs"]
mod notation;
mod program;
mod segments;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use segments::Ends;
use wiretale::flow::Flows;
use wiretale::flow::tcp::Connection;
use wiretale::flow::tcp::Verdict;
use wiretale::ink::written;
use wiretale::render::verdict::words;
use wiretale::tale::accounts::{Account, Accounts};
use wiretale::tale::stall::Stall;
use wiretale::wire::Packet;

#[test]
fn every_ladder_is_told_as_before() {
    let mut stale = Vec::new();
    for path in ladders() {
        let text = fs::read_to_string(&path).expect("a ladder");
        assert!(text.starts_with("# "), "{} says first what it shows", path.display());
        let seen = climb(&path, &text);
        if std::env::var_os("WIRETALE_BLESS").is_some() {
            fs::write(&path, &seen).expect("a writable folder");
            continue;
        }
        let mut differences = String::new();
        let (mut before, mut after) = (text.lines(), seen.lines());
        loop {
            match (before.next(), after.next()) {
                (None, None) => break,
                (one, other) if one == other => {}
                (one, other) => {
                    writeln!(differences, "- {}", one.unwrap_or_default()).expect("room");
                    writeln!(differences, "+ {}", other.unwrap_or_default()).expect("room");
                }
            }
        }
        if !differences.is_empty() {
            stale.push(format!("{}\n{differences}", path.display()));
        }
    }
    assert!(stale.is_empty(), "{} ladders are told otherwise:\n{}", stale.len(), stale.join("\n"));
}

/// What `flow` tells of a connection can be made a ladder.
#[test]
fn a_conversation_is_told_in_this_notation() {
    for fixture in ["zero-window", "fast-retransmit", "reset", "ecn", "fast-open", "half-close"] {
        let told = program::told(&["flow", "-v", &format!("fixtures/{fixture}.pcap#1")]);
        let steps = told.lines().filter(|line| !line.starts_with('#'));
        for line in steps.clone() {
            let left = line.split_once(';').map_or(line, |(left, _)| left);
            assert!(notation::read(left).is_some(), "{fixture}: {left}");
        }
        assert!(steps.count() > 3, "{fixture}");
    }
}

/// The same ladder, from what was dissected and seen.
fn climb(path: &Path, text: &str) -> String {
    let mut ends = Ends::default();
    let mut flows = Flows::default();
    let mut number = 0;
    let mut lines: Vec<(String, Option<String>)> = Vec::new();
    let (mut fates, mut ends_with_fates) = (Vec::new(), false);
    let (mut accounts, mut times, mut ends_with_times) = (Accounts::default(), Vec::new(), false);
    for (at, line) in text.lines().enumerate() {
        let place = format!("{}:{}", path.display(), at + 1);
        if line.is_empty() || line.starts_with('#') {
            lines.push((line.to_owned(), None));
            continue;
        }
        if line.starts_with('=') {
            ends_with_fates = true;
            continue;
        }
        if line.starts_with('~') {
            ends_with_times = true;
            continue;
        }
        if notation::direct(line, &mut ends) {
            lines.push((line.to_owned(), None));
            continue;
        }
        let left = line.split_once(';').map_or(line, |(left, _)| left);
        let written = notation::read(left).unwrap_or_else(|| panic!("{place}: {line}"));
        number += 1;
        let made = written.frame(&ends);
        let packet = Packet::dissect(made.frame(number));
        let seen = flows.observe(&packet);
        lines.push((notation::write(&packet, &ends), Some(said(seen.verdicts))));
        accounts.observe(&packet, &seen);
        for connection in flows.gone() {
            fates.push(fate(&connection));
            times.extend(accounts.close(&connection).as_ref().map(account));
        }
    }
    if ends_with_fates {
        fates.extend(flows.connections().into_iter().map(fate));
        lines.extend(fates.into_iter().map(|fate| (fate, None)));
    }
    if ends_with_times {
        for connection in flows.connections() {
            times.extend(accounts.close(connection).as_ref().map(account));
        }
        let whole = accounts.end();
        times.push(whole.stalls.iter().map(|one| stall("~ between: ", one)).collect());
        lines.extend(times.iter().flat_map(|it| it.lines()).map(|it| (it.to_owned(), None)));
    }
    let told = lines.iter().filter(|(_, right)| right.as_ref().is_some_and(|it| !it.is_empty()));
    let width = told.map(|(left, _)| left.len()).max().unwrap_or(0);
    lines.iter().fold(String::new(), |mut text, (left, right)| {
        match right {
            Some(right) if !right.is_empty() => writeln!(text, "{left:width$} ; {right}"),
            _ => writeln!(text, "{left}"),
        }
        .expect("room");
        text
    })
}

/// What became of a connection.
fn fate(connection: &Connection) -> String {
    let end = connection.close().map_or_else(String::new, |close| {
        let by = close.by.map_or_else(String::new, |by| format!(" by {by:?}"));
        format!(", {:?}{by} in {}", close.how, close.at.packet)
    });
    format!(
        "= {:?}{end}; client by {:?}; {} {}; {}",
        connection.state(),
        connection.roles(),
        connection.zeek_state(),
        connection.zeek_history(),
        connection.wireshark_completeness(),
    )
}

/// Where the time of a connection went.
fn account(account: &Account) -> String {
    let mut text = String::new();
    for wait in account.tiles.waits() {
        let side = wait.side.map_or(String::new(), |side| format!(" {side:?}"));
        let (from, to) = (wait.from.packet, wait.to.packet);
        let (time, bucket) = (wait.time(), wait.bucket.key());
        writeln!(text, "~ #{from} to #{to}: {time:?} {bucket}{side}; {:?}", wait.proof)
            .expect("room");
    }
    text.extend(account.stalls.iter().map(|one| stall("~ named: ", one)));
    match &account.verdict {
        Some(it) => writeln!(text, "~ verdict: {:?}, {:?}, {:?}", it.culprit, it.cause, it.time),
        None => writeln!(text, "~ verdict: nothing stands out"),
    }
    .expect("room");
    text
}

fn stall(what: &str, stall: &Stall) -> String {
    let side = stall.side.map_or(String::new(), |side| format!(" {side:?}"));
    let packets: Vec<_> = stall.packets.iter().map(|packet| format!("#{packet}")).collect();
    let (name, time, count) = (stall.name.key(), stall.time, stall.count);
    let packets = packets.join(" ");
    format!("{what}{name}{side}, {count} x, {time:?}, {:?}, by {packets}\n", stall.confidence)
}

/// What `packets` writes behind its semicolons.
fn said(verdicts: &[Verdict]) -> String {
    let each: Vec<_> = verdicts.iter().map(|verdict| written(|ink| words(verdict, ink))).collect();
    each.join(" ; ")
}

fn ladders() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir("tests/ladders")
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "txt"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no ladders");
    paths
}
