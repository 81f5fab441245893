//! Tables and parameters.

use super::{Code, Explanation, explanations};

explanations! {
    SlotDisagrees: "a function and its table disagree",
        "A slot is said twice, in the table and at the function, because a wrong slot makes the host call another function. Both must agree, \
         and the table must be the one that the profile uses or one that it extends.",
        "amend: WPUCompleteOverlappedRequest\nnarrow:\n  slot: 0\n",
        "amend: WPUCompleteOverlappedRequest\nnarrow:\n  slot: 1\n";
    EmptyTable: "a table without slots",
        "A table is a structure of function pointers; one without any cannot be filled.",
        "tables:\n  - {name: EMPTY, text: Unused., header: ws2spi.h, slots: []}\n",
        "tables:\n  - {name: MORE, extends: WSPUPCALLTABLE, text: Unused., header: ws2spi.h, slots: []}\n";
    DuplicateGuid: "two extension functions have one GUID",
        "An extension function is found by its GUID alone, so a GUID belongs to one function.",
        "function: WSPExample\nkind: extension\nprofiles: [narrow]\nguid: WSAID_REGISTERMEMORY\nheader: ws2san.h\nsummary: Nothing.\nmandatory: true\nfallback: WSAEFAULT\nreturns: {type: int, success: \"0\", error_via: return, meaning: code}\nparams: []\nblocking: {mode: never}\nerrors: [{code: WSAEFAULT, when: it is broken}]\n",
        "function: WSPExample\nkind: extension\nprofiles: [narrow]\nguid: WSAID_EXAMPLE\nheader: ws2san.h\nsummary: Nothing.\nmandatory: true\nfallback: WSAEFAULT\nreturns: {type: int, success: \"0\", error_via: return, meaning: code}\nparams: []\nblocking: {mode: never}\nerrors: [{code: WSAEFAULT, when: it is broken}]\n";
    BadLengthParam: "a length that is none",
        "A length belongs to a pointer, is counted by an integer (or a pointer to one) and in units that the pointer leads to: `wide` by 16-bit \
         units, `elements` by anything but `void`. Only characters end with a zero.",
        "amend: WSPSend\nplain:\n  params: [{name: lpBuffers, length: {elements: s}}]\n",
        "amend: WSPSend\nplain:\n  params: [{name: lpBuffers, length: {elements: dwBufferCount}}]\n";
    AllowedOutsideType: "an allowed value does not fit the type",
        "The parameter can never have this value: its type is too small, or has no sign. -1 of an unsigned type means all bits set.",
        "amend: WSPSocket\nnarrow:\n  params: [{name: af, allowed: {constant: 0x100000000, violation: WSAEINVAL}}]\n",
        "amend: WSPSocket\nnarrow:\n  params: [{name: af, allowed: {constant: AF_INET, violation: WSAEINVAL}}]\n";
    AllowedOnWrongType: "allowed values of what is no number",
        "Allowed values can be checked at numbers, and at numbers behind a pointer that is read. What NULL means is said with `null`.",
        "amend: WSPSend\nplain:\n  params: [{name: lpBuffers, allowed: {constant: 0, violation: WSAEFAULT}}]\n",
        "amend: WSPSend\nplain:\n  params: [{name: dwBufferCount, allowed: {constant: 0, violation: WSAEFAULT}}]\n";
    AllowedSenseless: "allowed values that make no sense together",
        "A value stands twice, a range runs backwards, or a flag has no bit: no flag at all is always allowed.",
        "amend: WSPSend\nplain:\n  params: [{name: dwFlags, allowed: {flags: [0, MSG_OOB], violation: WSAEOPNOTSUPP}}]\n",
        "amend: WSPSend\nplain:\n  params: [{name: dwFlags, allowed: {flags: [MSG_OOB], violation: WSAEOPNOTSUPP}}]\n";
}
