//! Reads a disassembly: which of the executed instructions are locked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::tool;

/// Disassemblies, one for each object that was asked for.
#[derive(Default)]
pub struct Listings {
    objects: BTreeMap<PathBuf, BTreeMap<u64, String>>,
}

impl Listings {
    /// The locked instructions of an object at these addresses.
    ///
    /// # Errors
    /// objdump is missing or fails, or does not list one of the addresses.
    pub fn locked(&mut self, object: &Path, addresses: &BTreeSet<u64>) -> Result<Vec<String>, String> {
        if !self.objects.contains_key(object) {
            self.objects.insert(object.to_owned(), disassemble(object)?);
        }
        let listing = self.objects.get(object).ok_or("a listing was lost")?;
        let mut locked = Vec::new();
        for address in addresses {
            let text = listing.get(address).ok_or_else(|| {
                format!("objdump does not list {address:#x} of {}, which was executed", object.display())
            })?;
            if is_locked(text) {
                locked.push(format!("{address:x}: {}", text.split_whitespace().collect::<Vec<_>>().join(" ")));
            }
        }
        Ok(locked)
    }
}

fn disassemble(object: &Path) -> Result<BTreeMap<u64, String>, String> {
    let mut command = tool::command("objdump", ["--disassemble", "--no-show-raw-insn", "-M", "intel"]);
    let output = tool::run(command.arg(object))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().filter_map(instruction).map(|(address, text)| (address, text.to_owned())).collect())
}

/// `  1139:\tpush   rbp` as address and text.
fn instruction(line: &str) -> Option<(u64, &str)> {
    let (address, text) = line.split_once(":\t")?;
    Some((u64::from_str_radix(address.trim(), 16).ok()?, text))
}

/// A lock prefix, or an exchange with memory, which needs none.
fn is_locked(text: &str) -> bool {
    let mut words =
        text.split_whitespace().skip_while(|word| matches!(*word, "data16" | "repz" | "repnz" | "xacquire"));
    match words.next() {
        Some("lock") => true,
        Some("xchg") => text.contains('['),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locked_instructions_are_told_from_the_rest() {
        for text in ["lock cmpxchg QWORD PTR [rbx],rcx", "xchg   DWORD PTR [rbx],eax", "lock inc QWORD PTR [rax]"] {
            assert!(is_locked(text), "{text}");
        }
        for text in
            ["xchg   ax,ax", "mov    QWORD PTR [rax],0x0", "cmpxchg QWORD PTR [rbx],rcx", "data16 lea rdi,[rip+0x10]"]
        {
            assert!(!is_locked(text), "{text}");
        }
    }

    #[test]
    fn a_line_has_an_address_and_a_text() {
        assert_eq!(
            instruction("   584d7:\tlock cmpxchg QWORD PTR [rbx],rcx"),
            Some((0x584d7, "lock cmpxchg QWORD PTR [rbx],rcx"))
        );
        assert_eq!(instruction("00000000000584d0 <f>:"), None);
    }
}
