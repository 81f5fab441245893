//! The plain lists: tables slot by slot, types, constants, checks.

use super::super::export::guid_text;
use super::super::markdown::describe;
use super::html::{Markup, Table, code, tag};
use super::layout::{Page, Sections};
use super::parts::{self, chip};
use super::prose::{self, Names};
use super::site::{Here, Site, check_anchor, only, source_line};
use crate::model::{Aggregate, CType, Constant, ConstantValue, Param, Scalar, TypeKind, Width};

/// The function tables, slot by slot.
pub(super) fn tables(site: &Site<'_>) -> Page {
    let path = "tables.html".to_owned();
    let here = Here::new(site, &path);
    let lead = "The tables of function pointers that host and provider hand each other, slot by slot.";
    let mut page = Sections { body: parts::opening("Tables", lead), ..Sections::default() };
    let all = site.model.profiles.len();
    for table in &site.model.tables {
        let mut content = prose::block(&table.text, here, Names::default());
        let about =
            tag("p").class("hint").add("Header ").add(code(&table.header)).add(" ").add(source_line(&table.origin));
        content.push(match &table.extends {
            Some(base) => about.add(" Begins with the slots of ").add(here.name(base)).add("."),
            None => about,
        });
        let mut slots = Table::new(&["Slot", "Member", "Function", "Profiles"]);
        for (slot, name) in table.slots.iter().enumerate() {
            let entry = site.entries.iter().find(|entry| entry.name == *name);
            let profiles = entry.map(|entry| entry.profiles()).unwrap_or_default();
            let summary = entry.map(|entry| parts::sentence(&entry.first().summary, entry.first(), here));
            let mut function = here.name(name);
            function.push(tag("span").class("note").add(summary));
            let badges = Markup::join(profiles.iter().map(|profile| here.badge(profile)), " ");
            let row = only(tag("tr").id(format!("{}-{slot}", table.name)), &profiles, all);
            slots.row(row, [slot.to_string().into(), code(&format!("lp{name}")).into(), function, badges]);
        }
        content.push(slots.finish("stack slots"));
        page.add(&table.name, &table.name, content);
    }
    finish(path, "Tables", lead, page)
}

fn finish(path: String, title: &str, lead: &str, page: Sections) -> Page {
    Page { path, title: title.to_owned(), about: lead.to_owned(), body: page.body, sections: page.list, class: "page" }
}

/// The C types.
pub(super) fn types(site: &Site<'_>) -> Page {
    let path = "types.html".to_owned();
    let here = Here::new(site, &path);
    let lead = "The C types of the interface, with their members and what they are in Rust.";
    let mut page = Sections { body: parts::opening("Types", lead), ..Sections::default() };
    type Test = fn(&TypeKind) -> bool;
    let kinds: [(&str, &str, Test); 4] = [
        ("structures", "Structures", |kind| {
            matches!(kind, TypeKind::Struct(_) | TypeKind::Union(_) | TypeKind::Opaque)
        }),
        ("callbacks", "Callbacks", |kind| matches!(kind, TypeKind::Callback { .. })),
        ("scalars", "Integers and handles", |kind| {
            matches!(kind, TypeKind::Integer(_) | TypeKind::Handle(_) | TypeKind::Void)
        }),
        ("pointers", "Pointers", |kind| matches!(kind, TypeKind::Pointer { .. })),
    ];
    for (anchor, title, test) in kinds {
        let types = site.model.types.iter().filter(|ty| test(&ty.kind));
        page.add(anchor, title, Markup::join(types.map(|ty| one_type(ty, here)), ""));
    }
    finish(path, "Types", lead, page)
}

fn one_type(ty: &CType, here: Here<'_, '_>) -> Markup {
    let kind = match &ty.kind {
        TypeKind::Integer(_) => "integer",
        TypeKind::Handle(_) => "handle",
        TypeKind::Struct(_) => "struct",
        TypeKind::Union(_) => "union",
        TypeKind::Pointer { .. } => "pointer",
        TypeKind::Callback { .. } => "callback",
        TypeKind::Opaque => "opaque",
        TypeKind::Void => "void",
    };
    let head = tag("h3")
        .id(&ty.name)
        .add(code(&ty.c))
        .add(chip(kind, "kind"))
        .add(code(&ty.header))
        .add(source_line(&ty.origin));
    let mut out = Markup::from(head);
    out.push(tag("p").add(prose::inline(&ty.text, here, Names { plain: &[&ty.name] })));
    match &ty.kind {
        TypeKind::Struct(aggregate) | TypeKind::Union(aggregate) => out.push(fields(aggregate, here)),
        TypeKind::Callback { returns, params } => {
            out.push(tag("p").add("Returns ").add(code("").add(parts::c_type(returns, here))).add("."));
            out.push(callback(params, here));
        }
        TypeKind::Integer(scalar) | TypeKind::Handle(scalar) => out.push(tag("p").class("hint").add(width(scalar))),
        TypeKind::Pointer { to } => {
            out.push(tag("p").class("hint").add("Points to ").add(code("").add(parts::c_type(to, here))).add("."));
        }
        TypeKind::Opaque | TypeKind::Void => {}
    }
    out
}

