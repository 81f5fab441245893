//! Diagnostics for programs.

use super::{Diagnostics, Label, Span};
use crate::json::Json;

impl Diagnostics {
    /// A JSON array with one object per diagnostic: `code`, `level`, `message`, `label`, `path`, `line`, `column`, `end_line`,
    /// `end_column`, `hint` (or null) and `also`, the further places. Lines and columns count from 1.
    pub fn to_json(&self) -> String {
        let items = self.items.iter().map(|item| {
            let mut members = vec![
                ("code", Json::text(item.code.to_string())),
                ("level", Json::text(item.level.word())),
                ("message", Json::text(item.message.as_str())),
            ];
            members.extend(self.place(&item.primary));
            members.push(("hint", item.hint.as_deref().map_or(Json::Null, Json::text)));
            members.push((
                "also",
                Json::List(item.secondary.iter().map(|label| Json::object(self.place(label))).collect()),
            ));
            Json::object(members)
        });
        Json::List(items.collect()).pretty()
    }

    fn place<'a>(&'a self, label: &'a Label) -> Vec<(&'static str, Json<'a>)> {
        let span: Span = label.span;
        let (from, to) = self.position(span);
        vec![
            ("label", Json::text(label.text.as_str())),
            ("path", Json::text(self.path(span))),
            ("line", Json::Number(from.line as i128)),
            ("column", Json::Number(from.column as i128)),
            ("end_line", Json::Number(to.line as i128)),
            ("end_column", Json::Number(to.column as i128)),
        ]
    }
}
