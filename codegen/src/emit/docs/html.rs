//! A typed writer of HTML: text and attribute values are escaped because there is no way to add them otherwise.

/// A finished piece of HTML.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Markup(String);

/// An element under construction: its text so far.
#[derive(Debug, Clone)]
pub(super) struct Tag {
    name: &'static str,
    text: String,
    /// Where the start tag's `>` stands, once there is something in the element.
    end: Option<usize>,
}

/// What can stand in an element. It is written where it belongs at once: a page is a deep tree, whose parts would otherwise be
/// made and copied level by level.
pub(super) trait Piece {
    /// Appends itself, escaped if it is text.
    fn put(self, out: &mut String);
}

/// An element with something in it that is written only where the element is: what is large is not copied from level to level.
pub(super) struct Holding<P> {
    tag: Tag,
    piece: P,
}

/// A whole document, which is expected to take so many bytes.
pub(super) fn document(html: impl Piece, bytes: usize) -> String {
    let mut document = String::with_capacity(bytes);
    document.push_str("<!DOCTYPE html>\n");
    html.put(&mut document);
    document.push('\n');
    document
}

/// Elements without an end tag.
const VOID: [&str; 6] = ["br", "hr", "input", "link", "meta", "wbr"];

/// An element of this name.
pub(super) fn tag(name: &'static str) -> Tag {
    // Most elements are not longer.
    let mut text = String::with_capacity(160);
    text.push('<');
    text.push_str(name);
    Tag { name, text, end: None }
}

/// `<code>` with this text.
pub(super) fn code(text: &str) -> Tag {
    tag("code").add(text)
}

impl Markup {
    /// Adds text or another piece.
    pub fn push(&mut self, piece: impl Piece) {
        piece.put(&mut self.0);
    }

    /// Pieces with a separator between them.
    pub fn join<P: Piece>(pieces: impl IntoIterator<Item = P>, separator: &str) -> Markup {
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

    /// The same with one stretch of HTML in place of another, wherever that is.
    pub fn with(&self, stretch: &str, instead: &str) -> Markup {
        Markup(self.0.replace(stretch, instead))
    }

    /// Bytes so far.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    #[cfg(test)]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Tag {
    /// An attribute.
    pub fn attr(self, name: &'static str, value: impl AsRef<str>) -> Self {
        self.open(|text| {
            text.push(' ');
            text.push_str(name);
            text.push_str("=\"");
            escape(value.as_ref(), text);
            text.push('"');
        })
    }

    /// An attribute without a value.
    pub fn flag(self, name: &'static str) -> Self {
        self.open(|text| {
            text.push(' ');
            text.push_str(name);
        })
    }

    /// Appends to the start tag.
    fn open(mut self, write: impl FnOnce(&mut String)) -> Self {
        match &mut self.end {
            None => write(&mut self.text),
            Some(end) => {
                let mut attribute = String::new();
                write(&mut attribute);
                self.text.insert_str(*end, &attribute);
                *end += attribute.len();
            }
        }
        self
    }

    /// The text, with its start tag closed.
    fn body(&mut self) -> &mut String {
        if self.end.is_none() {
            self.end = Some(self.text.len());
            self.text.push('>');
        }
        &mut self.text
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
    pub fn add(mut self, piece: impl Piece) -> Self {
        piece.put(self.body());
        self
    }

    /// The element with a piece behind what is in it.
    pub fn holding<P: Piece>(self, piece: P) -> Holding<P> {
        Holding { tag: self, piece }
    }

    /// Several pieces.
    pub fn add_all<P: Piece>(self, pieces: impl IntoIterator<Item = P>) -> Self {
        pieces.into_iter().fold(self, Tag::add)
    }
}

/// Bytes that are enough for an end tag. With room for one behind each piece, no piece is moved again because its element ends.
const END: usize = 16;

impl Piece for Markup {
    fn put(self, out: &mut String) {
        out.reserve(self.0.len() + END);
        out.push_str(&self.0);
    }
}

impl Piece for Tag {
    fn put(self, out: &mut String) {
        Markup::from(self).put(out);
    }
}

impl<P: Piece> Piece for Holding<P> {
    fn put(mut self, out: &mut String) {
        out.push_str(self.tag.body());
        self.piece.put(out);
        out.extend(["</", self.tag.name, ">"]);
    }
}

impl<P: Piece> Piece for Vec<P> {
    fn put(self, out: &mut String) {
        self.into_iter().for_each(|piece| piece.put(out));
    }
}

impl<A: Piece, B: Piece> Piece for (A, B) {
    fn put(self, out: &mut String) {
        self.0.put(out);
        self.1.put(out);
    }
}

impl<A: Piece, B: Piece, C: Piece> Piece for (A, B, C) {
    fn put(self, out: &mut String) {
        let (first, second, third) = self;
        (first, (second, third)).put(out);
    }
}

impl Piece for &str {
    fn put(self, out: &mut String) {
        escape(self, out);
    }
}

impl Piece for &String {
    fn put(self, out: &mut String) {
        escape(self, out);
    }
}

impl Piece for String {
    fn put(self, out: &mut String) {
        escape(&self, out);
    }
}

impl<P: Piece> Piece for Option<P> {
    fn put(self, out: &mut String) {
        if let Some(piece) = self {
            piece.put(out);
        }
    }
}

impl From<Tag> for Markup {
    fn from(mut tag: Tag) -> Self {
        let name = tag.name;
        let text = tag.body();
        if !VOID.contains(&name) {
            text.push_str("</");
            text.push_str(name);
            text.push('>');
        }
        Self(tag.text)
    }
}

/// Declares what turns into a piece of HTML by being put into an empty one.
macro_rules! into_markup {
    ($($ty:ty),*) => { $(
        impl From<$ty> for Markup {
            fn from(piece: $ty) -> Self {
                let mut markup = Self::default();
                markup.push(piece);
                markup
            }
        }
    )* };
}
into_markup!(&str, &String, String);

impl<P: Piece> From<Option<P>> for Markup {
    fn from(piece: Option<P>) -> Self {
        let mut markup = Self::default();
        markup.push(piece);
        markup
    }
}

impl<P: Piece> From<Holding<P>> for Markup {
    fn from(Holding { tag, piece }: Holding<P>) -> Self {
        Self::from(tag.add(piece))
    }
}

fn escape(text: &str, out: &mut String) {
    out.reserve(text.len() + END);
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'&' | b'<' | b'>' | b'"')) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        out.push_str(match from.as_bytes()[0] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            _ => "&quot;",
        });
        rest = &from[1..];
    }
    out.push_str(rest);
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
            cell_tag.holding(cell)
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
        let body = tag("tbody").holding(self.rows);
        tag("table").class(class).holding((head, body)).into()
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
