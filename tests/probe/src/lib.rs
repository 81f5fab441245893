//! What is made from the spec for those who test or fuzz providers: providers that answer as they are told, the entry points
//! as data, good arguments for each, and hostile ones.
//!
//! Calls are made with machine words, so this is for x86-64 only.

pub mod arguments;
pub mod entries;
#[cfg(unix)]
pub mod guarded;
pub mod host;
#[cfg(unix)]
pub mod hostile;
pub mod probe;

use std::sync::OnceLock;

use wsp_codegen::model::Model;

/// The built-in spec.
///
/// # Panics
/// It has errors.
pub fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| {
        wsp_codegen::compile(&wsp_codegen::build::builtin())
            .unwrap_or_else(|problems| panic!("the spec has errors:\n{}", problems.render(false)))
    })
}
