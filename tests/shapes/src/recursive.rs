//! Types that hold themselves and each other, public in a library: there rustc compiles what
//! in a program it would leave out until somebody calls it.

use poolable::{Poolable, Pooled, Reset, RetainOption, RetainVec};

/// Holds itself in boxes.
#[derive(Debug, Poolable)]
pub struct Node {
    /// Wiped, as what it holds is.
    #[pool(zeroize)]
    pub key: [u8; 8],
    /// The next one.
    pub next: Option<Box<Node>>,
    /// Others.
    pub others: Vec<Node>,
}

/// Holds guards of its own pool.
#[derive(Debug, Poolable)]
pub struct Link {
    /// Wiped, as what it holds is.
    #[pool(zeroize)]
    pub key: [u8; 8],
    /// The next one.
    pub next: Option<Pooled<Link>>,
    /// Others.
    pub others: Vec<Pooled<Link>>,
    /// One that stays.
    pub kept: RetainOption<Pooled<Link>>,
}

/// Holds statements, which hold it.
#[derive(Debug, Reset)]
pub enum Expression {
    /// Nothing.
    #[pool(blank)]
    None,
    /// Two more.
    Both(Box<Expression>, Box<Expression>),
    /// Statements.
    Block(Vec<Statement>),
}

/// Holds expressions, which hold it.
#[derive(Debug, Reset)]
pub struct Statement {
    /// What it does.
    pub expression: Option<Box<Expression>>,
    /// What it does then.
    pub rest: RetainVec<Statement>,
}

/// Holds statements.
#[derive(Debug, Poolable)]
pub struct Program {
    /// All of them.
    pub statements: RetainVec<Statement>,
}
