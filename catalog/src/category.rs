//! What layered providers and programs are classed as.

use wsp::ffi;

/// The categories: their bits and our names for them.
const NAMES: [(u32, &str); 9] = [
    (ffi::LSP_SYSTEM, "system"),
    (ffi::LSP_INSPECTOR, "inspector"),
    (ffi::LSP_REDIRECTOR, "redirector"),
    (ffi::LSP_PROXY, "proxy"),
    (ffi::LSP_FIREWALL, "firewall"),
    (ffi::LSP_INBOUND_MODIFY, "inbound-modify"),
    (ffi::LSP_OUTBOUND_MODIFY, "outbound-modify"),
    (ffi::LSP_CRYPTO_COMPRESS, "crypto-compress"),
    (ffi::LSP_LOCAL_CACHE, "local-cache"),
];

/// The names of all categories.
pub fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(_, name)| *name)
}

/// The bit of a category.
pub fn bit(name: &str) -> Option<u32> {
    NAMES.iter().find(|(_, known)| *known == name).map(|(bit, _)| *bit)
}

/// The categories of a mask, in words; bits without a name as a number.
pub fn describe(mask: u32) -> String {
    let mut words: Vec<String> =
        NAMES.iter().filter(|(bit, _)| mask & bit != 0).map(|(_, name)| (*name).to_owned()).collect();
    let rest = NAMES.iter().fold(mask, |rest, (bit, _)| rest & !bit);
    if rest != 0 {
        words.push(format!("{rest:#x}"));
    }
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

/// Is a layered provider of these categories loaded into a program that is classed so? (Into one that is not classed, all are.)
pub fn admits(program: u32, provider: u32) -> bool {
    let system = program & ffi::LSP_SYSTEM == 0 || provider & ffi::LSP_SYSTEM != 0;
    program & provider != 0 && provider & !program == 0 && system
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(names: &[&str]) -> u32 {
        names.iter().map(|name| bit(name).unwrap()).sum()
    }

    #[test]
    fn the_documented_examples_come_out() {
        let providers =
            [mask(&["system"]), 0, mask(&["firewall"]), mask(&["system", "firewall", "crypto-compress", "inspector"])];
        let admitted = |program: u32| providers.map(|provider| admits(program, provider));
        assert_eq!(admitted(mask(&["system", "firewall", "crypto-compress"])), [true, false, false, false]);
        assert_eq!(admitted(mask(&["firewall", "crypto-compress"])), [false, false, true, false]);
    }

    #[test]
    fn masks_are_told_in_words() {
        assert_eq!(describe(0), "none");
        assert_eq!(describe(mask(&["firewall", "system"]) | 0x100), "system, firewall, 0x100");
        assert_eq!(bit("fire"), None);
    }
}
