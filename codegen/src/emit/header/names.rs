//! How names and types are spelled in the header.

use crate::model::{CType, Function, Model, Param, Scalar, TypeKind, TypeRef, Width};

/// Keywords of C++ that C has as names, and of C that only a spec can have as one.
const KEYWORDS: &[&str] = &[
    "alignas",
    "alignof",
    "and",
    "and_eq",
    "asm",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "char16_t",
    "char32_t",
    "char8_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "concept",
    "const",
    "const_cast",
    "consteval",
    "constexpr",
    "constinit",
    "continue",
    "decltype",
    "default",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "else",
    "enum",
    "explicit",
    "export",
    "extern",
    "false",
    "float",
    "for",
    "friend",
    "goto",
    "if",
    "inline",
    "int",
    "long",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "nullptr",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "register",
    "reinterpret_cast",
    "requires",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "static_cast",
    "struct",
    "switch",
    "template",
    "this",
    "thread_local",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "typeof",
    "union",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "xor_eq",
];

/// Types that the spec calls by a name of mingw-w64 alone, with the name that all Windows headers have.
const EVERYWHERE: &[(&str, &str)] = &[("WINBOOL", "BOOL")];

/// Spells types of a model.
pub struct Names<'m> {
    pub model: &'m Model,
}

/// The name of a constant, with the prefix unless it is surely Winsock's own.
pub fn constant(name: &str) -> String {
    if name.starts_with("WS") { name.to_owned() } else { format!("WSP_{name}") }
}

/// Is the name (of a type) one that other headers use otherwise?
pub fn is_shared(name: &str) -> bool {
    name.starts_with(|letter: char| letter.is_ascii_lowercase() || letter == '_')
}

/// The name of a type as it is declared: with the prefix if it is shared.
pub fn type_name(name: &str) -> String {
    if let Some((_, other)) = EVERYWHERE.iter().find(|(spec, _)| *spec == name) {
        return (*other).to_owned();
    }
    if is_shared(name) { format!("wsp_{}", name.trim_matches('_').to_ascii_lowercase()) } else { name.to_owned() }
}

/// Types that C itself has, by the name in the spec.
pub fn is_of_c(ty: &CType) -> bool {
    matches!(ty.kind, TypeKind::Void | TypeKind::Integer(_))
        && matches!(ty.c.as_str(), "void" | "char" | "int" | "unsigned int")
}

/// Is it spelled with a tag (`struct sockaddr`)?
pub fn is_tagged(ty: &CType) -> bool {
    ty.c.starts_with("struct ") || ty.c.starts_with("union ")
}

impl Names<'_> {
    /// A type, as in a declaration of something of that type; ends in `*` or a name.
    pub fn ty(&self, ty: &TypeRef) -> String {
        let constant = if ty.is_const { "const " } else { "" };
        let stars = if ty.pointers > 0 { format!(" {}", "*".repeat(ty.pointers)) } else { String::new() };
        format!("{constant}{}{stars}", self.base(&ty.base))
    }

    fn base(&self, name: &str) -> String {
        match self.model.type_named(name) {
            Some(ty) if is_of_c(ty) => ty.c.clone(),
            Some(ty) if is_tagged(ty) => format!("{} {}", keyword(ty), type_name(name)),
            _ => type_name(name),
        }
    }

    /// Type and name of a member or parameter; a keyword gets a `_`.
    pub fn declare(&self, ty: &TypeRef, name: &str) -> String {
        let ty = self.ty(ty);
        let gap = if ty.ends_with('*') { "" } else { " " };
        let end = if KEYWORDS.contains(&name) { "_" } else { "" };
        format!("{ty}{gap}{name}{end}")
    }

    /// A parameter list with its parentheses.
    pub fn params(&self, params: &[Param]) -> String {
        if params.is_empty() {
            return "(void)".into();
        }
        let list: Vec<_> = params.iter().map(|param| format!("    {}", self.declare(&param.ty, &param.name))).collect();
        format!("(\n{})", list.join(",\n"))
    }

    /// Result type and what follows: `int` and a blank.
    pub fn returns(&self, function: &Function) -> String {
        self.declare(&function.returns.ty, "")
    }
}

/// `struct` or `union`.
pub fn keyword(ty: &CType) -> &'static str {
    if matches!(ty.kind, TypeKind::Union(_)) { "union" } else { "struct" }
}

/// The standard C type of this width, away from Windows.
pub fn scalar(scalar: &Scalar) -> String {
    let sign = if scalar.signed { "" } else { "u" };
    match scalar.width {
        Width::Bits(bits) => format!("{sign}int{bits}_t"),
        Width::Pointer => format!("{sign}intptr_t"),
    }
}
