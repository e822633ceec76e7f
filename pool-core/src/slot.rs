//! One pooled object in an allocation of its own.
//!
//! # Invariants
//!
//! 1. An [`Object`] has one owner: a guard, a cache, a depot or a local of
//!    the function that moves it.
//! 2. Idle objects are blank: nobody makes an `Object` out of a slot whose reset has
//!    not returned.
//! 3. The word comes first, so that a pointer to a slot of any type reaches it.
//! 4. The word holds the [`Header`] while the object is idle, the number of its handles
//!    while it is shared. While it has one user, it is as it was left by the one or the
//!    other: 0 in a slot that was neither, and one handle may read as a byte of heap. If the
//!    get is on record (see `watch`), it is the [`Mark`] of that.
//! 5. What is freed is off the record: nobody reads the word of a slot that is gone.
//!
//! The word is atomic for the sake of the handles. Whoever owns the object loads and stores
//! it as if it were not, which is what a relaxed access compiles to.

use core::mem::{ManuallyDrop, MaybeUninit};
use core::ptr::{self, NonNull};

use crate::handles::Handles;
use crate::sync::{AtomicUsize, Ordering};
use crate::watch;

/// What the pool keeps beside each value: the heap that it held when it was last measured,
/// in bytes, and [`OLD`]. A return writes the one and clears the other in the same store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header(usize);

/// The bit of an object that was idle at the last trim, and has not been used since.
const OLD: usize = 1 << (usize::BITS - 1);

impl Header {
    /// The heap that the object held when it was made idle, in bytes.
    pub(crate) const fn retained(self) -> usize {
        self.0 & !OLD
    }

    /// Whether the object was idle at the last trim, and has not been used since.
    pub(crate) const fn is_old(self) -> bool {
        self.0 & OLD != 0
    }

    /// The header of an object that was idle at a trim.
    pub(crate) const fn of_old(self) -> Self {
        Self(self.0 | OLD)
    }
}

/// What the word holds while its object has one user, if that get is on record: another one
/// for each record. An idle object that holds as much heap does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark(usize);

impl Mark {
    const BITS: usize = 0b11 << (usize::BITS - 2);

    pub(crate) const fn new(number: usize) -> Self {
        Self(number | Self::BITS)
    }

    pub(crate) fn is_on(self, word: &AtomicUsize) -> bool {
        // Relaxed: whoever returned the object and then told the caller has made that seen.
        word.load(Ordering::Relaxed) == self.0
    }

    pub(crate) fn put_on(self, word: &AtomicUsize) {
        word.store(self.0, Ordering::Relaxed);
    }
}

/// The allocation of an object.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Slot<T> {
    word: AtomicUsize,
    value: T,
}

/// The memory of a slot whose value is still to come, or has gone.
///
/// It is wiped before it is freed: what has moved out, or what was there beside the variant
/// of an enum that was there last, may have been a secret.
struct Memory<T>(Box<MaybeUninit<Slot<T>>>);

impl<T> Memory<T> {
    fn new() -> Self {
        let mut memory = Box::<Slot<T>>::new_uninit();
        // SAFETY: the pointer is to memory for a slot, so a field of it is in bounds.
        let word = unsafe { &raw mut (*memory.as_mut_ptr()).word };
        // SAFETY: the memory is ours and aligned for a slot.
        unsafe { word.write(AtomicUsize::new(0)) };
        Self(memory)
    }

    /// Where the value belongs.
    fn value(&mut self) -> *mut T {
        let slot = self.0.as_mut_ptr();
        // SAFETY: as for the word.
        unsafe { &raw mut (*slot).value }
    }

    /// The slot, once its value has been written.
    fn into_slot(self) -> NonNull<Slot<T>> {
        let mut this = ManuallyDrop::new(self);
        NonNull::from(&mut *this.0).cast()
    }
}

impl<T> Drop for Memory<T> {
    fn drop(&mut self) {
        #[cfg(feature = "zeroize")]
        crate::wipe::wipe_place(&mut *self.0);
    }
}

impl<T> Slot<T> {
    /// Allocates a slot and has `create` fill it, in place where the optimiser can.
    ///
    /// A `create` that panics leaves nothing behind.
    pub(crate) fn allocate(create: impl FnOnce() -> T) -> NonNull<Self> {
        let mut memory = Memory::<T>::new();
        let created = create();
        // SAFETY: the memory is ours and aligned for `Self`.
        unsafe { memory.value().write(created) };
        memory.into_slot()
    }

    /// Allocates a slot and moves a value there.
    ///
    /// # Safety
    ///
    /// - `source` is valid for reads of a value, which is not used there any more.
    pub(crate) unsafe fn adopt(source: *const T) -> NonNull<Self> {
        let mut memory = Memory::<T>::new();
        // SAFETY: the caller promises a value at `source`; the memory is ours, aligned for it,
        // and apart from it.
        unsafe { ptr::copy_nonoverlapping(source, memory.value(), 1) };
        memory.into_slot()
    }

