//! `wsp explain WSAEFAULT`.

use std::fmt::Write as _;

use wsp_codegen::model::Model;

use super::same;
use crate::text::{BOLD, PLAIN, Table, paragraph};

/// An error code, by name or number: what it means, who fails with it and when.
pub fn explain(model: &Model, name: &str) -> Option<String> {
    let code = model.codes.iter().find(|code| same(&code.name, name) || code.value.to_string() == name)?;
    let mut text = format!("{BOLD}{}{PLAIN} = {}\n\n{}", code.name, code.value, paragraph(&code.text));
    if let Some(status) = code.ntstatus {
        let _ = writeln!(text, "  In a completed OVERLAPPED: {status:#010X}.");
    }
    let mut table = Table::new(&["function", "profile", "when"]);
    for profile in &model.profiles {
        for function in &profile.functions {
            for entry in function.errors.iter().filter(|entry| entry.code == code.name) {
                table.row([function.name.as_str(), profile.name.as_str(), entry.when.trim()]);
            }
            for outcome in function.outcomes.iter().filter(|outcome| outcome.code == code.name) {
                table.row([function.name.as_str(), profile.name.as_str(), outcome.when.trim()]);
            }
        }
    }
    text.push('\n');
    text.push_str(&table.text());
    Some(text)
}
