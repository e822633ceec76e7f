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
        play(&Case { subject, number, is_hooked, is_cut_off: false }, &tally);
    }
    if numbers == (0..SCRIPTS) {
        tally.judge(subject);
    }
}

/// Every fifth combination, with the pool closed in the middle of it.
fn cut_off(is_hooked: bool, play: impl Fn(&Case, &Arc<Tally>)) {
    let (numbers, tally) = (numbers(), Arc::new(Tally::default()));
    // Of a step that has no divisor in common with anything that is drawn from the number.
    for number in numbers.step_by(5) {
        for subject in [Subject::Creates, Subject::Checks] {
            play(&Case { subject, number, is_hooked, is_cut_off: true }, &tally);
        }
    }
}

/// On an executor of its own threads, by a clock that is moved.
fn moved(spawn: fn() -> Spawn) -> impl Fn(&Case, &Arc<Tally>) {
    move |case, tally| block_on(case::play(case, Stage::moved(spawn()), tally))
}

/// On tokio's one thread, by the clock that it has paused.
fn paused(case: &Case, tally: &Arc<Tally>) {
    let mut builder = Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(async { case::play(case, Stage::paused(), tally).await });
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
    creates_settle_on_one_tokio_thread: play_all(Subject::Creates, !HOOKED, paused);
    creates_settle_on_one_tokio_thread_with_a_hook: play_all(Subject::Creates, HOOKED, paused);
    checks_settle_on_one_tokio_thread: play_all(Subject::Checks, !HOOKED, paused);
    checks_settle_on_one_tokio_thread_with_a_hook: play_all(Subject::Checks, HOOKED, paused);

    creates_settle_on_tokio_threads: play_all(Subject::Creates, !HOOKED, moved(executor::tokio_threads));
    creates_settle_on_tokio_threads_with_a_hook:
        play_all(Subject::Creates, HOOKED, moved(executor::tokio_threads));
    checks_settle_on_tokio_threads: play_all(Subject::Checks, !HOOKED, moved(executor::tokio_threads));
    checks_settle_on_tokio_threads_with_a_hook:
        play_all(Subject::Checks, HOOKED, moved(executor::tokio_threads));

    creates_settle_on_smol: play_all(Subject::Creates, !HOOKED, moved(executor::smol_threads));
    creates_settle_on_smol_with_a_hook: play_all(Subject::Creates, HOOKED, moved(executor::smol_threads));
    checks_settle_on_smol: play_all(Subject::Checks, !HOOKED, moved(executor::smol_threads));
    checks_settle_on_smol_with_a_hook: play_all(Subject::Checks, HOOKED, moved(executor::smol_threads));

    creates_settle_on_bare_threads: play_all(Subject::Creates, !HOOKED, moved(executor::bare_threads));
    creates_settle_on_bare_threads_with_a_hook:
        play_all(Subject::Creates, HOOKED, moved(executor::bare_threads));
    checks_settle_on_bare_threads: play_all(Subject::Checks, !HOOKED, moved(executor::bare_threads));
    checks_settle_on_bare_threads_with_a_hook:
        play_all(Subject::Checks, HOOKED, moved(executor::bare_threads));

    all_end_when_the_pool_closes_on_one_tokio_thread: cut_off(!HOOKED, paused);
    all_end_when_the_pool_closes_on_one_tokio_thread_with_a_hook: cut_off(HOOKED, paused);
    all_end_when_the_pool_closes_on_tokio_threads: cut_off(!HOOKED, moved(executor::tokio_threads));
    all_end_when_the_pool_closes_on_tokio_threads_with_a_hook:
        cut_off(HOOKED, moved(executor::tokio_threads));
    all_end_when_the_pool_closes_on_smol: cut_off(!HOOKED, moved(executor::smol_threads));
    all_end_when_the_pool_closes_on_smol_with_a_hook:
        cut_off(HOOKED, moved(executor::smol_threads));
    all_end_when_the_pool_closes_on_bare_threads: cut_off(!HOOKED, moved(executor::bare_threads));
    all_end_when_the_pool_closes_on_bare_threads_with_a_hook:
        cut_off(HOOKED, moved(executor::bare_threads));
}
