//! How late is this machine at what it should do now?

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Somebody who wants to be woken every millisecond, and writes down when he was not.
pub(crate) struct Watch(Arc<Mutex<Vec<(Instant, Duration)>>>);

impl Watch {
    pub(crate) fn begin() -> Self {
        let noted = Arc::new(Mutex::new(Vec::new()));
        let book = Arc::clone(&noted);
        thread::spawn(move || {
            loop {
                let due = Instant::now() + Duration::from_millis(1);
                thread::sleep(Duration::from_millis(1));
                let late = due.elapsed();
                if late > Duration::from_millis(1) {
                    book.lock().expect("no panic").push((due, late));
                }
            }
        });
        Self(noted)
    }

    /// By how much he was woken too late at most.
    pub(crate) fn late_between(&self, began: Instant, ended: Instant) -> Duration {
        let noted = self.0.lock().expect("no panic");
        let since = noted.iter().filter(|it| (began..ended).contains(&it.0));
        since.map(|it| it.1).max().unwrap_or_default()
    }
}
