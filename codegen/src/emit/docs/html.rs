//! A typed writer of HTML: text and attribute values are escaped because there is no way to add them otherwise.

/// A finished piece of HTML.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Markup(String);

/// An element under construction.
#[derive(Debug, Clone)]
pub(super) struct Tag {
    name: &'static str,
    attributes: String,
    body: String,
}

/// Elements without an end tag.
const VOID: [&str; 6] = ["br", "hr", "input", "link", "meta", "wbr"];

/// An element of this name.
pub(super) fn tag(name: &'static str) -> Tag {
    Tag { name, attributes: String::new(), body: String::new() }
}

/// `<code>` with this text.
pub(super) fn code(text: &str) -> Tag {
    tag("code").add(text)
}

impl Markup {
    /// Adds text or another piece.
    pub fn push(&mut self, piece: impl Into<Markup>) {
        self.0.push_str(&piece.into().0);
    }

    /// Pieces with a separator between them.
    pub fn join<P: Into<Markup>>(pieces: impl IntoIterator<Item = P>, separator: &str) -> Markup {
        let mut joined = Markup::default();
        for (index, piece) in pieces.into_iter().enumerate() {
            if index > 0 {
                joined.push(separator);
            }
            joined.push(piece);
        }
        joined
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A whole document.
    pub fn into_document(self) -> String {
        format!("<!DOCTYPE html>\n{}\n", self.0)
    }

    #[cfg(test)]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Tag {
    /// An attribute.
    pub fn attr(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        self.attributes.push_str(&format!(" {name}=\"{}\"", escaped(value.as_ref())));
        self
    }

    /// An attribute without a value.
    pub fn flag(mut self, name: &'static str) -> Self {
        self.attributes.push_str(&format!(" {name}"));
        self
    }

    pub fn class(self, value: &str) -> Self {
        self.attr("class", value)
    }

    pub fn id(self, value: impl AsRef<str>) -> Self {
        self.attr("id", value)
    }

    pub fn href(self, value: impl AsRef<str>) -> Self {
        self.attr("href", value)
    }

    /// Text (escaped) or another element.
    pub fn add(mut self, piece: impl Into<Markup>) -> Self {
        self.body.push_str(&piece.into().0);
        self
    }

    /// Several pieces.
    pub fn add_all<P: Into<Markup>>(self, pieces: impl IntoIterator<Item = P>) -> Self {
        pieces.into_iter().fold(self, Tag::add)
    }
}

impl From<Tag> for Markup {
    fn from(tag: Tag) -> Self {
        let Tag { name, attributes, body } = tag;
        match VOID.contains(&name) {
            true => Markup(format!("<{name}{attributes}>")),
            false => Markup(format!("<{name}{attributes}>{body}</{name}>")),
        }
    }
}

impl From<&str> for Markup {
    fn from(text: &str) -> Self {
        Markup(escaped(text))
    }
}

impl From<&String> for Markup {
    fn from(text: &String) -> Self {
        Markup(escaped(text))
    }
}

impl From<String> for Markup {
    fn from(text: String) -> Self {
        Markup(escaped(&text))
    }
}

impl<P: Into<Markup>> From<Option<P>> for Markup {
    fn from(piece: Option<P>) -> Self {
        piece.map(Into::into).unwrap_or_default()
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// A table; every cell knows its column's title, which is what a narrow screen shows in place of the head.
pub(super) struct Table {
    titles: &'static [&'static str],
    rows: Vec<Tag>,
}

impl Table {
    pub fn new(titles: &'static [&'static str]) -> Self {
        Self { titles, rows: Vec::new() }
    }

    /// A row. `row` is a `tr` that may have attributes; the first cell heads the row.
    pub fn row(&mut self, row: Tag, cells: impl IntoIterator<Item = Markup>) {
        let cells = cells.into_iter().zip(self.titles).enumerate().map(|(index, (cell, title))| {
            let cell_tag =
                if index == 0 { tag("th").attr("scope", "row") } else { tag("td").attr("data-label", title) };
            let cell_tag = if cell.is_empty() { cell_tag.class("none") } else { cell_tag };
            cell_tag.add(cell)
        });
        self.rows.push(row.add_all(cells));
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table, with a class that sets the widths of its columns.
    pub fn finish(self, class: &str) -> Markup {
        let titles = self.titles.iter().map(|title| tag("th").attr("scope", "col").add(*title));
        let head = tag("thead").add(tag("tr").add_all(titles));
        let body = tag("tbody").add_all(self.rows);
        tag("table").class(class).add(head).add(body).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_text_and_attributes() {
        let markup = Markup::from(tag("a").href("x?a=\"1\"&b").add("<&>\"").add(tag("br")));
        assert_eq!(markup.as_str(), "<a href=\"x?a=&quot;1&quot;&amp;b\">&lt;&amp;&gt;&quot;<br></a>");
    }

    #[test]
    fn a_table_labels_its_cells() {
        let mut table = Table::new(&["Code", "When"]);
        table.row(tag("tr").id("x"), ["A".into(), "B".into()]);
        assert_eq!(
            table.finish("t").as_str(),
            "<table class=\"t\"><thead><tr><th scope=\"col\">Code</th><th scope=\"col\">When</th></tr></thead>\
             <tbody><tr id=\"x\"><th scope=\"row\">A</th><td data-label=\"When\">B</td></tr></tbody></table>"
        );
    }
}
