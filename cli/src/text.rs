//! How text is laid out: styles (dropped where the output is no terminal), aligned tables, folded paragraphs.

use std::fmt::Write as _;

pub const BOLD: &str = "\x1b[1m";
pub const DIM: &str = "\x1b[2m";
pub const RED: &str = "\x1b[1;31m";
pub const GREEN: &str = "\x1b[1;32m";
pub const PLAIN: &str = "\x1b[0m";

/// Columns that text is folded to.
const WIDTH: usize = 100;

/// A table whose columns line up. Columns whose heading starts with `>` are set flush right.
pub struct Table {
    rows: Vec<Vec<String>>,
    right: Vec<bool>,
}

impl Table {
    /// A table with these headings.
    pub fn new(headings: &[&str]) -> Self {
        let right = headings.iter().map(|heading| heading.starts_with('>')).collect();
        Self { rows: vec![headings.iter().map(|heading| heading.trim_start_matches('>').to_owned()).collect()], right }
    }

    /// Adds a row.
    pub fn row<T: ToString>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(|cell| cell.to_string()).collect());
    }

    /// The table as text; the last column is folded.
    pub fn text(&self) -> String {
        let columns = self.right.len();
        let width =
            |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        let mut out = String::new();
        for (at, row) in self.rows.iter().enumerate() {
            let mut line = String::from("  ");
            for (column, cell) in row.iter().enumerate() {
                let last = column + 1 == columns;
                let width = widths.get(column).copied().unwrap_or(0);
                if self.right.get(column) == Some(&true) {
                    let _ = write!(line, "{cell:>width$}");
                } else if last {
                    let indent = line.chars().count();
                    line.push_str(&fold(cell, WIDTH.saturating_sub(indent).max(30), indent));
                } else {
                    let _ = write!(line, "{cell:<width$}");
                }
                if !last {
                    line.push_str("  ");
                }
            }
            let line = line.trim_end();
            if at == 0 {
                let _ = writeln!(out, "{DIM}{line}{PLAIN}");
            } else {
                let _ = writeln!(out, "{line}");
            }
        }
        out
    }
}

/// A paragraph, folded and indented by two.
pub fn paragraph(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("  {}\n", fold(&text, WIDTH - 2, 2))
}

/// Folds at blanks; lines after the first are indented.
fn fold(text: &str, width: usize, indent: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            used = 0;
        } else if used > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += length;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&["name", ">count"]);
        table.row(["a", "1"]);
        table.row(["long name", "100"]);
        let lines: Vec<String> = table.text().lines().map(|line| line.replace(DIM, "").replace(PLAIN, "")).collect();
        assert_eq!(lines, ["  name       count", "  a              1", "  long name    100"]);
    }

    #[test]
    fn text_is_folded_at_blanks() {
        assert_eq!(fold("one two three", 8, 2), "one two\n  three");
        assert_eq!(fold("unbreakable", 3, 2), "unbreakable");
    }
}
