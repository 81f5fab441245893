//! Functions, as the files say them.

use crate::model::Source as ErrorSource;
use crate::model::{
    BlockingMode, Builds, Direction, ErrorVia, FunctionKind, Managed, Meaning, RuleClass, Severity, SocketUse,
};
use crate::shape::{Entries, Flag, Header, Ident, Link, Name, Number, Text, shape, words};
use crate::syntax::value::{Allowed, Length, Null};
use crate::yaml::Spanned;

words!(FunctionKind {
    "startup" => Self::Startup,
    "table" => Self::Table,
    "upcall" => Self::Upcall,
    "extension" => Self::Extension,
    "export" => Self::Export,
    "catalog" => Self::Catalog,
});
words!(Builds { "64-bit" => Self::Bits64, "32-bit" => Self::Bits32 });
words!(Managed { "startup" => Self::Startup, "cleanup" => Self::Cleanup });
words!(ErrorVia { "lpErrno" => Self::LpErrno, "return" => Self::Return, "last_error" => Self::LastError, "none" => Self::None });
words!(Meaning { "status" => Self::Status, "flag" => Self::Flag, "value" => Self::Value, "code" => Self::Code });
words!(Direction { "in" => Self::In, "out" => Self::Out, "inout" => Self::InOut });
words!(SocketUse { "use" => Self::Use, "release" => Self::Release, "foreign" => Self::Foreign });
words!(BlockingMode { "never" => Self::Never, "may" => Self::May, "hook" => Self::Hook });
words!(ErrorSource {
    "table" => Self::Table,
    "remarks" => Self::Remarks,
    "inherited" => Self::Inherited,
    "practice" => Self::Practice,
});
words!(RuleClass { "check" => Self::Check, "behaviour" => Self::Behaviour, "host" => Self::Host, "note" => Self::Note });
words!(Severity { "must" => Self::Must, "should" => Self::Should, "may" => Self::May, "info" => Self::Info });

/// How an error reaches the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryWord {
    /// From the call.
    Call,
    /// As an operation's status.
    Completion,
    /// With a network event.
    Event,
}
words!(DeliveryWord { "call" => Self::Call, "completion" => Self::Completion, "event" => Self::Event });

/// Do the base's errors come along?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inherit {
    /// All of them.
    All,
    /// None of them.
    None,
}
words!(Inherit { "all" => Self::All, "none" => Self::None });

/// Subject of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleKind(pub &'static str);
words!(RuleKind {
    "return" => Self("return"),
    "state" => Self("state"),
    "order" => Self("order"),
    "blocking" => Self("blocking"),
    "overlapped" => Self("overlapped"),
    "ownership" => Self("ownership"),
    "memory" => Self("memory"),
    "upcall" => Self("upcall"),
    "other" => Self("other"),
});

shape! {
    /// A descriptor made with a host handle.
    pub struct Creates ("`creates`") {
        /// The parameter whose `dwCatalogEntryId` the handle gets; else the socket's own.
        catalog: optional Ident,
        /// The code when no descriptor is left.
        full: required Ident,
        /// The code when the host gives no handle.
        refused: required Ident,
    }
}

shape! {
    /// What the function returns.
    pub struct Returns ("`returns`") sharing {} with ReturnsDifference ("what differs in `returns`") {
        /// C spelling of the type.
        ty ("type"): required Text,
        /// The result on success, in words or as the C constant.
        success: required Text,
        /// The constant for failure; absent when the call cannot fail.
        failure: optional Ident,
        /// How the error code comes back.
        error_via: required Spanned<ErrorVia>,
        /// What the result means.
        meaning: required Spanned<Meaning>,
        /// The result's name in the typed result.
        result: optional Ident,
        /// A descriptor made with a host handle.
        creates: optional Creates,
        /// What else is to be said.
        text: optional Text,
    }
}

