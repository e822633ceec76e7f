//! What every guard passes on to its object.

/// Implements the traits that a guard shares with what it leads to, all but `Deref`: rustc
/// shows that one to users, and should show them no macro. With `mut` the guard leads there
/// mutably.
macro_rules! forward {
    ([$($params:tt)*] $guard:ty => mut $target:ty) => {
        $crate::guard::forward!([$($params)*] $guard => $target);

        impl<$($params)*, V: ?Sized> AsMut<V> for $guard
        where
            $target: AsMut<V>,
        {
            fn as_mut(&mut self) -> &mut V {
                (**self).as_mut()
            }
        }

        impl<$($params)*> core::borrow::BorrowMut<$target> for $guard {
            fn borrow_mut(&mut self) -> &mut $target {
                self
            }
        }
    };
    ([$($params:tt)*] $guard:ty => $target:ty) => {
        impl<$($params)*, V: ?Sized> AsRef<V> for $guard
        where
            $target: AsRef<V>,
        {
            fn as_ref(&self) -> &V {
                (**self).as_ref()
            }
        }

        impl<$($params)*> core::borrow::Borrow<$target> for $guard {
            fn borrow(&self) -> &$target {
                self
            }
        }

        impl<$($params)*> core::fmt::Debug for $guard
        where
            $target: core::fmt::Debug,
        {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                (**self).fmt(f)
            }
        }

        impl<$($params)*> core::fmt::Display for $guard
        where
            $target: core::fmt::Display,
        {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                (**self).fmt(f)
            }
        }

        impl<$($params)*> PartialEq for $guard
        where
            $target: PartialEq,
        {
            fn eq(&self, other: &Self) -> bool {
                **self == **other
            }
        }

        impl<$($params)*> Eq for $guard where $target: Eq {}

        impl<$($params)*> PartialOrd for $guard
        where
            $target: PartialOrd,
        {
            fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
                (**self).partial_cmp(&**other)
            }
        }

        impl<$($params)*> Ord for $guard
        where
            $target: Ord,
        {
            fn cmp(&self, other: &Self) -> core::cmp::Ordering {
                (**self).cmp(&**other)
            }
        }

        impl<$($params)*> core::hash::Hash for $guard
        where
            $target: core::hash::Hash,
        {
            fn hash<S: core::hash::Hasher>(&self, state: &mut S) {
                (**self).hash(state);
            }
        }
    };
}

pub(crate) use forward;
