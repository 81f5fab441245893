//! Functions with every name found: from the merged declaration to the model.

use crate::diagnostic::{Code, Diagnostics, suggest};
use crate::model::{
    self, Allowed, AllowedSet, Blocking, Completion, Creates, Delivery, ErrorEntry, Example, ExtensionDoor, Function,
    FunctionKind, Length, Null, Outcome, Param, Returns, Rule, States, Unit, UpcallUse,
};
use crate::resolve::facts::Facts;
use crate::resolve::merge::Merged;
use crate::resolve::names::Names;
use crate::resolve::rust_names::{is_keyword, snake};
use crate::resolve::types::Spellings;
use crate::resolve::{checks, constants, lift};
use crate::shape::{Entry, Ident, Text};
use crate::syntax::function as syntax;
use crate::syntax::value;
use crate::yaml::Spanned;

/// What lowering a function needs.
#[derive(Clone, Copy)]
pub struct Cx<'a> {
    pub names: &'a Names<'a>,
    pub spellings: &'a Spellings<'a>,
    pub facts: Facts<'a>,
}

/// Lowers a function; table and slot are filled in by the profile. Reports every name that leads nowhere.
pub fn lower(merged: &Merged, cx: Cx<'_>, diags: &mut Diagnostics) -> Option<Function> {
    let decl = &merged.decl;
    let names = cx.names;
    let params = param_list(&decl.params, names, cx.spellings, diags);
    check_names(decl, names, diags);
    let returns = returns(&decl.returns, &decl.params, cx, diags);
    let completion = decl.completion.as_ref().map(|group| completion(group, &decl.params, diags));
    let extensions = decl.extensions.as_ref().map(|door| extension_door(door, &decl.params, names, diags));
    let states = states(decl.states.as_ref(), names, diags);
    let upcalls = upcalls(decl.upcalls.as_ref(), names, diags);
    let errors = decl.errors.iter().flatten().filter_map(|entry| error(entry, names, diags)).collect();
    let outcomes = decl.outcomes.iter().flatten().filter_map(|entry| outcome(entry, names, diags)).collect();
    let examples = decl.examples.iter().flatten().map(|declared| example(declared, &decl.params, diags)).collect();
    let any_of = decl.require_any.iter().flatten();
    let any_of: Vec<_> = any_of.filter_map(|any| require_any(any, &decl.params, names, diags)).collect();
    // Everything has been reported by now, so what is unusable may end it.
    let origin = model::Origin { overlay: merged.overlay, ..names.origin(decl.function.span) };
    let mut function = Function {
        name: decl.function.value.clone(),
        kind: decl.kind.value,
        table: None,
        slot: None,
        guid: decl.guid.as_ref().map(|guid| guid.value.clone()),
        pointer: decl
            .pointer
            .as_ref()
            .map_or_else(|| format!("LP{}", decl.function.value.to_uppercase()), |name| name.value.clone()),
        builds: decl.builds.as_ref().map(|word| word.value),
        header: decl.header.value.clone(),
        link: decl.link.as_ref().map(|link| link.value.clone()),
        summary: decl.summary.value.clone(),
        prose: text_of(&decl.prose).unwrap_or_default(),
        mandatory: decl.mandatory.as_ref().is_some_and(|flag| flag.value),
        fallback: name_of(&decl.fallback),
        left_out: name_of(&decl.left_out),
        managed: decl.managed.as_ref().map(|word| word.value),
        returns: returns?,
        params: params?,
        args: Vec::new(),
        results: Vec::new(),
        completion: completion.flatten(),
        extensions: extensions.flatten(),
        blocking: Blocking { mode: decl.blocking.mode.value, text: text_of(&decl.blocking.text).unwrap_or_default() },
        states,
        upcalls,
        errors,
        outcomes,
        never: decl.never.iter().flatten().map(|code| code.value.clone()).collect(),
        checks: Vec::new(),
        rules: decl.rules.iter().flatten().map(|declared| rule(declared, names)).collect(),
        examples,
        see_also: decl.see_also.iter().flatten().map(|name| name.value.clone()).collect(),
        origin,
    };
    lift::lift(&mut function, decl, cx.facts);
    function.checks = checks::derive(&function, &any_of, cx.facts);
    Some(function)
}

