//! Names in Rust's style from C's.

/// Prefixes of Hungarian notation, longest first; they go when a capital follows.
const PREFIXES: &[&str] =
    &["lplpfn", "lpdw", "lpcb", "lpsz", "lpsa", "lpfn", "lpv", "lp", "dw", "cb", "sz", "h", "l", "w", "i", "f", "p"];

/// Those of all editions: what is generated may be included anywhere.
const KEYWORDS: &[&str] = &[
    "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super",
    "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// `lpNumberOfBytesSent` becomes `number_of_bytes_sent`.
pub fn snake(c_name: &str) -> String {
    let stripped = PREFIXES.iter().find_map(|prefix| {
        let rest = c_name.strip_prefix(prefix)?;
        rest.starts_with(|c: char| c.is_ascii_uppercase()).then_some(rest)
    });
    let chars: Vec<char> = stripped.unwrap_or(c_name).chars().collect();
    let mut out = String::new();
    for (at, c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| chars[before]);
        let after = chars.get(at + 1);
        let starts_word = before.is_some_and(|before| before.is_ascii_lowercase() || before.is_ascii_digit())
            || (before.is_some_and(|before| before.is_ascii_uppercase())
                && after.is_some_and(|after| after.is_ascii_lowercase()));
        if c.is_ascii_uppercase() && starts_word {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// The name without the prefix of its family: `WSPSend` is `Send`.
fn stem(name: &str) -> &str {
    ["WSP", "WPU", "WSC"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}

/// The words of a C name, joined by `_`: a capital starts one, a run of capitals is one whose last letter starts the next.
pub fn snake_case(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 8);
    let mut letters = name.chars().peekable();
    let mut after_small = false;
    while let Some(letter) = letters.next() {
        let before_small = letters.peek().is_some_and(|next| next.is_lowercase());
        if letter != '_' {
            if !words.is_empty() && letter.is_uppercase() && (after_small || before_small) {
                words.push('_');
            }
            words.extend(letter.to_lowercase());
        }
        after_small = !letter.is_uppercase();
    }
    words
}

/// The words of a function's name, joined by `_`: `WSPGetQOSByName` is `get_qos_by_name`.
pub fn words(function: &str) -> String {
    snake_case(stem(function))
}

/// Start of type names: `WSPGetQOSByName` gives `GetQosByName`.
pub fn camel(function: &str) -> String {
    words(function)
        .split('_')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
        })
        .collect()
}

/// Is a name a keyword of Rust, reserved ones included?
pub fn is_keyword(name: &str) -> bool {
    KEYWORDS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::snake;

    #[test]
    fn prefixes_go_and_words_part() {
        let cases = [
            ("lpNumberOfBytesSent", "number_of_bytes_sent"),
            ("dwBufferCount", "buffer_count"),
            ("lpcbBytesReturned", "bytes_returned"),
            ("lpfnCondition", "condition"),
            ("lplpfnCallback", "callback"),
            ("lpszServiceInstanceName", "service_instance_name"),
            ("fWait", "wait"),
            ("lpQOS", "qos"),
            ("lpWSPData", "wsp_data"),
            ("readfds", "readfds"),
            ("Size", "size"),
            ("level", "level"),
            ("AddressFamily", "address_family"),
            ("dwServiceFlags1", "service_flags1"),
            ("s6_words", "s6_words"),
        ];
        for (c, rust) in cases {
            assert_eq!(snake(c), rust, "{c}");
        }
    }
}
