//! `HoldWatch`. Each test runs alone: a watch samples the gets of all threads.

use std::mem;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use poolable::testing::assert_none_outstanding;
use poolable::{Hold, HoldWatch, Pool, Poolable, Pooled};

use crate::alone;
use crate::census::assert_conserved;

/// Of so many gets of a thread, one is sampled at least.
const SURE: usize = 255;

#[derive(Poolable)]
#[pool(name = "lines", cache = 8)]
struct Line(String);

/// A watch that sends its reports.
fn spawn(longest: Duration) -> (HoldWatch, mpsc::Receiver<Hold>) {
    let (send, reports) = mpsc::channel();
    let report = move |hold: &Hold| _ = send.send(hold.clone());
    (HoldWatch::spawn(longest, report).expect("a thread"), reports)
}

fn never() -> (HoldWatch, mpsc::Receiver<Hold>) {
    spawn(Duration::MAX)
}

fn held() -> Vec<Pooled<Line>> {
    (0..SURE).map(|_| Line::pooled()).collect()
}

#[test]
fn an_object_is_reported_once_when_it_has_been_out_for_too_long() {
    alone(|| {
        let longest = Duration::from_millis(5);
        let (watch, reports) = spawn(longest);
        let line = line!() + 1;
        let kept: Vec<_> = (0..2000).map(|_| Line::pooled()).collect();
        let sampled = watch.outstanding().len();
        for _ in 0..sampled {
            let hold = reports.recv().expect("they are out");
            assert_eq!((hold.pool.as_str(), hold.location.line()), ("lines", line));
            assert_eq!(hold.location.file(), file!());
            assert!(hold.held >= longest);
        }
        // Those that come next are others.
        let line = line!() + 1;
        let more: Vec<_> = (0..SURE).map(|_| Line::pooled()).collect();
        assert_eq!(reports.recv().expect("they are out").location.line(), line);
        drop(kept);
        assert!(watch.outstanding().iter().all(|hold| hold.location.line() == line));
        drop(more);
        assert_eq!(watch.outstanding().len(), 0);
        drop(watch);
        // The report has gone, and with it the other end.
        assert!(reports.iter().all(|hold| hold.location.line() == line));
    });
}

#[test]
fn one_get_in_128_is_sampled() {
    alone(|| {
        let (watch, _reports) = never();
        let kept: Vec<_> = (0..100_000).map(|_| Line::pooled()).collect();
        let sampled = watch.outstanding().len();
        // Five standard deviations on either side.
        assert!((700..=862).contains(&sampled), "{sampled}");
        drop(kept);
        assert!(watch.outstanding().is_empty());
    });
}

#[test]
fn what_threads_get_that_get_nothing_else_is_sampled_too() {
    const THREADS: usize = 4_000;

    alone(|| {
        let (watch, _reports) = never();
        let get = || thread::spawn(Line::pooled).join().expect("it gets one");
        let kept: Vec<_> = (0..THREADS).map(|_| get()).collect();
        let sampled = watch.outstanding().len();
        // Five standard deviations on either side of 31.
        assert!((4..=59).contains(&sampled), "{sampled}");
        drop(kept);
    });
}

#[test]
fn a_rhythm_of_two_places_hides_neither() {
    alone(|| {
        let (watch, _reports) = never();
        let mut kept = Vec::new();
        for _ in 0..20_000 {
            kept.push(Line::pooled());
            kept.push(Line::pooled());
        }
        let lines: Vec<u32> = watch.outstanding().iter().map(|hold| hold.location.line()).collect();
        let first = lines.iter().filter(|&&line| line == lines[0]).count();
        assert!((first * 4 > lines.len()) && (first * 4 < 3 * lines.len()), "{lines:?}");
    });
}

#[test]
fn what_is_lost_stays_outstanding_and_what_is_back_does_not() {
    alone(|| {
        let (watch, _reports) = never();
        held().into_iter().for_each(mem::forget);
        let lost = watch.outstanding().len();
        assert!(lost > 0);
        for _ in 0..10 {
            drop(held());
            drop(held().into_iter().map(Pooled::share).collect::<Vec<_>>());
            held().into_iter().for_each(Pooled::discard);
            held().into_iter().for_each(|line| drop(Pooled::into_inner(line)));
            assert_eq!(watch.outstanding().len(), lost);
        }
        // They are of a watch alone.
        drop(watch);
        let (watch, _reports) = never();
        assert!(watch.outstanding().is_empty());
    });
}

#[test]
fn a_report_may_use_the_pool() {
    alone(|| {
        let (send, reports) = mpsc::channel();
        let watch = HoldWatch::spawn(Duration::ZERO, move |hold| {
            let lines = held();
            drop(lines);
            Line::pool().trim();
            let _ = send.send(hold.clone());
        });
        let kept = held();
        reports.recv().expect("they are out");
        drop(kept);
        drop(watch);
        assert_conserved(&Line::pool().stats());
    });
}

#[test]
fn a_report_that_panics_does_not_end_the_watch() {
    alone(|| {
        let count = Arc::new(AtomicUsize::new(0));
        let (send, is_reported) = mpsc::channel();
        let watch = HoldWatch::spawn(Duration::ZERO, {
            let count = Arc::clone(&count);
            move |_| {
                count.fetch_add(1, Ordering::Relaxed);
                let _ = send.send(());
                std::panic::panic_any("on purpose");
            }
        });
        let kept: Vec<_> = (0..3).map(|_| held()).collect();
        (0..3).for_each(|_| is_reported.recv().expect("the watch goes on"));
        drop(watch);
        assert!(count.load(Ordering::Relaxed) >= 3);
        drop(kept);
    });
}

