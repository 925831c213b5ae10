//! What does `wiretale why` say of the captures of both ends, and does it agree with the truth?

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use wiretale::flow::Side;

use crate::pair::Played;
use crate::program;
use crate::talk::Diary;

/// What was told of one scene, and what was true of it.
pub(crate) struct Seen<'p> {
    pub(crate) client: Told,
    pub(crate) server: Told,
    pub(crate) diaries: &'p [Diary; 2],
    /// How much too late this machine was at something that should have happened meanwhile.
    pub(crate) late: Duration,
}

/// The record of one connection's time.
pub(crate) struct Told {
    pub(crate) wall: Duration,
    pub(crate) buckets: BTreeMap<String, Duration>,
    pub(crate) waits: Vec<Value>,
    /// What has a name of its own.
    stalls: Vec<Value>,
    verdict: Value,
}

/// What no program and no network is to blame for.
const COURSE: [&str; 5] = ["path", "tls_path", "connect", "closing", "idle"];

/// Pauses are told so exactly, where the machine is not late itself: a sleeping program comes back to its
/// core, and writes, within this time; time stamps count whole milliseconds.
const EXACT: Duration = Duration::from_millis(2);

/// A machine that was late is forgiven so much at most.
const ALLOWED: Duration = Duration::from_millis(20);

impl Told {
    fn of(capture: &Path) -> Self {
        let capture = capture.to_str().expect("a plain path");
        let records = program::records(&["why", "--json", capture]);
        let is_one = |it: &&Value| it["type"] == "budget" && it["connection"].is_number();
        let mut budgets = records.iter().filter(is_one);
        let budget = budgets.next().expect("a budget");
        assert!(budgets.next().is_none(), "one connection, one budget");
        let buckets = budget["buckets"].as_object().expect("buckets");
        let buckets = buckets.iter().map(|(name, ns)| (name.clone(), nanos(ns))).collect();
        let waits = budget["waits"].as_array().expect("waits").clone();
        let stalls = budget["stalls"].as_array().expect("stalls").clone();
        let (wall, verdict) = (nanos(&budget["wall_ns"]), budget["verdict"].clone());
        let told = Self { wall, buckets, waits, stalls, verdict };
        assert_eq!(
            told.buckets.values().sum::<Duration>(),
            told.wall,
            "not a nanosecond is missing"
        );
        if budget["waits_omitted"] == 0 {
            let sum: Duration = told.waits.iter().map(|it| nanos(&it["ns"])).sum();
            assert_eq!(sum, told.wall, "waits follow each other");
        }
        told
    }

    pub(crate) fn time(&self, bucket: &str) -> Duration {
        *self.buckets.get(bucket).unwrap_or_else(|| panic!("a bucket called {bucket}"))
    }

    /// The part of a bucket that one side is to answer for.
    pub(crate) fn time_of(&self, side: &str, bucket: &str) -> Duration {
        let is_it = |it: &&Value| it["bucket"] == bucket && it["side"] == side;
        self.waits.iter().filter(is_it).map(|it| nanos(&it["ns"])).sum()
    }

    /// Whether something is called by this name.
    pub(crate) fn names(&self, stall: &str) -> bool {
        self.stalls.iter().any(|it| it["name"] == stall)
    }

    /// Whom the verdict names.
    pub(crate) fn culprit(&self) -> Option<&str> {
        self.verdict["side"].as_str()
    }

    pub(crate) fn dominant(&self) -> &str {
        let others = self.buckets.iter().filter(|it| !COURSE.contains(&it.0.as_str()));
        others.max_by_key(|it| it.1).expect("buckets").0
    }

    fn shown(&self) -> String {
        let some = self.buckets.iter().filter(|it| !it.1.is_zero());
        let some = some.map(|(name, time)| format!("{name} {:.1}", 1000.0 * time.as_secs_f64()));
        let stalls =
            self.stalls.iter().map(|it| format!("[{}]", it["name"].as_str().unwrap_or("")));
        let verdict = format!("verdict: {}", self.culprit().unwrap_or("nobody"));
        some.chain(stalls).chain([verdict]).collect::<Vec<_>>().join(", ")
    }
}

fn nanos(value: &Value) -> Duration {
    Duration::from_nanos(value.as_u64().expect("nanoseconds"))
}

