//! Hooks of pools whose objects are made in memory.

use core::marker::PhantomData;

use super::entry::Meta;
use super::hooks::{Creation, Fate, Hooks};
use super::reason::Reason;
use crate::reset::Reset;

/// Says that objects are reset by their trait [`Reset`].
///
/// # Examples
///
/// ```
/// use poolable::managed::{BoundedPool, BoundedPoolBuilder, TraitReset};
///
/// let builder: BoundedPoolBuilder<String, TraitReset> = BoundedPool::builder(String::new);
/// let pool = builder.build()?;
/// pool.get()?.push_str("hello");
/// assert!(pool.get()?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TraitReset(());

/// Says that objects are reset by a function, or not at all.
///
/// # Examples
///
/// ```
/// use poolable::managed::{BoundedPool, BoundedPoolBuilder, CustomReset};
///
/// let builder: BoundedPoolBuilder<String, CustomReset> =
///     BoundedPool::builder(String::new).reset(|line| line.truncate(1));
/// let pool = builder.build()?;
/// pool.get()?.push_str("hello");
/// assert_eq!(*pool.get()?, "h");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct CustomReset(());

/// How a builder of either kind finds out how objects are reset.
#[diagnostic::on_unimplemented(
    message = "the pool does not know how to reset `{T}`",
    label = "neither `Reset` nor told what to do",
    note = "derive `Reset` for `{T}`, or call `reset(..)` or `no_reset()` on the builder"
)]
///
/// # Examples
///
/// ```
/// use poolable::managed::{BoundedPool, BoundedPoolBuilder, BuildError, ResetRule};
///
/// /// A last touch to any builder.
/// fn small<T: Send + 'static, R: ResetRule<T>>(
///     builder: BoundedPoolBuilder<T, R>,
/// ) -> Result<BoundedPool<T>, BuildError> {
///     builder.max_open(2).build()
/// }
///
/// let lines = small(BoundedPool::builder(String::new))?;
/// let times = small(BoundedPool::builder(std::time::Instant::now).no_reset())?;
/// assert_eq!((lines.prewarm(9), times.prewarm(9)), (2, 2));
/// # Ok::<(), BuildError>(())
/// ```
pub trait ResetRule<T>: sealed::Sealed {
    #[doc(hidden)]
    fn by_trait() -> Option<fn(&mut T)>;
}

impl<T: Reset> ResetRule<T> for TraitReset {
    fn by_trait() -> Option<fn(&mut T)> {
        Some(T::reset)
    }
}

impl<T> ResetRule<T> for CustomReset {
    fn by_trait() -> Option<fn(&mut T)> {
        None
    }
}

mod sealed {
    pub trait Sealed {}

    impl Sealed for super::TraitReset {}
    impl Sealed for super::CustomReset {}
}

/// What is called with a returned object.
pub(super) type Clean<T> = Box<dyn Fn(&mut T) + Send + Sync>;

pub(super) struct Objects<T> {
    pub(super) create: Box<dyn Fn() -> T + Send + Sync>,
    pub(super) clean: Option<Clean<T>>,
    pub(super) destroy: Option<Box<dyn Fn(T) + Send + Sync>>,
}

impl<T: Send + 'static> Hooks<T> for Objects<T> {
    fn create(&self) -> Creation<T> {
        Creation::Over(Ok((self.create)()))
    }

    fn release(&self, value: &mut T, _: &Meta) -> Fate {
        match &self.clean {
            Some(clean) => {
                clean(value);
                Fate::Keep
            }
            None => Fate::keep_unless_panicking(),
        }
    }

    fn destroy(&self, place: &mut Option<T>, _: Reason) {
        if let Some(destroy) = &self.destroy {
            if let Some(value) = place.take() {
                destroy(value);
            }
        }
    }
}

/// The half of a builder that knows about objects.
pub(super) struct Recipe<T, P> {
    create: Box<dyn Fn() -> T + Send + Sync>,
    clean: Option<Clean<T>>,
    rule: PhantomData<fn() -> P>,
}

impl<T> Recipe<T, TraitReset> {
    pub(super) fn new(create: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self { create: Box::new(create), clean: None, rule: PhantomData }
    }
}

impl<T, P> Recipe<T, P> {
    pub(super) fn cleaned_by(self, clean: Option<Clean<T>>) -> Recipe<T, CustomReset> {
        Recipe { create: self.create, clean, rule: PhantomData }
    }

    pub(super) fn into_objects(self, destroy: Option<Box<dyn Fn(T) + Send + Sync>>) -> Objects<T>
    where
        P: ResetRule<T>,
        T: 'static,
    {
        let clean = match P::by_trait() {
            Some(reset) => Some(Box::new(reset) as Clean<T>),
            None => self.clean,
        };
        Objects { create: self.create, clean, destroy }
    }
}
