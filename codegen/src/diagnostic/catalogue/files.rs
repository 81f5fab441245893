//! Files and YAML.

use super::{Code, Explanation, explanations};

explanations! {
    NoFolder: "a spec folder cannot be read",
        "The folder that was named does not exist, is no folder, or may not be read. Nothing of it was read. Name the folder that holds the \
         `*.yaml` files; a relative path counts from the package in a build script and from the current folder on the command line.",
        "", "";
    UnreadableFile: "a spec file cannot be read",
        "The file is in the folder but the operating system refused to open or read it; its reason is in the message. The rest of the folder \
         was read. Check the permissions and whether a link leads nowhere.",
        "", "";
    NoSpec: "there is no spec",
        "The folder holds no file that ends in `.yaml`, or no source was given at all. A spec is at least a profile with its start-up \
         function and its tables.",
        "", "";
    BinaryFile: "a spec file holds binary data",
        "The file holds a byte 0, so it is no text: perhaps an editor saved it as UTF-16, or another file got its name. Spec files are UTF-8 \
         text.",
        "states:\n  - {name: lis\\x00tening, title: Listening, text: Waits.}\n",
        "states:\n  - {name: listening, title: Listening, text: Waits.}\n";
    NotUtf8: "a spec file is not UTF-8",
        "The file has bytes that are no UTF-8; the first is marked. Usually the file was saved in an older encoding. Save it as UTF-8.",
        "states:\n  - {name: listening, title: caf\\xE9, text: Waits.}\n",
        "states:\n  - {name: listening, title: café, text: Waits.}\n";
    EmptyFile: "a spec file says nothing",
        "The file is empty or holds comments only. An empty file in a spec folder is most likely a mistake, such as a save that failed. Fill \
         it or remove it.",
        "# to be written\n",
        "states:\n  - {name: listening, title: Listening, text: Waits.}\n";
    TooLarge: "a spec file is too large",
        "A file may have one mebibyte. No declaration comes near that; the limit is there so that a broken or hostile file \
         cannot take all memory. Split the file.",
        "", "";
    TooDeep: "a spec file nests too deep",
        "Mappings and lists may be nested 32 deep. The vocabulary needs eight; deeper is a mistake or an attack.",
        "states: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
        "states:\n  - {name: listening, title: Listening, text: Waits.}\n";
    Syntax: "a spec file is not well-formed YAML",
        "The text does not follow YAML's rules; the mark is where reading stopped, the cause may be a little before it. Frequent causes: text \
         with `: ` or ` #` without quotes, a tab in the indentation, a bracket or quote that is not closed.",
        "states:\n  - {name: listening, title: Listening, text: It waits: for peers}\n   - x\n",
        "states:\n  - {name: listening, title: Listening, text: \"It waits: for peers\"}\n";
    SeveralDocuments: "a spec file holds more than one document",
        "`---` begins another YAML document. One file is one document here, so that a place in a file is a place in the spec.",
        "states:\n  - {name: listening, title: Listening, text: Waits.}\n---\nstates: []\n",
        "states:\n  - {name: listening, title: Listening, text: Waits.}\n";
    Anchor: "an anchor or alias is used",
        "YAML's `&name` and `*name` repeat a value elsewhere. They are refused because what is read would then not stand where it is shown, \
         and because a few lines of them can grow without bound. Text that begins with `*` or `&` needs quotes.",
        "states:\n  - {name: listening, title: &t Listening, text: *t}\n",
        "states:\n  - {name: listening, title: Listening, text: \"*t\"}\n";
    MergeKey: "a merge key is used",
        "The key `<<` copies another mapping into this one. It is refused for the same reason as anchors: everything stands where it is said.",
        "states:\n  - {<<: {name: listening}, title: Listening, text: Waits.}\n",
        "states:\n  - {name: listening, title: Listening, text: Waits.}\n";
    Tag: "a tag is used",
        "YAML's tags such as `!!str` change the type of a value. No value here needs one: quotes make text of what looks like a number.",
        "states:\n  - {name: listening, title: !!str 1, text: Waits.}\n",
        "states:\n  - {name: listening, title: \"1\", text: Waits.}\n";
    DuplicateKey: "a key stands twice in a mapping",
        "The same key is given two values. The first one counted; most likely the second was meant to have another name.",
        "states:\n  - {name: listening, title: Listening, text: Waits., text: Sits.}\n",
        "states:\n  - {name: listening, title: Listening, text: Waits.}\n";
    KeyNotText: "a key is not text",
        "YAML allows lists and mappings as keys. Here a key is a word. A brace or bracket too many is the usual cause.",
        "states:\n  - {name: listening, title: Listening, text: Waits., [a]: b}\n",
        "states:\n  - {name: listening, title: Listening, text: Waits.}\n";
    OtherEnding: "a file ends in `.yml`",
        "Spec files end in `.yaml`, in small letters; others are not looked at. A file that ends almost so most likely was meant to be read. \
         Rename it.",
        "", "";
    BareReturn: "a line ends with a carriage return alone",
        "Lines end with a line feed, or with a carriage return and a line feed. To YAML a carriage return alone ends a line too, but to most \
         programs, so that places in the file could not be shown. An old program may have saved it. Save the file with LF line ends.",
        "states:\x0D  - {name: listening, title: Listening, text: Waits.}\n",
        "states:\x0D\n  - {name: listening, title: Listening, text: Waits.}\n";
}
