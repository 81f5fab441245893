//! What every page of the site must be, whatever the model says.

use super::super::markdown::fixture;
use super::*;
use std::collections::{BTreeMap, BTreeSet};

/// Values of an attribute in a document.
fn values<'h>(html: &'h str, attribute: &str) -> Vec<&'h str> {
    let start = format!(" {attribute}=\"");
    html.split(&start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

fn site() -> Vec<(String, String)> {
    emit(&fixture::model())
}

fn page<'f>(files: &'f [(String, String)], path: &str) -> &'f str {
    &files.iter().find(|(name, _)| name == path).unwrap_or_else(|| panic!("no {path}")).1
}

/// The path that a link leads to from a page, and its anchor.
fn resolve(from: &str, link: &str) -> (String, Option<String>) {
    let (path, anchor) = match link.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor.to_owned())),
        None => (link, None),
    };
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let path = match (path, path.strip_prefix("../")) {
        ("", _) => from.to_owned(),
        (_, Some(rest)) => rest.to_owned(),
        (path, None) if folder.is_empty() => path.to_owned(),
        (path, None) => format!("{folder}/{path}"),
    };
    (path, anchor)
}

/// Everything wrong with the links and anchors of a site.
fn broken_links(files: &[(String, String)]) -> Vec<String> {
    let mut broken = Vec::new();
    let mut ids: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (path, text) in files {
        let known = ids.entry(path).or_default();
        for id in values(text, "id") {
            if !known.insert(id) {
                broken.push(format!("{path}: the id {id} is there twice"));
            }
        }
    }
    for (path, text) in files.iter().filter(|(path, _)| path.ends_with(".html")) {
        for link in values(text, "href").into_iter().chain(values(text, "src")) {
            if link.starts_with("https://") || link.starts_with("http://") || link == "data:," {
                continue;
            }
            let (target, anchor) = resolve(path, link);
            match (ids.get(target.as_str()), anchor) {
                (None, _) => broken.push(format!("{path}: {link} leads nowhere")),
                (Some(ids), Some(anchor)) if !ids.contains(anchor.as_str()) => {
                    broken.push(format!("{path}: {link} has no such anchor"));
                }
                _ => {}
            }
        }
    }
    let index = page(files, "assets/index.js");
    for row in index.lines().filter(|line| line.starts_with('[')) {
        let place = row.split("\",\"").nth(2).unwrap_or_default();
        let (target, anchor) = resolve("index.html", place);
        let known =
            ids.get(target.as_str()).is_some_and(|ids| anchor.is_none_or(|anchor| ids.contains(anchor.as_str())));
        if !known {
            broken.push(format!("search: {place} leads nowhere"));
        }
    }
    broken
}

#[test]
fn every_link_and_every_anchor_resolves() {
    assert_eq!(broken_links(&site()), Vec::<String>::new());
}

#[test]
fn every_link_in_the_site_of_the_built_in_spec_resolves() {
    let sources: Vec<crate::Source> =
        wsp_spec::FILES.iter().map(|(path, text)| crate::Source::new(*path, *text, false)).collect();
    let model = match crate::compile(&sources) {
        Ok(model) => model,
        Err(problems) => panic!("{}", problems.render(false)),
    };
    let files = emit(&model);
    assert_eq!(broken_links(&files), Vec::<String>::new());
    assert_eq!(
        files.iter().filter(|(path, _)| path.starts_with("functions/")).count(),
        Site::new(&model).entries.len()
    );
    let size: usize = files.iter().map(|(_, text)| text.len()).sum();
    assert!(size < 8 * 1024 * 1024, "the site has grown to {size} bytes");
}

#[test]
fn the_link_check_sees_what_is_broken() {
    let mut files = site();
    let html = "<p id=\"a\" ><a href=\"b.html\"></a><a href=\"index.html#nope\"></a><i id=\"a\"></i></p>";
    files.push(("x.html".to_owned(), html.to_owned()));
    let broken = broken_links(&files);
    assert_eq!(
        broken,
        [
            "x.html: the id a is there twice",
            "x.html: b.html leads nowhere",
            "x.html: index.html#nope has no such anchor",
        ]
    );
}

#[test]
fn elements_are_balanced_and_text_is_escaped() {
    for (path, html) in site().iter().filter(|(path, _)| path.ends_with(".html")) {
        let mut open: Vec<&str> = Vec::new();
        for piece in html.split('<').skip(1) {
            let name = piece.split([' ', '>']).next().unwrap_or_default();
            match name.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop(), Some(name), "in {path}"),
                None if name == "!DOCTYPE" || ["meta", "link", "input", "br", "hr", "wbr"].contains(&name) => {}
                None => open.push(name),
            }
        }
        assert!(open.is_empty(), "{path} leaves {open:?} open");
        assert!(!html.contains("<now>") && !html.contains("<b>."), "{path} takes text for elements");
    }
}

#[test]
fn no_page_needs_the_network() {
    for (path, text) in site() {
        for attribute in ["src", "srcset", "action"] {
            assert!(values(&text, attribute).iter().all(|value| !value.contains("//")), "{path}");
        }
        assert!(!text.contains("fetch(") && !text.contains("@import") && !text.contains("url("), "{path}");
    }
}

#[test]
fn a_function_page_says_everything() {
    let files = site();
    let html = page(&files, "functions/WSPSend.html");
    for expected in [
        "<h1>WSPSend ",
        "id=\"param-lpBuffers\"",
        "refused with <a href=\"../errors.html#WSAEFAULT\"><code>WSAEFAULT</code></a>, unless <code>lpOverlapped</code> is given",
        "id=\"error-WSAEFAULT\"",
        "id=\"error-WSA_OPERATION_ABORTED-completion\"",
        "id=\"error-WSAEFAULT-FD_CONNECT\" data-p=\"winsock\"",
        "id=\"outcome-WSA_IO_PENDING\"",
        "id=\"check-lpBuffers.null\"",
        "id=\"WSPSend-02\"",
        "id=\"WSPSend-S01\" data-p=\"san\"",
        "tests::suite::send",
        "planned",
        "<svg class=\"chart one\"",
        "title=\"Declared in functions/WSPSend.yaml:9\"",
        "and &lt;b&gt;.",
    ] {
        assert!(html.contains(expected), "{expected} is missing in\n{html}");
    }
}

#[test]
fn indexes_know_who_refers_to_whom() {
    let files = site();
    assert!(page(&files, "errors.html").contains("functions/WSPSend.html#error-WSA_OPERATION_ABORTED-completion"));
    assert!(page(&files, "errors.html").contains("0xC0000120"));
    assert!(page(&files, "upcalls.html").contains("functions/WSPSend.html#upcalls"));
    assert!(page(&files, "states.html").contains("functions/WSPSend.html#states"));
    assert!(page(&files, "tables.html").contains("id=\"WSPPROC_TABLE-0\""));
    assert!(page(&files, "rules-behaviour.html").contains("functions/WSPSend.html#WSPSend-02"));
    assert!(page(&files, "constants.html").contains("{C0B422F5-F58C-11D1-AD6C-00C04FA34A2D}"));
    assert!(page(&files, "topics/close.html").contains("id=\"close-01\""));
    assert!(
        page(&files, "assets/index.js").contains("[\"Error code\",\"WSAEFAULT\",\"errors.html#WSAEFAULT\",\"10014 ")
    );
}

#[test]
fn is_the_same_every_time() {
    assert_eq!(site(), site());
}
