//! How is it told which rules were broken, and by whom?

use std::time::Duration;

use super::standing::{Offender, Standing, TOLD, Whose, Worth};
use super::values::{CAPTURE, EXCHANGE, FLOW};
use crate::filter::rule::{Field, Fields, Kind, real};
use crate::ink::{Ink, Paint};
use crate::render::clock::Calendar;
use crate::render::fit::cells;
use crate::render::quantity;
use crate::render::sheet::{Form, Sheet};

/// Cells for rules in the table; what is longer goes on.
const ROOM: usize = 48;

/// Writes how each rule stands, and below who broke them.
pub(super) fn page(rules: &[Standing], fields: &Fields, ink: &mut Ink) {
    let widths = rules.iter().map(|one| cells(one.rule.text()));
    let room = widths.filter(|wide| *wide <= ROOM).max().unwrap_or(0);
    for one in rules {
        let paint = if one.broken > 0 { Paint::Alarm } else { Paint::Name };
        let word = one.word();
        ink.paint(paint, word).spaces(9_usize.saturating_sub(word.len()));
        safe(one.rule.text(), ink);
        ink.spaces(room.saturating_sub(cells(one.rule.text())) + 2);
        counts(one, ink);
        ink.text("\n");
    }
    for one in rules.iter().filter(|one| !one.offenders.is_empty()) {
        ink.text("\n");
        let field = &fields.0[one.rule.subject()].fields[one.rule.field()];
        for offender in &one.offenders {
            self::offender(one, offender, field, ink);
            ink.text("\n");
        }
        let more = one.broken - one.offenders.len() as u64;
        if more > 0 {
            ink.begin(Paint::Faint).text("and ");
            quantity::count(more, ink);
            ink.text(" more: --all shows them").plain().text("\n");
        }
    }
}

impl Standing {
    fn judged(&self) -> u64 {
        self.held + self.broken + self.unknown
    }

    fn word(&self) -> &'static str {
        match self {
            Self { broken: 1.., .. } => "broken",
            Self { held: 1.., .. } => "ok",
            Self { unknown: 1.., .. } => "unknown",
            _ => "none",
        }
    }
}

/// What a rule is about, of so many.
fn noun(one: &Standing, count: u64) -> &'static str {
    match (one.rule.subject(), count) {
        (EXCHANGE, 1) => "exchange",
        (EXCHANGE, _) => "exchanges",
        (FLOW, 1) => "flow",
        (FLOW, _) => "flows",
        (_, 1) => "connection",
        (_, _) => "connections",
    }
}

/// `broken by 1 of 10 connections; 3 of 10: unknown`.
fn counts(one: &Standing, ink: &mut Ink) {
    let all = one.judged();
    if all == 0 {
        ink.text("there is no ").text(noun(one, 1)).text(" that it is about");
        return;
    }
    if one.rule.subject() == CAPTURE {
        ink.text(match one {
            Standing { broken: 1.., .. } => "broken by the capture",
            Standing { held: 1.., .. } => "held by the capture",
            _ => "the capture does not tell",
        });
        return;
    }
    if one.is_common {
        ink.text("broken by the capture");
        if one.broken > 1 {
            ink.text(" and by ");
            quantity::count(one.broken - 1, ink);
            ink.text(" of ");
            quantity::count(all - 1, ink);
            ink.text(" ").text(noun(one, all - 1));
        }
        return;
    }
    let told = [("broken by ", one.broken), ("held by ", one.held)];
    let told = told.into_iter().find(|(_, count)| *count > 0);
    if let Some((words, count)) = told {
        ink.text(words);
        quantity::count(count, ink);
        ink.text(" of ");
        quantity::count(all, ink);
        ink.text(" ").text(noun(one, all));
        if one.unknown == 0 {
            return;
        }
        ink.text("; ");
    }
    quantity::count(one.unknown, ink);
    ink.text(" of ");
    quantity::count(all, ink);
    if told.is_none() {
        ink.text(" ").text(noun(one, all));
    }
    ink.text(": unknown");
}

/// Writes who broke a rule, by how much, and which packets show it.
pub(super) fn offender(one: &Standing, offender: &Offender, field: &Field, ink: &mut Ink) {
    safe(one.rule.text(), ink);
    ink.text("  broken by ");
    match offender.whose {
        Whose::Connection(id) => ink.text("connection ").number(id),
        Whose::Flow(id) => ink.text("flow ").number(id),
        Whose::Exchange(id) => ink.text("exchange ").number(id),
        Whose::Capture => ink.text("the capture"),
    };
    ink.text(": ");
    worth(offender, field.kind, ink);
    let packets = &offender.packets;
    if packets.is_empty() {
        return;
    }
    ink.text(if packets.len() == 1 { " (packet " } else { " (packets " });
    for (at, packet) in packets.iter().enumerate() {
        ink.text(if at > 0 { ", " } else { "" }).number(*packet);
    }
    ink.text(")");
}

