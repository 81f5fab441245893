//! What a provider's author writes for a function: the trait's method and its arguments, taken from the very Rust that is emitted.

use super::super::rust;
use crate::model::{Function, Model};
use quote::quote;
use std::collections::BTreeMap;
use syn::{Attribute, Expr, Fields, Item, ItemStruct, ItemTrait, ItemType, Lit, Meta, TraitItem, TraitItemFn};

/// The declarations of all profiles.
#[derive(Default)]
pub(super) struct Typed {
    profiles: BTreeMap<String, Declarations>,
    /// The types of the FFI module, by name.
    ffi: BTreeMap<String, ItemType>,
}

#[derive(Default)]
struct Declarations {
    /// The trait without its items.
    methods: Option<ItemTrait>,
    /// The trait's methods without documentation and body, by the line of it that says where they are declared.
    method: BTreeMap<String, TraitItemFn>,
    /// The arguments without documentation, by the line of it that says whose they are.
    shape: BTreeMap<String, ItemStruct>,
}

impl Typed {
    /// Takes what the Rust emitter makes; a model that it cannot express has no declarations to show.
    pub fn new(model: &Model) -> Self {
        let mut typed = Self::default();
        let Ok((ffi, profiles)) = rust::declarations(model) else { return typed };
        typed.ffi.extend(ffi.items.into_iter().filter_map(|item| match item {
            Item::Type(mut alias) => {
                alias.attrs.clear();
                Some((alias.ident.to_string(), alias))
            }
            _ => None,
        }));
        for (profile, files) in model.profiles.iter().zip(profiles) {
            let mut found = Declarations::default();
            files.into_iter().flat_map(|file| file.items).for_each(|item| found.take(item));
            typed.profiles.insert(profile.name.clone(), found);
        }
        typed
    }

    /// The function pointer in the FFI module.
    pub fn pointer(&self, function: &Function) -> Option<String> {
        let alias = self.ffi.get(&function.pointer)?;
        let file = syn::parse2(quote!(#alias)).ok()?;
        Some(prettyplease::unparse(&file).trim_end().to_owned())
    }

    /// The method and its arguments as Rust text.
    pub fn text(&self, profile: &str, function: &Function) -> Option<String> {
        let found = self.profiles.get(profile)?;
        let mut methods = found.methods.clone()?;
        let method = found.method.get(&format!("Declared in `spec/{}`.", function.origin))?;
        methods.items.push(TraitItem::Fn(method.clone()));
        let shape = found.shape.get(&format!("Arguments of `{}`.", function.name));
        let file = syn::parse2(quote!(#methods #shape)).ok()?;
        let text = prettyplease::unparse(&file);
        Some(text.trim_end().replace("::wsp::", "wsp::"))
    }
}

impl Declarations {
    fn take(&mut self, item: Item) {
        match item {
            Item::Trait(methods) if methods.ident == "Provider" => self.take_trait(methods),
            Item::Struct(shape) => {
                if let Some(line) = line(&shape.attrs, "Arguments of ") {
                    self.shape.insert(line, plain(shape));
                }
            }
            Item::Mod(module) => {
                module.content.into_iter().flat_map(|(_, items)| items).for_each(|item| self.take(item))
            }
            _ => {}
        }
    }

    fn take_trait(&mut self, mut methods: ItemTrait) {
        for item in std::mem::take(&mut methods.items) {
            if let TraitItem::Fn(mut method) = item
                && let Some(line) = line(&method.attrs, "Declared in ")
            {
                method.attrs.clear();
                method.default = None;
                method.semi_token = Some(syn::token::Semi::default());
                self.method.insert(line, method);
            }
        }
        methods.attrs.clear();
        methods.supertraits.clear();
        methods.colon_token = None;
        self.methods = Some(methods);
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

/// The line of a documentation comment that begins so.
fn line(attributes: &[Attribute], beginning: &str) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value().trim().to_owned()).filter(|line| line.starts_with(beginning)),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    })
}
