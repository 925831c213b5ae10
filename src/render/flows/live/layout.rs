//! Which columns have room?

use arrayvec::ArrayVec;

/// What a row shows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Column {
    Number,
    Ends,
    /// Whose the ends are.
    Process,
    Protocol,
    State,
    Rtt,
    ClientRate,
    ServerRate,
    Octets,
    Packets,
    Resent,
    Windows,
    Age,
    /// What was said last of one of its packets.
    Last,
}

/// Columns and how many cells they have; one more lies between two of them.
pub(super) type Columns = ArrayVec<(Column, usize), { ALL.len() }>;

/// From left to right.
const ALL: [Column; 14] = [
    Column::Number,
    Column::Ends,
    Column::Process,
    Column::Protocol,
    Column::State,
    Column::Rtt,
    Column::ClientRate,
    Column::ServerRate,
    Column::Octets,
    Column::Packets,
    Column::Resent,
    Column::Windows,
    Column::Age,
    Column::Last,
];

/// What is added while there is room, in this order: another column, or more cells for one.
const STEPS: [(Column, usize); 16] = [
    (Column::Process, 16),
    (Column::State, 11),
    (Column::ServerRate, 8),
    (Column::ClientRate, 8),
    (Column::Rtt, 8),
    (Column::Resent, 6),
    (Column::Last, 18),
    (Column::Process, 12),
    (Column::Octets, 8),
    (Column::Ends, 8),
    (Column::Age, 8),
    (Column::Last, 8),
    (Column::Windows, 19),
    (Column::Ends, 9),
    (Column::Packets, 9),
    (Column::Protocol, 8),
];

/// Cells of both ends at least, if there are as many, and those beyond which nothing is gained.
const ENDS: usize = 28;
const LONG_ENDS: usize = 72;

/// The columns of a screen this wide; the numbers have so many digits. There are processes if somebody
/// asked for them.
pub(super) fn columns(width: usize, digits: usize, processes: bool) -> Columns {
    let mut cells = [0; ALL.len()];
    let at = |column| ALL.iter().position(|one| *one == column).unwrap_or(0);
    cells[at(Column::Number)] = digits;
    let mut left = width.saturating_sub(digits + 1);
    cells[at(Column::Ends)] = left.min(ENDS);
    left -= cells[at(Column::Ends)];
    for (column, more) in STEPS {
        if column == Column::Process && !processes {
            continue;
        }
        let is_new = cells[at(column)] == 0;
        let Some(rest) = left.checked_sub(more + usize::from(is_new)) else { break };
        cells[at(column)] += more;
        left = rest;
    }
    let (ends, last) = (at(Column::Ends), at(Column::Last));
    let share = if cells[last] == 0 { left } else { left / 2 };
    let share = share.min(LONG_ENDS.saturating_sub(cells[ends]));
    cells[ends] += share;
    if cells[last] > 0 {
        cells[last] += left - share;
    }
    ALL.into_iter().zip(cells).filter(|(_, cells)| *cells > 0).collect()
}

impl Column {
    pub(super) fn header(self) -> &'static str {
        match self {
            Self::Number => "#",
            // An arrow stands between the two.
            Self::Ends => "client",
            Self::Process => "process",
            Self::Protocol => "protocol",
            Self::State => "state",
            Self::Rtt => "RTT",
            Self::ClientRate => "client/s",
            Self::ServerRate => "server/s",
            Self::Octets => "octets",
            Self::Packets => "packets",
            Self::Resent => "resent",
            Self::Windows => "windows",
            Self::Age => "age",
            Self::Last => "what happened last",
        }
    }

    /// Whether it holds figures, which stand at the right edge.
    pub(super) fn is_figure(self) -> bool {
        !matches!(self, Self::Ends | Self::Process | Self::Protocol | Self::State | Self::Last)
    }
}

#[cfg(test)]
mod tests {
    use super::Column::*;
    use super::*;

    #[test]
    fn a_wider_screen_shows_no_fewer_columns_and_none_is_wider_than_the_screen() {
        for processes in [false, true] {
            let mut before = Columns::new();
            for width in 1..400 {
                let columns = columns(width, 3, processes);
                let cells: usize = columns.iter().map(|(_, cells)| cells).sum();
                assert!(width < 5 || cells + columns.len() - 1 <= width, "{width}: {columns:?}");
                let has = |one: &Column| columns.iter().any(|(column, _)| column == one);
                assert!(before.iter().all(|(column, _)| has(column)), "{width}: {columns:?}");
                before = columns;
            }
        }
    }

    #[test]
    fn the_usual_screens_show_these() {
        let shown = |width, processes| {
            let columns = columns(width, 3, processes);
            columns.iter().map(|(column, _)| *column).collect::<Vec<_>>()
        };
        let narrow = [Number, Ends, State, Rtt, ClientRate, ServerRate, Resent];
        assert_eq!(shown(80, false), narrow);
        assert_eq!(shown(100, false), [&narrow[..], &[Last]].concat());
        let wide =
            [Number, Ends, State, Rtt, ClientRate, ServerRate, Octets, Resent, Windows, Age, Last];
        assert_eq!(shown(160, false), wide);
        assert_eq!(shown(80, true), [Number, Ends, Process, State, ClientRate, ServerRate]);
        assert!(shown(160, true).contains(&Process));
    }
}
