//! Everything but functions, as the files say it.

use crate::model::{Absent, Descriptors};
use crate::shape::{Entry, Flag, Header, Ident, Name, Number, Text, shape, words};
use crate::syntax::function::{Param, Rule};
use crate::yaml::Spanned;

words!(Descriptors { "host" => Self::Host, "provider" => Self::Provider });
words!(Absent { "refuse" => Self::Refuse, "null" => Self::Null });

shape! {
    /// A profile.
    pub struct Profile ("a profile") {
        /// The name used everywhere.
        name: required Ident,
        /// Its title.
        title: required Text,
        /// The profile that this one narrows.
        base: optional Ident,
        /// What it is.
        text: required Text,
        /// The exported start-up function.
        startup: required Ident,
        /// The table that start-up fills.
        table: required Ident,
        /// The table that start-up is given.
        upcalls: required Ident,
        /// Who chooses descriptor values.
        descriptors: required Spanned<Descriptors>,
        /// What stands in a slot that the profile has no function for.
        absent: required Spanned<Absent>,
    }
}

shape! {
    /// A file of profiles.
    pub struct Profiles ("a file of profiles") {
        /// The profiles, base before the profiles that narrow it.
        profiles: required Vec<Profile>,
    }
}

/// Kind of a C type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeWord {
    /// A number.
    Integer,
    /// A handle.
    Handle,
    /// A structure.
    Struct,
    /// A union.
    Union,
    /// A pointer.
    Pointer,
    /// A pointer to a function.
    Callback,
    /// A structure whose members do not matter.
    Opaque,
    /// `void`.
    Void,
}
words!(TypeWord {
    "integer" => Self::Integer,
    "handle" => Self::Handle,
    "struct" => Self::Struct,
    "union" => Self::Union,
    "pointer" => Self::Pointer,
    "callback" => Self::Callback,
    "opaque" => Self::Opaque,
    "void" => Self::Void,
});

shape! {
    /// A member of a structure.
    pub struct Field ("a member") {
        /// C name.
        name: required Ident,
        /// C spelling of the type.
        ty ("type"): required Text,
        /// Number of elements, a constant or a number.
        array: optional Entry,
        /// What it is.
        text: optional Text,
        /// Name in Rust, when the rule gives a poor one.
        rust_name: optional Ident,
    }
}

shape! {
    /// A C type.
    pub struct Type ("a type") {
        /// The C name.
        name: required Ident,
        /// C spelling, when it differs from the name.
        c: optional Text,
        /// What kind of type it is.
        kind: required Spanned<TypeWord>,
        /// Integer, handle: the Rust type on every target.
        rust: optional Text,
        /// Integer, handle: 8, 16, 32, 64 or `pointer`.
        width: optional Entry,
        /// Integer, handle: can it be negative?
        signed: optional Flag,
        /// Pointer: what it points to.
        to: optional Text,
        /// Pointer: to const.
        is_const ("const"): optional Flag,
        /// Structure, union: its members.
        fields: optional Vec<Field>,
        /// Structure: its packing in bytes.
        pack: optional Number,
        /// Structure: the last array is as long as a count says.
        flexible: optional Flag,
        /// Callback: what it returns.
        returns: optional Text,
        /// Callback: its parameters.
        params: optional Vec<Param>,
        /// The C header.
        header: required Header,
        /// What it is.
        text: required Text,
    }
}

shape! {
    /// A file of types.
    pub struct Types ("a file of types") {
        /// The types.
        types: required Vec<Type>,
    }
}

shape! {
    /// A constant.
    pub struct Constant ("a constant") {
        /// C name.
        name: required Ident,
        /// C spelling of the type.
        ty ("type"): required Text,
        /// A number, or a GUID in braces.
        value: required Entry,
        /// What it is.
        text: required Text,
        /// The C header.
        header: optional Header,
    }
}

shape! {
    /// A group of constants.
    pub struct Group ("a group of constants") {
        /// Its name.
        name: required Name,
        /// Its title.
        title: required Text,
        /// The constants.
        constants: required Vec<Constant>,
    }
}

shape! {
    /// A file of constants.
    pub struct Groups ("a file of constants") {
        /// The groups.
        groups: required Vec<Group>,
    }
}

shape! {
    /// An error code.
    pub struct ErrorCode ("an error code") {
        /// C name.
        name: required Ident,
        /// Its number.
        value: required Number,
        /// Name in the Rust error enums.
        variant: required Ident,
        /// A sentence.
        text: required Text,
        /// What a completed operation's `Internal` holds for it.
        ntstatus: optional Number,
    }
}

shape! {
    /// A file of error codes.
    pub struct Codes ("a file of error codes") {
        /// The codes.
        codes: required Vec<ErrorCode>,
    }
}

shape! {
    /// A function table.
    pub struct Table ("a table") {
        /// C name.
        name: required Ident,
        /// The table whose slots come first.
        extends: optional Ident,
        /// What it is.
        text: required Text,
        /// The C header.
        header: required Header,
        /// The functions in order.
        slots: required Vec<Ident>,
    }
}

shape! {
    /// A file of tables.
    pub struct Tables ("a file of tables") {
        /// The tables.
        tables: required Vec<Table>,
    }
}

shape! {
    /// A state in the life of a socket.
    pub struct State ("a state") {
        /// Its name.
        name: required Name,
        /// Its title.
        title: required Text,
        /// What it means.
        text: required Text,
    }
}

shape! {
    /// A file of states.
    pub struct States ("a file of states") {
        /// The states.
        states: required Vec<State>,
    }
}

shape! {
    /// Rules that belong to no single function.
    pub struct Topic ("a topic") {
        /// Its name.
        topic: required Name,
        /// Its title.
        title: required Text,
        /// The profiles that it holds in.
        profiles: required Vec<Ident>,
        /// What it is about.
        text: optional Text,
        /// The rules.
        rules: optional Vec<Rule>,
    }
}
