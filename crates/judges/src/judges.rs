//! All judges, and those of them that judge one request.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use yumen_partners::tls;
use yumen_policy::{Clearance, Digest, Market, MarketId};

use crate::charter::Charter;
use crate::config::{Appointment, Direction, JudgeConfig, OnFailure, When};
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
    /// The market it was asked for.
    pub market: &'a MarketId,
    /// `safe`, `controversial`, `unsafe`, `remembered` (of pictures), or why there is no verdict.
    pub outcome: &'static str,
    /// Why there is no verdict, where there is none.
    pub failure: Option<Failure>,
    /// How often in a row it failed by now.
    pub in_a_row: u32,
    /// What it cost.
    pub cost: f64,
    /// How long it took.
    pub took: Duration,
}

/// How a judge stands.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct JudgeStanding<'a> {
    /// The judge.
    pub judge: &'a str,
    /// Whether it failed repeatedly and is left alone.
    pub resting: bool,
    /// How often in a row it failed.
    pub in_a_row: u32,
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

    /// The charter of each market where any of them judges: what a release of it has to name.
    pub fn charters(&self, markets: &[Market]) -> BTreeMap<MarketId, Digest> {
        let charter = |market| Charter::of(self.judges.iter().map(|judge| &judge.config), market);
        let charters = markets.iter().filter_map(|market| Some((market.id(), charter(market)?)));
        charters.map(|(market, charter)| (market.clone(), charter.digest())).collect()
    }

    /// How each of them stands.
    pub fn standings(&self) -> impl Iterator<Item = JudgeStanding<'_>> {
        self.judges.iter().map(|judge| {
            let (resting, in_a_row) = judge.standing();
            JudgeStanding { judge: &judge.config.id, resting, in_a_row }
        })
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
            if !judges(config) {
                continue;
            }
            match config.appointed(market, clearance.residency()) {
                Appointment::Within => within.push(at),
                Appointment::Outside => outside.push(at),
                Appointment::None => {}
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
            ruling.add(self.not_asked(*at, Failure::OutOfMarket));
        }
        ruling
    }

    /// What follows where they cannot be asked, because the text may not be sent to them.
    pub fn unjudged(&self) -> Ruling {
        let mut ruling = Ruling::default();
        for at in self.within.iter().chain(&self.outside) {
            ruling.add(self.not_asked(*at, Failure::Forbidden));
        }
        ruling
    }

    fn not_asked(&self, at: usize, failure: Failure) -> Ruling {
        let judge = &self.judges.judges[at];
        self.tell(judge, failure.as_str(), Some(failure), 0.0, Duration::ZERO);
        Ruling::of_failure(&judge.config, &self.market, self.direction, failure)
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
        let outcome = match &verdict {
            Ok(_) if calls == 0 => "remembered",
            Ok(verdict) => verdict.level.as_str(),
            Err(failure) => failure.as_str(),
        };
        self.tell(judge, outcome, verdict.as_ref().err().copied(), cost, began.elapsed());
        match verdict {
            Ok(verdict) => Ruling::of(config, &self.market, self.direction, &verdict),
            Err(failure) => Ruling::of_failure(config, &self.market, self.direction, failure),
        }
    }

    fn tell(
        &self,
        judge: &Judge,
        outcome: &'static str,
        failure: Option<Failure>,
        cost: f64,
        took: Duration,
    ) {
        let in_a_row = judge.ended(failure);
        let (judge, market) = (&judge.config.id, &self.market);
        (self.judges.observe)(Asked { judge, market, outcome, failure, in_a_row, cost, took });
    }
}
