//! Text and paths: emptied, the buffer kept where there is one.

use core::mem;
use std::borrow::Cow;
use std::ffi::OsString;
use std::path::PathBuf;

use super::Reset;

macro_rules! buffers {
    ($($ty:ty),+) => {$(
        impl Reset for $ty {
            #[inline]
            fn blank() -> Self {
                Self::new()
            }

            #[inline]
            fn reset(&mut self) {
                self.clear();
            }

            #[inline]
            fn retained_bytes(&mut self) -> usize {
                self.capacity()
            }
        }
    )+};
}

buffers!(String, PathBuf, OsString);

/// Becomes empty. The length of the allocation is the length of the text, so it cannot
/// be kept.
impl Reset for Box<str> {
    #[inline]
    fn blank() -> Self {
        Self::default()
    }

    #[inline]
    fn reset(&mut self) {
        drop(mem::take(self));
    }

    #[inline]
    fn retained_bytes(&mut self) -> usize {
        self.len()
    }
}

impl Reset for &str {
    #[inline]
    fn blank() -> Self {
        ""
    }

    #[inline]
    fn reset(&mut self) {
        *self = "";
    }
}

/// An owned buffer is emptied and kept, a borrowed one becomes a blank owned one.
impl<B> Reset for Cow<'_, B>
where
    B: ToOwned<Owned: Reset> + ?Sized,
{
    #[inline]
    fn blank() -> Self {
        Cow::Owned(Reset::blank())
    }

    #[inline]
    fn reset(&mut self) {
        match self {
            Cow::Owned(owned) => owned.reset(),
            Cow::Borrowed(_) => *self = Self::blank(),
        }
    }

    #[inline]
    fn retained_bytes(&mut self) -> usize {
        match self {
            Cow::Owned(owned) => owned.retained_bytes(),
            Cow::Borrowed(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn string_is_emptied_and_keeps_its_buffer() {
        let mut used = String::from("GET /");
        let (place, capacity) = (used.as_ptr(), used.capacity());
        used.reset();
        assert_eq!(used, String::blank());
        assert_eq!((used.as_ptr(), used.capacity()), (place, capacity));
        assert_eq!(used.retained_bytes(), capacity);
        assert_eq!(String::blank().retained_bytes(), 0);
    }

    #[test]
    fn path_is_emptied_and_keeps_its_buffer() {
        let mut used = PathBuf::from("/var/log");
        let (place, capacity) = (used.as_os_str().as_encoded_bytes().as_ptr(), used.capacity());
        used.reset();
        assert_eq!(used, PathBuf::blank());
        assert_eq!(used.as_os_str().as_encoded_bytes().as_ptr(), place);
        assert_eq!(used.capacity(), capacity);
        assert_eq!(used.retained_bytes(), capacity);
    }

    #[test]
    fn os_string_is_emptied_and_keeps_its_buffer() {
        let mut used = OsString::from("--verbose");
        let (place, capacity) = (used.as_encoded_bytes().as_ptr(), used.capacity());
        used.reset();
        assert_eq!(used, OsString::blank());
        assert_eq!((used.as_encoded_bytes().as_ptr(), used.capacity()), (place, capacity));
        assert_eq!(used.retained_bytes(), capacity);
    }

    #[test]
    fn boxed_text_becomes_empty_and_gives_its_memory_back() {
        let mut used = Box::<str>::from("used");
        assert_eq!(used.retained_bytes(), 4);
        used.reset();
        assert_eq!(used, Box::<str>::blank());
        assert_eq!(&*used, "");
        assert_eq!(used.retained_bytes(), 0);
    }

    #[test]
    fn borrowed_text_becomes_empty_at_any_lifetime() {
        fn reset_inside<'a>(text: &'a str) -> &'a str {
            let mut used: &'a str = text;
            used.reset();
            used
        }
        assert_eq!(reset_inside(&String::from("used")), "");
        assert_eq!(<&str>::blank(), "");
        assert_eq!((&mut "used").retained_bytes(), 0);
    }

    #[test]
    fn owned_cow_is_emptied_and_keeps_its_buffer() {
        let mut used: Cow<'_, str> = Cow::Owned(String::from("used"));
        let place = used.as_ptr();
        used.reset();
        assert!(matches!(&used, Cow::Owned(text) if text.is_empty() && text.capacity() >= 4));
        assert_eq!(used.as_ptr(), place);
        assert!(used.retained_bytes() >= 4);
    }

    #[test]
    fn borrowed_cow_becomes_blank_and_owned() {
        let mut used: Cow<'_, str> = Cow::Borrowed("used");
        assert_eq!(used.retained_bytes(), 0);
        used.reset();
        assert!(matches!(&used, Cow::Owned(text) if text.is_empty()));
        assert_eq!(used, Cow::<str>::blank());
        assert_eq!(used.retained_bytes(), 0);
    }

    #[test]
    fn cow_follows_the_owned_type() {
        let mut words: Cow<'_, [u16]> = Cow::Owned(vec![1, 2, 3]);
        words.reset();
        assert_eq!(words.len(), 0);
        assert!(words.retained_bytes() >= 6);

        let mut path: Cow<'_, Path> = Cow::Borrowed(Path::new("/tmp"));
        path.reset();
        assert!(matches!(&path, Cow::Owned(path) if path.as_os_str().is_empty()));

        let mut number: Cow<'_, u32> = Cow::Borrowed(&7);
        number.reset();
        assert!(matches!(number, Cow::Owned(0)));
    }
}
