//! Pools of generic types: one for each instance.

use std::any::TypeId;
use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::marker::PhantomData;
use std::ptr;
use std::thread;

use poolable::{Poolable, Pooled, Reset, pools};

use crate::allocations::allocations_in;
use crate::census::assert_conserved;
use crate::{unwind, unwinds};

#[derive(Poolable)]
struct Batch<T, const N: usize = 4, S = std::hash::RandomState>
where
    S: std::hash::BuildHasher + Default,
{
    items: Vec<T>,
    head: [u8; N],
    seen: HashMap<u64, T, S>,
}

#[test]
fn an_instance_keeps_its_memory_and_resets_it() {
    let mut batch = Batch::<u64, 8>::pooled();
    batch.items.extend(0..100);
    batch.head = [7; 8];
    batch.seen.insert(1, 2);
    let (place, capacity) = (batch.items.as_ptr(), batch.items.capacity());
    drop(batch);
    let batch = Batch::<u64, 8>::pooled();
    assert_eq!((batch.items.as_ptr(), batch.items.capacity()), (place, capacity));
    assert!(batch.items.is_empty() && batch.seen.is_empty());
    assert_eq!(batch.head, [0; 8]);
    let stats = Batch::<u64, 8>::pool().stats();
    assert_eq!((stats.hits, stats.misses), (1, 1));
}

#[test]
fn a_hit_of_an_instance_allocates_nothing() {
    drop(Batch::<u16, 3>::pooled());
    assert_eq!(allocations_in(|| drop(Batch::<u16, 3>::pooled())), 0);
}

/// Whether two types have one pool.
fn share_a_pool<A: Poolable, B: Poolable>() -> bool {
    ptr::addr_eq(A::pool(), B::pool())
}

