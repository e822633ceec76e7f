//! `PoolBuilder::lock_memory`: what stays in memory, as the system sees it.
//!
//! Each test has a process of its own: what is locked, and how much may be, is counted for
//! the process.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::fs;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::thread;

use poolable::{
    MemoryLock, Pool, Poolable, Pooled, PooledRef, Reset, RetainMap, RetainOption, RetainVec,
    SecretString, SecretVec, Wipe, pools, report,
};
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

use super::{alone, unwinds};

/// More than a page, so that it has a page of its own.
const CAPACITY: usize = 16 << 10;

#[derive(Reset)]
struct Login {
    #[pool(zeroize, capacity = CAPACITY)]
    password: String,
    #[pool(zeroize)]
    key: [u8; 32],
    fails: Fails,
}

/// Panics when it is reset, if it is told to.
#[derive(Default)]
struct Fails(bool);

impl Reset for Fails {
    fn blank() -> Self {
        Self(false)
    }

    fn reset(&mut self) {
        if std::mem::take(&mut self.0) {
            super::unwind();
        }
    }
}

/// Many of them lie on a page.
#[derive(Reset)]
struct Key(#[pool(zeroize)] [u8; 32]);

fn locking<T: Reset>() -> Pool<T> {
    Pool::builder().lock_memory().build()
}

/// The mapping that an address is in: whether it is locked, and kept out of core dumps.
fn flags(address: usize) -> [bool; 2] {
    let maps = fs::read_to_string("/proc/self/smaps").expect("Linux has it");
    let mut found = false;
    for line in maps.lines() {
        let first = line.split_whitespace().next().unwrap_or_default();
        if let Some((start, end)) = first.split_once('-') {
            let [start, end] = [start, end].map(|text| usize::from_str_radix(text, 16));
            if let (Ok(start), Ok(end)) = (start, end) {
                found = (start..end).contains(&address);
            }
        } else if found && first == "VmFlags:" {
            return ["lo", "dd"].map(|flag| line.split_whitespace().any(|word| word == flag));
        }
    }
    [false; 2]
}

/// Whether all pages of a range are locked, or none is.
fn is_locked(range: Range<usize>) -> bool {
    let pages = range.start / page()..range.end.div_ceil(page());
    let mut all = pages.map(|number| flags(number * page()));
    let first = all.next().expect("ranges are not empty");
    assert_eq!(first[0], first[1], "the one comes with the other");
    assert!(all.all(|flags| flags == first), "the pages of {range:x?} differ");
    first[0]
}

fn page() -> usize {
    rustix::param::page_size()
}

fn inline<T>(value: &T) -> Range<usize> {
    let start = std::ptr::from_ref(value).addr();
    start..start + size_of::<T>()
}

fn buffer(text: &String) -> Range<usize> {
    let start = text.as_ptr().addr();
    start..start + text.capacity()
}

/// How many bytes the process has locked.
fn locked_bytes() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmLck:")).expect("a line");
    let number = line.trim().strip_suffix(" kB").expect("in KiB");
    number.trim().parse::<usize>().expect("a number") * 1024
}

fn objects<T>(pool: &Pool<T>) -> usize {
    match pool.memory_lock() {
        MemoryLock::Locked { objects, .. } => objects,
        other => panic!("{other}"),
    }
}

#[test]
fn object_and_its_buffers_are_locked_before_the_first_use() {
    alone(|| {
        let plain: Pool<Login> = Pool::builder().build();
        let login = plain.get();
        assert!(!is_locked(inline(&*login)) && !is_locked(buffer(&login.password)));
        assert_eq!((plain.memory_lock(), locked_bytes()), (MemoryLock::Off, 0));

        let pool = locking::<Login>();
        let login = pool.get();
        assert!(is_locked(inline(&*login)) && is_locked(buffer(&login.password)));
        let MemoryLock::Locked { objects: 1, bytes, .. } = pool.memory_lock() else {
            panic!("{}", pool.memory_lock());
        };
        assert!(bytes >= size_of::<Login>() + CAPACITY && bytes <= locked_bytes());
        let told = pools().into_iter().find(|told| told.memory_lock != MemoryLock::Off);
        assert_eq!(told.map(|told| told.memory_lock), Some(pool.memory_lock()));
    });
}

