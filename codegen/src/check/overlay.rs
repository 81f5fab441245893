//! An author's folder may narrow what exists, never widen it.

use super::Subject;
use crate::diagnostic::{Code, Diagnostics};
use crate::model::{AllowedSet, ConstantValue, Model, Value};
use crate::shape::Entry;
use crate::syntax::function::{Difference, Function};
use crate::syntax::value::{Allowed, Null};

/// Ranges wider than this are not looked through value by value.
const MAX_STEPS: i128 = 4096;

/// Every amendment that was applied to the function allows no more than there was before.
pub fn narrows(subject: Subject<'_>, diags: &mut Diagnostics) {
    for (amendment, before) in &subject.merged.amended {
        for (key, difference) in &amendment.profile_keys {
            if key.value == subject.profile.name {
                difference_narrows(subject, difference, before, diags);
            }
        }
    }
}

fn difference_narrows(subject: Subject<'_>, difference: &Difference, before: &Function, diags: &mut Diagnostics) {
    for changed in difference.params.iter().flatten() {
        let Some(param) = before.params.iter().find(|param| param.name.value == changed.name.value) else { continue };
        if let (Some(old), Some(new)) = (&param.allowed, &changed.allowed) {
            let sets = set(subject.model, old).zip(set(subject.model, new));
            if sets.is_some_and(|(old, new)| !contains(&old, &new)) {
                diags
                    .error(
                        Code::AmendmentWidens,
                        new.span,
                        format!("this allows values for `{}` that are not allowed without it", param.name.value),
                    )
                    .also(old.span, "what is allowed without it")
                    .hint("an amendment may only take values away");
            }
        }
        if let (Some(old), Some(new)) = (&param.null, &changed.null)
            && matches!(old.value, Null::Refuse { unless: None, .. })
            && !matches!(new.value, Null::Refuse { unless: None, .. })
        {
            diags
                .error(
                    Code::AmendmentWidens,
                    new.span,
                    format!("this allows NULL for `{}`, which is refused without it", param.name.value),
                )
                .also(old.span, "refused here")
                .hint("an amendment may refuse more, not less");
        }
    }
}

fn set(model: &Model, allowed: &Allowed) -> Option<AllowedSet> {
    let value = |entry: &Entry| match entry {
        Entry::Number(number) => Some(Value { name: None, value: number.value }),
        Entry::Text(text) => match model.constant(&text.value)?.value {
            ConstantValue::Integer(value) => Some(Value { name: Some(text.value.clone()), value }),
            ConstantValue::Guid(_) => None,
        },
    };
    let list = |entries: &[Entry]| entries.iter().map(value).collect::<Option<Vec<_>>>();
    match (&allowed.values, &allowed.flags, &allowed.range, &allowed.constant) {
        (Some(values), ..) => Some(AllowedSet::Values(list(values)?)),
        (_, Some(flags), ..) => Some(AllowedSet::Flags(list(flags)?)),
        (_, _, Some(range), _) => match range.as_slice() {
            [from, to] => Some(AllowedSet::Range(value(from)?, value(to)?)),
            _ => None,
        },
        (.., Some(constant)) => Some(AllowedSet::Constant(value(constant)?)),
        _ => None,
    }
}

fn mask(flags: &[Value]) -> i128 {
    flags.iter().fold(0, |mask, flag| mask | flag.value)
}

/// Is a single value in the set?
fn has(set: &AllowedSet, value: i128) -> bool {
    match set {
        AllowedSet::Values(values) => values.iter().any(|allowed| allowed.value == value),
        AllowedSet::Flags(flags) => value & !mask(flags) == 0,
        AllowedSet::Range(from, to) => (from.value..=to.value).contains(&value),
        AllowedSet::Constant(constant) => constant.value == value,
    }
}

/// Is every value of `inner` in `outer`? Where that would take too long to find out the answer is no.
fn contains(outer: &AllowedSet, inner: &AllowedSet) -> bool {
    match (outer, inner) {
        (_, AllowedSet::Values(values)) => values.iter().all(|value| has(outer, value.value)),
        (_, AllowedSet::Constant(value)) => has(outer, value.value),
        (AllowedSet::Range(from, to), AllowedSet::Range(first, last)) => {
            from.value <= first.value && last.value <= to.value
        }
        (_, AllowedSet::Range(first, last)) => {
            last.value.checked_sub(first.value).is_some_and(|steps| steps < MAX_STEPS)
                && (first.value..=last.value).all(|value| has(outer, value))
        }
        (AllowedSet::Flags(allowed), AllowedSet::Flags(flags)) => mask(flags) & !mask(allowed) == 0,
        (_, AllowedSet::Flags(flags)) => {
            combinations(flags).is_some_and(|mut values| values.all(|value| has(outer, value)))
        }
    }
}

/// Every value that the flags can make, if they are few.
fn combinations(flags: &[Value]) -> Option<impl Iterator<Item = i128>> {
    let values: Vec<i128> = flags.iter().map(|flag| flag.value).collect();
    (values.len() <= 12).then(|| {
        (0..1_u32 << values.len()).map(move |chosen| {
            values.iter().enumerate().filter(|(at, _)| chosen & (1 << at) != 0).fold(0, |mask, (_, value)| mask | value)
        })
    })
}
