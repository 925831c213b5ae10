//! How is a bounded table laid out on a page?

use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use super::value::{clipped, own};
use crate::ink::Ink;

/// A table without lines but the one under its header.
pub(super) fn table(width: u16, ascii: bool) -> Table {
    let rule = LineStyle::none().fill(if ascii { '-' } else { '─' });
    let style = TableStyle::new().header_separator(rule.junction(if ascii { '-' } else { '─' }));
    let mut table = Table::new();
    table.load_style(style).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(width.max(60) - 2);
    table
}

/// A cell of safe words, clipped: the table's own wrapping is slow on long ones.
pub(super) fn cell(ascii: bool, write: impl FnOnce(&mut Ink)) -> Cell {
    let (mut all, mut fit) = (Ink::default(), Ink::default());
    (all.ascii, fit.ascii) = (ascii, ascii);
    write(&mut all);
    clipped(all.as_bytes(), 60, own, &mut fit);
    Cell::new(String::from_utf8_lossy(fit.as_bytes()))
}

pub(super) fn right(cell: Cell) -> Cell {
    cell.set_alignment(CellAlignment::Right)
}

pub(super) fn put(mut table: Table, ink: &mut Ink) {
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
    }
    for line in table.lines() {
        ink.text("  ").text(line.trim_end()).text("\n");
    }
}
