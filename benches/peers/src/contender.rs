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
