//! Types that hold values of their own, in containers that keep them.

use poolable::{Poolable, Pooled, Reset, RetainVec};

#[derive(Reset)]
struct Tree {
    leaves: RetainVec<Tree>,
    boxed: Box<[Tree]>,
    size: u8,
}

#[derive(Poolable)]
struct Forest {
    trees: RetainVec<Tree>,
}

#[test]
fn a_type_that_keeps_values_of_its_own_is_reset_through_and_through() {
    let mut forest = Forest::pooled();
    let tree = forest.trees.push_blank();
    tree.size = 2;
    tree.leaves.push_blank().size = 1;
    drop(forest);
    let mut forest = Forest::pooled();
    assert_eq!(forest.trees.retained(), 1);
    let tree = forest.trees.push_blank();
    assert_eq!((tree.size, tree.leaves.len(), tree.leaves.retained()), (0, 0, 1));
    assert_eq!(tree.leaves.push_blank().size, 0);
}

#[derive(Reset)]
struct Statement<'a> {
    name: &'a str,
    arguments: RetainVec<Expression<'a>>,
}

#[derive(Reset)]
struct Expression<'a> {
    name: &'a str,
    body: RetainVec<Statement<'a>>,
    parts: RetainVec<Expression<'a>>,
}

#[derive(Poolable)]
struct File<'a> {
    statements: RetainVec<Statement<'a>>,
}

#[test]
fn types_that_borrow_may_hold_each_other() {
    for round in 0..3 {
        let source = format!("statement {round}");
        let mut file = File::pooled();
        let statement = file.statements.push_blank();
        assert_eq!(statement.name, "");
        statement.name = &source;
        let expression = statement.arguments.push_blank();
        assert_eq!((expression.name, expression.parts.len()), ("", 0));
        expression.name = &source;
        expression.parts.push_blank().name = &source;
        expression.body.push_blank().name = &source;
    }
    assert_eq!(File::pool().stats().created, 1);
}

#[derive(Poolable)]
struct Left<T: Send + 'static> {
    value: Option<T>,
    next: Option<Pooled<Right<T>>>,
}

#[derive(Poolable)]
struct Right<T: Send + 'static> {
    value: Option<T>,
    next: Option<Pooled<Left<T>>>,
}

#[test]
fn pooled_types_with_parameters_may_hold_each_other() {
    let mut left = Left::<u8>::pooled();
    let mut right = Right::pooled();
    right.value = Some(2);
    right.next = Some(Left::pooled());
    left.value = Some(1);
    left.next = Some(right);
    drop(left);
    assert_eq!((Left::<u8>::pool().stats().idle, Right::<u8>::pool().stats().idle), (2, 1));
}

#[derive(Reset)]
struct Pair<'a, 'b: 'a, T> {
    short: &'a str,
    long: &'b str,
    values: Vec<T>,
}

#[derive(Poolable)]
struct Holder<'a, 'b: 'a, T> {
    pair: Pair<'a, 'b, T>,
}

#[test]
fn one_lifetime_may_have_to_outlive_another() {
    let long = String::from("long");
    {
        let short = String::from("short");
        let mut holder = Holder::<u8>::pooled();
        holder.pair.long = &long;
        holder.pair.short = &short;
        holder.pair.values.push(1);
    }
    let holder = Holder::<u8>::pooled();
    assert_eq!((holder.pair.short, holder.pair.long, holder.pair.values.len()), ("", "", 0));
}
