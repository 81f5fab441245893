//! Compares the two sides and judges what differs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use wsp_codegen::model::Model;

use crate::facts::{Constant, Facts, Kind, Record, Signature, Target};
use crate::known::{FILE, Known, Verdict};
use crate::{Error, declared, witness};

/// What the metadata says, per target.
#[derive(Debug, Clone)]
pub struct Witness {
    narrow: Facts,
    wide: Facts,
}

impl Witness {
    /// Reads the text of `metadata.rs`.
    ///
    /// # Errors
    /// See [`witness::facts`].
    pub fn read(text: &str) -> Result<Self, Error> {
        Ok(Self { narrow: witness::facts(text, Target::X86)?, wide: witness::facts(text, Target::X64)? })
    }

    /// What it says on one target.
    pub fn on(&self, target: Target) -> &Facts {
        match target {
            Target::X86 => &self.narrow,
            Target::X64 => &self.wide,
        }
    }
}

/// One thing that is said otherwise by the metadata.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// `LPWSPSEND.lpBuffers`, `WSABUF.len`, `FD_READ`; of a function `.return`, `.abi` and `.parameters`, of a structure `.size`.
    pub item: String,
    /// What is declared.
    pub ours: String,
    /// What the metadata says; `None`: it has no such item.
    pub theirs: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.theirs {
            Some(theirs) => write!(f, "{}: declared as `{}`, the metadata says `{theirs}`", self.item, self.ours),
            None => write!(
                f,
                "{}: not in metadata.rs (take it in through filter.txt and refresh; if Windows metadata lacks it, list it as absent)",
                self.item
            ),
        }
    }
}

/// Everything that is wrong between the declarations, the metadata and the list of known differences; a sentence each.
///
/// # Errors
/// The model cannot be brought to the normal form.
pub fn check(model: &Model, witness: &Witness, known: &Known) -> Result<Vec<String>, Error> {
    let found = differences(model, witness, &known.names(None))?;
    let mut problems = Vec::new();
    let mut needed = BTreeSet::new();
    for difference in &found {
        match known.entry(difference) {
            Some(line) => drop(needed.insert(line)),
            None => problems.push(difference.to_string()),
        }
    }
    for entry in known.entries() {
        let idle = match entry.verdict {
            Verdict::Named => differences(model, witness, &known.names(Some(entry.line)))? == found,
            Verdict::Absent | Verdict::Differs => !needed.contains(&entry.line),
        };
        if idle {
            problems.push(format!(
                "{FILE}:{}: `{}` is not, or no longer, as this entry says: remove it",
                entry.line, entry.item
            ));
        }
    }
    Ok(problems)
}

/// Everything that differs, on any target. `names` says which of our names goes by another in the metadata.
///
/// # Errors
/// The model cannot be brought to the normal form.
pub fn differences(
    model: &Model,
    witness: &Witness,
    names: &BTreeMap<&str, &str>,
) -> Result<BTreeSet<Difference>, Error> {
    let mut found = BTreeSet::new();
    let mut absent: Option<BTreeSet<Difference>> = None;
    for target in Target::ALL {
        let ours = declared::facts(model, target)?;
        let sides = Sides { target, ours: &ours, theirs: witness.on(target), names };
        let (missing, other): (BTreeSet<_>, BTreeSet<_>) =
            sides.compare().into_iter().partition(|difference| difference.theirs.is_none());
        found.extend(other);
        // Some functions exist on one target only.
        absent = Some(match absent {
            None => missing,
            Some(before) => before.intersection(&missing).cloned().collect(),
        });
    }
    found.extend(absent.unwrap_or_default());
    Ok(found)
}

struct Sides<'a> {
    target: Target,
    ours: &'a Facts,
    theirs: &'a Facts,
    names: &'a BTreeMap<&'a str, &'a str>,
}