    /// Reaches the value.
    ///
    /// # Safety
    ///
    /// - `slot` came from [`allocate`](Self::allocate) and has not been freed.
    pub(crate) unsafe fn value(slot: NonNull<Self>) -> NonNull<T> {
        // SAFETY: the slot is allocated, so its field is in bounds.
        let value = unsafe { &raw mut (*slot.as_ptr()).value };
        // SAFETY: a field of an allocation is not null.
        unsafe { NonNull::new_unchecked(value) }
    }

    /// Where the word is.
    pub(crate) const fn word(slot: NonNull<Self>) -> NonNull<AtomicUsize> {
        // Invariant 3.
        slot.cast()
    }

    /// Whether the get of an object is on record, or was.
    ///
    /// # Safety
    ///
    /// - `slot` came from [`allocate`](Self::allocate) and has not been freed, and is not
    ///   shared.
    #[cfg(feature = "buffer")]
    #[inline(always)]
    pub(crate) unsafe fn is_marked(slot: NonNull<Self>) -> bool {
        // SAFETY: the slot is allocated.
        let word = unsafe { &(*slot.as_ptr()).word };
        word.load(Ordering::Relaxed) >= Mark::BITS
    }

    /// The heap that an object held when it was idle the last time. If it was old then, or is
    /// on record, the number is higher than any that it holds.
    ///
    /// # Safety
    ///
    /// - `slot` came from [`allocate`](Self::allocate) and has not been freed, and is not
    ///   shared.
    #[cfg(feature = "buffer")]
    #[inline(always)]
    pub(crate) unsafe fn retained_when_idle(slot: NonNull<Self>) -> usize {
        // SAFETY: the slot is allocated.
        let word = unsafe { &(*slot.as_ptr()).word };
        word.load(Ordering::Relaxed)
    }

    /// Notes the heap that an object holds which was not idle yet, or was made blank where it
    /// is. It is off the record then.
    ///
    /// # Safety
    ///
    /// - `slot` came from [`allocate`](Self::allocate) and has not been freed, and is not
    ///   shared.
    #[inline(always)]
    pub(crate) unsafe fn note_retained(slot: NonNull<Self>, retained: usize) {
        // SAFETY: the slot is allocated.
        let word = unsafe { &(*slot.as_ptr()).word };
        word.store(retained, Ordering::Relaxed);
    }

    /// The slot that a value is in, to know it by its address.
    #[cfg(feature = "mlock")]
    pub(crate) fn around(value: *const T) -> *const Self {
        value.wrapping_byte_sub(core::mem::offset_of!(Self, value)).cast()
    }

    /// Reaches the count of the object's handles.
    ///
    /// # Safety
    ///
    /// - `slot` came from [`allocate`](Self::allocate), and is not freed while the count is
    ///   used, but for the rest of a [`Handles::remove`] that was not the last.
    /// - The object is not idle meanwhile.
    pub(crate) unsafe fn handles<'a>(slot: NonNull<Self>) -> Handles<'a> {
        // SAFETY: the slot is allocated.
        Handles::new(unsafe { &(*slot.as_ptr()).word })
    }

    /// Drops the value and frees the slot, wiped, even if that drop panics.
    ///
    /// # Safety
    ///
    /// - `slot` came from [`allocate`](Self::allocate), and the caller owns it.
    pub(crate) unsafe fn free(slot: NonNull<Self>) {
        watch::forget(Self::word(slot));
        // SAFETY: `allocate` took the slot from a `Box` of this layout, and the caller owns
        // it. `MaybeUninit` asks nothing of the contents.
        let mut memory = Memory::<T>(unsafe { Box::from_raw(slot.as_ptr().cast()) });
        // SAFETY: the value is valid, and not used again: its memory is freed next.
        unsafe { ptr::drop_in_place(memory.value()) };
    }

    /// Moves the value out and frees the slot, wiped.
    ///
    /// # Safety
    ///
    /// - `slot` came from [`allocate`](Self::allocate), and the caller owns it.
    pub(crate) unsafe fn into_inner(slot: NonNull<Self>) -> T {
        watch::forget(Self::word(slot));
        // SAFETY: `allocate` took the slot from a `Box` of this layout, the caller owns
        // it, and `MaybeUninit` asks nothing of the contents.
        let mut memory = Memory::<T>(unsafe { Box::from_raw(slot.as_ptr().cast()) });
        // As what the function ends with it moves to where its new owner wants it: a variable
        // of ours would keep a copy. The memory is wiped behind it.
        // SAFETY: the value is valid, and is not read or dropped again.
        unsafe { memory.value().read() }
    }
}

/// An object whose type its pool alone knows.
#[derive(Debug)]
#[repr(transparent)]
pub(crate) struct Object(NonNull<AtomicUsize>);

// SAFETY: an `Object` owns a value of a type that the pool knows. Objects change threads
// only inside a pool, and a pool is `Sync` and `Send` only if its type is `Send`.
unsafe impl Send for Object {}

