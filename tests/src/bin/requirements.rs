//! Prints the requirements and the tests that show each.

use wsp_tests::requirements::ALL;

fn main() {
    for requirement in ALL {
        println!("{:<4} {}", requirement.id, requirement.text);
        for test in requirement.tests {
            println!("       {test}");
        }
    }
    let tests: usize = ALL.iter().map(|requirement| requirement.tests.len()).sum();
    println!("\n{} requirements, {tests} tests", ALL.len());
}
