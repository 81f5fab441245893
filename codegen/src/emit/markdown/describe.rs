//! Sentences about the parts of a function, in Markdown (code spans only). The site and the Markdown files share them.

use crate::model::{
    Allowed, AllowedSet, Blocking, Builds, CheckKind, Delivery, Direction, ErrorVia, Function, FunctionKind, Length,
    Meaning, Model, Null, Param, RuleClass, Severity, SocketUse, Source, TypeKind, TypeRef, Unit, Value,
};
use crate::resolve::rust_names::is_keyword;

/// The kind of a function, in words.
pub(crate) fn kind(kind: FunctionKind) -> &'static str {
    match kind {
        FunctionKind::Startup => "Start-up function",
        FunctionKind::Table => "Table function",
        FunctionKind::Upcall => "Upcall",
        FunctionKind::Export => "Exported function",
        FunctionKind::Extension => "Extension function",
        FunctionKind::Catalog => "Catalog function",
    }
}

/// The word for builds of one width.
pub(crate) fn builds(builds: Builds) -> &'static str {
    match builds {
        Builds::Bits64 => "64-bit",
        Builds::Bits32 => "32-bit",
    }
}

/// The word for a direction.
pub(crate) fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::In => "in",
        Direction::Out => "out",
        Direction::InOut => "in, out",
    }
}

/// The word for a rule's class.
pub(crate) fn class(class: RuleClass) -> &'static str {
    match class {
        RuleClass::Check => "check",
        RuleClass::Behaviour => "behaviour",
        RuleClass::Host => "host",
        RuleClass::Note => "note",
    }
}

/// What a class of rules means.
pub(crate) fn class_meaning(class: RuleClass) -> &'static str {
    match class {
        RuleClass::Check => "Decided from the arguments of one call; the generated checks implement it.",
        RuleClass::Behaviour => "Takes a scenario to see; a named test shows it.",
        RuleClass::Host => "Binds the caller: the host, the switch or the layer above.",
        RuleClass::Note => {
            "History, a contradiction of the documentation, or a duty outside this interface; nothing to test."
        }
    }
}

/// The word for a severity.
pub(crate) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Must => "must",
        Severity::Should => "should",
        Severity::May => "may",
        Severity::Info => "info",
    }
}

/// The word for where an error stands.
pub(crate) fn source(source: Source) -> &'static str {
    match source {
        Source::Table => "table",
        Source::Remarks => "remarks",
        Source::Inherited => "inherited",
        Source::Practice => "practice",
    }
}

/// What that word means.
pub(crate) fn source_meaning(source: Source) -> &'static str {
    match source {
        Source::Table => "in the documented list of this function",
        Source::Remarks => "only in the prose of this function's page",
        Source::Inherited => "from the plain function, where this profile's list is open",
        Source::Practice => "documented nowhere, but needed",
    }
}

/// How a code is delivered.
pub(crate) fn delivery(delivery: &Delivery, function: &Function) -> String {
    match delivery {
        Delivery::Completion => "as the status of the overlapped operation".to_owned(),
        Delivery::Event(event) => format!("with the event `{event}`"),
        Delivery::Call => match (function.returns.error_via, function.params.iter().find(|param| param.errno)) {
            (ErrorVia::Return, _) => "as the result".to_owned(),
            (ErrorVia::LastError, _) => "as the thread's last error".to_owned(),
            (_, Some(errno)) => format!("through `{}`", errno.name),
            _ => "by the call".to_owned(),
        },
    }
}

