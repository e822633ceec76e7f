//! Containers whose every buffer is wiped before it is let go: when they grow, shrink, are
//! cleared and are dropped.
