//! How is what a page embeds fetched, when a host takes a few connections at once?
//!
//! For each host its objects stand in a row; each connection takes the next when it is free. The connection
//! that brought the page is used again.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use super::connection::Origin;
use super::transfer::Job;
use super::{Fetcher, locked};
use crate::probe::http::{Leg, Trust};
use crate::probe::now;
use crate::probe::objects::{self, Sites, Wanted};
use crate::probe::plan::{CONNECTIONS, Page};
use crate::probe::url::Url;
use crate::timeline::fetch::Event;

/// What waits for a host, and since when.
type Row = Mutex<VecDeque<Url>>;

impl Fetcher<'_> {
    /// Finds what the page embeds, and fetches it.
    pub(super) fn page(&self, page: Page, job: &Job, html: &[u8]) {
        let teller = self.teller(job.number);
        let began = now();
        let sites = if page.same_origin { Sites::SameOrigin } else { Sites::SameSite };
        let wanted = Wanted { sites, most: page.most };
        let (found, urls) = objects::find(html, &job.leg.url, wanted);
        teller.step(began, 0, Event::Objects(Box::new(found)));
        let mut rows: HashMap<Origin, VecDeque<Url>> = HashMap::new();
        for url in urls {
            rows.entry(Origin::of(&url)).or_default().push_back(url);
        }
        let rows: Vec<(usize, Row)> =
            rows.into_values().map(|row| (row.len().min(page.parallel), Mutex::new(row))).collect();
        let queued = Instant::now();
        // Hosts for which no connection is left have their turn when others are done.
        for hosts in rows.chunks(CONNECTIONS) {
            let share = (CONNECTIONS / hosts.len()).max(1);
            thread::scope(|scope| {
                for (wanted, row) in hosts {
                    for _ in 0..(*wanted).min(share) {
                        scope.spawn(move || self.work(row, job, queued));
                    }
                }
            });
        }
    }

    /// Fetches one after the other until none waits.
    fn work(&self, row: &Row, page: &Job, queued: Instant) {
        loop {
            let Some(url) = locked(row).pop_front() else { return };
            let is_same = url.is_same_origin(&page.leg.url);
            let trust = if is_same { page.leg.trust } else { Trust::Elsewhere };
            let mut job = Job {
                leg: Leg::embedded(url, trust),
                number: self.next(),
                parent: Some(page.number),
                redirects: 0,
                queued: queued.elapsed(),
                is_embedded: true,
            };
            let mut redirects = self.redirects();
            while let Some(next) = self.transfer(&job, &mut redirects).redirect {
                job = next;
            }
        }
    }
}
