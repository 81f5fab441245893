//! Registry files, as `reg export` writes them. What is not asked for stays as it was written.
//!
//! The crates that read such files stop at the first line they do not know and drop the rest, which here would lose entries.

use std::fmt::Write as _;

const HEADER: &str = "Windows Registry Editor Version 5.00";
/// Column at which long data are folded.
const FOLD: usize = 78;

/// A registry file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// UTF-16 with a byte order mark, as `reg export` writes; otherwise UTF-8.
    utf16: bool,
    pub keys: Vec<Key>,
}

/// A key and its values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Key {
    pub name: String,
    pub values: Vec<Value>,
}

/// A value: its name (empty for the key's own) and its data as written behind the `=`, unfolded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    pub name: String,
    data: String,
}

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct SyntaxError {
    line: usize,
    what: String,
}

impl Value {
    pub fn dword(name: &str, value: u32) -> Self {
        Self { name: name.to_owned(), data: format!("dword:{value:08x}") }
    }

    pub fn binary(name: &str, bytes: &[u8]) -> Self {
        let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or_default();
        let mut data = String::from("hex:");
        for (at, byte) in bytes.iter().enumerate() {
            if at > 0 {
                data.push(',');
            }
            data.extend([digit(byte >> 4), digit(byte & 15)]);
        }
        Self { name: name.to_owned(), data }
    }

    pub fn text(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), data: quote(text) }
    }

    pub fn as_dword(&self) -> Option<u32> {
        let digits = self.data.strip_prefix("dword:")?;
        let whole = digits.len() == 8 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| whole)
    }

    /// The bytes of a `REG_BINARY`.
    pub fn as_binary(&self) -> Option<Vec<u8>> {
        hex(self.data.strip_prefix("hex:")?)
    }

    /// The text of a `REG_SZ` or `REG_EXPAND_SZ`.
    pub fn as_text(&self) -> Option<String> {
        if let Some(digits) = self.data.strip_prefix("hex(2):").or_else(|| self.data.strip_prefix("hex(1):")) {
            let bytes = hex(digits)?;
            let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            return Some(String::from_utf16_lossy(&units).trim_end_matches('\0').to_owned());
        }
        match unquote(&self.data)? {
            (text, "") => Some(text),
            _ => None,
        }
    }
}

impl Key {
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|value| value.name.eq_ignore_ascii_case(name))
    }

    /// Puts a value in the place of the one of its name, or last.
    pub fn set(&mut self, value: Value) {
        match self.values.iter_mut().find(|old| old.name.eq_ignore_ascii_case(&value.name)) {
            Some(old) => *old = value,
            None => self.values.push(value),
        }
    }
}

impl Document {
    pub fn new() -> Self {
        Self { utf16: false, keys: Vec::new() }
    }

    pub fn parse(bytes: &[u8]) -> Result<Self, SyntaxError> {
        let (utf16, text) = decode(bytes)?;
        let mut lines =
            text.lines().enumerate().map(|(at, line)| (at + 1, line.trim())).filter(|(_, line)| !line.is_empty());
        match lines.next() {
            Some((_, HEADER)) => {}
            Some((line, _)) => return Err(wrong(line, format!("a registry file begins with `{HEADER}`"))),
            None => return Err(wrong(1, "the file is empty")),
        }
        let mut document = Self { utf16, keys: Vec::new() };
        while let Some((line, text)) = lines.next() {
            if text.starts_with(';') {
                continue;
            }
            if let Some(name) = text.strip_prefix('[') {
                let name =
                    name.strip_suffix(']').ok_or_else(|| wrong(line, "the name of the key is cut off: no `]`"))?;
                document.keys.push(Key { name: name.to_owned(), values: Vec::new() });
                continue;
            }
            let (name, data) = value_start(text).ok_or_else(|| wrong(line, "neither a key nor a value"))?;
            let mut data = data.trim().to_owned();
            while data.ends_with('\\') && !data.starts_with('"') {
                data.pop();
                let (_, more) =
                    lines.next().ok_or_else(|| wrong(line, "the file ends within this value: it is half written"))?;
                data.push_str(more);
            }
            let key = document.keys.last_mut().ok_or_else(|| wrong(line, "a value stands before the first key"))?;
            key.values.push(Value { name, data });
        }
        // Whoever writes such a file ends its last line; a number that is cut off is another number.
        if !text.ends_with('\n') {
            return Err(wrong(
                text.lines().count(),
                "the file ends within this line, without an end of it: it is half written",
            ));
        }
        Ok(document)
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!("{HEADER}\n");
        for key in &self.keys {
            let _ = write!(text, "\n[{}]\n", key.name);
            for value in &key.values {
                let name = if value.name.is_empty() { "@".to_owned() } else { quote(&value.name) };
                fold(&mut text, &format!("{name}={}", value.data));
            }
        }
        if self.utf16 {
            let text = text.replace('\n', "\r\n");
            return "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        }
        text.into_bytes()
    }

    /// The key whose name ends so, compared as the registry compares.
    pub fn find(&self, tail: &str) -> Option<usize> {
        self.keys.iter().position(|key| ends_with(&key.name, tail))
    }
}

/// Does the name end so?
pub fn ends_with(name: &str, tail: &str) -> bool {
    name.len().checked_sub(tail.len()).and_then(|at| name.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(tail))
}

/// What stands below a key: the one component behind its name.
pub fn below<'a>(name: &'a str, parent: &str) -> Option<&'a str> {
    let head = name.get(..parent.len())?;
    let rest = name.get(parent.len()..)?.strip_prefix('\\')?;
    (head.eq_ignore_ascii_case(parent) && !rest.contains('\\')).then_some(rest)
}

