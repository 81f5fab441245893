//! Which declarations stand on which systems.

/// The Windows headers that are included, in an order in which they can be.
pub const INCLUDED: &[&str] = &["winsock2.h", "ws2tcpip.h", "mswsock.h", "mstcpip.h", "ws2spi.h"];

/// Headers that come with those included.
const WITH_THEM: &[&str] =
    &["basetsd.h", "guiddef.h", "windef.h", "winnt.h", "qos.h", "qossp.h", "ws2ipdef.h", "ws2def.h"];

/// Where a declaration stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Away from Windows only: the Windows headers have it.
    Elsewhere,
    /// Everywhere, unless the header with this include guard was included before.
    Without(String),
}

impl Place {
    /// The place of what the spec says is in this header.
    pub fn of(header: &str) -> Self {
        if INCLUDED.contains(&header) || WITH_THEM.contains(&header) {
            Self::Elsewhere
        } else {
            Self::Without(guard(header))
        }
    }

    fn condition(&self) -> String {
        match self {
            Self::Elsewhere => "#if !defined(_WIN32)\n".into(),
            Self::Without(guard) => format!("#if !defined({guard})\n"),
        }
    }
}

/// The include guard that a header of this name has.
fn guard(header: &str) -> String {
    let name: String =
        header.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    format!("_{name}_")
}

/// Declarations, put together under as few conditions as their order allows.
#[derive(Debug, Default)]
pub struct Items {
    text: String,
    open: Option<Place>,
}

impl Items {
    /// Adds a declaration, with its line break.
    pub fn put(&mut self, place: Place, declaration: &str) {
        if self.open.as_ref() != Some(&place) {
            self.close();
            self.text.push_str(&place.condition());
            self.open = Some(place);
        }
        self.text.push_str(declaration);
    }

    fn close(&mut self) {
        if self.open.take().is_some() {
            self.text.push_str("#endif\n\n");
        }
    }

    /// All of them.
    pub fn finish(mut self) -> String {
        self.close();
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_shared_by_neighbours() {
        let mut items = Items::default();
        for (header, text) in [("winsock2.h", "a;\n"), ("ws2spi.h", "b;\n"), ("ws2san.h", "c;\n")] {
            items.put(Place::of(header), text);
        }
        let expected = "#if !defined(_WIN32)\na;\nb;\n#endif\n\n#if !defined(_WS2SAN_H_)\nc;\n#endif\n\n";
        assert_eq!(items.finish(), expected);
    }
}