#[test]
fn instances_of_equal_layout_have_pools_of_their_own() {
    #[derive(Poolable)]
    struct Tagged<T> {
        bytes: Vec<u8>,
        tag: PhantomData<T>,
    }
    struct Metres;
    struct Feet;

    type Fixed = BuildHasherDefault<DefaultHasher>;
    #[derive(Default, Clone)]
    struct Other(Fixed);
    impl std::hash::BuildHasher for Other {
        type Hasher = DefaultHasher;
        fn build_hasher(&self) -> DefaultHasher {
            self.0.build_hasher()
        }
    }

    assert!(!share_a_pool::<Tagged<Metres>, Tagged<Feet>>());
    assert!(!share_a_pool::<Tagged<()>, Tagged<[u8; 0]>>());
    assert!(!share_a_pool::<Batch<u64, 4>, Batch<i64, 4>>());
    assert!(!share_a_pool::<Batch<u64, 4>, Batch<u64, 5>>());
    assert!(!share_a_pool::<Batch<u64, 4, Fixed>, Batch<u64, 4, Other>>());
    // Two types, though one may stand where the other is asked for.
    assert_ne!(TypeId::of::<for<'a> fn(&'a u8)>(), TypeId::of::<fn(&'static u8)>());
    assert!(!share_a_pool::<Tagged<for<'a> fn(&'a u8)>, Tagged<fn(&'static u8)>>());
    assert!(share_a_pool::<Batch<u64>, Batch<u64, 4, std::hash::RandomState>>());

    Tagged::<Metres>::pooled().bytes.reserve(100);
    assert_eq!(Tagged::<Feet>::pooled().bytes.capacity(), 0);
    assert!(Tagged::<Metres>::pooled().bytes.capacity() >= 100);
}

#[derive(Poolable)]
struct Numbered<const N: usize> {
    values: Vec<usize>,
}

/// Gets and returns objects of 256 types in turn, four times as many as a table has places.
fn use_many_types() {
    fn once<const N: usize>(round: usize) {
        let mut first = Numbered::<N>::pooled();
        let second = Numbered::<N>::pooled();
        if round > 0 {
            let kept = [first.values.capacity(), second.values.capacity()];
            assert!(kept.contains(&(N + 1)), "{N}: {kept:?}");
        }
        assert!(first.values.is_empty() && second.values.is_empty());
        if first.values.capacity() == 0 && second.values.capacity() == 0 {
            first.values = Vec::with_capacity(N + 1);
        }
    }
    macro_rules! each {
        ($round:ident: $($base:literal)*) => {
            $(
                once::<$base>($round);
                once::<{ $base + 1 }>($round);
                once::<{ $base + 2 }>($round);
                once::<{ $base + 3 }>($round);
                once::<{ $base + 4 }>($round);
                once::<{ $base + 5 }>($round);
                once::<{ $base + 6 }>($round);
                once::<{ $base + 7 }>($round);
            )*
        };
    }
    for round in 0..3 {
        each!(round: 0 8 16 24 32 40 48 56 64 72 80 88 96 104 112 120);
        each!(round: 128 136 144 152 160 168 176 184 192 200 208 216 224 232 240 248);
    }
}

#[test]
fn more_types_than_a_table_has_places_are_all_served() {
    // Each thread hands over what it has, to the next one.
    for _ in 0..3 {
        thread::spawn(use_many_types).join().expect("no panic");
    }
    let found = pools().into_iter().filter(|pool| pool.name.contains("::Numbered<"));
    let found: Vec<_> = found.collect();
    assert_eq!(found.len(), 256);
    for pool in found {
        assert_eq!((pool.stats.created, pool.stats.idle, pool.caches), (2, 2, 1), "{}", pool.name);
        assert_eq!(pool.stats.hits + pool.stats.misses, 18, "{}", pool.name);
        assert_conserved(&pool.stats);
    }
}

#[test]
fn an_instance_is_named_after_its_type_or_its_name_and_parameters() {
    #[derive(Poolable)]
    #[pool(name = "rows")]
    struct Rows<T, const N: usize>(Vec<[T; N]>);

    assert_eq!(Rows::<u8, 3>::pool().name(), "rows<u8, 3>");
    assert_eq!(Batch::<u8, 9>::pool().name(), "it::generics::Batch<u8, 9>");
}

#[test]
fn limits_may_depend_on_the_parameters() {
    #[derive(Poolable)]
    #[pool(cache = 0, max_idle = N)]
    struct Few<const N: usize>(Vec<u8>);

    assert_eq!((Few::<3>::pool().prewarm(10), Few::<5>::pool().prewarm(10)), (3, 5));
    drop((Few::<3>::pooled(), Few::<3>::pooled()));
    assert_eq!(Few::<3>::pool().stats().idle, 3);
}

#[test]
fn threads_hand_the_objects_of_an_instance_over() {
    let work = || drop((0..10).map(|_| Batch::<char, 1>::pooled()).collect::<Vec<_>>());
    for _ in 0..5 {
        thread::spawn(work).join().expect("no panic");
    }
    let sent = Batch::<char, 1>::pooled();
    thread::spawn(move || drop(sent)).join().expect("no panic");
    let stats = Batch::<char, 1>::pool().stats();
    assert_eq!((stats.created, stats.idle, stats.in_use), (10, 10, 0));
    assert_conserved(&stats);
}

#[test]
fn a_destructor_of_a_thread_local_may_use_an_instance() {
    #[derive(Poolable)]
    struct Last<T>(Vec<T>);

    struct AtExit;
    impl Drop for AtExit {
        fn drop(&mut self) {
            drop((Last::<u8>::pooled(), Last::<u16>::pooled()));
        }
    }
    thread_local! {
        static BEFORE: AtExit = const { AtExit };
        static AFTER: AtExit = const { AtExit };
    }

    thread::spawn(|| {
        BEFORE.with(|_| ());
        drop(Last::<u8>::pooled());
        AFTER.with(|_| ());
    })
    .join()
    .expect("no panic");
    let stats = Last::<u8>::pool().stats();
    assert_eq!((stats.hits + stats.misses, stats.created, stats.idle), (3, 1, 1));
    assert_eq!(Last::<u16>::pool().stats().in_use, 0);
}

#[test]
fn a_create_may_use_the_pool_that_it_is_for_and_others() {
    thread_local! {
        static DEPTH: Cell<usize> = const { Cell::new(0) };
    }

    #[derive(Poolable)]
    #[pool(create = Self::create)]
    struct Nested<T: Reset + Send + 'static> {
        value: T,
    }
    impl<T: Reset + Send + 'static> Nested<T> {
        fn create() -> Self {
            let depth = DEPTH.replace(DEPTH.get() + 1);
            match depth {
                5 => unwind(),
                _ if depth < 5 => {
                    let held = (Nested::<T>::pooled(), Nested::<u8>::pooled());
                    assert_eq!(held.1.value, 0);
                }
                _ => {}
            }
            Nested { value: T::blank() }
        }
    }

    // The create deepest inside panics, through all the others.
    assert!(unwinds(|| drop(Nested::<String>::pooled())));
    assert_eq!(DEPTH.get(), 6);
    drop((Nested::<String>::pooled(), Nested::<u8>::pooled()));
    for stats in [Nested::<String>::pool().stats(), Nested::<u8>::pool().stats()] {
        assert_eq!((stats.created, stats.idle, stats.in_use), (1, 1, 0));
        assert_conserved(&stats);
    }
}

#[test]
fn a_generic_type_may_hold_guards_of_itself() {
    #[derive(Poolable)]
    struct List<T: Send + 'static> {
        value: Option<T>,
        next: Option<Pooled<List<T>>>,
        boxed: Option<Box<List<T>>>,
    }

    let mut list = List::<u8>::pooled();
    for value in 0..50 {
        let mut longer = List::pooled();
        longer.value = Some(value);
        longer.next = Some(list);
        list = longer;
    }
    drop(list);
    let stats = List::<u8>::pool().stats();
    assert_eq!((stats.created, stats.idle), (51, 51));
}

#[test]
fn a_bound_replaces_what_is_inferred() {
    trait Shape: Send + 'static {
        type Parts: Reset + Send;
    }
    struct Square;
    impl Shape for Square {
        type Parts = Vec<u8>;
    }

    #[derive(Poolable)]
    #[pool(bound = "S: Shape")]
    struct Drawn<S: Shape> {
        parts: S::Parts,
    }

    Drawn::<Square>::pooled().parts.reserve(10);
    assert!(Drawn::<Square>::pooled().parts.capacity() >= 10);
}

#[test]
fn generic_code_may_pool_what_it_is_given() {
    fn fill<T: Poolable>(count: usize) -> Vec<Pooled<T>> {
        (0..count).map(|_| T::pooled()).collect()
    }
    fn count<T: Reset + Send + 'static>() -> usize {
        fill::<Batch<T, 2>>(7).len()
    }

    assert_eq!(count::<Option<f32>>(), 7);
    assert_eq!(Batch::<Option<f32>, 2>::pool().stats().idle, 7);
}
