//! What is played: steps, decoded from bytes of any origin.
//!
//! # Invariants
//!
//! 1. Any bytes are a script, and the same bytes the same one.
//! 2. A step says what to do in bare numbers. Which guard or pool a number means is up to
//!    the thread that takes the step: it takes them modulo what there is.

use crate::act::Act;
use crate::rng::Rng;

/// The most threads at a time.
pub(crate) const THREADS: usize = 4;
/// The most steps of a script.
const STEPS: usize = 400;

/// A script.
#[derive(Clone, Debug)]
pub struct Script {
    /// Where it came from, for a message that nobody else can give.
    pub(crate) origin: String,
    /// How many threads there are at a time.
    pub(crate) threads: usize,
    /// Whether one thread at a time takes a step, in the order of the script. Otherwise
    /// all run at once, each in its own order.
    pub(crate) lock_step: bool,
    /// How often free running threads play the script: they are fast, and meet seldom.
    pub(crate) laps: usize,
    pub(crate) steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) thread: usize,
    pub(crate) deed: Deed,
}

/// When a plan is carried out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Occasion {
    Validate,
    Reset,
    Death,
}

/// What a thread does. `hand` is one of its guards, `house` a pool.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    Get {
        house: u8,
        count: u8,
        owned: bool,
    },
    TryGet {
        house: u8,
    },
    /// Gets, uses and returns, several times.
    Cycle {
        house: u8,
        times: u8,
        heap: usize,
    },
    /// Has a short-lived thread do the same, when threads run free: one that ends while
    /// others begin.
    Errand {
        house: u8,
        times: u8,
    },
    Attach {
        house: u8,
        owned: bool,
    },
    Use {
        hand: u8,
        heap: usize,
    },
    Plan {
        hand: u8,
        occasion: Occasion,
        act: Act,
    },
    PlanCreate {
        house: u8,
        act: Act,
    },
    Drop {
        hand: u8,
    },
    DropAll {
        newest_first: bool,
    },
    Unwind {
        hands: u8,
    },
    Send {
        hand: u8,
        to: usize,
    },
    IntoInner {
        hand: u8,
    },
    Discard {
        hand: u8,
    },
    Leak {
        hand: u8,
    },
    Forget {
        hand: u8,
    },
    Swap {
        hand: u8,
        other: u8,
    },
    KeepForTheEnd {
        hand: u8,
    },
    Flush {
        house: u8,
    },
    Prewarm {
        house: u8,
        count: usize,
    },
    Trim {
        house: u8,
        times: u8,
    },
    Clear {
        house: u8,
    },
    SetMaxIdle {
        house: u8,
        count: usize,
    },
    TrimAll,
    Maintain,
    Survey,
    Build(Plot),
    Close {
        house: u8,
    },
    End {
        keeps_hands: bool,
    },
}

/// A pool to be built, in numbers; see `Order`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plot {
    pub(crate) house: u8,
    pub(crate) big: bool,
    pub(crate) validate: bool,
    pub(crate) cache: Option<usize>,
    pub(crate) max_idle: Option<usize>,
    pub(crate) max_object_bytes: Option<usize>,
    pub(crate) max_bytes: Option<usize>,
}

impl Script {
    /// Decodes a script.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Self {
        let mut reader = Reader { bytes: bytes.iter(), focus: [0, 1, 2] };
        let head = reader.byte().unwrap_or(0);
        let threads = usize::from(head) % THREADS + 1;
        let lock_step = head & 0x80 == 0;
        let laps = usize::from(head >> 4 & 0b111) + 1;
        for index in 0..reader.focus.len() {
            reader.focus[index] = reader.byte().unwrap_or(0);
        }
        let mut steps = Vec::new();
        while steps.len() < STEPS {
            let Some(step) = reader.step(threads) else { break };
            steps.push(step);
        }
        Self { origin: format!("{} bytes", bytes.len()), threads, lock_step, laps, steps }
    }

    /// The script of a seed.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let length = 64 + usize::from(rng.byte()) * 4;
        let bytes: Vec<u8> = (0..length).map(|_| rng.byte()).collect();
        Self { origin: format!("seed {seed}"), ..Self::decode(&bytes) }
    }

    /// Plays with so many threads, at most as many as the player has.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads.clamp(1, THREADS);
        for step in &mut self.steps {
            step.thread %= self.threads;
        }
        self
    }

    /// Plays all threads at once, or one step at a time.
    #[must_use]
    pub fn in_lock_step(mut self, lock_step: bool) -> Self {
        self.lock_step = lock_step;
        self
    }

    /// The steps up to the one where a law was broken, for a person to read.
    #[must_use]
    pub fn until(&self, step: Option<usize>) -> String {
        let end = step.map_or(self.steps.len(), |step| step + 1);
        let steps = self.steps.iter().take(end).enumerate();
        steps
            .map(|(index, Step { thread, deed })| format!("{index}: {thread} {deed:?}\n"))
            .collect()
    }
}

