//! Times the transports beside what else connects two processes of a machine.
//!
//! Each subject is two processes with one way between them. They sleep until they are told to run; only two run at a time.
//! Everything is measured in groups: the raw exchange of two cache lines before and after, and the subjects between. A group counts if
//! both were near the best of all, so a busy machine costs time instead of truth; ratios are formed within a group.

mod copy;
mod exchange;
mod explain;
mod link;
mod outside;
mod plan;
mod plot;
mod process;
mod report;
mod sample;
mod system_calls;

pub use exchange::Exchange;
pub use plan::{Options, run};
pub use process::take_part;
pub use report::{Report, Row};
pub use sample::{Sample, WANTED};
pub use system_calls::count_system_calls;