#[test]
fn a_report_may_drop_the_watch_and_is_the_last_one_then() {
    alone(|| {
        let place: Arc<Mutex<Option<HoldWatch>>> = Arc::default();
        let (send, reports) = mpsc::channel();
        let kept = {
            let mut locked = place.lock().expect("no panic");
            let watch = HoldWatch::spawn(Duration::ZERO, {
                let place = Arc::clone(&place);
                move |hold| {
                    drop(place.lock().expect("no panic").take());
                    let _ = send.send(hold.clone());
                }
            });
            *locked = watch.ok();
            (held(), held(), held())
        };
        assert_eq!(reports.iter().count(), 1);
        assert!(place.lock().expect("no panic").is_none());
        drop(kept);
        assert_conserved(&Line::pool().stats());
    });
}

#[test]
fn two_watches_report_what_each_finds_too_long() {
    alone(|| {
        let (short, short_reports) = spawn(Duration::ZERO);
        let (long, long_reports) = never();
        let kept = held();
        let first = short_reports.recv().expect("they are out");
        assert_eq!(long.outstanding().len(), short.outstanding().len());
        let (other, other_reports) = spawn(Duration::from_millis(1));
        assert_eq!(other_reports.recv().expect("they are out").location, first.location);
        drop(short);
        assert!(!long.outstanding().is_empty());
        drop(other);
        drop(kept);
        assert!(long.outstanding().is_empty());
        drop(long);
        assert_eq!(long_reports.iter().count(), 0);
    });
}

#[test]
fn a_watch_and_a_test_that_follows_do_not_disturb_each_other() {
    alone(|| {
        let guard = assert_none_outstanding();
        let (watch, _reports) = never();
        let kept = held();
        let sampled = watch.outstanding().len();
        assert!((1..SURE).contains(&sampled));
        drop(watch);
        let (watch, _reports) = never();
        assert!(watch.outstanding().is_empty());
        let more = held();
        assert!(!watch.outstanding().is_empty());
        drop(kept);
        drop(more);
        drop(guard);
        let kept = held();
        assert!(!watch.outstanding().is_empty());
        drop(kept);
    });
}

#[test]
fn watches_may_come_and_go_while_threads_hammer_the_pools() {
    alone(|| {
        static POOL: Pool<String> = Pool::new(String::new);

        let is_over = AtomicBool::new(false);
        let hammer = || {
            let mut kept = Vec::new();
            let mut round = 0_usize;
            while !is_over.load(Ordering::Relaxed) {
                round += 1;
                kept.push((Line::pooled(), POOL.get()));
                let shared = Pooled::share(Line::pooled());
                let other = shared.clone();
                drop(shared);
                if round % 7 == 0 {
                    Pooled::discard(Line::pooled());
                }
                if round % 40 == 0 {
                    kept.clear();
                }
                if round % 1000 == 0 {
                    Line::pool().clear();
                }
                drop(other);
                // A pool that comes and goes, under the eyes of the watch.
                if round % 100 == 0 {
                    let pool = Pool::new(String::new);
                    drop([pool.get(), pool.get(), pool.get()]);
                }
            }
        };
        thread::scope(|scope| {
            let workers: Vec<_> = (0..4).map(|_| scope.spawn(hammer)).collect();
            let mut reported = 0;
            for _ in 0..60 {
                let (watch, reports) = spawn(Duration::ZERO);
                // Some have gone by, and were reported in between.
                while reports.try_recv().is_err() {
                    drop((watch.outstanding(), held()));
                }
                reported += 1;
                let guard = assert_none_outstanding();
                drop(held());
                guard.check();
                drop((watch, guard));
            }
            is_over.store(true, Ordering::Relaxed);
            workers.into_iter().for_each(|worker| worker.join().expect("no panic"));
            assert_eq!(reported, 60);
        });
        for stats in [Line::pool().stats(), POOL.stats()] {
            assert_conserved(&stats);
            assert_eq!(stats.in_use, 0, "{stats:?}");
        }
    });
}

#[test]
fn threads_may_end_and_pools_may_go_with_objects_on_record() {
    alone(|| {
        let (watch, _reports) = never();
        for _ in 0..20 {
            let pool = Arc::new(Pool::new(String::new));
            let worker = {
                let pool = Arc::clone(&pool);
                thread::spawn(move || {
                    drop(held());
                    (0..SURE).map(|_| pool.get_owned()).collect::<Vec<_>>()
                })
            };
            let kept = worker.join().expect("no panic");
            drop(pool);
            assert!(!watch.outstanding().is_empty());
            // The last of them takes the pool along, whose idle objects were on record.
            drop(kept);
            assert!(watch.outstanding().is_empty());
        }
    });
}

#[cfg(feature = "buffer")]
#[test]
fn buffers_that_were_sampled_come_home_and_are_found_again() {
    use poolable::buffer::BufferPool;

    alone(|| {
        let (watch, _reports) = never();
        let pool = BufferPool::new();
        for round in 0..20 {
            let kept: Vec<_> = (0..SURE).map(|_| pool.get(1000)).collect();
            assert!(!watch.outstanding().is_empty());
            drop(kept);
            assert!(watch.outstanding().is_empty());
            let stats = pool.stats().total();
            assert_eq!((stats.idle, stats.in_use), (SURE as u64, 0), "round {round}");
            assert_eq!(stats.created, SURE as u64);
        }
        drop(watch);
        let kept: Vec<_> = (0..SURE).map(|_| pool.get(1000)).collect();
        drop(kept);
        assert_eq!(pool.stats().total().created, SURE as u64);
    });
}