impl<'p> Seen<'p> {
    pub(crate) fn of(played: &'p Played, late: Duration) -> Self {
        let [client, server] = played.captures.each_ref().map(|it| Told::of(it));
        Self { client, server, diaries: &played.diaries, late: late.max(played.late).min(ALLOWED) }
    }

    pub(crate) fn both(&self) -> [(&'static str, &Told); 2] {
        [("client", &self.client), ("server", &self.server)]
    }

    /// For who has to find out why something is not as it should be.
    pub(crate) fn shown(&self) -> String {
        let of = |it: &Told| it.shown();
        let pauses = self.diaries.each_ref().map(|it| &it.pauses);
        let late = 1000.0 * self.late.as_secs_f64();
        format!(
            "  client: {}\n  server: {}\n  pauses: {pauses:?}, late by {late:.1} ms",
            of(&self.client),
            of(&self.server),
        )
    }

    /// Each pause that a program made is told from both ends for what it was, as long as it was.
    pub(crate) fn pauses(&self) {
        self.pauses_within(EXACT);
    }

    /// Likewise, where the network makes it harder.
    pub(crate) fn pauses_within(&self, doubt: Duration) {
        let mut names: Vec<_> = self.diaries.iter().flat_map(|it| &it.pauses).collect();
        names.sort_unstable();
        names.dedup_by_key(|it| it.0);
        assert!(!names.is_empty(), "somebody paused");
        for (name, _) in names {
            let truth: Duration = self.diaries.iter().map(|diary| diary.time(name)).sum();
            for (end, told) in self.both() {
                self.near(end, name, told.time(name), truth, doubt);
            }
        }
    }

    /// Within `doubt`, and what the machine was late besides.
    pub(crate) fn near(
        &self,
        end: &str,
        name: &str,
        told: Duration,
        truth: Duration,
        doubt: Duration,
    ) {
        let doubt = doubt + self.late;
        assert!(
            told.abs_diff(truth) <= doubt,
            "{name} at the {end}: {told:?} instead of {truth:?}, {doubt:?} at most"
        );
    }

    /// From both ends this is where most time went, and both say how much.
    pub(crate) fn dominates(&self, bucket: &str) {
        for (end, told) in self.both() {
            assert_eq!(told.dominant(), bucket, "most time at the {end}");
        }
        self.agree(&[bucket]);
    }

    /// The verdict names this one, from both ends.
    pub(crate) fn blames(&self, culprit: &str) {
        for (end, told) in self.both() {
            assert_eq!(told.culprit(), Some(culprit), "whose the time was, at the {end}");
        }
    }

    /// Nothing stands out, from both ends.
    pub(crate) fn blames_nobody(&self) {
        for (end, told) in self.both() {
            assert_eq!(told.culprit(), None, "nothing stands out at the {end}");
        }
    }

    /// Both ends put as much time into these buckets together: all but a tenth.
    pub(crate) fn agree(&self, buckets: &[&str]) {
        let [client, server] = [&self.client, &self.server]
            .map(|told| buckets.iter().map(|it| told.time(it)).sum::<Duration>());
        let most = client.max(server).mul_f64(0.1) + self.late;
        let apart = client.abs_diff(server);
        assert!(apart <= most, "{buckets:?}: {client:?} at the client, {server:?} at the server");
    }

    /// The sender waited for windows for as long as its kernel says; at the other end that is harder to see.
    pub(crate) fn waits_for_windows(&self, sender: Side) {
        let kernel = Duration::from_micros(self.diaries[sender.index()].kernel("rwnd_limited"));
        for (side, (end, told)) in [Side::Client, Side::Server].into_iter().zip(self.both()) {
            let share = if side == sender { 0.02 } else { 0.1 };
            let time = WINDOWS.iter().map(|it| told.time(it)).sum();
            self.near(end, "windows", time, kernel, kernel.mul_f64(share));
        }
    }

    /// In these there is nothing to speak of.
    pub(crate) fn nothing(&self, buckets: &[&str], most: Duration) {
        for (end, told) in self.both() {
            for bucket in buckets {
                let time = told.time(bucket);
                assert!(time <= most + self.late, "{bucket} at the {end}: {time:?}");
            }
        }
    }
}

pub(crate) const THINKING: [&str; 6] =
    ["tls_client", "tls_server", "client_think", "request", "server_think", "response_application"];
pub(crate) const LOSSES: [&str; 3] = ["connect_retry", "loss_timeout", "loss_recovery"];
pub(crate) const WINDOWS: [&str; 2] = ["window_closed", "window_small"];
