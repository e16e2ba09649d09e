//! What intact entries say: their kinds, which of them allow what was pruned, and which legal holds hold.

use std::{collections::BTreeMap, path::Path};

use yumen_verify::{Entry, HoldAt, Pruned};

use super::report::{Problem, Report};
use crate::{
    LedgerError, files,
    hold::{self, Hold},
    prune::{Plan, PrunedSet},
};

#[derive(Default)]
pub(super) struct Judge {
    /// By the entry that says so: what was pruned, and the first of it.
    pruned: BTreeMap<u64, (u64, PrunedSet)>,
    /// By its index: how many entries a deletion names, and their digest.
    deletions: BTreeMap<u64, (u64, String)>,
    holds: Vec<Hold>,
}

impl Judge {
    /// Takes in what is stored of one entry.
    pub(super) fn entry(&mut self, file: &str, index: u64, stored: &[u8], report: &mut Report) {
        let not_canonical = |why: String| Problem::NotCanonical { file: file.into(), index, why };
        match Pruned::read(stored) {
            Ok(None) => {}
            Ok(Some(Pruned { deletion, leaf })) => {
                report.pruned += 1;
                self.pruned
                    .entry(deletion)
                    .or_insert((index, PrunedSet::default()))
                    .1
                    .add(index, leaf);
                return;
            }
            Err(error) => return report.add(not_canonical(error.to_string())),
        }
        let entry = str::from_utf8(stored)
            .map_err(|error| error.to_string())
            .and_then(|json| Entry::parse(json).map_err(|error| error.to_string()));
        let entry = match entry {
            Ok(entry) => entry,
            Err(why) => return report.add(not_canonical(why)),
        };
        match report.kinds.get_mut(entry.kind()) {
            Some(count) => *count += 1,
            None => {
                report.kinds.insert(entry.kind().into(), 1);
            }
        }
        match &entry {
            Entry::Deletion(deletion) if deletion.what == "ledger_entries" => {
                self.deletions
                    .insert(index, (deletion.count, deletion.digest.clone().into_owned()));
            }
            Entry::Hold(step) => match step.at {
                HoldAt::Placed if self.holds.iter().all(|hold| hold.id != step.id) => {
                    self.holds.push(Hold::of(step));
                }
                HoldAt::Placed => {}
                HoldAt::Released => self.holds.retain(|hold| hold.id != step.id),
            },
            _ => {}
        }
    }

    /// Compares what is gone with what the log says may be gone, and the list of legal holds with the record.
    pub(super) fn finish(self, dir: &Path, report: &mut Report) -> Result<(), LedgerError> {
        let plan = match Plan::read(dir) {
            Ok(plan) => plan,
            Err(error @ LedgerError::Io { .. }) => return Err(error),
            Err(error) => {
                report.add(Problem::Beside { file: files::PRUNING, why: error.to_string() });
                None
            }
        };
        for (deletion, (index, set)) in self.pruned {
            let Some((count, digest)) = self.deletions.get(&deletion) else {
                let why = format!("entry {deletion} records no deletion of entries");
                report.add(Problem::Pruned { index, why });
                continue;
            };
            let unfinished = plan.as_ref().is_some_and(|plan| plan.deletion() == deletion);
            if set.count < *count && unfinished {
                report.pruning += count - set.count;
            } else if set.count != *count || set.digest() != *digest {
                let why = format!("entry {deletion} records the deletion of others");
                report.add(Problem::Pruned { index, why });
            }
        }
        report.holds = self.holds.len() as u64;
        let listed = files::read_text(&dir.join(files::HOLDS))?.unwrap_or_default();
        let is_empty = self.holds.is_empty() && listed.is_empty();
        if !is_empty && listed != hold::bytes(&self.holds) {
            let why = "it is not what the recorded holds come to".into();
            report.add(Problem::Beside { file: files::HOLDS, why });
        }
        Ok(())
    }
}
