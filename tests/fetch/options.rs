//! Does each option do what it says, and where curl has it, what curl does?

use std::fs;
use std::path::Path;

use crate::lab::Lab;

/// What is in a file in the end, without the lines that tell the time of day.
fn content(path: &Path) -> Option<String> {
    let text = fs::read(path).ok()?;
    let text = String::from_utf8_lossy(&text).into_owned();
    Some(text.split_inclusive('\n').filter(|line| !line.starts_with("Date: ")).collect())
}

pub(crate) fn what_is_saved_is_what_curl_saves(lab: &Lab) {
    let (ours, theirs) = (lab.path("saved.ours"), lab.path("saved.theirs"));
    let to = |path: &Path| path.display().to_string();
    for words in [
        &["-f", "http://www.lab.example/gone"][..],
        &["-f", "-i", "http://www.lab.example/gone"],
        &["-f", "-L", "-i", "http://www.lab.example/old"],
        &["-f", "http://www.lab.example/private"],
        &["-f", "http://www.lab.example/s.css"],
        &["http://www.lab.example/gone"],
        &["-i", "http://www.lab.example/gone"],
        &["-i", "http://www.lab.example/s.css"],
        &["-i", "http://www.lab.example/old"],
        &["-i", "http://fault.lab.example/hints"],
        &["-i", "http://fault.lab.example/chunks"],
        &["-i", "--compressed", "http://fault.lab.example/gzip"],
        &["-i", "http://fault.lab.example/half"],
        &["http://fault.lab.example/nosuch"],
        &["http://www.lab.example:81/"],
    ] {
        for before in [None, Some("what was there before\n")] {
            for path in [&ours, &theirs] {
                _ = fs::remove_file(path);
                if let Some(before) = before {
                    fs::write(path, before).expect("a file");
                }
            }
            let got = lab.curl(&[&["-o", &to(&theirs)], words].concat());
            let to_ours = to(&ours);
            let words = [&["-q", "--body", &to_ours], words].concat();
            let ended = lab.fetch("client", None, &words);
            assert_eq!(ended.code, got.code, "{words:?}: {}", ended.err);
            assert_eq!(content(&ours), content(&theirs), "{words:?}");
        }
    }
    let nowhere = to(&lab.path("no/such/folder"));
    let url = "http://www.lab.example/s.css";
    let ended = lab.fetch("client", None, &["-q", "--body", &nowhere, url]);
    assert_eq!(lab.curl(&["-o", &nowhere, url]).code, 23);
    assert_eq!(ended.code, 23, "{}", ended.err);
    assert!(ended.err.contains(&nowhere), "{}", ended.err);
}

/// The server sends back what it was sent.
pub(crate) fn a_method_that_was_typed_stays_as_with_curl(lab: &Lab) {
    let out = lab.path("moved.body");
    let to = out.display().to_string();
    for status in ["301", "302", "303", "307", "308"] {
        let url = format!("http://fault.lab.example/moved/{status}");
        for words in [
            &["-X", "PUT"][..],
            &["-X", "PUT", "-d", "a=b"],
            &["-X", "POST", "-d", "a=b"],
            &["-X", "GET", "-d", "a=b"],
            &["-X", "POST", "-d", ""],
            &["-d", "a=b"],
        ] {
            let words = [words, &["-L", &url]].concat();
            let theirs = lab.curl(&words).out;
            let ended = lab.fetch("client", None, &[&["-q", "--body", &to], &words[..]].concat());
            assert_eq!(ended.code, 0, "{words:?}: {}", ended.err);
            let ours = content(&out).expect("a body");
            let asked = |text: &str| {
                let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
                lines.retain(|line| !line.starts_with("User-Agent: "));
                lines[1..].sort();
                lines
            };
            assert_eq!(asked(&ours), asked(&theirs), "{words:?}");
        }
    }
}
