//! The objects that are pooled, and what a program does with them.
//!
//! All of them are buffers that are born with their capacity and never grow: what is
//! timed is how an object is come by, not what is done with it.

use core::cell::RefCell;
use core::hint::black_box;
use std::thread::LocalKey;

use crate::contenders::mimalloc::MiVec;

/// What every use appends to a buffer of bytes.
const LINE: &[u8; 13] = b"GET / HTTP/1\n";
/// The same for a buffer of numbers.
const NUMBERS: &[u32; 4] = &[3, 5, 8, 12];

/// Something that is got, filled and returned.
pub(crate) trait Object: Send {
    /// A new one, with the capacity that it keeps.
    fn new() -> Self;

    /// What a user does with it between get and return.
    fn fill(&mut self);

    /// Makes it blank, for contenders that leave this to their user.
    fn clear(&mut self);

    /// Whether it is as it was born.
    #[cfg(test)]
    fn is_blank(&self) -> bool;
}

/// An idle list as programs write it by hand. The boxes are what a pool keeps, too: an
/// object does not move while it is out.
pub(crate) type FreeList<T> = RefCell<Vec<Box<T>>>;

/// An object that every contender can hold.
pub(crate) trait AnyObject:
    Object
    + Default
    + Sync
    + 'static
    + poolable::Poolable<Static = Self>
    + poolshark::IsoPoolable
    + sharded_slab::Clear
{
    /// The same object, its buffers allocated with mimalloc.
    type Mimalloc: Object + 'static;

    /// The thread's own idle list of this type.
    fn free_list() -> &'static LocalKey<FreeList<Self>>;
}

/// Declares an object by its buffers, each with its element, its capacity and what is
/// appended to it.
macro_rules! object {
    (
        $(#[$attribute:meta])*
        $name:ident, $mirror:ident, $tag:literal:
        $($field:ident: [$element:ty; $capacity:literal] <- $line:ident),+
    ) => {
        #[derive(poolable::Poolable)]
        $(#[$attribute])*
        pub(crate) struct $name {
            $(
                #[pool(capacity = $capacity)]
                $field: Vec<$element>,
            )+
        }

        impl Object for $name {
            fn new() -> Self {
                Self { $($field: Vec::with_capacity($capacity)),+ }
            }

            #[inline(always)]
            fn fill(&mut self) {
                $(
                    self.$field.extend_from_slice(black_box($line));
                    black_box(self.$field.as_ptr());
                )+
            }

            #[inline(always)]
            fn clear(&mut self) {
                $(self.$field.clear();)+
            }

            #[cfg(test)]
            fn is_blank(&self) -> bool {
                $(self.$field.len() == 0 && self.$field.capacity() == $capacity &&)+ true
            }
        }

        impl Default for $name {
            fn default() -> Self {
                <Self as Object>::new()
            }
        }

        impl sharded_slab::Clear for $name {
            #[inline(always)]
            fn clear(&mut self) {
                Object::clear(self);
            }
        }

        impl poolshark::Poolable for $name {
            fn empty() -> Self {
                Object::new()
            }

            fn reset(&mut self) {
                Object::clear(self);
            }

            fn capacity(&self) -> usize {
                [$(self.$field.capacity()),+].into_iter().sum()
            }
        }

        // SAFETY: each type has a tag of its own, and so shares its pool with no other.
        unsafe impl poolshark::IsoPoolable for $name {
            const DISCRIMINANT: Option<poolshark::Discriminant> =
                poolshark::Discriminant::new_p1_size::<Self, $tag>(poolshark::location_id!());
        }

        const _: () = {
            thread_local! {
                static FREE: FreeList<$name> = const { RefCell::new(Vec::new()) };
            }

            impl AnyObject for $name {
                type Mimalloc = $mirror;

                #[inline(always)]
                fn free_list() -> &'static LocalKey<FreeList<Self>> {
                    &FREE
                }
            }
        };

        pub(crate) struct $mirror {
            $($field: MiVec<$element>,)+
        }

        impl Object for $mirror {
            #[inline]
            fn new() -> Self {
                Self { $($field: MiVec::with_capacity($capacity)),+ }
            }

            #[inline(always)]
            fn fill(&mut self) {
                $(
                    self.$field.extend_from_slice(black_box($line));
                    black_box(self.$field.as_ptr());
                )+
            }

            #[inline(always)]
            fn clear(&mut self) {
                $(self.$field.clear();)+
            }

            #[cfg(test)]
            fn is_blank(&self) -> bool {
                $(self.$field.len() == 0 && self.$field.capacity() == $capacity &&)+ true
            }
        }
    };
}

object!(Buffer4K, MiBuffer4K, 1: bytes: [u8; 4096] <- LINE);
object!(Buffer16, MiBuffer16, 2: bytes: [u8; 16] <- LINE);
object!(Buffer1K, MiBuffer1K, 3: bytes: [u8; 1024] <- LINE);
object!(Buffer64K, MiBuffer64K, 4: bytes: [u8; 65536] <- LINE);
object!(
    Request, MiRequest, 5:
    method: [u8; 16] <- LINE,
    path: [u8; 256] <- LINE,
    headers: [u32; 64] <- NUMBERS,
    body: [u8; 1024] <- LINE
);
object!(
    #[pool(max_idle = 16384)]
    Burst4K, MiBurst4K, 6: bytes: [u8; 4096] <- LINE
);
object!(
    #[pool(max_idle = 16384)]
    Burst16, MiBurst16, 7: bytes: [u8; 16] <- LINE
);
