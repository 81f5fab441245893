//! Allowed values must fit the type that they are values of.

use std::collections::BTreeSet;

use super::Subject;
use crate::diagnostic::{Code, Diagnostics, Span, suggest};
use crate::model::{AllowedSet, Direction, Value};
use crate::resolve::facts::range;
use crate::shape::Entry;
use crate::syntax::value::Allowed;

/// Allowed values are numbers within the type's range, and make sense together.
pub fn allowed(subject: Subject<'_>, diags: &mut Diagnostics) {
    for (decl, param) in subject.params() {
        let (Some(written), Some(allowed)) = (&decl.allowed, &param.allowed) else { continue };
        let through = subject.facts.pointee(&param.ty).filter(|_| param.direction != Direction::Out);
        let scalar = subject.facts.scalar(&param.ty).or_else(|| subject.facts.scalar(through.as_ref()?));
        let Some(scalar) = scalar else {
            let message = format!("`{}` is no number that is passed in", param.name);
            diags
                .error(Code::AllowedOnWrongType, written.span, message)
                .also(decl.ty.span, "its type")
                .hint("`allowed` needs a number, or a pointer to one that is read");
            continue;
        };
        let (least, most) = range(scalar);
        let entries = entries(written, &allowed.set);
        for (span, value) in &entries {
            if !(least..=most).contains(&value.value) {
                let message = format!("{} does not fit `{}`", shown(value), param.ty.c);
                diags
                    .error(Code::AllowedOutsideType, *span, message)
                    .also(decl.ty.span, "its type")
                    .hint("correct the value or the type");
            }
        }
        senseless(&allowed.set, &entries, written, diags);
    }
}

/// The values with their places.
fn entries<'m>(written: &Allowed, set: &'m AllowedSet) -> Vec<(Span, &'m Value)> {
    let spans = |entries: &Option<Vec<Entry>>| entries.iter().flatten().map(Entry::span).collect::<Vec<_>>();
    let (spans, values): (Vec<Span>, Vec<&Value>) = match set {
        AllowedSet::Values(values) => (spans(&written.values), values.iter().collect()),
        AllowedSet::Flags(flags) => (spans(&written.flags), flags.iter().collect()),
        AllowedSet::Range(from, to) => (spans(&written.range), vec![from, to]),
        AllowedSet::Constant(value) => (written.constant.iter().map(Entry::span).collect(), vec![value]),
    };
    spans.into_iter().zip(values).collect()
}

fn shown(value: &Value) -> String {
    match &value.name {
        Some(name) => format!("`{name}` ({})", value.value),
        None => value.value.to_string(),
    }
}

fn senseless(set: &AllowedSet, entries: &[(Span, &Value)], written: &Allowed, diags: &mut Diagnostics) {
    match set {
        AllowedSet::Values(_) | AllowedSet::Flags(_) => {
            let mut seen = BTreeSet::new();
            for (span, value) in entries {
                if !seen.insert(value.value) {
                    let message = format!("{} is in the set already", shown(value));
                    diags.error(Code::AllowedSenseless, *span, message).hint("name each value once");
                }
                if matches!(set, AllowedSet::Flags(_)) && value.value == 0 {
                    let message = format!("{} is no flag: it has no bit", shown(value));
                    diags
                        .error(Code::AllowedSenseless, *span, message)
                        .hint("no flag at all is always allowed; leave it out");
                }
            }
        }
        AllowedSet::Range(from, to) if from.value > to.value => {
            diags
                .error(Code::AllowedSenseless, written.span, "the range runs backwards")
                .hint("name the smaller end first");
        }
        AllowedSet::Range(..) | AllowedSet::Constant(_) => {}
    }
}

/// `unless: PARAM.MEMBER` leads to a number in a structure.
pub fn unless(subject: Subject<'_>, diags: &mut Diagnostics) {
    for (decl, param) in subject.params() {
        let path = decl.allowed.as_ref().and_then(|allowed| allowed.unless.as_ref());
        let target = param.allowed.as_ref().and_then(|allowed| allowed.unless.as_ref());
        let (Some(path), Some((at, member))) = (path, target) else { continue };
        let inner = subject.function.params.get(*at).and_then(|other| subject.facts.pointee(&other.ty));
        let Some(aggregate) = inner.and_then(|inner| subject.facts.aggregate(&inner)) else {
            diags
                .error(Code::UnknownMember, path.span, format!("`{}` does not lead to a structure", path.value))
                .hint("name a parameter that points to a structure");
            continue;
        };
        let field = aggregate.fields.iter().find(|field| field.name == *member);
        match field {
            None => {
                let diagnostic =
                    diags.error(Code::UnknownMember, path.span, format!("there is no member `{member}` there"));
                match suggest(member, aggregate.fields.iter().map(|field| field.name.as_str())) {
                    Some(meant) => diagnostic.hint(format!("did you mean `{meant}`?")),
                    None => diagnostic.hint("name a member of the structure"),
                };
            }
            Some(field) if field.array.is_some() || subject.facts.scalar(&field.ty).is_none() => {
                diags
                    .error(Code::UnknownMember, path.span, format!("the member `{member}` is no number"))
                    .hint("name a number");
            }
            Some(_) => {}
        }
    }
}
