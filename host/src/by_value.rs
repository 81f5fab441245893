//! Sockets and streams read and write through a shared reference, and by value as well, as those of the standard library do.

/// Makes a type read and write as its references do.
macro_rules! by_value {
    ($socket:ty) => {
        impl std::io::Read for $socket {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                std::io::Read::read(&mut &*self, buffer)
            }
        }

        impl std::io::Write for $socket {
            fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
                std::io::Write::write(&mut &*self, data)
            }

            fn flush(&mut self) -> std::io::Result<()> {
                std::io::Write::flush(&mut &*self)
            }
        }
    };
}
pub(crate) use by_value;