shape! {
    /// A parameter.
    pub struct Param ("a parameter") sharing {
        /// C name.
        name: required Ident,
    } with ParamDifference ("a parameter's difference") {
        /// C spelling of the type.
        ty ("type"): required Text,
        /// Which way the value goes.
        direction: required Spanned<Direction>,
        /// What it is.
        text: required Text,
        /// Name in Rust, when the rule gives a poor one.
        rust_name: optional Ident,
        /// The error code comes back through it.
        errno: optional Flag,
        /// What is done with the socket.
        socket: optional Spanned<SocketUse>,
        /// What NULL means.
        null: optional Spanned<Null>,
        /// How long the memory is.
        length: optional Length,
        /// Name under which the typed call returns it.
        result: optional Ident,
        /// The values that it may have.
        allowed: optional Allowed,
        /// The callback that this value travels with.
        context: optional Ident,
    }
}

shape! {
    /// The parameters of an overlapped operation.
    pub struct Completion ("`completion`") {
        /// The operation's structure.
        operation: required Ident,
        /// The completion routine.
        routine: optional Ident,
        /// The thread that the routine runs in.
        thread: optional Ident,
        /// What else is to be said.
        text: optional Text,
    }
}

shape! {
    /// The call that hands out extension functions.
    pub struct ExtensionDoor ("`extensions`") {
        /// The parameter that says what the call is for.
        code: required Ident,
        /// Its value for this purpose.
        equals: required Ident,
        /// The parameter that leads to the GUID.
        guid: required Ident,
        /// The parameter that the function's address is stored through.
        pointer: required Ident,
        /// The parameter that the stored size goes through.
        returned: required Ident,
        /// The code for an unknown GUID.
        missing: required Ident,
    }
}

shape! {
    /// Pointers of which one must not be NULL.
    pub struct RequireAny ("`require_any`") {
        /// The parameters.
        params: required Vec<Ident>,
        /// The code when all are NULL.
        violation: required Ident,
    }
}

shape! {
    /// Does the call wait?
    pub struct Blocking ("`blocking`") {
        /// Whether it waits.
        mode: required Spanned<BlockingMode>,
        /// What else is to be said.
        text: optional Text,
    }
}

shape! {
    /// Socket states before and after.
    pub struct StateUse ("`states`") {
        /// Any of these before.
        requires: optional Vec<Name>,
        /// One of these after.
        becomes: optional Vec<Name>,
        /// What else is to be said.
        text: optional Text,
    }
}

shape! {
    /// Upcalls that the function makes.
    pub struct Upcalls ("`upcalls`") {
        /// It must make these.
        must: optional Vec<Ident>,
        /// It may make these.
        may: optional Vec<Ident>,
        /// What else is to be said.
        text: optional Text,
    }
}

shape! {
    /// An error code of a function.
    pub struct ErrorEntry ("an error") {
        /// The code.
        code: required Ident,
        /// When it is given.
        when: required Text,
        /// On whose word it is here.
        source: optional Spanned<ErrorSource>,
        /// How it reaches the caller.
        delivery: optional Spanned<DeliveryWord>,
        /// The event that it comes with.
        event: optional Ident,
        /// What else is to be said.
        note: optional Text,
    }
}

shape! {
    /// A failure value and code, and yet no error.
    pub struct Outcome ("an outcome") {
        /// The code.
        code: required Ident,
        /// When it is given.
        when: required Text,
    }
}

shape! {
    /// A rule.
    pub struct Rule ("a rule") {
        /// Stable name; never reused.
        id: required Name,
        /// Who sees to it.
        class: required Spanned<RuleClass>,
        /// How binding it is.
        severity: required Spanned<Severity>,
        /// The rule.
        text: required Text,
        /// Its subject.
        kind: optional Spanned<RuleKind>,
        /// The page it stands on.
        source: optional Text,
        /// The test that shows it; absent: planned.
        test: optional Text,
        /// The generated checks that implement it.
        checks: optional Vec<Text>,
        /// Why it is only a note.
        reason: optional Text,
    }
}

shape! {
    /// Example values.
    pub struct Example ("an example") {
        /// What it shows.
        title: required Text,
        /// Value by parameter.
        values: required Entries,
        /// What else is to be said.
        text: optional Text,
    }
}

