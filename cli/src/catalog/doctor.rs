//! `wsp catalog doctor`.

use serde_json::json;
use wsp_catalog::doctor::{Finding, Weight, examine, mended};
use wsp_catalog::{Catalog, Options, Prober, Store, backups, interrupted};

use super::{ChangeArguments, changes, print_json, probe};
use crate::text::{BOLD, GREEN, PLAIN, RED};
use crate::{Failure, Format, print};

#[derive(clap::Args)]
pub struct Arguments {
    /// Mend what can be mended
    #[arg(long)]
    fix: bool,
    /// Do not try whether the providers start
    #[arg(long)]
    no_start: bool,
    /// How long a start-up may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    limit: u64,
    #[command(flatten)]
    change: ChangeArguments,
}

/// Examines the catalog and, when asked, mends it. Fails while something is broken.
pub fn run(store: &mut dyn Store, arguments: &Arguments, format: Format) -> Result<(), Failure> {
    let prober = if arguments.no_start { None } else { Some(probe::prober(arguments.limit)?) };
    if let Some(backup) = interrupted(store) {
        if !arguments.fix {
            let backup = backup.display();
            return Err(Failure::new(format!(
                "a change of the catalog is under way or was interrupted; if none is under way, `wsp catalog doctor --fix` or \
                 `wsp catalog restore {backup}` puts back what was before it"
            )));
        }
        anstream::eprintln!("An earlier change was interrupted; putting back {}.", backup.display());
        changes::restore(store, &backup, true, arguments.change.dry_run, Format::Text)?;
    }
    let catalog = store.read().map_err(|error| Failure::new(unreadable(store, &error)))?;
    let findings = examine(&catalog, prober.as_ref());
    if !arguments.fix {
        return tell(&catalog, &findings, format);
    }
    let mendable = findings.iter().any(Finding::is_mendable);
    if format == Format::Text {
        print(&text(&findings))?;
    }
    if mendable {
        let options = Options { dry_run: arguments.change.dry_run, after_interruption: true, despite_damage: true };
        changes::make(store, options, format, |now| mended(now, &findings))?;
    }
    if arguments.change.dry_run {
        return if mendable { Ok(()) } else { tell(&catalog, &findings, format) };
    }
    again(store, prober.as_ref(), format)
}

/// What is left after mending.
fn again(store: &mut dyn Store, prober: Option<&Prober>, format: Format) -> Result<(), Failure> {
    let catalog = store.read().map_err(Failure::new)?;
    let left: Vec<Finding> = examine(&catalog, prober).into_iter().filter(|f| f.weight == Weight::Broken).collect();
    if format == Format::Json && left.is_empty() {
        return Ok(());
    }
    tell(&catalog, &left, format)
}

fn unreadable(store: &dyn Store, error: &wsp_catalog::CallError) -> String {
    let newest = backups(store).pop();
    let hint = newest.map_or_else(
        || "there is no backup beside it".to_owned(),
        |path| format!("the newest backup: `wsp catalog restore {}`", path.display()),
    );
    format!("{error}\n{hint}")
}

/// Says what was found; fails when something is broken.
fn tell(catalog: &Catalog, findings: &[Finding], format: Format) -> Result<(), Failure> {
    let broken = findings.iter().any(|finding| finding.weight == Weight::Broken);
    if format == Format::Json {
        let list: Vec<_> = findings
            .iter()
            .map(|finding| {
                json!({
                    "weight": word(finding.weight),
                    "place": finding.place,
                    "what": finding.what,
                    "advice": finding.advice,
                    "mendable": finding.is_mendable(),
                })
            })
            .collect();
        print_json(&json!({ "broken": broken, "findings": list }))?;
    } else {
        let mut out = text(findings);
        if !broken {
            let entries: usize = catalog.views().map(|view| catalog.entries(view).len()).sum();
            let word = if entries == 1 { "entry" } else { "entries" };
            out.push_str(&format!("{GREEN}Nothing is broken{PLAIN}: {entries} {word}.\n"));
        }
        print(&out)?;
    }
    if broken { Err(Failure::Said) } else { Ok(()) }
}

fn word(weight: Weight) -> &'static str {
    match weight {
        Weight::Broken => "broken",
        Weight::Odd => "odd",
        Weight::Unchecked => "not checked",
    }
}

fn text(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        let style = if finding.weight == Weight::Broken { RED } else { BOLD };
        let advice = if finding.advice.is_empty() { String::new() } else { format!("\n  {}", finding.advice) };
        format!("{style}{}{PLAIN}: {}: {}{advice}\n", word(finding.weight), finding.place, finding.what)
    };
    findings.iter().map(line).collect()
}
