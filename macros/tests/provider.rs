//! What `#[wsp::provider]` accepts, and what it says of what it does not. `WSP_BLESS=1` rewrites the expected messages.

#[test]
fn provider_attribute() {
    if std::env::var_os("WSP_BLESS").is_some() {
        // SAFETY: the only test of this program, so no other thread reads the environment.
        unsafe { std::env::set_var("TRYBUILD", "overwrite") };
    }
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass_*.rs");
    cases.compile_fail("tests/ui/[!p]*.rs");
}
