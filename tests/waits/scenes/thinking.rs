//! Programs that take their time.

use std::time::Duration;

use crate::scene::Scene;
use crate::seen::{LOSSES, Seen, WINDOWS};

const MS: Duration = Duration::from_millis(1);

pub(super) fn all() -> Vec<Scene> {
    vec![
        Scene::new("a server that thinks", 10)
            .server(|it| {
                it.head();
                it.pause("server_think", 500);
                it.answer(30_000);
                it.head();
                it.answer(100);
            })
            .client(|it| {
                it.ask();
                it.answered();
                it.ask();
                it.answered();
            })
            .hold(thinks("server_think")),
        thinks_for_300("a server that thinks, over IPv6").v6().hold(thinks("server_think")),
        thinks_for_300("a server that thinks, without time stamps")
            .set("ipv4/tcp_timestamps=0")
            .hold(thinks("server_think")),
        thinks_for_300("a server that thinks while the way back stalls")
            .back(|way| way.stall = Some((100 * MS, 425 * MS)))
            .hold(|seen| {
                seen.dominates("server_think");
                seen.blames("server");
                seen.pauses();
            }),
        Scene::new("a client that thinks", 10)
            .server(|it| {
                it.head();
                it.answer(20_000);
                it.head();
                it.answer(20_000);
            })
            .client(|it| {
                it.ask();
                it.answered();
                it.pause("client_think", 400);
                it.ask();
                it.answered();
            })
            .hold(|seen| {
                thinks("client_think")(seen);
                // Between two requests nothing is under way.
                seen.blames_nobody();
            }),
        Scene::new("a client that is slow to ask", 10)
            .server(|it| {
                it.head();
                it.answer(5_000);
            })
            .client(|it| {
                it.pause("client_think", 400);
                it.ask();
                it.answered();
            })
            .hold(|seen| {
                thinks("client_think")(seen);
                seen.blames("client");
            }),
        Scene::new("a banner that is slow", 10)
            .server(|it| {
                it.pause("server_think", 350);
                it.say("220 mail.lab.example ready\r\n");
                it.hear(6);
                it.say("221 closing\r\n");
            })
            .client(|it| {
                it.hear(28);
                it.say("QUIT\r\n");
                it.hear(13);
            })
            .hold(thinks("server_think")),
    ]
}

/// One request, an answer of some segments after 300 ms.
fn thinks_for_300(name: &'static str) -> Scene {
    Scene::new(name, 10)
        .server(|it| {
            it.head();
            it.pause("server_think", 300);
            it.answer(8_000);
        })
        .client(|it| {
            it.ask();
            it.answered();
        })
}

/// Nothing but this pause is to speak of.
fn thinks(bucket: &'static str) -> impl Fn(&Seen<'_>) + Send + Sync {
    move |seen| {
        seen.dominates(bucket);
        if bucket == "server_think" {
            seen.blames("server");
        }
        seen.pauses();
        seen.nothing(&LOSSES, Duration::ZERO);
        seen.nothing(&WINDOWS, 2 * MS);
        let other = if bucket == "server_think" { "client_think" } else { "server_think" };
        seen.nothing(&[other, "response_application", "request", "stall"], 2 * MS);
    }
}
