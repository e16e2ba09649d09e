//! All judges, and those of them that judge one request.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use yumen_partners::tls;
use yumen_policy::{Clearance, MarketId};

use crate::config::{Direction, JudgeConfig, OnFailure, When};
use crate::judge::{Failure, Judge, JudgesError};
use crate::ruling::Ruling;
use crate::shape::Picture;

/// A text to be judged.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// Who wrote it.
    pub direction: Direction,
    /// The text, screened.
    pub text: &'q str,
    /// What was asked, where an answer is judged.
    pub asked: Option<&'q str>,
}

/// One question to one judge, over.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Asked<'a> {
    /// The judge.
    pub judge: &'a str,
    /// `safe`, `controversial`, `unsafe`, or why there is no verdict.
    pub outcome: &'static str,
    /// What it cost.
    pub cost: f64,
    /// How long it took.
    pub took: Duration,
}

/// Is told of every question.
pub type Observe = Box<dyn Fn(Asked<'_>) + Send + Sync>;

/// The operator's judges.
pub struct Judges {
    judges: Vec<Judge>,
    observe: Observe,
}

impl Judges {
    /// Sets them up; reads their keys, and asks nothing yet. Nobody is told of questions until [`Judges::observed`].
    ///
    /// # Errors
    /// [`JudgesError`] names the judge and what to change.
    pub fn new(configs: Vec<JudgeConfig>) -> Result<Self, JudgesError> {
        let tls = tls().map_err(|error| JudgesError::Tls(error.to_string()))?;
        for (at, config) in configs.iter().enumerate() {
            if configs[..at].iter().any(|known| known.id == config.id) {
                return Err(JudgesError::Twice(config.id.clone()));
            }
        }
        let judges = configs.into_iter().map(|config| Judge::new(config, &tls));
        Ok(Self { judges: judges.collect::<Result<_, _>>()?, observe: Box::new(|_| {}) })
    }

    /// The same, with somebody who is told of every question.
    #[must_use]
    pub fn observed(self, observe: Observe) -> Self {
        Self { observe, ..self }
    }

    /// Those who judge what passes in a direction under a clearance; `None` when there are none.
    pub fn choose(self: &Arc<Self>, clearance: &Clearance, direction: Direction) -> Option<Chosen> {
        self.chosen(clearance, direction, |config| config.directions.contains(&direction))
    }

    /// Those who judge the pictures a person sends under a clearance; `None` when there are none.
    pub fn choose_for_pictures(self: &Arc<Self>, clearance: &Clearance) -> Option<Chosen> {
        self.chosen(clearance, Direction::Input, |config| config.pictures)
    }

    fn chosen(
        self: &Arc<Self>,
        clearance: &Clearance,
        direction: Direction,
        judges: impl Fn(&JudgeConfig) -> bool,
    ) -> Option<Chosen> {
        let market = clearance.market();
        let mut within = Vec::new();
        let mut outside = Vec::new();
        for (at, Judge { config, .. }) in self.judges.iter().enumerate() {
            let named = config.markets.contains(market);
            if !judges(config) || !(named || config.markets.is_empty()) {
                continue;
            }
            let may_process = clearance
                .residency()
                .is_none_or(|residency| residency.processing().contains(&config.region));
            match (may_process, named) {
                (true, _) => within.push(at),
                // Appointed for this market, and may not be asked: that is a failure.
                (false, true) => outside.push(at),
                (false, false) => {}
            }
        }
        (!within.is_empty() || !outside.is_empty()).then(|| Chosen {
            judges: Arc::clone(self),
            within,
            outside,
            market: market.clone(),
            direction,
        })
    }
}

impl fmt::Debug for Judges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.judges.iter().map(|judge| &judge.config.id)).finish()
    }
}

/// What a ruling is about.
#[derive(Clone, Copy)]
enum Matter<'m> {
    Text(Question<'m>),
    Pictures(&'m [Picture<'m>]),
}

