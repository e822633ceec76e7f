//! Pools that users make: one in a static, the others built for the script.

use core::any::Any;
use core::{mem, ptr};
use std::sync::{Arc, Weak};

use poolable::{Pool, PooledOwned, PooledRef, Reset, Stats};

use crate::body::{Body, Traces};
use crate::derived::TYPES;
use crate::house::{Guest, House, Order, Terms, Watch};
use crate::life::Life;

/// The book of the pool in a static.
const STANDING: usize = TYPES;

static POOL: Pool<Loose<0>> = Pool::new(Loose::standing);

/// The pool in a static.
pub(crate) fn standing() -> Arc<dyn House> {
    Arc::new(Standing)
}

/// Ends the building of a pool; a macro, for the types of builders have no names.
macro_rules! limit {
    ($order:ident, $builder:ident) => {{
        let mut builder = $builder.name($order.name.clone());
        if $order.validate {
            builder = builder.validate(|value| value.traces.validate());
        }
        if let Some(objects) = $order.cache {
            builder = builder.cache(objects);
        }
        if let Some(objects) = $order.max_idle {
            builder = builder.max_idle(objects);
        }
        if let Some(bytes) = $order.max_object_bytes {
            builder = builder.max_object_bytes(bytes);
        }
        if let Some(bytes) = $order.max_bytes {
            builder = builder.max_bytes(bytes);
        }
        Made::house($order, builder.build())
    }};
}

/// Builds a pool. One with small values has functions for all, one with big values takes
/// what the type gives.
pub(crate) fn build(order: &Order) -> Arc<dyn House> {
    if order.big { build_big(order) } else { build_small(order) }
}

fn build_small(order: &Order) -> Arc<dyn House> {
    let book = order.book;
    let builder = Pool::builder()
        .create(move || Loose::<0>::with(Life::created(book)))
        .reset(|value: &mut Loose<0>| value.traces.reset())
        .measure(|value| value.traces.heap());
    limit!(order, builder)
}

fn build_big(order: &Order) -> Arc<dyn House> {
    let book = order.book;
    let builder = Pool::builder().create(move || Loose::<3000>::with(Life::created(book)));
    limit!(order, builder)
}

/// A value of a pool that a user made; its book is that pool's.
struct Loose<const ROOM: usize> {
    life: Life,
    traces: Traces,
    _room: [u8; ROOM],
}

impl<const ROOM: usize> Loose<ROOM> {
    fn with(life: Life) -> Self {
        Self { life, traces: Traces::none(), _room: [0; ROOM] }
    }

    fn standing() -> Self {
        Self::with(Life::created(STANDING))
    }
}

impl<const ROOM: usize> Reset for Loose<ROOM> {
    fn blank() -> Self {
        Self::standing()
    }

    fn reset(&mut self) {
        self.traces.reset();
    }

    fn retained_bytes(&mut self) -> usize {
        self.traces.heap()
    }
}

impl<const ROOM: usize> Body for Loose<ROOM> {
    fn given(book: usize) -> Self {
        Self::with(Life::given(book))
    }

    fn place(&self) -> usize {
        ptr::from_ref(self).addr()
    }

    fn life(&mut self) -> Option<&mut Life> {
        Some(&mut self.life)
    }

    fn traces(&mut self) -> Option<&mut Traces> {
        Some(&mut self.traces)
    }
}

/// A pool that was built for the script.
struct Made<T: 'static> {
    book: usize,
    terms: Terms,
    pool: Arc<Pool<T>>,
}

impl<T: Body + 'static> Made<T> {
    fn house(order: &Order, pool: Pool<T>) -> Arc<dyn House> {
        let terms = Terms {
            cache: order.cache,
            max_idle: order.max_idle.unwrap_or(1024),
            max_object_bytes: order.max_object_bytes,
            max_bytes: order.max_bytes,
            validate: order.validate,
        };
        Arc::new(Self { book: order.book, terms, pool: Arc::new(pool) })
    }
}

impl<T: Body + 'static> House for Made<T> {
    fn book(&self) -> usize {
        self.book
    }

    fn terms(&self) -> Terms {
        self.terms
    }

    fn get(&self, owned: bool) -> Box<dyn Guest> {
        if owned {
            return Box::new(self.pool.get_owned());
        }
        let guard = Borrowed::new(&self.pool, |pool| Some(pool.get()));
        Box::new(guard.expect("a get always gives a guard"))
    }

    fn try_get(&self) -> Option<Box<dyn Guest>> {
        Some(Box::new(Borrowed::new(&self.pool, Pool::try_get)?))
    }

    fn attach(&self, owned: bool) -> Box<dyn Guest> {
        let value = T::given(self.book);
        if owned {
            return Box::new(self.pool.attach_owned(value));
        }
        let guard = Borrowed::new(&self.pool, |pool| Some(pool.attach(value)));
        Box::new(guard.expect("an attach always gives a guard"))
    }

    fn prewarm(&self, count: usize) -> usize {
        self.pool.prewarm(count)
    }

    fn flush(&self) {
        self.pool.flush_thread_cache();
    }

    fn trim(&self) {
        self.pool.trim();
    }

    fn clear(&self) {
        self.pool.clear();
    }

    fn set_max_idle(&self, count: usize) {
        self.pool.set_max_idle(count);
    }

    fn watch(&self) -> Box<dyn Watch> {
        let name = self.pool.name().to_owned();
        Box::new(Eye { name, pool: Arc::downgrade(&self.pool) })
    }
}

