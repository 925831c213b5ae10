//! One interface that is listened to: libpcap's handle, and the frames taken from it.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use anyhow::anyhow;
use pcap::{Active, Capture, Linktype, Precision};
use rustix::io::{FdFlags, fcntl_setfd};

use super::{Direction, Listening, missing};
use crate::capture::bpf::linktype;
use crate::octets::Octets;
use crate::timeline::{Frame, Timestamp};

/// An open interface.
pub(super) struct Tap {
    pub(super) link: u16,
    capture: Capture<Active>,
    tray: Tray,
    /// When it was last asked and had nothing.
    pub(super) empty_at: Option<Instant>,
    /// Since when it cannot be read any more, and the sentence that says why.
    pub(super) ails: Option<(Instant, String)>,
    /// Counted when last asked.
    pub(super) counts: Counts,
}

/// What the system counts for a handle since it was opened.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Frames that passed the capture filter, dropped or not.
    pub received: u64,
    /// Of them, those for which the kernel's buffer had no room.
    pub dropped: u64,
    /// What the interface or its driver could not hand over.
    pub missed: u64,
}

/// Frames copied out of the kernel's buffer, so that it has room again.
#[derive(Default)]
struct Tray {
    octets: Vec<u8>,
    kept: Vec<Kept>,
    next: usize,
    /// When they were taken.
    at: Option<Instant>,
}

#[derive(Clone, Copy)]
struct Kept {
    time: Timestamp,
    from: usize,
    to: usize,
    len: u32,
}

/// Frames taken at a time at most.
const BATCH: usize = 1024;

/// How long the kernel may keep a frame before it hands it over, in milliseconds.
pub(super) const RETIRE: u64 = 40;

impl Tap {
    /// Opens an interface; an error is one sentence that names it.
    pub(super) fn open(name: &str, listening: &Listening) -> anyhow::Result<Self> {
        let said = |error: pcap::Error| anyhow!(missing::sentence(name, &error));
        let handle = Capture::from_device(name)
            .map_err(said)?
            .precision(Precision::Nano)
            .promisc(listening.promiscuous && name != "any")
            .snaplen(i32::try_from(listening.snaplen).unwrap_or(i32::MAX))
            .buffer_size(i32::try_from(listening.buffer).unwrap_or(i32::MAX))
            .timeout(RETIRE as i32);
        let mut capture = handle.open().and_then(Capture::setnonblock).map_err(said)?;
        // libpcap would leave it to every program that is started, and it is a right.
        fcntl_setfd(&capture, FdFlags::CLOEXEC).map_err(|error| {
            anyhow!("{}: {}", missing::shown(name), std::io::Error::from(error))
        })?;
        if name == "any" {
            // The older header does not say which interface it was.
            let _ = capture.set_datalink(Linktype::LINUX_SLL2);
        }
        let direction = match listening.direction {
            Direction::Both => None,
            Direction::In => Some(pcap::Direction::In),
            Direction::Out => Some(pcap::Direction::Out),
        };
        if let Some(direction) = direction {
            capture.direction(direction).map_err(said)?;
        }
        Ok(Self {
            ails: None,
            link: linktype(capture.get_datalink().0),
            capture,
            tray: Tray::default(),
            empty_at: None,
            counts: Counts::default(),
        })
    }

    /// Has the kernel leave out what does not pass; an error is libpcap's own sentence.
    pub(super) fn filter(&mut self, expression: &str) -> Result<(), String> {
        self.capture.filter(expression, true).map_err(|error| match error {
            pcap::Error::PcapError(sentence) => sentence,
            other => other.to_string(),
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tray.next == self.tray.kept.len()
    }

    /// The time of the next frame.
    pub(super) fn head(&self) -> Option<Timestamp> {
        self.tray.kept.get(self.tray.next).map(|kept| kept.time)
    }

    /// When the next frame was taken from the kernel.
    pub(super) fn taken(&self) -> Option<Instant> {
        self.tray.at
    }

    /// Goes beyond the next frame, which [`Tap::frame`] then lends.
    pub(super) fn pass(&mut self) {
        self.tray.next += 1;
    }

    /// The frame passed last.
    #[inline]
    pub(super) fn frame(&self, number: u64, interface: u32) -> Frame<'_> {
        let kept = self.tray.next.checked_sub(1).and_then(|last| self.tray.kept.get(last));
        let (time, octets) = kept.map_or((Timestamp(0), Octets::whole(&[])), |kept| {
            (kept.time, Octets::new(&self.tray.octets[kept.from..kept.to], kept.len as usize))
        });
        Frame { number, time, link: self.link, interface, comment: &[], octets }
    }

    /// Takes what the kernel holds ready, once all that was taken before has been passed.
    ///
    /// Never waits. After an error only what the kernel already holds may still come.
    pub(super) fn take(&mut self) -> Result<(), pcap::Error> {
        self.tray.octets.clear();
        self.tray.kept.clear();
        self.tray.next = 0;
        let (octets, kept) = (&mut self.tray.octets, &mut self.tray.kept);
        let taken = self.capture.dispatch(Some(BATCH), |packet| {
            let header = packet.header;
            // With nanoseconds asked for, libpcap counts them where microseconds would be.
            let (seconds, nanos) =
                (header.ts.tv_sec.cast_unsigned(), header.ts.tv_usec.cast_unsigned());
            let from = octets.len();
            octets.extend_from_slice(packet.data);
            let time = Timestamp(seconds.saturating_mul(1_000_000_000).saturating_add(nanos));
            kept.push(Kept { time, from, to: octets.len(), len: header.len });
        });
        let now = Instant::now();
        self.tray.at = Some(now);
        if self.is_empty() {
            self.empty_at = Some(now);
        }
        match taken {
            Ok(_) | Err(pcap::Error::TimeoutExpired) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Asks the system what it counted.
    pub(super) fn count(&mut self) {
        if let Ok(stat) = self.capture.stats() {
            self.counts = Counts {
                received: stat.received.into(),
                dropped: stat.dropped.into(),
                missed: stat.if_dropped.into(),
            };
        }
    }
}

impl AsFd for Tap {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.capture.as_fd()
    }
}
