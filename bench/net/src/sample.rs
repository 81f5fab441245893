//! Values of groups, of which only the quiet ones count.

/// Groups that a result needs.
pub const WANTED: usize = 9;
/// How much slower than the best a quiet exchange may be.
const QUIET: f64 = 1.35;

/// A value from each kept group.
#[derive(Debug, Clone)]
pub struct Sample {
    /// In ascending order.
    values: Vec<f64>,
    /// How many of the groups were quiet.
    quiet: usize,
    tried: usize,
}

impl Sample {
    /// The middle value.
    pub fn median(&self) -> f64 {
        self.values.get(self.values.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// Smallest and greatest.
    pub fn range(&self) -> (f64, f64) {
        let ends = (self.values.first(), self.values.last());
        (ends.0.copied().unwrap_or(f64::NAN), ends.1.copied().unwrap_or(f64::NAN))
    }

    /// How many of the groups were quiet.
    pub fn quiet(&self) -> usize {
        self.quiet
    }

    /// How many groups were kept, of how many, and how many of those were not quiet.
    pub fn kept(&self) -> String {
        let kept = self.values.len();
        let noisy = kept - self.quiet.min(kept);
        let noisy = if noisy == 0 { String::new() } else { format!(", {noisy} NOISY") };
        format!("{kept} of {}{noisy}", self.tried)
    }

    /// All values, however busy the machine was.
    pub fn all(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let tried = values.len();
        Self { values, quiet: tried, tried }
    }

    /// The groups that were quiet; if they are too few, the quietest, marked as such. A group is a value and the raw exchanges
    /// around it.
    pub fn of(groups: &[(f64, [f64; 2])]) -> Self {
        Self::among(groups, groups.iter().flat_map(|(_, around)| around).copied().fold(f64::INFINITY, f64::min))
    }

    /// The same, where `best` is the best exchange of these and other groups.
    pub fn among(groups: &[(f64, [f64; 2])], best: f64) -> Self {
        let mut ranked: Vec<(f64, f64)> = groups.iter().map(|(value, around)| (noise(*around, best), *value)).collect();
        ranked.sort_by(|one, other| one.0.total_cmp(&other.0));
        let quiet = ranked.iter().filter(|(noise, _)| *noise <= QUIET).count();
        let kept = quiet.max(WANTED.min(ranked.len()));
        let mut values: Vec<f64> = ranked[..kept].iter().map(|(_, value)| *value).collect();
        values.sort_by(f64::total_cmp);
        Self { values, quiet, tried: groups.len() }
    }
}

fn noise(around: [f64; 2], best: f64) -> f64 {
    around[0].max(around[1]) / best
}

/// Were the exchanges around a group near the best?
pub fn is_quiet(around: [f64; 2], best: f64) -> bool {
    noise(around, best) <= QUIET
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_with_a_slow_exchange_on_either_side_are_left_out() {
        let mut groups = vec![(3.0, [1.0, 1.3]), (90.0, [1.0, 1.4]), (80.0, [2.0, 1.0])];
        groups.extend([(1.0, [1.1, 1.0]); WANTED - 1]);
        let sample = Sample::of(&groups);
        assert_eq!((sample.median(), sample.range()), (1.0, (1.0, 3.0)));
        assert_eq!(sample.kept(), "9 of 11");
    }

    #[test]
    fn too_few_quiet_groups_are_filled_up_and_marked() {
        let sample = Sample::of(&[(1.0, [1.0, 1.0]), (2.0, [3.0, 1.0])]);
        assert_eq!(sample.range(), (1.0, 2.0));
        assert_eq!(sample.kept(), "2 of 2, 1 NOISY");
    }
}
