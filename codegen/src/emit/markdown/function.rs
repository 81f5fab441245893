//! The Markdown page of one function.

use super::describe;
use super::merge::{Entry, Variant};
use super::text::{cell, escape, one_line, paragraphs};
use crate::model::{Delivery, Function, Model, Param, Rule, Source};

/// All that is known of a function, profiles merged.
pub(super) fn page(entry: &Entry<'_>, model: &Model) -> String {
    let function = entry.first();
    let mut out = format!("# {}\n", entry.name);
    let place = match (&function.table, function.slot) {
        (Some(table), Some(slot)) => format!(", slot {slot} of `{table}`"),
        _ => String::new(),
    };
    let builds =
        function.builds.map_or(String::new(), |builds| format!(", in {} builds only", describe::builds(builds)));
    out.push_str(&format!(
        "\n{}{place}{builds}. Header `{}`. Profiles: {}. Declared in `{}`.\n",
        describe::kind(function.kind),
        function.header,
        entry.profiles().join(", "),
        function.origin
    ));
    paragraph(&mut out, entry, |function| function.summary.clone());
    paragraph(&mut out, entry, |function| {
        describe::duty(function).map(|duty| format!("Provider: {duty}.")).unwrap_or_default()
    });
    if let Some(link) = &function.link {
        out.push_str(&format!("\nDocumentation: <{link}>\n"));
    }
    out.push_str(&format!("\n```c\n{}\n```\n", describe::c_signature(function)));
    out.push_str(&format!("\n```rust,ignore\n{}\n```\n", describe::rust_signature(function, model)));
    paragraph(&mut out, entry, |function| function.prose.clone());
    params(&mut out, entry);
    out.push_str("\n## Return value\n");
    paragraph(&mut out, entry, |function| {
        let mut text = format!("Success: {}. {}", describe::success(function), describe::error_via(function));
        if !function.returns.text.trim().is_empty() {
            text.push_str(&format!("\n\n{}", function.returns.text));
        }
        text
    });
    outcomes(&mut out, entry);
    errors(&mut out, entry, model);
    behaviour(&mut out, entry);
    checks(&mut out, entry);
    rules(&mut out, entry);
    examples(&mut out, function);
    see_also(&mut out, entry);
    out
}

/// A line about a rule.
pub(super) fn rule_line(rule: &Rule, profiles: &str) -> String {
    let mut line = format!(
        "- **{}** ({profiles}{}, {}) {}",
        rule.id,
        describe::class(rule.class),
        describe::severity(rule.severity),
        escape(&one_line(&rule.text))
    );
    match (&rule.test, rule.checks.is_empty(), &rule.reason) {
        (Some(test), _, _) => line.push_str(&format!(" Test: `{test}`.")),
        (None, false, _) => line.push_str(&format!(" Checks: `{}`.", rule.checks.join("`, `"))),
        (None, true, Some(reason)) => line.push_str(&format!(" {}", escape(reason.trim()))),
        (None, true, None) => {}
    }
    line.push('\n');
    line
}

/// Variants in one line of text, each after its profiles unless there is only one.
fn inline(variants: &[Variant<'_, String>], total: usize) -> String {
    let named = |variant: &Variant<'_, String>| {
        let text = cell(&variant.value);
        if variant.profiles.len() == total { text } else { format!("({}) {text}", variant.profiles.join(", ")) }
    };
    variants.iter().filter(|variant| !variant.value.trim().is_empty()).map(named).collect::<Vec<_>>().join(" ")
}

/// Paragraphs of text, each variant after its profiles.
fn paragraph(out: &mut String, entry: &Entry<'_>, read: impl FnMut(&Function) -> String) {
    for variant in entry.variants(read) {
        if variant.value.trim().is_empty() {
            continue;
        }
        if variant.profiles.len() != entry.readings.len() {
            out.push_str(&format!("\n*In {}:*\n", variant.profiles.join(", ")));
        }
        for paragraph in paragraphs(&variant.value) {
            out.push_str(&format!("\n{}\n", escape(&paragraph)));
        }
    }
}

fn params(out: &mut String, entry: &Entry<'_>) {
    let merged = entry.items(|function| &function.params, |param| &param.name);
    if merged.is_empty() {
        return;
    }
    out.push_str("\n## Parameters\n\n| Name | Type | Direction | Meaning |\n|---|---|---|---|\n");
    for same in merged {
        let (_, _, first) = same[0];
        let texts = same.iter().map(|(function, profile, param)| (*profile, param_text(param, function)));
        out.push_str(&format!(
            "| `{}` | `{}` | {} | {} |\n",
            first.name,
            cell(&first.ty.c),
            describe::direction(first.direction),
            inline(&super::merge::group(texts), entry.readings.len())
        ));
    }
}

fn param_text(param: &Param, function: &Function) -> String {
    let mut parts = vec![param.text.trim().trim_end_matches('.').to_owned()];
    parts.extend(describe::socket(param).map(str::to_owned));
    parts.extend(describe::null(param, function).map(|text| format!("NULL: {text}")));
    parts.extend(describe::length(param, function).map(|text| format!("Length: {text}")));
    parts.extend(param.allowed.as_ref().map(|set| format!("Allowed: {}", describe::allowed(set, function))));
    parts.join(". ") + "."
}

