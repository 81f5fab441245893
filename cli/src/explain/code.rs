//! `wsp explain WSAEFAULT`.

use std::fmt::Write as _;

use wsp_codegen::model::{Code, Model};

use super::same;
use crate::text::{BOLD, PLAIN, Table, paragraph};

/// The error codes that have this name or number; several can have the same number.
pub fn called<'m>(model: &'m Model, name: &str) -> impl Iterator<Item = &'m Code> {
    let hexadecimal = name.strip_prefix("0x").or_else(|| name.strip_prefix("0X"));
    let number = hexadecimal.map_or_else(|| name.parse().ok(), |digits| i32::from_str_radix(digits, 16).ok());
    model.codes.iter().filter(move |code| same(&code.name, name) || number == Some(code.value))
}

/// An error code, by name or number: what it means, who fails with it and when.
pub fn explain(model: &Model, name: &str) -> Option<String> {
    let texts: Vec<String> = called(model, name).map(|code| describe(model, code)).collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}

fn describe(model: &Model, code: &Code) -> String {
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
    text
}