struct Eye<T: 'static> {
    name: String,
    pool: Weak<Pool<T>>,
}

impl<T: Send> Watch for Eye<T> {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn stats(&self) -> Option<Stats> {
        self.pool.upgrade().map(|pool| pool.stats())
    }
}

/// A guard that borrows its pool, and the pool: the script has guards of many pools in one
/// list, and drops them in any order.
struct Borrowed<T: 'static> {
    /// Dropped first, for it points into `pool`.
    guard: PooledRef<'static, T>,
    pool: Arc<Pool<T>>,
}

impl<T: 'static> Borrowed<T> {
    fn new(
        pool: &Arc<Pool<T>>,
        get: impl FnOnce(&'static Pool<T>) -> Option<PooledRef<'static, T>>,
    ) -> Option<Self> {
        let pool = Arc::clone(pool);
        // SAFETY: the pool lies in memory that `self.pool` keeps for as long as the guard
        // exists, and the guard never leaves `self` but to be ended.
        let lasting = unsafe { &*Arc::as_ptr(&pool) };
        Some(Self { guard: get(lasting)?, pool })
    }
}

impl<T: Body + 'static> Guest for Borrowed<T> {
    fn body(&mut self) -> &mut dyn Body {
        &mut *self.guard
    }

    fn into_inner(self: Box<Self>) -> Box<dyn Body> {
        let Self { guard, pool } = *self;
        let value = Box::new(PooledRef::into_inner(guard));
        // If this panics, a value on its way out would be lost.
        drop(pool);
        value
    }

    fn discard(self: Box<Self>) {
        let Self { guard, pool: _pool } = *self;
        PooledRef::discard(guard);
    }

    fn leak(self: Box<Self>) {
        let Self { guard, pool: _pool } = *self;
        PooledRef::leak(guard);
    }

    fn forget(self: Box<Self>) -> Option<Box<dyn Guest>> {
        let Self { guard, pool: _pool } = *self;
        mem::forget(guard);
        None
    }

    fn swap(&mut self, other: &mut dyn Guest) -> bool {
        other.as_any().downcast_mut().map(|other| mem::swap(self, other)).is_some()
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

/// The pool in a static.
struct Standing;

impl House for Standing {
    fn book(&self) -> usize {
        STANDING
    }

    fn terms(&self) -> Terms {
        Terms { validate: false, ..Terms::new(None, 1024) }
    }

    fn get(&self, _owned: bool) -> Box<dyn Guest> {
        Box::new(POOL.get())
    }

    fn try_get(&self) -> Option<Box<dyn Guest>> {
        Some(Box::new(POOL.try_get()?))
    }

    fn attach(&self, _owned: bool) -> Box<dyn Guest> {
        Box::new(POOL.attach(Body::given(STANDING)))
    }

    fn prewarm(&self, count: usize) -> usize {
        POOL.prewarm(count)
    }

    fn flush(&self) {
        POOL.flush_thread_cache();
    }

    fn trim(&self) {
        POOL.trim();
    }

    fn clear(&self) {
        POOL.clear();
    }

    fn set_max_idle(&self, count: usize) {
        POOL.set_max_idle(count);
    }

    fn watch(&self) -> Box<dyn Watch> {
        Box::new(&POOL)
    }
}

impl<T: Send> Watch for &'static Pool<T> {
    fn name(&self) -> String {
        Pool::name(self).to_owned()
    }

    fn stats(&self) -> Option<Stats> {
        Some(Pool::stats(self))
    }
}

macro_rules! guests {
    ([$($params:tt)*] $guard:ident < $($arguments:tt),+ >) => {
        impl<$($params)*> Guest for $guard<$($arguments),+> {
            fn body(&mut self) -> &mut dyn Body {
                &mut **self
            }

            fn into_inner(self: Box<Self>) -> Box<dyn Body> {
                Box::new($guard::into_inner(*self))
            }

            fn discard(self: Box<Self>) {
                $guard::discard(*self);
            }

            fn leak(self: Box<Self>) {
                $guard::leak(*self);
            }

            fn forget(self: Box<Self>) -> Option<Box<dyn Guest>> {
                Some(self)
            }

            fn swap(&mut self, other: &mut dyn Guest) -> bool {
                other.as_any().downcast_mut().map(|other| mem::swap(self, other)).is_some()
            }

            fn as_any(&mut self) -> &mut dyn Any {
                self
            }
        }
    };
}

guests!([T: Body + 'static] PooledOwned<T>);
guests!([T: Body + 'static] PooledRef<'static, T>);
