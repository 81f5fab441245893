//! What the header of a cell says.

/// What a record is; the numbers are on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// The bytes are in the cell.
    Inline = 1,
    /// The bytes are in the ring of bytes.
    Attached = 2,
    /// The bytes are in the producer's memory.
    Loan = 3,
}

/// What follows from a record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks {
    /// It ends a message.
    pub last: bool,
    /// It ends a send whose memory was lent.
    pub returns: bool,
}

/// A record that the consumer sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Front {
    /// What it is.
    pub kind: Kind,
    /// What follows from it.
    pub marks: Marks,
    /// How many bytes in the cell or in the ring of bytes.
    pub length: usize,
}

/// Where in the header the length begins.
pub const LENGTH: u32 = 48;

/// What the header of a cell says of its turn. Zero, which new memory is full of, comes after 2^32 cells only.
pub fn turn(position: u64) -> u32 {
    (position as u32).wrapping_add(1)
}

impl Front {
    /// The header of its cell.
    pub fn header(self, position: u64) -> u64 {
        let marks = u64::from(self.marks.last) | u64::from(self.marks.returns) << 1;
        u64::from(turn(position)) | (self.kind as u64) << 32 | marks << 40 | (self.length as u64) << LENGTH
    }

    /// What a header says, if anything.
    pub fn parse(header: u64) -> Option<Self> {
        let kind = match (header >> 32) as u8 {
            1 => Kind::Inline,
            2 => Kind::Attached,
            3 => Kind::Loan,
            _ => return None,
        };
        let marks = (header >> 40) as u8;
        let known = marks & !3 == 0;
        let marks = Marks { last: marks & 1 != 0, returns: marks & 2 != 0 };
        known.then_some(Self { kind, marks, length: usize::from((header >> LENGTH) as u16) })
    }
}
