//! Enums go back to their blank variant.

use poolable::{Poolable, Reset, Wipe};

#[derive(Poolable, Debug, PartialEq)]
enum State {
    #[pool(blank)]
    Reading {
        buffer: Vec<u8>,
        #[pool(value = 8)]
        step: u8,
    },
    Done(String),
}

#[test]
fn the_blank_variant_is_reset_in_place() {
    let mut state = State::pooled();
    let State::Reading { buffer, step } = &mut *state else { panic!("not blank: {state:?}") };
    assert_eq!(*step, 8);
    *step = 1;
    buffer.extend([1; 10]);
    let place = buffer.as_ptr();
    drop(state);

    let state = State::pooled();
    let State::Reading { buffer, step } = &*state else { panic!("not blank: {state:?}") };
    assert_eq!((buffer.len(), *step, buffer.as_ptr()), (0, 8, place));
}

#[test]
fn another_variant_is_replaced_by_a_blank_one() {
    let mut state = State::blank();
    state = match state {
        State::Reading { .. } => State::Done(String::from("x")),
        State::Done(text) => State::Done(text),
    };
    state.reset();
    assert_eq!(state, State::blank());
}

#[test]
fn std_default_marks_the_blank_variant_too() {
    #[derive(Default, Poolable, Debug, PartialEq)]
    enum Level {
        High(u8),
        #[default]
        Low,
    }

    let mut level = Level::pooled();
    assert_eq!(*level, Level::Low);
    *level = Level::High(3);
    drop(level);
    assert_eq!(*Level::pooled(), Level::Low);
}

#[test]
fn a_secret_in_another_variant_is_wiped_before_it_is_replaced() {
    use std::cell::Cell;

    thread_local! {
        static WIPED: Cell<u32> = const { Cell::new(0) };
    }

    struct Spy(u32);

    impl Wipe for Spy {
        fn wipe(&mut self) {
            WIPED.set(WIPED.get() + self.0);
            self.0 = 0;
        }
    }

    #[derive(Reset)]
    enum Login {
        #[pool(blank)]
        Out,
        In {
            #[pool(zeroize)]
            key: Spy,
        },
    }

    let mut login = Login::In { key: Spy(5) };
    login.reset();
    assert!(matches!(login, Login::Out));
    assert_eq!(WIPED.get(), 5);
}

#[test]
fn a_return_drops_a_variant_and_not_the_blank_one() {
    use std::cell::Cell;

    thread_local! {
        static DROPPED: Cell<u32> = const { Cell::new(0) };
    }

    #[derive(Poolable)]
    #[pool(drop_wipe = false)]
    enum State {
        #[pool(blank)]
        Idle,
        Login {
            #[pool(zeroize)]
            key: [u8; 32],
        },
    }

    impl Drop for State {
        fn drop(&mut self) {
            DROPPED.set(DROPPED.get() + 1);
        }
    }

    drop(State::pooled());
    assert_eq!(DROPPED.get(), 0);
    let mut state = State::pooled();
    *state = State::Login { key: [7; 32] };
    assert_eq!(DROPPED.replace(0), 1, "the assignment");
    drop(state);
    assert_eq!(DROPPED.get(), 1);
    assert!(matches!(&*State::pooled(), State::Idle));
}
