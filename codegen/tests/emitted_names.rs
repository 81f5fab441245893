//! Names that an author may choose in C and that emitted code has another use for.

use wsp_codegen::build::builtin;
use wsp_codegen::emit::{EMITTERS, Options};
use wsp_codegen::{Source, compile};

/// A structure and a function whose names are keywords and the generator's own locals.
const ODD: [(&str, &str); 3] = [
    (
        "groups.yaml",
        "groups:
  - name: own
    title: Our own
    constants:
      - {name: WSAID_ODD, type: GUID, value: \"{5F0C1B5E-7C66-4D9C-9C3A-3D6E0A6B7F11}\", text: Asks for the function.}
",
    ),
    (
        "types.yaml",
        "types:
  - name: PAIR
    kind: struct
    header: odd.h
    text: Two numbers.
    fields: [{name: self, type: DWORD}, {name: class, type: DWORD}]
",
    ),
    (
        "odd.yaml",
        "function: WSPOdd
kind: extension
profiles: [winsock]
guid: WSAID_ODD
header: odd.h
summary: Has odd names.
mandatory: true
fallback: WSAEFAULT
returns: {type: int, success: \"0\", failure: SOCKET_ERROR, error_via: lpErrno, meaning: status}
params:
  - {name: self, type: DWORD, direction: in, text: A keyword., rust_name: own}
  - {name: class, type: DWORD, direction: in, text: A keyword of C++.}
  - {name: outcome, type: DWORD, direction: in, text: A local of thunks.}
  - {name: function, type: DWORD, direction: in, text: A local of callers.}
  - {name: out_size, type: \"DWORD *\", direction: out, text: A local of both., result: size, null: allowed}
  - {name: pair, type: \"PAIR *\", direction: in, text: A pair., null: refuse WSAEFAULT}
  - {name: returned, type: \"int *\", direction: out, text: Receives the error code., errno: true}
blocking: {mode: never}
errors: [{code: WSAEFAULT, when: it is bad}]
",
    ),
];

/// All text that an emitter makes of the built-in spec with the odd names.
fn emitted(name: &str) -> String {
    let mut sources = builtin();
    sources.extend(ODD.map(|(path, text)| Source::new(path, text, true)));
    let model = compile(&sources).unwrap_or_else(|diags| panic!("{diags}"));
    let emitter = EMITTERS.iter().find(|emitter| emitter.name == name).expect("an emitter");
    let outputs = emitter.run(&model, Options { overlay: true }).unwrap_or_else(|error| panic!("{error}"));
    outputs.into_iter().map(|output| output.contents).collect()
}

#[test]
fn rust_has_no_keyword_as_a_name_and_no_parameter_hides_a_local() {
    let text = emitted("rust");
    for line in [
        "self_: ffi::DWORD,",
        "pub self_: ffi::DWORD,",
        "outcome_: ffi::DWORD,",
        "function_: ffi::DWORD,",
        "out_size_: *mut ffi::DWORD,",
        "returned_: *mut i32,",
        "outcome: outcome_,",
    ] {
        assert!(text.lines().any(|found| found.trim() == line), "{line}");
    }
}

#[test]
fn the_header_has_no_keyword_of_c_plus_plus_as_a_name() {
    let text = emitted("header");
    assert!(text.contains(" class_,\n") && text.contains(" class_;\n"));
    assert!(!text.contains(" class,\n") && !text.contains(" class;\n"));
}
