//! What it takes to be timed beside the others.

use core::ops::DerefMut;

use crate::object::Object;

/// Who is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Floor,
    PoolableStatic,
    PoolableMade,
    ByHand,
    RegexAutomata,
    PoolsharkLocal,
    PoolsharkGlobal,
    ObjectPool,
    LockfreeObjectPool,
    Opool,
    ShardedSlab,
    ArrayQueue,
    MutexVec,
    Glibc,
    Mimalloc,
}

impl Who {
    pub(crate) const ALL: [Self; 15] = [
        Self::Floor,
        Self::PoolableStatic,
        Self::PoolableMade,
        Self::ByHand,
        Self::RegexAutomata,
        Self::PoolsharkLocal,
        Self::PoolsharkGlobal,
        Self::ObjectPool,
        Self::LockfreeObjectPool,
        Self::Opool,
        Self::ShardedSlab,
        Self::ArrayQueue,
        Self::MutexVec,
        Self::Glibc,
        Self::Mimalloc,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::PoolableStatic => "poolable, `T::pooled()`",
            Self::PoolableMade => "poolable, `Pool<T>`",
            Self::ByHand => "thread-local `RefCell<Vec<Box<T>>>`",
            Self::RegexAutomata => "regex-automata `Pool`",
            Self::PoolsharkLocal => "poolshark `LPooled`",
            Self::PoolsharkGlobal => "poolshark `GPooled`",
            Self::ObjectPool => "object-pool",
            Self::LockfreeObjectPool => "lockfree-object-pool, linear",
            Self::Opool => "opool",
            Self::ShardedSlab => "sharded-slab `Pool`",
            Self::ArrayQueue => "crossbeam `ArrayQueue`",
            Self::MutexVec => "`Mutex<Vec>`",
            Self::Glibc => "no pool, the system's malloc",
            Self::Mimalloc => "no pool, mimalloc",
        }
    }

    /// How it is used, for the reader of the tables.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Floor => {
                "No pool: the least that reuse can cost. What it is stands with each case. The \
                 list of a hit is made while the clock runs, once in each timing: hence its few \
                 allocations."
            }
            Self::PoolableStatic => {
                "The pool of a type that derives `Poolable`; default limits, but `max_idle = \
                 16384` for the bursts."
            }
            Self::PoolableMade => {
                "`Pool::builder().create(..).max_idle(..).build()`, then `get` and the drop of \
                 the guard; the other limits are the defaults."
            }
            Self::ByHand => {
                "What programs write themselves: no limits, no counters, no guard; the user \
                 clears and pushes."
            }
            Self::RegexAutomata => {
                "`util::pool::Pool`, by default; with one stack where objects cross threads, \
                 since with several they would pile up without a limit. The user clears after \
                 the get."
            }
            Self::PoolsharkLocal => "`LPooled::take()`, with room for the object and the burst.",
            Self::PoolsharkGlobal => {
                "A `global::Pool` that its user keeps, as its documentation advises for speed."
            }
            Self::ObjectPool => {
                "`Pool::new(32, ..)` and `pull`; without a limit. The user clears after the get."
            }
            Self::LockfreeObjectPool => {
                "`LinearObjectPool`, the fastest of its three; without a limit. It looks for a \
                 free object from the first on, and so a large burst costs it the square."
            }
            Self::Opool => "`Pool` with a `PoolAllocator` that clears.",
            Self::ShardedSlab => {
                "`create`, and `clear` with the object's key; the key is what crosses threads. \
                 Without a limit."
            }
            Self::ArrayQueue => "Objects in a bounded queue; those that find it full are freed.",
            Self::MutexVec => "Objects in a `Vec` behind std's lock; without a limit.",
            Self::Glibc => {
                "The object on the stack, its buffers allocated and freed in every use, through \
                 `Vec`: boxing it would only flatter the pools."
            }
            Self::Mimalloc => {
                "The same, with buffers from mimalloc in a minimal `Vec` that does not grow; \
                 all other memory of the program is the system's."
            }
        }
    }

    /// The package it comes from, if it is not of this repository or the standard library.
    fn package(self) -> Option<&'static str> {
        match self {
            Self::RegexAutomata => Some("regex-automata"),
            Self::PoolsharkLocal | Self::PoolsharkGlobal => Some("poolshark"),
            Self::ObjectPool => Some("object-pool"),
            Self::LockfreeObjectPool => Some("lockfree-object-pool"),
            Self::Opool => Some("opool"),
            Self::ShardedSlab => Some("sharded-slab"),
            Self::ArrayQueue => Some("crossbeam-queue"),
            Self::Mimalloc => Some("mimalloc"),
            _ => None,
        }
    }

    /// The package and its version, as this was built with.
    pub(crate) fn version(self) -> Option<String> {
        version(self.package()?)
    }

    pub(crate) fn is_poolable(self) -> bool {
        matches!(self, Self::PoolableStatic | Self::PoolableMade)
    }

    /// Pools whose idle objects any thread may take. regex-automata's is one, too, but
    /// serves one thread, its owner, without a lock; it is listed where that matters.
    pub(crate) fn is_shared(self) -> bool {
        matches!(
            self,
            Self::PoolsharkGlobal
                | Self::ObjectPool
                | Self::LockfreeObjectPool
                | Self::Opool
                | Self::ShardedSlab
                | Self::ArrayQueue
                | Self::MutexVec
        )
    }
}