impl Sides<'_> {
    fn compare(&self) -> Vec<Difference> {
        let mut found = Vec::new();
        let functions = by_lower_case(&self.theirs.functions);
        for (name, ours) in &self.ours.functions {
            match functions.get(&self.renamed(name)) {
                Some(theirs) => self.signature(name, ours, theirs, &mut found),
                None if self.ours.optional.contains(name) => {}
                None => found.push(Difference { item: name.clone(), ours: "a function".into(), theirs: None }),
            }
        }
        let records = by_lower_case(&self.theirs.records);
        for (name, ours) in &self.ours.records {
            match records.get(&self.renamed(name)) {
                Some(theirs) => self.record(name, ours, theirs, &mut found),
                None => found.push(Difference { item: name.clone(), ours: "a structure".into(), theirs: None }),
            }
        }
        for (name, ours) in &self.ours.constants {
            let theirs = self.theirs.constants.get(name);
            if !theirs.is_some_and(|theirs| same_value(ours, theirs)) {
                found.push(Difference { item: name.clone(), ours: value(ours), theirs: theirs.map(value) });
            }
        }
        found
    }

    fn signature(&self, name: &str, ours: &Signature, theirs: &Signature, found: &mut Vec<Difference>) {
        let mut differ = |part: &str, ours: String, theirs: String| {
            found.push(Difference { item: format!("{name}.{part}"), ours, theirs: Some(theirs) });
        };
        if ours.abi != theirs.abi {
            differ("abi", ours.abi.clone(), theirs.abi.clone());
        }
        if !self.same(&ours.returns, &theirs.returns) {
            differ("return", ours.returns.to_string(), theirs.returns.to_string());
        }
        if ours.params.len() != theirs.params.len() {
            differ("parameters", ours.params.len().to_string(), theirs.params.len().to_string());
            return;
        }
        for ((our_name, our_kind), (their_name, their_kind)) in ours.params.iter().zip(&theirs.params) {
            // Names are not part of the ABI, but tell two parameters of one kind apart.
            if !our_name.eq_ignore_ascii_case(their_name) || !self.same(our_kind, their_kind) {
                differ(our_name, format!("{our_name}: {our_kind}"), format!("{their_name}: {their_kind}"));
            }
        }
    }

    fn record(&self, name: &str, ours: &Record, theirs: &Record, found: &mut Vec<Difference>) {
        let mut differ = |part: &str, ours: String, theirs: String| {
            found.push(Difference { item: format!("{name}.{part}"), ours, theirs: Some(theirs) });
        };
        let here = format!("on {:?}", self.target);
        if (ours.size, ours.align) != (theirs.size, theirs.align) {
            let say = |record: &Record| format!("{} bytes aligned to {} {here}", record.size, record.align);
            differ("size", say(ours), say(theirs));
        }
        for field in &ours.fields {
            match theirs.fields.iter().find(|other| other.name.eq_ignore_ascii_case(&field.name)) {
                None => differ(&field.name, field.kind.to_string(), "no such member".into()),
                Some(other) if !self.same(&field.kind, &other.kind) => {
                    differ(&field.name, field.kind.to_string(), other.kind.to_string());
                }
                Some(other) if field.offset != other.offset => {
                    differ(&field.name, format!("at {} {here}", field.offset), format!("at {} {here}", other.offset));
                }
                Some(_) => {}
            }
        }
        for other in &theirs.fields {
            if !ours.fields.iter().any(|field| field.name.eq_ignore_ascii_case(&other.name)) {
                differ(&other.name, "no such member".into(), other.kind.to_string());
            }
        }
    }

    fn same(&self, ours: &Kind, theirs: &Kind) -> bool {
        match (ours, theirs) {
            (Kind::Pointer(ours), Kind::Pointer(theirs)) => self.same(ours, theirs),
            (Kind::Array(ours, length), Kind::Array(theirs, other)) => length == other && self.same(ours, theirs),
            (Kind::Record(ours), Kind::Record(theirs)) | (Kind::Function(ours), Kind::Function(theirs)) => {
                self.renamed(ours) == theirs.to_lowercase()
            }
            _ => ours == theirs,
        }
    }

    /// The metadata's name for our `name`, in lower case: the metadata has `SOCKADDR` where C has `struct sockaddr`.
    fn renamed(&self, name: &str) -> String {
        self.names.get(name).copied().unwrap_or(name).to_lowercase()
    }
}

