//! `wsp catalog doctor`.

use serde_json::json;
use wsp_catalog::doctor::{Finding, Weight, examine, mended};
use wsp_catalog::{Catalog, Done, Options, Store, backups, change, interrupted};

use super::{ChangeArguments, changes, print_json, probe};
use crate::text::{BOLD, GREEN, PLAIN, RED};
use crate::{Failure, Format, note, print};

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
    let mut made: Vec<Done> = Vec::new();
    if let Some(backup) = interrupted(store) {
        if !arguments.fix {
            let backup = backup.display();
            return Err(Failure::new(format!(
                "a change of the catalog is under way or was interrupted; if none is under way, `wsp catalog doctor --fix` or \
                 `wsp catalog restore {backup}` puts back what was before it"
            )));
        }
        note(format_args!("An earlier change was interrupted; putting back {}.", backup.display()));
        made.push(changes::restore(store, &backup, true, arguments.change.dry_run)?);
        if format == Format::Text {
            print(&changes::text(&made[0]))?;
        }
    }
    let catalog = store.read().map_err(|error| Failure::new(unreadable(store, &error)))?;
    let findings = examine(&catalog, prober.as_ref());
    if !arguments.fix {
        return tell(&Report { catalog: &catalog, findings: &findings, mended: &[], made: &made }, format);
    }
    let mendable: Vec<Finding> = findings.iter().filter(|finding| finding.is_mendable()).cloned().collect();
    if format == Format::Text {
        print(&text(&findings))?;
    }
    if !mendable.is_empty() {
        let options = Options { dry_run: arguments.change.dry_run, after_interruption: true, despite_damage: true };
        made.push(change(store, options, |now| mended(now, &findings)).map_err(Failure::new)?);
        if let (Format::Text, Some(done)) = (format, made.last()) {
            print(&changes::text(done))?;
        }
    }
    if arguments.change.dry_run {
        // What would be mended fails nothing, and the text has told of it.
        if !mendable.is_empty() && format == Format::Text {
            return Ok(());
        }
        let told = tell(&Report { catalog: &catalog, findings: &findings, mended: &[], made: &made }, format);
        return if mendable.is_empty() { told } else { Ok(()) };
    }
    let catalog = store.read().map_err(Failure::new)?;
    let mut left = examine(&catalog, prober.as_ref());
    if format == Format::Text {
        // The others have been told.
        left.retain(|finding| finding.weight == Weight::Broken);
    }
    tell(&Report { catalog: &catalog, findings: &left, mended: &mendable, made: &made }, format)
}

/// What has come of an examination.
struct Report<'a> {
    catalog: &'a Catalog,
    /// What there is to be said of it.
    findings: &'a [Finding],
    /// What there was, and is mended.
    mended: &'a [Finding],
    /// The changes that were made, or would be.
    made: &'a [Done],
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
fn tell(report: &Report<'_>, format: Format) -> Result<(), Failure> {
    let broken = report.findings.iter().any(|finding| finding.weight == Weight::Broken);
    if format == Format::Json {
        let list = |findings: &[Finding]| findings.iter().map(json).collect::<Vec<_>>();
        let made: Vec<_> = report.made.iter().map(changes::json).collect();
        print_json(&json!({
            "broken": broken,
            "findings": list(report.findings),
            "mended": list(report.mended),
            "changes": made,
        }))?;
    } else {
        let mut out = text(report.findings);
        if !broken {
            let entries: usize = report.catalog.views().map(|view| report.catalog.entries(view).len()).sum();
            let word = if entries == 1 { "entry" } else { "entries" };
            out.push_str(&format!("{GREEN}Nothing is broken{PLAIN}: {entries} {word}.\n"));
        }
        print(&out)?;
    }
    if broken { Err(Failure::Said) } else { Ok(()) }
}

fn json(finding: &Finding) -> serde_json::Value {
    json!({
        "weight": word(finding.weight),
        "place": finding.place,
        "what": finding.what,
        "advice": finding.advice,
        "mendable": finding.is_mendable(),
    })
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
