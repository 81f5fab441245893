//! The index that the search in `site.js` ranks.

use super::super::markdown::text::one_line;
use super::super::markdown::{describe, merge};
use super::lists::value;
use super::site::{Site, check_anchor};
use super::topics::topic_path;
use crate::json::Json;

/// A script that sets `WSP_INDEX` to `[kind, name, place, text]` for everything that can be found.
pub(super) fn index(site: &Site<'_>) -> String {
    let mut rows: Vec<[String; 4]> = Vec::new();
    let mut add = |kind: &str, name: &str, place: String, text: &str| {
        let text = one_line(text).replace('`', "");
        rows.push([kind.to_owned(), name.to_owned(), place, text]);
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
    let rows =
        rows.iter().map(|row| format!("[{}]", row.each_ref().map(|text| string(text)).join(","))).collect::<Vec<_>>();
    format!("window.WSP_INDEX=[\n{}\n];\n", rows.join(",\n"))
}

/// A string as JavaScript writes it.
fn string(text: &str) -> String {
    Json::text(text).pretty().trim_end().to_owned()
}
