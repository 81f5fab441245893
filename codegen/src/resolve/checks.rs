//! The checks that the generated validation makes, derived from what the spec says of the parameters.
//!
//! In this order: the pointer that the error code goes through; then for each parameter its NULL and address checks; then all
//! least lengths; then all allowed values; then the groups of which one is needed; then the sockets.

use crate::model::{
    Allowed, AllowedSet, Check, CheckKind, ErrorVia, Function, FunctionKind, Length, Null, Param, SocketUse, Value,
};
use crate::resolve::facts::Facts;

/// The code for a bad address when nothing else is said.
pub const FAULT: &str = "WSAEFAULT";
/// The code for what is no socket.
pub const NOT_SOCKET: &str = "WSAENOTSOCK";

/// Derives a function's checks. `any_of`: groups of pointers of which one is needed, each with its code.
pub fn derive(function: &Function, any_of: &[(Vec<usize>, String)], facts: Facts<'_>) -> Vec<Check> {
    let mut list = List { function, checks: Vec::new() };
    for (at, param) in function.params.iter().enumerate().filter(|(_, param)| param.errno) {
        list.add(at, "null", CheckKind::Null { param: at, unless: None }, None, format!("`{}` is NULL.", param.name));
        list.address(at, None);
    }
    for (at, param) in
        function.params.iter().enumerate().filter(|(_, param)| !param.errno && facts.is_pointer(&param.ty))
    {
        list.pointer(at, &param.null);
    }
    for (at, param) in function.params.iter().enumerate() {
        list.minimum(at, param);
    }
    for (at, param) in function.params.iter().enumerate() {
        if let Some(allowed) = &param.allowed {
            let text = allowed_text(param, allowed, function);
            list.add(at, "allowed", CheckKind::Allowed { param: at }, Some(&allowed.violation), text);
        }
    }
    for (number, (params, code)) in any_of.iter().enumerate() {
        let names: Vec<_> = params.iter().map(|at| format!("`{}`", function.params[*at].name)).collect();
        let text = format!("All of {} are NULL.", names.join(", "));
        list.any_of(number, params, code, text);
    }
    // What the host or the system implements knows nothing of this provider's sockets.
    if !matches!(function.kind, FunctionKind::Upcall | FunctionKind::Export | FunctionKind::Catalog) {
        for (at, param) in function.params.iter().enumerate() {
            if matches!(param.socket, Some(SocketUse::Use | SocketUse::Release)) {
                let text = format!("`{}` names no live socket.", param.name);
                list.add(at, "socket", CheckKind::Socket { param: at }, Some(NOT_SOCKET), text);
            }
        }
    }
    list.checks
}

struct List<'f> {
    function: &'f Function,
    checks: Vec<Check>,
}

impl List<'_> {
    fn add(&mut self, at: usize, what: &str, kind: CheckKind, code: Option<&str>, text: String) {
        let Some(param) = self.function.params.get(at) else { return };
        // A function that has no way to say why it fails only fails.
        let code = code.filter(|_| self.function.returns.error_via != ErrorVia::None);
        self.checks.push(Check {
            id: format!("{}.{}.{what}", self.function.name, param.name),
            kind,
            code: code.map(str::to_owned),
            text,
            origin: param.origin.clone(),
        });
    }

    fn any_of(&mut self, number: usize, params: &[usize], code: &str, text: String) {
        let Some(first) = params.first() else { return };
        self.add(*first, "anyof", CheckKind::AnyOf { params: params.to_vec() }, Some(code), text);
        // It belongs to no single parameter, so its name has none.
        if let Some(check) = self.checks.last_mut() {
            let number = if number == 0 { String::new() } else { (number + 1).to_string() };
            check.id = format!("{}.anyof{number}", self.function.name);
        }
    }

    fn address(&mut self, at: usize, code: Option<&str>) {
        let function = self.function;
        let name = &function.params[at].name;
        // How the end of an operation is told matters only if there is one.
        let operation = function.completion.as_ref().filter(|group| [group.routine, group.thread].contains(&Some(at)));
        let with = operation.map(|group| group.operation);
        let given = with.and_then(|with| function.params.get(with));
        let given = given.map(|given| format!("`{}` is given, and ", given.name)).unwrap_or_default();
        let text = format!("{given}`{name}` is not NULL and lies below 64 KiB or outside user space.");
        self.add(at, "address", CheckKind::Address { param: at, with }, code, text);
    }

    fn pointer(&mut self, at: usize, null: &Null) {
        let name = &self.function.params[at].name;
        match null {
            Null::Refuse { code, unless } => {
                let text = match unless.and_then(|unless| self.function.params.get(unless)) {
                    Some(other) => format!("`{name}` and `{}` are NULL.", other.name),
                    None => format!("`{name}` is NULL."),
                };
                self.add(at, "null", CheckKind::Null { param: at, unless: *unless }, Some(code), text);
                self.address(at, Some(code));
            }
            Null::Allowed | Null::Means(_) | Null::Unsaid => self.address(at, Some(FAULT)),
            Null::Ignored => {}
        }
    }

    fn minimum(&mut self, at: usize, param: &Param) {
        let Some(Length::Counted { param: length, by_pointer, minimum: Some((minimum, code)), .. }) = &param.length
        else {
            return;
        };
        let (length, by_pointer, minimum) = (*length, *by_pointer, *minimum);
        let Some(counter) = self.function.params.get(length) else { return };
        let star = if by_pointer { "*" } else { "" };
        let text = format!("`{star}{}` is below {minimum}.", counter.name);
        self.add(at, "minimum", CheckKind::Minimum { param: at, length, by_pointer, minimum }, Some(code), text);
    }
}

fn allowed_text(param: &Param, allowed: &Allowed, function: &Function) -> String {
    let written =
        |value: &Value| value.name.as_ref().map_or_else(|| value.value.to_string(), |name| format!("`{name}`"));
    let list = |values: &[Value]| values.iter().map(written).collect::<Vec<_>>().join(", ");
    let is_not = match &allowed.set {
        AllowedSet::Values(values) => format!("is none of {}", list(values)),
        AllowedSet::Flags(flags) => format!("has other flags than {}", list(flags)),
        AllowedSet::Range(from, to) => format!("is not from {} to {}", written(from), written(to)),
        AllowedSet::Constant(value) => format!("is not {}", written(value)),
    };
    let unless = allowed.unless.as_ref().and_then(|(at, member)| Some((function.params.get(*at)?, member)));
    match unless {
        Some((other, member)) => format!("`{}` {is_not}, and `{}` of `{}` is 0.", param.name, member, other.name),
        None => format!("`{}` {is_not}.", param.name),
    }
}
