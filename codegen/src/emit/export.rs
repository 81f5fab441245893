//! The whole model as JSON, for tools that want the facts and not the prose.
//!
//! The keys that other programs read (`profiles`, `functions`, `params`, `errors`, `rules` and their members) keep their meaning between versions;
//! further keys may be added.

use std::borrow::Cow;

use crate::json::Json;
use crate::model::{
    CType, Check, Constant, ConstantValue, Delivery, ErrorEntry, ErrorVia, Field, Function, FunctionKind, Model, Param,
    Profile, Rule, TypeKind, TypeRef,
};

use super::markdown::describe;
use super::markdown::text::one_line;

/// The model as JSON: two spaces of indentation, keys and entries in the order of the spec, a line feed at the end.
pub fn emit(model: &Model) -> String {
    let profiles =
        model.profiles.iter().map(|profile| (Cow::from(&profile.name), profile_json(profile, model))).collect();
    object([
        ("profiles", Json::Object(profiles)),
        ("types", array(&model.types, type_json)),
        (
            "constants",
            array(&model.groups, |group| {
                object([
                    ("name", (&group.name).json()),
                    ("title", (&group.title).json()),
                    ("constants", array(&group.constants, constant_json)),
                ])
            }),
        ),
        (
            "codes",
            array(&model.codes, |code| {
                object([
                    ("name", (&code.name).json()),
                    ("value", i128::from(code.value).json()),
                    ("variant", (&code.variant).json()),
                    ("text", text(&code.text)),
                    ("ntstatus", code.ntstatus.map(i128::from).json()),
                    ("declared", code.origin.to_string().json()),
                ])
            }),
        ),
        (
            "tables",
            array(&model.tables, |table| {
                object([
                    ("name", (&table.name).json()),
                    ("extends", table.extends.as_ref().json()),
                    ("slots", names(&table.slots)),
                    ("declared", table.origin.to_string().json()),
                ])
            }),
        ),
        (
            "states",
            array(&model.states, |state| {
                object([("name", (&state.name).json()), ("title", (&state.title).json()), ("text", text(&state.text))])
            }),
        ),
    ])
    .pretty()
}

fn profile_json<'m>(profile: &'m Profile, model: &'m Model) -> Json<'m> {
    object([
        ("title", (&profile.title).json()),
        ("base", profile.base.as_ref().json()),
        ("startup", (&profile.startup).json()),
        ("table", (&profile.table).json()),
        ("upcalls", (&profile.upcalls).json()),
        ("functions", array(&profile.functions, |function| function_json(function, model))),
        (
            "topics",
            array(&profile.topics, |topic| {
                object([
                    ("name", (&topic.name).json()),
                    ("title", (&topic.title).json()),
                    ("rules", array(&topic.rules, rule_json)),
                    ("declared", topic.origin.to_string().json()),
                ])
            }),
        ),
    ])
}

fn function_json<'m>(function: &'m Function, model: &'m Model) -> Json<'m> {
    let guid = function.guid.as_ref().and_then(|name| model.constant(name)).and_then(guid_text);
    object([
        ("name", (&function.name).json()),
        ("kind", kind(function.kind).json()),
        ("table", function.table.as_ref().json()),
        ("slot", function.slot.json()),
        ("guid", guid.json()),
        ("pointer", (&function.pointer).json()),
        ("builds", function.builds.map(describe::builds).json()),
        ("header", (&function.header).json()),
        ("link", function.link.as_ref().json()),
        ("summary", text(&function.summary)),
        ("mandatory", function.mandatory.json()),
        ("fallback", function.fallback.as_ref().json()),
        ("left_out", function.left_out.as_ref().json()),
        (
            "returns",
            object([
                ("c_type", (&function.returns.ty.c).json()),
                ("success", (&function.returns.success).json()),
                ("failure", function.returns.failure.as_ref().json()),
                ("error_via", error_via(function.returns.error_via).json()),
            ]),
        ),
        ("params", array(&function.params, |param| param_json(param, Some(function)))),
        ("blocking", one_line(&describe::blocking(&function.blocking)).into_owned().json()),
        (
            "states",
            object([("requires", names(&function.states.requires)), ("becomes", names(&function.states.becomes))]),
        ),
        ("upcalls", object([("must", names(&function.upcalls.must)), ("may", names(&function.upcalls.may))])),
        ("errors", array(&function.errors, |error| error_json(error, model))),
        (
            "outcomes",
            array(&function.outcomes, |outcome| {
                object([
                    ("code", (&outcome.code).json()),
                    ("value", code_value(&outcome.code, model)),
                    ("when", text(&outcome.when)),
                ])
            }),
        ),
        ("never", names(&function.never)),
        ("checks", array(&function.checks, check_json)),
        ("rules", array(&function.rules, rule_json)),
        ("declared", function.origin.to_string().json()),
    ])
}

