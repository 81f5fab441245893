//! The shape of files.

use super::{Code, Explanation, explanations};

explanations! {
    UnknownFile: "nothing tells what a file declares",
        "What a file declares is told by one key at its top: `function`, `amend`, `topic`, `profiles`, `types`, `groups`, `codes`, `tables` or \
         `states`. This file has none of them.",
        "stats:\n  - {name: listening, title: Listening, text: Waits.}\n",
        "states:\n  - {name: listening, title: Listening, text: Waits.}\n";
    UnknownKey: "a key that does not exist there",
        "Every mapping has its own keys and no others; a misspelt key would otherwise be ignored without a word. The hint has the keys that \
         there are, or the one that was probably meant. A profile's differences stand under the profile's name.",
        "states:\n  - {name: listening, titel: Listening, text: Waits.}\n",
        "states:\n  - {name: listening, title: Listening, text: Waits.}\n";
    MissingKey: "a key that must be there is missing",
        "Some keys are needed for what the file declares to mean anything; in the vocabulary they bear a `*`.",
        "states:\n  - {name: listening, text: Waits.}\n",
        "states:\n  - {name: listening, title: Listening, text: Waits.}\n";
    WrongType: "a value of another type was expected",
        "For instance a list where text was expected, or a number without quotes where text was expected. Only `true` and `false` are truth \
         values; `yes`, `no`, `on` and `off` are text.",
        "states:\n  - {name: listening, title: 1, text: Waits.}\n",
        "states:\n  - {name: listening, title: \"1\", text: Waits.}\n";
    UnknownWord: "a word that is not among the allowed ones",
        "Some keys take one of a few words, which the label lists.",
        "amend: WSPSend\nnarrow:\n  blocking: {mode: perhaps}\n",
        "amend: WSPSend\nnarrow:\n  blocking: {mode: may}\n";
    BadText: "text that is empty, holds control characters or is no name",
        "Text may not be empty. It holds no control characters but line ends and tabs, and none that turn the direction of writing: code in whose \
         comments they stand is refused by compilers. Names of C are letters, digits and `_`; names of the spec's own (profiles, groups, states, topics, rules) may \
         have hyphens too.",
        "states:\n  - {name: \"is listening\", title: Listening, text: Waits.}\n",
        "states:\n  - {name: is-listening, title: Listening, text: Waits.}\n";
    NumberRange: "a number is out of range",
        "Error codes are positive numbers of 32 bits, an NTSTATUS has 32 bits, an array has at least one element, a packing is a small power of \
         two, a least length is at least 1.",
        "types:\n  - name: POINT\n    kind: struct\n    header: windef.h\n    text: Unused.\n    pack: 3\n    fields: [{name: x, type: int}]\n",
        "types:\n  - name: POINT\n    kind: struct\n    header: windef.h\n    text: Unused.\n    pack: 4\n    fields: [{name: x, type: int}]\n";
    BadNull: "`null` is not understood",
        "What NULL means for a pointer is said with `refuse CODE`, `refuse CODE unless PARAM`, `allowed`, `ignored` or `means TEXT`.",
        "amend: WSPSend\nplain:\n  params: [{name: lpBuffers, null: forbidden}]\n",
        "amend: WSPSend\nplain:\n  params: [{name: lpBuffers, null: refuse WSAEFAULT}]\n";
    BadLength: "`length` is not understood",
        "A length is `nul` for text that ends with a zero, or a mapping with exactly one of `bytes`, `elements` and `wide`, each naming the \
         parameter that counts. `minimum` needs a `violation`, the code that less gets.",
        "amend: WSPSend\nplain:\n  params: [{name: lpBuffers, length: {elements: dwBufferCount, minimum: 1}}]\n",
        "amend: WSPSend\nplain:\n  params: [{name: lpBuffers, length: {elements: dwBufferCount, minimum: 1, violation: WSAEFAULT}}]\n";
    BadAllowed: "`allowed` is not understood",
        "Allowed values are exactly one of `values` (any of these), `flags` (any combination), `range` (from, to) and `constant`. `unless` is \
         written `PARAM.MEMBER`.",
        "amend: WSPSend\nplain:\n  params: [{name: dwFlags, allowed: {constant: 0, values: [0], violation: WSAEOPNOTSUPP}}]\n",
        "amend: WSPSend\nplain:\n  params: [{name: dwFlags, allowed: {constant: 0, violation: WSAEOPNOTSUPP}}]\n";
    BadGuid: "a GUID is not understood",
        "A constant's value is a number or a GUID. A GUID is written in braces, as 8-4-4-4-12 hexadecimal digits, and needs quotes.",
        "groups:\n  - name: ids\n    title: Ids\n    constants: [{name: WSAID_X, type: GUID, value: \"{C0B422F5}\", text: Nothing.}]\n",
        "groups:\n  - name: ids\n    title: Ids\n    constants:\n      - {name: WSAID_X, type: GUID, value: \"{C0B422F5-F58C-11D1-AD6C-00C04FA34A2E}\", text: Nothing.}\n";
    BadCType: "a C type is not understood",
        "A type is spelled `[const] [struct] NAME [*…]`, with a declared name. Arrays of members are said with `array`, function pointers are \
         types of kind `callback`.",
        "groups:\n  - name: more\n    title: More\n    constants: [{name: X, type: \"int[2]\", value: 1, text: Nothing.}]\n",
        "groups:\n  - name: more\n    title: More\n    constants: [{name: X, type: int, value: 1, text: Nothing.}]\n";
    BadTypeKeys: "a type's keys do not go with its kind",
        "An integer or handle needs `rust`, `width` and `signed`, which must agree; a structure or union needs `fields`; a pointer needs `to`; a \
         callback needs `returns` and `params`. Other keys have no meaning there.",
        "types:\n  - {name: BYTE, kind: integer, rust: u8, width: 16, signed: false, header: windef.h, text: Unused.}\n",
        "types:\n  - {name: BYTE, kind: integer, rust: u8, width: 8, signed: false, header: windef.h, text: Unused.}\n";
    BadFunctionKeys: "a function's keys do not go with its kind",
        "A table function and an upcall need `table` and `slot`, an extension function needs `guid`. What a provider implements needs \
         `fallback`, and either `mandatory: true` or `left_out`, the code that is given when it is left out; both together contradict one \
         another. An extension function that cannot fail needs neither.",
        "amend: WSPSend\nnarrow:\n  left_out: WSAEOPNOTSUPP\n",
        "amend: WSPSend\nplain:\n  left_out: WSAEOPNOTSUPP\n";
    BadLink: "a link that is no address of a web page",
        "A link begins with `https://` or `http://`, and has no blanks, quotes, angle brackets or backticks: people follow it from generated \
         pages and documentation. What an address may not hold is written as `%` and two hexadecimal digits.",
        "amend: WSPSend\nplain:\n  link: \"javascript:alert(1)\"\n",
        "amend: WSPSend\nplain:\n  link: \"https://example.invalid/wspsend\"\n";
    BadHeader: "a header that `#include` does not take",
        "A header is named as it stands between the brackets of `#include <…>`: letters, digits, `_`, `.`, `/`, `+` and `-`, without the brackets.",
        "groups:\n  - {name: more, title: More, constants: [{name: MSG_PEEK, type: int, value: 2, header: <winsock2.h>, text: Look only.}]}\n",
        "groups:\n  - {name: more, title: More, constants: [{name: MSG_PEEK, type: int, value: 2, header: winsock2.h, text: Look only.}]}\n";
}
