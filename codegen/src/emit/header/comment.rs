//! Comments: the spec's prose, wrapped, and never able to end the comment that it stands in.

/// Longest line.
const WIDTH: usize = 112;

/// A comment of one paragraph, indented by `indent`, with a line break at the end.
pub fn paragraph(text: &str, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let words = clean(text);
    let one = format!("{pad}/* {words} */\n");
    if one.trim_end().chars().count() <= WIDTH {
        return one;
    }
    let lines = wrap(&words, WIDTH.saturating_sub(indent + 3));
    let body: String = lines.iter().map(|line| format!("{pad} * {line}\n")).collect();
    format!("{pad}/*\n{body}{pad} */\n")
}

/// The comment of a function: what it does, what each parameter is, what it returns.
pub fn function(summary: &str, params: &[(String, String)], returns: &str) -> String {
    let mut text = String::from("/*\n");
    let mut put = |first: &str, rest: &str, words: &str| {
        let lines = wrap(&clean(words), WIDTH.saturating_sub(3 + first.chars().count()));
        for (at, line) in lines.iter().enumerate() {
            let lead = if at == 0 { first } else { rest };
            text.push_str(format!(" * {lead}{line}").trim_end());
            text.push('\n');
        }
    };
    put("", "", summary);
    for (name, words) in params {
        put(&format!("  {name}: "), "      ", words);
    }
    put("Returns ", "    ", returns);
    text.push_str(" */\n");
    text
}

/// One line of printable ASCII without comment marks.
fn clean(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let plain = words.join(" ").replace("*/", "* /").replace("/*", "/ *");
    let is_printable = |byte: u8| matches!(byte, b' '..=b'~');
    if plain.bytes().all(is_printable) {
        return plain;
    }
    let mut out = String::with_capacity(plain.len());
    for letter in plain.chars() {
        match letter {
            ' '..='~' => out.push(letter),
            other => out.push_str(nearest(other)),
        }
    }
    out
}

/// The ASCII letters nearest to one that is none.
fn nearest(letter: char) -> &'static str {
    match letter {
        '\u{2010}'..='\u{2015}' => "-",
        '\u{2018}' | '\u{2019}' => "'",
        '\u{201C}' | '\u{201D}' => "\"",
        '\u{2026}' => "...",
        '\u{2264}' => "<=",
        '\u{2265}' => ">=",
        _ => "?",
    }
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().filter(|line| line.is_empty() || line.len() + 1 + word.len() <= width);
        match line {
            Some(line) => {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_end_its_comment() {
        let text = paragraph("ends */ here /* and begins \u{2013} so", 4);
        assert_eq!(text, "    /* ends * / here / * and begins - so */\n");
    }

    #[test]
    fn long_text_is_wrapped() {
        let text = paragraph(&"word ".repeat(60), 2);
        assert!(text.lines().all(|line| line.len() <= WIDTH) && text.lines().count() > 3, "{text}");
    }
}
