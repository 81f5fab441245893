//! How C parameters become typed arguments and results. Nothing here knows a function; it goes by what the spec says of each
//! parameter. Rows are tried from the top; what a row takes is not looked at again.
//!
//! | what the spec says of the parameter                                     | argument, made of                       |
//! |--------------------------------------------------------------------------|-----------------------------------------|
//! | `errno: true`                                                            | none                                    |
//! | `result: NAME`, direction `out`                                          | none; a result                          |
//! | `result: NAME`, direction `inout`, pointer to a number                   | `Value` (what it points to), and a result |
//! | `result: NAME`, direction `inout`, other                                 | `InOut(type)`, and a result             |
//! | operation, routine or thread of `completion`                             | `Overlapped` of those there are, where the operation stands |
//! | the length of another parameter                                          | none; it goes with that parameter       |
//! | the `context` of a callback                                              | none; it goes with that callback        |
//! | a callback                                                               | `Callback`, with its context            |
//! | `socket: use` or `release`                                               | `Socket`                                |
//! | no pointer                                                               | `Value`                                 |
//! | `length: nul`, pointer to 16-bit units                                   | `WideStr`                               |
//! | `length: {elements}` by value                                            | `Array(type, direction is not in)`, with the count |
//! | `length: {bytes}` by value, direction `in`                               | `Bytes`, with the length                |
//! | `length: {bytes}` by value, direction `out` or `inout`                   | `BytesOut`, with the length             |
//! | `length` through a pointer, direction `out` or `inout`                   | `SizedOut(unit)`, with the length       |
//! | pointer to a flexible structure that ends in an array of `SOCKET`        | `SocketSet`                             |
//! | pointer to one number, handle, structure, union or pointer               | `In`, `Out`, `InOut` by direction       |
//! | any other pointer (`void`, opaque, other lengths)                        | `Raw`                                   |
//!
//! An argument is optional when NULL may be passed for the parameter that names it. A length that counts several pointers goes
//! with each of them.
//!
//! The typed result holds the return value if its `meaning` is `value` (under `returns.result`, else `value`), then the
//! parameters with `result` in parameter order.

use crate::model::{
    Arg, Direction, Function, Length, Lift, Meaning, Param, ResultField, SocketUse, TypeKind, TypeRef, Unit, Width,
};
use crate::resolve::facts::Facts;
use crate::syntax::function as syntax;

/// The C type of a descriptor.
pub const SOCKET_TYPE: &str = "SOCKET";

/// Fills in `args` and `results`, and tells length parameters' names from those of the pointers they belong to.
pub fn lift(function: &mut Function, decl: &syntax::Function, facts: Facts<'_>) {
    name_lengths(&mut function.params);
    let result_names: Vec<Option<&str>> =
        decl.params.iter().map(|param| param.result.as_ref().map(|name| name.value.as_str())).collect();
    function.args = (0..function.params.len()).filter_map(|at| argument(function, at, &result_names, facts)).collect();
    function.results = results(function, decl, &result_names, facts);
}

/// `lpvInBuffer` and `cbInBuffer` both make `in_buffer`; the length then gets a name of its own.
fn name_lengths(params: &mut [Param]) {
    let lengths: Vec<usize> = params.iter().filter_map(length_param).collect();
    for at in lengths {
        let taken = |name: &str| params.iter().enumerate().any(|(other, param)| other != at && param.rust_name == name);
        if params.get(at).is_some_and(|param| taken(&param.rust_name)) {
            params[at].rust_name.push_str("_length");
        }
    }
}

/// Index of the parameter that counts what this one points to.
fn length_param(param: &Param) -> Option<usize> {
    match &param.length {
        Some(Length::Counted { param, .. }) => Some(*param),
        _ => None,
    }
}

