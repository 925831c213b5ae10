//! Tables that other readers made of the captures, and how far we agree with them.

#![allow(dead_code)] // each target builds this anew and uses its own part

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A line of a table, by column.
pub(crate) type Row = HashMap<String, String>;

/// The rows of a table, by capture.
pub(crate) type Truth = HashMap<String, Vec<Row>>;

/// How many rows are equal, which are not, and what we tell that has no row.
pub(crate) struct Comparison {
    name: String,
    /// Of a thousand rows, so many must be equal.
    bar: usize,
    equal: usize,
    unequal: Vec<[String; 4]>,
    beyond: usize,
}

impl Comparison {
    pub(crate) fn new(name: impl Into<String>, bar: usize) -> Self {
        Self { name: name.into(), bar, equal: 0, unequal: Vec::new(), beyond: 0 }
    }

    pub(crate) fn row(&mut self, file: &str, frame: &str, ours: &str, theirs: &str) {
        if ours == theirs {
            self.equal += 1;
        } else {
            self.unequal.push([file, frame, ours, theirs].map(str::to_owned));
        }
    }

    /// Something we tell for which the table has no row.
    pub(crate) fn beyond(&mut self, file: &str, frame: &str, ours: &str) {
        self.beyond += 1;
        self.unequal.push([file, frame, ours, "-"].map(str::to_owned));
    }

    pub(crate) fn judge(self) {
        let unexplained = self.unexplained();
        assert!(unexplained.is_empty(), "{unexplained}");
    }

    /// What is wrong with the table: differences without a reason, or too many with one.
    pub(crate) fn unexplained(self) -> String {
        let (name, equal, beyond) = (&self.name, self.equal, self.beyond);
        let listed: HashMap<&str, &str> = include_str!("exceptions.tsv")
            .lines()
            .filter_map(|line| line.strip_prefix(name)?.strip_prefix('\t')?.split_once('\t'))
            .collect();
        let total = equal + self.unequal.len() - beyond;
        let share = format!("{}.{:02} %", equal * 100 / total, equal * 10_000 / total % 100);
        println!("{name}: {equal} of {total} rows are equal, {share}; {beyond} told beyond them");
        let mut told = String::new();
        for [file, frame, ours, theirs] in &self.unequal {
            if !listed.contains_key(file.as_str()) {
                writeln!(told, "{file}\t{frame}\n  ours   {ours}\n  theirs {theirs}")
                    .expect("room");
            }
        }
        if let Some(folder) = std::env::var_os("WIRETALE_DIFFERENCES") {
            let path = Path::new(&folder).join(format!("{name}.txt"));
            std::fs::write(path, &told).expect("a writable folder");
        }
        if !told.is_empty() {
            told = format!("{name}: differences without a reason:\n{told}");
        }
        for file in listed.into_keys() {
            if !self.unequal.iter().any(|[other, ..]| other == file) {
                writeln!(told, "{name}: {file} is listed and does not differ").expect("room");
            }
        }
        if equal * 1000 < total * self.bar {
            writeln!(told, "{name}: only {share} are equal").expect("room");
        }
        told
    }
}

/// The frame numbers that tshark gave to a capture's packets, in order.
pub(crate) fn frames(id: &str) -> Vec<String> {
    // It counts the custom blocks of pcapng too, which hold no packet: data without a time.
    rows(&format!("truth/packets/{id}.tsv.gz"))
        .into_iter()
        .filter(|row| !(row["protocols"] == "data" && row["time"].is_empty()))
        .map(|row| row["frame"].clone())
        .collect()
}

/// The rows of a table, by capture.
pub(crate) fn by_capture(path: &str) -> Truth {
    let mut truth = Truth::new();
    for row in rows(path) {
        truth.entry(row["id"].clone()).or_default().push(row);
    }
    truth
}

/// The rows of a table, by the names in its first line.
pub(crate) fn rows(path: &str) -> Vec<Row> {
    let octets = std::fs::read(corpus().join(path)).expect("a table");
    let mut text = Vec::new();
    if octets.starts_with(&[0x1f, 0x8b]) {
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

pub(crate) fn corpus() -> PathBuf {
    std::env::var_os("WIRETALE_CORPUS")
        .expect("WIRETALE_CORPUS names the folder of the captures")
        .into()
}
