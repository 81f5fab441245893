//! The signature of a function in C and in Rust, coloured, linked and ready to be copied.

use super::super::markdown::describe;
use super::html::{Markup, Tag, tag};
use super::parts;
use super::site::Here;
use crate::model::{Function, Lift};

/// The blocks that the page's script turns into tabs.
pub(super) fn section(function: &Function, here: Here<'_, '_>) -> Markup {
    let tabs = tag("div").class("tabs");
    let tabs = tabs.add(block("C", c(function, here))).add(block("Rust FFI", rust(function, here)));
    match typed(function) {
        Some(text) => tabs.add(block("Rust, typed", highlight(&text, here))).into(),
        None => tabs.into(),
    }
}

fn block(title: &str, text: Markup) -> Tag {
    let pre = tag("pre").attr("tabindex", "0").attr("aria-label", format!("{title} signature")).add(tag("code").add(text));
    tag("div").class("code").attr("data-tab", title).add(tag("span").class("lang").add(title)).add(pre)
}

fn c(function: &Function, here: Here<'_, '_>) -> Markup {
    let mut out = Markup::default();
    out.push(parts::c_type(&function.returns.ty, here));
    out.push(" WSPAPI ");
    out.push(tag("span").class("fn").add(&function.name));
    out.push("(");
    let width = function.params.iter().map(|param| param.ty.c.len()).max().unwrap_or(0);
    for (index, param) in function.params.iter().enumerate() {
        out.push("\n    ");
        out.push(parts::c_type(&param.ty, here));
        out.push(" ".repeat(width + 1 - param.ty.c.len()));
        out.push(tag("a").class("pn").href(format!("#param-{}", param.name)).add(&param.name));
        out.push(if index + 1 < function.params.len() { "," } else { "\n" });
    }
    out.push(if function.params.is_empty() { "void);" } else { ");" });
    out
}

fn rust(function: &Function, here: Here<'_, '_>) -> Markup {
    highlight(&describe::rust_signature(function, here.site.model), here)
}

/// Sets Rust's keywords and the known types apart.
fn highlight(text: &str, here: Here<'_, '_>) -> Markup {
    const KEYWORDS: [&str; 10] = ["pub", "type", "unsafe", "extern", "fn", "mut", "const", "struct", "Option", "Result"];
    let mut out = Markup::default();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '#';
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        out.push(&rest[..start]);
        let end = rest[start..].find(|c| !is_word(c)).map_or(rest.len(), |length| start + length);
        let word = &rest[start..end];
        let is_type = word.starts_with(|c: char| c.is_ascii_uppercase()) || here.site.model.type_named(word).is_some();
        match here.site.place(word) {
            _ if KEYWORDS.contains(&word) => out.push(tag("span").class("kw").add(word)),
            Some(place) if is_type && place != here.path => {
                out.push(tag("span").class("ty").add(here.link(place, word)));
            }
            _ => out.push(word),
        }
        rest = &rest[end..];
    }
    out.push(rest);
    out
}

/// What the parameters are lifted to, as the members of a structure, and what comes back.
fn typed(function: &Function) -> Option<String> {
    if function.args.is_empty() {
        return None;
    }
    let name = function.name.trim_start_matches("WSP").trim_start_matches("WPU");
    let mut out = format!("pub struct {name} {{");
    for arg in &function.args {
        let of = arg.params.first().map_or("", |index| describe::param_name(function, *index));
        let ty = lifted(&arg.lift, function, arg.params.first().copied());
        let ty = if arg.optional { format!("Option<{ty}>") } else { ty };
        let from: Vec<&str> = arg.params.iter().map(|index| describe::param_name(function, *index)).collect();
        let comment = if from == [of] && of == arg.name { String::new() } else { format!("  // {}", from.join(", ")) };
        out.push_str(&format!("\n    {}: {ty},{comment}", arg.name));
    }
    out.push_str("\n}");
    let results: Vec<String> = function.results.iter().map(|field| format!("{}: {}", field.name, field.ty.c)).collect();
    if !results.is_empty() {
        out.push_str(&format!("\n// returns {}", results.join(", ")));
    }
    Some(out)
}

/// A name for the shape of a lifted argument.
fn lifted(lift: &Lift, function: &Function, param: Option<usize>) -> String {
    let plain = || param.and_then(|index| function.params.get(index)).map_or_else(String::new, |param| param.ty.c.clone());
    match lift {
        Lift::Value | Lift::Raw | Lift::Callback => plain(),
        Lift::Socket => "Socket".to_owned(),
        Lift::In(ty) => format!("In<{ty}>"),
        Lift::Out(ty) => format!("Out<{ty}>"),
        Lift::InOut(ty) => format!("InOut<{ty}>"),
        Lift::Bytes => "Bytes".to_owned(),
        Lift::BytesOut => "BytesOut".to_owned(),
        Lift::SizedOut(_) => "SizedOut".to_owned(),
        Lift::Array(ty, _) => format!("Array<{ty}>"),
        Lift::SocketSet => "SocketSet".to_owned(),
        Lift::WideStr => "WideStr".to_owned(),
        Lift::Overlapped => "Overlapped".to_owned(),
    }
}
