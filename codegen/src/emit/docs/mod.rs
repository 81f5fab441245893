//! The reference site: static HTML that opens from the file system, without a server, a network or another file than its own.

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

/// Makes some pages.
type Make<'s> = Box<dyn Fn() -> Vec<Page> + Sync + 's>;

/// The files of the site, as relative paths with `/` and their content; start at `index.html`.
pub fn emit(model: &Model) -> Vec<(String, String)> {
    let site = &Site::new(model);
    let frames = &Frames::new(site);
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
    parts.extend(lists.map(|page| Box::new(move || vec![page(site)]) as Make<'_>));
    parts.push(Box::new(|| rules::pages(site)));
    parts.extend(site.entries.iter().map(|entry| Box::new(move || vec![function::page(entry, site)]) as Make<'_>));
    parts.push(Box::new(|| topics::pages(site)));
    let mut files = vec![
        ("assets/style.css".to_owned(), style(model)),
        ("assets/site.js".to_owned(), include_str!("assets/site.js").to_owned()),
        ("assets/index.js".to_owned(), search::index(site)),
    ];
    let framed = |page: Page| (page.path.clone(), document(page, frames, site));
    let pages = parallel::map(&parts, |make| make().into_iter().map(framed).collect::<Vec<_>>());
    files.extend(pages.into_iter().flatten());
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