fn width(scalar: &Scalar) -> String {
    let width = match scalar.width {
        Width::Bits(bits) => format!("{bits} bits"),
        Width::Pointer => "as wide as a pointer".to_owned(),
    };
    let sign = if scalar.signed { "signed" } else { "unsigned" };
    format!("{width}, {sign}; in Rust {}", scalar.rust)
}

fn fields(aggregate: &Aggregate, here: Here<'_, '_>) -> Markup {
    let mut table = Table::new(&["Member", "Type", "Meaning"]);
    for field in &aggregate.fields {
        let mut ty = parts::c_type(&field.ty, here);
        if let Some(length) = &field.array {
            let length = length.name.clone().unwrap_or_else(|| length.value.to_string());
            ty.push("[");
            ty.push(length);
            ty.push("]");
        }
        let cells =
            [code(&field.name).into(), code("").add(ty).into(), prose::inline(&field.text, here, Names::default())];
        table.row(tag("tr"), cells);
    }
    let mut out = Markup::default();
    if let Some(pack) = aggregate.pack {
        out.push(tag("p").class("hint").add(format!("Packed to {pack} bytes.")));
    }
    if aggregate.flexible {
        out.push(tag("p").class("hint").add("The last array is as long as the count says."));
    }
    if !table.is_empty() {
        out.push(table.finish("stack params"));
    }
    out
}

fn callback(params: &[Param], here: Here<'_, '_>) -> Markup {
    let mut table = Table::new(&["Parameter", "Type", "Meaning"]);
    for param in params {
        let mut ty = Markup::from(code("").add(parts::c_type(&param.ty, here)));
        ty.push(tag("div").class("chips").add(chip(describe::direction(param.direction), "dir")));
        let text = prose::inline(&param.text, here, Names::default());
        table.row(tag("tr"), [code(&param.name).into(), ty, text]);
    }
    if table.is_empty() { Markup::default() } else { table.finish("stack params") }
}

/// The constants, group by group.
pub(super) fn constants(site: &Site<'_>) -> Page {
    let path = "constants.html".to_owned();
    let here = Here::new(site, &path);
    let lead = "The named constants of the interface, with their values.";
    let mut page = Sections { body: parts::opening("Constants", lead), ..Sections::default() };
    for group in &site.model.groups {
        let mut table = Table::new(&["Constant", "Value", "Meaning"]);
        for constant in &group.constants {
            let mut meaning = prose::inline(&constant.text, here, Names { plain: &[&constant.name] });
            meaning.push(source_line(&constant.origin));
            let cells = [code(&constant.name).into(), code(&value(constant)).into(), meaning];
            table.row(tag("tr").id(&constant.name), cells);
        }
        page.add(&format!("group-{}", group.name), &group.title, table.finish("stack constants"));
    }
    finish(path, "Constants", lead, page)
}

/// Decimal when small, both ways else.
pub(super) fn value(constant: &Constant) -> String {
    match &constant.value {
        ConstantValue::Guid(_) => guid_text(constant).unwrap_or_default(),
        ConstantValue::Integer(value) if (-1024..10).contains(value) => value.to_string(),
        ConstantValue::Integer(value) if *value < 0 => value.to_string(),
        ConstantValue::Integer(value) => format!("{value} (0x{value:X})"),
    }
}

/// All checks of all functions.
pub(super) fn checks(site: &Site<'_>) -> Page {
    let path = "checks.html".to_owned();
    let here = Here::new(site, &path);
    let lead = "What the generated layer refuses before a provider sees the call, function by function, in the order in which it looks.";
    let mut page = Sections { body: parts::opening("Checks", lead), ..Sections::default() };
    for entry in &site.entries {
        let total = entry.readings.len();
        let mut table = Table::new(&["Check", "Fails with", "When"]);
        for same in entry.items(|function| &function.checks, |check| (&check.id, &check.code)) {
            let check = same[0].2;
            let profiles: Vec<&str> = same.iter().map(|(_, profile, _)| *profile).collect();
            let target = format!("functions/{}.html#{}", entry.name, check_anchor(&check.id));
            let mut name = Markup::from(here.link(&target, code(&check.id)));
            name.push(here.badges(&profiles, total));
            let text =
                parts::merged_items(&same, total, here, |check, function| parts::sentence(&check.text, function, here));
            let fails = check.code.as_ref().map(|failure| here.name(failure));
            table.row(only(tag("tr"), &profiles, total), [name, fails.into(), text]);
        }
        if !table.is_empty() {
            page.add(entry.name, entry.name, table.finish("stack checks"));
        }
    }
    finish(path, "Checks", lead, page)
}
