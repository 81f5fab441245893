//! Work that is shared among threads, with results in order.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::diagnostic::Diagnostics;

/// `f` of each item, made by as many threads as run at once; in the order of the items, whichever thread is done first.
///
/// # Panics
/// If `f` does.
pub fn map<'a, T: Sync, R: Send>(items: &'a [T], f: impl Fn(&'a T) -> R + Sync) -> Vec<R> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(items.len());
    let next = AtomicUsize::new(0);
    let results: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        while let Some((item, result)) = at(&next, items, &results) {
            let made = f(item);
            *result.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(made);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            // A thread that cannot be had is one helper less.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let result = |result: Mutex<Option<R>>| result.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    results.into_iter().filter_map(result).collect()
}

/// What is made of each of the items, several at once; what is found is reported in their order.
pub fn each<'a, T: Sync, R: Send>(
    items: &'a [T],
    diags: &mut Diagnostics,
    make: impl Fn(&'a T, &mut Diagnostics) -> Option<R> + Sync,
) -> Vec<R> {
    let made = map(items, |item| {
        let mut found = Diagnostics::default();
        (make(item, &mut found), found)
    });
    made.into_iter()
        .filter_map(|(made, found)| {
            diags.append(found);
            made
        })
        .collect()
}

/// The next item and the place of its result.
fn at<'i, 'r, T, R>(next: &AtomicUsize, items: &'i [T], results: &'r [R]) -> Option<(&'i T, &'r R)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    Some((items.get(index)?, results.get(index)?))
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..1000).collect();
        let doubled: Vec<usize> = items.iter().map(|item| item * 2).collect();
        assert_eq!(super::map(&items, |item| item * 2), doubled);
        assert!(super::map(&[], |item: &u8| *item).is_empty());
    }
}
