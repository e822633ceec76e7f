//! What each attribute does; their combinations are tested on generated shapes.

use std::cell::Cell;
use std::time::Instant;

use poolable::{Poolable, Pooled, Reset, RetainVec};

#[test]
fn every_field_of_a_reset_object_is_blank_and_keeps_its_buffer() {
    #[derive(Poolable)]
    struct Request {
        path: String,
        body: Vec<u8>,
        upstream: Option<std::sync::Arc<str>>,
        user_id: u64,
    }

    let mut request = Request::pooled();
    request.path.push_str("/health");
    request.body.extend([1; 100]);
    request.upstream = Some("backend".into());
    request.user_id = 7;
    let buffers = (request.path.as_ptr(), request.body.as_ptr());
    drop(request);

    let request = Request::pooled();
    assert_eq!((request.path.as_str(), request.body.len(), request.user_id), ("", 0, 0));
    assert!(request.upstream.is_none());
    assert_eq!((request.path.as_ptr(), request.body.as_ptr()), buffers);
}

#[test]
fn skip_leaves_a_field_as_it_is() {
    #[derive(Poolable)]
    struct Parser {
        #[pool(skip)]
        table: Vec<u32>,
        input: String,
    }

    let mut parser = Parser::pooled();
    parser.table.push(9);
    parser.input.push('x');
    drop(parser);
    let parser = Parser::pooled();
    assert_eq!((parser.table.as_slice(), parser.input.as_str()), (&[9][..], ""));
}

#[test]
fn value_and_init_and_default_say_what_a_field_is_born_with() {
    #[derive(Poolable)]
    struct Job {
        #[pool(value = 3)]
        retries: u8,
        #[pool(init = vec![1, 2])]
        steps: Vec<u8>,
        #[pool(skip, init = Instant::now())]
        born: Instant,
        #[pool(default)]
        rest: Vec<u8>,
    }

    let mut job = Job::pooled();
    let born = job.born;
    assert_eq!((job.retries, job.steps.as_slice()), (3, &[1, 2][..]));
    job.retries = 0;
    job.rest.reserve(100);
    drop(job);
    let job = Job::pooled();
    assert_eq!((job.retries, job.steps.len(), job.rest.capacity()), (3, 0, 0));
    assert_eq!(job.born, born);
}

#[test]
fn with_is_called_once_on_return_instead_of_a_reset() {
    struct Foreign(u32);

    fn count(foreign: &mut Foreign) {
        foreign.0 += 1;
    }

    #[derive(Poolable)]
    struct Holder {
        #[pool(with = count, init = Foreign(0))]
        foreign: Foreign,
    }

    drop(Holder::pooled());
    drop(Holder::pooled());
    assert_eq!(Holder::pooled().foreign.0, 2);
}

#[test]
fn capacity_is_a_floor_and_max_capacity_a_ceiling() {
    const FLOOR: usize = 128;

    #[derive(Poolable)]
    struct Line {
        #[pool(capacity = FLOOR, max_capacity = 2 * FLOOR)]
        bytes: Vec<u8>,
    }

    let mut line = Line::pooled();
    assert_eq!(line.bytes.capacity(), 128);
    line.bytes.reserve(1000);
    drop(line);
    let mut line = Line::pooled();
    assert_eq!(line.bytes.capacity(), 256);
    let taken = std::mem::take(&mut line.bytes);
    assert_eq!(taken.capacity(), 256);
    drop(line);
    assert_eq!(Line::pooled().bytes.capacity(), 128);
}

#[test]
fn create_makes_the_whole_value() {
    #[derive(Poolable)]
    #[pool(create = Self::new)]
    struct Session {
        id: u32,
        log: String,
        #[pool(capacity = 50)]
        body: Vec<u8>,
    }

    impl Session {
        fn new() -> Self {
            Self { id: 1, log: String::with_capacity(77), body: Vec::new() }
        }
    }

    let session = Session::pooled();
    assert_eq!((session.id, session.log.capacity()), (1, 77));
    assert_eq!(session.body.capacity(), 50, "a floor holds whoever makes the value");
    drop(session);
    // On return the columns of the fields count: `id` has no `value`.
    let session = Session::pooled();
    assert_eq!((session.id, session.log.capacity()), (0, 77));
}