#[test]
fn prewarmed_objects_are_locked() {
    alone(|| {
        let pool = locking::<Login>();
        assert_eq!(pool.prewarm(5), 5);
        assert_eq!(objects(&pool), 5);
        let login = pool.get();
        assert!(is_locked(inline(&*login)) && is_locked(buffer(&login.password)));
    });
}

#[test]
fn buffer_that_grew_is_locked_from_its_return_on() {
    alone(|| {
        let pool = locking::<Login>();
        let mut login = pool.get();
        let before = buffer(&login.password);
        login.password.reserve(8 * CAPACITY);
        drop(login);
        let login = pool.get();
        assert!(is_locked(buffer(&login.password)) && is_locked(inline(&*login)));
        if buffer(&login.password).start != before.start {
            assert!(!is_locked(before.start + page()..before.end - page()));
        }
    });
}

#[test]
fn memory_that_the_system_took_back_meanwhile_is_locked_anew() {
    alone(|| {
        let pool = locking::<Login>();
        for size in [256 << 10, 512 << 10, 768 << 10] {
            let mut login = pool.get();
            // Frees the old buffer first: big ones are unmapped at once, and the next is
            // mapped over the same addresses.
            login.password = String::new();
            login.password = String::with_capacity(size);
            drop(login);
            let login = pool.get();
            assert_eq!(login.password.capacity(), size);
            assert!(is_locked(buffer(&login.password)));
        }
    });
}

#[test]
fn buffer_that_stands_in_for_one_taken_away_is_locked() {
    alone(|| {
        let pool = locking::<Login>();
        let mut login = pool.get();
        let taken = std::mem::take(&mut login.password);
        drop(login);
        let login = pool.get();
        assert!(is_locked(buffer(&login.password)));
        assert!(!is_locked(buffer(&taken).start + page()..buffer(&taken).end - page()));
    });
}

#[test]
fn attached_value_is_locked_inline_and_after_its_return_as_a_whole() {
    alone(|| {
        let pool = locking::<Login>();
        let login = Login { password: "s3cr3t".to_owned(), key: [7; 32], fails: Fails(false) };
        let login = pool.attach(login);
        assert_eq!((&*login.password, login.key), ("s3cr3t", [7; 32]));
        assert!(is_locked(inline(&*login)));
        drop(login);
        let login = pool.get();
        assert!(is_locked(inline(&*login)) && is_locked(buffer(&login.password)));
    });
}

#[test]
fn page_stays_locked_until_its_last_object_is_gone() {
    alone(|| {
        let pool = locking::<Key>();
        let mut keys: Vec<_> = (0..200).map(|_| pool.get()).collect();
        let page_of = |key: &PooledRef<'_, Key>| inline(&**key).start / page();
        keys.sort_by_key(page_of);
        let middle = page_of(&keys[100]);
        assert!(keys.iter().all(|key| is_locked(inline(&**key))));
        let mut others = Vec::new();
        let mut here = Vec::new();
        for key in keys {
            // A neighbour may reach over the edge.
            let range = inline(&*key);
            let is_here =
                (range.start - 8) / page() <= middle && range.end.div_ceil(page()) > middle;
            if is_here { here.push(key) } else { others.push(key) }
        }
        assert!(here.len() > 2);
        let address = middle * page();
        while let Some(key) = here.pop() {
            assert!(is_locked(address..address + page()), "{} left", here.len());
            PooledRef::discard(key);
        }
        assert!(!is_locked(address..address + page()));
        assert_eq!(objects(&pool), others.len());
    });
}

