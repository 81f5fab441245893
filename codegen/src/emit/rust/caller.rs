//! The caller's side: typed calls through a table of somebody else's functions.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::args;
use super::context::{Context, error, summary};
use super::names::{self, ident, member};
use super::text;
use super::thunks::is_void;
use crate::emit::EmitError;
use crate::model::{Arg, Direction, ErrorVia, Function, FunctionKind, Lift, Meaning, Param, Profile, Unit};

pub fn emit(context: &Context<'_>, profile: &Profile) -> Result<TokenStream, EmitError> {
    let table = ident(&profile.table);
    let mut methods = Vec::new();
    for function in profile.of_kind(FunctionKind::Table) {
        let field = member(&function.name);
        methods.push(method(context, function, &format!("self.table.{field}"))?);
    }
    let mut extensions = Vec::new();
    for function in profile.of_kind(FunctionKind::Extension) {
        extensions.push(extension(context, function)?);
    }
    Ok(quote! {
        /// A provider's function table, as start-up filled it.
        #[derive(Clone, Copy)]
        pub struct Table { table: ffi::#table }
        impl Table {
            /// Takes a table over.
            ///
            /// # Safety
            /// Every entry that is not NULL must be a function of the declared type that keeps to the interface, and stay
            /// loaded as long as this value (or a copy of it) is used.
            pub const unsafe fn new(table: ffi::#table) -> Self { Self { table } }
            /// The raw table.
            pub const fn raw(&self) -> &ffi::#table { &self.table }
            #(#methods)*
        }
        #(#extensions)*
    })
}

/// An extension function is a value of its own: it was asked for by GUID.
fn extension(context: &Context<'_>, function: &Function) -> Result<TokenStream, EmitError> {
    let name = names::shape(&function.name);
    let pointer = ident(&function.pointer);
    let method = method(context, function, "self.0")?;
    let line = format!(" The extension function `{}` of some provider.", function.name);
    let guid = function.guid.as_ref().map(|guid| {
        let guid = ident(guid);
        quote! {
            /// The GUID it is asked for by.
            pub const GUID: ffi::GUID = ffi::#guid;
        }
    });
    Ok(quote! {
        #[doc = #line]
        #[derive(Clone, Copy)]
        pub struct #name(ffi::#pointer);
        impl #name {
            #guid
            /// Takes a pointer over.
            ///
            /// # Safety
            /// A pointer that is not NULL must be a function of the declared type that keeps to the interface, and stay loaded.
            pub const unsafe fn new(pointer: ffi::#pointer) -> Self { Self(pointer) }
            /// The raw pointer.
            pub const fn raw(&self) -> ffi::#pointer { self.0 }
            #method
        }
    })
}

/// A typed method around one raw function pointer (`Option<fn>`), which `pointer` reads.
pub fn method(context: &Context<'_>, function: &Function, pointer: &str) -> Result<TokenStream, EmitError> {
    let mut call = Call::of(context, function);
    for arg in &function.args {
        call.argument(arg)?;
    }
    call.results();
    let Call { typed, before, mut raw, .. } = call;
    for (index, param) in function.params.iter().enumerate() {
        if param.errno {
            raw[index] = quote!(&mut errno);
        } else if raw[index].is_empty() {
            return Err(error(&param.origin, &param.name, "no argument or result covers this parameter"));
        }
    }
    let judge = judge(context, function);
    let (errno, read_errno) = match function.returns.error_via {
        // Whatever was the last error before the call is no error of it.
        ErrorVia::LastError => ("::wsp::rt::set_last_error(0)", quote!(let errno = ::wsp::rt::last_error();)),
        _ => ("let mut errno: i32 = 0", quote!(let _ = &mut errno;)),
    };
    let head = head(context, function, &typed);
    let absent = format!("::wsp::rt::CallError::Absent({})", text::quoted(&function.name));
    let absent = text::call(12, "return Err", &absent, "").replace('\n', "\n    ");
    let begin = context.item(text::fill(BEGIN, &[("pointer", pointer), ("absent", &absent), ("errno", errno)]));
    Ok(quote! {
        fn #head() {
            #begin
            #(#before)*
            __safety!("the function is of the declared type and keeps to the interface (vouched for when its pointer was taken over), the arguments are alive during the call.");
            let returned = unsafe { function(#(#raw),*) };
            #read_errno
            #judge
        }
    })
}

/// How a method begins.
const BEGIN: &str = "\
let Some(function) = $pointer else {
    $absent
};
$errno;
";

/// What every method's documentation ends with.
const ERRORS: &str = "
# Errors
What the function reported, sorted into documented and undocumented, or that there is no such function.
";

/// The same of those that trust their caller.
const SAFETY: &str = "
# Safety
Raw pointers must be good; with an overlapped operation everything passed must stay until it has completed.
";

/// What stands before a method's body.
fn head(context: &Context<'_>, function: &Function, params: &[String]) -> Ident {
    let is_unsafe = function.completion.is_some() || function.args.iter().any(|arg| arg.lift == Lift::Raw);
    let (safety, keyword) = if is_unsafe { (SAFETY, "unsafe fn") } else { ("", "fn") };
    let mut out = String::new();
    text::document(&mut out, "", &[&summary(function), ERRORS, safety].concat());
    let plain = match &function.returns.creates {
        Some(_) => context.ty_text(&function.returns.ty),
        None => args::plain(context, function),
    };
    let ok = if function.completion.is_some() { format!("::wsp::rt::Outcome<{plain}>") } else { plain };
    let error = format!("::wsp::rt::CallError<error::{}>", names::error(&function.name));
    let before = format!("pub {keyword} {}", names::method(&function.name));
    out.push_str(&text::head(INDENT, &before, params, &text::result(INDENT, &ok, &error, " {")));
    context.head(out)
}

/// The columns before a method.
const INDENT: usize = 4;

/// The condition of success and the typed result.
fn judge(context: &Context<'_>, function: &Function) -> TokenStream {
    let returns = &function.returns;
    let good = match (returns.meaning, &returns.failure) {
        (Meaning::Status | Meaning::Code, _) => quote!(returned == 0),
        (Meaning::Flag, _) => quote!(returned != 0),
        (Meaning::Value, Some(failure)) => {
            let failure = ident(failure);
            let ty = context.ty(&returns.ty);
            quote!(returned != ffi::#failure as #ty)
        }
        (Meaning::Value, None) => quote!(true),
    };
    let values: Vec<_> = function
        .results
        .iter()
        .map(|field| if field.param.is_some() { names::result(&field.name) } else { ident("returned") })
        .collect();
    let value = match values.as_slice() {
        [] => quote!(()),
        [one] => quote!(#one),
        _ => {
            let shape = names::shape(&function.name);
            let members = function.results.iter().map(|field| ident(&field.name));
            quote!(done::#shape { #(#members: #values),* })
        }
    };
    if is_void(context, function) {
        return quote!({
            let () = returned;
            Ok(#value)
        });
    }
    let code = match returns.meaning {
        Meaning::Code => quote!(returned),
        _ => quote!(errno),
    };
    if function.completion.is_some() {
        let pending = function.outcomes.iter().map(|outcome| ident(&outcome.code));
        quote! {
            if #good { return Ok(::wsp::rt::Outcome::Done(#value)); }
            #(if #code == ::wsp::code::#pending { return Ok(::wsp::rt::Outcome::Pending); })*
            Err(::wsp::rt::CallError::reported(#code))
        }
    } else {
        quote!(if #good { Ok(#value) } else { Err(::wsp::rt::CallError::reported(#code)) })
    }
}

/// The type of what may be left out.
fn optional(arg: &Arg, ty: String) -> String {
    if arg.optional { format!("Option<{ty}>") } else { ty }
}

/// The type of a reference, without regard to whether it is optional, and the pointer that it becomes.
fn reference(context: &Context<'_>, arg: &Arg, name: &Ident) -> (String, TokenStream) {
    let null = quote!(::core::ptr::null_mut());
    let (ty, optional, given) = match &arg.lift {
        Lift::In(ty) => (
            format!("&{}", context.base_text(ty)),
            quote!(#name.map_or(#null, |value| ::core::ptr::from_ref(value).cast_mut())),
            quote!(::core::ptr::from_ref(#name).cast_mut()),
        ),
        Lift::Out(ty) | Lift::InOut(ty) => (
            format!("&mut {}", context.base_text(ty)),
            quote!(#name.map_or(#null, ::core::ptr::from_mut)),
            quote!(::core::ptr::from_mut(#name)),
        ),
        _ => (
            "&mut ::wsp::rt::FdSet".to_owned(),
            quote!(#name.map_or(#null, ::wsp::rt::FdSet::as_mut_ptr)),
            quote!(#name.as_mut_ptr()),
        ),
    };
    (ty, if arg.optional { optional } else { given })
}

/// What a method is made of.
struct Call<'a> {
    context: &'a Context<'a>,
    function: &'a Function,
    /// The typed parameters.
    typed: Vec<String>,
    /// The statements that prepare the call.
    before: Vec<TokenStream>,
    /// The raw arguments, one for each C parameter.
    raw: Vec<TokenStream>,
}

impl<'a> Call<'a> {
    /// A call without arguments yet.
    fn of(context: &'a Context<'a>, function: &'a Function) -> Self {
        let raw = function.params.iter().map(|_| TokenStream::new()).collect();
        Self { context, function, typed: vec!["&self".to_owned()], before: Vec::new(), raw }
    }

    /// Locals that results are stored in.
    fn results(&mut self) {
        let function = self.function;
        for field in &function.results {
            let Some(index) = field.param else { continue };
            let name = names::result(&field.name);
            let ty = self.context.ty(&field.ty);
            let initial =
                function.args.iter().find(|arg| arg.lift == Lift::Value && arg.params.first() == Some(&index));
            let initial = match initial {
                Some(arg) => {
                    let name = names::argument(&arg.name);
                    quote!(#name)
                }
                None => quote!(::wsp::rt::zeroed()),
            };
            self.before.push(quote!(let mut #name: #ty = #initial;));
            self.raw[index] = quote!(&mut #name);
        }
    }

    /// A typed parameter, the statements that prepare it, and the raw parameters that it becomes.
    fn argument(&mut self, arg: &Arg) -> Result<(), EmitError> {
        let function = self.function;
        let missing = || error(&function.origin, &function.name, format!("argument `{}` lacks a parameter", arg.name));
        let first = *arg.params.first().ok_or_else(missing)?;
        let param = function.params.get(first).ok_or_else(missing)?;
        let second = arg.params.get(1).copied();
        let name = names::argument(&arg.name);
        match &arg.lift {
            Lift::Value => self.value(arg, (first, param)),
            Lift::Socket | Lift::Raw => self.as_it_is(&name, first, param),
            Lift::Callback => {
                self.as_it_is(&name, first, param);
                if let Some(second) = second {
                    self.as_it_is(&ident(&format!("{name}_context")), second, &function.params[second]);
                }
            }
            Lift::In(_) | Lift::Out(_) | Lift::InOut(_) | Lift::SocketSet => {
                let (ty, pointer) = reference(self.context, arg, &name);
                self.typed.push(format!("{name}: {}", optional(arg, ty)));
                self.raw[first] = pointer;
            }
            Lift::WideStr => {
                self.typed.push(format!("{name}: &str"));
                self.before.push(quote!(let mut #name: Vec<u16> = #name.encode_utf16().chain(Some(0)).collect();));
                self.raw[first] = quote!(#name.as_mut_ptr());
            }
            Lift::Bytes | Lift::BytesOut | Lift::SizedOut(_) | Lift::Array(..) => {
                let second = second.or_else(|| matches!(arg.lift, Lift::Array(..)).then_some(first));
                self.memory(arg, (first, second.ok_or_else(missing)?));
            }
            Lift::Overlapped => self.overlapped(arg),
        }
        Ok(())
    }

    /// What is handed on as it is.
    fn as_it_is(&mut self, name: &Ident, index: usize, param: &Param) {
        self.typed.push(format!("{name}: {}", self.context.ty_text(&param.ty)));
        self.raw[index] = quote!(#name);
    }

    /// A value, also one that is passed by pointer so that it can be changed.
    fn value(&mut self, arg: &Arg, (index, param): (usize, &Param)) {
        let pointee = self.context.pointee(&param.ty).filter(|_| param.direction != Direction::In);
        let ty = self.context.ty_text(&pointee.unwrap_or_else(|| param.ty.clone()));
        let name = names::argument(&arg.name);
        self.typed.push(format!("{name}: {}", optional(arg, ty)));
        self.raw[index] = if arg.optional { quote!(#name.unwrap_or(0)) } else { quote!(#name) };
    }

    /// Memory with a length: a slice, which becomes pointer and length.
    fn memory(&mut self, arg: &Arg, (first, second): (usize, usize)) {
        let name = names::argument(&arg.name);
        let length = ident(&format!("{name}_length"));
        let length_type = self.context.ty(&self.function.params[second].ty);
        let (slice, mutable) = match &arg.lift {
            Lift::Bytes => ("&[u8]".to_owned(), false),
            Lift::BytesOut => ("&mut [u8]".to_owned(), true),
            Lift::SizedOut(Unit::Wide) => ("&mut ::wsp::rt::Room<'_, u16>".to_owned(), true),
            Lift::SizedOut(_) => ("&mut ::wsp::rt::Room<'_, u8>".to_owned(), true),
            Lift::Array(ty, false) => (format!("&[::wsp::rt::Piece<'_, ffi::{}>]", ident(ty)), false),
            Lift::Array(ty, true) => (format!("&mut [::wsp::rt::PieceMut<'_, ffi::{}>]", ident(ty)), true),
            _ => return,
        };
        self.typed.push(format!("{name}: {}", optional(arg, slice)));
        let sized = matches!(arg.lift, Lift::SizedOut(_));
        let pointer = if mutable { quote!(as_mut_ptr) } else { quote!(as_ptr) };
        let nothing = if mutable { quote!(::core::ptr::null_mut()) } else { quote!(::core::ptr::null()) };
        let address = ident(&format!("{name}_pointer"));
        if sized {
            if arg.optional {
                self.before.push(quote!(let (#address, #length) = ::wsp::rt::Room::split_optional(#name);));
            } else {
                self.before.push(quote!(let (#address, #length) = #name.split();));
            }
            self.raw[first] = quote!(#address.cast());
            self.raw[second] = quote!(#length.cast());
            return;
        }
        if arg.optional {
            self.before.push(quote! {
                let (#address, #length) = match #name {
                    Some(slice) => (slice.#pointer(), slice.len()),
                    None => (#nothing, 0),
                };
            });
        } else {
            self.before.push(quote!(let (#length, #address) = (#name.len(), #name.#pointer());));
        }
        let constant = self.function.params[first].ty.is_const;
        let cast = if mutable || constant { quote!(#address.cast()) } else { quote!(#address.cast_mut().cast()) };
        self.raw[first] = cast;
        if second != first {
            self.raw[second] = quote!(#length as #length_type);
        } else {
            self.before.push(quote!(let _ = #length;));
        }
    }

    /// An operation's structure, its routine and thread.
    fn overlapped(&mut self, arg: &Arg) {
        let name = names::argument(&arg.name);
        self.typed.push(format!("{name}: ::wsp::rt::OverlappedCall"));
        for (position, &index) in arg.params.iter().enumerate() {
            self.raw[index] = if position == 0 {
                quote!(#name.operation)
            } else if self.context.is_callback(&self.function.params[index].ty) {
                quote!(#name.routine)
            } else {
                quote!(#name.thread)
            };
        }
    }
}
