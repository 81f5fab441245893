//! A small interface made by hand, with one thing of every kind: what the tests of the documentation emitters look at.

use crate::model::*;

fn origin(file: &str, line: usize) -> Origin {
    Origin { file: file.to_owned(), line, overlay: false }
}

fn ty(c: &str, base: &str, pointers: usize) -> TypeRef {
    TypeRef { c: c.to_owned(), base: base.to_owned(), is_const: false, pointers }
}

fn param(name: &str, ty: TypeRef, line: usize) -> Param {
    Param {
        name: name.to_owned(),
        rust_name: name.to_lowercase(),
        ty,
        direction: Direction::In,
        text: format!("The {name} of the call <&>."),
        null: Null::Unsaid,
        optional: false,
        errno: false,
        socket: None,
        length: None,
        allowed: None,
        context: None,
        origin: origin("functions/WSPSend.yaml", line),
    }
}

fn params() -> Vec<Param> {
    let refuse = |unless| Null::Refuse { code: "WSAEFAULT".to_owned(), unless };
    let number = |name: Option<&str>, value| Value { name: name.map(str::to_owned), value };
    vec![
        Param { socket: Some(SocketUse::Use), ..param("s", ty("SOCKET", "SOCKET", 0), 5) },
        Param {
            null: refuse(Some(3)),
            length: Some(Length::Counted {
                unit: Unit::Elements,
                param: 2,
                by_pointer: false,
                minimum: Some((1, "WSAEFAULT".to_owned())),
            }),
            ..param("lpBuffers", ty("LPWSABUF", "WSABUF", 1), 9)
        },
        Param {
            allowed: Some(Allowed {
                set: AllowedSet::Flags(vec![number(Some("MSG_OOB"), 1), number(None, 2)]),
                violation: "WSAEFAULT".to_owned(),
                unless: Some((1, "len".to_owned())),
                text: String::new(),
            }),
            ..param("dwFlags", ty("DWORD", "DWORD", 0), 13)
        },
        Param { null: Null::Allowed, optional: true, ..param("lpOverlapped", ty("LPVOID", "void", 1), 17) },
        Param { direction: Direction::Out, errno: true, ..param("lpErrno", ty("LPINT", "int", 1), 20) },
    ]
}

fn errors() -> Vec<ErrorEntry> {
    let error = |code: &str, when: &str, source, delivery| ErrorEntry {
        code: code.to_owned(),
        when: when.to_owned(),
        source,
        delivery,
        note: None,
    };
    vec![
        error("WSAEFAULT", "a pointer is [not] in user memory", Source::Table, Delivery::Call),
        error("WSA_OPERATION_ABORTED", "cancelled by `WSPRdmaWrite`", Source::Remarks, Delivery::Completion),
        error("WSAEFAULT", "with the event", Source::Practice, Delivery::Event("FD_CONNECT".to_owned())),
    ]
}

fn rule(id: &str, class: RuleClass, test: Option<&str>) -> Rule {
    Rule {
        id: id.to_owned(),
        class,
        severity: Severity::Must,
        text: format!("Rule {id}: `WSPSend` | gives WSAEFAULT <now>."),
        kind: "state".to_owned(),
        source: None,
        test: test.map(str::to_owned),
        checks: if class == RuleClass::Check { vec!["lpBuffers.null".to_owned()] } else { vec![] },
        reason: None,
        origin: origin("functions/WSPSend.yaml", 40),
    }
}

