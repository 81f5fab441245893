//! The signature of a function in C and in Rust, coloured, linked and ready to be copied.

use super::super::markdown::merge::{Entry, group};
use super::html::{Markup, Tag, tag};
use super::parts;
use super::site::Here;
use super::typed;
use crate::model::Function;

/// The blocks that the page's script turns into tabs.
pub(super) fn section(entry: &Entry<'_>, here: Here<'_, '_>) -> Markup {
    let function = entry.first();
    let mut tabs = tag("div").class("tabs").add(block("C", c(function, here)));
    let typed = entry
        .readings
        .iter()
        .map(|(profile, function)| (profile.name.as_str(), typed::declaration(here.site.model, function)));
    for variant in group(typed) {
        let Some(text) = &variant.value else { continue };
        let all = variant.profiles.len() == entry.readings.len();
        let title = if all { "Rust trait".to_owned() } else { format!("Rust trait, {}", variant.profiles.join(", ")) };
        tabs = tabs.add(block(&title, highlight(text, here)));
    }
    let pointer = typed::pointer(here.site.model, function);
    tabs.add(block("Rust FFI", highlight(&pointer, here))).into()
}

fn block(title: &str, text: Markup) -> Tag {
    let pre =
        tag("pre").attr("tabindex", "0").attr("aria-label", format!("{title} signature")).add(tag("code").add(text));
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

/// Sets Rust's keywords and the known types apart.
fn highlight(text: &str, here: Here<'_, '_>) -> Markup {
    const KEYWORDS: [&str; 9] = ["pub", "type", "trait", "unsafe", "extern", "fn", "mut", "const", "struct"];
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
