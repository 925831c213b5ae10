//! The whole tool in one loop.

use std::{io, mem};

use crate::capture::owners::Owners;
use crate::capture::save::Save;
use crate::filter::Filter;
use crate::flow::{Beyond, Flows, Keyring};
use crate::render::Report;
use crate::timeline::{Frame, Moment, Source, Timestamp};
use crate::wire::Packet;

mod asking;

use asking::Asking;

/// Which packets go on to the report, how many, and whether they are kept.
#[derive(Default)]
pub struct Passing {
    pub filter: Option<Filter>,
    /// Stop after this many packets have passed.
    pub limit: Option<u64>,
    pub save: Option<Save>,
    /// What time it is, where the packets are captured now.
    pub clock: Option<fn() -> Timestamp>,
    /// The keys at hand before anything is read; those that the source holds are added.
    pub keyring: Keyring,
    /// How many connections are followed at once, if not as many as usual.
    pub most: Option<usize>,
    /// How many of them were dropped before they were over, in the end.
    pub dropped: u64,
    /// Whoever knows whose sockets are, begun, if that is to be told.
    pub owners: Option<Owners>,
    /// How many ends were not asked about because there were too many, in the end.
    pub unasked: u64,
}

/// Reads everything the source yields and has it told.
///
/// Whatever ends the reading, what was kept is written out and the report is told to end; then the
/// first error is handed on. Only a report whose reader has left is not told any more.
pub fn run(
    source: &mut impl Source,
    passing: &mut Passing,
    report: &mut dyn Report,
) -> io::Result<()> {
    let mut flows = passing.most.map_or_else(Flows::default, Flows::with_room_for);
    let mut asking = passing.owners.take().map(Asking::new);
    let ended = read(source, passing, &mut flows, asking.as_mut(), report);
    source.finish();
    passing.dropped = flows.dropped();
    let has_left = ended.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe);
    let asked = asking.filter(|_| !has_left).map_or(Ok(0), |asking| asking.end(report));
    let saved = passing.save.as_mut().map_or(Ok(()), |save| save.end(source.about()));
    let told = if has_left { Ok(()) } else { report.end(source.about(), &flows) };
    passing.unasked = ended.and(saved).and(asked.and_then(|unasked| told.map(|()| unasked)))?;
    Ok(())
}

fn read(
    source: &mut impl Source,
    passing: &mut Passing,
    flows: &mut Flows,
    mut asking: Option<&mut Asking>,
    report: &mut dyn Report,
) -> io::Result<()> {
    let mut now = Timestamp::default();
    let mut beyond = Beyond::with(mem::take(&mut passing.keyring));
    let deaf = !report.hears() && passing.filter.is_none();
    let skims = report.skims() && passing.filter.is_none() && passing.save.is_none();
    let shows = report.shows();
    let ends = report.may_have_enough();
    let mut left = passing.limit.unwrap_or(u64::MAX);
    report.begin(source.about())?;
    while left > 0 && !(ends && report.has_enough()) {
        if shows && report.is_due() {
            report.show(source.about(), flows)?;
        }
        if let Some(save) = &mut passing.save {
            save.note(source.about())?;
            if save.is_over() {
                break;
            }
        }
        if skims || flows.are_many() {
            while let Some(frame) = source.ahead() {
                flows.expect(&frame);
            }
        }
        if let Some(asking) = &mut asking {
            asking.hear(now, report)?;
        }
        match source.next()? {
            None => break,
            Some(Moment::Lull) => {
                if let Some(save) = &mut passing.save {
                    save.lull(source.about(), passing.clock.map(|now| now()))?;
                }
                report.lull()?;
            }
            Some(Moment::Secrets) => beyond.keyring.learn_from(&source.about().secrets),
            Some(Moment::Note(sentence)) => report.note(sentence)?,
            Some(Moment::Begin(time)) => {
                flows.begin(time);
                report.first(time);
            }
            Some(Moment::Call(call)) => report.call(&call)?,
            Some(Moment::Step(step)) => report.step(&step)?,
            Some(Moment::Frame(frame)) if deaf => {
                left -= 1;
                if let Some(save) = &mut passing.save {
                    save.frame(&frame)?;
                }
            }
            Some(Moment::Frame(frame)) => {
                if skims
                    && !beyond.has_keys()
                    && let Some(seen) =
                        flows.skim(&frame, &beyond, |one, key| report.wants(one, key))
                {
                    left -= 1;
                    if let Some(asking) = &mut asking {
                        now = frame.time;
                        asking.see(&seen, now, report)?;
                    }
                    report.passed(&frame, &seen);
                    if flows.has_lost() {
                        tell_lost(flows, asking.as_deref_mut(), report)?;
                    }
                    continue;
                }
                let mut packet = Packet::unread(frame);
                packet.read();
                beyond.open(&mut packet);
                let seen = flows.observe(&packet);
                if passing.filter.as_ref().is_none_or(|filter| filter.admits(&packet, &seen)) {
                    left -= 1;
                    if let Some(save) = &mut passing.save {
                        let said = report.remark(&packet, &seen);
                        let comment = said.unwrap_or(packet.frame.comment);
                        save.frame(&Frame { comment, ..packet.frame })?;
                    }
                    if let Some(asking) = &mut asking {
                        now = packet.frame.time;
                        asking.see(&seen, now, report)?;
                    }
                    report.packet(&packet, &seen)?;
                } else {
                    report.left_out(&packet, &seen)?;
                }
                if flows.has_lost() {
                    tell_lost(flows, asking.as_deref_mut(), report)?;
                }
            }
        }
    }
    Ok(())
}

/// Tells the conversations to which nothing will be added.
fn tell_lost(
    flows: &mut Flows,
    mut asking: Option<&mut Asking>,
    report: &mut dyn Report,
) -> io::Result<()> {
    for connection in flows.gone() {
        report.gone(&connection)?;
        if let Some(asking) = &mut asking {
            asking.forget(connection.id(), report)?;
        }
    }
    for datagrams in flows.silent() {
        report.silent(&datagrams)?;
        if let Some(asking) = &mut asking {
            asking.forget(datagrams.id(), report)?;
        }
    }
    Ok(())
}