fn text_of(text: &Option<Text>) -> Option<String> {
    text.as_ref().map(|text| text.value.clone())
}

fn name_of(name: &Option<Ident>) -> Option<String> {
    name.as_ref().map(|name| name.value.clone())
}

/// Index of a parameter; reports that there is none.
fn param_index(name: &Text, params: &[syntax::Param], diags: &mut Diagnostics) -> Option<usize> {
    let found = params.iter().position(|param| param.name.value == name.value);
    if found.is_none() {
        let diagnostic =
            diags.error(Code::UnknownParam, name.span, format!("there is no parameter `{}` here", name.value));
        match suggest(&name.value, params.iter().map(|param| param.name.value.as_str())) {
            Some(meant) => diagnostic.hint(format!("did you mean `{meant}`?")),
            None => diagnostic.hint("name one of this function's parameters"),
        };
    }
    found
}

/// Lowers the parameters of a function or callback.
pub fn param_list(
    params: &[syntax::Param],
    names: &Names<'_>,
    spellings: &Spellings<'_>,
    diags: &mut Diagnostics,
) -> Option<Vec<Param>> {
    let mut lowered = Vec::new();
    for (at, param) in params.iter().enumerate() {
        if let Some(first) = params[..at].iter().find(|other| other.name.value == param.name.value) {
            let message = format!("the parameter `{}` is declared twice", param.name.value);
            diags
                .error(Code::DeclaredTwice, param.name.span, message)
                .also(first.name.span, "first here")
                .hint("rename one of them");
        }
        lowered.extend(lower_param(param, params, names, spellings, diags));
    }
    (lowered.len() == params.len()).then_some(lowered)
}

fn lower_param(
    param: &syntax::Param,
    params: &[syntax::Param],
    names: &Names<'_>,
    spellings: &Spellings<'_>,
    diags: &mut Diagnostics,
) -> Option<Param> {
    let ty = spellings.read(&param.ty, diags);
    let null = null(param.null.as_ref(), params, names, diags);
    let length = match &param.length {
        Some(length) => lower_length(length, params, names, spellings, diags).map(Some),
        None => Some(None),
    };
    let allowed = match &param.allowed {
        Some(allowed) => lower_allowed(allowed, params, names, diags).map(Some),
        None => Some(None),
    };
    let context = match &param.context {
        Some(context) => param_index(context, params, diags).map(Some),
        None => Some(None),
    };
    let (ty, null) = (ty?, null?);
    let optional = spellings.is_nullable(&ty) && !matches!(null, Null::Unsaid | Null::Refuse { unless: None, .. });
    Some(Param {
        name: param.name.value.clone(),
        rust_name: rust_name(param, &ty, diags),
        direction: param.direction.value,
        text: param.text.value.clone(),
        null,
        optional,
        errno: param.errno.as_ref().is_some_and(|flag| flag.value),
        socket: param.socket.as_ref().map(|word| word.value),
        length: length?,
        allowed: allowed?,
        context: context?,
        origin: names.origin(param.name.span),
        ty,
    })
}

/// The stated name, else `socket` for the socket, else the C name without its prefix.
fn rust_name(param: &syntax::Param, ty: &model::TypeRef, diags: &mut Diagnostics) -> String {
    if let Some(name) = &param.rust_name {
        if is_keyword(&name.value) || name.value.chars().any(|c| c.is_ascii_uppercase()) {
            diags
                .error(Code::BadRustName, name.span, format!("`{}` is no name for Rust code", name.value))
                .hint("use snake_case, no keyword");
        }
        return name.value.clone();
    }
    if param.socket.is_some() || (param.name.value == "s" && ty.base == lift::SOCKET_TYPE && ty.pointers == 0) {
        return "socket".to_owned();
    }
    let name = snake(&param.name.value);
    if is_keyword(&name) || name == "s" {
        diags
            .error(
                Code::BadRustName,
                param.name.span,
                format!("the name `{name}` that comes of this cannot be used in Rust code"),
            )
            .hint("add `rust_name: …`");
    }
    name
}

