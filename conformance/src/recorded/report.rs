//! What a run found out.

use serde::Serialize;
use serde_json::Value;

use super::compare::Texts;

/// The results of all selected exchanges, in file order.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    pub exchanges: Vec<ExchangeReport>,
}

/// The result of one exchange.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExchangeReport {
    pub id: String,
    pub group: String,
    pub profile: String,
    pub scenario: String,
    /// The kind as the vectors name it, such as `http`.
    pub kind: &'static str,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// How one exchange ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The answer counts as equal.
    Passed {
        /// Which alternative it equals, counted from 0; absent for the recorded answer itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        alternative: Option<usize>,
        /// The error texts, which need not be equal.
        texts: Texts,
    },
    /// The answer differs, or none came.
    Failed {
        /// One sentence with the first difference.
        reason: String,
        /// The recorded answer.
        expected: Value,
        /// The answer that came; `null` if none did.
        got: Value,
    },
    /// The request could not be sent.
    NotPlayed {
        /// What it lacks.
        reason: String,
    },
}

/// Counts over some exchanges.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    pub passed: usize,
    pub failed: usize,
    pub not_played: usize,
    /// Error texts compared in exchanges that passed.
    pub texts: usize,
    /// Those of them that are equal.
    pub texts_equal: usize,
}

impl Report {
    /// Counts over everything played.
    pub fn totals(&self) -> Totals {
        self.exchanges.iter().fold(Totals::default(), Totals::add)
    }

    /// Counts per group, in order of first appearance.
    pub fn groups(&self) -> Vec<(&str, Totals)> {
        let mut groups: Vec<(&str, Totals)> = Vec::new();
        for exchange in &self.exchanges {
            match groups.iter_mut().find(|(name, _)| *name == exchange.group) {
                Some((_, totals)) => *totals = totals.add(exchange),
                None => groups.push((&exchange.group, Totals::default().add(exchange))),
            }
        }
        groups
    }

    /// Whether at least one exchange was played and every one passed.
    pub fn is_success(&self) -> bool {
        let totals = self.totals();
        totals.passed > 0 && totals.failed == 0 && totals.not_played == 0
    }

    /// The ids of the exchanges that passed.
    pub fn passed(&self) -> impl Iterator<Item = &str> {
        let passed =
            |exchange: &&ExchangeReport| matches!(exchange.outcome, Outcome::Passed { .. });
        self.exchanges.iter().filter(passed).map(|exchange| exchange.id.as_str())
    }

    /// Exchanges among the expected ids that were selected and did not pass.
    pub fn regressions<'a>(&'a self, expected: &[String]) -> Vec<&'a ExchangeReport> {
        let is_regression = |exchange: &&ExchangeReport| {
            !matches!(exchange.outcome, Outcome::Passed { .. }) && expected.contains(&exchange.id)
        };
        self.exchanges.iter().filter(is_regression).collect()
    }
}

impl Totals {
    fn add(self, exchange: &ExchangeReport) -> Self {
        let mut totals = self;
        match &exchange.outcome {
            Outcome::Passed { texts, .. } => {
                totals.passed += 1;
                totals.texts += texts.compared;
                totals.texts_equal += texts.compared - texts.different.len();
            }
            Outcome::Failed { .. } => totals.failed += 1,
            Outcome::NotPlayed { .. } => totals.not_played += 1,
        }
        totals
    }

    /// The share of equal error texts in percent; `None` without any.
    pub fn texts_percent(&self) -> Option<f64> {
        let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        (self.texts > 0).then(|| 100.0 * count(self.texts_equal) / count(self.texts))
    }
}
