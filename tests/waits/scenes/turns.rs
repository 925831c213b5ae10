//! Programs that take their time, now one and now the other, or amid what they say.

use std::time::Duration;

use crate::scene::Scene;
use crate::seen::LOSSES;
use crate::talk::announced;

const MS: Duration = Duration::from_millis(1);

pub(super) fn all() -> Vec<Scene> {
    vec![
        Scene::new("several requests with thinking between", 15)
            .server(|it| {
                for pause in [40, 80, 20, 160, 30] {
                    it.head();
                    it.pause("server_think", pause);
                    it.answer(12_000);
                }
            })
            .client(|it| {
                for pause in [0, 60, 25, 90, 50] {
                    it.pause("client_think", pause);
                    it.ask();
                    it.answered();
                }
            })
            .hold(|seen| {
                seen.dominates("server_think");
                seen.blames("server");
                // Each of ten pauses ends with a program that has to get its core again.
                seen.pauses_within(6 * MS);
            }),
        Scene::new("two sides that are slow", 10)
            .server(|it| {
                for _ in 0..3 {
                    it.head();
                    it.pause("server_think", 150);
                    it.answer(3_000);
                }
            })
            .client(|it| {
                for _ in 0..3 {
                    it.pause("client_think", 110);
                    it.ask();
                    it.answered();
                }
            })
            .hold(|seen| {
                seen.dominates("server_think");
                seen.blames("server");
                seen.agree(&["client_think"]);
                seen.pauses_within(5 * MS);
            }),
        Scene::new("a server and a client that think, and then drips", 10)
            .server(|it| {
                it.head();
                it.pause("server_think", 250);
                it.answer(1_000);
                it.head();
                it.say(announced(200_000));
                for at in 0..20 {
                    it.say(vec![b'd'; 10_000]);
                    if at < 19 {
                        it.pause("response_application", 40);
                    }
                }
            })
            .client(|it| {
                it.ask();
                it.answered();
                it.pause("client_think", 100);
                it.ask();
                it.answered();
            })
            .hold(|seen| {
                seen.dominates("response_application");
                seen.blames("server");
                for (end, told) in seen.both() {
                    for name in ["server_think", "client_think"] {
                        let truth = seen.diaries[0].time(name) + seen.diaries[1].time(name);
                        seen.near(end, name, told.time(name), truth, 2 * MS);
                    }
                    // Ten kilobytes need a round trip of their own where the window has to grow.
                    let truth = seen.diaries[1].time("response_application");
                    let told = told.time("response_application");
                    seen.near(end, "drips", told, truth, truth.mul_f64(0.1));
                }
            }),
        thinks_behind_a_queue(),
        Scene::new("an answer with a silence in its middle", 10)
            .server(|it| {
                it.head();
                it.say(announced(40_000));
                it.say(vec![b'a'; 20_000]);
                it.pause("response_application", 700);
                it.say(vec![b'b'; 20_000]);
            })
            .client(|it| {
                it.ask();
                it.answered();
            })
            .hold(|seen| {
                seen.dominates("response_application");
                seen.blames("server");
                // The kernel was still sending for a round trip, at the beginning.
                seen.pauses_within(30 * MS);
            }),
    ]
}

/// What the client has not got yet it cannot think about.
fn thinks_behind_a_queue() -> Scene {
    Scene::new("a client that thinks behind a queue", 10)
        .back(|way| way.rate = Some((20_000_000, 100_000)))
        .client_receives(400_000)
        .server(|it| {
            for _ in 0..3 {
                it.head();
                it.pause("server_think", 150);
                it.answer(300_000);
            }
        })
        .client(|it| {
            for at in 0..3 {
                if at > 0 {
                    it.pause("client_think", 100);
                }
                it.ask();
                it.answered();
            }
        })
        .hold(|seen| {
            seen.nothing(&LOSSES, Duration::ZERO);
            for (end, told) in seen.both() {
                for (name, times) in [("server_think", 3), ("client_think", 2)] {
                    let truth = seen.diaries[0].time(name) + seen.diaries[1].time(name);
                    seen.near(end, name, told.time(name), truth, times * 2 * MS);
                }
            }
        })
}
