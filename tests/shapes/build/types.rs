//! Field types: how to write a blank value, and which traits they have.

use std::rc::Rc;

/// Writes what a field shows after a reset, given the path to the used value. The flag
/// says whether the field was wiped before.
type After = Rc<dyn Fn(&str, bool) -> String>;

/// A field type.
#[derive(Clone)]
pub(crate) struct Ty {
    /// As the declaration has it, with the parameters of the type around it.
    pub(crate) declared: String,
    /// With arguments in their place.
    pub(crate) text: String,
    /// An expression for a new value that shows nothing.
    pub(crate) blank: String,
    /// An expression for what `Default` makes, if the type has it.
    pub(crate) default: Option<String>,
    /// Where a reset leaves more than blank.
    after: Option<After>,
    pub(crate) has_reset: bool,
    pub(crate) has_wipe: bool,
    pub(crate) has_capacity: bool,
    pub(crate) is_send: bool,
    /// Whether there is more than one value.
    pub(crate) varies: bool,
    /// A function of std's that empties it.
    pub(crate) clear: Option<&'static str>,
}

impl Ty {
    /// A type with `Reset` and `Default`, which agree.
    pub(crate) fn new(text: &str, blank: &str) -> Self {
        Self {
            declared: text.into(),
            text: text.into(),
            blank: blank.into(),
            default: Some(blank.into()),
            after: None,
            has_reset: true,
            has_wipe: false,
            has_capacity: false,
            is_send: true,
            varies: true,
            clear: None,
        }
    }

    /// A generic type around other ones; `{}` stands for them.
    pub(crate) fn of(pattern: &str, inner: &[&Self], blank: &str) -> Self {
        let fill = |part: fn(&Self) -> &String| {
            inner.iter().fold(String::from(pattern), |text, ty| text.replacen("{}", part(ty), 1))
        };
        Self {
            declared: fill(|ty| &ty.declared),
            text: fill(|ty| &ty.text),
            has_wipe: inner.iter().all(|ty| ty.has_wipe),
            is_send: inner.iter().all(|ty| ty.is_send),
            varies: inner.iter().any(|ty| ty.varies),
            ..Self::new("", blank)
        }
    }

    pub(crate) fn wiped(self) -> Self {
        Self { has_wipe: true, ..self }
    }

    pub(crate) fn not_wiped(self) -> Self {
        Self { has_wipe: false, ..self }
    }

    pub(crate) fn governed(self) -> Self {
        Self { has_capacity: true, ..self }
    }

    pub(crate) fn local(self) -> Self {
        Self { is_send: false, ..self }
    }

    pub(crate) fn constant(self) -> Self {
        Self { varies: false, ..self }
    }

    pub(crate) fn cleared_by(self, clear: &'static str) -> Self {
        Self { clear: Some(clear), ..self }
    }

    pub(crate) fn default_is(self, default: Option<String>) -> Self {
        Self { default, ..self }
    }

    pub(crate) fn becomes(self, after: impl Fn(&str, bool) -> String + 'static) -> Self {
        Self { after: Some(Rc::new(after)), ..self }
    }

    pub(crate) fn foreign(self) -> Self {
        Self { has_reset: false, ..self }
    }

    /// The same type as a declaration with parameters writes it.
    pub(crate) fn declared_as(self, declared: &str) -> Self {
        Self { declared: declared.into(), ..self }
    }

    /// Whether the declaration mentions a parameter.
    pub(crate) fn is_generic(&self) -> bool {
        self.declared != self.text
    }

    /// What a reset makes of the value behind the reference `path`.
    pub(crate) fn after(&self, path: &str, wiped: bool) -> String {
        self.after.as_ref().map_or_else(|| self.blank.clone(), |after| after(path, wiped))
    }
}

pub(crate) fn number(text: &str) -> Ty {
    Ty::new(text, &format!("0_{text}")).wiped()
}

pub(crate) fn float(text: &str) -> Ty {
    Ty::new(text, &format!("0.0_{text}")).wiped()
}

pub(crate) fn string() -> Ty {
    Ty::new("String", "String::new()").wiped().governed().cleared_by("String::clear")
}

pub(crate) fn vec(inner: &Ty) -> Ty {
    Ty { varies: true, ..Ty::of("Vec<{}>", &[inner], "Vec::new()") }
        .governed()
        .cleared_by("Vec::clear")
}

/// A container that a reset empties.
pub(crate) fn emptied(pattern: &str, inner: &[&Ty], blank: &str) -> Ty {
    Ty { varies: true, ..Ty::of(pattern, inner, blank) }
}

pub(crate) fn option(inner: &Ty) -> Ty {
    Ty { varies: true, ..Ty::of("Option<{}>", &[inner], "None") }
}

