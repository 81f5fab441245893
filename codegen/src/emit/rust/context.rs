//! What the Rust emitters share: how types, constants and documentation are written.

use std::cell::RefCell;

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::names::ident;
use crate::emit::markdown::text::push_escaped;
use crate::emit::{EmitError, Options};
use crate::model::{Function, Model, Origin, Scalar, TypeKind, TypeRef, Value, Width};

/// The model and the options, with helpers on them; one for each file.
pub struct Context<'m> {
    pub model: &'m Model,
    pub options: Options,
    /// Documentation and finished lines that stand aside while the file is formatted.
    texts: RefCell<Vec<String>>,
}

/// Where a type is found.
enum Place {
    /// In the core library.
    Core,
    /// In the language.
    Language,
    /// In the `ffi` module.
    Ffi,
}

/// An error of these emitters.
pub fn error(origin: &Origin, name: &str, message: impl Into<String>) -> EmitError {
    EmitError { emitter: "rust", item: format!("{origin}: {name}"), message: message.into() }
}

impl<'m> Context<'m> {
    pub fn new(model: &'m Model, options: Options) -> Self {
        Self { model, options, texts: RefCell::default() }
    }

    /// The Rust type of a C type, as written inside the `ffi` module or outside of it.
    pub fn ty(&self, ty: &TypeRef) -> TokenStream {
        let mut tokens = self.base(&ty.base);
        let indirect = ty.pointers;
        for level in 0..indirect {
            let constant = ty.is_const && level == 0;
            tokens = if constant { quote!(*const #tokens) } else { quote!(*mut #tokens) };
        }
        tokens
    }

    /// The Rust type of a named C type.
    pub fn base(&self, name: &str) -> TokenStream {
        let (place, name) = self.place(name);
        match place {
            Place::Core => quote!(::core::ffi::#name),
            Place::Language => quote!(#name),
            Place::Ffi => quote!(ffi::#name),
        }
    }

    /// The Rust type of a C type as text.
    pub fn ty_text(&self, ty: &TypeRef) -> String {
        let pointer = |level| if ty.is_const && level == 0 { "*const " } else { "*mut " };
        let pointers: String = (0..ty.pointers).rev().map(pointer).collect();
        pointers + &self.base_text(&ty.base)
    }

    /// The Rust type of a named C type as text.
    pub fn base_text(&self, name: &str) -> String {
        let (place, name) = self.place(name);
        match place {
            Place::Core => format!("::core::ffi::{name}"),
            Place::Language => name.to_string(),
            Place::Ffi => format!("ffi::{name}"),
        }
    }

    /// Where the Rust type of a named C type is found, and its name there.
    fn place(&self, name: &str) -> (Place, Ident) {
        match self.model.type_named(name).map(|ty| &ty.kind) {
            Some(TypeKind::Void) => (Place::Core, ident("c_void")),
            Some(TypeKind::Integer(scalar) | TypeKind::Handle(scalar)) if !has_alias(name) => {
                (Place::Language, ident(&scalar.rust))
            }
            _ => (Place::Ffi, ident(name)),
        }
    }

    /// What a pointer points to: through a typedef (`LPDWORD`) or a `*`.
    pub fn pointee(&self, ty: &TypeRef) -> Option<TypeRef> {
        if ty.pointers > 0 {
            let stars = ty.c.trim_end().trim_end_matches('*').trim_end().to_owned();
            return Some(TypeRef { c: stars, pointers: ty.pointers - 1, ..ty.clone() });
        }
        match &self.model.type_named(&ty.base)?.kind {
            TypeKind::Pointer { to } => Some(to.clone()),
            _ => None,
        }
    }

    /// Is it a pointer of any kind (callbacks left out)?
    pub fn is_pointer(&self, ty: &TypeRef) -> bool {
        self.pointee(ty).is_some()
    }

    /// Is it a callback (`Option<fn>`)?
    pub fn is_callback(&self, ty: &TypeRef) -> bool {
        ty.pointers == 0
            && matches!(self.model.type_named(&ty.base).map(|ty| &ty.kind), Some(TypeKind::Callback { .. }))
    }

    /// The integer behind a type, through handles.
    pub fn scalar(&self, ty: &TypeRef) -> Option<&Scalar> {
        match &self.model.type_named(&ty.base)?.kind {
            TypeKind::Integer(scalar) | TypeKind::Handle(scalar) if ty.pointers == 0 => Some(scalar),
            _ => None,
        }
    }

    /// A number as a literal of this integer type.
    pub fn number(&self, value: i128, scalar: &Scalar) -> TokenStream {
        let all_ones = scalar.width == Width::Pointer && (value == -1 || value == i128::from(u64::MAX));
        if all_ones {
            let rust = ident(&scalar.rust);
            return if scalar.signed { quote!(-1) } else { quote!(#rust::MAX) };
        }
        let bits = match scalar.width {
            Width::Bits(bits) => bits,
            Width::Pointer => 64,
        };
        let wrapped = wrap(value, bits, scalar.signed);
        let literal = Literal::i128_unsuffixed(wrapped.abs());
        if wrapped < 0 { quote!(-#literal) } else { quote!(#literal) }
    }

    /// A value of an allowed set as a literal of the type that it is compared with.
    pub fn value(&self, value: &Value, scalar: &Scalar) -> TokenStream {
        self.number(value.value, scalar)
    }
}

/// A value in the range of an integer type: 0x80000000 of a 32-bit signed type is its smallest.
fn wrap(value: i128, bits: u32, signed: bool) -> i128 {
    let modulus = 1_i128 << bits;
    let low = value.rem_euclid(modulus);
    if signed && low >= modulus / 2 { low - modulus } else { low }
}

/// Types whose C name is an alias in the `ffi` module; the others (`int`, `unsigned int`) are spelled in Rust.
pub fn has_alias(name: &str) -> bool {
    !name.contains(' ') && !matches!(name, "int" | "char" | "short" | "long")
}

/// Begins a `#[doc]` attribute that stands for a text until the file is formatted. No text of a spec can hold it.
const ASIDE: &str = "\u{1}";

impl Context<'_> {
    /// Documentation, escaped so that rustdoc neither links nor runs it.
    pub fn doc(&self, text: &str) -> TokenStream {
        self.aside(escaped(text))
    }

    /// Documentation of something with its place in the spec.
    pub fn doc_at(&self, text: &str, origin: &Origin) -> TokenStream {
        self.aside(documentation(text, origin))
    }

    /// Documentation of a function: summary, page, place.
    pub fn doc_function(&self, function: &Function) -> TokenStream {
        self.aside(summary(function))
    }

    /// A third of what is emitted is documentation. As string literals it would be escaped, read and unescaped several times on
    /// its way through the formatter, so only a number goes that way.
    fn aside(&self, text: String) -> TokenStream {
        if text.is_empty() {
            return TokenStream::new();
        }
        let number = format!("{ASIDE}{}", self.put(text));
        quote!(#[doc = #number])
    }

    /// Items that need no formatting, as whole lines; they are indented to where they stand.
    pub fn item(&self, text: String) -> TokenStream {
        let number = Literal::usize_unsuffixed(self.put(text));
        quote!(__item!(#number);)
    }

    /// A function's name that stands for all that is before its body: whole lines, of which the last opens the body.
    pub fn head(&self, text: String) -> Ident {
        format_ident!("__head_{}", self.put(text))
    }

    fn put(&self, text: String) -> usize {
        let mut texts = self.texts.borrow_mut();
        texts.push(text);
        texts.len() - 1
    }

    /// The documentation or the items that a formatted line stands for.
    pub fn text_of(&self, line: &str) -> Option<Aside> {
        let take = |number: &str| {
            let number: usize = number.parse().ok()?;
            self.texts.borrow_mut().get_mut(number).map(std::mem::take)
        };
        let items = |(before, after): (&str, &str)| line.strip_prefix(before)?.strip_suffix(after);
        match [("__item!(", ");"), ("fn __head_", "() {")].into_iter().find_map(items) {
            Some(number) => take(number).map(Aside::Items),
            None => take(line.strip_prefix("///")?.strip_prefix(ASIDE)?).map(Aside::Documentation),
        }
    }
}

/// What stood aside while the file was formatted.
pub enum Aside {
    /// Documentation, without its comment signs.
    Documentation(String),
    /// Items, or lines of one.
    Items(String),
}

/// Documentation of something with its place in the spec, without comment signs.
pub fn documentation(text: &str, origin: &Origin) -> String {
    with_place(escaped(text), origin)
}

/// Documentation of a function: summary, page, place.
pub fn summary(function: &Function) -> String {
    let mut text = escaped(&function.summary);
    if let Some(link) = &function.link {
        text.push_str(&format!("\nDocumentation: <{link}>\n"));
    }
    with_place(text, &function.origin)
}

/// All that the spec says of a function in one profile, for the method that authors implement.
pub fn everything(function: &Function, profile: &str) -> String {
    let mut text = crate::emit::markdown::rustdoc(function, profile);
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    with_place(text, &function.origin)
}

fn with_place(mut text: String, origin: &Origin) -> String {
    text.push_str(&format!("\nDeclared in `spec/{origin}`.\n"));
    text
}

/// A text as Markdown that shows it as it is, outside of code.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let is_special = |byte| matches!(byte, b'`' | b'[' | b']' | b'<' | b'>' | b'*' | b'_' | b'|' | b'#');
    for line in text.trim_end().lines() {
        push_escaped(&mut escaped, line.trim(), is_special, true);
        escaped.push('\n');
    }
    escaped
}
