//! One interface that is listened to: libpcap's handle, and the frames taken from it.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use anyhow::anyhow;
use pcap::{Active, Capture, Linktype, Precision};
use rustix::io::{FdFlags, fcntl_setfd};

use super::tray::Tray;
use super::{Direction, Listening, missing};
use crate::capture::bpf::linktype;
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

    /// Has neither a frame at hand nor, as far as is known, in the kernel's buffer.
    pub(super) fn is_empty(&self) -> bool {
        self.tray.is_empty()
    }

    /// Whether it is time to [`Tap::take`] again.
    pub(super) fn is_due(&self) -> bool {
        self.tray.head().is_none()
    }

    /// The time of the next frame.
    #[inline]
    pub(super) fn head(&self) -> Option<Timestamp> {
        self.tray.head()
    }

    /// When the next frame was taken from the kernel.
    pub(super) fn taken(&self) -> Option<Instant> {
        self.tray.taken()
    }

    /// Goes beyond the next frame, which [`Tap::frame`] then lends.
    #[inline]
    pub(super) fn pass(&mut self) {
        self.tray.pass();
    }

    /// The frame passed last.
    #[inline]
    pub(super) fn frame(&self, number: u64, interface: u32) -> Frame<'_> {
        self.tray.frame(self.link, number, interface)
    }

    /// A frame that was not passed yet and not looked at, if it is near; `number` is that of the next to
    /// pass.
    #[inline]
    pub(super) fn ahead(&mut self, number: u64) -> Option<Frame<'_>> {
        self.tray.ahead(self.link, number)
    }

    /// Takes all that the kernel holds ready and there is room for, so that its own buffer is free for what
    /// comes.
    ///
    /// Never waits. After an error only what the kernel already holds may still come.
    pub(super) fn take(&mut self) -> Result<(), pcap::Error> {
        // It makes room.
        self.tray.step();
        let taken = self.drain();
        self.tray.step();
        if self.is_empty() {
            self.empty_at = Some(Instant::now());
        }
        taken
    }

    fn drain(&mut self) -> Result<(), pcap::Error> {
        while let Some(mut load) = self.tray.lift() {
            let taken = self.capture.dispatch(Some(load.most), |packet| {
                let header = packet.header;
                // With nanoseconds asked for, libpcap counts them where microseconds would be.
                let (seconds, nanos) =
                    (header.ts.tv_sec.cast_unsigned(), header.ts.tv_usec.cast_unsigned());
                let time = seconds.saturating_mul(1_000_000_000).saturating_add(nanos);
                load.keep(Timestamp(time), packet.data, header.len);
            });
            let some = self.tray.put(load);
            match taken {
                Ok(_) | Err(pcap::Error::TimeoutExpired) if some => {}
                Ok(_) | Err(pcap::Error::TimeoutExpired) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
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
