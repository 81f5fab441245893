//! Prose of the spec as HTML: Markdown is read, what could be HTML is text, and the names in it become links.

use super::super::markdown::text::one_line;
use super::html::{Markup, Tag, code, tag};
use super::site::Here;
use pulldown_cmark::{Event, HeadingLevel, Parser, Tag as Start};

/// How names in a text are treated.
#[derive(Clone, Copy, Default)]
pub(super) struct Names<'a> {
    /// Names that become code and no link: the function itself and its parameters.
    pub plain: &'a [&'a str],
}

/// Paragraphs.
pub(super) fn block(text: &str, here: Here<'_, '_>, names: Names<'_>) -> Markup {
    let mut stack = vec![Frame { element: None, body: Markup::default() }];
    let mut parser = Parser::new(text);
    read(&mut parser, &mut stack, here, names);
    stack.swap_remove(0).body
}

/// A sentence or two, without a paragraph around it.
pub(super) fn inline(text: &str, here: Here<'_, '_>, names: Names<'_>) -> Markup {
    let line = one_line(text);
    let mut out = Markup::default();
    let mut parts = line.split('`').enumerate().peekable();
    while let Some((index, part)) = parts.next() {
        let last_is_open = index % 2 == 1 && parts.peek().is_none();
        match index % 2 == 0 || last_is_open {
            true => words(part, here, names, &mut out),
            false => out.push(span(part, here, names)),
        }
    }
    out
}

struct Frame {
    element: Option<Tag>,
    body: Markup,
}

fn read(parser: &mut Parser<'_>, stack: &mut Vec<Frame>, here: Here<'_, '_>, names: Names<'_>) {
    for event in parser {
        let piece: Markup = match event {
            Event::Start(start) => {
                stack.push(Frame { element: element(&start), body: Markup::default() });
                continue;
            }
            Event::End(_) => {
                let Some(frame) = stack.pop() else { return };
                match frame.element {
                    Some(element) => element.holding(frame.body).into(),
                    None => frame.body,
                }
            }
            Event::Text(text) => {
                let mut out = Markup::default();
                words(&text, here, names, &mut out);
                out
            }
            Event::Code(text) => span(&text, here, names),
            Event::Html(text) | Event::InlineHtml(text) => Markup::from(text.as_ref()),
            Event::SoftBreak => Markup::from("\n"),
            Event::HardBreak => tag("br").into(),
            Event::Rule => tag("hr").into(),
            _ => Markup::default(),
        };
        if let Some(top) = stack.last_mut() {
            top.body.push(piece);
        }
    }
}

fn element(start: &Start<'_>) -> Option<Tag> {
    Some(tag(match start {
        Start::Paragraph => "p",
        // The page has its own headings down to the second level.
        Start::Heading { level: HeadingLevel::H1 | HeadingLevel::H2 | HeadingLevel::H3, .. } => "h3",
        Start::Heading { .. } => "h4",
        Start::BlockQuote(_) => "blockquote",
        Start::CodeBlock(_) => "pre",
        Start::List(Some(_)) => "ol",
        Start::List(None) => "ul",
        Start::Item => "li",
        Start::Emphasis => "em",
        Start::Strong => "strong",
        _ => return None,
    }))
}

/// A code span; linked when all of it is one known name, else word by word.
fn span(text: &str, here: Here<'_, '_>, names: Names<'_>) -> Markup {
    if worth_a_link(text) && !names.plain.contains(&text) && here.site.place(text).is_some() {
        return here.name(text);
    }
    code(text).into()
}

/// Short names (`NULL`, `TRUE`, `DWORD`) are everyone's; links on them would be in the way.
fn worth_a_link(name: &str) -> bool {
    name.len() > 5 || name.contains('_')
}

/// Running text; names that look like C are set as code.
fn words(text: &str, here: Here<'_, '_>, names: Names<'_>, out: &mut Markup) {
    let is_other = |byte: &u8| !byte.is_ascii_alphanumeric() && *byte != b'_';
    // Words without any are no names; most have none.
    let is_mark = |byte: &u8| byte.is_ascii_uppercase() || *byte == b'_';
    let bytes = text.as_bytes();
    // What lies between two names is added in one piece.
    let (mut added, mut at) = (0, 0);
    while let Some(mark) = bytes[at..].iter().position(is_mark).map(|gap| at + gap) {
        let start = bytes[at..mark].iter().rposition(is_other).map_or(at, |before| at + before + 1);
        at = bytes[mark..].iter().position(is_other).map_or(text.len(), |length| mark + length);
        let word = &text[start..at];
        let technical = word.bytes().filter(u8::is_ascii_uppercase).count() > 1 || word.contains('_');
        let name: Markup = if word.len() > 1 && names.plain.contains(&word) {
            code(word).into()
        } else if technical && worth_a_link(word) && here.site.place(word).is_some() {
            here.name(word)
        } else {
            continue;
        };
        out.push(&text[added..start]);
        out.push(name);
        added = at;
    }
    out.push(&text[added..]);
}