#[test]
fn every_way_out_of_the_pool_unlocks() {
    alone(|| {
        let unlocks = |way: &str, run: &dyn Fn(Pool<Login>)| {
            let pool = locking::<Login>();
            drop([pool.get(), pool.get()]);
            assert!(locked_bytes() > CAPACITY, "{way}");
            run(pool);
            assert_eq!(locked_bytes(), 0, "{way}");
        };
        unlocks("drop of the pool", &drop);
        unlocks("clear", &|pool| {
            pool.clear();
            assert_eq!((locked_bytes(), objects(&pool)), (0, 0));
        });
        unlocks("trim", &|pool| {
            pool.trim();
            pool.trim();
            assert_eq!((locked_bytes(), objects(&pool)), (0, 0));
        });
        unlocks("discard and into_inner", &|pool| {
            let (first, second) = (pool.get(), pool.get());
            PooledRef::discard(first);
            let login = PooledRef::into_inner(second);
            assert_eq!((locked_bytes(), objects(&pool)), (0, 0));
            drop(login);
        });
        unlocks("a reset that panics", &|pool| {
            let (mut first, mut second) = (pool.get(), pool.get());
            (first.fails, second.fails) = (Fails(true), Fails(true));
            assert!(unwinds(|| drop(first)) && unwinds(|| drop(second)));
            assert_eq!((locked_bytes(), objects(&pool)), (0, 0));
        });
        unlocks("a guard that owns the pool", &|pool| {
            let login = Arc::new(pool).get_owned();
            assert!(is_locked(inline(&*login)));
        });
        unlocks("an object that grew too big", &|pool| {
            let (mut first, mut second) = (pool.get(), pool.get());
            first.password.reserve(2 << 20);
            second.password.reserve(2 << 20);
            drop((first, second));
            assert_eq!((locked_bytes(), pool.stats().discarded.oversize), (0, 2));
        });
        unlocks("threads that end, and a depot without room", &|pool| {
            pool.clear();
            pool.set_max_idle(0);
            thread::scope(|scope| {
                let ended = scope.spawn(|| {
                    drop(pool.get());
                    assert!(locked_bytes() > 0);
                });
                ended.join().expect("no panic");
            });
            assert_eq!((locked_bytes(), pool.stats().discarded.total()), (0, 3));
        });
        let picky = Pool::<Login>::builder().validate(|login| login.key[0] == 0).lock_memory();
        let picky = picky.build();
        picky.get().key[0] = 1;
        assert_eq!((locked_bytes(), picky.stats().discarded.invalid), (0, 1));
    });
}

#[test]
fn leaked_object_stays_locked() {
    alone(|| {
        let pool = locking::<Login>();
        let login: &'static mut Login = PooledRef::leak(pool.get());
        drop(pool);
        assert!(is_locked(inline(login)) && is_locked(buffer(&login.password)));
    });
}

#[test]
fn create_or_reset_that_panics_at_birth_leaves_nothing_locked() {
    alone(|| {
        let fails = || {
            let mut login = Login::blank();
            login.fails = Fails(true);
            login
        };
        let pool = Pool::builder().create(fails).lock_memory().build();
        assert!(unwinds(|| drop(pool.get())));
        let stats = pool.stats();
        assert_eq!((stats.created, stats.discarded.panic, stats.in_use), (1, 1, 0));
        assert_eq!((locked_bytes(), objects(&pool)), (0, 0));
    });
}

#[test]
fn steady_state_resets_once_and_allocates_nothing() {
    alone(|| {
        static RESETS: AtomicUsize = AtomicUsize::new(0);
        let reset = |login: &mut Login| {
            RESETS.fetch_add(1, Relaxed);
            login.reset();
        };
        let pool = Pool::builder().create(Login::blank).reset(reset).lock_memory().build();
        drop(pool.get());
        // At birth, and at the return.
        assert_eq!(RESETS.load(Relaxed), 2);
        let allocations = super::allocations::allocations_in(|| {
            for _ in 0..100 {
                let mut login = pool.get();
                login.password.push_str("s3cr3t");
                login.key = [7; 32];
            }
        });
        assert_eq!((RESETS.load(Relaxed), allocations), (102, 0));
        let state = pool.memory_lock();
        pool.get().password.reserve(2 * CAPACITY);
        // Once more, to find what is there now.
        assert_eq!(RESETS.load(Relaxed), 104);
        assert_ne!(pool.memory_lock(), state);
        drop(pool.get());
        assert_eq!(RESETS.load(Relaxed), 105);
    });
}