impl Object {
    /// Erases the type of a slot, which is idle and blank from here on, and notes what
    /// heap it holds.
    ///
    /// # Safety
    ///
    /// - `slot` came from [`Slot::allocate`], and the caller owns it and gives it up.
    #[inline(always)]
    pub(crate) unsafe fn new<T>(slot: NonNull<Slot<T>>, retained: usize) -> Self {
        // SAFETY: the slot is allocated and owned by the caller.
        let word = unsafe { &(*slot.as_ptr()).word };
        word.store(retained, Ordering::Relaxed);
        // SAFETY: the caller owns the slot, and its value is blank, so nobody looks at it.
        unsafe { poison::cover(slot) };
        Self(slot.cast())
    }

    /// Erases the type of a slot, as [`new`](Self::new) does, whose heap is what it was when
    /// it was idle the last time.
    ///
    /// # Safety
    ///
    /// - As for `new`; and [`Slot::retained_when_idle`] is what the object holds.
    #[cfg(feature = "buffer")]
    #[inline(always)]
    pub(crate) unsafe fn again<T>(slot: NonNull<Slot<T>>) -> Self {
        // SAFETY: the caller owns the slot, and its value is blank, so nobody looks at it.
        unsafe { poison::cover(slot) };
        Self(slot.cast())
    }

    /// Gives the slot its type back.
    ///
    /// # Safety
    ///
    /// - The object was made from a slot of this `T`.
    #[inline(always)]
    pub(crate) unsafe fn into_slot<T>(self) -> NonNull<Slot<T>> {
        let slot = self.0.cast::<Slot<T>>();
        // SAFETY: the object owned the slot, which is of this type.
        unsafe { poison::uncover(slot) };
        slot
    }

    fn word(&self) -> &AtomicUsize {
        // SAFETY: the object owns its slot, which begins with the word (invariant 3).
        unsafe { self.0.as_ref() }
    }

    pub(crate) fn header(&self) -> Header {
        // Relaxed, like all in here: the object has one owner, whom whoever owned it before
        // has sent it to.
        Header(self.word().load(Ordering::Relaxed))
    }

    fn set_header(&mut self, header: Header) {
        self.word().store(header.0, Ordering::Relaxed);
    }

    /// Notes that the object was idle at a trim. Its next return forgets that.
    pub(crate) fn make_old(&mut self) {
        self.set_header(self.header().of_old());
    }

    /// Takes a figure for what it is. One of 2^63 bytes or more has the bit of an old object
    /// set, which no object has that has just been returned or made.
    pub(crate) fn saturate(&mut self) {
        if self.header().is_old() {
            self.set_header(Header(!OLD));
        }
    }

    /// The object as a pointer, for a list that stores it.
    #[inline(always)]
    pub(crate) fn into_raw(self) -> *mut () {
        self.0.as_ptr().cast()
    }

    /// Takes an object back from a list.
    ///
    /// # Safety
    ///
    /// - `raw` came from [`into_raw`](Self::into_raw), and is taken back once.
    #[inline(always)]
    pub(crate) unsafe fn from_raw(raw: *mut ()) -> Self {
        // SAFETY: `into_raw` gave out a pointer that is not null.
        Self(unsafe { NonNull::new_unchecked(raw.cast()) })
    }
}

/// Frees an object of type `T`: what a pool stores to free its objects with.
///
/// # Safety
///
/// - The object was made from a slot of this `T`.
pub(crate) unsafe fn free_object<T>(object: Object) {
    // SAFETY: the caller knows the type.
    let slot = unsafe { object.into_slot::<T>() };
    // SAFETY: the object owned the slot.
    unsafe { Slot::free(slot) };
}

/// Idle values hidden from AddressSanitizer's eyes, so that it sees a use of one.
#[cfg(poolable_asan)]
mod poison {
    use super::{NonNull, Slot};

    unsafe extern "C" {
        fn __asan_poison_memory_region(address: *const u8, size: usize);
        fn __asan_unpoison_memory_region(address: *const u8, size: usize);
    }

    /// # Safety
    ///
    /// - The caller owns the slot, and nobody looks at its value before `uncover`.
    pub(super) unsafe fn cover<T>(slot: NonNull<Slot<T>>) {
        // SAFETY: the slot is allocated.
        let value = unsafe { Slot::value(slot) };
        // SAFETY: the memory is the slot's; the sanitizer's runtime notes the region.
        unsafe { __asan_poison_memory_region(value.as_ptr().cast(), size_of::<T>()) };
    }

    /// # Safety
    ///
    /// - The caller owns the slot.
    pub(super) unsafe fn uncover<T>(slot: NonNull<Slot<T>>) {
        // SAFETY: the slot is allocated.
        let value = unsafe { Slot::value(slot) };
        // SAFETY: the memory is the slot's; the sanitizer's runtime notes the region.
        unsafe { __asan_unpoison_memory_region(value.as_ptr().cast(), size_of::<T>()) };
    }
}

#[cfg(not(poolable_asan))]
mod poison {
    use super::{NonNull, Slot};

    /// # Safety
    ///
    /// None: nothing happens without `--cfg poolable_asan`.
    #[inline(always)]
    pub(super) unsafe fn cover<T>(_: NonNull<Slot<T>>) {}

    /// # Safety
    ///
    /// None: nothing happens without `--cfg poolable_asan`.
    #[inline(always)]
    pub(super) unsafe fn uncover<T>(_: NonNull<Slot<T>>) {}
}
