//! The index that the search in `site.js` ranks.

use super::super::markdown::text::one_line;
use super::super::markdown::{describe, merge};
use super::lists::value;
use super::site::{Site, check_anchor};
use super::topics::topic_path;
use crate::json::write_text;

/// A script that sets `WSP_INDEX` to `[kind, name, place, text]` for everything that can be found.
pub(super) fn index(site: &Site<'_>) -> String {
    let mut index = "window.WSP_INDEX=[\n".to_owned();
    let mut add = |kind: &str, name: &str, place: String, text: &str| {
        if index.ends_with(']') {
            index.push_str(",\n");
        }
        let mut before = '[';
        for part in [kind, name, &place, &one_line(text).replace('`', "")] {
            index.push(before);
            // A string of JSON is one of JavaScript.
            write_text(&mut index, part);
            before = ',';
        }
        index.push(']');
    };
    let model = site.model;
    for entry in &site.entries {
        let function = entry.first();
        let page = format!("functions/{}.html", entry.name);
        add(describe::kind(function.kind), entry.name, page.clone(), &function.summary);
        for (_, rule) in entry.rules() {
            add("Rule", &rule.id, format!("{page}#{}", rule.id), &rule.text);
        }
        let mut seen: Vec<&str> = Vec::new();
        for check in entry.readings.iter().flat_map(|(_, function)| &function.checks) {
            if !seen.contains(&check.id.as_str()) {
                seen.push(&check.id);
                add("Check", &check.id, format!("{page}#{}", check_anchor(&check.id)), &check.text);
            }
        }
    }
    for code in &model.codes {
        let ntstatus = code.ntstatus.map(|status| format!(" 0x{status:08X}")).unwrap_or_default();
        let text = format!("{}{ntstatus} {}", code.value, code.text);
        add("Error code", &code.name, format!("errors.html#{}", code.name), &text);
    }
    for constant in model.groups.iter().flat_map(|group| &group.constants) {
        let text = format!("{} {}", value(constant), constant.text);
        add("Constant", &constant.name, format!("constants.html#{}", constant.name), &text);
    }
    for ty in &model.types {
        add("Type", &ty.name, format!("types.html#{}", ty.name), &ty.text);
    }
    for table in &model.tables {
        add("Table", &table.name, format!("tables.html#{}", table.name), &table.text);
    }
    for state in &model.states {
        add("State", &state.title, format!("states.html#state-{}", state.name), &state.text);
    }
    for (_, topic) in merge::topics(model) {
        add("Topic", &topic.title, topic_path(topic), &topic.text);
        for rule in &topic.rules {
            add("Rule", &rule.id, format!("{}#{}", topic_path(topic), rule.id), &rule.text);
        }
    }
    index.push_str("\n];\n");
    index
}
