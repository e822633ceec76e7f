//! Chains of objects, longer than returns nest: some of them have to wait on their way home.

use poolable::{Poolable, Pooled, RetainOption, Stats, Wipe};

use crate::matrix::Cell;
use crate::rows::{U8x64, VecU8};
use crate::secret::{Hold, Secret, Switched};
use crate::ways::{Ended, unwind, unwound};

/// More than twice as many as nest.
const LENGTH: u64 = 200;

/// The secret of each.
type Key = Switched<U8x64>;
type BoxedKey = Switched<VecU8>;

/// One has come home at least, and there were as many.
fn ended<S: Hold>(taken: fn(&Stats) -> bool) -> Ended {
    let Ended { taken: is_taken, .. } = Ended::of::<S>(taken);
    let all_are_known = || {
        let stats = S::pool().stats();
        cfg!(poolable_passthrough)
            || stats.created >= LENGTH && stats.idle + stats.discarded.total() > 0
    };
    Ended {
        taken: Box::new(move || is_taken() && all_are_known()),
        // Each time one more link is freed, once it has been idle at a trim.
        settle: Box::new(|| (0..2 * LENGTH).for_each(|_| poolable::trim_all())),
    }
}

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
                ended::<Self>(|stats| stats.discarded.explicit == 0)
            }

            fn unwinds() -> Ended {
                unwound(|| {
                    let _chain = Self::chain();
                    unwind();
                });
                ended::<Self>(|stats| stats.discarded.explicit == 0)
            }

            fn is_discarded() -> Ended {
                Pooled::discard(Self::chain());
                ended::<Self>(|stats| stats.discarded.explicit == 1)
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
    let cell = |row, way, run: fn() -> Ended, boxed: fn() -> Ended| Cell {
        row,
        way,
        run,
        control: run,
        boxed: Some(boxed),
    };
    vec![
        cell("chain by Option", "chain: drop", Node::<Key>::drops, Node::<BoxedKey>::drops),
        cell("chain by Option", "chain: unwind", Node::<Key>::unwinds, Node::<BoxedKey>::unwinds),
        cell(
            "chain by Option",
            "chain: discard",
            Node::<Key>::is_discarded,
            Node::<BoxedKey>::is_discarded,
        ),
        cell(
            "chain by RetainOption",
            "chain: drop",
            KeptNode::<Key>::drops,
            KeptNode::<BoxedKey>::drops,
        ),
        cell(
            "chain by RetainOption",
            "chain: unwind",
            KeptNode::<Key>::unwinds,
            KeptNode::<BoxedKey>::unwinds,
        ),
        cell(
            "chain by RetainOption",
            "chain: discard",
            KeptNode::<Key>::is_discarded,
            KeptNode::<BoxedKey>::is_discarded,
        ),
        cell("chain by Vec", "chain: drop", BoxedNode::<Key>::drops, BoxedNode::<BoxedKey>::drops),
        cell(
            "chain by Vec",
            "chain: unwind",
            BoxedNode::<Key>::unwinds,
            BoxedNode::<BoxedKey>::unwinds,
        ),
        cell(
            "chain by Vec",
            "chain: discard",
            BoxedNode::<Key>::is_discarded,
            BoxedNode::<BoxedKey>::is_discarded,
        ),
    ]
}
