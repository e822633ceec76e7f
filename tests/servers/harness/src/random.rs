//! Numbers that look as if they were drawn by lot.

/// A small generator (xorshift), so that a run can be had again by its seed.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Other seeds, other numbers.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        // Never 0, and spread: neighbours would begin alike.
        Self((seed ^ 0x9E37_79B9_7F4A_7C15).wrapping_mul(0xBF58_476D_1CE4_E5B9) | 1)
    }

    /// A number below `end`, which is not 0.
    ///
    /// # Panics
    ///
    /// If it is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % end
    }
}