fn param_json<'m>(param: &'m Param, function: Option<&Function>) -> Json<'m> {
    let in_words = |words: fn(&Param, &Function) -> Option<String>| function.and_then(|f| words(param, f)).json();
    let direction = describe::direction(param.direction).replace(", ", "");
    object([
        ("name", (&param.name).json()),
        ("c_type", (&param.ty.c).json()),
        ("direction", direction.json()),
        ("optional", param.optional.json()),
        ("null", in_words(describe::null)),
        ("length", in_words(describe::length)),
        ("allowed", in_words(|param, function| param.allowed.as_ref().map(|set| describe::allowed(set, function)))),
        ("text", text(&param.text)),
        ("declared", param.origin.to_string().json()),
    ])
}

fn error_json<'m>(error: &'m ErrorEntry, model: &'m Model) -> Json<'m> {
    let (delivery, event) = match &error.delivery {
        Delivery::Call => ("call", None),
        Delivery::Completion => ("completion", None),
        Delivery::Event(event) => ("event", Some(event)),
    };
    object([
        ("code", (&error.code).json()),
        ("value", code_value(&error.code, model)),
        ("when", text(&error.when)),
        ("source", describe::source(error.source).json()),
        ("delivery", delivery.json()),
        ("event", event.json()),
        ("note", error.note.as_ref().json()),
    ])
}

fn check_json(check: &Check) -> Json<'_> {
    object([
        ("id", (&check.id).json()),
        ("kind", describe::check_kind(&check.kind).json()),
        ("code", check.code.as_ref().json()),
        ("text", text(&check.text)),
        ("declared", check.origin.to_string().json()),
    ])
}

fn rule_json(rule: &Rule) -> Json<'_> {
    object([
        ("id", (&rule.id).json()),
        ("class", describe::class(rule.class).json()),
        ("severity", describe::severity(rule.severity).json()),
        ("kind", (&rule.kind).json()),
        ("text", text(&rule.text)),
        ("source", rule.source.as_ref().json()),
        ("test", rule.test.as_ref().json()),
        ("checks", names(&rule.checks)),
        ("reason", rule.reason.as_ref().json()),
        ("declared", rule.origin.to_string().json()),
    ])
}

fn type_json(ty: &CType) -> Json<'_> {
    let mut members = vec![("name", (&ty.name).json()), ("c_type", (&ty.c).json())];
    let mut add = |key, value| members.push((key, value));
    match &ty.kind {
        TypeKind::Integer(scalar) | TypeKind::Handle(scalar) => {
            add("kind", if matches!(ty.kind, TypeKind::Integer(_)) { "integer".json() } else { "handle".json() });
            add("rust", (&scalar.rust).json());
        }
        TypeKind::Struct(aggregate) | TypeKind::Union(aggregate) => {
            add("kind", if matches!(ty.kind, TypeKind::Struct(_)) { "struct".json() } else { "union".json() });
            add("fields", array(&aggregate.fields, field_json));
        }
        TypeKind::Pointer { to: TypeRef { c, .. } } => {
            add("kind", "pointer".json());
            add("to", c.json());
        }
        TypeKind::Callback { returns, params } => {
            add("kind", "callback".json());
            add("returns", (&returns.c).json());
            add("params", array(params, |param| param_json(param, None)));
        }
        TypeKind::Opaque => add("kind", "opaque".json()),
        TypeKind::Void => add("kind", "void".json()),
    }
    add("header", (&ty.header).json());
    add("text", text(&ty.text));
    add("declared", ty.origin.to_string().json());
    Json::object(members)
}

fn field_json(field: &Field) -> Json<'_> {
    object([
        ("name", (&field.name).json()),
        ("c_type", (&field.ty.c).json()),
        ("array", field.array.as_ref().map(|length| length.value).json()),
    ])
}

fn constant_json(constant: &Constant) -> Json<'_> {
    object([
        ("name", (&constant.name).json()),
        ("c_type", (&constant.ty.c).json()),
        (
            "value",
            match &constant.value {
                ConstantValue::Integer(value) => (*value).json(),
                ConstantValue::Guid(_) => guid_text(constant).json(),
            },
        ),
        ("text", text(&constant.text)),
        ("declared", constant.origin.to_string().json()),
    ])
}