/// How errors come back.
pub(crate) fn error_via(function: &Function) -> String {
    let returns = &function.returns;
    match (returns.error_via, &returns.failure) {
        (ErrorVia::Return, _) => "The result is the error code itself.".to_owned(),
        (ErrorVia::None, None) => "It cannot fail.".to_owned(),
        (ErrorVia::LastError, failure) => format!(
            "On failure it returns `{}`, and the code is the calling thread's last error, as `WSAGetLastError` tells it.",
            failure.as_deref().unwrap_or("0")
        ),
        (ErrorVia::None, Some(failure)) => format!("On failure it returns `{failure}`; there is no error code."),
        (ErrorVia::LpErrno, failure) => {
            let errno = function.params.iter().find(|param| param.errno).map_or("lpErrno", |param| &param.name);
            match failure {
                Some(failure) => format!("On failure it returns `{failure}` and stores the code through `{errno}`."),
                None => format!("An error code is stored through `{errno}`."),
            }
        }
    }
}

/// What the result means.
pub(crate) fn success(function: &Function) -> String {
    let returns = &function.returns;
    let kind = match returns.meaning {
        Meaning::Status => "a status",
        Meaning::Flag => "a flag",
        Meaning::Value => "a value",
        Meaning::Code => "a code",
    };
    let success = returns.success.trim();
    let symbol = !success.is_empty() && success.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    match symbol {
        true => format!("`{success}` ({kind})"),
        false => success.to_owned(),
    }
}

/// What NULL means for a parameter; `None` when nothing is said.
pub(crate) fn null(param: &Param, function: &Function) -> Option<String> {
    match &param.null {
        Null::Unsaid => None,
        Null::Refuse { code, unless: None } => Some(format!("refused with `{code}`")),
        Null::Refuse { code, unless: Some(other) } => {
            Some(format!("refused with `{code}`, unless `{}` is given", param_name(function, *other)))
        }
        Null::Allowed => Some("allowed".to_owned()),
        Null::Ignored => Some("ignored".to_owned()),
        Null::Means(text) => Some(text.clone()),
    }
}

/// How long the memory behind a parameter is.
pub(crate) fn length(param: &Param, function: &Function) -> Option<String> {
    match param.length.as_ref()? {
        Length::Nul => Some("ends with a zero".to_owned()),
        Length::Counted { unit, param, by_pointer, minimum } => {
            let unit = match unit {
                Unit::Bytes => "bytes",
                Unit::Elements => "elements",
                Unit::Wide => "UTF-16 units",
            };
            let name = param_name(function, *param);
            let mut text = match by_pointer {
                true => format!("`*{name}` {unit}: capacity in, size out"),
                false => format!("`{name}` {unit}"),
            };
            if let Some((minimum, code)) = minimum {
                text.push_str(&format!("; below {minimum} refused with `{code}`"));
            }
            Some(text)
        }
    }
}

/// The allowed values of a parameter, the code of a violation last.
pub(crate) fn allowed(allowed: &Allowed, function: &Function) -> String {
    let list = |values: &[Value]| values.iter().map(value).collect::<Vec<_>>().join(", ");
    let mut text = match &allowed.set {
        AllowedSet::Values(values) => format!("one of {}", list(values)),
        AllowedSet::Flags(values) => format!("any of {}", list(values)),
        AllowedSet::Range(low, high) => format!("{} to {}", value(low), value(high)),
        AllowedSet::Constant(only) => format!("only {}", value(only)),
    };
    text.push_str(&format!("; else `{}`", allowed.violation));
    if let Some((param, member)) = &allowed.unless {
        text.push_str(&format!("; not checked when `{}` has a `{member}`", param_name(function, *param)));
    }
    if !allowed.text.trim().is_empty() {
        text.push_str(&format!(". {}", allowed.text.trim()));
    }
    text
}

/// A value: the constant's name, or the number.
pub(crate) fn value(value: &Value) -> String {
    match &value.name {
        Some(name) => format!("`{name}`"),
        None => format!("`{}`", value.value),
    }
}

/// What is done with a socket parameter.
pub(crate) fn socket(param: &Param) -> Option<&'static str> {
    Some(match param.socket? {
        SocketUse::Use => "a live socket of this provider",
        SocketUse::Release => "a live socket of this provider, released when the call succeeds",
        SocketUse::Foreign => "may belong to another provider; passed on as it is",
    })
}

