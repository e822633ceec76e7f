const _: () = {
    #[automatically_derived]
    #[allow(dead_code, deprecated, clippy::same_name_method)]
    impl Request {
        const __POOL_VALIDATE: fn(&Self) -> ::poolable::__private::bool = Self::is_sound;
        const __POOL_CAPACITY_1: ::poolable::__private::usize = 1024;
        const __POOL_MAX_CAPACITY_1: ::poolable::__private::usize = LIMIT;
        const __POOL_CAPACITY_2: ::poolable::__private::usize = 256;
        fn __pool_init_3() -> Key {
            Key::none()
        }
        fn __pool_init_4() -> Instant {
            Instant::now()
        }
        fn __pool_value_5() -> u8 {
            3
        }
    }
    #[automatically_derived]
    #[allow(dead_code, deprecated, clippy::same_name_method)]
    impl Request {
        fn __pool_with_3(__pool_value: &mut Key) {
            let _ = Zeroize::zeroize(__pool_value);
        }
        #[inline]
        fn __pool_wipe(&mut self, __pool_dropping: ::poolable::__private::bool) {
            match self {
                Self { token: __field_2, key: __field_3, .. } => {
                    let __pool_wiping = ::poolable::__private::WipingField {
                        field: __field_3,
                        wipe: Self::__pool_with_3,
                        key: &__POOL_KEYS[3usize],
                        dropping: __pool_dropping,
                    };
                    let __pool_wiping = ::poolable::__private::WipingField {
                        field: __field_2,
                        wipe: <String as ::poolable::Wipe>::wipe,
                        key: &__POOL_KEYS[2usize],
                        dropping: __pool_dropping,
                    };
                }
            }
        }
    }
    #[automatically_derived]
    #[allow(dead_code, deprecated, clippy::same_name_method)]
    impl ::poolable::Reset for Request {
        fn blank() -> Self {
            Self {
                path: <String as ::poolable::Reset>::blank(),
                body: <Vec<
                    u8,
                > as ::poolable::Capacity>::with_capacity(Self::__POOL_CAPACITY_1),
                token: <String as ::poolable::Capacity>::with_capacity(
                    Self::__POOL_CAPACITY_2,
                ),
                key: Self::__pool_init_3(),
                born: Self::__pool_init_4(),
                retries: Self::__pool_value_5(),
            }
        }
        #[inline]
        fn reset(&mut self) {
            Self::__pool_wipe(self, false);
            match self {
                Self {
                    path: __field_0,
                    body: __field_1,
                    token: __field_2,
                    retries: __field_5,
                    ..
                } => {
                    <_ as ::poolable::Reset>::reset(__field_0);
                    <_ as ::poolable::Reset>::reset(__field_1);
                    <Vec<
                        u8,
                    > as ::poolable::Capacity>::__limit(
                        __field_1,
                        Self::__POOL_MAX_CAPACITY_1,
                    );
                    <Vec<
                        u8,
                    > as ::poolable::Capacity>::__restore(
                        __field_1,
                        Self::__POOL_CAPACITY_1,
                    );
                    <_ as ::poolable::Reset>::reset(__field_2);
                    <String as ::poolable::Capacity>::__restore(
                        __field_2,
                        Self::__POOL_CAPACITY_2,
                    );
                    *__field_5 = Self::__pool_value_5();
                }
            }
        }
        #[inline]
        fn retained_bytes(&mut self) -> ::poolable::__private::usize {
            #[allow(unused_imports)]
            use ::poolable::__private::Unmeasured as _;
            match self {
                Self {
                    path: __field_0,
                    body: __field_1,
                    token: __field_2,
                    key: __field_3,
                    born: __field_4,
                    retries: __field_5,
                } => {
                    ::poolable::__private::sum([
                        <String as ::poolable::Reset>::retained_bytes(__field_0),
                        <Vec<u8> as ::poolable::Reset>::retained_bytes(__field_1),
                        <String as ::poolable::Reset>::retained_bytes(__field_2),
                        ::poolable::__private::Measured::<Key>(__field_3)
                            .retained_bytes(),
                        ::poolable::__private::Measured::<Instant>(__field_4)
                            .retained_bytes(),
                        ::poolable::__private::Measured::<u8>(__field_5).retained_bytes(),
                    ])
                }
            }
        }
    }
    #[automatically_derived]
    #[allow(deprecated)]
    unsafe impl ::poolable::ReleaseBorrows for Request {
        #[inline(always)]
        fn __resets<__PoolReset: ::poolable::Reset>() {}
    }
    static __POOL_KEYS: [::poolable::__private::u8; 6usize] = [0; 6usize];
    #[automatically_derived]
    #[allow(dead_code, deprecated, clippy::same_name_method)]
    impl ::poolable::Wipe for Request
    where
        for<'__pool> ::poolable::__private::Tie<
            '__pool,
        >: ::poolable::__private::WipeTied<String>,
        for<'__pool> ::poolable::__private::Tie<
            '__pool,
        >: ::poolable::__private::WipeTied<Vec<u8>>,
        for<'__pool> ::poolable::__private::Tie<
            '__pool,
        >: ::poolable::__private::WipeTied<Instant>,
        for<'__pool> ::poolable::__private::Tie<
            '__pool,
        >: ::poolable::__private::WipeTied<u8>,
    {
        #[inline]
        fn wipe(&mut self) {
            match self {
                Self {
                    path: __field_0,
                    body: __field_1,
                    token: __field_2,
                    key: __field_3,
                    born: __field_4,
                    retries: __field_5,
                } => {
                    let __pool_wiping = ::poolable::__private::WipingField {
                        field: __field_5,
                        wipe: <::poolable::__private::Tie<
                            '_,
                        > as ::poolable::__private::WipeTied<u8>>::wipe,
                        key: &__POOL_KEYS[5usize],
                        dropping: false,
                    };
                    let __pool_wiping = ::poolable::__private::WipingField {
                        field: __field_4,
                        wipe: <::poolable::__private::Tie<
                            '_,
                        > as ::poolable::__private::WipeTied<Instant>>::wipe,
                        key: &__POOL_KEYS[4usize],
                        dropping: false,
                    };
                    let __pool_wiping = ::poolable::__private::WipingField {
                        field: __field_3,
                        wipe: Self::__pool_with_3,
                        key: &__POOL_KEYS[3usize],
                        dropping: false,
                    };
                    let __pool_wiping = ::poolable::__private::WipingField {
                        field: __field_2,
                        wipe: <::poolable::__private::Tie<
                            '_,
                        > as ::poolable::__private::WipeTied<String>>::wipe,
                        key: &__POOL_KEYS[2usize],
                        dropping: false,
                    };
                    let __pool_wiping = ::poolable::__private::WipingField {
                        field: __field_1,
                        wipe: <::poolable::__private::Tie<
                            '_,
                        > as ::poolable::__private::WipeTied<Vec<u8>>>::wipe,
                        key: &__POOL_KEYS[1usize],
                        dropping: false,
                    };
                    let __pool_wiping = ::poolable::__private::WipingField {
                        field: __field_0,
                        wipe: <::poolable::__private::Tie<
                            '_,
                        > as ::poolable::__private::WipeTied<String>>::wipe,
                        key: &__POOL_KEYS[0usize],
                        dropping: false,
                    };
                }
            }
        }
    }
    ::poolable::__private::write_drop_wipe_false_to_have_a_drop_of_your_own! {
        [] Request[]
    }
    #[allow(deprecated)]
    const _: () = ::poolable::__private::is_send::<Request>();
    #[allow(deprecated)]
    static __POOL: ::poolable::__private::Home<Request> = ::poolable::__private::Home::<
        Request,
    >::new(
        ::poolable::__private::concat!(
            ::poolable::__private::module_path!(), "::", "Request"
        ),
        <Request>::__POOL_LIMITS,
    );
    ::poolable::__private::thread_local! {
        #[allow(deprecated)] static __POOL_LOCAL : ::poolable::__private::Local < Request
        > = const { ::poolable::__private::Local::new() };
    }
    #[automatically_derived]
    #[allow(deprecated)]
    unsafe impl ::poolable::Poolable for Request {
        type Static = Request;
        type __Reach = ::poolable::__private::EveryThread;
        const __NESTS: ::poolable::__private::bool = ::poolable::__private::nests::<
            Self,
        >(
            ::poolable::__private::needs_drop::<Key>()
                || ::poolable::__private::needs_drop::<Instant>(),
        );
        #[inline]
        fn pool() -> &'static ::poolable::TypePool<Request> {
            __POOL.pool()
        }
        #[inline(always)]
        fn __way() -> ::poolable::__private::Way<Request> {
            ::poolable::__private::local(&__POOL_LOCAL)
        }
        #[inline(always)]
        fn __resets<__PoolReset: ::poolable::Reset>() {}
        #[inline]
        fn __validate(&self) -> ::poolable::__private::bool {
            (Self::__POOL_VALIDATE)(self)
        }
    }
    #[automatically_derived]
    #[allow(dead_code, deprecated, clippy::same_name_method)]
    impl Request {
        const __POOL_CACHE: ::poolable::__private::usize = 16;
        const __POOL_LIMITS: ::poolable::__private::Limits = ::poolable::__private::Limits::new()
            .cache(Self::__POOL_CACHE);
        /// Takes a `Request` from its pool, or creates one; dropping the guard resets and returns it.
        #[inline]
        #[track_caller]
        pub fn pooled() -> ::poolable::Pooled<Self> {
            <Self as ::poolable::Poolable>::pooled()
        }
    }
    const _: () = ::poolable::__private::check_capacities(
        Request::__POOL_CAPACITY_1,
        Request::__POOL_MAX_CAPACITY_1,
    );
};
