//! The built-in declarations, and every single change of them.

use std::collections::BTreeSet;

use wsp_codegen::Source;
use wsp_codegen::model::{ConstantValue, Model, Param, TypeKind, TypeRef};

/// The built-in declarations.
pub fn builtin() -> Model {
    let sources: Vec<Source> = wsp_spec::FILES.iter().map(|(path, text)| Source::new(*path, *text, false)).collect();
    wsp_codegen::compile(&sources)
        .unwrap_or_else(|diagnostics| panic!("the spec has errors:\n{}", diagnostics.render_short()))
}

/// One change of the declarations: the item that it makes wrong, and the model with it.
pub struct Mutant {
    /// The item.
    pub item: String,
    /// What has changed.
    pub what: String,
    /// The changed declarations.
    pub model: Model,
}

/// Without what the comparison does not read, so that copies are cheap.
pub fn lean(mut model: Model) -> Model {
    for profile in &mut model.profiles {
        profile.topics.clear();
        for function in &mut profile.functions {
            function.prose.clear();
            function.errors.clear();
            function.checks.clear();
            function.rules.clear();
            function.examples.clear();
        }
    }
    model
}

/// All changes.
pub fn mutants(model: &Model) -> Vec<Mutant> {
    let mut mutants = Mutants { model, all: Vec::new() };
    mutants.functions();
    mutants.types();
    mutants.tables();
    mutants.constants();
    mutants.all
}

struct Mutants<'a> {
    model: &'a Model,
    all: Vec<Mutant>,
}

impl Mutants<'_> {
    fn add(&mut self, item: &str, what: impl Into<String>, change: impl Fn(&mut Model)) {
        let mut model = self.model.clone();
        change(&mut model);
        self.all.push(Mutant { item: item.to_owned(), what: what.into(), model });
    }

    fn functions(&mut self) {
        for (pointer, params) in functions(self.model) {
            self.add(&pointer, "another result", |model| {
                every_function(model, &pointer, |_, returns| returns.pointers += 1);
            });
            for index in 0..params {
                self.add(&pointer, format!("parameter {index} with a pointer more"), |model| {
                    every_function(model, &pointer, |params, _| params[index].ty.pointers += 1);
                });
            }
            for index in 1..params {
                self.add(&pointer, format!("parameters {} and {index} swapped", index - 1), |model| {
                    every_function(model, &pointer, |params, _| params.swap(index - 1, index));
                });
            }
        }
    }

    fn types(&mut self) {
        for (place, ty) in self.model.types.iter().enumerate() {
            let parts = match &ty.kind {
                TypeKind::Struct(aggregate) | TypeKind::Union(aggregate) => aggregate.fields.len(),
                TypeKind::Callback { params, .. } => params.len(),
                _ => 0,
            };
            for index in 0..parts {
                self.add(&ty.name, format!("part {index} with a pointer more"), |model| {
                    part(&mut model.types[place].kind, index).pointers += 1;
                });
            }
        }
    }

    fn tables(&mut self) {
        for (place, table) in self.model.tables.iter().enumerate() {
            for index in 1..table.slots.len() {
                self.add(&table.name, format!("slots {} and {index} swapped", index - 1), |model| {
                    model.tables[place].slots.swap(index - 1, index);
                });
            }
        }
    }

    fn constants(&mut self) {
        for (place, group) in self.model.groups.iter().enumerate() {
            for (index, constant) in group.constants.iter().enumerate() {
                self.add(&constant.name, "another value", |model| {
                    match &mut model.groups[place].constants[index].value {
                        ConstantValue::Integer(value) => *value ^= 1,
                        ConstantValue::Guid(guid) => guid.data4[7] ^= 1,
                    }
                });
            }
        }
        for (index, code) in self.model.codes.iter().enumerate() {
            self.add(&code.name, "another value", |model| model.codes[index].value ^= 1);
        }
    }
}

/// The function-pointer types and their numbers of parameters, each once.
fn functions(model: &Model) -> BTreeSet<(String, usize)> {
    let functions = model.profiles.iter().flat_map(|profile| &profile.functions);
    functions.map(|function| (function.pointer.clone(), function.params.len())).collect()
}

/// Changes the function in all profiles that have it.
fn every_function(model: &mut Model, pointer: &str, change: impl Fn(&mut [Param], &mut TypeRef)) {
    let functions = model.profiles.iter_mut().flat_map(|profile| &mut profile.functions);
    for function in functions.filter(|function| function.pointer == pointer) {
        change(&mut function.params, &mut function.returns.ty);
    }
}

/// Type of a member or of a callback's parameter.
fn part(kind: &mut TypeKind, index: usize) -> &mut TypeRef {
    match kind {
        TypeKind::Struct(aggregate) | TypeKind::Union(aggregate) => &mut aggregate.fields[index].ty,
        TypeKind::Callback { params, .. } => &mut params[index].ty,
        _ => unreachable!("only types with parts are asked for"),
    }
}
