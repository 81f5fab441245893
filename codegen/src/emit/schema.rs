//! JSON Schema of the spec's files, for editors: one definition for each kind of file and each mapping in it.
//!
//! It comes from the vocabulary, not from a model: the same spec types that read the files describe themselves.

use std::borrow::Cow;

use crate::json::Json;
use crate::shape::{Definition, Schema};
use crate::syntax::KINDS;

/// The dialect of JSON Schema that is written.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema, as indented JSON; the same bytes every time.
pub fn emit() -> String {
    let mut definitions = Definitions::default();
    let kinds: Vec<Json> = KINDS.iter().map(|kind| definitions.value(&(kind.schema)())).collect();
    Json::object([
        ("$schema", Json::text(DIALECT)),
        ("title", Json::text("A file of the wsp spec")),
        ("type", Json::text("object")),
        ("oneOf", Json::List(kinds)),
        ("$defs", Json::Object(definitions.made)),
    ])
    .pretty()
}

/// Definitions in the order in which they were first needed.
#[derive(Default)]
struct Definitions {
    made: Vec<(Cow<'static, str>, Json<'static>)>,
}

impl Definitions {
    /// The schema of a value; a mapping is defined once and referred to.
    fn value(&mut self, schema: &Schema) -> Json<'static> {
        match schema {
            Schema::Text(pattern) => Json::object([("type", Json::text("string")), ("pattern", Json::text(*pattern))]),
            Schema::Number => Json::object([("type", Json::text("integer"))]),
            Schema::Flag => Json::object([("type", Json::text("boolean"))]),
            Schema::Words(words) => {
                Json::object([("enum", Json::List(words.iter().map(|word| Json::text(*word)).collect()))])
            }
            Schema::List(item) => Json::object([("type", Json::text("array")), ("items", self.value(item))]),
            Schema::Entries(value) => {
                Json::object([("type", Json::text("object")), ("additionalProperties", self.value(value))])
            }
            Schema::AnyOf(schemas) => {
                let schemas = schemas.iter().map(|schema| self.value(schema)).collect();
                Json::object([("anyOf", Json::List(schemas))])
            }
            Schema::Shape(definition) => {
                self.define(definition);
                Json::object([("$ref", Json::text(format!("#/$defs/{}", definition.name)))])
            }
        }
    }

    fn define(&mut self, definition: &Definition) {
        if self.made.iter().any(|(name, _)| name == definition.name) {
            return;
        }
        let at = self.made.len();
        self.made.push((definition.name.into(), Json::Null));
        let mut properties = Vec::new();
        for member in &definition.members {
            let mut described = vec![("description".into(), Json::text(member.doc))];
            if let Json::Object(value) = self.value(&member.schema) {
                described.extend(value);
            }
            properties.push((member.key.into(), Json::Object(described)));
        }
        let required = definition.members.iter().filter(|member| member.required).map(|member| Json::text(member.key));
        let others = match &definition.profiles {
            // Profiles' names are the author's choice, so any other key may be one.
            Some(profile) => self.value(profile),
            None => Json::Bool(false),
        };
        self.made[at].1 = Json::object([
            ("description", Json::text(definition.doc)),
            ("type", Json::text("object")),
            ("required", Json::List(required.collect())),
            ("properties", Json::Object(properties)),
            ("additionalProperties", others),
        ]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_file_is_defined_and_every_reference_leads_somewhere() {
        let text = emit();
        assert_eq!(text, emit(), "the same bytes every time");
        for kind in KINDS {
            let Schema::Shape(definition) = (kind.schema)() else { panic!("a file is a mapping") };
            assert!(definition.members.iter().any(|member| member.key == kind.key && member.required), "{}", kind.key);
        }
        for reference in text.split("#/$defs/").skip(1) {
            let name = reference.split('"').next().expect("a name");
            assert!(text.contains(&format!("    \"{name}\": {{\n      \"description\"")), "{name} is defined");
        }
    }

    /// All mappings that a schema leads to, each as often as it does.
    fn shapes(schema: &Schema, found: &mut Vec<Definition>) {
        match schema {
            Schema::Text(_) | Schema::Number | Schema::Flag | Schema::Words(_) => {}
            Schema::List(inner) | Schema::Entries(inner) => shapes(inner, found),
            Schema::AnyOf(schemas) => schemas.iter().for_each(|schema| shapes(schema, found)),
            Schema::Shape(definition) => {
                found.push(definition.clone());
                definition.members.iter().for_each(|member| shapes(&member.schema, found));
                definition.profiles.iter().for_each(|profile| shapes(profile, found));
            }
        }
    }

    #[test]
    fn no_two_mappings_have_one_name() {
        let mut found = Vec::new();
        KINDS.iter().for_each(|kind| shapes(&(kind.schema)(), &mut found));
        for one in &found {
            let other = found.iter().find(|other| other.name == one.name && *other != one);
            assert_eq!(other, None, "{}", one.name);
        }
    }

    #[test]
    fn keys_words_and_requirements_are_there() {
        let text = emit();
        for wanted in
            ["\"lpErrno\"", "\"fallback\"", "\"additionalProperties\": false", "\"pattern\"", "\"Difference\": {"]
        {
            assert!(text.contains(wanted), "{wanted}");
        }
    }
}
