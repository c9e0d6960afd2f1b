//! How delays grow between the least and the most.

/// The constant step between delays, in seconds; it also says how many there are.
const STEP: u32 = 5;

/// The functions that delays may grow by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backoff {
    /// By 5 seconds each time.
    #[default]
    Linear,
    /// By more each time.
    Arithmetic,
    /// By the same factor each time.
    Geometric,
    /// As the geometric one, up to rounding.
    Exponential,
}

impl Backoff {
    /// Reads the name that policies use.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "linear" => Some(Self::Linear),
            "arithmetic" => Some(Self::Arithmetic),
            "geometric" => Some(Self::Geometric),
            "exponential" => Some(Self::Exponential),
            _ => None,
        }
    }

    /// How many delays lie between these two, which are in seconds.
    pub(super) fn count(self, least: u32, most: u32) -> u32 {
        let spread = most.saturating_sub(least);
        match self {
            Self::Linear => spread.div_ceil(STEP),
            Self::Arithmetic | Self::Geometric | Self::Exponential => spread / STEP,
        }
    }

    /// The delay of this number, from 1, in whole seconds.
    pub(super) fn delay(self, number: u32, least: u32, most: u32) -> u32 {
        let count = self.count(least, most);
        if count <= 1 {
            return least;
        }
        let (n, count) = (f64::from(number), f64::from(count));
        let (start, end) = (f64::from(least), f64::from(most));
        // No factor leads away from zero: such a series begins at one second.
        let base = start.max(1.0);
        let factor = || 10_f64.powf((end / base).log10() / (count - 1.0));
        let delay = match self {
            Self::Linear => return least.saturating_add(STEP.saturating_mul(number - 1)),
            Self::Arithmetic => {
                let growth = 2.0 * (end - start) / (count * (count - 1.0));
                start + (n - 1.0) * n * growth / 2.0
            }
            Self::Geometric => base * factor().powf(n - 1.0),
            Self::Exponential => (base / factor()) * factor().powf(n),
        };
        truncated(delay).min(most)
    }
}

/// The whole seconds of a delay that is neither negative nor beyond the longest.
fn truncated(delay: f64) -> u32 {
    delay as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(backoff: Backoff, least: u32, most: u32) -> Vec<u32> {
        (1..=backoff.count(least, most)).map(|n| backoff.delay(n, least, most)).collect()
    }

    #[test]
    fn linear_delays_grow_by_five_seconds_and_stay_below_the_most() {
        for (least, most, wanted) in [
            (5, 30, vec![5, 10, 15, 20, 25]),
            (10, 60, vec![10, 15, 20, 25, 30, 35, 40, 45, 50, 55]),
            (20, 80, vec![20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75]),
            (30, 100, vec![30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95]),
            (1, 12, vec![1, 6, 11]),
            (5, 15, vec![5, 10]),
            (0, 30, vec![0, 5, 10, 15, 20, 25]),
        ] {
            assert_eq!(delays(Backoff::Linear, least, most), wanted, "{least} to {most}");
        }
    }

    #[test]
    fn arithmetic_delays_grow_by_more_each_time() {
        for (least, most, wanted) in [
            (5, 30, vec![5, 7, 12, 20, 30]),
            (10, 60, vec![10, 11, 13, 16, 21, 26, 33, 41, 50, 60]),
            (20, 80, vec![20, 20, 22, 25, 29, 33, 39, 45, 52, 60, 70, 80]),
            (30, 100, vec![30, 30, 32, 34, 37, 41, 46, 51, 57, 64, 72, 80, 90, 100]),
            (1, 12, vec![1, 12]),
            (5, 15, vec![5, 15]),
            (0, 30, vec![0, 2, 6, 12, 20, 30]),
        ] {
            assert_eq!(delays(Backoff::Arithmetic, least, most), wanted, "{least} to {most}");
        }
    }

    #[test]
    fn geometric_and_exponential_delays_grow_by_a_factor() {
        for (least, most, wanted) in [
            (5, 30, vec![5, 7, 12, 19, 30]),
            (10, 60, vec![10, 12, 14, 18, 22, 27, 33, 40, 49, 60]),
            (20, 80, vec![20, 22, 25, 29, 33, 37, 42, 48, 54, 62, 70, 80]),
            (30, 100, vec![30, 32, 36, 39, 43, 47, 52, 57, 62, 69, 75, 83, 91, 99]),
            (5, 15, vec![5, 15]),
        ] {
            assert_eq!(delays(Backoff::Geometric, least, most), wanted, "{least} to {most}");
            assert_eq!(delays(Backoff::Exponential, least, most), wanted, "{least} to {most}");
        }
        assert_eq!(delays(Backoff::Geometric, 1, 12), [1, 12]);
        assert_eq!(delays(Backoff::Exponential, 1, 12), [0, 12]);
    }

    #[test]
    fn nothing_is_divided_by_zero_and_nothing_overflows() {
        for backoff in
            [Backoff::Linear, Backoff::Arithmetic, Backoff::Geometric, Backoff::Exponential]
        {
            for (least, most) in [(0, 0), (0, 4), (0, 30), (7, 3), (5, 9), (0, u32::MAX)] {
                let count = backoff.count(least, most);
                for number in [1, 2, count.max(1)] {
                    let delay = backoff.delay(number, least, most);
                    assert!(delay <= most.max(least), "{backoff:?} {least} {most}: {delay}");
                }
            }
            assert_eq!(backoff.count(7, 3), 0);
        }
        assert_eq!(delays(Backoff::Geometric, 0, 30)[0], 1);
    }
}
