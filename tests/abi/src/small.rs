//! A small interface, declared and as metadata, for the unit tests.

use wsp_codegen::model::*;

pub const METADATA: &str = r#"
    pub type SOCKET = usize;
    #[repr(C)] pub struct WSABUF { pub len: u32, pub buf: *mut u8 }
    pub type LPROUTINE = Option<unsafe extern "system" fn(dwerror: u32)>;
    pub type LPWSPSEND = Option<unsafe extern "system" fn(
        s: SOCKET, lpbuffers: *const WSABUF, dwbuffercount: u32, lproutine: LPROUTINE, lperrno: *mut i32) -> i32>;
    pub type LPWSPCLEANUP = Option<unsafe extern "system" fn(lperrno: *mut i32) -> i32>;
    #[repr(C)] pub struct WSPPROC_TABLE { pub lpWSPSend: LPWSPSEND, pub lpWSPCleanup: LPWSPCLEANUP }
    unsafe extern "system" { pub fn WPUComplete(s: SOCKET) -> i32; }
    pub const INVALID_SOCKET: SOCKET = -1i32 as _;
    pub const WSAEFAULT: WSA_ERROR = 10014i32;
    pub type WSA_ERROR = i32;
    pub const WSAID_ACCEPTEX: GUID = GUID::from_u128(0xb5367df1_cbac_11cf_95ca_00805f48a192);
"#;

/// Something that makes the declarations wrong.
pub type Mutation = (&'static str, fn(&mut Model));

pub const MUTATIONS: &[Mutation] = &[
    ("a parameter's type", |model| model.profiles[0].functions[0].params[0].ty = ty("DWORD", 0)),
    ("a pointer more", |model| model.profiles[0].functions[0].params[1].ty.pointers += 1),
    ("two parameters swapped", |model| model.profiles[0].functions[0].params.swap(0, 2)),
    ("a parameter's name", |model| model.profiles[0].functions[0].params[2].name = "dwFlags".into()),
    ("a parameter less", |model| drop(model.profiles[0].functions[0].params.pop())),
    ("a result's type", |model| model.profiles[0].functions[1].returns.ty = ty("SOCKET", 0)),
    ("an export's parameter", |model| model.profiles[0].functions[2].params[0].ty = ty("int", 0)),
    ("a callback's parameter", |model| match &mut named(model, "LPROUTINE").kind {
        TypeKind::Callback { params, .. } => params[0].ty = ty("SOCKET", 0),
        _ => unreachable!("LPROUTINE is a callback"),
    }),
    ("a member's type", |model| aggregate(model).fields[0].ty = ty("SOCKET", 0)),
    ("two members swapped", |model| aggregate(model).fields.swap(0, 1)),
    ("a member's name", |model| aggregate(model).fields[0].name = "length".into()),
    ("a member more", |model| {
        let more = Field { name: "more".into(), ..aggregate(model).fields[0].clone() };
        aggregate(model).fields.push(more);
    }),
    ("an array of a member", |model| aggregate(model).fields[0].array = Some(Value { name: None, value: 2 })),
    ("packing", |model| aggregate(model).pack = Some(1)),
    ("two slots swapped", |model| model.tables[0].slots.swap(0, 1)),
    ("a slot less", |model| drop(model.tables[0].slots.pop())),
    ("a constant", |model| model.groups[0].constants[0].value = ConstantValue::Integer(0)),
    ("a GUID", |model| model.groups[0].constants[1].value = ConstantValue::Guid(Guid { data2: 1, ..ACCEPTEX })),
    ("an error code", |model| model.codes[0].value += 1),
    ("an error code's name", |model| model.codes[0].name = "WSAEFAULTY".into()),
];

const ACCEPTEX: Guid =
    Guid { data1: 0xb536_7df1, data2: 0xcbac, data3: 0x11cf, data4: [0x95, 0xca, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92] };

fn named<'a>(model: &'a mut Model, name: &str) -> &'a mut CType {
    model.types.iter_mut().find(|ty| ty.name == name).expect("a type of the small interface")
}

fn aggregate(model: &mut Model) -> &mut Aggregate {
    match &mut named(model, "WSABUF").kind {
        TypeKind::Struct(aggregate) => aggregate,
        _ => unreachable!("WSABUF is a structure"),
    }
}

