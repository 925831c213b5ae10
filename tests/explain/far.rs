//! What is said when the packets that matter lie far apart?

use super::{Kept, Paper, explained, frames};

/// More packets than are remembered.
const MANY: usize = (1 << 16) + 10;

/// A SYN, very many others, and the SYN-ACK.
fn apart(many: usize) -> Vec<Kept> {
    let fetch = frames("fixtures/http-get.pcap".as_ref());
    let (question, syn, answer) = (&fetch[0], &fetch[6], &fetch[7]);
    let others = std::iter::repeat_n(question, many);
    let all = std::iter::once(syn).chain(others).chain([answer]);
    let number =
        |(at, kept): (usize, &Kept)| Kept { number: at as u64 + 1, time: syn.time, ..kept.clone() };
    all.enumerate().map(number).collect()
}

fn page(frames: &[Kept], number: u64) -> String {
    explained(frames, number, Paper::Page { width: 100, ascii: false })
}

#[test]
fn what_is_forgotten_is_not_said_to_be_missing() {
    let near = apart(20);
    let told = page(&near, 22);
    assert!(told.contains("it answers the SYN #1"), "{told}");
    assert!(told.contains("asked → answered"), "{told}");
    let far = apart(MANY);
    let told = page(&far, far.len() as u64);
    assert!(told.contains("too far back to be remembered"), "{told}");
    assert!(!told.contains("nothing of"), "{told}");
    assert!(told.contains("not known → answered"), "{told}");
}

/// An answer is found however many packets come between.
#[test]
fn what_comes_late_is_found() {
    let far = apart(MANY);
    let told = page(&far, 1);
    assert!(told.contains(&format!("accepted with the SYN-ACK #{}", far.len())), "{told}");
}
