//! Iterators over the entries of a map, in the order in which the map has them.

use core::fmt;
use core::iter::FusedIterator;
use core::slice;
use std::vec;

use super::Entry;

macro_rules! iterators {
    ($($(#[$attr:meta])* $name:ident<$($lifetime:lifetime,)? K, V>($inner:ty) -> $item:ty: |$entry:pat_param| $yield:expr;)+) => {$(
        $(#[$attr])*
        #[must_use = "an iterator does nothing unless it is asked"]
        pub struct $name<$($lifetime,)? K, V>(pub(super) $inner);

        impl<$($lifetime,)? K, V> Iterator for $name<$($lifetime,)? K, V> {
            type Item = $item;

            #[inline]
            fn next(&mut self) -> Option<Self::Item> {
                self.0.next().map(|$entry| $yield)
            }

            #[inline]
            fn size_hint(&self) -> (usize, Option<usize>) {
                self.0.size_hint()
            }
        }

        impl<$($lifetime,)? K, V> DoubleEndedIterator for $name<$($lifetime,)? K, V> {
            #[inline]
            fn next_back(&mut self) -> Option<Self::Item> {
                self.0.next_back().map(|$entry| $yield)
            }
        }

        impl<$($lifetime,)? K, V> ExactSizeIterator for $name<$($lifetime,)? K, V> {}

        impl<$($lifetime,)? K, V> FusedIterator for $name<$($lifetime,)? K, V> {}

        impl<$($lifetime,)? K: fmt::Debug, V: fmt::Debug> fmt::Debug for $name<$($lifetime,)? K, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let rest = self.0.as_slice().iter().map(|(_, key, value)| (key, value));
                f.debug_list().entries(rest).finish()
            }
        }
    )+};
}

iterators! {
    /// The entries of a borrowed map.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let ports = RetainMap::from([("http", 80), ("https", 443)]);
    /// assert_eq!(ports.iter().next_back(), Some((&"https", &443)));
    /// ```
    Iter<'a, K, V>(slice::Iter<'a, Entry<K, V>>) -> (&'a K, &'a V): |(_, key, value)| (key, value);

    /// The entries of a borrowed map, whose values may be changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let mut ports = RetainMap::from([("http", 80)]);
    /// ports.iter_mut().for_each(|(_, port)| *port += 8000);
    /// assert_eq!(ports["http"], 8080);
    /// ```
    IterMut<'a, K, V>(slice::IterMut<'a, Entry<K, V>>) -> (&'a K, &'a mut V): |(_, key, value)| (&*key, value);

    /// The entries of a map that is no more.
    ///
    /// # Examples
    ///
    /// ```
    /// use poolable::RetainMap;
    ///
    /// let ports = RetainMap::from([("http", 80), ("https", 443)]);
    /// assert_eq!(ports.into_iter().map(|(_, port)| port).sum::<i32>(), 523);
    /// ```
    IntoIter<K, V>(vec::IntoIter<Entry<K, V>>) -> (K, V): |(_, key, value)| (key, value);
}

impl<K, V> Clone for Iter<'_, K, V> {
    #[inline]
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use crate::RetainMap;

    #[test]
    fn entries_come_in_the_order_of_their_insertion() {
        let mut map: RetainMap<_, _> = (0..20).map(|n| (n * 37 % 20, n)).collect();
        let expected = (0..20).map(|n| (n * 37 % 20, n)).collect::<Vec<_>>();
        assert_eq!(map.iter().map(|(k, v)| (*k, *v)).collect::<Vec<_>>(), expected);
        assert_eq!(map.iter_mut().map(|(k, v)| (*k, *v)).collect::<Vec<_>>(), expected);
        assert_eq!(
            map.keys().copied().collect::<Vec<_>>(),
            expected.iter().map(|e| e.0).collect::<Vec<_>>()
        );
        assert!(map.values().copied().eq(0..20));
        assert!(map.iter().rev().map(|(_, v)| *v).eq((0..20).rev()));
        assert_eq!(map.into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn spare_entries_are_not_met() {
        let mut map = RetainMap::from([("a", 1), ("b", 2), ("c", 3)]);
        assert!(map.retire("b"));
        assert_eq!(map.retained(), 1);
        assert_eq!((map.iter().len(), map.iter_mut().len(), map.keys().len()), (2, 2, 2));
        assert_eq!(map.values_mut().len(), 2);
        assert_eq!((map.iter().count(), (&map).into_iter().count()), (2, 2));
        assert_eq!(map.into_iter().len(), 2);
    }

    #[test]
    fn what_is_left_is_shown() {
        let mut map = RetainMap::from([("a", 1), ("b", 2)]);
        let mut rest = map.iter();
        rest.next();
        assert_eq!(format!("{:?} {:?}", rest.clone(), rest), r#"[("b", 2)] [("b", 2)]"#);
        assert_eq!(format!("{:?}", map.iter_mut()), r#"[("a", 1), ("b", 2)]"#);
        assert_eq!(format!("{:?}", map.into_iter()), r#"[("a", 1), ("b", 2)]"#);
    }
}
