use poolable::{Poolable, Reset};

trait Chosen {}

#[derive(Reset)]
#[pool(bound = "T: Chosen + Reset")]
struct Bounded<T>(T);

impl<'a> Reset for Bounded<&'a str> {
    fn blank() -> Self {
        Self("")
    }

    fn reset(&mut self) {}
}

struct WithoutDefault;

#[derive(Reset)]
struct Inferred<T> {
    #[pool(default)]
    kept: T,
}

impl<'a> Reset for Inferred<&'a WithoutDefault> {
    fn blank() -> Self {
        Self { kept: &WithoutDefault }
    }

    fn reset(&mut self) {}
}

#[derive(Reset)]
#[pool(bound = "T: Chosen + Reset")]
struct Boxed<T>(T);

impl<'a> Reset for Box<Boxed<&'a str>> {
    fn blank() -> Self {
        Box::new(Boxed(""))
    }

    fn reset(&mut self) {}
}

#[derive(Poolable)]
struct Request<'a> {
    bounded: Bounded<&'a str>,
    inferred: Inferred<&'a WithoutDefault>,
    boxed: Box<Boxed<&'a str>>,
}

fn main() {}
