//! `wsp generate`.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use wsp_codegen::emit::{self, EMITTERS, Emitter};
use wsp_codegen::model::Profile;
use wsp_codegen::write::{Written, place, stage};

use crate::text::{BOLD, GREEN, PLAIN, Table};
use crate::{Failure, note, print, spec};

/// The names that `--only` takes.
pub fn only_help() -> String {
    let names: Vec<&str> = EMITTERS.iter().map(|emitter| emitter.name).collect();
    format!("Only these emitters, separated by commas: {}", names.join(", "))
}

/// Makes everything, or what is asked for, and prints the summary.
pub fn run(out: &Path, folder: Option<&Path>, only: &[String]) -> Result<(), Failure> {
    let emitters = choose(only)?;
    let begun = Instant::now();
    let loaded = spec::load(folder)?;
    if !loaded.warnings.is_empty() {
        note(loaded.warnings.render(true));
    }
    let read = begun.elapsed();
    let mut table = Table::new(&["made", ">files", ">changed", ">KiB", ">ms", "what"]);
    let all = emit::run(&emitters, &loaded.model, loaded.options, |outputs| stage(out, &outputs));
    let mut staged = Vec::new();
    for (emitter, made) in emitters.iter().zip(all) {
        let parts = made.parts.map_err(Failure::new)?;
        let parts = parts.into_iter().collect::<Result<Vec<_>, _>>().map_err(Failure::new)?;
        let written: Written = parts.iter().map(|part| part.written).sum();
        staged.extend(parts);
        table.row([
            emitter.folder.to_owned(),
            (written.changed + written.unchanged).to_string(),
            written.changed.to_string(),
            (written.bytes / 1024).to_string(),
            milliseconds(made.took),
            emitter.about.to_owned(),
        ]);
    }
    // All of it could be made: only now does any of it replace what was there.
    place(&staged).map_err(Failure::new)?;
    let mut text = summary(&loaded.model.profiles);
    text.push('\n');
    text.push_str(&table.text());
    let _ = writeln!(
        text,
        "\n{GREEN}Done{PLAIN}: {} spec files read in {} ms, everything written to {BOLD}{}{PLAIN} in {} ms.",
        loaded.files,
        milliseconds(read),
        out.display(),
        milliseconds(begun.elapsed())
    );
    print(&text)
}

/// What the spec holds, profile by profile.
pub fn summary(profiles: &[Profile]) -> String {
    let mut table =
        Table::new(&["profile", ">functions", ">parameters", ">rules", ">error codes", ">checks", "what it is"]);
    for profile in profiles {
        let sum =
            |count: fn(&wsp_codegen::model::Function) -> usize| profile.functions.iter().map(count).sum::<usize>();
        let topics: usize = profile.topics.iter().map(|topic| topic.rules.len()).sum();
        table.row([
            profile.name.clone(),
            profile.functions.len().to_string(),
            sum(|function| function.params.len()).to_string(),
            (sum(|function| function.rules.len()) + topics).to_string(),
            sum(|function| function.errors.len()).to_string(),
            sum(|function| function.checks.len()).to_string(),
            profile.title.clone(),
        ]);
    }
    table.text()
}

fn choose(only: &[String]) -> Result<Vec<&'static Emitter>, Failure> {
    for name in only {
        if !EMITTERS.iter().any(|emitter| emitter.name == name) {
            return Err(Failure::new(format!("no emitter is called `{name}`. {}", only_help())));
        }
    }
    Ok(EMITTERS.iter().filter(|emitter| only.is_empty() || only.iter().any(|name| name == emitter.name)).collect())
}

fn milliseconds(time: Duration) -> String {
    time.as_millis().to_string()
}
