//! The reference site: static HTML that opens from the file system, without a server, a network or another file than its own.

use std::sync::Arc;

use crate::model::Model;
use crate::parallel;

mod differences;
mod errors;
mod function;
mod home;
mod html;
mod layout;
mod lists;
mod parts;
mod prose;
mod rules;
mod search;
mod signature;
mod site;
mod states;
#[cfg(test)]
mod tests;
mod topics;
mod typed;
mod upcalls;

use layout::{Frames, Page, document};
use site::Site;

/// Makes some files: relative paths with `/` and their content.
pub(super) type Make<'m> = Box<dyn Fn() -> Vec<(String, String)> + Send + Sync + 'm>;

/// Makes some pages that are still to be framed.
type Pages = Box<dyn Fn(&Site<'_>) -> Vec<Page> + Send + Sync>;

/// The files of the site; start at `index.html`.
pub fn emit(model: &Model) -> Vec<(String, String)> {
    parallel::map(&parts(model), |part| part()).concat()
}

/// What makes the files of the site.
pub(super) fn parts(model: &Model) -> Vec<Make<'_>> {
    let site = Site::new(model);
    let frames = Frames::new(&site);
    let framed = Arc::new((site, frames));
    let pages = |make: Pages| -> Make<'_> {
        let framed = Arc::clone(&framed);
        Box::new(move || {
            let (site, frames) = &*framed;
            make(site).into_iter().map(|page| (page.path.clone(), document(page, frames, site))).collect()
        })
    };
    let lists: [fn(&Site<'_>) -> Page; 9] = [
        home::page,
        errors::page,
        states::page,
        upcalls::page,
        lists::tables,
        lists::types,
        lists::constants,
        lists::checks,
        topics::index,
    ];
    let mut parts: Vec<Make<'_>> = Vec::new();
    let site = Arc::clone(&framed);
    parts.push(Box::new(move || {
        vec![
            ("assets/style.css".to_owned(), style(model)),
            ("assets/site.js".to_owned(), include_str!("assets/site.js").to_owned()),
            ("assets/index.js".to_owned(), search::index(&site.0)),
        ]
    }));
    parts.extend(lists.map(|page| pages(Box::new(move |site| vec![page(site)]))));
    parts.push(pages(Box::new(rules::pages)));
    let functions = 0..framed.0.entries.len();
    parts.extend(functions.map(|at| pages(Box::new(move |site| vec![function::page(&site.entries[at], site)]))));
    parts.push(pages(Box::new(topics::pages)));
    parts
}

/// The style sheet, with the rules that hide what the chosen profile does not have.
fn style(model: &Model) -> String {
    let mut style = include_str!("assets/style.css").to_owned();
    for profile in &model.profiles {
        let name = &profile.name;
        style.push_str(&format!(
            "[data-profile=\"{name}\"] [data-p]:not([data-p~=\"{name}\"]){{display:none!important}}\n"
        ));
    }
    style
}
