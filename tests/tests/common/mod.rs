//! The probes, started once, and every function of theirs.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::sync::OnceLock;

use wsp_codegen::model::{ErrorVia, Function, FunctionKind, Managed, TypeKind, Width};
use wsp_probe::arguments::{Arguments, Subject};
use wsp_probe::entries::find;
use wsp_probe::host::Started;
use wsp_probe::{model, probe};
use wsp_tests as _;

/// The probe of a profile.
pub fn probe_of(profile: &str) -> Started {
    static WINSOCK: OnceLock<Started> = OnceLock::new();
    static SAN: OnceLock<Started> = OnceLock::new();
    probe::silence_panics();
    probe::answer_with(probe::Answer::Done, || match profile {
        "winsock" => *WINSOCK.get_or_init(Started::winsock::<probe::winsock::Probe>),
        "san" => *SAN.get_or_init(Started::san::<probe::san::Probe>),
        other => panic!("there is no probe for the profile {other}"),
    })
}

/// Every function that a host calls, in every profile.
pub fn subjects() -> Vec<Subject<'static>> {
    let mut subjects = Vec::new();
    for profile in &model().profiles {
        for function in &profile.functions {
            if matches!(function.kind, FunctionKind::Startup | FunctionKind::Table | FunctionKind::Extension) {
                let entry = find(&profile.name, &function.name)
                    .unwrap_or_else(|| panic!("{} {} is no entry point", profile.name, function.name));
                subjects.push(Subject { profile, function, entry });
            }
        }
    }
    assert!(subjects.len() > 50, "only {} functions", subjects.len());
    subjects
}

/// What a call came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Came {
    /// The result, cut to the width of its type.
    pub result: u64,
    /// What was stored for the error code, or became the last error, if the function tells it so.
    pub errno: Option<i32>,
    /// The check that refused it.
    pub refused: Option<&'static str>,
    /// How many calls reached the probe.
    pub asked: usize,
}

/// Makes a call on a new socket with arguments that `change` may have spoilt.
pub fn call(subject: &Subject<'_>, skew: usize, change: impl FnOnce(&mut Arguments)) -> Came {
    let mut provider = probe_of(&subject.profile.name);
    if subject.function.managed == Some(Managed::Cleanup) {
        // For the count that the call may take away.
        probe::answer_with(probe::Answer::Done, || provider.start());
    }
    let socket = probe::answer_with(probe::Answer::Done, || provider.socket());
    let mut arguments = subject.good(socket, skew);
    change(&mut arguments);
    // Nothing that came before counts.
    let _ = wsp::rt::last_refusal();
    wsp::rt::set_last_error(0);
    let asked = probe::asked();
    // SAFETY: the arguments are good, or spoilt so that a check refuses them before they are used.
    let word = unsafe { provider.call(subject.entry, &arguments.words, socket) };
    let word = word.unwrap_or_else(|| panic!("the probe has no {}", subject.function.name));
    let came = Came {
        result: cut(subject.function, word as u64),
        errno: match subject.function.returns.error_via {
            ErrorVia::LpErrno | ErrorVia::LastError => Some(arguments.errno()),
            ErrorVia::Return | ErrorVia::None => None,
        },
        refused: wsp::rt::last_refusal().map(|check| check.id),
        asked: probe::asked() - asked,
    };
    probe::answer_with(probe::Answer::Done, || provider.close(socket));
    came
}

/// The low bits that the result has.
fn cut(function: &Function, word: u64) -> u64 {
    match model().type_named(&function.returns.ty.base).map(|ty| &ty.kind) {
        Some(TypeKind::Integer(scalar) | TypeKind::Handle(scalar)) => match scalar.width {
            Width::Bits(bits) if bits < 64 => word & ((1 << bits) - 1),
            _ => word,
        },
        // It returns nothing: the register has what anybody left there.
        Some(TypeKind::Void) => 0,
        _ => word,
    }
}

/// What the function returns when it fails with this code, 0 if none can be stored.
pub fn failure(function: &Function, code: i32) -> u64 {
    let Some(name) = &function.returns.failure else { return cut(function, code as u64) };
    let constant = model().constant(name).unwrap_or_else(|| panic!("{name} is not declared"));
    match constant.value {
        wsp_codegen::model::ConstantValue::Integer(value) => cut(function, value as u64),
        wsp_codegen::model::ConstantValue::Guid(_) => panic!("{name} is a GUID"),
    }
}

/// The number of a code.
pub fn number(code: &str) -> i32 {
    model().code(code).unwrap_or_else(|| panic!("{code} is not declared")).value
}
