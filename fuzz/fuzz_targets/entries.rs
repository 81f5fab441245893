//! Lists the entry points that can be fuzzed one by one.

fn main() {
    for entry in wsp_probe::entries::ENTRIES {
        println!("{}", entry.path());
    }
}
