//! Pools that lend vectors as their users left them: what most pools of the field do, poolable's
//! when it is told so.

use poolable::Pool;

/// A pool whose vectors are born with `size` bytes, and keep them.
pub(super) fn as_left(size: usize) -> Pool<Vec<u8>> {
    Pool::builder()
        .create(move || vec![0; size])
        .reset(|_| {})
        .measure(|bytes| bytes.capacity())
        .max_bytes(usize::MAX)
        .build()
}

/// One byte of each page is written to, so that all of it has to be there.
#[inline(always)]
pub(super) fn touch_pages(bytes: &mut [u8]) -> u64 {
    let mut pages = 0;
    for page in bytes.chunks_mut(4096) {
        page[0] = 0xab;
        pages += 1;
    }
    core::hint::black_box(bytes);
    pages
}
