//! The reference site: static HTML that opens from the file system, without a server, a network or another file than its own.

use crate::model::Model;

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

use layout::{Page, document};
use site::Site;

/// The files of the site, as relative paths with `/` and their content; start at `index.html`.
pub fn emit(model: &Model) -> Vec<(String, String)> {
    let site = Site::new(model);
    let mut pages: Vec<Page> = vec![
        home::page(&site),
        errors::page(&site),
        states::page(&site),
        upcalls::page(&site),
        lists::tables(&site),
        lists::types(&site),
        lists::constants(&site),
        lists::checks(&site),
        topics::index(&site),
    ];
    pages.extend(rules::pages(&site));
    pages.extend(site.entries.iter().map(|entry| function::page(entry, &site)));
    pages.extend(topics::pages(&site));
    let mut files = vec![
        ("assets/style.css".to_owned(), style(model)),
        ("assets/site.js".to_owned(), include_str!("assets/site.js").to_owned()),
        ("assets/index.js".to_owned(), search::index(&site)),
    ];
    files.extend(pages.into_iter().map(|page| (page.path.clone(), document(page, &site))));
    files
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
