//! Columns that line up.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// How a column is aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// A table with a header.
pub struct Table {
    columns: Vec<Align>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table; a column whose title begins with `>` is aligned right.
    pub fn new(titles: &[&str]) -> Self {
        let columns = titles
            .iter()
            .map(|title| if title.starts_with('>') { Align::Right } else { Align::Left })
            .collect();
        let header = titles.iter().map(|title| title.trim_start_matches('>').to_string()).collect();
        Self { columns, rows: alloc::vec![header] }
    }

    /// Adds a row. Missing cells stay empty, cells too many are dropped.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into_iter().take(self.columns.len()).collect());
    }

    /// Whether it has no row but the header.
    pub fn is_empty(&self) -> bool {
        self.rows.len() == 1
    }

    /// The text, one line a row, with two spaces between columns and none at the end.
    pub fn render(&self) -> String {
        let widths: Vec<usize> = (0..self.columns.len()).map(|column| self.width(column)).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (column, width) in widths.iter().enumerate() {
                let cell = row.get(column).map_or("", String::as_str);
                self.cell(&mut line, cell, column, *width);
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    fn width(&self, column: usize) -> usize {
        self.rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    }

    fn cell(&self, line: &mut String, cell: &str, column: usize, width: usize) {
        let padding = " ".repeat(width - cell.chars().count().min(width));
        if column > 0 {
            line.push_str("  ");
        }
        match self.columns[column] {
            Align::Left => line.extend([cell, &padding]),
            Align::Right => line.extend([&padding, cell]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&[">PID", "NAME", ">MEM"]);
        assert!(table.is_empty());
        table.row(["1".into(), "init".into(), "12".into()]);
        table.row(["12345".into(), "ä".into(), "9".into()]);
        table.row(["2".into(), "x".into()]);
        assert_eq!(
            table.render(),
            "  PID  NAME  MEM\n    1  init   12\n12345  ä       9\n    2  x\n"
        );
    }
}
