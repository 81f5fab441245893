//! The documentation as plain Markdown: one file per function with all its profiles, and indexes; and the text of rustdoc comments.

use crate::model::{Delivery, Function, FunctionKind, Model, RuleClass};

pub(crate) mod describe;
#[cfg(test)]
pub(crate) mod fixture;
mod function;
pub(crate) mod merge;
pub(crate) mod text;

use merge::{Entry, entries};
use text::{cell, escape, paragraphs};

/// The files, as relative paths with `/` and their content: `README.md`, `errors.md`, `topics.md` and `functions/NAME.md`.
pub fn emit(model: &Model) -> Vec<(String, String)> {
    let entries = entries(model);
    let mut files = vec![
        ("README.md".to_owned(), readme(model, &entries)),
        ("errors.md".to_owned(), errors(model, &entries)),
        ("topics.md".to_owned(), topics(model)),
    ];
    for entry in &entries {
        files.push((format!("functions/{}.md", entry.name), function::page(entry, model)));
    }
    files
}

/// The documentation comment of an item that stands for `function` in the profile `profile`: summary, prose, errors, rules, link and spec line.
///
/// The text is safe as rustdoc: no indented code blocks, no brackets that could be taken for links, no HTML, nothing that becomes a test.
pub fn rustdoc(function: &Function, profile: &str) -> String {
    let mut out = escape(&function.summary);
    for paragraph in paragraphs(&function.prose) {
        out.push_str(&format!("\n\n{}", escape(&paragraph)));
    }
    if !function.errors.is_empty() {
        out.push_str("\n\n# Errors\n");
        for error in &function.errors {
            let delivery = match error.delivery {
                Delivery::Call => String::new(),
                _ => format!(" ({})", describe::delivery(&error.delivery, function)),
            };
            out.push_str(&format!("\n- `{}`{delivery}: {}", error.code, escape(&error.when)));
        }
    }
    if !function.rules.is_empty() {
        out.push_str("\n\n# Rules\n");
        for rule in &function.rules {
            let severity = describe::severity(rule.severity);
            out.push_str(&format!("\n- `{}` ({severity}): {}", rule.id, escape(&rule.text)));
        }
    }
    if let Some(link) = &function.link {
        out.push_str(&format!("\n\nDocumentation: <{link}>"));
    }
    out.push_str(&format!("\n\nAs it is in the profile `{profile}`."));
    out
}

