//! Sizes and offsets by the rules of the Windows compilers.

use std::collections::BTreeMap;

use crate::Error;
use crate::facts::{Definition, Field, Kind, Record, Target};

/// Deeper nesting than this is a record that holds itself.
const DEPTH: usize = 16;

/// Lays out every definition.
///
/// # Errors
/// A member is a record that is not among the definitions, holds its own record, or has no size.
pub fn layout(definitions: &BTreeMap<String, Definition>, target: Target) -> Result<BTreeMap<String, Record>, Error> {
    let room = Room { definitions, target };
    definitions.keys().map(|name| Ok((name.clone(), room.record(name, 0)?))).collect()
}

struct Room<'a> {
    definitions: &'a BTreeMap<String, Definition>,
    target: Target,
}

impl Room<'_> {
    fn record(&self, name: &str, depth: usize) -> Result<Record, Error> {
        if depth > DEPTH {
            return Err(Error(format!("`{name}` holds itself")));
        }
        let definition = self
            .definitions
            .get(name)
            .ok_or_else(|| Error(format!("no structure `{name}` is known, yet a member has this type")))?;
        let mut record = Record { size: 0, align: 1, fields: Vec::new() };
        for (field, kind) in &definition.fields {
            let (size, natural) =
                self.measure(kind, depth).map_err(|error| Error(format!("{name}.{field}: {error}")))?;
            let align = definition.pack.map_or(natural, |pack| natural.min(pack));
            let offset = if definition.union { 0 } else { record.size.next_multiple_of(align) };
            record.align = record.align.max(align);
            record.size = record.size.max(offset + size);
            self.place(&mut record.fields, field, kind, offset, depth)?;
        }
        record.size = record.size.next_multiple_of(record.align);
        Ok(record)
    }

    /// Adds a member; a nameless structure or union gives way to its own members.
    fn place(&self, fields: &mut Vec<Field>, name: &str, kind: &Kind, offset: u64, depth: usize) -> Result<(), Error> {
        match kind {
            Kind::Record(inner) if name.starts_with("Anonymous") => {
                let inner = self.record(inner, depth + 1)?;
                fields.extend(inner.fields.into_iter().map(|field| Field { offset: field.offset + offset, ..field }));
            }
            _ => fields.push(Field { name: name.to_owned(), kind: kind.clone(), offset }),
        }
        Ok(())
    }

    /// Size and alignment in bytes.
    fn measure(&self, kind: &Kind, depth: usize) -> Result<(u64, u64), Error> {
        match kind {
            Kind::Void => Err(Error("`void` has no size".into())),
            Kind::Int(bytes) => Ok((*bytes, *bytes)),
            Kind::Word | Kind::Pointer(_) | Kind::Function(_) => Ok((self.target.pointer(), self.target.pointer())),
            Kind::Record(name) => self.record(name, depth + 1).map(|record| (record.size, record.align)),
            Kind::Array(of, length) => {
                let (size, align) = self.measure(of, depth)?;
                let size = size.checked_mul(*length).ok_or_else(|| Error("the array is too long".into()))?;
                Ok((size, align))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(union: bool, pack: Option<u64>, fields: &[(&str, Kind)]) -> Definition {
        Definition {
            union,
            pack,
            fields: fields.iter().map(|(name, kind)| ((*name).to_owned(), kind.clone())).collect(),
        }
    }

    fn offsets(record: &Record) -> Vec<(&str, u64)> {
        record.fields.iter().map(|field| (field.name.as_str(), field.offset)).collect()
    }

    #[test]
    fn members_of_nameless_unions_stand_in_their_place() {
        let definitions = BTreeMap::from([
            (
                "OVERLAPPED".to_owned(),
                definition(
                    false,
                    None,
                    &[("Internal", Kind::Word), ("Anonymous", Kind::Record("U".into())), ("hEvent", Kind::Word)],
                ),
            ),
            (
                "U".to_owned(),
                definition(true, None, &[("Anonymous", Kind::Record("S".into())), ("Pointer", Kind::Void.pointer())]),
            ),
            ("S".to_owned(), definition(false, None, &[("Offset", Kind::Int(4)), ("OffsetHigh", Kind::Int(4))])),
        ]);
        let wide = &layout(&definitions, Target::X64).unwrap()["OVERLAPPED"];
        assert_eq!(offsets(wide), [("Internal", 0), ("Offset", 8), ("OffsetHigh", 12), ("Pointer", 8), ("hEvent", 16)]);
        assert_eq!((wide.size, wide.align), (24, 8));
        let narrow = &layout(&definitions, Target::X86).unwrap()["OVERLAPPED"];
        assert_eq!(
            offsets(narrow),
            [("Internal", 0), ("Offset", 4), ("OffsetHigh", 8), ("Pointer", 4), ("hEvent", 12)]
        );
        assert_eq!((narrow.size, narrow.align), (16, 4));
    }

    #[test]
    fn packing_limits_alignment() {
        let fields = [("a", Kind::Int(2)), ("b", Kind::Int(8)), ("c", Kind::Array(Box::new(Kind::Int(1)), 3))];
        let definitions = BTreeMap::from([
            ("P".to_owned(), definition(false, Some(4), &fields)),
            ("N".to_owned(), definition(false, None, &fields)),
        ]);
        let records = layout(&definitions, Target::X86).unwrap();
        assert_eq!(offsets(&records["P"]), [("a", 0), ("b", 4), ("c", 12)]);
        assert_eq!((records["P"].size, records["N"].size), (16, 24));
    }

    #[test]
    fn endless_and_unknown_members_are_errors() {
        let own = BTreeMap::from([("A".to_owned(), definition(false, None, &[("a", Kind::Record("A".into()))]))]);
        assert!(layout(&own, Target::X64).unwrap_err().0.contains("holds itself"));
        let unknown = BTreeMap::from([("A".to_owned(), definition(false, None, &[("b", Kind::Record("B".into()))]))]);
        assert!(layout(&unknown, Target::X64).unwrap_err().0.contains("no structure `B`"));
    }
}
