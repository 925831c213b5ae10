//! Networks that lose something.

use std::time::Duration;

use super::sending::{download, upload};
use crate::scene::Scene;

const MS: Duration = Duration::from_millis(1);

/// Where time goes when the network loses something amid much data.
const NETWORK: [&str; 5] =
    ["congestion_window", "transmission", "queueing", "loss_recovery", "loss_timeout"];

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
            seen.blames("network");
            for (end, told) in seen.both() {
                let told = told.time("connect_retry");
                seen.near(end, "SYN-ACKs", told, Duration::from_secs(1), 50 * MS);
            }
        }),
        download("the end of the answer is lost, and its probe", 10, 20_000)
            .back(|way| way.lost_data = vec![14, 15])
            .hold(|seen| {
                seen.dominates("loss_timeout");
                seen.blames("network");
                assert_eq!(seen.diaries[1].kernel("total_retrans"), 2);
            }),
        download("a blackout", 10, 600_000)
            .back(|way| {
                way.rate = Some((10_000_000, 60_000));
                way.blackout = Some((300 * MS, 900 * MS));
            })
            .hold(|seen| {
                seen.dominates("loss_timeout");
                seen.blames("network");
            }),
        download("two in a hundred are lost", 10, 1_000_000)
            .back(|way| {
                way.rate = Some((20_000_000, 60_000));
                (way.loss, way.seed) = (0.02, 7);
            })
            .hold(|seen| {
                seen.agree(&NETWORK);
                assert!(seen.diaries[1].kernel("total_retrans") > 0, "something was lost");
            }),
        upload("an upload of which some is lost", 10, 800_000)
            .there(|way| {
                way.rate = Some((20_000_000, 60_000));
                (way.loss, way.seed) = (0.02, 11);
            })
            .hold(|seen| {
                seen.agree(&NETWORK);
                assert!(seen.diaries[0].kernel("total_retrans") > 0, "something was lost");
                for (end, told) in seen.both() {
                    let lost = told.time("loss_recovery") + told.time("loss_timeout");
                    assert!(lost > 20 * MS, "losses at the {end}: {lost:?}");
                }
            }),
        Scene::new("a server that thinks, and losses", 10)
            .back(|way| (way.loss, way.seed) = (0.03, 5))
            .server(|it| {
                for _ in 0..3 {
                    it.head();
                    it.pause("server_think", 300);
                    it.answer(80_000);
                }
                it.settle();
            })
            .client(|it| {
                for _ in 0..3 {
                    it.ask();
                    it.answered();
                }
            })
            .hold(|seen| {
                seen.dominates("server_think");
                seen.blames("server");
                assert!(seen.diaries[1].kernel("total_retrans") > 0, "something was lost");
                seen.pauses_within(8 * MS);
            }),
    ]
}
