//! `wsp explain WSP0012`.

use wsp_codegen::diagnostic::{Code, explain as look_up};

/// The explanation of one of wsp's own diagnostics; `None` if the name is none.
pub fn explain(name: &str) -> Option<String> {
    let explanation = look_up(Code::parse(&name.to_ascii_uppercase())?)?;
    Some(explanation.to_string())
}
