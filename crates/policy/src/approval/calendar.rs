//! Working days: statutory clocks run in them, and which days they are is data.
//!
//! A calendar says for whole years which days off there are besides the weekend, and on which days
//! off people work instead (调休). Of a year it does not have it says nothing: a deadline there is an
//! error, never a guess, since the State Council fixes each year's days only late in the year before.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, ToSpan as _};
use serde::Deserialize;
use thiserror::Error;

use crate::{PolicyError, Source, Text};

/// The working days of a country, read from a file of `catalog/calendars/`.
#[derive(Clone, Debug)]
pub struct Calendar {
    id: String,
    years: BTreeMap<i16, Year>,
}

#[derive(Clone, Debug)]
struct Year {
    off: BTreeSet<Date>,
    worked: BTreeSet<Date>,
    source: Source,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCalendar {
    id: String,
    year: Vec<RawYear>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawYear {
    year: i16,
    holiday: Vec<RawHoliday>,
    source: Source,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHoliday {
    name: Text,
    from: Date,
    until: Date,
    #[serde(default)]
    worked: Vec<Date>,
}

/// A day lies in a year that the calendar does not have.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "calendar `{calendar}` ends before {date}: add the year to catalog/calendars when its days are published"
)]
pub struct BeyondCalendar {
    /// The calendar.
    pub calendar: String,
    /// The day.
    pub date: Date,
}

impl Calendar {
    /// Reads a calendar file.
    ///
    /// # Errors
    /// [`PolicyError::Calendar`], saying what to change: years given twice or not in their order,
    /// holidays outside their year or that end before they begin, days worked that are no days off.
    pub fn parse(source: &str) -> Result<Self, PolicyError> {
        let raw: RawCalendar =
            toml::from_str(source).map_err(|error| PolicyError::Calendar(error.to_string()))?;
        let wrong = |problem: String| Err(PolicyError::Calendar(problem));
        let mut years: BTreeMap<i16, Year> = BTreeMap::new();
        for RawYear { year, holiday, source } in raw.year {
            if let Some(problem) = source.problem() {
                return wrong(format!("{year}: {problem}"));
            }
            if years.last_key_value().is_some_and(|(last, _)| *last + 1 != year) {
                return wrong(format!("{year}: the years must follow each other without a gap"));
            }
            let (mut off, mut worked) = (BTreeSet::new(), BTreeSet::new());
            for RawHoliday { name, from, until, worked: instead } in holiday {
                if from > until || from.year() != year || until.year() != year {
                    return wrong(format!("{year}: `{}` does not lie in its year", name.en));
                }
                off.extend(from.series(1.day()).take_while(|day| *day <= until));
                worked.extend(instead);
            }
            if let Some(day) = worked.iter().find(|day| !is_weekend(**day) || off.contains(day)) {
                return wrong(format!("{day} is given as worked and is no day off"));
            }
            if let Some(day) = worked.iter().find(|day| day.year() != year) {
                return wrong(format!("{day} stands under {year}"));
            }
            years.insert(year, Year { off, worked, source });
        }
        if years.is_empty() {
            return wrong("it has no year".into());
        }
        Ok(Self { id: raw.id, years })
    }

    /// Its name: `cn`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The years it has, each with where its days are published.
    pub fn years(&self) -> impl ExactSizeIterator<Item = (i16, &Source)> {
        self.years.iter().map(|(year, days)| (*year, &days.source))
    }

    /// Whether people work on this day.
    ///
    /// # Errors
    /// [`BeyondCalendar`] if the day's year is not here.
    pub fn is_working_day(&self, day: Date) -> Result<bool, BeyondCalendar> {
        let Some(year) = self.years.get(&day.year()) else {
            return Err(BeyondCalendar { calendar: self.id.clone(), date: day });
        };
        Ok(year.worked.contains(&day) || !(year.off.contains(&day) || is_weekend(day)))
    }

    /// How many working days lie after `from` and not after `until`; none if `until` is not later.
    ///
    /// # Errors
    /// [`BeyondCalendar`] if one of the days between is not here.
    pub fn working_days(&self, from: Date, until: Date) -> Result<u32, BeyondCalendar> {
        let mut days = 0;
        let mut day = from;
        while day < until {
            day = next(&self.id, day)?;
            days += u32::from(self.is_working_day(day)?);
        }
        Ok(days)
    }
}

/// The last day of a clock of so many working days. The day it begins does not count (Civil Code
/// (民法典) Art. 201); with no working days at all it is that day.
///
/// # Errors
/// [`BeyondCalendar`] if the deadline, or a day on the way to it, is not in the calendar.
pub fn deadline(
    from: Date,
    working_days: u16,
    calendar: &Calendar,
) -> Result<Date, BeyondCalendar> {
    let mut day = from;
    let mut left = working_days;
    calendar.is_working_day(day)?;
    while left > 0 {
        day = next(&calendar.id, day)?;
        left -= u16::from(calendar.is_working_day(day)?);
    }
    Ok(day)
}

fn next(calendar: &str, day: Date) -> Result<Date, BeyondCalendar> {
    day.checked_add(SignedDuration::from_hours(24))
        .map_err(|_| BeyondCalendar { calendar: calendar.to_owned(), date: day })
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}