#[test]
fn validate_sees_the_object_as_the_user_left_it() {
    #[derive(Poolable)]
    #[pool(validate = Connection::is_alive)]
    struct Connection {
        broken: bool,
    }

    impl Connection {
        fn is_alive(&self) -> bool {
            !self.broken
        }
    }

    drop(Connection::pooled());
    let mut connection = Connection::pooled();
    connection.broken = true;
    drop(connection);
    let stats = Connection::pool().stats();
    assert_eq!((stats.returned, stats.discarded.invalid, stats.idle), (2, 1, 0));
}

#[test]
fn accessor_and_name_are_the_users_to_choose() {
    #[derive(Poolable)]
    #[pool(accessor = "fetch", name = "my frames")]
    struct Frame(Vec<u8>);

    impl Frame {
        fn pooled() -> &'static str {
            "mine"
        }
    }

    assert_eq!(Frame::pooled(), "mine");
    assert!(Frame::fetch().0.is_empty());
    assert_eq!(Frame::pool().name(), "my frames");
}

#[test]
fn expressions_see_self_and_no_variable_of_the_generated_code() {
    thread_local! {
        static CALLS: Cell<u32> = const { Cell::new(0) };
    }

    #[derive(Poolable)]
    struct Counter {
        #[pool(value = { CALLS.set(CALLS.get() + 1); return Self::START })]
        count: u32,
        #[pool(capacity = Self::SIZE)]
        bytes: Vec<u8>,
    }

    impl Counter {
        const START: u32 = 40;
        const SIZE: usize = 10;
    }

    let counter = Counter::pooled();
    assert_eq!((counter.count, counter.bytes.capacity(), CALLS.get()), (40, 10, 1));
}

#[test]
fn generic_types_reset_field_by_field() {
    #[derive(Reset)]
    struct Batch<'a, T, const N: usize>
    where
        T: Clone,
    {
        items: Vec<T>,
        window: [u8; N],
        first: T,
        label: &'a str,
    }

    let mut batch = Batch { items: vec![1_u16, 2], window: [9; 3], first: 5_u16, label: "a batch" };
    batch.reset();
    assert!(batch.items.is_empty() && batch.items.capacity() >= 2);
    assert_eq!((batch.window, batch.first, batch.label), ([0; 3], 0, ""));
}

#[test]
fn bound_replaces_what_would_be_inferred() {
    /// Has `Reset` only where its parameter has `Default`.
    struct Wrapper<T>(T);

    impl<T: Default> Reset for Wrapper<T> {
        fn blank() -> Self {
            Self(T::default())
        }
        fn reset(&mut self) {
            self.0 = T::default();
        }
    }

    #[derive(Reset)]
    #[pool(bound = "T: Default")]
    struct Holder<T> {
        wrapped: Wrapper<T>,
    }

    let mut holder = Holder { wrapped: Wrapper('x') };
    holder.reset();
    assert_eq!(holder.wrapped.0, '\0');
}

#[test]
fn a_type_may_be_called_like_what_it_holds() {
    mod other {
        pub(super) struct Batch<T>(pub(super) Vec<T>);

        impl<T: Default> poolable::Reset for Batch<T> {
            fn blank() -> Self {
                Self(vec![T::default()])
            }
            fn reset(&mut self) {
                self.0.truncate(1);
            }
        }
    }

    #[derive(Reset)]
    struct Batch<T> {
        inner: other::Batch<T>,
    }

    let mut batch = Batch { inner: other::Batch(vec![1_u8, 2, 3]) };
    batch.reset();
    assert_eq!(batch.inner.0, [1]);
}

#[test]
fn a_parameter_behind_a_marker_may_have_any_size() {
    #[derive(Reset)]
    struct Id<T: ?Sized> {
        raw: u64,
        kind: std::marker::PhantomData<T>,
    }

    let mut id = Id::<str> { raw: 7, kind: std::marker::PhantomData };
    id.reset();
    assert_eq!(id.raw, 0);
}

