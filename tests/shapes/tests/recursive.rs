//! Objects that hold objects of their own type come home blank.

use poolable::{Poolable, Pooled, Reset};
use poolable_shapes::recursive::{Expression, Link, Node, Program};

#[test]
fn objects_that_hold_their_like_come_home_blank() {
    let mut node = Node::pooled();
    node.key = [7; 8];
    node.next = Some(Box::new(Node::blank()));
    node.others.push(Node::blank());
    drop(node);
    let node = Node::pooled();
    assert!(node.key == [0; 8] && node.next.is_none() && node.others.is_empty());

    let mut link = Link::pooled();
    link.next = Some(Link::pooled());
    link.others.push(Link::pooled());
    link.kept.insert(Link::pooled()).key = [7; 8];
    drop(link);
    assert_eq!((Link::pool().stats().idle, Link::pool().stats().in_use), (3, 1));
    let mut link = Link::pooled();
    assert!(link.next.is_none() && link.others.is_empty() && link.kept.is_none());
    assert_eq!(Pooled::into_inner(Link::pooled()).key, [0; 8]);
    assert_eq!(link.kept.insert_blank().key, [0; 8]);

    let mut program = Program::pooled();
    let none = || Box::new(Expression::None);
    let both = Box::new(Expression::Both(none(), none()));
    program.statements.push_blank().expression = Some(both);
    drop(program);
    assert!(Program::pooled().statements.push_blank().expression.is_none());
}
