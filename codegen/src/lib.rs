//! Reads the declarations of the Winsock service-provider interface and emits everything made from them.
//!
//! ```text
//! sources --parse--> syntax --resolve--> model --check--> model --emit--> one file per output
//!          (spans)            (names)            (meaning)
//! ```
//!
//! Each stage reports every problem that it can find before it stops the next. No input makes it panic.

pub mod build;
mod check;
pub mod coverage;
pub mod diagnostic;
pub mod emit;
pub mod json;
pub mod model;
mod parallel;
mod resolve;
mod shape;
mod source;
mod syntax;
pub mod write;
mod yaml;

use std::borrow::Cow;

pub use build::Build;
pub use source::{Source, load_folder};

use diagnostic::{Code, Diagnostics};
use model::Model;

/// Compiles a spec: all its files, an author's own among them.
///
/// # Errors
/// Everything that is wrong with it, sorted by file and position. Warnings are not errors; see [`compile_with_warnings`].
pub fn compile(sources: &[Source]) -> Result<Model, Diagnostics> {
    let (model, diags) = compile_with_warnings(sources);
    model.ok_or(diags)
}

/// Compiles a spec and hands over warnings too. There is a model exactly if there is no error among the diagnostics.
pub fn compile_with_warnings(sources: &[Source]) -> (Option<Model>, Diagnostics) {
    let sources = &*in_order(sources);
    let mut diags = Diagnostics::about(sources);
    let model = stages(sources, &mut diags).filter(|_| !diags.has_errors());
    diags.sort();
    (model, diags)
}

/// The built-in spec before an author's folder, each by path: what is made does not depend on the order in which files are given.
fn in_order(sources: &[Source]) -> Cow<'_, [Source]> {
    let place = |source: &Source| (source.overlay, source.path.clone());
    if sources.is_sorted_by_key(place) {
        return Cow::Borrowed(sources);
    }
    let mut sources = sources.to_vec();
    sources.sort_by_key(place);
    Cow::Owned(sources)
}

/// The stages in order; each gates the next.
fn stages(sources: &[Source], diags: &mut Diagnostics) -> Option<Model> {
    if sources.is_empty() {
        diags
            .file_error(Code::NoSpec, "", "there is no spec: no file was given")
            .hint("give at least the built-in spec");
        return None;
    }
    let files = syntax::parse(sources, diags);
    if diags.has_errors() {
        return None;
    }
    let names = resolve::names::Names::collect(sources, &files, diags);
    let resolved = resolve::resolve(&names, diags)?;
    check::check(&resolved, &names, diags);
    Some(resolved.model)
}
