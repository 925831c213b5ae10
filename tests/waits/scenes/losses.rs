//! Networks that lose something.

use std::time::Duration;

use crate::scene::Scene;

const MS: Duration = Duration::from_millis(1);

pub(super) fn all() -> Vec<Scene> {
    vec![
        download("the SYN is lost twice", 10, 1_000).there(|way| way.lost = vec![1, 2]).hold(
            |seen| {
                assert_eq!(seen.client.dominant(), "connect_retry");
                // RFC 6298, and two SYNs at the same distance as Linux has it.
                let told = seen.client.time("connect_retry");
                seen.near("client", "SYNs", told, Duration::from_secs(2), 100 * MS);
                // Here nobody knows of them.
                assert_eq!(seen.server.time("connect_retry"), Duration::ZERO);
            },
        ),
        download("the SYN-ACK is lost", 10, 1_000).back(|way| way.lost = vec![1]).hold(|seen| {
            seen.dominates("connect_retry");
            for (end, told) in seen.both() {
                let told = told.time("connect_retry");
                seen.near(end, "SYN-ACKs", told, Duration::from_secs(1), 50 * MS);
            }
        }),
        download("two in a hundred are lost", 10, 1_000_000)
            .back(|way| {
                way.rate = Some((20_000_000, 60_000));
                (way.loss, way.seed) = (0.02, 7);
            })
            .hold(|seen| {
                seen.agree(&[
                    "congestion_window",
                    "transmission",
                    "queueing",
                    "loss_recovery",
                    "loss_timeout",
                ]);
            }),
    ]
}

/// One answer of this size.
fn download(name: &'static str, delay: u64, octets: usize) -> Scene {
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