fn readme(model: &Model, entries: &[Entry<'_>]) -> String {
    let mut out = String::from("# The Winsock service-provider interface\n");
    for profile in &model.profiles {
        out.push_str(&format!("\n## `{}`: {}\n", profile.name, escape(&profile.title)));
        for paragraph in paragraphs(&profile.text) {
            out.push_str(&format!("\n{}\n", escape(&paragraph)));
        }
    }
    for kind in KINDS {
        let mut of_kind = entries.iter().filter(|entry| entry.first().kind == kind).peekable();
        if of_kind.peek().is_none() {
            continue;
        }
        out.push_str(&format!("\n## {}s\n\n| Function | Profiles | |\n|---|---|---|\n", describe::kind(kind)));
        for entry in of_kind {
            out.push_str(&format!(
                "| [`{name}`](functions/{name}.md) | {} | {} |\n",
                entry.profiles().join(", "),
                cell(&entry.first().summary),
                name = entry.name,
            ));
        }
    }
    out.push_str("\n## Classes of rules\n\n");
    for class in [RuleClass::Check, RuleClass::Behaviour, RuleClass::Host, RuleClass::Note] {
        out.push_str(&format!("- *{}*: {}\n", describe::class(class), describe::class_meaning(class)));
    }
    out.push_str("\n## Indexes\n\n- [Error codes](errors.md)\n- [Topics](topics.md)\n");
    out
}

/// The kinds of functions, in the order in which a reader meets them.
pub(crate) const KINDS: [FunctionKind; 6] = [
    FunctionKind::Startup,
    FunctionKind::Table,
    FunctionKind::Extension,
    FunctionKind::Upcall,
    FunctionKind::Export,
    FunctionKind::Catalog,
];

fn errors(model: &Model, entries: &[Entry<'_>]) -> String {
    let mut out =
        String::from("# Error codes\n\n| Code | Value | NTSTATUS | Meaning | Given by |\n|---|---|---|---|---|\n");
    for code in &model.codes {
        let gives = |function: &Function| function.errors.iter().any(|error| error.code == code.name);
        let givers: Vec<String> = entries
            .iter()
            .filter(|entry| entry.readings.iter().any(|(_, function)| gives(function)))
            .map(|entry| format!("[`{name}`](functions/{name}.md)", name = entry.name))
            .collect();
        let ntstatus = code.ntstatus.map(|status| format!("`0x{status:08X}`")).unwrap_or_default();
        out.push_str(&format!(
            "| `{}` | {} | {ntstatus} | {} | {} |\n",
            code.name,
            code.value,
            cell(&code.text),
            givers.join(", ")
        ));
    }
    out
}

fn topics(model: &Model) -> String {
    let mut out = String::from("# Topics\n\nRules that belong to no single function.\n");
    for (profiles, topic) in merge::topics(model) {
        out.push_str(&format!(
            "\n## {}\n\nProfiles: {}. Declared in `{}`.\n",
            escape(&topic.title),
            profiles.join(", "),
            topic.origin
        ));
        for paragraph in paragraphs(&topic.text) {
            out.push_str(&format!("\n{}\n", escape(&paragraph)));
        }
        out.push('\n');
        for rule in &topic.rules {
            out.push_str(&function::rule_line(rule, ""));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file<'f>(files: &'f [(String, String)], path: &str) -> &'f str {
        &files.iter().find(|(name, _)| name == path).unwrap_or_else(|| panic!("no {path}")).1
    }

    #[test]
    fn writes_a_file_per_function_and_the_indexes() {
        let files = emit(&fixture::model());
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "README.md",
                "errors.md",
                "topics.md",
                "functions/WSPStartup.md",
                "functions/WSPSend.md",
                "functions/WPUQueueApc.md",
                "functions/WSPRdmaWrite.md",
            ]
        );
        assert!(file(&files, "errors.md").contains("| `WSA_OPERATION_ABORTED` | 995 | `0xC0000120` |"));
        assert!(
            file(&files, "README.md").contains("| [`WSPSend`](functions/WSPSend.md) | winsock, san | Sends data. |")
        );
    }

    #[test]
    fn says_what_differs_between_profiles() {
        let files = emit(&fixture::model());
        let page = file(&files, "functions/WSPSend.md");
        assert!(page.contains("(winsock) a pointer is \\[not\\] in user memory (san) never mind"), "{page}");
        assert!(
            page.contains(
                "| `WSAEFAULT` | 10014 | (winsock) with the event | practice | with the event `FD_CONNECT` |"
            ),
            "{page}"
        );
        assert!(page.contains("- **WSPSend-S01** (san; host, must)"), "{page}");
    }

    #[test]
    fn rustdoc_is_plain() {
        let text = rustdoc(&fixture::send(), "winsock");
        assert!(
            text.starts_with("Sends data.\n\nOne paragraph about `WSPSend` and \\<b\\>.\n\nNot code.\n\n# Errors\n"),
            "{text}"
        );
        assert!(text.contains("- `WSAEFAULT`: a pointer is \\[not\\] in user memory"), "{text}");
        assert!(text.contains("- `WSPSend-01` (must): "), "{text}");
        assert!(text.contains("Documentation: <https://example.invalid/wspsend>"), "{text}");
        assert!(text.ends_with("As it is in the profile `winsock`."), "{text}");
        assert!(text.lines().all(|line| !line.starts_with(' ')), "{text}");
    }
}