fn argument(function: &Function, at: usize, results: &[Option<&str>], facts: Facts<'_>) -> Option<Arg> {
    let params = &function.params;
    let param = params.get(at)?;
    let has_result = results.get(at).copied().flatten().is_some();
    if param.errno || (has_result && param.direction == Direction::Out) {
        return None;
    }
    if let Some(group) = &function.completion {
        let members = [Some(group.operation), group.routine, group.thread];
        if members.contains(&Some(at)) {
            let params = members.into_iter().flatten().collect();
            return (at == group.operation).then(|| arg(param, Lift::Overlapped, params));
        }
    }
    let is_length = params.iter().any(|other| length_param(other) == Some(at) && pointer(other, facts) != Lift::Raw);
    if is_length || param.context.is_some() {
        return None;
    }
    if has_result {
        let number = facts.pointee(&param.ty).filter(|inner| facts.scalar(inner).is_some());
        let lift = if number.is_some() { Lift::Value } else { one(param, facts) };
        return Some(arg(param, lift, vec![at]));
    }
    if facts.is_callback(&param.ty) {
        let context = params.iter().position(|other| other.context == Some(at));
        return Some(arg(param, Lift::Callback, std::iter::once(at).chain(context).collect()));
    }
    if matches!(param.socket, Some(SocketUse::Use | SocketUse::Release)) {
        return Some(arg(param, Lift::Socket, vec![at]));
    }
    if !facts.is_pointer(&param.ty) {
        return Some(arg(param, Lift::Value, vec![at]));
    }
    let lift = pointer(param, facts);
    let with_length = length_param(param).filter(|_| lift != Lift::Raw);
    Some(arg(param, lift, std::iter::once(at).chain(with_length).collect()))
}

/// What a pointer to data becomes.
fn pointer(param: &Param, facts: Facts<'_>) -> Lift {
    match &param.length {
        Some(Length::Nul) if points_to_wide(param, facts) => Lift::WideStr,
        Some(Length::Nul) => Lift::Raw,
        Some(Length::Counted { unit, by_pointer, .. }) => counted(param, *unit, *by_pointer, facts),
        None => one(param, facts),
    }
}

fn arg(param: &Param, lift: Lift, params: Vec<usize>) -> Arg {
    let optional = param.optional && lift != Lift::Raw;
    Arg { name: param.rust_name.clone(), lift, optional, params }
}

fn points_to_wide(param: &Param, facts: Facts<'_>) -> bool {
    let scalar = facts.pointee(&param.ty).and_then(|inner| facts.scalar(&inner).map(|scalar| scalar.width));
    scalar == Some(Width::Bits(16))
}

fn counted(param: &Param, unit: Unit, by_pointer: bool, facts: Facts<'_>) -> Lift {
    let element = facts.pointee(&param.ty).filter(|inner| inner.pointers == 0);
    match (unit, by_pointer, param.direction, element) {
        (Unit::Elements, false, direction, Some(element)) if !facts.is_void(&element) => {
            Lift::Array(element.base, direction != Direction::In)
        }
        (Unit::Bytes, false, Direction::In, _) => Lift::Bytes,
        (Unit::Bytes, false, ..) => Lift::BytesOut,
        (_, true, Direction::Out | Direction::InOut, _) => Lift::SizedOut(unit),
        _ => Lift::Raw,
    }
}

/// A pointer to one thing.
fn one(param: &Param, facts: Facts<'_>) -> Lift {
    let Some(inner) = facts.pointee(&param.ty).filter(|inner| inner.pointers == 0) else { return Lift::Raw };
    if is_socket_set(&inner, facts) {
        return Lift::SocketSet;
    }
    if matches!(facts.kind(&inner), Some(TypeKind::Void | TypeKind::Opaque)) {
        return Lift::Raw;
    }
    match param.direction {
        Direction::In => Lift::In(inner.base),
        Direction::Out => Lift::Out(inner.base),
        Direction::InOut => Lift::InOut(inner.base),
    }
}

fn is_socket_set(ty: &TypeRef, facts: Facts<'_>) -> bool {
    facts.aggregate(ty).is_some_and(|aggregate| {
        let last = aggregate.fields.last();
        aggregate.flexible
            && last.is_some_and(|last| last.array.is_some() && last.ty.base == SOCKET_TYPE && last.ty.pointers == 0)
    })
}

fn results(function: &Function, decl: &syntax::Function, names: &[Option<&str>], facts: Facts<'_>) -> Vec<ResultField> {
    let mut results = Vec::new();
    if function.returns.meaning == Meaning::Value {
        let name = decl.returns.result.as_ref().map_or_else(|| "value".to_owned(), |name| name.value.clone());
        results.push(ResultField { name, param: None, ty: function.returns.ty.clone() });
    }
    for (at, param) in function.params.iter().enumerate() {
        if let (Some(name), Some(ty)) = (names.get(at).copied().flatten(), facts.pointee(&param.ty)) {
            results.push(ResultField { name: name.to_owned(), param: Some(at), ty });
        }
    }
    results
}
