//! A function as all profiles see it: what they agree on once, what differs side by side.

use crate::model::{Function, Model, Profile, Rule, Topic};

/// A function with its reading in every profile that has it.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'m> {
    pub name: &'m str,
    pub readings: Vec<(&'m Profile, &'m Function)>,
}

/// A value and the profiles in which it holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Variant<'m, T> {
    pub profiles: Vec<&'m str>,
    pub value: T,
}

impl<'m> Entry<'m> {
    /// The reading of the first profile that has the function.
    pub fn first(&self) -> &'m Function {
        self.readings[0].1
    }

    pub fn profiles(&self) -> Vec<&'m str> {
        self.readings.iter().map(|(profile, _)| profile.name.as_str()).collect()
    }

    /// What `read` gives in each profile; equal answers become one variant.
    pub fn variants<T: PartialEq>(&self, mut read: impl FnMut(&'m Function) -> T) -> Vec<Variant<'m, T>> {
        group(self.readings.iter().map(|(profile, function)| (profile.name.as_str(), read(function))))
    }

    /// Items of all readings, one per key in order of appearance, each with the readings that have it.
    pub fn items<T, K: PartialEq>(
        &self,
        list: impl Fn(&'m Function) -> &'m [T],
        key: impl Fn(&'m T) -> K,
    ) -> Vec<Vec<(&'m Function, &'m str, &'m T)>> {
        let mut merged: Vec<Vec<(&'m Function, &'m str, &'m T)>> = Vec::new();
        for (profile, function) in &self.readings {
            for item in list(function) {
                let reading = (*function, profile.name.as_str(), item);
                match merged.iter_mut().find(|same| key(same[0].2) == key(item)) {
                    Some(same) => same.push(reading),
                    None => merged.push(vec![reading]),
                }
            }
        }
        merged
    }

    /// Rules of all profiles, each once.
    pub fn rules(&self) -> Vec<(Vec<&'m str>, &'m Rule)> {
        self.items(|function| &function.rules, |rule| &rule.id)
            .into_iter()
            .map(|same| (same.iter().map(|(_, profile, _)| *profile).collect(), same[0].2))
            .collect()
    }
}

/// Groups equal values, in order of first appearance.
pub(crate) fn group<'m, T: PartialEq>(values: impl IntoIterator<Item = (&'m str, T)>) -> Vec<Variant<'m, T>> {
    let mut variants: Vec<Variant<'m, T>> = Vec::new();
    for (profile, value) in values {
        match variants.iter_mut().find(|variant| variant.value == value) {
            Some(variant) => variant.profiles.push(profile),
            None => variants.push(Variant { profiles: vec![profile], value }),
        }
    }
    variants
}

/// All functions of all profiles; a function stands where the first profile that has it puts it.
pub(crate) fn entries(model: &Model) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for profile in &model.profiles {
        for function in &profile.functions {
            match entries.iter_mut().find(|entry| entry.name == function.name) {
                Some(entry) => entry.readings.push((profile, function)),
                None => entries.push(Entry { name: &function.name, readings: vec![(profile, function)] }),
            }
        }
    }
    entries
}

/// All topics of all profiles, each once, with the profiles that have it.
pub(crate) fn topics(model: &Model) -> Vec<(Vec<&str>, &Topic)> {
    let mut topics: Vec<(Vec<&str>, &Topic)> = Vec::new();
    for profile in &model.profiles {
        for topic in &profile.topics {
            match topics.iter_mut().find(|(_, known)| known.name == topic.name) {
                Some((profiles, _)) => profiles.push(&profile.name),
                None => topics.push((vec![&profile.name], topic)),
            }
        }
    }
    topics
}
