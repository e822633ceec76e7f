//! Chains of objects, longer than returns nest: some of them have to wait on their way home.

use poolable::{Poolable, Pooled, RetainOption, Wipe};

use crate::matrix::Cell;
use crate::rows::U8x64;
use crate::secret::{Hold, Secret, Switched};
use crate::ways::{Ended, unwind, unwound};

/// More than twice as many as nest.
const LENGTH: u64 = 200;

/// The secret of each.
type Key = Switched<U8x64>;

macro_rules! chains {
    ($($node:ident $next:ident: $ty:ty = |$guard:ident| $link:expr;)*) => {$(
        #[derive(Poolable)]
        struct $node<T: Secret + Wipe> {
            #[pool(zeroize)]
            key: T,
            $next: $ty,
        }

        impl<T: Secret + Wipe> Hold for $node<T> {
            fn fill(&mut self) {
                self.key.fill();
            }
        }

        impl<T: Secret + Wipe> $node<T> {
            /// A chain, its last object first.
            fn chain() -> Pooled<Self> {
                let mut first = Self::pooled();
                first.fill();
                for _ in 1..LENGTH {
                    let mut node = Self::pooled();
                    node.fill();
                    let $guard = first;
                    node.$next = $link;
                    first = node;
                }
                first
            }

            fn drops() -> Ended {
                drop(Self::chain());
                Ended::of::<Self>(|stats| stats.idle + stats.discarded.total() > 0)
            }

            fn unwinds() -> Ended {
                unwound(|| {
                    let _chain = Self::chain();
                    unwind();
                });
                Ended::of::<Self>(|stats| stats.idle + stats.discarded.total() > 0)
            }

            fn is_discarded() -> Ended {
                Pooled::discard(Self::chain());
                Ended::of::<Self>(|stats| stats.idle + stats.discarded.total() > 0)
            }
        }
    )*};
}

chains! {
    Node next: Option<Pooled<Node<T>>> = |guard| Some(guard);
    KeptNode next: RetainOption<Pooled<KeptNode<T>>> = |guard| RetainOption::from(Some(guard));
    BoxedNode next: Vec<Pooled<BoxedNode<T>>> = |guard| vec![guard];
}

pub(crate) fn cells() -> Vec<Cell> {
    let cell = |row, way, run: fn() -> Ended| Cell { row, way, run, control: run };
    vec![
        cell("chain by Option", "chain: drop", Node::<Key>::drops),
        cell("chain by Option", "chain: unwind", Node::<Key>::unwinds),
        cell("chain by Option", "chain: discard", Node::<Key>::is_discarded),
        cell("chain by RetainOption", "chain: drop", KeptNode::<Key>::drops),
        cell("chain by RetainOption", "chain: unwind", KeptNode::<Key>::unwinds),
        cell("chain by RetainOption", "chain: discard", KeptNode::<Key>::is_discarded),
        cell("chain by Vec", "chain: drop", BoxedNode::<Key>::drops),
        cell("chain by Vec", "chain: unwind", BoxedNode::<Key>::unwinds),
        cell("chain by Vec", "chain: discard", BoxedNode::<Key>::is_discarded),
    ]
}
