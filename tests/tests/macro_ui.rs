//! What `#[wsp::provider]` accepts, and what it says of what it does not.

#[test]
fn provider_attribute() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass_*.rs");
    cases.compile_fail("tests/ui/[!p]*.rs");
}