fn wrong(line: usize, what: impl Into<String>) -> SyntaxError {
    SyntaxError { line, what: what.into() }
}

fn decode(bytes: &[u8]) -> Result<(bool, String), SyntaxError> {
    if let Some(rest) = bytes.strip_prefix(&[0xff, 0xfe]) {
        if rest.len() % 2 == 1 {
            return Err(wrong(1, "the file is UTF-16 and ends within a character: it is half written"));
        }
        let units: Vec<u16> = rest.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        let text = String::from_utf16(&units).map_err(|_| wrong(1, "the file is not valid UTF-16"))?;
        return Ok((true, text));
    }
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok((false, text.to_owned())),
        Err(error) => {
            let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
            Err(wrong(line, "this is neither UTF-8 nor UTF-16"))
        }
    }
}

/// A value's name, and what stands behind the `=`.
fn value_start(line: &str) -> Option<(String, &str)> {
    if let Some(data) = line.strip_prefix("@=") {
        return Some((String::new(), data));
    }
    let (name, rest) = unquote(line)?;
    Some((name, rest.trim_start().strip_prefix('=')?))
}

/// The text in quotes, and what follows it.
fn unquote(text: &str) -> Option<(String, &str)> {
    let inside = text.strip_prefix('"')?;
    let mut out = String::new();
    let mut characters = inside.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((out, &inside[at + 1..])),
            '\\' => out.push(characters.next()?.1),
            other => out.push(other),
        }
    }
    None
}

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    if digits.is_empty() {
        return Some(Vec::new());
    }
    digits.split(',').map(|byte| u8::from_str_radix(byte.trim(), 16).ok()).collect()
}

/// Writes a line, folded as regedit folds hexadecimal data.
fn fold(text: &mut String, line: &str) {
    let Some(start) = line.find("=hex") else {
        text.push_str(line);
        text.push('\n');
        return;
    };
    let mut used = 0;
    for (at, piece) in line.split_inclusive(',').enumerate() {
        if at > 0 && used + piece.len() > FOLD && used > start {
            text.push_str("\\\n  ");
            used = 2;
        }
        text.push_str(piece);
        used += piece.len();
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\A]\n@=\"own\"\n\"n\\\\a\\\"me\"=dword:0000000a\n\
                        \"b\"=hex:01,02,\\\n  03\n\"odd\"=qword:7\n\n[HKEY_LOCAL_MACHINE\\A\\B]\n";

    fn refused(text: &str) -> String {
        Document::parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn values_are_read() {
        let document = Document::parse(TEXT.as_bytes()).unwrap();
        let key = &document.keys[0];
        assert_eq!(key.value("").unwrap().as_text().unwrap(), "own");
        assert_eq!(key.value("N\\A\"ME").unwrap().as_dword(), Some(10));
        assert_eq!(key.value("b").unwrap().as_binary(), Some(vec![1, 2, 3]));
        assert_eq!(below(&document.keys[1].name, &key.name), Some("B"));
        assert_eq!(document.find("\\a\\b"), Some(1));
        for cut_off in ["dword:", "dword:0000000", "dword:+000000a", "dword:00000000a"] {
            assert_eq!(Value { name: String::new(), data: cut_off.to_owned() }.as_dword(), None);
        }
    }

    #[test]
    fn what_is_not_known_stays() {
        let document = Document::parse(TEXT.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(document.to_bytes()).unwrap(), TEXT.replace("\\\n  ", ""));
    }

    #[test]
    fn long_data_are_folded_and_read_back_in_both_encodings() {
        let bytes: Vec<u8> = (0..=255).collect();
        let key = Key { name: "A".to_owned(), values: vec![Value::binary("all", &bytes), Value::text("t", "ü\\\"")] };
        for utf16 in [false, true] {
            let document = Document { utf16, keys: vec![key.clone()] };
            let written = document.to_bytes();
            assert_eq!(Document::parse(&written).unwrap(), document);
        }
        let text = String::from_utf8(Document { utf16: false, keys: vec![key] }.to_bytes()).unwrap();
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
    }

    #[test]
    fn half_written_files_are_refused_with_the_place() {
        assert_eq!(refused(""), "line 1: the file is empty");
        assert!(refused("nonsense").starts_with("line 1: a registry file begins with"));
        assert!(refused(&TEXT[..TEXT.find("  03").unwrap()]).contains("line 6: the file ends within this value"));
        assert!(refused(&TEXT[..TEXT.len() - 2]).contains("line 10: the name of the key is cut off"));
        assert!(refused(&TEXT[..TEXT.len() - 1]).contains("line 10: the file ends within this line"));
        assert!(refused(&TEXT.replace("=dword", "dword")).contains("line 5: neither a key nor a value"));
        assert!(Document::parse(&[0xff, 0xfe, b'W']).unwrap_err().to_string().contains("half written"));
        assert!(
            Document::parse(b"Windows Registry Editor Version 5.00\n\xff").unwrap_err().to_string().contains("line 2")
        );
    }
}
