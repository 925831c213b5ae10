//! Receivers that have no room.

use std::time::Duration;

use wiretale::flow::Side;

use crate::scene::Scene;

pub(super) fn all() -> Vec<Scene> {
    vec![
        Scene::new("a small window over a long path", 50)
            .client_receives(30_000)
            .server(|it| {
                it.head();
                it.answer(700_000);
                it.settle();
            })
            .client(|it| {
                it.ask();
                it.answered();
            })
            .hold(|seen| {
                seen.dominates("window_small");
                seen.blames("client");
                seen.waits_for_windows(Side::Server);
                for (_, told) in seen.both() {
                    assert_eq!(told.time_of("server", "window_small"), Duration::ZERO);
                }
            }),
        Scene::new("a slow reader", 5)
            .client_receives(8_000)
            .server(|it| {
                it.head();
                it.answer(90_000);
                it.settle();
            })
            .client(|it| {
                it.ask();
                it.length();
                for _ in 0..9 {
                    it.pause("window_closed", 200);
                    it.hear(10_000);
                }
            })
            .hold(|seen| {
                seen.dominates("window_closed");
                seen.blames("client");
                seen.waits_for_windows(Side::Server);
            }),
        Scene::new("an upload to a slow reader", 5)
            .server_receives(8_000)
            .server(|it| {
                let octets = it.length();
                for _ in 0..octets / 10_000 {
                    it.pause("window_closed", 150);
                    it.hear(10_000);
                }
                it.answer(10);
            })
            .client(|it| {
                it.put(100_000);
                it.settle();
                it.answered();
            })
            .hold(|seen| {
                seen.dominates("window_closed");
                seen.blames("server");
                seen.waits_for_windows(Side::Client);
                for (_, told) in seen.both() {
                    assert_eq!(told.time_of("client", "window_closed"), Duration::ZERO);
                }
            }),
    ]
}