/// The declarations that agree with [`METADATA`].
pub fn model() -> Model {
    let errno = || param("lpErrno", "int", 1);
    let send = [
        param("s", "SOCKET", 0),
        param("lpBuffers", "LPWSABUF", 0),
        param("dwBufferCount", "DWORD", 0),
        param("lpRoutine", "LPROUTINE", 0),
        errno(),
    ];
    let functions = vec![
        function("WSPSend", FunctionKind::Table, send.into()),
        function("WSPCleanup", FunctionKind::Table, vec![errno()]),
        function("WPUComplete", FunctionKind::Export, vec![param("s", "SOCKET", 0)]),
    ];
    Model {
        profiles: vec![profile(functions)],
        types: types(),
        groups: vec![ConstantGroup {
            name: "values".into(),
            title: String::new(),
            constants: vec![
                constant("INVALID_SOCKET", "SOCKET", ConstantValue::Integer(-1)),
                constant("WSAID_ACCEPTEX", "GUID", ConstantValue::Guid(ACCEPTEX)),
            ],
        }],
        codes: vec![Code {
            name: "WSAEFAULT".into(),
            value: 10014,
            variant: "Fault".into(),
            text: String::new(),
            ntstatus: None,
            origin: origin(),
        }],
        tables: vec![Table {
            name: "WSPPROC_TABLE".into(),
            extends: None,
            text: String::new(),
            header: String::new(),
            slots: vec!["WSPSend".into(), "WSPCleanup".into()],
            origin: origin(),
        }],
        states: Vec::new(),
    }
}

fn types() -> Vec<CType> {
    let scalar = |rust: &str, width, signed| TypeKind::Integer(Scalar { rust: rust.into(), width, signed });
    let field =
        |name: &str, ty| Field { name: name.into(), rust_name: name.into(), ty, array: None, text: String::new() };
    let buffer = Aggregate {
        fields: vec![field("len", ty("DWORD", 0)), field("buf", ty("char", 1))],
        pack: None,
        flexible: false,
    };
    [
        ("void", TypeKind::Void),
        ("int", scalar("i32", Width::Bits(32), true)),
        ("char", scalar("i8", Width::Bits(8), true)),
        ("DWORD", scalar("u32", Width::Bits(32), false)),
        ("SOCKET", TypeKind::Handle(Scalar { rust: "usize".into(), width: Width::Pointer, signed: false })),
        ("GUID", TypeKind::Opaque),
        ("WSABUF", TypeKind::Struct(buffer)),
        ("LPWSABUF", TypeKind::Pointer { to: ty("WSABUF", 0) }),
        ("LPROUTINE", TypeKind::Callback { returns: ty("void", 0), params: vec![param("dwError", "DWORD", 0)] }),
    ]
    .map(|(name, kind)| CType {
        name: name.into(),
        c: name.into(),
        kind,
        header: String::new(),
        text: String::new(),
        origin: origin(),
    })
    .into()
}

fn origin() -> Origin {
    Origin { file: "small.yaml".into(), line: 1, overlay: false }
}

fn ty(base: &str, pointers: usize) -> TypeRef {
    TypeRef { c: format!("{base} {}", "*".repeat(pointers)), base: base.into(), is_const: false, pointers }
}

fn param(name: &str, base: &str, pointers: usize) -> Param {
    Param {
        name: name.into(),
        rust_name: name.to_lowercase(),
        ty: ty(base, pointers),
        direction: Direction::In,
        text: String::new(),
        null: Null::Unsaid,
        optional: false,
        errno: false,
        socket: None,
        length: None,
        allowed: None,
        context: None,
        origin: origin(),
    }
}

fn constant(name: &str, base: &str, value: ConstantValue) -> Constant {
    Constant { name: name.into(), ty: ty(base, 0), value, header: None, text: String::new(), origin: origin() }
}

fn function(name: &str, kind: FunctionKind, params: Vec<Param>) -> Function {
    let returns = Returns {
        ty: ty("int", 0),
        success: "0".into(),
        failure: None,
        error_via: ErrorVia::None,
        meaning: Meaning::Status,
        creates: None,
        text: String::new(),
    };
    Function {
        name: name.into(),
        kind,
        table: None,
        slot: None,
        guid: None,
        pointer: format!("LP{}", name.to_uppercase()),
        builds: None,
        header: String::new(),
        link: None,
        summary: String::new(),
        prose: String::new(),
        mandatory: false,
        fallback: None,
        left_out: None,
        managed: None,
        returns,
        params,
        args: Vec::new(),
        results: Vec::new(),
        completion: None,
        extensions: None,
        blocking: Blocking { mode: BlockingMode::Never, text: String::new() },
        states: States::default(),
        upcalls: UpcallUse::default(),
        errors: Vec::new(),
        outcomes: Vec::new(),
        never: Vec::new(),
        checks: Vec::new(),
        rules: Vec::new(),
        examples: Vec::new(),
        see_also: Vec::new(),
        origin: origin(),
    }
}

fn profile(functions: Vec<Function>) -> Profile {
    Profile {
        name: "small".into(),
        title: String::new(),
        text: String::new(),
        base: None,
        startup: String::new(),
        table: String::new(),
        upcalls: String::new(),
        descriptors: Descriptors::Host,
        absent: Absent::Refuse,
        functions,
        topics: Vec::new(),
    }
}
