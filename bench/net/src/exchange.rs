//! Both ends of a way in one process, so that what a message costs can be counted.

use crate::link::{Link, Problem, Subject};

/// Two ends that one thread plays.
pub struct Exchange {
    near: Box<dyn Link>,
    far: Box<dyn Link>,
}

impl Exchange {
    /// Connects both ends of the subject with this name.
    ///
    /// # Errors
    /// There is no such subject, or it is none that can be counted, or it does not connect.
    pub fn new(name: &str) -> Result<Self, Problem> {
        Self::of(Subject::of(name).ok_or_else(|| format!("there is no subject `{name}`"))?)
    }

    /// Connects both ends of a subject.
    pub(crate) fn of(subject: Subject) -> Result<Self, Problem> {
        let [near, far] = subject.both()?;
        Ok(Self { near, far })
    }

    /// Brings so many messages of so many bytes from one end to the other, each after it was expected there.
    ///
    /// # Errors
    /// One was not sent or did not arrive.
    pub fn run(&mut self, size: usize, count: u64) -> Result<(), Problem> {
        for _ in 0..count {
            self.far.expect()?;
            self.near.send(size)?;
            self.far.recv(size)?;
        }
        Ok(())
    }
}