fn null(
    null: Option<&Spanned<value::Null>>,
    params: &[syntax::Param],
    names: &Names<'_>,
    diags: &mut Diagnostics,
) -> Option<Null> {
    Some(match null.map(|null| &null.value) {
        None => Null::Unsaid,
        Some(value::Null::Allowed) => Null::Allowed,
        Some(value::Null::Ignored) => Null::Ignored,
        Some(value::Null::Means(text)) => Null::Means(text.clone()),
        Some(value::Null::Refuse { code, unless }) => {
            let known = names.codes.find(code, diags).is_some();
            let unless = match unless {
                Some(param) => Some(param_index(param, params, diags)?),
                None => None,
            };
            if !known {
                return None;
            }
            Null::Refuse { code: code.value.clone(), unless }
        }
    })
}

fn lower_length(
    length: &value::Length,
    params: &[syntax::Param],
    names: &Names<'_>,
    spellings: &Spellings<'_>,
    diags: &mut Diagnostics,
) -> Option<Length> {
    let count = match length {
        value::Length::Nul(_) => return Some(Length::Nul),
        value::Length::Counted(count) => count,
    };
    let units = [(&count.bytes, Unit::Bytes), (&count.elements, Unit::Elements), (&count.wide, Unit::Wide)];
    let (name, unit) = units.into_iter().find_map(|(name, unit)| Some((name.as_ref()?, unit)))?;
    let param = param_index(name, params, diags)?;
    // Its own spelling is reported where that parameter is lowered.
    let by_pointer =
        spellings.read(&params[param].ty, &mut Diagnostics::new()).is_some_and(|ty| spellings.is_pointer(&ty));
    let minimum = match (&count.minimum, &count.violation) {
        (Some(minimum), Some(code)) => {
            names.codes.find(code, diags)?;
            Some((u64::try_from(minimum.value).ok()?, code.value.clone()))
        }
        _ => None,
    };
    Some(Length::Counted { unit, param, by_pointer, minimum })
}

fn lower_allowed(
    allowed: &value::Allowed,
    params: &[syntax::Param],
    names: &Names<'_>,
    diags: &mut Diagnostics,
) -> Option<Allowed> {
    if let Some(problem) = value::allowed_problem(allowed) {
        diags
            .error(Code::BadAllowed, allowed.span, problem.to_owned())
            .hint("write for instance `{values: [0, 1], violation: WSAEINVAL}`");
        return None;
    }
    names.codes.find(&allowed.violation, diags)?;
    let mut list = |entries: &[Entry]| {
        let values: Vec<_> = entries.iter().filter_map(|entry| constants::value(entry, names, diags)).collect();
        (values.len() == entries.len()).then_some(values)
    };
    let set = match (&allowed.values, &allowed.flags, &allowed.range, &allowed.constant) {
        (Some(values), ..) => AllowedSet::Values(list(values)?),
        (_, Some(flags), ..) => AllowedSet::Flags(list(flags)?),
        (_, _, Some(range), _) => match <[model::Value; 2]>::try_from(list(range)?) {
            Ok([from, to]) => AllowedSet::Range(from, to),
            Err(_) => return None,
        },
        (.., Some(constant)) => AllowedSet::Constant(constants::value(constant, names, diags)?),
        _ => return None,
    };
    let unless = match &allowed.unless {
        Some(path) => Some(member_path(path, params, diags)?),
        None => None,
    };
    let text = text_of(&allowed.text).unwrap_or_default();
    Some(Allowed { set, violation: allowed.violation.value.clone(), unless, text })
}

