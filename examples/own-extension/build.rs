//! Generates the interface anew: the built-in spec with what `spec/` adds to it.

fn main() -> std::process::ExitCode {
    wsp_codegen::Build::new().spec("spec").run()
}