shape! {
    /// The errors of a further profile.
    pub struct ErrorsDifference ("what differs in `errors`") {
        /// Do the base's errors come along?
        inherit: required Spanned<Inherit>,
        /// But not these.
        except: optional Vec<Ident>,
        /// The function whose errors come along instead of the base's.
        from: optional Ident,
        /// Errors of this profile's own.
        list: optional Vec<ErrorEntry>,
    }
}

shape! {
    /// What differs in a further profile.
    pub struct Difference ("a profile's differences") {
        /// Where it stands in the interface.
        kind: optional Spanned<FunctionKind>,
        /// Its table.
        table: optional Ident,
        /// Its slot, from 0.
        slot: optional Number,
        /// One sentence.
        summary: optional Text,
        /// Paragraphs.
        prose: optional Text,
        /// The documentation page.
        link: optional Link,
        /// A provider must implement it itself.
        mandatory: optional Flag,
        /// The code for panics and errors without a place in the list.
        fallback: optional Ident,
        /// The code that the trait's default refuses with.
        left_out: optional Ident,
        /// The parameters of an overlapped operation.
        completion: optional Completion,
        /// The call that hands out extension functions.
        extensions: optional ExtensionDoor,
        /// Does the call wait?
        blocking: optional Blocking,
        /// Socket states before and after.
        states: optional StateUse,
        /// Upcalls that the function makes.
        upcalls: optional Upcalls,
        /// Failure values that are no errors.
        outcomes: optional Vec<Outcome>,
        /// Example values.
        examples: optional Vec<Example>,
        /// What differs in the return value.
        returns: optional ReturnsDifference,
        /// What differs in the parameters, by name.
        params: optional Vec<ParamDifference>,
        /// What differs in the errors.
        errors: optional ErrorsDifference,
        /// Codes that this profile excludes by name.
        never: optional Vec<Ident>,
        /// Rules of this profile only.
        rules: optional Vec<Rule>,
        /// Rules of the base that do not hold here.
        drop_rules: optional Vec<Name>,
    }
}

shape! {
    /// A function.
    pub struct Function ("a function") {
        /// C name.
        function: required Ident,
        /// Where it stands in the interface.
        kind: required Spanned<FunctionKind>,
        /// The profiles that it exists in.
        profiles: required Vec<Name>,
        /// Its table.
        table: optional Ident,
        /// Its slot, from 0.
        slot: optional Number,
        /// The constant that names it.
        guid: optional Ident,
        /// Name of the function-pointer type.
        pointer: optional Ident,
        /// The only builds that have it.
        builds: optional Spanned<Builds>,
        /// The C header.
        header: required Header,
        /// The documentation page.
        link: optional Link,
        /// One sentence.
        summary: required Text,
        /// Paragraphs.
        prose: optional Text,
        /// A provider must implement it itself.
        mandatory: optional Flag,
        /// The code for panics and errors without a place in the list.
        fallback: optional Ident,
        /// The code that the trait's default refuses with.
        left_out: optional Ident,
        /// The runtime serves it and asks the provider through a hook.
        managed: optional Spanned<Managed>,
        /// What it returns.
        returns: required Returns,
        /// Its parameters in order.
        params: required Vec<Param>,
        /// The parameters of an overlapped operation.
        completion: optional Completion,
        /// The call that hands out extension functions.
        extensions: optional ExtensionDoor,
        /// Pointers of which one must not be NULL.
        require_any: optional Vec<RequireAny>,
        /// Does the call wait?
        blocking: required Blocking,
        /// Socket states before and after.
        states: optional StateUse,
        /// Upcalls that the function makes.
        upcalls: optional Upcalls,
        /// Its error codes.
        errors: optional Vec<ErrorEntry>,
        /// Failure values that are no errors.
        outcomes: optional Vec<Outcome>,
        /// Codes that its page excludes by name.
        never: optional Vec<Ident>,
        /// Its rules.
        rules: optional Vec<Rule>,
        /// Example values.
        examples: optional Vec<Example>,
        /// Related functions.
        see_also: optional Vec<Name>,
    }
    profiles: Difference
}

shape! {
    /// An author's change to a function that exists.
    pub struct Amendment ("an amendment") {
        /// The function.
        amend: required Ident,
    }
    profiles: Difference
}