/// Reads `PARAM.MEMBER`; whether the member exists is checked once all types are known.
fn member_path(path: &Text, params: &[syntax::Param], diags: &mut Diagnostics) -> Option<(usize, String)> {
    let Some((param, member)) = path.value.split_once('.') else {
        diags.error(Code::BadAllowed, path.span, "`unless` names a member of a parameter").hint("write `PARAM.MEMBER`");
        return None;
    };
    let param = param_index(&Text::new(param.to_owned(), path.span), params, diags)?;
    Some((param, member.to_owned()))
}

fn returns(decl: &syntax::Returns, params: &[syntax::Param], cx: Cx<'_>, diags: &mut Diagnostics) -> Option<Returns> {
    let ty = cx.spellings.read(&decl.ty, diags);
    let mut good = true;
    if let Some(failure) = &decl.failure {
        good &= constants::number_of(failure, cx.names, diags).is_some();
    }
    let creates = match &decl.creates {
        Some(creates) => {
            let catalog = match &creates.catalog {
                Some(param) => Some(param_index(param, params, diags)?),
                None => None,
            };
            for code in [&creates.full, &creates.refused] {
                good &= cx.names.codes.find(code, diags).is_some();
            }
            Some(Creates { catalog, full: creates.full.value.clone(), refused: creates.refused.value.clone() })
        }
        None => None,
    };
    let returns = Returns {
        ty: ty?,
        success: decl.success.value.clone(),
        failure: name_of(&decl.failure),
        error_via: decl.error_via.value,
        meaning: decl.meaning.value,
        creates,
        text: text_of(&decl.text).unwrap_or_default(),
    };
    good.then_some(returns)
}

fn completion(group: &syntax::Completion, params: &[syntax::Param], diags: &mut Diagnostics) -> Option<Completion> {
    let operation = param_index(&group.operation, params, diags);
    let mut optional = |name: &Option<Ident>| name.as_ref().and_then(|name| param_index(name, params, diags));
    let (routine, thread) = (optional(&group.routine), optional(&group.thread));
    Some(Completion { operation: operation?, routine, thread, text: text_of(&group.text).unwrap_or_default() })
}

fn extension_door(
    door: &syntax::ExtensionDoor,
    params: &[syntax::Param],
    names: &Names<'_>,
    diags: &mut Diagnostics,
) -> Option<ExtensionDoor> {
    let equals = constants::number_of(&door.equals, names, diags);
    names.codes.find(&door.missing, diags);
    let [code, guid, pointer, returned] =
        [&door.code, &door.guid, &door.pointer, &door.returned].map(|name| param_index(name, params, diags));
    Some(ExtensionDoor {
        code: code?,
        equals: equals?,
        guid: guid?,
        pointer: pointer?,
        returned: returned?,
        missing: door.missing.value.clone(),
    })
}

/// The pointers of which one is needed, and the code when all are NULL.
fn require_any(
    any: &syntax::RequireAny,
    params: &[syntax::Param],
    names: &Names<'_>,
    diags: &mut Diagnostics,
) -> Option<(Vec<usize>, String)> {
    names.codes.find(&any.violation, diags)?;
    let indices: Vec<_> = any.params.iter().filter_map(|name| param_index(name, params, diags)).collect();
    (indices.len() == any.params.len()).then(|| (indices, any.violation.value.clone()))
}

fn states(decl: Option<&syntax::StateUse>, names: &Names<'_>, diags: &mut Diagnostics) -> States {
    let Some(decl) = decl else { return States::default() };
    let mut known = |list: &Option<Vec<crate::shape::Name>>| -> Vec<String> {
        list.iter()
            .flatten()
            .filter(|name| names.states.find(name, diags).is_some())
            .map(|name| name.value.clone())
            .collect()
    };
    States {
        requires: known(&decl.requires),
        becomes: known(&decl.becomes),
        text: text_of(&decl.text).unwrap_or_default(),
    }
}