/// A GUID constant the way the registry writes it, with braces and in capitals.
pub(crate) fn guid_text(constant: &Constant) -> Option<String> {
    let ConstantValue::Guid(guid) = &constant.value else { return None };
    let tail: Vec<String> = guid.data4.iter().map(|byte| format!("{byte:02X}")).collect();
    let (clock, node) = tail.split_at(2);
    Some(format!("{{{:08X}-{:04X}-{:04X}-{}-{}}}", guid.data1, guid.data2, guid.data3, clock.concat(), node.concat()))
}

fn kind(kind: FunctionKind) -> &'static str {
    match kind {
        FunctionKind::Startup => "startup",
        FunctionKind::Table => "table",
        FunctionKind::Upcall => "upcall",
        FunctionKind::Export => "export",
        FunctionKind::Extension => "extension",
        FunctionKind::Catalog => "catalog",
    }
}

fn error_via(via: ErrorVia) -> &'static str {
    match via {
        ErrorVia::LpErrno => "lpErrno",
        ErrorVia::Return => "return",
        ErrorVia::LastError => "last_error",
        ErrorVia::None => "none",
    }
}

fn code_value(code: &str, model: &Model) -> Json<'static> {
    model.code(code).map(|code| i128::from(code.value)).json()
}

fn names(names: &[String]) -> Json<'_> {
    array(names, ToJson::json)
}

/// Prose on one line: the line breaks of the YAML file mean nothing.
fn text(text: &str) -> Json<'_> {
    Json::Text(one_line(text))
}

/// What a value of the model is in JSON.
trait ToJson<'a> {
    fn json(self) -> Json<'a>;
}

impl<'a> ToJson<'a> for &'a str {
    fn json(self) -> Json<'a> {
        Json::text(self)
    }
}

impl<'a> ToJson<'a> for &'a String {
    fn json(self) -> Json<'a> {
        Json::text(self)
    }
}

impl ToJson<'static> for String {
    fn json(self) -> Json<'static> {
        Json::text(self)
    }
}

impl ToJson<'static> for bool {
    fn json(self) -> Json<'static> {
        Json::Bool(self)
    }
}

impl ToJson<'static> for usize {
    fn json(self) -> Json<'static> {
        Json::Number(self as i128)
    }
}

impl ToJson<'static> for i128 {
    fn json(self) -> Json<'static> {
        Json::Number(self)
    }
}

impl<'a, T: ToJson<'a>> ToJson<'a> for Option<T> {
    fn json(self) -> Json<'a> {
        self.map_or(Json::Null, ToJson::json)
    }
}

fn object<'a, const N: usize>(members: [(&'a str, Json<'a>); N]) -> Json<'a> {
    Json::object(members)
}

fn array<'a, T>(values: impl IntoIterator<Item = T>, item: impl FnMut(T) -> Json<'a>) -> Json<'a> {
    Json::List(values.into_iter().map(item).collect())
}

#[cfg(test)]
mod tests {
    use super::super::markdown::fixture;

    #[test]
    fn has_the_shape_that_readers_rely_on() {
        let json = super::emit(&fixture::model());
        for expected in [
            "\"profiles\": {\n    \"winsock\": {",
            "\"name\": \"WSPSend\",\n          \"kind\": \"table\",\n          \"table\": \"WSPPROC_TABLE\",\n          \"slot\": 0,\n          \"guid\": null,",
            "\"guid\": \"{C0B422F5-F58C-11D1-AD6C-00C04FA34A2D}\"",
            "\"failure\": \"SOCKET_ERROR\",\n            \"error_via\": \"lpErrno\"",
            "\"code\": \"WSA_OPERATION_ABORTED\",\n              \"value\": 995,",
            "\"delivery\": \"event\",\n              \"event\": \"FD_CONNECT\",",
            "\"delivery\": \"completion\",\n              \"event\": null,",
            "\"severity\": \"must\"",
        ] {
            assert!(json.contains(expected), "{expected} is missing in\n{json}");
        }
    }

    #[test]
    fn is_the_same_every_time() {
        let model = fixture::model();
        assert_eq!(super::emit(&model), super::emit(&model.clone()));
    }

    #[test]
    fn keeps_the_pending_outcome_out_of_the_errors() {
        let json = super::emit(&fixture::model());
        let mut rest = json.as_str();
        while let Some(at) = rest.find("\"errors\": [") {
            let end = rest[at..].find("\"outcomes\"").expect("outcomes follow errors");
            assert!(!rest[at..at + end].contains("WSA_IO_PENDING"));
            rest = &rest[at + end..];
        }
        assert!(json.contains("\"code\": \"WSA_IO_PENDING\""));
    }
}
