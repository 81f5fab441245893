//! Descriptions of what can be read, from which the JSON Schema is made.

/// Description of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schema {
    /// Text that this pattern is found in.
    Text(&'static str),
    /// A whole number.
    Number,
    /// True or false.
    Flag,
    /// One of these words.
    Words(Vec<&'static str>),
    /// A list of such values.
    List(Box<Schema>),
    /// A mapping from any key to such values.
    Entries(Box<Schema>),
    /// A mapping with stated keys.
    Shape(Definition),
    /// Any one of these.
    AnyOf(Vec<Schema>),
}

/// Description of a mapping with stated keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// Its keys.
    pub members: Vec<Member>,
    /// What stands under the profiles' names, where they are keys.
    pub profiles: Option<Box<Schema>>,
}

/// A key of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The key.
    pub key: &'static str,
    /// Must it be there?
    pub required: bool,
    /// What it means.
    pub doc: &'static str,
    /// What stands there.
    pub schema: Schema,
}
