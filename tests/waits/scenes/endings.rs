//! Connections that end in a way of their own, or never begin.

use std::time::Duration;

use crate::scene::Scene;
use crate::seen::{LOSSES, THINKING, WINDOWS};
use crate::talk::announced;

const MS: Duration = Duration::from_millis(1);

pub(super) fn all() -> Vec<Scene> {
    vec![
        Scene::new("an answer after the client said its last", 10)
            .server(|it| {
                assert_eq!(it.hear_all(), 8, "the question and its end");
                it.pause("server_think", 300);
                it.say(vec![b'l'; 20_000]);
            })
            .client(|it| {
                it.say("question");
                it.end();
                assert_eq!(it.hear_all(), 20_000, "the answer and its end");
            })
            .hold(|seen| {
                seen.dominates("server_think");
                seen.blames("server");
                seen.pauses();
            }),
        Scene::new("a server that hangs up instead of an answer", 10)
            .server(|it| {
                it.head();
                it.pause("server_think", 300);
            })
            .client(|it| {
                it.ask();
                assert_eq!(it.hear_all(), 0, "an end");
            })
            .hold(|seen| {
                seen.dominates("server_think");
                seen.blames("server");
                seen.pauses();
            }),
        Scene::new("a client that stays when all is said", 10)
            .server(|it| {
                it.head();
                it.answer(2_000);
                assert_eq!(it.hear_all(), 0, "an end");
            })
            .client(|it| {
                it.ask();
                it.answered();
                it.pause("idle", 400);
            })
            .hold(|seen| {
                seen.pauses_within(3 * MS);
                seen.nothing(&THINKING, 3 * MS);
                seen.blames_nobody();
            }),
        Scene::new("a reset in the middle of an answer", 10)
            .server(|it| {
                it.head();
                it.say(announced(40_000));
                it.say(vec![b'a'; 10_000]);
                it.settle();
                it.reset();
            })
            .client(|it| {
                it.ask();
                it.length();
                it.breaks_off();
            })
            .hold(|seen| {
                seen.nothing(&LOSSES, Duration::ZERO);
                seen.nothing(&THINKING, 3 * MS);
                seen.nothing(&WINDOWS, 3 * MS);
                for (end, told) in seen.both() {
                    assert!(told.names("reset"), "its name at the {end}");
                }
            }),
        Scene::new("a port where nobody listens", 10).hold(|seen| {
            for (end, told) in seen.both() {
                seen.near(end, "all of it", told.wall, told.time("connect"), Duration::ZERO);
            }
            seen.nothing(&LOSSES, Duration::ZERO);
            let wall = seen.client.wall;
            assert!(wall >= 20 * MS, "a round trip at the client: {wall:?}");
        }),
    ]
}
