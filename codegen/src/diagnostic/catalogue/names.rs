//! Names.

use super::{Code, Explanation, explanations};

explanations! {
    DeclaredTwice: "something is declared twice",
        "Types, constants, codes, tables, states, functions, topics and profiles have one declaration each; parameters, members and slots stand \
         once in their list. An author's folder changes a function with `amend`, not by declaring it again.",
        "states:\n  - {name: created, title: Created, text: Again.}\n",
        "states:\n  - {name: renewed, title: Renewed, text: Again.}\n";
    UnknownType: "no such type",
        "The name is no declared type and no table. Types are declared in a file with `types`.",
        "groups:\n  - name: more\n    title: More\n    constants: [{name: X, type: DWRD, value: 1, text: Nothing.}]\n",
        "groups:\n  - name: more\n    title: More\n    constants: [{name: X, type: DWORD, value: 1, text: Nothing.}]\n";
    UnknownConstant: "no such constant",
        "The name is no declared constant. Constants are declared in a file with `groups`. Error codes are declared apart and are no constants.",
        "amend: WSPSend\nplain:\n  params: [{name: dwFlags, allowed: {flags: [MSG_OB], violation: WSAEOPNOTSUPP}}]\n",
        "amend: WSPSend\nplain:\n  params: [{name: dwFlags, allowed: {flags: [MSG_OOB], violation: WSAEOPNOTSUPP}}]\n";
    UnknownCode: "no such error code",
        "The name is no declared error code. Codes are declared in a file with `codes`.",
        "amend: WSPSend\nplain:\n  fallback: WSANETDOWN\n",
        "amend: WSPSend\nplain:\n  fallback: WSAENETDOWN\n";
    UnknownState: "no such state",
        "The name is no declared state of a socket. States are declared in a file with `states`.",
        "amend: WSPSend\nplain:\n  states: {requires: [conected]}\n",
        "amend: WSPSend\nplain:\n  states: {requires: [connected]}\n";
    UnknownFunction: "no such function",
        "The name is no declared function, or not one of the kind that is needed there: under `upcalls` stand upcalls and exports of the host.",
        "amend: WSPSend\nplain:\n  upcalls: {may: [WSPSocket]}\n",
        "amend: WSPSend\nplain:\n  upcalls: {may: [WPUCreateSocketHandle]}\n";
    UnknownParam: "no such parameter",
        "The name is no parameter of this function. Lengths, contexts, completions, example values and the like name parameters by their C names.",
        "amend: WSPSend\nplain:\n  params: [{name: lpBuffers, length: {elements: BufferCount}}]\n",
        "amend: WSPSend\nplain:\n  params: [{name: lpBuffers, length: {elements: dwBufferCount}}]\n";
    UnknownProfile: "no such profile here",
        "The name is no declared profile, or the function is not in it. Differences can be stated only for a profile in the function's list.",
        "amend: WSPRegisterMemory\nplain:\n  summary: Registers.\n",
        "amend: WSPRegisterMemory\nnarrow:\n  summary: Registers.\n";
    UnknownTable: "no such table",
        "The name is no declared table, or tables extend one another in a circle.",
        "tables:\n  - {name: MORE, extends: WSPPROC, text: Unused., header: ws2spi.h, slots: []}\n",
        "states: []\n";
    UnknownMember: "a structure has no such member",
        "`unless: PARAM.MEMBER` needs a parameter that points to a structure with that member, and the member must be a number.",
        "amend: WSPSocket\nplain:\n  params:\n    - {name: g, allowed: {constant: 0, violation: WSAEINVAL, unless: lpProtocolInfo.dwReserved}}\n",
        "amend: WSPSocket\nplain:\n  params:\n    - {name: g, allowed: {constant: 0, violation: WSAEINVAL, unless: lpProtocolInfo.dwProviderReserved}}\n";
    OverridesNothing: "a difference from nothing",
        "A profile's differences name a parameter, a rule or a code of the function that they differ from; this one is not there. Or an \
         amendment changes nothing.",
        "amend: WSPSend\nnarrow:\n  params: [{name: flags, text: Always 0.}]\n",
        "amend: WSPSend\nnarrow:\n  params: [{name: dwFlags, text: Always 0.}]\n";
    NoBaseProfile: "differences without a base",
        "A profile without `base` has nothing to differ from: what a function is there stands in the main part of its file. Bases may not run \
         in a circle either.",
        "profiles:\n  - {name: other, title: Other, base: other, text: Unused., startup: WSPStartup, table: WSPPROC_TABLE, upcalls: WSPUPCALLTABLE, descriptors: host, absent: refuse}\n",
        "states: []\n";
    BadRustName: "a name that Rust code cannot use",
        "Parameters become members of Rust structures. Their names are made from C's: the prefix goes, the rest becomes snake_case. Where that \
         gives a keyword, a single `s` or a name twice, `rust_name` says a better one. Variants of error codes must differ, functions \
         too once `WSP` is gone, and neither functions nor types may be called as what generated code has of its own.",
        "amend: WSPSend\nplain:\n  params: [{name: dwFlags, rust_name: type}]\n",
        "amend: WSPSend\nplain:\n  params: [{name: dwFlags, rust_name: kind}]\n";
    TypeCycle: "a type contains itself",
        "A structure holds another by value, and that one leads back. It would be of endless size. Hold one of them by pointer. \
         Or the name of a pointer or callback leads back to itself, and so to no type.",
        "types:\n  - {name: A, kind: struct, header: a.h, text: Unused., fields: [{name: a, type: A}]}\n",
        "types:\n  - {name: A, kind: struct, header: a.h, text: Unused., fields: [{name: a, type: \"A *\"}]}\n";
    WrongConstant: "a constant of the wrong kind",
        "A GUID stands where a number is needed, or a number where a GUID is needed.",
        "amend: WSPSend\nplain:\n  params: [{name: dwFlags, allowed: {flags: [WSAID_EXAMPLE], violation: WSAEOPNOTSUPP}}]\n",
        "amend: WSPSend\nplain:\n  params: [{name: dwFlags, allowed: {flags: [MSG_OOB], violation: WSAEOPNOTSUPP}}]\n";
}
