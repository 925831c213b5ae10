//! How is a moment typed?

use std::time::Duration;

use crate::capture::sift::Edge;
use crate::timeline::Timestamp;

/// Reads `2026-11-20T09:30:00Z`, `+1.5s` or `+250ms`.
pub(super) fn bound(text: &str) -> Result<Edge, String> {
    if let Some(offset) = text.strip_prefix('+') {
        return duration(offset)
            .map(Edge::After)
            .map_err(|wanted| format!("after the + stands {wanted}"));
    }
    let zoned = text.parse::<jiff::Timestamp>().ok();
    let nanos = zoned.and_then(|time| u64::try_from(time.as_nanosecond()).ok());
    nanos.map(|nanos| Edge::At(Timestamp(nanos))).ok_or_else(|| {
        "a time is written as 2026-11-20T09:30:00Z, or as +1.5s after the first packet".to_owned()
    })
}

/// Reads `90s`, `1.5m` or `250ms`; seconds where there is no unit.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    span(text).ok_or_else(|| "a number with its unit: ns, us, ms, s, m or h".to_owned())
}

fn span(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "ns" => 1e-9,
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" | "" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(digits.parse::<f64>().ok()? * unit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_absolute_or_after_the_first_packet() {
        assert_eq!(bound("+1.5s"), Ok(Edge::After(Duration::from_millis(1500))));
        assert_eq!(bound("+250ms"), Ok(Edge::After(Duration::from_millis(250))));
        assert_eq!(bound("1970-01-01T00:00:01Z"), Ok(Edge::At(Timestamp(1_000_000_000))));
        for wrong in ["", "+", "+s", "yesterday", "+1.5 fortnights", "+-1s", "+1e400s"] {
            assert!(bound(wrong).is_err(), "{wrong}");
        }
    }
}