/// A package and its version, as this was built with: where others bring an older one of the
/// same name, the newest, which stands last.
pub(crate) fn version(package: &str) -> Option<String> {
    let lock = include_str!("../Cargo.lock");
    let (_, behind) = lock.rsplit_once(&format!("name = \"{package}\"\nversion = \""))?;
    Some(format!("{package} {}", behind.split('"').next()?))
}

/// A way to come by an object and to give it back.
///
/// Each timing makes a new one, so that none profits from what an earlier one left.
pub(crate) trait Contender: Sync + Sized + 'static {
    const WHO: Who;

    /// What a thread needs in hand.
    type Local<'a>;
    /// An object that is out.
    type Item<'a>: DerefMut<Target: Object>;

    /// One that may keep up to `idle` objects for later.
    fn new(idle: usize) -> Self;

    fn local(&self) -> Self::Local<'_>;

    fn get<'a>(local: &mut Self::Local<'a>) -> Self::Item<'a>;

    /// Returns an object, blank or to be made blank by the next `get`.
    fn put<'a>(local: &mut Self::Local<'a>, item: Self::Item<'a>);

    /// One object after the other: what the cases of hits time.
    #[inline(never)]
    fn hits(mut local: Self::Local<'_>, count: u64) -> Self::Local<'_> {
        for _ in 0..count {
            let mut item = Self::get(&mut local);
            item.fill();
            Self::put(&mut local, item);
        }
        local
    }
}

/// A contender whose objects may be returned on a thread that did not get them.
pub(crate) trait Crossing: Contender {
    /// What goes from one thread to the other.
    type Parcel<'a>: Send;

    fn new_for_crossing(idle: usize) -> Self {
        Self::new(idle)
    }

    fn pack<'a>(item: Self::Item<'a>) -> Self::Parcel<'a>;

    fn return_parcel<'a>(local: &mut Self::Local<'a>, parcel: Self::Parcel<'a>);
}

/// Implements [`Crossing`] for a contender whose objects cross as they are.
macro_rules! crosses_as_it_is {
    ($contender:ident) => {
        impl<T: crate::object::AnyObject> crate::contender::Crossing for $contender<T> {
            type Parcel<'a> = Self::Item<'a>;

            #[inline(always)]
            fn pack<'a>(item: Self::Item<'a>) -> Self::Parcel<'a> {
                item
            }

            #[inline(always)]
            fn return_parcel<'a>(local: &mut Self::Local<'a>, parcel: Self::Parcel<'a>) {
                Self::put(local, parcel);
            }
        }
    };
}
pub(crate) use crosses_as_it_is;

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn version_is_that_of_the_package_and_not_of_an_older_one_that_others_bring() {
        let queue = version("crossbeam-queue").expect("it takes part");
        assert!(queue.starts_with("crossbeam-queue 0.3."), "{queue}");
        assert_eq!(version("crossbeam"), None);
    }
}