fn by_lower_case<T>(items: &BTreeMap<String, T>) -> BTreeMap<String, &T> {
    items.iter().map(|(name, item)| (name.to_lowercase(), item)).collect()
}

/// Are these the same bits in the width that we declare? The metadata's own types of `#define`s are guesses.
fn same_value(ours: &Constant, theirs: &Constant) -> bool {
    match (ours, theirs) {
        (Constant::Number(ours, bits), Constant::Number(theirs, _)) => {
            let fits = |value: i128| (-(1_i128 << (bits - 1))..1_i128 << bits).contains(&value);
            let mask = (1_i128 << bits) - 1;
            fits(*ours) && fits(*theirs) && ours & mask == theirs & mask
        }
        _ => ours == theirs,
    }
}

fn value(constant: &Constant) -> String {
    match constant {
        Constant::Number(value, _) => value.to_string(),
        Constant::Guid(guid) => format!("{guid:032x}"),
        Constant::Other(text) => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::small;

    fn problems(model: &Model, known: &str) -> Vec<String> {
        let witness = Witness::read(small::METADATA).unwrap();
        check(model, &witness, &Known::parse(known).unwrap()).unwrap()
    }

    #[test]
    fn equal_sides_have_no_differences() {
        assert_eq!(problems(&small::model(), ""), Vec::<String>::new());
    }

    #[test]
    fn every_mutation_is_found() {
        for (what, mutate) in small::MUTATIONS {
            let mut model = small::model();
            mutate(&mut model);
            assert_ne!(problems(&model, ""), Vec::<String>::new(), "{what}");
        }
    }

    #[test]
    fn known_differences_are_let_pass_and_must_be_needed() {
        let mut model = small::model();
        model.codes[0].value += 1;
        let entry = "differs | WSAEFAULT | 10015 | 10014 | the metadata is wrong here";
        assert_eq!(problems(&model, entry), Vec::<String>::new());
        assert_eq!(problems(&small::model(), entry).len(), 1, "not needed");
        let other = entry.replace("10014", "10013");
        assert_eq!(problems(&model, &other).len(), 2, "the metadata says something else");
    }

    #[test]
    fn absent_items_must_be_listed_and_absent() {
        let mut model = small::model();
        model.codes[0].name = "WSAENEW".into();
        assert!(problems(&model, "")[0].starts_with("WSAENEW: not in metadata.rs"));
        assert_eq!(problems(&model, "absent | WSAENEW | newer than the metadata"), Vec::<String>::new());
        assert_eq!(problems(&small::model(), "absent | WSAEFAULT | it is there, though").len(), 1);
    }

    #[test]
    fn other_names_must_be_needed() {
        let mut model = small::model();
        for ty in &mut model.types {
            if ty.name == "WSABUF" {
                ty.name = "BUFFER".into();
            } else if let wsp_codegen::model::TypeKind::Pointer { to } = &mut ty.kind {
                to.base = "BUFFER".into();
            }
        }
        assert!(!problems(&model, "").is_empty());
        let entry = "named | BUFFER | WSABUF | the metadata has the other name";
        assert_eq!(problems(&model, entry), Vec::<String>::new());
        assert_eq!(problems(&small::model(), entry).len(), 1);
    }

    #[test]
    fn constants_compare_in_their_declared_width() {
        let same = |ours, bits, theirs| same_value(&Constant::Number(ours, bits), &Constant::Number(theirs, 32));
        assert!(same(-1, 64, -1) && same(0xFFFF_FFFF, 32, -1) && same(0x8000_0000, 32, -0x8000_0000));
        assert!(!same(0xFFFF_FFFF, 64, -1) && !same(1, 32, 2) && !same(1, 32, 0x1_0000_0001));
    }
}
