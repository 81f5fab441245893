//! Error codes and named constants.

use super::comment;
use super::names::{self, Names};
use super::section;
use crate::model::{Constant, ConstantValue, Guid, Model, Scalar, TypeKind, Width};

/// The error codes.
pub fn codes(model: &Model) -> String {
    model.codes.iter().map(|code| define(&code.name, &code.value.to_string(), &code.text)).collect()
}

/// The constants, group by group.
pub fn groups(names: &Names<'_>) -> String {
    let mut text = String::new();
    for group in &names.model.groups {
        text.push_str(&section(&group.title));
        for constant in &group.constants {
            text.push_str(&define(&constant.name, &value(names, constant), &constant.text));
        }
    }
    text
}

/// The macro, and for a prefixed one the plain name where that is safe.
fn define(name: &str, value: &str, text: &str) -> String {
    let full = names::constant(name);
    let mut lines = comment::paragraph(text, 0);
    if full == name {
        lines.push_str(&format!("#ifndef {name}\n#define {name} {value}\n#endif\n"));
        return lines;
    }
    lines.push_str(&format!("#define {full} {value}\n"));
    lines.push_str("#if defined(_WIN32) || defined(WSP_PLAIN_NAMES)\n");
    lines.push_str(&format!("#ifndef {name}\n#define {name} {full}\n#endif\n#endif\n"));
    lines
}

fn value(names: &Names<'_>, constant: &Constant) -> String {
    let number = match constant.value {
        ConstantValue::Guid(guid) => return initializer(&guid),
        ConstantValue::Integer(number) => number,
    };
    match names.model.type_named(&constant.ty.base).map(|ty| &ty.kind) {
        Some(TypeKind::Integer(scalar) | TypeKind::Handle(scalar)) if scalar.width == Width::Pointer => {
            let ty = names.ty(&constant.ty);
            if number < 0 {
                format!("((intptr)~(intptr){})", -(number + 1)).replace("intptr", &ty)
            } else {
                format!("(({ty}){number})")
            }
        }
        Some(TypeKind::Integer(scalar) | TypeKind::Handle(scalar)) => integer(number, scalar),
        _ => number.to_string(),
    }
}

/// A literal of a type that is at most 32 bits wide.
fn integer(number: i128, scalar: &Scalar) -> String {
    let Width::Bits(bits) = scalar.width else { return number.to_string() };
    let low = number.rem_euclid(1 << bits);
    match (scalar.signed, low >= 1 << (bits - 1)) {
        (true, false) => low.to_string(),
        // The smallest number has no literal of its own type.
        (true, true) if low == 1 << (bits - 1) => format!("(-{} - 1)", low - 1),
        (true, true) => format!("(-{})", (1 << bits) - low),
        (false, _) => format!("0x{low:X}u"),
    }
}

fn initializer(guid: &Guid) -> String {
    let last: Vec<_> = guid.data4.iter().map(|byte| format!("0x{byte:02X}")).collect();
    let Guid { data1, data2, data3, .. } = guid;
    format!("{{0x{data1:08X}, 0x{data2:04X}, 0x{data3:04X}, {{{}}}}}", last.join(", "))
}