#[test]
fn fields_may_differ_in_their_lifetimes_alone() {
    #[derive(Reset)]
    struct Pair<'a, 'b, T: 'static> {
        left: &'a [T],
        right: &'b [T],
        fallback: &'static [T],
        visit: Option<for<'x> fn(&'x T) -> &'x T>,
    }

    let mut pair = Pair { left: &[1], right: &[2], fallback: &[3], visit: Some(|value| value) };
    pair.reset();
    assert!(pair.left.is_empty() && pair.right.is_empty() && pair.fallback.is_empty());
    assert!(pair.visit.is_none());
}

#[test]
fn a_generic_type_may_wipe_by_a_function_and_have_no_drop() {
    #[derive(Reset)]
    #[pool(drop_wipe = false)]
    struct Login<T> {
        user: T,
        #[pool(zeroize, with = String::clear)]
        token: String,
    }

    let mut login = Login { user: 7, token: String::from("secret") };
    login.reset();
    assert_eq!((login.user, login.token.as_str()), (0, ""));
}

#[test]
fn a_type_may_hold_itself() {
    #[derive(Reset)]
    struct Tree<T> {
        value: T,
        children: Vec<Tree<T>>,
    }

    #[derive(Poolable)]
    struct Node {
        value: u32,
        next: Option<Pooled<Node>>,
    }

    let mut tree = Tree { value: 1, children: vec![Tree { value: 2, children: vec![] }] };
    tree.reset();
    assert_eq!((tree.value, tree.children.len()), (0, 0));

    let mut first = Node::pooled();
    first.value = 1;
    first.next = Some(Node::pooled());
    drop(first);
    let stats = Node::pool().stats();
    assert_eq!((stats.idle, stats.returned), (2, 2));
    let node = Node::pooled();
    assert!(node.value == 0 && node.next.is_none());
}

#[test]
fn types_may_hold_each_other() {
    #[derive(Reset)]
    struct Expression {
        #[pool(default)]
        block: Option<Box<Block>>,
        value: u64,
    }

    #[derive(Reset)]
    struct Block {
        expressions: Vec<Expression>,
        #[pool(zeroize)]
        secret: u8,
    }

    type Children = RetainVec<Node>;

    #[derive(Poolable)]
    struct Node {
        children: Children,
        value: u8,
    }

    let block = Block { expressions: vec![], secret: 1 };
    let mut expression = Expression { block: Some(Box::new(block)), value: 1 };
    expression.reset();
    assert!(expression.block.is_none() && expression.value == 0);

    let mut node = Node::pooled();
    node.children.push_blank().value = 1;
    node.value = 2;
    drop(node);
    let node = Node::pooled();
    assert_eq!((node.children.len(), node.children.retained(), node.value), (0, 1, 0));
}

#[test]
fn a_bound_is_asked_for_the_lifetimes_that_the_field_has() {
    struct Window<'a, T>(&'a [T]);

    impl<T> Reset for Window<'static, T> {
        fn blank() -> Self {
            Self(&[])
        }
        fn reset(&mut self) {
            self.0 = &[];
        }
    }

    #[derive(Reset)]
    struct Inner<'a, T: 'a> {
        items: &'a [T],
    }

    #[derive(Reset)]
    struct Outer<'a, T: 'static> {
        fixed: Window<'static, T>,
        inner: Inner<'a, T>,
    }

    let items = [String::from("local")];
    let names = [items[0].as_str()];
    let mut inner = Inner { items: &names };
    inner.reset();
    assert!(inner.items.is_empty());
    let mut outer = Outer { fixed: Window(&[1]), inner: Inner { items: &[2] } };
    outer.reset();
    assert!(outer.fixed.0.is_empty() && outer.inner.items.is_empty());
}

#[test]
fn a_wipe_asks_a_parameter_for_wipe_alone() {
    struct Key(u8);

    impl poolable::Wipe for Key {
        fn wipe(&mut self) {
            self.0 = 0;
        }
    }

    #[derive(Reset)]
    struct Inner<T> {
        #[pool(skip, init = unreachable!("made by hand"))]
        field: T,
    }

    let mut inner = Inner { field: Key(7) };
    poolable::Wipe::wipe(&mut inner);
    assert_eq!(inner.field.0, 0);
}
