//! The gate: exact counts, the same on every run.

mod count;
mod lines;
mod listing;
mod messages;

use wsp_bench::variant::{CALLEES, Callee, FUNCTIONS, Function, MODES, Mode, Variant};

use crate::table::Table;
use crate::tool;

/// Instructions that the generated checks may add to a call through a table (D1).
const CHECKS: u64 = 12;
/// Instructions that a complete entry point may add to a direct call (D2), and what is aimed at.
const ENTRY: u64 = 60;
const ENTRY_AIM: u64 = 40;

/// Measures and prints all; false if a target is missed.
///
/// # Errors
/// It could not be measured.
pub fn run(json: bool) -> Result<bool, String> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err("the gate counts x86-64 instructions under Linux; this is another system".into());
    }
    let program = tool::build("count", true)?;
    let mut table = Table::new(&["call", "instructions", "over_table", "over_direct", "locked", "verdict"]);
    let mut met = true;
    let mut listings = listing::Listings::default();
    for mode in MODES {
        for function in FUNCTIONS {
            let mut measured = Vec::new();
            for callee in CALLEES {
                measured.push(count::run(&program, Variant { function, callee, mode }, &mut listings)?);
            }
            for one in &measured {
                let (verdict, good) = judge(one, &measured[1], &measured[0]);
                met &= good;
                table.row([
                    one.variant.to_string(),
                    one.instructions.to_string(),
                    difference(one, &measured[1]),
                    difference(one, &measured[0]),
                    one.locked.len().to_string(),
                    verdict,
                ]);
            }
        }
    }
    table.print(json);
    let lines = lines::run(&program)?;
    lines.print(json);
    Ok(messages::run(json, &mut listings)? && met && lines.met)
}

fn difference(one: &count::Count, base: &count::Count) -> String {
    (one.instructions as i64 - base.instructions as i64).to_string()
}

/// What the targets say of a row, and whether it meets them.
fn judge(one: &count::Count, table: &count::Count, direct: &count::Count) -> (String, bool) {
    let Variant { callee, mode, function } = one.variant;
    let over = |base: &count::Count| one.instructions.saturating_sub(base.instructions);
    let (mut verdict, mut good) = match callee {
        // The target speaks of a function's usual form: three pointers that must be given and flags by value. The receive has
        // a fourth pointer, and an overlapped call one more to look at: they are shown, not judged.
        Callee::Checked if mode == Mode::Synchronous && function == Function::Send => {
            limit("D1", over(table), CHECKS, None)
        }
        Callee::Winsock | Callee::San => limit("D2", over(direct), ENTRY, Some(ENTRY_AIM)),
        _ => return (String::new(), true),
    };
    if matches!(callee, Callee::Winsock | Callee::San) && !one.locked.is_empty() {
        verdict += &format!("; D3 missed: {}", one.locked.join(", "));
        good = false;
    }
    (verdict, good)
}

fn limit(target: &str, found: u64, limit: u64, aim: Option<u64>) -> (String, bool) {
    match aim {
        Some(aim) if found <= aim => (format!("{target} met, and the aim of +{aim}"), true),
        _ if found <= limit => (format!("{target} met: at most +{limit}"), true),
        _ => (format!("{target} MISSED: +{found}, at most +{limit}"), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(callee: Callee, instructions: u64, locked: &[&str]) -> count::Count {
        let variant = Variant { function: Function::Send, callee, mode: Mode::Synchronous };
        count::Count { variant, instructions, locked: locked.iter().map(|text| text.to_string()).collect() }
    }

    #[test]
    fn a_limit_is_met_up_to_itself() {
        let (direct, table) = (count(Callee::Direct, 20, &[]), count(Callee::Table, 24, &[]));
        assert!(judge(&count(Callee::Checked, 24 + CHECKS, &[]), &table, &direct).1);
        let (verdict, good) = judge(&count(Callee::Checked, 25 + CHECKS, &[]), &table, &direct);
        assert!(verdict.contains("MISSED") && !good, "{verdict}");
        assert!(judge(&count(Callee::Winsock, 20 + ENTRY, &[]), &table, &direct).1);
        assert!(!judge(&count(Callee::San, 21 + ENTRY, &[]), &table, &direct).1);
    }

    #[test]
    fn what_is_aimed_at_is_told_and_not_asked_for() {
        let at = |found| limit("D2", found, ENTRY, Some(ENTRY_AIM));
        assert!(at(ENTRY_AIM).0.contains("aim") && at(ENTRY_AIM).1);
        assert!(!at(ENTRY_AIM + 1).0.contains("aim") && at(ENTRY_AIM + 1).1);
        assert!(!at(ENTRY + 1).1);
    }

    #[test]
    fn a_locked_instruction_misses_the_target_however_short_the_call() {
        let (direct, table) = (count(Callee::Direct, 20, &[]), count(Callee::Table, 24, &[]));
        let (verdict, good) = judge(&count(Callee::Winsock, 30, &["lock inc"]), &table, &direct);
        assert!(!good && verdict.contains("lock inc"), "{verdict}");
    }
}
