//! Senders that could send more, if only they were let.

use std::time::Duration;

use crate::scene::Scene;
use crate::seen::{LOSSES, Seen, THINKING, WINDOWS};
use crate::talk::announced;

const MS: Duration = Duration::from_millis(1);

/// Where time goes when nothing but the network is slow.
const NETWORK: [&str; 3] = ["congestion_window", "queueing", "transmission"];

pub(super) fn all() -> Vec<Scene> {
    vec![
        Scene::new("a small send buffer", 20)
            .server_sends(8_000)
            .server(|it| {
                it.head();
                it.say(announced(200_000));
                for _ in 0..100 {
                    it.say([b'a'; 2_000]);
                }
                it.settle();
            })
            .client(|it| {
                it.ask();
                it.answered();
            })
            .hold(|seen| {
                seen.dominates("congestion_window");
                seen.nothing(&LOSSES, Duration::ZERO);
                // With a larger one it takes four round trips.
                for (end, told) in seen.both() {
                    let told = told.time("congestion_window");
                    assert!(told > 400 * MS, "what the buffer costs, at the {end}: {told:?}");
                }
            }),
        download("a narrow path with a queue", 10, 600_000)
            .back(|way| way.rate = Some((4_000_000, 400_000)))
            .hold(|seen| {
                seen.agree(&NETWORK);
                seen.nothing(&LOSSES, Duration::ZERO);
                // The first segment takes 3 ms to be sent.
                seen.nothing(&["server_think", "client_think"], 7 * MS);
                for (end, told) in seen.both() {
                    let time: Duration = NETWORK.iter().map(|it| told.time(it)).sum();
                    // 600 kB at 4 Mbit/s, with their headers.
                    seen.near(end, "network", time, 1250 * MS, 60 * MS);
                    let queue = told.time("queueing") + told.time("transmission");
                    assert!(queue > told.time("congestion_window"), "a queue at the {end}");
                }
            }),
        Scene::new("slow start after a pause", 50)
            .server(|it| {
                for octets in [300_000, 300_000] {
                    it.head();
                    it.answer(octets);
                }
                it.settle();
            })
            .client(|it| {
                it.ask();
                it.answered();
                it.pause("client_think", 1500);
                it.ask();
                it.answered();
            })
            .hold(|seen| {
                seen.dominates("client_think");
                seen.pauses_within(3 * MS);
                seen.nothing(&LOSSES, Duration::ZERO);
            }),
        download("a fast network and nothing wrong", 0, 2_000_000).hold(|seen| {
            seen.blames_nobody();
            for buckets in [&THINKING[..], &LOSSES, &WINDOWS] {
                seen.nothing(buckets, 3 * MS);
            }
        }),
        download("a long path and nothing wrong", 20, 400_000).hold(|seen| {
            seen.dominates("congestion_window");
            seen.blames_nobody();
            seen.nothing(&THINKING, 5 * MS);
            seen.nothing(&LOSSES, Duration::ZERO);
            opens_late(seen);
        }),
        download("a fifth of the ACKs are lost", 20, 400_000)
            .there(|way| (way.loss, way.seed) = (0.2, 41))
            .hold(|seen| {
                seen.agree(&NETWORK);
                seen.nothing(&["server_think", "client_think"], 5 * MS);
                opens_late(seen);
            }),
        download("without time stamps and nothing wrong", 20, 400_000)
            .set("ipv4/tcp_timestamps=0")
            .hold(|seen| {
                seen.agree(&["congestion_window", "queueing", "transmission", "window_small"]);
                seen.nothing(&THINKING, 5 * MS);
                seen.nothing(&LOSSES, Duration::ZERO);
                opens_late(seen);
            }),
    ]
}

/// A receiver may open its window later than the sender could use it, for a round trip or two; the sender's
/// kernel knows. It counts whole ticks, of four milliseconds at most.
fn opens_late(seen: &Seen<'_>) {
    let truth = Duration::from_micros(seen.diaries[1].kernel("rwnd_limited"));
    for (end, told) in seen.both() {
        let windows = WINDOWS.iter().map(|it| told.time(it)).sum();
        seen.near(end, "windows", windows, truth, 10 * MS);
    }
}

/// One answer of this size.
pub(super) fn download(name: &'static str, delay: u64, octets: usize) -> Scene {
    Scene::new(name, delay)
        .server(move |it| {
            it.head();
            it.answer(octets);
            it.settle();
        })
        .client(|it| {
            it.ask();
            it.answered();
        })
}

/// One request of this size.
pub(super) fn upload(name: &'static str, delay: u64, octets: usize) -> Scene {
    Scene::new(name, delay)
        .server(|it| {
            let octets = it.length();
            it.hear(octets);
            it.answer(10);
        })
        .client(move |it| {
            it.put(octets);
            it.settle();
            it.answered();
        })
}
