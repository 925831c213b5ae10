//! Does everything on a screen stand where it should?

use regex::Regex;

use super::Shot;

/// What the cells of a column hold: how many there are, whether figures, and what those look like.
const COLUMNS: [(&str, usize, bool, &str); 14] = [
    ("#", 3, true, "^ *[0-9]+$"),
    ("client → server", 28, false, "→"),
    ("process", 16, false, r"^(→ )?([^ ]+(\[[0-9]+\]|…)|process of user|) *"),
    ("protocol", 8, false, "^[A-Z]+"),
    (
        "state",
        11,
        false,
        "^(SYN sent|connected|joined|closed|reset|refused|half-closed|answered|DNS) *$",
    ),
    ("RTT", 8, true, r"^ *([0-9.,]+ (ns|µs|ms|s))?$"),
    ("client/s", 8, true, "^ *[0-9.,]+ k?B$"),
    ("server/s", 8, true, "^ *[0-9.,]+ k?B$"),
    ("octets", 8, true, "^ *[0-9.,]+ k?B$"),
    ("packets", 9, true, "^ *[0-9,]+$"),
    ("resent", 6, true, "^ *[0-9]+$"),
    ("windows", 19, true, r"^ *((\?|closed|[0-9.,]+ k?B) \+ (\?|closed|[0-9.,]+ k?B))?$"),
    ("age", 8, true, "^ *([0-9.,]+ (µs|ms|s)|0 s|[0-9]+:[0-9]{2})$"),
    ("what happened last", 18, false, ""),
];

/// Every row of a screen stands under its header, cell by cell: a column's cells hold what belongs there,
/// and nothing stands between two columns.
pub(crate) fn is_aligned(shot: &Shot) -> usize {
    let header = shot.0[1].concat();
    let width = shot.0[1].len();
    let at = |name: &str| header.find(name).map(|at| header[..at].chars().count());
    let mut columns = Vec::new();
    for (name, cells, is_figure, pattern) in COLUMNS {
        let Some(from) = at(name) else { continue };
        let range = if is_figure {
            let to = from + name.chars().count();
            to.saturating_sub(cells)..to
        } else {
            // Those that are no figures take what is left.
            let next = COLUMNS.iter().skip_while(|column| column.0 != name).skip(1);
            let mut next = next.filter_map(|(name, cells, is_figure, _)| {
                let from = at(name)?;
                Some(if *is_figure { from + name.len() - cells } else { from })
            });
            from..next.next().map_or(width, |next| next - 1)
        };
        assert!(is_figure || range.len() >= cells, "{name} has {range:?}\n{}", shot.text());
        columns.push((name, range, is_figure, Regex::new(pattern).expect("a pattern")));
    }
    let rows = shot.rows().len();
    for line in &shot.0[2..2 + rows] {
        let whole = line.concat();
        for (name, range, is_figure, pattern) in &columns {
            let cell = line[range.clone()].concat();
            assert!(pattern.is_match(&cell), "{name} is {cell:?} in\n{header}\n{whole}");
            // Each stands at its edge, unless there is nothing.
            let edge = if *is_figure { range.end - 1 } else { range.start };
            let is_blank = cell.trim().is_empty();
            assert!(is_blank || line[edge] != " ", "{name} at {edge} in\n{header}\n{whole}");
        }
        for (at, cell) in line.iter().enumerate() {
            let is_inside = columns.iter().any(|(_, range, ..)| range.contains(&at));
            // A number with more digits goes on to the left.
            assert!(is_inside || cell == " ", "{cell:?} at {at} in\n{header}\n{whole}");
        }
    }
    rows
}
