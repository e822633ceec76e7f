//! Wipes right in front of a free or a return, for `cargo xtask wipe-asm` to read.
//!
//! Nobody can see such a store but who wrote it, and so the optimiser may take it out, unless
//! the wipe keeps it. Every function of [`kept`] must still have its stores in the machine
//! code. Those of [`control`] do the same without keeping anything: they must have lost
//! theirs, or else nothing can be learned from this program.
//!
//! The functions are called through pointers that the compiler does not see through, so that
//! each stands in the assembly under its own name.
#![forbid(unsafe_code)]

use core::hint::black_box;

use poolable::{Poolable, Pooled, Reset};

/// What a session is made of: a buffer of its own, and bytes in the object itself.
#[derive(Debug, Poolable)]
struct Session {
    #[pool(zeroize, capacity = 512)]
    token: String,
    #[pool(zeroize)]
    key: [u8; 32],
}

/// Something like a use: the secret's memory is read by code that nobody knows.
#[inline(always)]
fn use_of<T: ?Sized>(secret: &T) {
    black_box(secret);
}

mod kept {
    use super::{Pooled, Session, use_of};
    use poolable::Wipe;

    /// The buffer has 4096 bytes, 100 of which are used.
    #[inline(never)]
    pub(super) fn vec_of_4096(secret: &[u8; 100]) {
        let mut bytes = Vec::with_capacity(4096);
        bytes.extend_from_slice(secret);
        use_of(bytes.as_slice());
        bytes.wipe();
    }

    #[inline(never)]
    pub(super) fn string_of_4096(secret: &str) {
        let mut text = String::with_capacity(4096);
        text.push_str(secret.get(..100).unwrap_or_default());
        use_of(text.as_str());
        text.wipe();
    }

    #[inline(never)]
    pub(super) fn any_vec(mut bytes: Vec<u8>) {
        // Or it is the function below.
        use_of("a vector");
        bytes.wipe();
    }

    #[inline(never)]
    pub(super) fn any_string(mut text: String) {
        text.wipe();
    }

    #[inline(never)]
    pub(super) fn array_on_stack(secret: &[u8; 32]) {
        let mut key = *secret;
        use_of(&key);
        key.wipe();
    }

    #[inline(never)]
    pub(super) fn array_in_box(mut key: Box<[u8; 4096]>) {
        key.wipe();
    }

    #[inline(never)]
    pub(super) fn scalar_on_stack(secret: &u64) {
        let mut word = *secret;
        use_of(&word);
        word.wipe();
    }

    #[inline(never)]
    pub(super) fn scalar_in_box(mut word: Box<u64>) {
        word.wipe();
    }

    #[inline(never)]
    pub(super) fn option_on_stack(secret: &Option<[u8; 32]>) {
        let mut key = *secret;
        use_of(&key);
        key.wipe();
    }

    #[inline(never)]
    pub(super) fn option_in_box(mut key: Box<Option<[u8; 32]>>) {
        key.wipe();
    }

    /// The derive's own `Drop` wipes.
    #[inline(never)]
    pub(super) fn session_in_box(session: Box<Session>) {
        drop(session);
    }

    #[inline(never)]
    pub(super) fn sessions_in_vec(sessions: Vec<Session>) {
        drop(sessions);
    }

    #[inline(never)]
    pub(super) fn session_discarded(session: Pooled<Session>) {
        Pooled::discard(session);
    }
}

#[expect(clippy::boxed_local, reason = "that the box is freed is what is looked at")]
mod control {
    use super::use_of;

    // Without their stores some are the same, or the same as one that has lost what keeps
    // its own. Each uses something that no other has, or the compiler makes one of them.

    #[inline(never)]
    pub(super) fn vec_of_4096(secret: &[u8; 100]) {
        use_of("a vector");
        let mut bytes = Vec::with_capacity(4096);
        bytes.extend_from_slice(secret);
        use_of(bytes.as_slice());
        bytes.resize(4096, 0);
        bytes.fill(0);
    }

    #[inline(never)]
    pub(super) fn array_on_stack(secret: &[u8; 32]) {
        use_of("an array on the stack");
        let mut key = *secret;
        use_of(&key);
        key.fill(0);
    }

    #[inline(never)]
    pub(super) fn array_in_box(mut key: Box<[u8; 4096]>) {
        use_of("an array");
        key.fill(0);
    }

    #[inline(never)]
    pub(super) fn scalar_on_stack(secret: &u64) {
        use_of("a scalar on the stack");
        let mut word = *secret;
        use_of(&word);
        word.clone_from(&0);
    }

    #[inline(never)]
    pub(super) fn scalar_in_box(mut word: Box<u64>) {
        use_of("a scalar");
        *word = 0;
    }

    #[inline(never)]
    pub(super) fn option_in_box(mut key: Box<Option<[u8; 32]>>) {
        use_of("an option");
        *key = Some([0; 32]);
    }
}

/// Calls through a pointer.
fn call<A>(function: fn(A), argument: A) {
    black_box(function)(argument);
}

fn main() {
    let secret = || vec![0xA5_u8; 4096];
    let array: Box<[u8; 4096]> = Box::new([0xA5; 4096]);
    let text = "a secret that is read by nobody".repeat(4);

    call(kept::vec_of_4096, &[0xA5; 100]);
    call(kept::string_of_4096, text.as_str());
    call(kept::any_vec, secret());
    call(kept::any_string, text);
    call(kept::array_on_stack, &[0xA5; 32]);
    call(kept::array_in_box, array.clone());
    call(kept::scalar_on_stack, &1);
    call(kept::scalar_in_box, Box::new(1));
    call(kept::option_on_stack, &Some([0xA5; 32]));
    call(kept::option_in_box, Box::new(Some([0xA5; 32])));
    call(kept::session_in_box, Box::new(Session::blank()));
    call(kept::sessions_in_vec, vec![Session::blank()]);
    call(kept::session_discarded, Session::pooled());

    call(control::vec_of_4096, &[0xA5; 100]);
    call(control::array_on_stack, &[0xA5; 32]);
    call(control::array_in_box, array);
    call(control::scalar_on_stack, &1);
    call(control::scalar_in_box, Box::new(1));
    call(control::option_in_box, Box::new(Some([0xA5; 32])));
}
