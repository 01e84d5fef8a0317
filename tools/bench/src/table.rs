//! Rows as a table.

use crate::Row;

/// A table of operations and their costs, one line each.
pub fn table(rows: &[Row]) -> String {
    let head = ["operation", "min", "median", "p99", "max"].map(str::to_owned).to_vec();
    let cells = |row: &Row| {
        let figures = row.figures;
        let numbers = [figures.min, figures.median, figures.p99, figures.max];
        let [min, median, p99, max] = numbers.map(grouped);
        vec![row.name.clone(), min, median, p99, max]
    };
    aligned(&std::iter::once(head).chain(rows.iter().map(cells)).collect::<Vec<_>>())
}

/// Columns of minimal width, the first aligned to the left, the others to the right.
pub(crate) fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let cell =
        |line: &Vec<String>, column: usize| line.get(column).map_or(0, |it| it.chars().count());
    let width = |column| lines.iter().map(|line| cell(line, column)).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |cells: &Vec<String>| {
        let cell = |(column, cell): (usize, &String)| match column {
            0 => format!("{cell:<width$}", width = widths[0]),
            _ => format!("  {cell:>width$}", width = widths[column]),
        };
        let text: String = cells.iter().enumerate().map(cell).collect();
        format!("{}\n", text.trim_end())
    };
    lines.iter().map(line).collect()
}

/// A number with a comma between its thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{grouped, table};
    use crate::{Figures, Row};

    #[test]
    fn thousands_are_grouped() {
        let numbers = [0, 999, 1_000, 12_345, 1_234_567];
        let texts = numbers.map(grouped);
        assert_eq!(texts, ["0", "999", "1,000", "12,345", "1,234,567"]);
    }

    #[test]
    fn columns_are_aligned() {
        let figures = Figures { min: 5, median: 1_000, p99: 7, max: 8, ..Figures::default() };
        let rows = [Row { name: "a-long-name".into(), figures }];
        let wanted = "operation    min  median  p99  max\na-long-name    5   1,000    7    8\n";
        assert_eq!(table(&rows), wanted);
    }
}
