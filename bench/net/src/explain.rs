//! Why a target is missed, as far as figures of the same groups say so.

use crate::plan::{Group, Key, Who};
use crate::process::Test;
use crate::sample::Sample;

/// What says where the time of the first goes, which was compared with the second; empty if nothing that was measured does.
pub fn explain((ours, theirs): (Key, Key), chapters: &[Vec<Group>], best: f64) -> String {
    let seconds = |key: Key| median(chapters, best, |group| group.values.get(&key).copied());
    let (Who::Us(subject), test) = ours else { return String::new() };
    if let Test::Put(_) = test {
        let ratio =
            |group: &Group| Some(group.values.get(&(Who::Memcpy, test))? / group.values.get(&(Who::SystemCopy, test))?);
        let ratio = median(chapters, best, ratio);
        return ratio
            .map(|ratio| format!("the system's own copy between processes is at {ratio:.3}"))
            .unwrap_or_default();
    }
    let calls = |who| match who {
        Who::Us(subject) => seconds((Who::Calls(subject), Test::Ping(test.size()))),
        _ => None,
    };
    let (Some(whole), Some(calls_of_ours)) = (seconds(ours), calls(Who::Us(subject))) else { return String::new() };
    let times = if let Test::Ping(_) = test { 2.0 } else { 1.0 };
    let part = |seconds: f64| format!("{:.3} us", 1e6 * times * seconds);
    let beside = calls(theirs.0).map(|calls| format!("; its opponent's are {}", part(calls))).unwrap_or_default();
    format!("its calls alone, both ends on one thread, are {} of {:.3} us{beside}", part(calls_of_ours), 1e6 * whole)
}

/// The median of what the quiet groups say.
fn median(chapters: &[Vec<Group>], best: f64, value: impl Fn(&Group) -> Option<f64>) -> Option<f64> {
    let values: Vec<(f64, [f64; 2])> =
        chapters.iter().flatten().filter_map(|group| Some((value(group)?, group.around))).collect();
    (!values.is_empty()).then(|| Sample::among(&values, best).median())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::Subject;

    const PING: Test = Test::Ping(64);
    const PUT: Test = Test::Put(4096);

    fn said(values: &[(Key, f64)], keys: (Key, Key)) -> String {
        let group = Group { around: [1e-7, 1e-7], values: values.iter().copied().collect() };
        explain(keys, &[vec![group]], 1e-7)
    }

    #[test]
    fn the_calls_of_both_are_told_if_they_were_measured() {
        let (ours, theirs) = ((Who::Us(Subject::Tcp), PING), (Who::Us(Subject::BusyTcp), PING));
        let mut values = vec![(ours, 9e-6), (theirs, 8e-6)];
        assert_eq!(said(&values, (ours, theirs)), "");
        values.push(((Who::Calls(Subject::Tcp), PING), 3e-6));
        let own = "its calls alone, both ends on one thread, are 6.000 us of 9.000 us";
        assert_eq!(said(&values, (ours, theirs)), own);
        values.push(((Who::Calls(Subject::BusyTcp), PING), 2e-6));
        assert_eq!(said(&values, (ours, theirs)), format!("{own}; its opponent's are 4.000 us"));
    }

    #[test]
    fn a_write_is_held_against_the_systems_copy() {
        let keys = ((Who::Us(Subject::ShmMemory), PUT), (Who::Memcpy, PUT));
        let values = [(keys.0, 4e-6), (keys.1, 1e-6), ((Who::SystemCopy, PUT), 2e-6)];
        assert_eq!(said(&values, keys), "the system's own copy between processes is at 0.500");
    }
}
