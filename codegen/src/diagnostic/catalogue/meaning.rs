//! Codes, rules, returns and the rest.

use super::{Code, Explanation, explanations};

explanations! {
    CodeNotListed: "a code that the function does not list",
        "Only codes in a function's own list may reach its caller: the fallback, the code for leaving it out, and those of all generated checks \
         among them. A pointer that may be NULL is still refused with WSAEFAULT when it points outside user space, and a stale descriptor with \
         WSAENOTSOCK. Add the code to `errors`, with `source: practice` and a note where the documentation does not have it.",
        "amend: WSPRegisterMemory\nnarrow:\n  fallback: WSAENETDOWN\n",
        "amend: WSPRegisterMemory\nnarrow:\n  fallback: WSAENETDOWN\n  errors: {inherit: all, list: [{code: WSAENETDOWN, when: the network is down}]}\n";
    CodeListedTwice: "a code is listed twice",
        "A code stands once for each way that it comes: from the call, as an operation's status, with an event.",
        "amend: WSPRegisterMemory\nnarrow:\n  errors:\n    inherit: none\n    list:\n      - {code: WSAEFAULT, when: it is bad}\n      - {code: WSAENOTSOCK, when: it is no socket}\n      - {code: WSAEFAULT, when: it is gone}\n",
        "amend: WSPRegisterMemory\nnarrow:\n  errors:\n    inherit: none\n    list:\n      - {code: WSAEFAULT, when: it is bad or gone}\n      - {code: WSAENOTSOCK, when: it is no socket}\n";
    NeverListed: "a code is excluded and listed",
        "`never` holds the codes that the profile's page excludes by name; this one came along from the base or is stated here. Take it out with \
         `except`.",
        "amend: WSPSend\nnarrow:\n  never: [WSAENETDOWN]\n",
        "amend: WSPSend\nnarrow:\n  never: [WSAEMFILE]\n";
    RuleCheck: "a rule and the generated checks disagree",
        "A rule of class `check` names the generated checks that implement it, and only such a rule does. The checks of a function are called \
         `PARAM.null`, `PARAM.address`, `PARAM.minimum`, `PARAM.allowed`, `anyof` (then `anyof2`, …) and `PARAM.socket`; a topic puts the \
         function's name and a dot in front.",
        "amend: WSPSend\nnarrow:\n  rules: [{id: X-01, class: check, severity: must, text: Flags are 0., checks: [dwFlags.constant]}]\n",
        "amend: WSPSend\nnarrow:\n  rules: [{id: X-01, class: check, severity: must, text: Flags are 0., checks: [dwFlags.allowed]}]\n";
    RuleIdTwice: "two rules have one id",
        "Tests, traces and settings name rules by their ids, which are therefore unique and never reused.",
        "amend: WSPSend\nnarrow:\n  rules: [{id: sending-01, class: host, severity: must, text: Nothing.}]\n",
        "amend: WSPSend\nnarrow:\n  rules: [{id: X-01, class: host, severity: must, text: Nothing.}]\n";
    NoteWithoutReason: "a note without a reason",
        "A note is a rule that nothing tests. It must say why: history, a contradiction, a driver's duty, something outside of this project.",
        "amend: WSPSend\nnarrow:\n  rules: [{id: X-01, class: note, severity: info, text: Nothing.}]\n",
        "amend: WSPSend\nnarrow:\n  rules: [{id: X-01, class: note, severity: info, text: Nothing., reason: History.}]\n";
    ReturnsDisagree: "a return value contradicts itself",
        "With `error_via: lpErrno` there is a failure value, of the type of the result. With `error_via: return` the result is the code itself, \
         its meaning is `code`, and there is no failure value. Only `meaning: value` names a `result`.",
        "amend: WSPSend\nplain:\n  returns: {result: sent}\n",
        "amend: WSPSend\nplain:\n  returns: {success: \"0, also when it has only begun\"}\n";
    BadCompletion: "a completion names unfit parameters",
        "`operation` and `thread` name pointers, `routine` a callback, each another parameter.",
        "amend: WSPSend\nplain:\n  completion: {operation: lpOverlapped, routine: lpThreadId}\n",
        "amend: WSPSend\nplain:\n  completion: {operation: lpOverlapped, routine: lpCompletionRoutine}\n";
    UnusedCode: "a code that no function gives",
        "The code is declared and stands in no function's list. A code without a user is a leftover, or it is missing somewhere.",
        "codes:\n  - {name: WSAEINTR, value: 10004, variant: Intr, text: Interrupted.}\n",
        "states: []\n";
    UnusedType: "a type that nothing uses",
        "No parameter, result, constant or other type leads to it, and no text names it in backticks. Types that an option or a control code \
         carries are used by being named in the text of that constant.",
        "types:\n  - {name: BOOLEAN, kind: integer, rust: u8, width: 8, signed: false, header: winnt.h, text: Unused.}\n",
        "types: []\n";
    NullOnValue: "NULL of what is no pointer",
        "`null` speaks of pointers. Of a handle it may say what zero means, but a handle is not refused by it. What excuses NULL with `unless` \
         must be another pointer.",
        "amend: WSPSend\nplain:\n  params: [{name: dwFlags, null: refuse WSAEFAULT}]\n",
        "amend: WSPSend\nplain:\n  params: [{name: lpOverlapped, null: refuse WSAEFAULT}]\n";
    NullUnsaid: "nothing is said of NULL",
        "For every pointer the spec says whether NULL is refused, allowed or ignored, or what it means. Without that the pointer is checked only \
         for lying outside user space.",
        "function: WSPExample\nkind: extension\nprofiles: [narrow]\nguid: WSAID_EXAMPLE\nheader: ws2san.h\nsummary: Nothing.\nmandatory: true\nfallback: WSAEFAULT\nreturns: {type: int, success: \"0\", error_via: return, meaning: code}\nparams: [{name: lpBuffer, type: LPVOID, direction: in, text: Memory.}]\nblocking: {mode: never}\nerrors: [{code: WSAEFAULT, when: it is bad}]\n",
        "function: WSPExample\nkind: extension\nprofiles: [narrow]\nguid: WSAID_EXAMPLE\nheader: ws2san.h\nsummary: Nothing.\nmandatory: true\nfallback: WSAEFAULT\nreturns: {type: int, success: \"0\", error_via: return, meaning: code}\nparams: [{name: lpBuffer, type: LPVOID, direction: in, text: Memory., null: allowed}]\nblocking: {mode: never}\nerrors: [{code: WSAEFAULT, when: it is bad}]\n";
    SocketOnWrongType: "`socket` at what is no descriptor",
        "`socket` says what is done with a descriptor, so it stands at parameters of type `SOCKET`.",
        "amend: WSPSend\nplain:\n  params: [{name: dwFlags, socket: use}]\n",
        "amend: WSPSend\nplain:\n  params: [{name: s, socket: use}]\n";
    BadContext: "a context of what is no callback",
        "`context` names the callback that the value travels with; one value travels with a callback.",
        "amend: WSPSend\nplain:\n  params: [{name: dwFlags, context: lpBuffers}]\n",
        "amend: WPUCreateSocketHandle\nplain:\n  params: [{name: dwCallbackData, context: lpfnApc}]\n";
    BadResult: "a result that nothing is stored through",
        "`result` makes what is stored through a pointer a member of the typed result. The pointer must be written through, and lead to a type of \
         known size.",
        "amend: WSPSend\nplain:\n  params: [{name: dwFlags, result: flags}]\n",
        "amend: WSPSend\nplain:\n  params: [{name: lpNumberOfBytesSent, result: sent}]\n";
    BadExtensionDoor: "extension functions cannot be reached",
        "Where a profile has extension functions, exactly one call hands them out: `code` is its number, `guid` and `pointer` are pointers, \
         `returned` points to a number.",
        "amend: WSPIoctl\nplain:\n  extensions: {code: lpvInBuffer, equals: SIO_GET_EXTENSION_FUNCTION_POINTER, guid: lpvInBuffer, pointer: lpvOutBuffer, returned: lpcbBytesReturned, missing: WSAEINVAL}\n",
        "amend: WSPIoctl\nplain:\n  extensions: {code: dwIoControlCode, equals: SIO_GET_EXTENSION_FUNCTION_POINTER, guid: lpvInBuffer, pointer: lpvOutBuffer, returned: lpcbBytesReturned, missing: WSAEINVAL}\n";
    BadProfile: "a profile lacks what it names",
        "A profile has exactly one start-up function, of kind `startup` and in the profile, a table that it fills and another that it is given.",
        "profiles:\n  - {name: other, title: Other, text: Unused., startup: WSPSend, table: WSPPROC_TABLE, upcalls: WSPUPCALLTABLE, descriptors: host, absent: refuse}\n",
        "states: []\n";
    AmendmentWidens: "an amendment allows more",
        "An author's folder may take values away and refuse more; a caller of the amended function must not be able to pass what the interface \
         does not allow.",
        "amend: WSPSocket\nnarrow:\n  params: [{name: af, allowed: {values: [AF_INET, 23], violation: WSAEINVAL}}]\n",
        "amend: WSPSend\nplain:\n  params: [{name: dwFlags, allowed: {flags: [MSG_OOB], violation: WSAEOPNOTSUPP}}]\n";
    BadCreates: "`creates` does not fit the function",
        "What creates a descriptor returns a `SOCKET` as its value. The catalog entry comes from a parameter that points to a structure with \
         `dwCatalogEntryId`, or from the socket that the call is made on.",
        "amend: WSPSend\nplain:\n  returns: {creates: {full: WSAENETDOWN, refused: WSAENETDOWN}}\n",
        "amend: WSPSocket\nplain:\n  returns: {creates: {catalog: lpProtocolInfo, full: WSAEMFILE, refused: WSAENETDOWN}}\n";
    BadDelivery: "an event with another delivery",
        "`event` names the network event that a code comes with; it goes with `delivery: event` and nothing else.",
        "amend: WSPSend\nplain:\n  errors: {inherit: all, list: [{code: WSAEINVAL, when: it fails, event: FD_CONNECT}]}\n",
        "amend: WSPSend\nplain:\n  errors: {inherit: all, list: [{code: WSAEINVAL, when: it fails, delivery: event, event: FD_CONNECT}]}\n";
    BadRequireAny: "`require_any` names unfit parameters",
        "`require_any` names two or more pointers of which one must not be NULL. For a single pointer there is `null: refuse CODE`.",
        "function: WSPExample\nkind: extension\nprofiles: [narrow]\nguid: WSAID_EXAMPLE\nheader: ws2san.h\nsummary: Nothing.\nmandatory: true\nfallback: WSAEFAULT\nreturns: {type: int, success: \"0\", error_via: return, meaning: code}\nparams: [{name: lpBuffer, type: LPVOID, direction: in, text: Memory., null: allowed}]\nrequire_any: [{params: [lpBuffer], violation: WSAEFAULT}]\nblocking: {mode: never}\nerrors: [{code: WSAEFAULT, when: it is bad}]\n",
        "function: WSPExample\nkind: extension\nprofiles: [narrow]\nguid: WSAID_EXAMPLE\nheader: ws2san.h\nsummary: Nothing.\nmandatory: true\nfallback: WSAEFAULT\nreturns: {type: int, success: \"0\", error_via: return, meaning: code}\nparams: [{name: lpBuffer, type: LPVOID, direction: in, text: Memory., null: refuse WSAEFAULT}]\nblocking: {mode: never}\nerrors: [{code: WSAEFAULT, when: it is bad}]\n";
    BadErrno: "a parameter that cannot carry the error code",
        "The error code is stored through exactly one parameter, a pointer to a 32-bit integer, when `error_via` is `lpErrno`, and through none \
         otherwise. Nothing else is said of that parameter: its NULL is always checked first.",
        "amend: WSPSend\nplain:\n  params: [{name: dwBufferCount, errno: true}]\n",
        "amend: WSPSend\nplain:\n  params: [{name: lpErrno, errno: true}]\n";
}
