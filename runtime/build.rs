//! Regenerates the Rust modules from the built-in spec.

fn main() -> std::process::ExitCode {
    wsp_codegen::Build::new().run()
}
