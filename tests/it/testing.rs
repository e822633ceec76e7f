//! `poolable::testing`: a forgotten field is found, and named.

use std::panic::catch_unwind;

use poolable::Reset;
use poolable::testing::assert_reset;

/// The message of the panic, which is kept off the test's output by the caller.
fn message_of(work: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let panic = catch_unwind(work).expect_err("it must panic");
    panic.downcast::<String>().map_or_else(
        |other| other.downcast::<&str>().map_or_else(|_| String::new(), |text| (*text).to_owned()),
        |text| *text,
    )
}

#[derive(Debug, PartialEq, Clone)]
struct Address {
    street: String,
    number: u32,
    lines: Vec<String>,
}

#[derive(Debug, PartialEq, Clone)]
struct Session {
    user: String,
    admin: bool,
    address: Address,
    hops: Vec<u8>,
    seen: Option<(u8, char)>,
}

/// Says which field the reset below forgets.
#[derive(Debug, PartialEq, Clone, Copy)]
enum Forgets {
    Nothing,
    User,
    Admin,
    Street,
    Number,
    Hops,
    Seen,
}

impl Session {
    fn new() -> Self {
        Self {
            user: String::new(),
            admin: false,
            address: Address { street: String::new(), number: 7, lines: vec![String::new()] },
            hops: vec![1, 2, 3],
            seen: None,
        }
    }

    fn fill(&mut self) {
        self.user.push_str("root");
        self.admin = true;
        self.address.street.push_str("High Street");
        self.address.number = 8;
        self.hops.push(4);
        self.seen = Some((1, 'x'));
    }

    fn reset_but(&mut self, forgets: Forgets) {
        let blank = Self::new();
        let kept = self.clone();
        *self = blank;
        match forgets {
            Forgets::Nothing => {}
            Forgets::User => self.user = kept.user,
            Forgets::Admin => self.admin = kept.admin,
            Forgets::Street => self.address.street = kept.address.street,
            Forgets::Number => self.address.number = kept.address.number,
            Forgets::Hops => self.hops = kept.hops,
            Forgets::Seen => self.seen = kept.seen,
        }
    }
}

/// A session whose reset forgets a field: a type for each.
macro_rules! forgetful {
    ($($name:ident)*) => { $(
        #[derive(PartialEq)]
        struct $name(Session);

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Reset for $name {
            fn blank() -> Self {
                Self(Session::new())
            }
            fn reset(&mut self) {
                self.0.reset_but(Forgets::$name);
            }
        }
    )* };
}

forgetful!(Nothing User Admin Street Number Hops Seen);

#[test]
fn a_reset_that_forgets_nothing_passes() {
    assert_reset::<Nothing>(|session| session.0.fill());
    assert_reset::<(String, Vec<u8>)>(|pair| pair.1.push(1));
}

#[test]
fn a_forgotten_field_is_named() {
    let user = message_of(|| assert_reset::<User>(|session| session.0.fill()));
    assert!(user.starts_with("`user` is not reset"), "{user}");
    assert!(user.contains("root"), "it shows what was left: {user}");
    let admin = message_of(|| assert_reset::<Admin>(|session| session.0.fill()));
    assert!(admin.starts_with("`admin` is not reset"), "{admin}");
}

#[test]
fn a_forgotten_field_of_a_nested_type_is_named_with_its_path() {
    let street = message_of(|| assert_reset::<Street>(|session| session.0.fill()));
    assert!(street.starts_with("`address.street` is not reset"), "{street}");
    let number = message_of(|| assert_reset::<Number>(|session| session.0.fill()));
    assert!(number.starts_with("`address.number` is not reset"), "{number}");
}

#[test]
fn a_forgotten_collection_or_option_is_named() {
    let hops = message_of(|| assert_reset::<Hops>(|session| session.0.fill()));
    assert!(hops.starts_with("`hops"), "{hops}");
    let seen = message_of(|| assert_reset::<Seen>(|session| session.0.fill()));
    assert!(seen.starts_with("`seen"), "{seen}");
}

#[test]
fn a_fill_that_changes_nothing_is_refused() {
    let message = message_of(|| assert_reset::<String>(|_| ()));
    assert!(message.contains("`fill` left the value blank"), "{message}");
    // Though the reset is wrong, which it would not have found.
    let message = message_of(|| assert_reset::<User>(|_| ()));
    assert!(message.contains("`fill`"), "{message}");
}

#[test]
fn a_difference_that_debug_does_not_show_is_told_as_such() {
    #[derive(PartialEq)]
    struct Discreet(u8);

    impl std::fmt::Debug for Discreet {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Discreet")
        }
    }

    impl Reset for Discreet {
        fn blank() -> Self {
            Self(0)
        }
        fn reset(&mut self) {}
    }

    let message = message_of(|| assert_reset::<Discreet>(|discreet| discreet.0 = 1));
    assert!(message.contains("`Debug` does not show"), "{message}");
}

#[test]
fn a_value_of_one_line_is_named_as_it_is() {
    #[derive(Debug, PartialEq)]
    struct Wrapper(u8);

    impl Reset for Wrapper {
        fn blank() -> Self {
            Self(0)
        }
        fn reset(&mut self) {}
    }

    #[derive(Debug, PartialEq)]
    enum State {
        Off,
        On { level: u8 },
    }

    impl Reset for State {
        fn blank() -> Self {
            Self::Off
        }
        fn reset(&mut self) {}
    }

    let wrapper = message_of(|| assert_reset::<Wrapper>(|wrapper| wrapper.0 = 7));
    assert!(wrapper.contains("is not reset") && wrapper.contains('7'), "{wrapper}");
    let state = message_of(|| assert_reset::<State>(|state| *state = State::On { level: 3 }));
    assert!(state.contains("`On` is not reset") && state.contains("level: 3"), "{state}");
}

#[test]
fn a_derived_reset_passes() {
    #[derive(poolable::Poolable, Debug, PartialEq)]
    struct Request {
        path: String,
        #[pool(value = 8)]
        retries: u8,
        #[pool(capacity = 100)]
        body: Vec<u8>,
    }

    assert_reset::<Request>(|request| {
        request.path.push('/');
        request.retries = 0;
        request.body.push(1);
    });
}
