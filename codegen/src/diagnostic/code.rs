//! The numbers of the diagnostics. A number is never reused for something else.

use std::fmt;

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $number:literal,)*) => {
        /// Number of a diagnostic, shown as `WSP0012`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Code {
            $($(#[doc = $doc])* $name = $number,)*
        }

        impl Code {
            /// Every number there is, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

codes! {
    // Files and YAML.
    /// The spec folder is missing or cannot be read.
    NoFolder = 1,
    /// A spec file cannot be read.
    UnreadableFile = 2,
    /// The folder holds no spec file, or no sources were given.
    NoSpec = 3,
    /// A spec file holds binary data.
    BinaryFile = 4,
    /// A spec file is not UTF-8.
    NotUtf8 = 5,
    /// A spec file says nothing.
    EmptyFile = 6,
    /// A spec file is larger than the budget allows.
    TooLarge = 7,
    /// A spec file nests deeper than the budget allows.
    TooDeep = 8,
    /// A spec file is not well-formed YAML.
    Syntax = 9,
    /// A spec file holds more than one YAML document.
    SeveralDocuments = 10,
    /// An anchor or alias is used.
    Anchor = 11,
    /// A merge key is used.
    MergeKey = 12,
    /// A tag is used.
    Tag = 13,
    /// A key stands twice in a mapping.
    DuplicateKey = 14,
    /// A key is not text.
    KeyNotText = 15,
    /// A file of YAML has another ending than `.yaml`.
    OtherEnding = 16,
    /// A line ends with a carriage return alone.
    BareReturn = 17,

    // The shape of a file.
    /// The top-level keys tell no kind of file.
    UnknownFile = 20,
    /// A key that does not exist there.
    UnknownKey = 21,
    /// A key that must be there is missing.
    MissingKey = 22,
    /// A value of another type was expected.
    WrongType = 23,
    /// The value is not one of the allowed words.
    UnknownWord = 24,
    /// The text may not be empty, or is not a name.
    BadText = 25,
    /// A number is outside its range.
    NumberRange = 26,
    /// `null` is not spelled as it must be.
    BadNull = 27,
    /// `length` is not spelled as it must be.
    BadLength = 28,
    /// `allowed` is not spelled as it must be.
    BadAllowed = 29,
    /// A GUID is not spelled as it must be.
    BadGuid = 30,
    /// A C type is not spelled as it must be.
    BadCType = 31,
    /// A type's keys do not go with its kind.
    BadTypeKeys = 32,
    /// A function's keys do not go with its kind.
    BadFunctionKeys = 33,
    /// A link is not the address of a web page.
    BadLink = 34,
    /// A header is not named as `#include` takes it.
    BadHeader = 35,

    // Names.
    /// Something is declared twice.
    DeclaredTwice = 40,
    /// No such type.
    UnknownType = 41,
    /// No such constant.
    UnknownConstant = 42,
    /// No such error code.
    UnknownCode = 43,
    /// No such state.
    UnknownState = 44,
    /// No such function.
    UnknownFunction = 45,
    /// No such parameter.
    UnknownParam = 46,
    /// No such profile.
    UnknownProfile = 47,
    /// No such table.
    UnknownTable = 48,
    /// A structure has no such member.
    UnknownMember = 49,
    /// A profile overrides or drops what its base does not have.
    OverridesNothing = 50,
    /// A profile's differences stand where there is nothing to differ from.
    NoBaseProfile = 51,
    /// A name that Rust code cannot use, or that two things share there.
    BadRustName = 52,
    /// Types contain one another.
    TypeCycle = 53,
    /// A constant is of the wrong kind for its use.
    WrongConstant = 54,

    // Meaning.
    /// A function and its table do not agree about the slot.
    SlotDisagrees = 60,
    /// A table has no slots.
    EmptyTable = 61,
    /// Two extension functions have the same GUID.
    DuplicateGuid = 62,
    /// A length names a parameter that cannot hold one.
    BadLengthParam = 63,
    /// An allowed value does not fit the parameter's type.
    AllowedOutsideType = 64,
    /// Allowed values are stated for what is not a number.
    AllowedOnWrongType = 65,
    /// An allowed set is empty, repeats itself or runs backwards.
    AllowedSenseless = 66,
    /// A code is given that is not in the function's own list.
    CodeNotListed = 67,
    /// A code stands twice in a function's list.
    CodeListedTwice = 68,
    /// A code is excluded by name and yet in the list.
    NeverListed = 69,
    /// A rule names a generated check that does not exist, or none although it is a check.
    RuleCheck = 70,
    /// Two rules have the same id.
    RuleIdTwice = 71,
    /// A note gives no reason.
    NoteWithoutReason = 72,
    /// What is said of the return value does not fit together.
    ReturnsDisagree = 73,
    /// The parameters of a completion are not what they must be.
    BadCompletion = 74,
    /// An error code that nothing uses.
    UnusedCode = 75,
    /// A type that nothing uses.
    UnusedType = 76,
    /// NULL is spoken of where there is no pointer.
    NullOnValue = 77,
    /// Nothing is said of NULL for a pointer.
    NullUnsaid = 78,
    /// `socket` stands at a parameter that is none.
    SocketOnWrongType = 79,
    /// `context` names what is no callback.
    BadContext = 80,
    /// `result` stands at a parameter that nothing is stored through.
    BadResult = 81,
    /// `extensions` does not fit the parameters.
    BadExtensionDoor = 82,
    /// A profile's start-up function, or what it needs, is missing.
    BadProfile = 83,
    /// An amendment allows more than what it amends.
    AmendmentWidens = 84,
    /// `creates` does not fit the function.
    BadCreates = 85,
    /// An event belongs to another delivery.
    BadDelivery = 86,
    /// `require_any` names what is no pointer, or fewer than two.
    BadRequireAny = 87,
    /// `errno` stands at a parameter that cannot carry a code.
    BadErrno = 88,
}

impl Code {
    /// The code of a text such as `WSP0012` (in any case, zeros may be left out) or `12`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.get(..3).filter(|head| head.eq_ignore_ascii_case("wsp")).map_or(text, |_| &text[3..]);
        let number: u16 = digits.parse().ok()?;
        Self::ALL.iter().copied().find(|code| *code as u16 == number)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WSP{:04}", *self as u16)
    }
}