/// The bytes that are left.
struct Reader<'a> {
    bytes: core::slice::Iter<'a, u8>,
    focus: [u8; 3],
}

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        self.bytes.next().copied()
    }

    fn number(&mut self) -> Option<usize> {
        self.byte().map(usize::from)
    }

    fn step(&mut self, threads: usize) -> Option<Step> {
        let thread = self.number()? % threads;
        Some(Step { thread, deed: self.deed()? })
    }

    fn deed(&mut self) -> Option<Deed> {
        Some(match self.byte()? {
            0..36 => Deed::Get { house: self.house()?, count: 1, owned: self.flag()? },
            36..58 => {
                let (house, times) = (self.house()?, self.byte()? % 8 + 1);
                Deed::Cycle { house, times, heap: self.heap()? }
            }
            58..64 => {
                let count = self.byte()? % 30 + 1;
                Deed::Get { house: self.house()?, count, owned: self.flag()? }
            }
            64..70 => Deed::TryGet { house: self.house()? },
            70..77 => Deed::Attach { house: self.house()?, owned: self.flag()? },
            77..92 => Deed::Use { hand: self.byte()?, heap: self.heap()? },
            92..120 => {
                let occasion = match self.byte()? % 3 {
                    0 => Occasion::Validate,
                    1 => Occasion::Reset,
                    _ => Occasion::Death,
                };
                Deed::Plan { hand: self.byte()?, occasion, act: self.act()? }
            }
            120..125 => Deed::PlanCreate { house: self.house()?, act: self.act()? },
            125..166 => Deed::Drop { hand: self.byte()? },
            166..182 => Deed::DropAll { newest_first: self.flag()? },
            182..186 => Deed::Unwind { hands: self.byte()? % 4 },
            186..195 => Deed::Send { hand: self.byte()?, to: self.number()? },
            195..200 => Deed::IntoInner { hand: self.byte()? },
            200..205 => Deed::Discard { hand: self.byte()? },
            205..207 => Deed::Leak { hand: self.byte()? },
            207..209 => Deed::Forget { hand: self.byte()? },
            209..213 => Deed::Swap { hand: self.byte()?, other: self.byte()? },
            213..216 => Deed::KeepForTheEnd { hand: self.byte()? },
            216..221 => Deed::Flush { house: self.house()? },
            221..225 => Deed::Prewarm { house: self.house()?, count: self.number()? % 40 },
            225..230 => Deed::Trim { house: self.house()?, times: self.byte()? % 3 + 1 },
            230..233 => Deed::Clear { house: self.house()? },
            233..236 => Deed::SetMaxIdle { house: self.house()?, count: self.number()? % 20 },
            236 => Deed::TrimAll,
            237..239 => Deed::Maintain,
            239 => Deed::Survey,
            240..245 => Deed::Build(self.plot()?),
            245..249 => Deed::Close { house: self.house()? },
            249..252 => Deed::Errand { house: self.house()?, times: self.byte()? % 8 + 1 },
            _ => Deed::End { keeps_hands: self.flag()? },
        })
    }

    /// A pool: mostly one of the few that the script is about.
    fn house(&mut self) -> Option<u8> {
        let byte = self.byte()?;
        Some(if byte < 80 { byte } else { self.focus[usize::from(byte) % self.focus.len()] })
    }

    fn flag(&mut self) -> Option<bool> {
        self.byte().map(|byte| byte & 1 == 1)
    }

    fn act(&mut self) -> Option<Act> {
        Some(match self.byte()? % 3 {
            0 => Act::Refuse,
            1 => Act::Panic,
            _ => Act::Reenter,
        })
    }

    /// Bytes on the heap: mostly few, now and then more than a thread or a pool keeps.
    fn heap(&mut self) -> Option<usize> {
        let byte = self.number()?;
        Some(match byte {
            0..240 => byte * 2,
            240..250 => (byte - 239) * 1000,
            _ => (byte - 249) * 50_000,
        })
    }

    fn plot(&mut self) -> Option<Plot> {
        let house = self.byte()?;
        let flags = self.byte()?;
        let mut limit = |bit: u8, of: fn(usize) -> usize| {
            self.number().map(|number| (flags & bit != 0).then(|| of(number)))
        };
        Some(Plot {
            house,
            big: flags & 1 != 0,
            validate: flags & 2 != 0,
            cache: limit(4, |number| number % 9)?,
            max_idle: limit(8, |number| number % 20)?,
            max_object_bytes: limit(16, |number| number * 20)?,
            max_bytes: limit(32, |number| number * 40)?,
        })
    }
}
