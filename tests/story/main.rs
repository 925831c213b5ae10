//! What the story of a fetch looks like, word for word, at every level.
//!
//! One file for each scene and level in `tests/story/`. After a change that is meant,
//! `WIRETALE_BLESS=1 cargo test --test story` writes them anew; read the difference.

mod page;
mod scene;

use std::fs;
use std::path::Path;

use unicode_width::UnicodeWidthStr;
use wiretale::render::fetch::{Look, Secrets};

use scene::Scene;

const SCENES: [(&str, fn() -> Scene); 1] = [("page", page::page)];

fn look(level: u8, width: usize) -> Look {
    Look { level, width, follows: false, secrets: Secrets::Masked }
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