/// Whether the call may wait.
pub(crate) fn blocking(blocking: &Blocking) -> String {
    let mode = blocking.mode.sentence();
    match blocking.text.trim() {
        "" => mode.to_owned(),
        text => format!("{mode} {text}"),
    }
}

/// What kind of check it is, in a word.
pub(crate) fn check_kind(kind: &CheckKind) -> &'static str {
    match kind {
        CheckKind::Null { .. } => "NULL",
        CheckKind::Address { .. } => "address",
        CheckKind::Minimum { .. } => "length",
        CheckKind::Allowed { .. } => "value",
        CheckKind::AnyOf { .. } => "any of",
        CheckKind::Socket { .. } => "socket",
    }
}

/// What happens when a provider does not implement the function.
pub(crate) fn duty(function: &Function) -> Option<String> {
    if !matches!(function.kind, FunctionKind::Table | FunctionKind::Startup | FunctionKind::Extension) {
        return None;
    }
    Some(match (&function.managed, function.mandatory, &function.left_out) {
        (Some(_), _, _) => "served by the runtime, which asks the provider through a hook".to_owned(),
        (None, true, _) => "mandatory: a provider implements it itself".to_owned(),
        (None, false, Some(code)) => format!("optional: left out, it refuses with `{code}`"),
        (None, false, None) => "optional".to_owned(),
    })
}

/// Name of the parameter with this index.
pub(crate) fn param_name(function: &Function, index: usize) -> &str {
    function.params.get(index).map_or("?", |param| &param.name)
}

/// The C prototype, one parameter a line, types in one column.
pub(crate) fn c_signature(function: &Function) -> String {
    let mut text = format!("{} WSPAPI {}(", function.returns.ty.c, function.name);
    if function.params.is_empty() {
        text.push_str("void");
    }
    let width = function.params.iter().map(|param| param.ty.c.len()).max().unwrap_or(0);
    for (index, param) in function.params.iter().enumerate() {
        let comma = if index + 1 < function.params.len() { "," } else { "" };
        text.push_str(&format!("\n    {:width$} {}{comma}", param.ty.c, param.name));
    }
    text.push_str(if function.params.is_empty() { ");" } else { "\n);" });
    text
}

/// The function pointer in Rust, as the FFI module has it.
pub(crate) fn rust_signature(function: &Function, model: &Model) -> String {
    let mut text = format!("pub type {} = Option<unsafe extern \"system\" fn(", function.pointer);
    for param in &function.params {
        text.push_str(&format!("\n    {}: {},", raw_name(&param.name), rust_type(&param.ty, model)));
    }
    text.push_str(if function.params.is_empty() { ")" } else { "\n)" });
    if function.returns.ty.base != "void" || function.returns.ty.pointers > 0 {
        text.push_str(&format!(" -> {}", rust_type(&function.returns.ty, model)));
    }
    text.push_str(">;");
    text
}

/// A parameter's name where Rust has a keyword of that spelling.
fn raw_name(name: &str) -> String {
    if is_keyword(name) { format!("r#{name}") } else { name.to_owned() }
}

/// A C type in Rust: the name where the headers have a proper one, else the Rust integer.
pub(crate) fn rust_type(ty: &TypeRef, model: &Model) -> String {
    let stars = match (ty.pointers, ty.is_const) {
        (0, _) => String::new(),
        (n, true) => format!("{}*const ", "*mut ".repeat(n - 1)),
        (n, false) => "*mut ".repeat(n),
    };
    let base = match model.type_named(&ty.base).map(|known| &known.kind) {
        Some(TypeKind::Void) if ty.pointers > 0 => "c_void",
        Some(TypeKind::Void) => "()",
        Some(TypeKind::Integer(scalar)) if !ty.base.contains(|c: char| c.is_ascii_uppercase()) => &scalar.rust,
        _ => &ty.base,
    };
    format!("{stars}{base}")
}
