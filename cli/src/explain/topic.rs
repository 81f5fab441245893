//! `wsp explain flow`.

use std::fmt::Write as _;

use wsp_codegen::model::Model;

use super::function::class;
use super::same;
use crate::text::{BOLD, DIM, PLAIN, Table, paragraph};

/// A topic in every profile that has it.
pub fn explain(model: &Model, name: &str) -> Option<String> {
    let mut text = String::new();
    for profile in &model.profiles {
        let called = |title: &str| same(title, name);
        for topic in profile.topics.iter().filter(|topic| called(&topic.name) || called(&topic.title)) {
            let _ = writeln!(text, "{BOLD}{}{PLAIN}: a topic of {}", topic.title, profile.name);
            for part in topic.text.split("\n\n") {
                text.push('\n');
                text.push_str(&paragraph(part));
            }
            let mut rules = Table::new(&["rule", "class", "what it says"]);
            for rule in &topic.rules {
                rules.row([rule.id.as_str(), class(rule.class), rule.text.trim()]);
            }
            let _ = write!(text, "\n{}\n  {DIM}Declared in spec/{}{PLAIN}\n\n", rules.text(), topic.origin);
        }
    }
    (!text.is_empty()).then_some(text)
}
