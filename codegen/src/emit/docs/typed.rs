//! What a provider's author writes for a function: the trait's method and its arguments, taken from the very Rust that is emitted.

use super::super::{Options, rust};
use crate::model::{Function, Model};
use quote::quote;
use std::collections::BTreeMap;
use syn::{Attribute, Expr, Fields, Item, ItemStruct, ItemTrait, ItemType, Lit, Meta, TraitItem};

/// The declarations of all profiles.
#[derive(Default)]
pub(super) struct Typed {
    profiles: BTreeMap<String, Declarations>,
    /// The types of the FFI module.
    ffi: Vec<ItemType>,
}

#[derive(Default)]
struct Declarations {
    /// The trait's methods without its other items.
    methods: Option<ItemTrait>,
    shapes: Vec<ItemStruct>,
}

impl Typed {
    /// Reads what the Rust emitter makes; a model that it cannot express has no declarations to show.
    pub fn new(model: &Model) -> Self {
        let outputs = rust::emit(model, Options::default()).unwrap_or_default();
        let file = |path: String| {
            let output = outputs.iter().find(|output| output.path == path)?;
            syn::parse_file(&output.contents).ok()
        };
        let mut typed = Self::default();
        let items = file("ffi_types.rs".to_owned()).map(|file| file.items).unwrap_or_default();
        typed.ffi.extend(items.into_iter().filter_map(|item| match item {
            Item::Type(alias) => Some(alias),
            _ => None,
        }));
        for profile in &model.profiles {
            let mut found = Declarations::default();
            for part in ["provider", "calls"] {
                let items = file(format!("{}_{part}.rs", profile.name)).map(|file| file.items).unwrap_or_default();
                items.into_iter().for_each(|item| found.take(item));
            }
            typed.profiles.insert(profile.name.clone(), found);
        }
        typed
    }

    /// The function pointer in the FFI module.
    pub fn pointer(&self, function: &Function) -> Option<String> {
        let mut alias = self.ffi.iter().find(|alias| alias.ident == function.pointer)?.clone();
        alias.attrs.clear();
        let file = syn::parse2(quote!(#alias)).ok()?;
        Some(prettyplease::unparse(&file).trim_end().to_owned())
    }

    /// The method and its arguments as Rust text.
    pub fn text(&self, profile: &str, function: &Function) -> Option<String> {
        let found = self.profiles.get(profile)?;
        let mut methods = found.methods.clone()?;
        let declared = format!("Declared in `spec/{}`.", function.origin);
        methods.items.retain(|item| matches!(item, TraitItem::Fn(method) if says(&method.attrs, &declared)));
        if methods.items.is_empty() {
            return None;
        }
        methods.attrs.clear();
        methods.supertraits.clear();
        methods.colon_token = None;
        for item in &mut methods.items {
            if let TraitItem::Fn(method) = item {
                method.attrs.clear();
                method.default = None;
                method.semi_token = Some(syn::token::Semi::default());
            }
        }
        let arguments = format!("Arguments of `{}`.", function.name);
        let shape = found.shapes.iter().find(|shape| says(&shape.attrs, &arguments)).cloned().map(plain);
        let file = syn::parse2(quote!(#methods #shape)).ok()?;
        let text = prettyplease::unparse(&file);
        Some(text.trim_end().replace("::wsp::", "wsp::"))
    }
}

impl Declarations {
    fn take(&mut self, item: Item) {
        match item {
            Item::Trait(methods) if methods.ident == "Provider" => self.methods = Some(methods),
            Item::Struct(shape) => self.shapes.push(shape),
            Item::Mod(module) => {
                module.content.into_iter().flat_map(|(_, items)| items).for_each(|item| self.take(item))
            }
            _ => {}
        }
    }
}

/// A structure without its attributes and those of its members.
fn plain(mut shape: ItemStruct) -> ItemStruct {
    shape.attrs.clear();
    if let Fields::Named(fields) = &mut shape.fields {
        fields.named.iter_mut().for_each(|field| field.attrs.clear());
    }
    shape
}

/// Does a documentation comment have this line?
fn says(attributes: &[Attribute], line: &str) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => matches!(&literal.lit, Lit::Str(text) if text.value().trim() == line),
            _ => false,
        },
        _ => false,
    })
}