/// A table function with everything said about it.
pub(crate) fn send() -> Function {
    Function {
        name: "WSPSend".to_owned(),
        kind: FunctionKind::Table,
        table: Some("WSPPROC_TABLE".to_owned()),
        slot: Some(0),
        guid: None,
        pointer: "LPWSPSEND".to_owned(),
        builds: None,
        header: "ws2spi.h".to_owned(),
        link: Some("https://example.invalid/wspsend".to_owned()),
        summary: "Sends data.".to_owned(),
        prose: "One paragraph about `WSPSend` and <b>.\n\n    Not code.\n".to_owned(),
        mandatory: false,
        fallback: Some("WSAEFAULT".to_owned()),
        left_out: Some("WSAEFAULT".to_owned()),
        managed: None,
        returns: Returns {
            ty: ty("int", "int", 0),
            success: "0".to_owned(),
            failure: Some("SOCKET_ERROR".to_owned()),
            error_via: ErrorVia::LpErrno,
            meaning: Meaning::Status,
            creates: None,
            text: String::new(),
        },
        params: params(),
        args: vec![],
        results: vec![],
        completion: Some(Completion { operation: 3, routine: None, thread: None, text: String::new() }),
        extensions: None,
        blocking: Blocking { mode: BlockingMode::May, text: String::new() },
        states: States { requires: vec!["open".to_owned()], becomes: vec!["closed".to_owned()], text: String::new() },
        upcalls: UpcallUse { must: vec!["WPUQueueApc".to_owned()], may: vec![], text: String::new() },
        errors: errors(),
        outcomes: vec![Outcome { code: "WSA_IO_PENDING".to_owned(), when: "the operation has started".to_owned() }],
        never: vec![],
        checks: vec![Check {
            id: "WSPSend.lpBuffers.null".to_owned(),
            kind: CheckKind::Null { param: 1, unless: Some(3) },
            code: Some("WSAEFAULT".to_owned()),
            text: "`lpBuffers` is NULL.".to_owned(),
            origin: origin("functions/WSPSend.yaml", 9),
        }],
        rules: vec![
            rule("WSPSend-01", RuleClass::Check, None),
            rule("WSPSend-02", RuleClass::Behaviour, Some("tests::suite::send")),
        ],
        examples: vec![Example {
            title: "One buffer".to_owned(),
            values: vec![("dwFlags".to_owned(), "MSG_OOB".to_owned())],
            text: "Sends it.".to_owned(),
        }],
        see_also: vec!["WSPRdmaWrite".to_owned()],
        origin: origin("functions/WSPSend.yaml", 1),
    }
}

fn san_send() -> Function {
    let mut function = send();
    function.mandatory = true;
    function.params[2].allowed = None;
    function.errors.truncate(2);
    function.errors[0].when = "never mind".to_owned();
    function.rules.push(rule("WSPSend-S01", RuleClass::Host, None));
    function
}

fn other(name: &str, kind: FunctionKind) -> Function {
    Function {
        name: name.to_owned(),
        kind,
        table: None,
        slot: None,
        pointer: format!("LP{}", name.to_uppercase()),
        link: None,
        params: vec![],
        completion: None,
        states: States::default(),
        upcalls: UpcallUse::default(),
        errors: vec![],
        outcomes: vec![],
        checks: vec![],
        rules: vec![],
        examples: vec![],
        see_also: vec![],
        origin: origin(&format!("functions/{name}.yaml"), 1),
        ..send()
    }
}

fn profile(name: &str, functions: Vec<Function>) -> Profile {
    Profile {
        name: name.to_owned(),
        title: format!("The {name} interface"),
        text: format!("What {name} is."),
        base: (name == "san").then(|| "winsock".to_owned()),
        startup: "WSPStartup".to_owned(),
        table: "WSPPROC_TABLE".to_owned(),
        upcalls: "WSPUPCALLTABLE".to_owned(),
        descriptors: Descriptors::Host,
        absent: Absent::Refuse,
        functions,
        topics: vec![Topic {
            name: "close".to_owned(),
            title: "Closing".to_owned(),
            text: "What closing means.".to_owned(),
            rules: vec![rule("close-01", RuleClass::Note, None)],
            origin: origin("topics/close.yaml", 1),
        }],
    }
}

