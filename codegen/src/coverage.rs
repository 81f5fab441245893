//! How many rules of the spec are shown by something that runs.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::{Function, Model, Profile, Rule, RuleClass};

/// The rules of every profile, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// In the order of the model.
    pub profiles: Vec<ProfileCoverage>,
}

/// The rules of one profile, counted by class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileCoverage {
    /// Name of the profile.
    pub profile: String,
    /// The classes, in the order check, behaviour, host, note; those without rules too.
    pub classes: Vec<ClassCoverage>,
    /// How many machine-made checks the profile has, whatever rule they serve. Each has a firing and a silent test.
    pub checks: usize,
}

/// The rules of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassCoverage {
    /// The class.
    pub class: RuleClass,
    /// How many rules.
    pub total: usize,
    /// Those that a named check implements or a named test shows.
    pub covered: usize,
    /// Those that should have one and have none yet. A note needs none.
    pub planned: usize,
}

/// Counts the rules of a model.
pub fn coverage(model: &Model) -> Coverage {
    Coverage { profiles: model.profiles.iter().map(one_profile).collect() }
}

/// The paths of all tests that rules name, each once.
pub fn named_tests(model: &Model) -> BTreeSet<&str> {
    let rules = model.profiles.iter().flat_map(rules);
    rules.filter_map(|(_, rule)| rule.test.as_deref()).collect()
}

/// The rules of a profile with the function that they belong to, those of topics with none.
fn rules(profile: &Profile) -> impl Iterator<Item = (Option<&Function>, &Rule)> {
    let of_functions =
        profile.functions.iter().flat_map(|function| function.rules.iter().map(move |rule| (Some(function), rule)));
    let of_topics = profile.topics.iter().flat_map(|topic| topic.rules.iter().map(|rule| (None, rule)));
    of_functions.chain(of_topics)
}

fn one_profile(profile: &Profile) -> ProfileCoverage {
    let classes = [RuleClass::Check, RuleClass::Behaviour, RuleClass::Host, RuleClass::Note];
    ProfileCoverage {
        profile: profile.name.clone(),
        classes: classes.into_iter().map(|class| one_class(profile, class)).collect(),
        checks: profile.functions.iter().map(|function| function.checks.len()).sum(),
    }
}

fn one_class(profile: &Profile, class: RuleClass) -> ClassCoverage {
    let of_class: Vec<_> = rules(profile).filter(|(_, rule)| rule.class == class).collect();
    let covered = of_class.iter().filter(|(function, rule)| is_covered(*function, rule)).count();
    let total = of_class.len();
    let planned = if class == RuleClass::Note { 0 } else { total - covered };
    ClassCoverage { class, total, covered, planned }
}

/// Is there a test for the rule: one that it names, or those that every check has?
fn is_covered(function: Option<&Function>, rule: &Rule) -> bool {
    rule.test.is_some() || (!rule.checks.is_empty() && rule.checks.iter().all(|check| has_check(function, check)))
}

/// `check` is an id without its function's name.
fn has_check(function: Option<&Function>, check: &str) -> bool {
    let is_it = |id: &str, function: &Function| {
        id.strip_prefix(&function.name).and_then(|id| id.strip_prefix('.')) == Some(check)
    };
    function.is_some_and(|function| function.checks.iter().any(|one| is_it(&one.id, function)))
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for profile in &self.profiles {
            writeln!(f, "{}: {} checks", profile.profile, profile.checks)?;
            for class in &profile.classes {
                let ClassCoverage { class, total, covered, planned } = *class;
                let name = word(class);
                if class == RuleClass::Note {
                    writeln!(f, "  {name:<10}{total:>5} rules")?;
                } else {
                    writeln!(f, "  {name:<10}{total:>5} rules, {covered:>4} covered, {planned:>4} planned")?;
                }
            }
        }
        Ok(())
    }
}

/// The class as the spec writes it.
fn word(class: RuleClass) -> &'static str {
    match class {
        RuleClass::Check => "check",
        RuleClass::Behaviour => "behaviour",
        RuleClass::Host => "host",
        RuleClass::Note => "note",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> Model {
        crate::compile(&crate::build::builtin()).unwrap_or_else(|problems| panic!("{}", problems.render_short()))
    }

    #[test]
    fn every_rule_is_counted_once() {
        let model = model();
        for (profile, counted) in model.profiles.iter().zip(coverage(&model).profiles) {
            let total: usize = counted.classes.iter().map(|class| class.total).sum();
            assert_eq!(total, rules(profile).count(), "{}", profile.name);
            for class in counted.classes.iter().filter(|class| class.class != RuleClass::Note) {
                assert_eq!(class.covered + class.planned, class.total);
            }
        }
    }

    #[test]
    fn a_rule_is_covered_by_its_test_or_by_checks_that_exist() {
        let model = model();
        let function = &model.profiles[0].functions[1];
        let (name, id) = (function.name.clone(), function.checks[0].id.clone());
        let check = id.strip_prefix(&format!("{name}.")).map(str::to_owned);
        let mut rule = function.rules[0].clone();
        let mut covered = |test: Option<&str>, checks: Vec<String>| {
            (rule.test, rule.checks) = (test.map(str::to_owned), checks);
            is_covered(Some(&model.profiles[0].functions[1]), &rule)
        };
        assert!(!covered(None, Vec::new()));
        assert!(covered(Some("tests::one"), Vec::new()));
        assert!(covered(None, check.iter().cloned().collect()));
        assert!(!covered(None, vec!["nothing.null".into()]));
    }
}
