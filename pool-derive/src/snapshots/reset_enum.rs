const _: () = {
    #[automatically_derived]
    #[allow(dead_code, deprecated, clippy::same_name_method)]
    impl<'a, T: Clone, const N: usize> State<'a, T, N> {
        #[inline]
        fn __pool_wipe(&mut self, __pool_dropping: ::poolable::__private::bool) {
            match self {
                Self::Reading { .. } => {}
                Self::Login { key: __field_2 } => {
                    let __pool_wiping = ::poolable::__private::WipingField {
                        field: __field_2,
                        wipe: <[u8; N] as ::poolable::Wipe>::wipe,
                        key: &__POOL_KEYS[2usize],
                        dropping: __pool_dropping,
                    };
                }
                Self::Done {} => {}
            }
        }
    }
    #[automatically_derived]
    #[allow(dead_code, deprecated, clippy::same_name_method)]
    impl<'a, T: Clone, const N: usize> ::poolable::Reset for State<'a, T, N>
    where
        Vec<T>: ::poolable::Reset,
        [u8; N]: ::poolable::Wipe,
    {
        fn blank() -> Self {
            Self::Reading {
                0: <Vec<T> as ::poolable::Reset>::blank(),
                1: <Cursor<'a> as ::poolable::__private::Default>::default(),
            }
        }
        #[inline]
        fn reset(&mut self) {
            Self::__pool_wipe(self, false);
            match self {
                Self::Reading { 0: __field_0, 1: __field_1 } => {
                    <_ as ::poolable::Reset>::reset(__field_0);
                    *__field_1 = <Cursor<
                        'a,
                    > as ::poolable::__private::Default>::default();
                }
                __other => {
                    ::poolable::__private::replace(
                        __other,
                        <Self as ::poolable::Reset>::blank(),
                    )
                }
            }
        }
        #[inline]
        fn retained_bytes(&mut self) -> ::poolable::__private::usize {
            #[allow(unused_imports)]
            use ::poolable::__private::Unmeasured as _;
            match self {
                Self::Reading { 0: __field_0, 1: __field_1 } => {
                    ::poolable::__private::sum([
                        <Vec<T> as ::poolable::Reset>::retained_bytes(__field_0),
                        ::poolable::__private::Measured::<Cursor<'a>>(__field_1)
                            .retained_bytes(),
                    ])
                }
                _ => 0,
            }
        }
    }
    #[automatically_derived]
    #[allow(deprecated)]
    unsafe impl<'a, T: Clone, const N: usize> ::poolable::ReleaseBorrows
    for State<'a, T, N>
    where
        Vec<T>: ::poolable::Reset,
        [u8; N]: ::poolable::Wipe,
        Vec<T>: ::poolable::ReleaseBorrows,
    {
        #[inline(always)]
        fn __resets<__PoolReset: ::poolable::Reset>() {}
        fn __proof(&mut self) {
            match self {
                Self::Reading { 0: __field_0, .. } => {
                    <Self as ::poolable::ReleaseBorrows>::__lets_go(__field_0);
                }
                _ => {}
            }
        }
    }
    static __POOL_KEYS: [::poolable::__private::u8; 3usize] = [0; 3usize];
    #[automatically_derived]
    #[allow(dead_code, deprecated, clippy::same_name_method)]
    impl<'a, T: Clone, const N: usize> ::poolable::Wipe for State<'a, T, N>
    where
        for<'__pool> ::poolable::__private::Tie<
            '__pool,
        >: ::poolable::__private::WipeTied<Vec<T>>,
        for<'__pool> ::poolable::__private::Tie<
            '__pool,
        >: ::poolable::__private::WipeTied<Cursor<'a>>,
        for<'__pool> ::poolable::__private::Tie<
            '__pool,
        >: ::poolable::__private::WipeTied<[u8; N]>,
    {
        #[inline]
        fn wipe(&mut self) {
            match self {
                Self::Reading { 0: __field_0, 1: __field_1 } => {
                    let __pool_wiping = ::poolable::__private::WipingField {
                        field: __field_1,
                        wipe: <::poolable::__private::Tie<
                            '_,
                        > as ::poolable::__private::WipeTied<Cursor<'a>>>::wipe,
                        key: &__POOL_KEYS[1usize],
                        dropping: false,
                    };
                    let __pool_wiping = ::poolable::__private::WipingField {
                        field: __field_0,
                        wipe: <::poolable::__private::Tie<
                            '_,
                        > as ::poolable::__private::WipeTied<Vec<T>>>::wipe,
                        key: &__POOL_KEYS[0usize],
                        dropping: false,
                    };
                }
                Self::Login { key: __field_2 } => {
                    let __pool_wiping = ::poolable::__private::WipingField {
                        field: __field_2,
                        wipe: <::poolable::__private::Tie<
                            '_,
                        > as ::poolable::__private::WipeTied<[u8; N]>>::wipe,
                        key: &__POOL_KEYS[2usize],
                        dropping: false,
                    };
                }
                Self::Done {} => {}
            }
        }
    }
    ::poolable::__private::write_drop_wipe_false_to_have_a_drop_of_your_own! {
        [< 'a, T : Clone, const N : usize >] State < 'a, T, N > []
    }
};