/// The judges of one direction of one request.
#[derive(Clone, Debug)]
pub struct Chosen {
    judges: Arc<Judges>,
    within: Vec<usize>,
    /// Those that were appointed for the market and lie outside it; they are never asked.
    outside: Vec<usize>,
    market: MarketId,
    direction: Direction,
}

impl Chosen {
    fn configs(&self) -> impl Iterator<Item = &JudgeConfig> {
        self.within.iter().chain(&self.outside).map(|at| &self.judges.judges[*at].config)
    }

    /// When the ruling must be there: before, as soon as one of them says so.
    pub fn when(&self) -> When {
        if self.configs().any(|config| config.when == When::Before) {
            When::Before
        } else {
            When::Beside
        }
    }

    /// Whether nothing may be shown without their ruling: a failure of one of them closes here.
    pub fn demanded(&self) -> bool {
        self.configs().any(|config| config.failing(&self.market) == OnFailure::Closed)
    }

    /// The fewest and the most characters of a window of an answer, and how many of the window before are judged with it.
    pub fn window(&self) -> (usize, usize, usize) {
        let least = self.configs().map(|config| config.min_chars).max().unwrap_or(1);
        let most = self.configs().map(|config| config.max_chars).min().unwrap_or(usize::MAX);
        let overlap = self.configs().map(|config| config.overlap_chars).max().unwrap_or(0);
        (least.min(most), most, overlap.min(most / 2))
    }

    /// Asks all of them about a text, at the same time.
    pub async fn judge(&self, text: &str, asked: Option<&str>) -> Ruling {
        self.rule(Matter::Text(Question { direction: self.direction, text, asked })).await
    }

    /// Asks all of them about each of these pictures, at the same time.
    pub async fn look(&self, pictures: &[Picture<'_>]) -> Ruling {
        self.rule(Matter::Pictures(pictures)).await
    }

    async fn rule(&self, matter: Matter<'_>) -> Ruling {
        let each = self.within.iter().map(|at| self.ask(&self.judges.judges[*at], matter));
        let mut ruling = Ruling::default();
        for one in join_all(each).await {
            ruling.add(one);
        }
        for at in &self.outside {
            let config = &self.judges.judges[*at].config;
            self.tell(config, Failure::OutOfMarket.as_str(), 0.0, Duration::ZERO);
            let failure = Failure::OutOfMarket;
            ruling.add(Ruling::of_failure(config, &self.market, self.direction, failure));
        }
        ruling
    }

    /// What follows where they cannot be asked, because the text may not be sent to them.
    pub fn unjudged(&self) -> Ruling {
        let mut ruling = Ruling::default();
        for config in self.configs() {
            self.tell(config, Failure::Forbidden.as_str(), 0.0, Duration::ZERO);
            let failure = Failure::Forbidden;
            ruling.add(Ruling::of_failure(config, &self.market, self.direction, failure));
        }
        ruling
    }

    async fn ask(&self, judge: &Judge, matter: Matter<'_>) -> Ruling {
        let began = Instant::now();
        let (verdict, calls) = match matter {
            Matter::Text(question) => judge.ask(question).await,
            Matter::Pictures(pictures) => judge.look(pictures).await,
        };
        let config = &judge.config;
        #[expect(clippy::cast_precision_loss, reason = "at most 64 calls")]
        let cost = config.cost_per_call * calls as f64;
        let outcome =
            verdict.as_ref().map_or_else(|failure| failure.as_str(), |v| v.level.as_str());
        self.tell(config, outcome, cost, began.elapsed());
        match verdict {
            Ok(verdict) => Ruling::of(config, &self.market, self.direction, &verdict),
            Err(failure) => Ruling::of_failure(config, &self.market, self.direction, failure),
        }
    }

    fn tell(&self, config: &JudgeConfig, outcome: &'static str, cost: f64, took: Duration) {
        (self.judges.observe)(Asked { judge: &config.id, outcome, cost, took });
    }
}
