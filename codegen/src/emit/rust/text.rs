//! Items that are text from the start. Tables of literals are most of what the formatter is given and the least of what it is
//! needed for: how their lines break is known. As tokens, each of their words would cost it a few thousand instructions.

use proc_macro2::Literal;

/// How wide the formatter lets a line become, in characters.
const WIDTH: usize = 89;

/// A template with its `$name`s replaced. What has no value stays as it is.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(2 * template.len());
    let mut parts = template.split('$');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(part.len());
        let (name, rest) = part.split_at(end);
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, value)) => out.push_str(value),
            None => out.extend(["$", name]),
        }
        out.push_str(rest);
    }
    out
}

/// Appends documentation as comments.
pub fn document(out: &mut String, indent: &str, documentation: &str) {
    for line in documentation.lines().map(str::trim_end) {
        let gap = if line.is_empty() { "" } else { " " };
        out.extend([indent, "///", gap, line, "\n"]);
    }
}

/// A string literal.
pub fn quoted(text: &str) -> String {
    Literal::string(text).to_string()
}

/// A function up to its body, or a call, with the parameters on lines of their own if they do not fit on one. Lines of attributes
/// may be before it.
pub fn head(indent: usize, before: &str, params: &[String], after: &str) -> String {
    let line = format!("{before}({}){after}\n", params.join(", "));
    if !after.contains('\n') && fits(indent, line.lines().last().unwrap_or_default()) {
        return line;
    }
    let params: String = params.iter().flat_map(|param| ["    ", param, ",\n"]).collect();
    format!("{before}(\n{params}){after}\n")
}

/// What stands behind the parameters of a function that returns a `Result`, up to its `end`.
pub fn result(indent: usize, ok: &str, error: &str, end: &str) -> String {
    let line = format!(" -> Result<{ok}, {error}>{end}");
    if fits(indent + ")".len(), &line) {
        return line;
    }
    format!(" -> Result<\n    {ok},\n    {error},\n>{end}")
}

/// A call behind so many columns, up to its `end`, with the argument on a line of its own if it does not fit on one.
pub fn call(indent: usize, function: &str, argument: &str, end: &str) -> String {
    let line = format!("{function}({argument}){end}");
    if fits(indent, &line) {
        return line;
    }
    format!("{function}(\n    {argument},\n){end}")
}

/// Does a text fit behind so many characters?
pub fn fits(before: usize, text: &str) -> bool {
    before + text.chars().count() <= WIDTH
}

#[cfg(test)]
mod tests {
    use super::{document, fill};

    #[test]
    fn values_are_not_searched_for_names() {
        assert_eq!(fill("$a is $b, $c$$a.", &[("a", "$b"), ("b", "2")]), "$b is 2, $c$$b.");
        assert_eq!(fill("no name", &[]), "no name");
    }

    #[test]
    fn documentation_has_no_spaces_at_the_ends_of_lines() {
        let mut out = String::new();
        document(&mut out, "  ", "one \n\ntwo");
        assert_eq!(out, "  /// one\n  ///\n  /// two\n");
    }
}