fn outcomes(out: &mut String, entry: &Entry<'_>) {
    for same in entry.items(|function| &function.outcomes, |outcome| &outcome.code) {
        let texts = same.iter().map(|(_, profile, outcome)| (*profile, outcome.when.clone()));
        let text = inline(&super::merge::group(texts), entry.readings.len());
        out.push_str(&format!("\n`{}` is no error: {text}.\n", same[0].2.code));
    }
}

fn errors(out: &mut String, entry: &Entry<'_>, model: &Model) {
    let merged = entry.items(|function| &function.errors, |error| (&error.code, &error.delivery));
    if merged.is_empty() {
        return;
    }
    out.push_str("\n## Errors\n\n| Code | Value | When | Source | Delivered |\n|---|---|---|---|---|\n");
    for same in merged {
        let (function, _, first) = same[0];
        let total = entry.readings.len();
        let when = super::merge::group(same.iter().map(|(_, profile, error)| (*profile, error.when.clone())));
        let sources = same.iter().map(|(_, profile, error)| (*profile, describe::source(error.source).to_owned()));
        let sources = super::merge::group(sources);
        let source = if sources.len() == 1 { sources[0].value.clone() } else { inline(&sources, total) };
        out.push_str(&format!(
            "| `{}` | {} | {} | {source} | {} |\n",
            first.code,
            model.code(&first.code).map(|code| code.value.to_string()).unwrap_or_default(),
            inline(&when, total),
            match first.delivery {
                Delivery::Call => "by the call".to_owned(),
                _ => describe::delivery(&first.delivery, function),
            },
        ));
    }
    let used = |source: &Source| {
        entry.readings.iter().any(|(_, function)| function.errors.iter().any(|error| error.source == *source))
    };
    let meanings = [Source::Table, Source::Remarks, Source::Inherited, Source::Practice]
        .into_iter()
        .filter(used)
        .map(|source| format!("*{}*: {}", describe::source(source), describe::source_meaning(source)));
    out.push_str(&format!("\n{}.\n", meanings.collect::<Vec<_>>().join("; ")));
}

fn behaviour(out: &mut String, entry: &Entry<'_>) {
    out.push_str("\n## Behaviour\n");
    paragraph(out, entry, |function| {
        let mut text = describe::blocking(&function.blocking);
        if let Some(completion) = &function.completion {
            let operation = describe::param_name(function, completion.operation);
            text.push_str(&format!(" With `{operation}` it may finish later. {}", completion.text.trim()));
        }
        text
    });
    paragraph(out, entry, |function| {
        let list = |label: &str, names: &[String]| match names {
            [] => String::new(),
            names => format!("{label} `{}`. ", names.join("`, `")),
        };
        let (states, upcalls) = (&function.states, &function.upcalls);
        [
            list("Requires a socket that is", &states.requires),
            list("Leaves it", &states.becomes),
            states.text.trim().to_owned(),
            " ".to_owned(),
            list("Must call", &upcalls.must),
            list("May call", &upcalls.may),
            upcalls.text.trim().to_owned(),
        ]
        .concat()
    });
}

fn checks(out: &mut String, entry: &Entry<'_>) {
    let merged = entry.items(|function| &function.checks, |check| (&check.id, &check.code));
    if merged.is_empty() {
        return;
    }
    out.push_str("\n## Checks\n\n| Check | Code | Refused |\n|---|---|---|\n");
    for same in merged {
        let (_, _, check) = same[0];
        let texts = same.iter().map(|(_, profile, check)| (*profile, check.text.clone()));
        out.push_str(&format!(
            "| `{}` | {} | {} |\n",
            check.id,
            check.code.as_ref().map(|code| format!("`{code}`")).unwrap_or_default(),
            inline(&super::merge::group(texts), entry.readings.len())
        ));
    }
}

fn rules(out: &mut String, entry: &Entry<'_>) {
    let rules = entry.rules();
    if rules.is_empty() {
        return;
    }
    out.push_str("\n## Rules\n\n");
    for (profiles, rule) in rules {
        let all = profiles.len() == entry.readings.len();
        let profiles = if all { String::new() } else { format!("{}; ", profiles.join(", ")) };
        out.push_str(&rule_line(rule, &profiles));
    }
}

fn examples(out: &mut String, function: &Function) {
    if function.examples.is_empty() {
        return;
    }
    out.push_str("\n## Examples\n");
    for example in &function.examples {
        out.push_str(&format!("\n**{}**\n\n", escape(&example.title)));
        for (name, value) in &example.values {
            out.push_str(&format!("- `{name}` = `{value}`\n"));
        }
        for paragraph in paragraphs(&example.text) {
            out.push_str(&format!("\n{}\n", escape(&paragraph)));
        }
    }
}

fn see_also(out: &mut String, entry: &Entry<'_>) {
    let links: Vec<String> = entry.first().see_also.iter().map(|name| format!("[`{name}`]({name}.md)")).collect();
    if !links.is_empty() {
        out.push_str(&format!("\n## See also\n\n{}\n", links.join(", ")));
    }
}
