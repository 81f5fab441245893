//! Rules: their ids, the checks that they name, the reasons that notes give.

use std::collections::BTreeMap;

use super::Subject;
use crate::diagnostic::{Code, Diagnostics, Span, suggest};
use crate::model::RuleClass;
use crate::resolve::Resolved;
use crate::resolve::names::Names;
use crate::syntax::function::Rule;

/// The rules of a function.
pub fn function(subject: Subject<'_>, diags: &mut Diagnostics) {
    let prefix = format!("{}.", subject.function.name);
    let known: Vec<&str> = subject.function.checks.iter().filter_map(|check| check.id.strip_prefix(&prefix)).collect();
    for declared in subject.decl.rules.iter().flatten() {
        rule(declared, &known, &subject.name(), diags);
    }
}

/// The rules of topics; their checks are named with the function in front.
pub fn topics(resolved: &Resolved, names: &Names<'_>, diags: &mut Diagnostics) {
    for topic in names.topics.iter() {
        let in_topic = |name: &str| topic.profiles.iter().any(|profile| profile.value == name);
        let profiles = resolved.model.profiles.iter().filter(|profile| in_topic(&profile.name));
        let functions = profiles.flat_map(|profile| &profile.functions);
        let known: Vec<&str> = functions.flat_map(|function| &function.checks).map(|check| check.id.as_str()).collect();
        for declared in topic.rules.iter().flatten() {
            rule(declared, &known, &format!("the topic `{}`", topic.topic.value), diags);
        }
    }
}

fn rule(rule: &Rule, known: &[&str], whose: &str, diags: &mut Diagnostics) {
    let id = &rule.id;
    let checks = rule.checks.as_deref().unwrap_or_default();
    let class = rule.class.value;
    if class == RuleClass::Check && checks.is_empty() {
        diags
            .error(
                Code::RuleCheck,
                id.span,
                format!("the rule `{}` is a check, but no generated check implements it", id.value),
            )
            .hint("name them with `checks: […]`, or choose another class");
    }
    if class != RuleClass::Check && !checks.is_empty() {
        diags
            .error(Code::RuleCheck, id.span, format!("the rule `{}` names checks, but is none", id.value))
            .also(rule.class.span, "its class")
            .hint("say `class: check`, or remove `checks`");
    }
    for check in checks.iter().filter(|check| !known.contains(&check.value.as_str())) {
        let diagnostic =
            diags.error(Code::RuleCheck, check.span, format!("{whose} has no generated check `{}`", check.value));
        match suggest(&check.value, known.iter().copied()) {
            Some(meant) => diagnostic.hint(format!("did you mean `{meant}`?")),
            None => diagnostic.hint(format!("its checks are {}", known.join(", "))),
        };
    }
    if class == RuleClass::Note && rule.reason.is_none() {
        diags
            .error(Code::NoteWithoutReason, id.span, format!("the note `{}` gives no reason", id.value))
            .hint("say with `reason` why it is only a note");
    }
}

/// A rule's id is its own in the whole spec.
pub fn ids(resolved: &Resolved, names: &Names<'_>, diags: &mut Diagnostics) {
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    let of_functions = resolved.merged.iter().flatten().flat_map(|merged| merged.decl.rules.iter().flatten());
    let of_topics = names.topics.iter().flat_map(|topic| topic.rules.iter().flatten());
    for rule in of_functions.chain(of_topics) {
        let span = rule.id.span;
        let first = *seen.entry(&rule.id.value).or_insert(span);
        if first != span {
            let (first, again) = (first.min(span), first.max(span));
            diags
                .error(Code::RuleIdTwice, again, format!("two rules have the id `{}`", rule.id.value))
                .also(first, "the first")
                .hint("take the next free number; an id is never reused");
        }
    }
}
