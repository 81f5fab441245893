//! What a message over shared memory costs: instructions, and how many of them are locked.
//!
//! One thread plays both ends, so the count holds a receive that is posted, a send, and the look at how each of them ended. What
//! the targets want is time, which no gate can measure. The counts are what was reached: whatever takes more instructions to do
//! the same is found.

use super::count::{self, Measured};
use super::listing::Listings;
use crate::table::Table;
use crate::tool;

/// So many messages that what happens now and then is spread over them.
const MESSAGES: u64 = 10_000;

/// What one message may take.
struct Limit {
    /// The subject, as `wsp bench` calls it.
    subject: &'static str,
    /// Bytes of the message.
    size: usize,
    /// Instructions, the caller's own included; rounded up, as compilers differ. To be lowered with every gain.
    instructions: u64,
    /// Locked instructions.
    locked: usize,
}

/// The transport alone rings once. Through the entry points three locks are taken and let go besides.
const LIMITS: [Limit; 4] = [
    Limit { subject: "shm-alone", size: 48, instructions: 420, locked: 1 },
    Limit { subject: "shm-alone", size: 64, instructions: 420, locked: 1 },
    Limit { subject: "shm", size: 64, instructions: 2400, locked: 7 },
    Limit { subject: "shm-waiting", size: 64, instructions: 1250, locked: 5 },
];

/// Counts and prints; false if a message takes more than it may.
///
/// # Errors
/// It could not be counted.
pub fn run(json: bool, listings: &mut Listings) -> Result<bool, String> {
    let program = tool::build("messages", true)?;
    tool::build_library("wsp-provider-dll-shm")?;
    let mut table = Table::new(&["message", "bytes", "instructions", "locked", "verdict"]);
    let mut met = true;
    for limit in LIMITS {
        let Limit { subject, size, .. } = limit;
        let arguments = [subject, &size.to_string(), &MESSAGES.to_string()];
        let name = format!("{subject}-{size}");
        let found = count::measure(&program, &name, &arguments, MESSAGES, listings)?;
        let (verdict, good) = judge(&found, &limit);
        met &= good;
        let numbers = [size.to_string(), found.instructions.to_string(), found.locked.len().to_string()];
        let [bytes, instructions, locked] = numbers;
        table.row([subject.to_owned(), bytes, instructions, locked, verdict]);
    }
    table.print(json);
    Ok(met)
}

fn judge(found: &Measured, limit: &Limit) -> (String, bool) {
    let Limit { instructions, locked, .. } = limit;
    if found.instructions <= *instructions && found.locked.len() <= *locked {
        return (format!("no worse than before: at most {instructions}, {locked} locked"), true);
    }
    let list = found.locked.join(", ");
    (format!("WORSE than before: at most {instructions}, {locked} locked: {list}"), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_instructions_or_locks_than_before_are_found() {
        let limit = Limit { subject: "x", size: 1, instructions: 10, locked: 1 };
        let found =
            |instructions, locked: usize| Measured { instructions, locked: vec!["lock inc".to_owned(); locked] };
        assert!(judge(&found(10, 1), &limit).1);
        assert!(!judge(&found(11, 1), &limit).1);
        let (verdict, good) = judge(&found(10, 2), &limit);
        assert!(!good && verdict.contains("lock inc"), "{verdict}");
    }
}
