//! Reproducible randomness: the bytes of a script.

/// The generator "xorshift64*" (Vigna, "An experimental exploration of Marsaglia's
/// xorshift generators, scrambled", 2016).
#[derive(Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    /// Starts the sequence of `seed`. Neighbouring seeds give unrelated sequences.
    pub(crate) fn new(seed: u64) -> Self {
        // Never zero, which xorshift would not leave.
        let mixed = (seed ^ 0x9E37_79B9_7F4A_7C15).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        Self((mixed ^ (mixed >> 31)) | 1)
    }

    fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// The next byte.
    pub(crate) fn byte(&mut self) -> u8 {
        self.number().to_be_bytes()[0]
    }
}
