//! What every guard passes on to its object.

/// Implements the traits that a guard shares with its object, all but `Deref`: rustc shows
/// that one to users, and should show them no macro.
macro_rules! forward {
    ([$($params:tt)*] $guard:ty) => {
        impl<$($params)*, U: ?Sized> AsRef<U> for $guard
        where
            T: AsRef<U>,
        {
            fn as_ref(&self) -> &U {
                (**self).as_ref()
            }
        }

        impl<$($params)*, U: ?Sized> AsMut<U> for $guard
        where
            T: AsMut<U>,
        {
            fn as_mut(&mut self) -> &mut U {
                (**self).as_mut()
            }
        }

        impl<$($params)*> core::borrow::Borrow<T> for $guard {
            fn borrow(&self) -> &T {
                self
            }
        }

        impl<$($params)*> core::borrow::BorrowMut<T> for $guard {
            fn borrow_mut(&mut self) -> &mut T {
                self
            }
        }

        impl<$($params)*> core::fmt::Debug for $guard
        where
            T: core::fmt::Debug,
        {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                (**self).fmt(f)
            }
        }

        impl<$($params)*> core::fmt::Display for $guard
        where
            T: core::fmt::Display,
        {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                (**self).fmt(f)
            }
        }

        impl<$($params)*> PartialEq for $guard
        where
            T: PartialEq,
        {
            fn eq(&self, other: &Self) -> bool {
                **self == **other
            }
        }

        impl<$($params)*> Eq for $guard where T: Eq {}

        impl<$($params)*> PartialOrd for $guard
        where
            T: PartialOrd,
        {
            fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
                (**self).partial_cmp(&**other)
            }
        }

        impl<$($params)*> Ord for $guard
        where
            T: Ord,
        {
            fn cmp(&self, other: &Self) -> core::cmp::Ordering {
                (**self).cmp(&**other)
            }
        }

        impl<$($params)*> core::hash::Hash for $guard
        where
            T: core::hash::Hash,
        {
            fn hash<S: core::hash::Hasher>(&self, state: &mut S) {
                (**self).hash(state);
            }
        }
    };
}

pub(crate) use forward;
