//! Rows, as aligned columns or as JSON.

use serde_json::{Map, Value};

/// A table with named columns.
pub struct Table {
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub fn new(columns: &[&'static str]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; what it lacks stays empty.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.to_vec());
    }

    /// Prints it.
    pub fn print(&self, json: bool) {
        if json {
            println!("{}", self.json());
        } else {
            print!("{}", self.text());
        }
    }

    fn json(&self) -> Value {
        let row = |cells: &Vec<String>| {
            let members = self.columns.iter().zip(cells).map(|(name, cell)| (name.to_string(), value(cell)));
            Value::Object(members.collect::<Map<_, _>>())
        };
        Value::Array(self.rows.iter().map(row).collect())
    }

    fn text(&self) -> String {
        let header: Vec<String> = self.columns.iter().map(|name| name.to_string()).collect();
        let width = |at: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(at)).chain(header.get(at));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let mut text = String::new();
        for row in std::iter::once(&header).chain(&self.rows) {
            let cells = row.iter().enumerate().map(|(at, cell)| {
                let pad = width(at) - cell.chars().count();
                // Numbers to the right, words to the left.
                if at > 0 && value(cell).is_number() {
                    format!("{}{cell}", " ".repeat(pad))
                } else {
                    format!("{cell}{}", " ".repeat(pad))
                }
            });
            text += cells.collect::<Vec<_>>().join("  ").trim_end();
            text.push('\n');
        }
        text
    }
}

fn value(cell: &str) -> Value {
    cell.parse::<serde_json::Number>().map_or_else(|_| Value::from(cell), Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_line_up_at_the_right_and_stay_numbers_in_json() {
        let mut table = Table::new(&["what", "count", "verdict"]);
        table.row(["a".into(), "7".into(), "ok".into()]);
        table.row(["long name".into(), "123".into(), "missed".into()]);
        assert_eq!(table.text(), "what       count  verdict\na              7  ok\nlong name    123  missed\n");
        assert_eq!(table.json()[1]["count"], 123);
        assert_eq!(table.json()[0]["verdict"], "ok");
    }
}