fn worth(offender: &Offender, kind: Kind, ink: &mut Ink) {
    // What is hardly beyond the limit would look as if it kept to it.
    let is_near = |value: f64| offender.excess.abs() < value / 1000.0;
    match &offender.worth {
        Worth::Number(number) => match kind {
            Kind::Duration | Kind::Part if is_near(real(*number)) => exactly(*number, ink),
            Kind::Duration | Kind::Part => quantity::duration(Duration::from_nanos(*number), ink),
            Kind::Size if is_near(real(*number)) => {
                quantity::count(*number, ink);
                ink.text(" B");
            }
            Kind::Size => quantity::octets(*number, ink),
            _ => quantity::count(*number, ink),
        },
        Worth::Signed(number) => _ = ink.signed(*number),
        Worth::Share(share) => percent(*share, is_near(*share), ink),
        Worth::Part(nanos, share) => {
            percent(*share, is_near(*share), ink);
            ink.text(", ");
            quantity::duration(Duration::from_nanos(*nanos), ink);
        }
        Worth::Flag(flag) => _ = ink.text(if *flag { "true" } else { "false" }),
        Worth::Text(text) => _ = ink.again(text),
        Worth::Time(time) => Calendar::utc().rfc3339(*time, ink),
        Worth::Trouble(stall, count) => {
            ink.text(stall.name.key());
            if !stall.time.is_zero() {
                ink.text(", ");
                quantity::duration(stall.time, ink);
            }
            if *count > stall.count {
                ink.text(", and ");
                quantity::count(count - stall.count, ink);
                ink.text(" more");
            } else if *count > 1 {
                ink.text(", ");
                quantity::count(*count, ink);
                ink.text(" times");
            }
        }
    }
}

/// A duration with all its digits.
fn exactly(nanos: u64, ink: &mut Ink) {
    let micro = if ink.ascii { " us" } else { " µs" };
    let (power, digits, unit) = match nanos {
        0..1_000 => (1, 0, " ns"),
        1_000..1_000_000 => (1_000, 3, micro),
        _ => (1_000_000, 6, " ms"),
    };
    quantity::count(nanos / power, ink);
    let fraction = format!("{:0digits$}", nanos % power);
    let fraction = fraction.trim_end_matches('0');
    ink.text(if fraction.is_empty() { "" } else { "." }).text(fraction).text(unit);
}

/// A share, with more digits where they count.
fn percent(share: f64, is_near: bool, ink: &mut Ink) {
    let percent = share * 100.0;
    let said = match percent {
        _ if is_near => format!("{percent:.7}"),
        10.0.. => format!("{percent:.1}"),
        _ => format!("{percent:.3}"),
    };
    ink.text(said.trim_end_matches('0').trim_end_matches('.')).text(" %");
}

/// What was typed, or stands in a file.
fn safe(text: &str, ink: &mut Ink) {
    ink.wire(text.as_bytes());
}

/// Writes how a rule stands, with all who broke it.
pub(super) fn record(one: &Standing, calendar: &mut Calendar, ink: &mut Ink) {
    let mut sheet = Sheet::new(ink, Form::Json);
    sheet.words("type", Some("check"));
    sheet.text("rule", Some(one.rule.text().as_bytes()));
    sheet.number("held", Some(one.held));
    sheet.number("broken", Some(one.broken));
    sheet.number("unknown", Some(one.unknown));
    sheet.list("offenders", Some(&one.offenders), |offender, form, ink| {
        let mut sheet = Sheet::new(ink, form);
        match offender.whose {
            Whose::Connection(id) => sheet.number("connection", Some(id)),
            Whose::Flow(id) => sheet.number("flow", Some(id)),
            Whose::Exchange(id) => sheet.number("exchange", Some(id)),
            Whose::Capture => sheet.number("connection", None::<u64>),
        }
        match &offender.worth {
            Worth::Number(number) => sheet.number("value", Some(*number)),
            Worth::Signed(number) => sheet.signed("value", Some(*number)),
            Worth::Share(share) | Worth::Part(_, share) => sheet.fraction("value", *share),
            Worth::Flag(flag) => sheet.flag("value", Some(*flag)),
            Worth::Text(text) => sheet.text("value", Some(text)),
            Worth::Time(time) => sheet.time("value", Some(*time), calendar),
            Worth::Trouble(_, count) => sheet.number("value", Some(*count)),
        }
        if let Worth::Trouble(stall, _) = &offender.worth {
            sheet.words("stall", Some(stall.name.key()));
        }
        sheet.list("packets", Some(&offender.packets), |packet, _, ink| _ = ink.number(*packet));
        sheet.end();
    });
    let omitted = one.broken.saturating_sub(TOLD as u64);
    sheet.number("offenders_omitted", Some(omitted));
    sheet.end();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ink::written;

    #[test]
    fn what_is_hardly_beyond_a_limit_is_told_with_all_its_digits() {
        for (nanos, said) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (58_000, "58 µs"),
            (58_001, "58.001 µs"),
            (200_000_000, "200 ms"),
            (200_000_050, "200.00005 ms"),
            (1_500_000_000, "1,500 ms"),
        ] {
            assert_eq!(written(|ink| exactly(nanos, ink)), said);
        }
        assert_eq!(written(|ink| percent(0.010_000_1, true, ink)), "1.00001 %");
        assert_eq!(written(|ink| percent(0.010_000_1, false, ink)), "1 %");
        assert_eq!(written(|ink| percent(0.123_456, false, ink)), "12.3 %");
        assert_eq!(written(|ink| percent(0.000_4, false, ink)), "0.04 %");
    }
}
