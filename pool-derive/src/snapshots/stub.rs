::core::compile_error! {
    "unknown option `skpi`; did you mean `skip`?"
}
const _: () = {
    #[automatically_derived]
    #[allow(deprecated)]
    impl<T> renamed::Reset for Broken<T> {
        fn blank() -> Self {
            renamed::__private::Unbuilt::body()
        }
        fn reset(&mut self) {}
    }
    #[automatically_derived]
    #[allow(deprecated)]
    impl<T> renamed::Wipe for Broken<T> {
        fn wipe(&mut self) {}
    }
    #[automatically_derived]
    #[allow(deprecated)]
    unsafe impl<T> renamed::Poolable for Broken<T> {
        type Static = renamed::__private::Unbuilt;
        type __Reach = renamed::__private::EveryThread;
        fn pool() -> &'static renamed::TypePool<renamed::__private::Unbuilt> {
            renamed::__private::Unbuilt::body()
        }
        fn __way() -> renamed::__private::Way<renamed::__private::Unbuilt> {
            renamed::__private::Unbuilt::body()
        }
    }
    #[automatically_derived]
    #[allow(dead_code, deprecated)]
    impl<T> Broken<T> {
        /// Takes an object from the pool.
        pub(crate) fn fetch() -> renamed::Pooled<Self> {
            renamed::__private::Unbuilt::body()
        }
    }
};