#[test]
fn buffers_that_the_reset_frees_are_not_kept_locked() {
    #[derive(Reset)]
    struct Words(#[pool(zeroize, capacity = 64)] Vec<String>);

    alone(|| {
        let pool = locking::<Words>();
        drop(pool.get());
        let state = pool.memory_lock();
        for size in 1..50 {
            pool.get().0.extend((0..20).map(|index| "s3cr3t".repeat(100 * size + index)));
            assert_eq!(pool.memory_lock(), state);
        }
        pool.clear();
        assert_eq!(locked_bytes(), 0);
    });
}

// The sanitizer puts locals into memory of its own.
#[cfg(not(poolable_asan))]
#[test]
fn what_a_reset_wipes_on_the_stack_is_not_kept_locked() {
    alone(|| {
        static RESETS: AtomicUsize = AtomicUsize::new(0);
        let reset = |keys: &mut SecretVec<[u8; 32]>| {
            RESETS.fetch_add(1, Relaxed);
            keys.wipe();
            keys.push([0; 32]);
            let mut local = [7_u8; 100];
            local.wipe();
        };
        let create = || SecretVec::with_capacity(100);
        let pool = Pool::builder().create(create).reset(reset).lock_memory().build();
        let pool = &pool;
        let stack_is_locked = || {
            let local = 0_u8;
            let top = inline(&local).start;
            (0..20).any(|number| flags(top - number * page())[0])
        };
        drop(pool.get());
        // At birth, and at the return, which has found the same.
        assert_eq!(RESETS.load(Relaxed), 2);
        assert!(!stack_is_locked());
        let keys = pool.get();
        let buffer = keys.as_ptr().addr();
        assert!(is_locked(buffer..buffer + 100 * 32));
        thread::scope(|scope| {
            let elsewhere = scope.spawn(move || {
                drop(keys);
                assert!(!stack_is_locked());
            });
            elsewhere.join().expect("no panic");
        });
        assert_eq!(RESETS.load(Relaxed), 3);
        pool.clear();
        assert_eq!(locked_bytes(), 0);
    });
}

#[test]
fn spare_elements_stay_locked_while_fewer_are_used() {
    #[derive(Reset)]
    struct Words(#[pool(zeroize)] RetainVec<String>);

    alone(|| {
        let pool = locking::<Words>();
        let mut words = pool.get();
        for _ in 0..4 {
            words.0.push_blank().reserve(CAPACITY);
        }
        drop(words);
        pool.get().0.push_blank().push_str("s3cr3t");
        let mut words = pool.get();
        for _ in 0..4 {
            assert!(is_locked(buffer(words.0.push_blank())));
        }
    });
}

#[test]
fn secret_strings_are_locked_over_their_capacity_marked_or_not() {
    #[derive(Reset)]
    struct Words {
        #[pool(capacity = CAPACITY)]
        plain: SecretString,
        #[pool(zeroize, capacity = CAPACITY)]
        marked: SecretString,
    }

    alone(|| {
        let range = |text: &SecretString| {
            let start = text.as_str().as_ptr().addr();
            start..start + text.capacity()
        };
        let pool = locking::<Words>();
        let mut words = pool.get();
        assert!(is_locked(range(&words.plain)) && is_locked(range(&words.marked)));
        words.plain.push_str("s3cr3t");
        words.plain.reserve(3 * CAPACITY);
        words.marked.reserve(3 * CAPACITY);
        drop(words);
        let words = pool.get();
        assert!(is_locked(range(&words.plain)) && is_locked(range(&words.marked)));
    });
}

#[cfg(feature = "hashbrown")]
#[test]
fn table_of_a_secret_map_is_locked_before_its_first_entry() {
    use poolable::SecretMap;

    #[derive(Reset)]
    struct Keys {
        #[pool(capacity = 100)]
        keys: SecretMap<u64, [u8; 64]>,
    }

    alone(|| {
        let pool = locking::<Keys>();
        let MemoryLock::Locked { bytes, .. } = pool.memory_lock() else { panic!("no limit here") };
        assert_eq!(bytes, 0);
        for _round in 0..2 {
            let mut keys = pool.get();
            for number in 0..100 {
                keys.keys.insert(number, [7; 64]);
            }
            for key in keys.keys.values() {
                assert!(is_locked(key.as_ptr_range().start.addr()..key.as_ptr_range().end.addr()));
            }
        }
        // All of its 128 places, and nothing else but the object.
        let MemoryLock::Locked { bytes, .. } = pool.memory_lock() else { panic!("no limit here") };
        let table = 128 * (size_of::<(u64, u64, [u8; 64])>());
        assert!((table..table + 256).contains(&bytes), "{bytes}");
    });
}

#[test]
fn objects_that_keep_guards_lock_each_their_own() {
    #[derive(Poolable)]
    struct Inner(#[pool(zeroize, capacity = CAPACITY)] String);

    #[derive(Reset)]
    struct Outer {
        kept: Pooled<Inner>,
        other: Option<Pooled<Inner>>,
    }

    alone(|| {
        let pool = locking::<Outer>();
        let mut outer = pool.get();
        assert!(is_locked(buffer(&outer.kept.0)));
        let other = Inner::pooled();
        let address = buffer(&other.0);
        assert!(!is_locked(address.start + page()..address.end - page()));
        outer.other = Some(other);
        drop(outer);
        // It has gone home, where nobody asked for a lock.
        assert!(!is_locked(address.start + page()..address.end - page()));
    });
}

/// Has the calling thread obey the limit, as users do who are not root.
fn give_up_privileges() {
    let mut sets = capabilities(None).expect("a thread may ask");
    sets.effective.remove(CapabilitySet::IPC_LOCK);
    set_capabilities(None, sets).expect("a thread may give up what it has");
}

fn set_limit(bytes: u64) {
    let maximum = getrlimit(Resource::Memlock).maximum;
    setrlimit(Resource::Memlock, Rlimit { current: Some(bytes), maximum })
        .expect("lower is allowed");
}

#[test]
fn pool_goes_on_without_locks_above_the_limit_and_says_why() {
    alone(|| {
        give_up_privileges();
        let limit = 16 * page() as u64;
        set_limit(limit);
        let pool = locking::<Login>();
        let mut logins: Vec<_> = (0..10).map(|_| pool.get()).collect();
        for login in &mut logins {
            login.password.push_str("s3cr3t");
        }
        let MemoryLock::Degraded { objects, unlocked, error, .. } = pool.memory_lock() else {
            panic!("{}", pool.memory_lock());
        };
        assert!(objects > 0 && unlocked > 0 && objects + unlocked == 10, "{objects} {unlocked}");
        assert_eq!((error.call(), error.limit()), ("mlock", Some(limit)));
        assert_eq!(error.raw_os_error(), Some(rustix::io::Errno::NOMEM.raw_os_error()));
        let told = pool.memory_lock().to_string();
        for part in ["ulimit -l", "CAP_IPC_LOCK", &limit.to_string()] {
            assert!(told.contains(part), "{told}");
        }
        let line = format!("{}: {told}", pool.name());
        assert!(report().to_string().lines().any(|found| found == line), "{line}");
        assert!(locked_bytes() as u64 <= limit);
        drop(logins);
        assert!((0..10).all(|_| pool.get().password.is_empty()));
        let stats = pool.stats();
        assert_eq!((stats.created, stats.idle, stats.discarded.total()), (10, 10, 0));

        // Later objects are tried again; the reason stays.
        pool.clear();
        assert_eq!(locked_bytes(), 0);
        let login = pool.get();
        assert!(is_locked(inline(&*login)));
        let now = pool.memory_lock();
        assert!(
            matches!(now, MemoryLock::Degraded { objects: 1, unlocked: 0, error: first, .. } if first == error),
            "{now}"
        );
        assert!(now.to_string().contains(" bytes of 1 object, but it was not: `mlock`"), "{now}");
    });
}

#[test]
fn buffer_that_grew_takes_the_place_of_the_old_one_under_the_limit() {
    alone(|| {
        give_up_privileges();
        let pool = locking::<Login>();
        drop(pool.get());
        // Room for either buffer, but not for both at a time.
        set_limit((locked_bytes() + CAPACITY) as u64);
        let mut login = pool.get();
        login.password.reserve_exact(2 * CAPACITY - 2 * page());
        drop(login);
        assert_eq!(objects(&pool), 1);
        let login = pool.get();
        assert!(is_locked(inline(&*login)) && is_locked(buffer(&login.password)));
    });
}

// The sanitizer needs mappings itself.
#[cfg(not(poolable_asan))]
#[test]
fn limit_is_not_blamed_for_too_many_mappings() {
    alone(|| {
        let pool = locking::<Login>();
        drop(pool.get());
        let limit = getrlimit(Resource::Memlock).current;
        if limit.is_some_and(|limit| limit < 1 << 20) {
            println!("skipped: the limit is low enough to be the reason");
            return;
        }
        // Every other page differs from its neighbours, until the system has enough of it.
        let pages = 1 << 17;
        let place = mmap(pages * page());
        let count = (0..pages).step_by(2).take_while(|number| {
            let place = place.wrapping_byte_add(number * page());
            // SAFETY: the page is one of those just mapped, and nothing is in it.
            unsafe { mprotect(place, page(), MprotectFlags::READ) }.is_ok()
        });
        let is_full = count.count() < pages / 2;
        pool.get().password.reserve(2 * CAPACITY);
        let told = pool.memory_lock();
        // SAFETY: nobody uses the pages.
        unsafe { munmap(place, pages * page()) }.expect("it is mapped");
        if !is_full {
            println!("skipped: the system allows that many mappings");
            return;
        }
        let MemoryLock::Degraded { error, .. } = told else { panic!("{told}") };
        assert_eq!((error.call(), error.limit()), ("mlock", None));
        assert!(told.to_string().contains("vm.max_map_count"), "{told}");
    });
}

/// New memory that may not be used.
fn mmap(length: usize) -> *mut std::ffi::c_void {
    // SAFETY: the system chooses a place where nothing is.
    unsafe { mmap_anonymous(std::ptr::null_mut(), length, ProtFlags::empty(), MapFlags::PRIVATE) }
        .expect("addresses are plenty")
}

// The sanitizer puts locals into memory of its own.
#[cfg(not(poolable_asan))]
#[test]
fn pool_whose_reset_wipes_nothing_says_so() {
    fn says(pool: &Pool<Vec<u8>>) -> Option<String> {
        match pool.memory_lock() {
            MemoryLock::Degraded { unlocked: 0, error, .. } => {
                assert_eq!((error.raw_os_error(), error.limit()), (None, None));
                Some(pool.memory_lock().to_string())
            }
            MemoryLock::Locked { .. } => None,
            other => panic!("{other}"),
        }
    }

    alone(|| {
        let pool = locking::<Vec<u8>>();
        assert_eq!(says(&pool), None);
        assert_eq!(pool.prewarm(1), 1);
        let told = says(&pool).expect("a vector is cleared only");
        for part in ["1 object,", "#[pool(zeroize)]", "Wipe::wipe"] {
            assert!(told.contains(part), "{told}");
        }
        // A buffer of its reset's own is none of the object's.
        let elsewhere = |_: &mut Vec<u8>| [7_u8; 100].wipe();
        let pool = Pool::builder().create(Vec::new).reset(elsewhere).lock_memory().build();
        pool.prewarm(1);
        assert!(says(&pool).is_some());
        // What is attached is not reset until it comes back.
        let pool = Pool::builder().reset(|bytes: &mut Vec<u8>| bytes.wipe()).lock_memory();
        let pool = pool.create(Vec::new).build();
        let attached = pool.attach(vec![7]);
        assert_eq!(says(&pool), None);
        drop(attached);
        assert_eq!(says(&pool), None);
    });
}

#[test]
fn wipe_of_something_empty_is_seen() {
    fn is_seen<T: Default + Wipe + 'static>() -> bool {
        let reset = |value: &mut T| value.wipe();
        let pool = Pool::builder().create(T::default).reset(reset).lock_memory().build();
        drop(pool.get());
        matches!(pool.memory_lock(), MemoryLock::Locked { objects: 1, .. })
    }

    alone(|| {
        assert!(is_seen::<u8>() && is_seen::<[u16; 4]>() && is_seen::<Option<u8>>());
        assert!(is_seen::<String>() && is_seen::<Vec<String>>() && is_seen::<PathBuf>());
        assert!(is_seen::<VecDeque<String>>() && is_seen::<BinaryHeap<String>>());
        assert!(is_seen::<HashMap<String, String>>() && is_seen::<HashSet<String>>());
        assert!(is_seen::<BTreeMap<String, String>>() && is_seen::<BTreeSet<String>>());
        assert!(is_seen::<LinkedList<u8>>() && is_seen::<RetainVec<String>>());
        assert!(is_seen::<RetainMap<String, String>>() && is_seen::<RetainOption<String>>());
        assert!(is_seen::<SecretString>() && is_seen::<SecretVec<String>>());
        assert!(is_seen::<Box<[u8]>>());
    });
}

#[test]
fn limit_of_nothing_is_reported() {
    alone(|| {
        give_up_privileges();
        set_limit(0);
        let pool = locking::<Login>();
        pool.get().password.push_str("s3cr3t");
        let MemoryLock::Degraded { objects: 0, bytes: 0, unlocked: 1, error, .. } =
            pool.memory_lock()
        else {
            panic!("{}", pool.memory_lock());
        };
        assert_eq!((error.limit(), locked_bytes()), (Some(0), 0));
        assert!(pool.get().password.is_empty());
    });
}

#[test]
fn limit_that_is_reached_is_not_asked_for_at_every_return() {
    alone(|| {
        give_up_privileges();
        set_limit(0);
        let pool = locking::<Login>();
        drop(pool.get());
        let maximum = getrlimit(Resource::Memlock).maximum;
        setrlimit(Resource::Memlock, Rlimit { current: maximum, maximum }).expect("it was so");
        for _ in 0..10 {
            drop(pool.get());
        }
        assert_eq!(locked_bytes(), 0);
        // An object with other memory is tried again.
        pool.get().password.reserve(2 * CAPACITY);
        assert!(is_locked(buffer(&pool.get().password)));
        assert!(matches!(pool.memory_lock(), MemoryLock::Degraded { objects: 1, unlocked: 0, .. }));
    });
}

#[test]
fn storm_of_creates_and_frees_leaves_nothing_locked() {
    const ROUNDS: usize = 300;

    alone(|| {
        let pools = [(); 3]
            .map(|()| Pool::<Login>::builder().cache(2).max_idle(2).lock_memory().build().shared());
        let barrier = Barrier::new(4);
        thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|number| {
                    let (pools, barrier) = (&pools, &barrier);
                    scope.spawn(move || {
                        barrier.wait();
                        for round in 0..ROUNDS {
                            let pool = &pools[(round + number) % 3];
                            let mut logins: Vec<_> = (0..5).map(|_| pool.get()).collect();
                            logins[0].password.reserve(CAPACITY + round);
                            logins[1].password = String::new();
                            let mut logins = logins.into_iter();
                            logins.next().into_iter().for_each(PooledRef::discard);
                            let kept = logins.next().map(PooledRef::into_inner);
                            drop(logins);
                            drop(kept);
                            if round % 50 == 0 {
                                pool.clear();
                            }
                        }
                    })
                })
                .collect();
            for thread in threads {
                thread.join().expect("no panic");
            }
        });
        for pool in &pools {
            assert_eq!(objects(pool) as u64, pool.stats().idle);
            let login = pool.get();
            assert!(is_locked(inline(&*login)) && is_locked(buffer(&login.password)));
        }
        drop(pools);
        assert_eq!(locked_bytes(), 0);
    });
}
