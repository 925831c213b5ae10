//! What the story of a fetch looks like, word for word, at every level.
//!
//! One file for each scene and level in `tests/story/`. After a change that is meant,
//! `WIRETALE_BLESS=1 cargo test --test story` writes them anew; read the difference.

mod page;
mod records;
mod scene;
mod trouble;

use std::fs;
use std::path::Path;

use unicode_width::UnicodeWidthStr;
use wiretale::render::fetch::{Look, Secrets};
use wiretale::timeline::{Evidence, TcpInfo};

use scene::Scene;

/// A fetch, and what it is called.
type Named = (&'static str, fn() -> Scene);

const SCENES: [Named; 5] = [
    ("page", page::page),
    ("refused", trouble::refused),
    ("unseen", trouble::unseen),
    ("silent", trouble::silent),
    ("hostile", trouble::hostile),
];

fn look(level: u8, width: usize) -> Look {
    Look { level, width, follows: false, path: false, octets: false, secrets: Secrets::Masked }
}

#[test]
fn every_scene_is_told_as_before() {
    let mut stale = Vec::new();
    for (name, scene) in SCENES {
        let scene = scene();
        for level in 1..=7 {
            let expected = Path::new("tests/story").join(format!("{name}-{level}.txt"));
            let told = scene.told(look(level, 100));
            if std::env::var_os("WIRETALE_BLESS").is_some() {
                fs::write(&expected, &told).expect("a writable folder");
            }
            let before = fs::read_to_string(&expected).unwrap_or_default();
            let both = before.lines().zip(told.lines());
            if before != told {
                let at = both.take_while(|(before, told)| before == told).count();
                let line = |text: &str| text.lines().nth(at).unwrap_or("(nothing)").to_owned();
                let (before, told) = (line(&before), line(&told));
                stale.push(format!("{name}-{level} line {}:\n- {before}\n+ {told}", at + 1));
            }
        }
    }
    assert!(stale.is_empty(), "told otherwise:\n{}", stale.join("\n"));
}

#[test]
fn every_line_fits() {
    for (name, scene) in SCENES {
        let scene = scene();
        for (level, width) in (1..=7).flat_map(|level| (40..130).map(move |width| (level, width))) {
            for follows in [false, true] {
                let told = scene.told(Look { follows, ..look(level, width) });
                for line in told.lines() {
                    assert!(line.width() <= width, "{name} {level}, {width} columns: {line:?}");
                }
            }
        }
    }
}

#[test]
fn nothing_reaches_the_terminal_that_it_would_obey() {
    for level in 1..=7 {
        for follows in [false, true] {
            let told = trouble::hostile().told(Look { follows, ..look(level, 100) });
            let is_shown = |it: char| it == '\n' || (!it.is_control() && it != '\u{202e}');
            assert!(told.chars().all(is_shown), "level {level}:\n{told}");
        }
    }
}

#[test]
fn secrets_are_told_to_those_who_ask_for_them() {
    for level in 1..=7 {
        let masked = trouble::hostile().told(look(level, 100));
        assert!(!masked.contains("c2VjcmV0") && !masked.contains("secret=1"), "level {level}");
    }
    let told = trouble::hostile().told(Look { secrets: Secrets::Shown, ..look(3, 100) });
    assert!(told.contains("Basic c2VjcmV0") && told.contains("secret=1"), "{told}");
}

#[test]
fn without_packets_the_first_line_says_so_and_none_is_told() {
    for level in 1..=7 {
        let told = trouble::unseen().told(look(level, 100));
        let says_so = told.lines().take(2).any(|line| line.contains("packets are not shown"));
        assert!(says_so, "level {level}:\n{told}");
        assert!(!told.contains('#'), "level {level}:\n{told}");
    }
}

#[test]
fn what_is_told_as_it_goes_on_lacks_nothing() {
    // What has a time; headings have numbers that are not known yet.
    let lines = |told: &str| {
        let timed = told.lines().filter(|line| line.as_bytes().get(5) == Some(&b'.'));
        let mut lines: Vec<String> = timed
            .map(|line| line.split_whitespace().take(3).collect::<Vec<_>>().join(" "))
            .collect();
        lines.sort();
        lines
    };
    for (name, scene) in SCENES {
        for level in [3, 4, 6] {
            let scene = scene();
            let whole = scene.told(look(level, 100));
            let followed = scene.told(Look { follows: true, ..look(level, 100) });
            assert_eq!(lines(&whole), lines(&followed), "{name} {level}:\n{whole}\n{followed}");
        }
    }
}

/// The kernel's numbers of two states.
const ESTABLISHED: u8 = 1;
const CLOSE_WAIT: u8 = 8;

#[test]
fn where_kernel_and_packets_differ_both_are_told() {
    // The packets show an open connection all the while.
    let said = |ms: f64, state: u8| {
        let mut scene = page::page();
        let info = Evidence::Info(Box::new(TcpInfo::new(&[state])));
        let call = page::SOCKET.call((ms, ms + 0.001), "getsockopt", "TCP_INFO", Ok(0));
        scene.call(scene::evidence(call, vec![info]));
        scene
    };
    let sentence = "! the kernel says CLOSE-WAIT, the packets show ESTABLISHED";
    for level in 1..=7 {
        let told = said(165.0, CLOSE_WAIT).told(look(level, 100));
        assert_eq!(
            told.matches(sentence).count(),
            usize::from(level >= 5),
            "level {level}:\n{told}"
        );
        assert!(!said(165.0, ESTABLISHED).told(look(level, 100)).contains("the kernel says"));
    }
}
