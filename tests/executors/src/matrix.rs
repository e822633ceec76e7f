//! Every script of five creates, and of five checks, against racing timeouts and cancellations.
//!
//! Each combination has a small pool and six getters, who come twice. How they get, how long they
//! wait, when they are dropped, how they hold what they got: all of that is drawn from the number
//! of the combination, and is the same on every executor. Only who runs when is not.

mod case;
mod getter;
mod stage;
mod tally;

use std::env;
use std::ops::Range;
use std::sync::Arc;

use tokio::runtime::Builder;

use self::case::{Case, Subject};
use self::stage::Stage;
use self::tally::Tally;
use crate::block_on::block_on;
use crate::executor::{self, Spawn};
use crate::script::SCRIPTS;

/// The combinations to run: all, or the one that is asked for.
fn numbers() -> Range<u64> {
    match env::var("POOLABLE_COMBINATION") {
        Ok(text) => {
            let number = text.parse().expect("`POOLABLE_COMBINATION`: a number is wanted");
            assert!(number < SCRIPTS, "`POOLABLE_COMBINATION`: there are {SCRIPTS}");
            number..number + 1
        }
        Err(_) => 0..SCRIPTS,
    }
}

fn play_all(subject: Subject, is_hooked: bool, play: impl Fn(&Case, &Arc<Tally>)) {
    let (numbers, tally) = (numbers(), Arc::new(Tally::default()));
    for number in numbers.clone() {
        play(&Case { subject, number, is_hooked }, &tally);
    }
    if numbers == (0..SCRIPTS) {
        tally.judge(subject);
    }
}

/// On an executor of its own threads, by a clock that is moved.
fn play_moved(subject: Subject, is_hooked: bool, spawn: fn() -> Spawn) {
    play_all(subject, is_hooked, |case, tally| {
        block_on(case::play(case, Stage::moved(spawn()), tally));
    });
}

/// On tokio's one thread, by the clock that it has paused.
fn play_paused(subject: Subject, is_hooked: bool) {
    play_all(subject, is_hooked, |case, tally| {
        let runtime = Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        runtime.block_on(async { case::play(case, Stage::paused(), tally).await });
    });
}

macro_rules! matrix {
    ($($name:ident: $play:expr;)*) => {$(
        #[test]
        fn $name() {
            $play
        }
    )*};
}

const HOOKED: bool = true;

matrix! {
    creates_settle_on_one_tokio_thread: play_paused(Subject::Creates, !HOOKED);
    creates_settle_on_one_tokio_thread_with_a_hook: play_paused(Subject::Creates, HOOKED);
    checks_settle_on_one_tokio_thread: play_paused(Subject::Checks, !HOOKED);
    checks_settle_on_one_tokio_thread_with_a_hook: play_paused(Subject::Checks, HOOKED);

    creates_settle_on_tokio_threads: play_moved(Subject::Creates, !HOOKED, executor::tokio_threads);
    creates_settle_on_tokio_threads_with_a_hook:
        play_moved(Subject::Creates, HOOKED, executor::tokio_threads);
    checks_settle_on_tokio_threads: play_moved(Subject::Checks, !HOOKED, executor::tokio_threads);
    checks_settle_on_tokio_threads_with_a_hook:
        play_moved(Subject::Checks, HOOKED, executor::tokio_threads);

    creates_settle_on_smol: play_moved(Subject::Creates, !HOOKED, executor::smol_threads);
    creates_settle_on_smol_with_a_hook: play_moved(Subject::Creates, HOOKED, executor::smol_threads);
    checks_settle_on_smol: play_moved(Subject::Checks, !HOOKED, executor::smol_threads);
    checks_settle_on_smol_with_a_hook: play_moved(Subject::Checks, HOOKED, executor::smol_threads);

    creates_settle_on_bare_threads: play_moved(Subject::Creates, !HOOKED, executor::bare_threads);
    creates_settle_on_bare_threads_with_a_hook:
        play_moved(Subject::Creates, HOOKED, executor::bare_threads);
    checks_settle_on_bare_threads: play_moved(Subject::Checks, !HOOKED, executor::bare_threads);
    checks_settle_on_bare_threads_with_a_hook:
        play_moved(Subject::Checks, HOOKED, executor::bare_threads);
}
