//! Two sides that wait for each other, and such as only seem to.

use std::time::{Duration, Instant};

use crate::scene::Scene;
use crate::seen::LOSSES;
use crate::talk::Talk;

const MS: Duration = Duration::from_millis(1);

/// There and back.
const ROUND_TRIP: Duration = Duration::from_millis(4);

pub(super) fn all() -> Vec<Scene> {
    vec![
        in_two_writes("Nagle against a delayed ACK", |_| {}).hold(|seen| {
            seen.dominates("stall");
            seen.blames("client");
            // The first of six is acknowledged at once, though Nagle waits for that, too.
            for (end, told) in seen.both() {
                let truth = seen.diaries[0].time("stall");
                assert!(truth > 150 * MS, "the kernels did stall: {truth:?}");
                seen.near(end, "stall", told.time("stall"), truth, 8 * MS);
                assert_eq!(told.time_of("client", "stall"), told.time("stall"));
                assert!(told.names("nagle_delayed_ack"), "its name at the {end}");
            }
        }),
        in_two_writes("two writes, and no Nagle", Talk::nodelay).hold(|seen| {
            seen.nothing(&["stall"], Duration::ZERO);
            seen.nothing(&["client_think", "server_think", "request"], 5 * MS);
            seen.blames_nobody();
            for (end, told) in seen.both() {
                assert!(!told.names("nagle_delayed_ack"), "no stall at the {end}");
            }
        }),
        Scene::new("a server that thinks as long as an ACK is delayed", 2)
            .server(|it| {
                for _ in 0..6 {
                    it.hear(200);
                    it.pause("server_think", 42);
                    it.say([b'r'; 50]);
                }
            })
            .client(|it| {
                for _ in 0..6 {
                    it.say([b'q'; 200]);
                    it.hear(50);
                }
            })
            .hold(|seen| {
                seen.dominates("server_think");
                seen.blames("server");
                seen.pauses_within(5 * MS);
                seen.nothing(&["stall"], Duration::ZERO);
                seen.nothing(&LOSSES, Duration::ZERO);
            }),
    ]
}

/// Six questions, each of which is complete only with the second write.
fn in_two_writes(name: &'static str, prepare: impl Fn(&Talk) + Send + Sync + 'static) -> Scene {
    Scene::new(name, 2)
        .server(|it| {
            it.nodelay();
            for _ in 0..6 {
                it.hear(200);
                it.say([b'r'; 50]);
            }
        })
        .client(move |it| {
            prepare(it);
            for _ in 0..6 {
                let begun = Instant::now();
                it.say([b'h'; 100]);
                it.say([b'b'; 100]);
                it.hear(50);
                it.diary.note("stall", begun.elapsed().saturating_sub(ROUND_TRIP));
            }
        })
}
