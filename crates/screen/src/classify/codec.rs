//! A model as bytes: what a pack carries.
//!
//! ```text
//! "yumen-model 1\n"
//! order: u8   labels: u8   log2 of the number of groups: u8
//! each label: length of its name: u8, name in UTF-8, step, bias, slope, shift, threshold: f32
//! each two groups: one byte, which of their 4 + 4 slots are full, the first slot the lowest bit
//! each full slot: check: u16, one weight for each label: i8
//! ```
//!
//! Numbers are little-endian. Nothing follows.

use crate::error::ScreenError;

use super::calibrate::Platt;
use super::grams::MOST_ORDER;
use super::model::{Label, Model};
use super::table::{GROUP, MOST_SLOTS, Table};
use super::train::MOST_LABELS;

const MAGIC: &[u8] = b"yumen-model 1\n";
/// The most slots times labels, one byte each.
const MOST_WEIGHTS: usize = 1 << 24;

/// The most memory that reading a model takes, in bytes, whatever the bytes say.
pub const MOST_BYTES: usize = MOST_WEIGHTS + 2 * MOST_SLOTS + MOST_LABELS * 1024;

impl Model {
    /// The model as bytes; the same model gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        let groups = self.table.groups();
        #[expect(clippy::cast_possible_truncation, reason = "at most 64 labels and 2^20 groups")]
        out.extend([self.order, self.labels.len() as u8, groups.len().ilog2() as u8]);
        for label in &self.labels {
            // Training and reading refuse longer names.
            out.push(u8::try_from(label.name.len()).unwrap_or(u8::MAX));
            out.extend(label.name.as_bytes());
            let Label { step, bias, platt: Platt { slope, shift }, threshold, .. } = label;
            for number in [step, bias, slope, shift, threshold] {
                out.extend(number.to_le_bytes());
            }
        }
        for pair in groups.chunks(2) {
            let slots = pair.iter().flatten();
            out.push(slots.rev().fold(0, |full, check| full << 1 | u8::from(*check != 0)));
        }
        for (group, checks) in groups.iter().enumerate() {
            for (slot, check) in checks.iter().enumerate().filter(|(_, check)| **check != 0) {
                out.extend(check.to_le_bytes());
                out.extend(
                    self.table.weights_of(group, slot).iter().map(|weight| weight.cast_unsigned()),
                );
            }
        }
        out
    }

    /// Reads what [`Model::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`ScreenError::Model`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ScreenError> {
        Reader(bytes).model().map_err(|reason| ScreenError::Model(reason.to_owned()))
    }
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn model(&mut self) -> Result<Model, &'static str> {
        if self.take(MAGIC.len())? != MAGIC {
            return Err("it does not begin as a model does");
        }
        let &[order, labels, groups] = self.array::<3>()?;
        if order == 0 || usize::from(order) > MOST_ORDER {
            return Err("its runs of characters are of no possible length");
        }
        let label_count = usize::from(labels);
        if label_count == 0 || label_count > MOST_LABELS {
            return Err("it has no labels or too many");
        }
        let groups =
            1_usize.checked_shl(groups.into()).filter(|groups| *groups <= MOST_SLOTS / GROUP);
        let groups = groups.ok_or("its table is too large")?;
        if groups * GROUP * label_count > MOST_WEIGHTS {
            return Err("its table is too large");
        }
        let labels = (0..label_count).map(|_| self.label()).collect::<Result<Vec<_>, _>>()?;
        let distinct = |at: usize| labels[..at].iter().all(|label| label.name != labels[at].name);
        if !(0..label_count).all(distinct) {
            return Err("two of its labels have the same name");
        }
        let full = self.take(groups.div_ceil(2))?;
        let slots: usize = full.iter().map(|full| full.count_ones() as usize).sum();
        if self.0.len() != slots * (2 + label_count) {
            return Err("its length is not what its table needs");
        }
        let mut table = Table::new(groups, label_count);
        let mut weights = vec![0_i8; label_count];
        for (pair, full) in full.iter().enumerate() {
            for bit in (0..2 * GROUP).filter(|bit| full >> bit & 1 == 1) {
                let check = u16::from_le_bytes(*self.array()?);
                let group = 2 * pair + bit / GROUP;
                if check == 0 || group >= groups || table.groups()[group].contains(&check) {
                    return Err("its table has an impossible slot");
                }
                for (weight, byte) in weights.iter_mut().zip(self.take(label_count)?) {
                    *weight = byte.cast_signed();
                }
                table.put(group, bit % GROUP, check, &weights);
            }
        }
        Ok(Model { order, labels, table })
    }

    fn label(&mut self) -> Result<Label, &'static str> {
        let &[length] = self.array()?;
        let name = self.take(length.into())?;
        let name = std::str::from_utf8(name).map_err(|_| "a label is not UTF-8")?.to_owned();
        if name.is_empty() {
            return Err("a label has no name");
        }
        let mut number = || {
            let number = f32::from_le_bytes(*self.array()?);
            if number.is_finite() { Ok(number) } else { Err("a number in it is none") }
        };
        let (step, bias) = (number()?, number()?);
        let platt = Platt { slope: number()?, shift: number()? };
        Ok(Label { name, step, bias, platt, threshold: number()? })
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], &'static str> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or("it is cut short")?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<&'b [u8; N], &'static str> {
        let (taken, rest) = self.0.split_first_chunk().ok_or("it is cut short")?;
        self.0 = rest;
        Ok(taken)
    }
}