fn types() -> Vec<CType> {
    let scalar = |rust: &str, bits| Scalar { rust: rust.to_owned(), width: Width::Bits(bits), signed: false };
    let base = |name: &str, kind| CType {
        name: name.to_owned(),
        c: name.to_owned(),
        kind,
        header: "winsock2.h".to_owned(),
        text: format!("The type {name}."),
        origin: origin("types.yaml", 3),
    };
    let fields = vec![Field {
        name: "len".to_owned(),
        rust_name: "len".to_owned(),
        ty: ty("DWORD", "DWORD", 0),
        array: Some(Value { name: None, value: 8 }),
        text: "How long.".to_owned(),
    }];
    vec![
        base("int", TypeKind::Integer(scalar("i32", 32))),
        base("void", TypeKind::Void),
        base("DWORD", TypeKind::Integer(scalar("u32", 32))),
        base("SOCKET", TypeKind::Handle(scalar("usize", 64))),
        base("WSABUF", TypeKind::Struct(Aggregate { fields, pack: None, flexible: false })),
        base("LPWSABUF", TypeKind::Pointer { to: ty("WSABUF", "WSABUF", 0) }),
        base("LPROUTINE", TypeKind::Callback { returns: ty("int", "int", 0), params: vec![params()[0].clone()] }),
        base("QOS", TypeKind::Opaque),
    ]
}

fn groups() -> Vec<ConstantGroup> {
    let constant = |name: &str, c: &str, value| Constant {
        name: name.to_owned(),
        ty: ty(c, c, 0),
        value,
        header: None,
        text: format!("The constant {name}."),
        origin: origin("constants.yaml", 4),
    };
    let guid = Guid {
        data1: 0xC0B4_22F5,
        data2: 0xF58C,
        data3: 0x11D1,
        data4: [0xAD, 0x6C, 0x00, 0xC0, 0x4F, 0xA3, 0x4A, 0x2D],
    };
    vec![ConstantGroup {
        name: "all".to_owned(),
        title: "All of them".to_owned(),
        constants: vec![
            constant("MSG_OOB", "int", ConstantValue::Integer(1)),
            constant("SOCKET_ERROR", "int", ConstantValue::Integer(-1)),
            constant("WSAID_RDMAWRITE", "GUID", ConstantValue::Guid(guid)),
        ],
    }]
}

/// The whole small interface: two profiles, one function in both of them, one function of each other kind.
pub(crate) fn model() -> Model {
    let code = |name: &str, value| Code {
        name: name.to_owned(),
        value,
        variant: name.trim_start_matches("WSA").to_owned(),
        text: format!("What {name} means."),
        ntstatus: (value == 995).then_some(0xC000_0120),
        origin: origin("codes.yaml", 2),
    };
    let state = |name: &str, title: &str| State {
        name: name.to_owned(),
        title: title.to_owned(),
        text: format!("A socket that is {name}."),
    };
    let table = |name: &str, slot: &str| Table {
        name: name.to_owned(),
        extends: None,
        text: format!("The table {name}."),
        header: "ws2spi.h".to_owned(),
        slots: vec![slot.to_owned()],
        origin: origin("tables.yaml", 2),
    };
    let upcall = Function {
        table: Some("WSPUPCALLTABLE".to_owned()),
        slot: Some(0),
        ..other("WPUQueueApc", FunctionKind::Upcall)
    };
    let extension =
        Function { guid: Some("WSAID_RDMAWRITE".to_owned()), ..other("WSPRdmaWrite", FunctionKind::Extension) };
    let startup = other("WSPStartup", FunctionKind::Startup);
    Model {
        profiles: vec![
            profile("winsock", vec![startup.clone(), send(), upcall.clone()]),
            profile("san", vec![startup, san_send(), upcall, extension]),
        ],
        types: types(),
        groups: groups(),
        codes: vec![code("WSAEFAULT", 10014), code("WSA_OPERATION_ABORTED", 995), code("WSA_IO_PENDING", 997)],
        tables: vec![table("WSPPROC_TABLE", "WSPSend"), table("WSPUPCALLTABLE", "WPUQueueApc")],
        states: vec![state("open", "Open"), state("idle", "Idle"), state("closed", "Closed")],
    }
}