fn upcalls(decl: Option<&syntax::Upcalls>, names: &Names<'_>, diags: &mut Diagnostics) -> UpcallUse {
    let Some(decl) = decl else { return UpcallUse::default() };
    let mut known = |list: &Option<Vec<Ident>>| -> Vec<String> {
        let mut out = Vec::new();
        for name in list.iter().flatten() {
            let Some(function) = names.functions.find(name, diags) else { continue };
            if !matches!(function.kind.value, FunctionKind::Upcall | FunctionKind::Export) {
                diags
                    .error(Code::UnknownFunction, name.span, format!("`{}` is no upcall", name.value))
                    .also(function.function.span, "declared here")
                    .hint("name an upcall or an export of the host");
            }
            out.push(name.value.clone());
        }
        out
    };
    UpcallUse { must: known(&decl.must), may: known(&decl.may), text: text_of(&decl.text).unwrap_or_default() }
}

fn error(entry: &syntax::ErrorEntry, names: &Names<'_>, diags: &mut Diagnostics) -> Option<ErrorEntry> {
    names.codes.find(&entry.code, diags)?;
    let delivery = entry.delivery.as_ref().map_or(syntax::DeliveryWord::Call, |word| word.value);
    let delivery = match (delivery, &entry.event) {
        (syntax::DeliveryWord::Event, Some(event)) => {
            names.constants.find(event, diags)?;
            Delivery::Event(event.value.clone())
        }
        (syntax::DeliveryWord::Call, None) => Delivery::Call,
        (syntax::DeliveryWord::Completion, None) => Delivery::Completion,
        _ => {
            diags
                .error(Code::BadDelivery, entry.span, "`delivery: event` and `event` go together")
                .hint("name the event, e.g. `delivery: event, event: FD_CONNECT`, or leave both out");
            return None;
        }
    };
    Some(ErrorEntry {
        code: entry.code.value.clone(),
        when: entry.when.value.clone(),
        source: entry.source.as_ref().map_or(model::Source::Table, |word| word.value),
        delivery,
        note: text_of(&entry.note),
    })
}

fn outcome(entry: &syntax::Outcome, names: &Names<'_>, diags: &mut Diagnostics) -> Option<Outcome> {
    names.codes.find(&entry.code, diags)?;
    Some(Outcome { code: entry.code.value.clone(), when: entry.when.value.clone() })
}

/// Lowers a rule.
pub fn rule(rule: &syntax::Rule, names: &Names<'_>) -> Rule {
    Rule {
        id: rule.id.value.clone(),
        class: rule.class.value,
        severity: rule.severity.value,
        text: rule.text.value.clone(),
        kind: rule.kind.as_ref().map_or("other", |word| word.value.0).to_owned(),
        source: text_of(&rule.source),
        test: text_of(&rule.test),
        checks: rule.checks.iter().flatten().map(|check| check.value.clone()).collect(),
        reason: text_of(&rule.reason),
        origin: names.origin(rule.id.span),
    }
}

fn example(example: &syntax::Example, params: &[syntax::Param], diags: &mut Diagnostics) -> Example {
    for (name, _) in &example.values.0 {
        param_index(name, params, diags);
    }
    Example {
        title: example.title.value.clone(),
        values: example.values.0.iter().map(|(name, value)| (name.value.clone(), value.written())).collect(),
        text: text_of(&example.text).unwrap_or_default(),
    }
}

/// Names that are only taken over.
fn check_names(decl: &syntax::Function, names: &Names<'_>, diags: &mut Diagnostics) {
    for code in [&decl.fallback, &decl.left_out].into_iter().flatten().chain(decl.never.iter().flatten()) {
        names.codes.find(code, diags);
    }
    if let Some(guid) = &decl.guid {
        names.constants.find(guid, diags);
    }
    if let Some(table) = &decl.table {
        names.tables.find(table, diags);
    }
    for name in decl.see_also.iter().flatten() {
        if names.topics.get(&name.value).is_none() {
            names.functions.find(name, diags);
        }
    }
}
