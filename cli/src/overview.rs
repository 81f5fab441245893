//! `wsp` without arguments.

use crate::generate::summary;
use crate::text::{BOLD, PLAIN};
use crate::{Failure, print, spec};

/// Says what is here and what to do next.
pub fn run() -> Result<(), Failure> {
    let loaded = spec::load(None)?;
    let mut text = format!("{BOLD}wsp{PLAIN}: the Winsock service-provider interface, declared once.\n\n");
    text.push_str(&summary(&loaded.model.profiles));
    text.push_str(&format!(
        "\nNext:\n  \
         {BOLD}wsp explain WSPSocket{PLAIN}          look a function up (or a code, a constant, a type, a rule)\n  \
         {BOLD}wsp generate --out DIR{PLAIN}         make everything that is made from the spec\n  \
         {BOLD}wsp docs --out DIR{PLAIN}             write the reference site\n  \
         {BOLD}wsp demo{PLAIN}                       see a provider carry data\n  \
         {BOLD}wsp conform LIBRARY{PLAIN}            see whether somebody's provider keeps to the rules\n  \
         {BOLD}wsp trace -- PROGRAM{PLAIN}           see every call of its providers\n  \
         {BOLD}wsp --help{PLAIN}                     all commands\n"
    ));
    print(&text)
}
