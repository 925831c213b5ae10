//! What each fixture is told as, word for word.
//!
//! One file for each capture in `tests/golden/`, with every way of telling in turn. After a change
//! that is meant, `WIRETALE_BLESS=1 cargo test --test golden` writes them anew; read the difference.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The ways each capture is told.
const WAYS: [&[&str]; 11] = [
    &["tell"],
    &["flows"],
    &["flows", "--top", "10"],
    &["flow", "1", "-r"],
    &["packets", "-c", "80"],
    &["packets", "-v", "-c", "6"],
    &["packets", "-x", "-c", "2"],
    &["packets", "--json", "-c", "2"],
    &["packets", "-o", "csv", "-c", "2"],
    &["exchanges"],
    &["exchanges", "--json", "-c", "40"],
];

#[test]
fn every_fixture_is_told_as_before() {
    let mut stale = Vec::new();
    let mut known = 0;
    for fixture in fixtures() {
        let name = fixture.file_name().and_then(|name| name.to_str()).expect("a name");
        let expected = Path::new("tests/golden").join(format!("{name}.txt"));
        let told = tell(&fixture);
        if std::env::var_os("WIRETALE_BLESS").is_some() {
            fs::write(&expected, &told).expect("a writable folder");
        }
        known += 1;
        let before = fs::read_to_string(&expected).unwrap_or_default();
        if before != told {
            let at = before.lines().zip(told.lines()).position(|(one, other)| one != other);
            let at = at.unwrap_or_else(|| before.lines().count().min(told.lines().count()));
            let line = |text: &str| text.lines().nth(at).unwrap_or("(nothing)").to_owned();
            stale.push(format!("{name} line {}:\n- {}\n+ {}", at + 1, line(&before), line(&told)));
        }
    }
    assert!(
        stale.is_empty(),
        "{} of {known} are told otherwise:\n{}",
        stale.len(),
        stale.join("\n")
    );
}

/// No golden file outlives its fixture.
#[test]
fn every_golden_file_has_its_fixture() {
    let fixtures: Vec<PathBuf> = fixtures();
    for entry in fs::read_dir("tests/golden").expect("the folder") {
        let golden = entry.expect("an entry").path();
        let name = golden.file_stem().expect("a name");
        assert!(fixtures.iter().any(|one| one.file_name() == Some(name)), "{}", golden.display());
    }
}

fn tell(fixture: &Path) -> String {
    let mut told = String::new();
    for way in WAYS {
        let output = Command::new(env!("CARGO_BIN_EXE_wiretale"))
            .args(way)
            .arg(fixture)
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .output()
            .expect("the program");
        writeln!(told, "$ wiretale {} {}", way.join(" "), fixture.display()).expect("room");
        told += &String::from_utf8(output.stdout).expect("UTF-8");
        told += &String::from_utf8(output.stderr).expect("UTF-8");
        let code = output.status.code().expect("no signal");
        writeln!(told, "exit code {code}\n").expect("room");
    }
    told
}

fn fixtures() -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir("fixtures")
        .expect("fixtures")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.to_str().is_some_and(|name| name.contains(".pcap")))
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}
