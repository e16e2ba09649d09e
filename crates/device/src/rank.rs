//! Graph ranking of sentences: which of them the others agree with, and how alike two are.
//!
//! Sentences are nodes; the weight of an edge is the cosine of their weighted terms; a random
//! walk over the graph ranks them (`TextRank` with inverse-frequency weights, after `LexRank`).

/// The chance that the walk follows an edge instead of jumping anywhere.
const DAMPING: f32 = 0.85;

/// Below this similarity two sentences are not joined: chance overlaps of one common term.
const FAINT: f32 = 0.05;

/// How alike each two sentences are, from 0 to 1, for sentences given as sorted term ids.
pub(crate) struct Similarity {
    size: usize,
    /// The upper triangle without the diagonal would halve this; the square is simpler to walk
    /// and bounded by `MAX_GRAPH_SENTENCES`.
    cells: Vec<f32>,
}

impl Similarity {
    pub(crate) fn new(sentences: &[&[u32]], weights: &[f32]) -> Self {
        let size = sentences.len();
        let norms: Vec<f32> = sentences
            .iter()
            .map(|terms| terms.iter().map(|&t| weights[t as usize].powi(2)).sum::<f32>().sqrt())
            .collect();
        let mut cells = vec![0.0; size * size];
        for a in 0..size {
            for b in a + 1..size {
                let shared = shared_weight(sentences[a], sentences[b], weights);
                if shared > 0.0 {
                    let value = (shared / (norms[a] * norms[b])).min(1.0);
                    cells[a * size + b] = value;
                    cells[b * size + a] = value;
                }
            }
        }
        Self { size, cells }
    }

    pub(crate) fn between(&self, a: usize, b: usize) -> f32 {
        self.cells[a * self.size + b]
    }

    /// The rank of each sentence; the best has 1.
    pub(crate) fn ranks(&self) -> Vec<f32> {
        let size = self.size;
        #[expect(clippy::cast_precision_loss, reason = "at most MAX_GRAPH_SENTENCES")]
        let even = 1.0 / size.max(1) as f32;
        let row = |a: usize| {
            self.cells[a * size..(a + 1) * size].iter().map(|&w| if w < FAINT { 0.0 } else { w })
        };
        let out: Vec<f32> = (0..size).map(|a| row(a).sum()).collect();
        let mut ranks = vec![even; size];
        for _ in 0..60 {
            let lonely: f32 =
                ranks.iter().zip(&out).filter(|&(_, &o)| o == 0.0).map(|(&r, _)| r).sum();
            let mut next = vec![(1.0 - DAMPING) * even + DAMPING * lonely * even; size];
            for a in 0..size {
                if out[a] > 0.0 {
                    let share = DAMPING * ranks[a] / out[a];
                    for (target, weight) in next.iter_mut().zip(row(a)) {
                        *target += share * weight;
                    }
                }
            }
            let moved: f32 = next.iter().zip(&ranks).map(|(n, r)| (n - r).abs()).sum();
            ranks = next;
            if moved < 1e-5 {
                break;
            }
        }
        let best = ranks.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        for rank in &mut ranks {
            *rank /= best;
        }
        ranks
    }
}

fn shared_weight(a: &[u32], b: &[u32], weights: &[f32]) -> f32 {
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                sum += weights[a[i] as usize].powi(2);
                i += 1;
                j += 1;
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_what_the_others_share_highest() {
        let sentences: [&[u32]; 4] = [&[0, 1], &[0, 1, 2, 3], &[2, 3], &[9]];
        let similarity = Similarity::new(&sentences, &[1.0; 10]);
        let ranks = similarity.ranks();
        assert!((ranks[1] - 1.0).abs() < 1e-6, "{ranks:?}");
        assert!(ranks[3] < ranks[0], "{ranks:?}");
        assert!(similarity.between(0, 1) > 0.0);
        assert!(similarity.between(0, 3).abs() < 1e-6);
    }

    #[test]
    fn a_graph_without_edges_is_even() {
        let sentences: [&[u32]; 3] = [&[0], &[1], &[]];
        let ranks = Similarity::new(&sentences, &[1.0; 2]).ranks();
        assert!(ranks.iter().all(|r| (r - 1.0).abs() < 1e-5), "{ranks:?}");
        assert!(Similarity::new(&[], &[]).ranks().is_empty());
    }
}
