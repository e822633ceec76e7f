//! "Did you mean": the known word closest to a mistyped one.

/// The most similar of `known`, if it is similar at all.
pub(crate) fn closest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, closest) =
        known.map(|candidate| (distance(word, candidate), candidate)).min()?;
    // A third of the letters wrong is still a slip; more is another word.
    (distance <= (word.chars().count().max(3)) / 3).then_some(closest)
}

/// The Damerau-Levenshtein distance in its restricted form ("optimal string alignment"):
/// how many letters to add, drop, replace, or swap with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().collect();
    let to: Vec<char> = to.chars().collect();
    let mut rows = vec![vec![0; to.len() + 1]; from.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=from.len() {
        for j in 1..=to.len() {
            let replaced = usize::from(from[i - 1] != to[j - 1]);
            let mut best =
                (rows[i - 1][j - 1] + replaced).min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::{closest, distance};

    #[test]
    fn swapped_neighbours_are_one_slip() {
        assert_eq!(distance("skpi", "skip"), 1);
        assert_eq!(distance("", "skip"), 4);
        assert_eq!(distance("skip", "skip"), 0);
    }

    #[test]
    fn a_slip_finds_its_word_and_nonsense_finds_none() {
        let known = ["skip", "with", "zeroize"];
        assert_eq!(closest("zeroise", known.into_iter()), Some("zeroize"));
        assert_eq!(closest("skp", known.into_iter()), Some("skip"));
        assert_eq!(closest("banana", known.into_iter()), None);
    }
}