pub(crate) fn boxed(inner: &Ty) -> Ty {
    let ty = Ty::of("Box<{}>", &[inner], &format!("Box::new({})", inner.blank));
    let default = inner.default.as_ref().map(|default| format!("Box::new({default})"));
    let inner = inner.clone();
    ty.default_is(default).becomes(move |path, wiped| {
        format!("Box::new({})", inner.after(&format!("&**({path})"), wiped))
    })
}

pub(crate) fn boxed_slice(inner: &Ty) -> Ty {
    // In full: a bound such as `Box<T>: Default` would make rustc take `Box` for that type.
    let blank = format!("<Box<[{}]>>::default()", inner.text);
    let ty = Ty::of("Box<[{}]>", &[inner], &blank);
    let inner = inner.clone();
    Ty { varies: true, ..ty }.becomes(move |path, wiped| {
        let element = inner.after("_used", wiped);
        format!("({path}).iter().map(|_used| {element}).collect::<Box<[_]>>()")
    })
}

pub(crate) fn array(inner: &Ty, declared_length: &str, length: usize) -> Ty {
    let blank = format!("core::array::from_fn::<_, {length}, _>(|_| {})", inner.blank);
    let ty = Ty::of(&format!("[{{}}; {length}]"), &[inner], &blank);
    let default = inner
        .default
        .as_ref()
        .map(|default| format!("core::array::from_fn::<_, {length}, _>(|_| {default})"));
    let declared = format!("[{}; {declared_length}]", inner.declared);
    let inner = inner.clone();
    ty.declared_as(&declared).default_is(default).becomes(move |path, wiped| {
        let element = inner.after(&format!("&({path})[_index]"), wiped);
        format!("core::array::from_fn::<_, {length}, _>(|_index| {element})")
    })
}

pub(crate) fn tuple(inner: &[&Ty]) -> Ty {
    let list = |texts: Vec<String>| match &texts[..] {
        [one] => format!("({one},)"),
        _ => format!("({})", texts.join(", ")),
    };
    let pattern = list(vec![String::from("{}"); inner.len()]);
    let ty = Ty::of(&pattern, inner, &list(inner.iter().map(|ty| ty.blank.clone()).collect()));
    let default = inner.iter().map(|ty| ty.default.clone()).collect::<Option<Vec<_>>>();
    let inner: Vec<Ty> = inner.iter().copied().cloned().collect();
    ty.default_is(default.map(list)).becomes(move |path, wiped| {
        let after = inner.iter().enumerate();
        list(after.map(|(index, ty)| ty.after(&format!("&({path}).{index}"), wiped)).collect())
    })
}

/// A wrapper whose value is blank if the value inside is.
pub(crate) fn wrapper(name: &str, inner: &Ty) -> Ty {
    let default = inner.default.as_ref().map(|default| format!("{name}::new({default})"));
    Ty::of(&format!("{name}<{{}}>"), &[inner], &format!("{name}::new({})", inner.blank))
        .default_is(default)
}

pub(crate) fn mutex(inner: &Ty) -> Ty {
    wrapper("Mutex", inner)
}

pub(crate) fn cursor(inner: &Ty) -> Ty {
    let ty = wrapper("Cursor", inner);
    let inner = inner.clone();
    ty.becomes(move |path, wiped| {
        format!("Cursor::new({})", inner.after(&format!("({path}).get_ref()"), wiped))
    })
}

/// A map is wiped if its keys and values are all on the heap.
pub(crate) fn map(key: &Ty, value: &Ty) -> Ty {
    let ty = emptied("HashMap<{}, {}>", &[key, value], "HashMap::new()").governed();
    let on_heap = |ty: &Ty| ty.declared.starts_with("String") || ty.declared.starts_with("Vec<");
    if on_heap(key) && on_heap(value) { ty } else { ty.not_wiped() }
}

pub(crate) fn retain_vec(inner: &Ty) -> Ty {
    Ty { varies: true, ..Ty::of("RetainVec<{}>", &[inner], "RetainVec::new()") }.governed()
}

pub(crate) fn retain_option(inner: &Ty) -> Ty {
    Ty { varies: true, ..Ty::of("RetainOption<{}>", &[inner], "RetainOption::new()") }
}

pub(crate) fn cow(declared: &str, text: &str, owned: &str) -> Ty {
    Ty::new(text, &format!("Cow::Owned({owned})")).declared_as(declared)
}

pub(crate) fn phantom(inner: &Ty) -> Ty {
    Ty::of("PhantomData<{}>", &[inner], "PhantomData").constant().wiped()
}

pub(crate) fn slice(declared: &str) -> Ty {
    Ty::new("&'static [u16]", "<&'static [u16]>::default()").declared_as(declared)
}

pub(crate) fn text(declared: &str) -> Ty {
    Ty::new("&'static str", "\"\"").declared_as(declared)
}
