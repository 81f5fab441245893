//! What a table asks of the way its handles are made.

use std::ptr::{self, NonNull};

use super::sync::{AtomicPtr, Ordering};

/// Holds the address of a linked entry; null if it never held one, or [`GONE`].
pub(super) type Cell = AtomicPtr<()>;

/// In a cell whose entry was removed, where that must differ from a cell that was never used.
pub(super) const GONE: *mut () = ptr::without_provenance_mut(1);

/// The address of the entry that `cell` links.
#[inline(always)]
pub(super) fn linked(cell: &Cell) -> Option<NonNull<()>> {
    let address = cell.load(Ordering::Acquire);
    if address.addr() <= GONE.addr() { None } else { NonNull::new(address) }
}

/// Maps handles to cells. Look-ups run at any time; whatever takes the writer's state runs under the table's lock.
pub trait Key: Sized {
    /// What only the holder of the table's lock may touch.
    type Writer: Send;

    /// The cell that links the entry with this handle, if there is one. Its entry may have another handle.
    fn cell(&self, handle: usize) -> Option<&Cell>;

    /// The cell that most probably links the entry with this handle, in fewer instructions than [`cell`](Self::cell).
    #[inline(always)]
    fn likely(&self, handle: usize) -> Option<&Cell> {
        self.cell(handle)
    }

    /// Changes whenever a concurrent change may have hidden a linked entry from [`cell`](Self::cell).
    fn version(&self) -> usize;

    /// Empties `cell`, which links the entry with this handle.
    fn unlink(&self, writer: &mut Self::Writer, handle: usize, cell: &Cell);

    /// Calls `f` with the address of every linked entry, under the table's lock.
    fn for_each(&self, f: &mut dyn FnMut(NonNull<()>));
}
