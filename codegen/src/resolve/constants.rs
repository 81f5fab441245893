//! Constants, and the numbers that stand for them.

use crate::diagnostic::{Code, Diagnostics};
use crate::model::{Constant, ConstantGroup, ConstantValue, Guid, Value};
use crate::resolve::names::Names;
use crate::resolve::types::Spellings;
use crate::shape::{Entry, Text};
use crate::syntax::declare;

/// Lowers all groups.
pub fn lower(names: &Names<'_>, spellings: &Spellings<'_>, diags: &mut Diagnostics) -> Vec<ConstantGroup> {
    let mut groups: Vec<ConstantGroup> = Vec::new();
    for group in &names.groups {
        let at = match groups.iter().position(|other| other.name == group.name.value) {
            Some(at) => at,
            None => {
                let (name, title) = (group.name.value.clone(), group.title.value.clone());
                groups.push(ConstantGroup { name, title, constants: Vec::new() });
                groups.len() - 1
            }
        };
        for declared in &group.constants {
            if let Some(constant) = constant(declared, names, spellings, diags) {
                groups[at].constants.push(constant);
            }
        }
    }
    groups
}

fn constant(
    declared: &declare::Constant,
    names: &Names<'_>,
    spellings: &Spellings<'_>,
    diags: &mut Diagnostics,
) -> Option<Constant> {
    let ty = spellings.read(&declared.ty, diags);
    let value = match &declared.value {
        Entry::Number(number) => ConstantValue::Integer(number.value),
        Entry::Text(text) => ConstantValue::Guid(guid(text, diags)?),
    };
    Some(Constant {
        name: declared.name.value.clone(),
        ty: ty?,
        value,
        header: declared.header.as_ref().map(|header| header.value.clone()),
        text: declared.text.value.clone(),
        origin: names.origin(declared.name.span),
    })
}

/// Reads `{8-4-4-4-12}`.
fn guid(text: &Text, diags: &mut Diagnostics) -> Option<Guid> {
    let parsed = parse_guid(&text.value);
    if parsed.is_none() {
        diags
            .error(Code::BadGuid, text.span, format!("`{}` is neither a number nor a GUID", text.value))
            .hint("write a GUID as \"{C0B422F5-F58C-11D1-AD6C-00C04FA34A2D}\"");
    }
    parsed
}

fn parse_guid(text: &str) -> Option<Guid> {
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    let parts: Vec<&str> = inner.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    if lengths != [8, 4, 4, 4, 12] || !parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit())) {
        return None;
    }
    let number = |part: &str| u64::from_str_radix(part, 16).ok();
    let tail = (number(parts[3])? << 48) | number(parts[4])?;
    Some(Guid {
        data1: number(parts[0])? as u32,
        data2: number(parts[1])? as u16,
        data3: number(parts[2])? as u16,
        data4: tail.to_be_bytes(),
    })
}

/// The number that an entry stands for.
pub fn value(entry: &Entry, names: &Names<'_>, diags: &mut Diagnostics) -> Option<Value> {
    match entry {
        Entry::Number(number) => Some(Value { name: None, value: number.value }),
        Entry::Text(text) => number_of(text, names, diags),
    }
}

/// The number of a named constant.
pub fn number_of(name: &Text, names: &Names<'_>, diags: &mut Diagnostics) -> Option<Value> {
    let constant = names.constants.find(name, diags)?;
    match &constant.value {
        Entry::Number(number) => Some(Value { name: Some(name.value.clone()), value: number.value }),
        Entry::Text(_) => {
            diags
                .error(Code::WrongConstant, name.span, format!("`{}` is a GUID where a number is needed", name.value))
                .also(constant.name.span, "declared here")
                .hint("name a constant that is a number");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse_guid;

    #[test]
    fn a_guid_is_read_member_by_member() {
        let guid = parse_guid("{C0B422F5-F58C-11D1-AD6C-00C04FA34A2D}").expect("well-formed");
        assert_eq!((guid.data1, guid.data2, guid.data3), (0xC0B4_22F5, 0xF58C, 0x11D1));
        assert_eq!(guid.data4, [0xAD, 0x6C, 0x00, 0xC0, 0x4F, 0xA3, 0x4A, 0x2D]);
    }

    #[test]
    fn anything_else_is_none() {
        for text in [
            "",
            "{}",
            "C0B422F5-F58C-11D1-AD6C-00C04FA34A2D",
            "{C0B422F5-F58C-11D1-AD6C-00C04FA34A2}",
            "{+0B422F5-F58C-11D1-AD6C-00C04FA34A2D}",
        ] {
            assert_eq!(parse_guid(text), None, "{text}");
        }
    }
}
