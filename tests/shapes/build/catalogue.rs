//! The field types that occur, each in some shape.

use crate::types::{
    Ty, array, boxed, boxed_slice, cow, cursor, emptied, float, map, mutex, number, option,
    phantom, retain_option, retain_vec, slice, string, text, tuple, vec, wrapper,
};

/// All field types.
pub(crate) fn all() -> Vec<Ty> {
    let mut all = Vec::new();
    let numbers = "u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize".split(' ').map(number);
    all.extend(numbers);
    all.extend(["f32", "f64"].map(float));
    let bool = Ty::new("bool", "false").wiped();
    let char = Ty::new("char", "'\\0'").wiped();
    let unit = Ty::new("()", "()").wiped().constant();
    all.extend([bool.clone(), char.clone(), unit]);
    all.extend(texts());
    all.extend(collections());
    all.extend(options_and_boxes());
    all.extend(cells());
    all.extend(pointers());
    all.extend(nested());
    all.extend([
        Ty::new("Wrapping<u32>", "Wrapping(0)").wiped(),
        Ty::new("Wrapping<i64>", "Wrapping(0)").wiped(),
        Ty::new("Duration", "Duration::ZERO"),
        tuple(&[&number("u8"), &string()]),
        tuple(&[&number("u32")]),
        tuple(&[&bool, &tuple(&[&char, &vec(&number("u8"))])]),
        tuple(&[&boxed_slice(&number("u8")), &mutex(&string())]),
        tuple(&[&number("u16"); 12]),
        array(&number("u8"), "32", 32),
        array(&string(), "3", 3),
        array(&option(&number("u16")), "4", 4),
        array(&array(&number("u8"), "4", 4), "2", 2),
        array(&vec(&number("u64")), "2", 2),
        array(&branch(), "2", 2),
    ]);
    all
}

fn texts() -> Vec<Ty> {
    vec![
        string(),
        Ty::new("PathBuf", "PathBuf::new()").wiped().governed().cleared_by("PathBuf::clear"),
        Ty::new("OsString", "OsString::new()").wiped().governed().cleared_by("OsString::clear"),
        Ty::new("Box<str>", "<Box<str>>::default()").wiped(),
        text("&'static str"),
        cow("Cow<'static, str>", "Cow<'static, str>", "String::new()"),
        cow("Cow<'static, [u8]>", "Cow<'static, [u8]>", "Vec::new()"),
    ]
}

/// A table with a hasher of its own.
fn hashed(text: &str) -> Ty {
    // In full: a bound such as `HashMap<String, T>: Default` would make rustc take
    // `HashMap` for that type.
    Ty::new(text, &format!("<{text}>::default()")).governed()
}

fn collections() -> Vec<Ty> {
    let bytes = vec(&number("u8"));
    let hasher = "BuildHasherDefault<DefaultHasher>";
    vec![
        bytes.clone(),
        vec(&number("u32")),
        vec(&string()),
        vec(&bytes),
        vec(&leaf()),
        vec(&array(&number("u8"), "3", 3)),
        emptied("VecDeque<{}>", &[&number("u16")], "VecDeque::new()").governed(),
        emptied("VecDeque<{}>", &[&string()], "VecDeque::new()").governed(),
        emptied("BinaryHeap<{}>", &[&number("u32")], "BinaryHeap::new()").governed(),
        emptied("LinkedList<{}>", &[&string()], "LinkedList::new()"),
        map(&string(), &bytes),
        map(&number("u32"), &leaf()),
        hashed(&format!("HashMap<String, u8, {hasher}>")),
        emptied("HashSet<{}>", &[&number("u64")], "HashSet::new()").governed().not_wiped(),
        hashed(&format!("HashSet<String, {hasher}>")).wiped(),
        emptied("HashSet<{}>", &[&boxed(&number("u64"))], "HashSet::new()").governed(),
        emptied("BTreeMap<{}, {}>", &[&string(), &option(&bytes)], "BTreeMap::new()"),
        emptied("BTreeSet<{}>", &[&bytes], "BTreeSet::new()"),
        emptied("BTreeMap<{}, {}>", &[&number("u8"), &string()], "BTreeMap::new()").not_wiped(),
        emptied("BTreeSet<{}>", &[&number("i32")], "BTreeSet::new()").not_wiped(),
        retain_vec(&string()),
        retain_vec(&bytes),
        retain_vec(&leaf()),
    ]
}

fn options_and_boxes() -> Vec<Ty> {
    let bytes = vec(&number("u8"));
    vec![
        option(&number("u32")),
        option(&string()),
        option(&bytes),
        option(&leaf()),
        option(&boxed_slice(&number("u8"))),
        Ty::new("Option<Arc<str>>", "None"),
        Ty::new("Option<Instant>", "None"),
        retain_option(&string()),
        retain_option(&leaf()),
        retain_option(&bytes),
        boxed(&number("u64")),
        boxed(&string()),
        boxed(&leaf()),
        boxed(&branch()),
        boxed(&array(&bytes, "2", 2)),
        boxed_slice(&number("u32")),
        boxed_slice(&string()),
        boxed_slice(&branch()),
    ]
}

fn cells() -> Vec<Ty> {
    let mut all = vec![
        wrapper("Cell", &number("u32")),
        wrapper("Cell", &option(&number("u8"))),
        wrapper("Cell", &string()),
        wrapper("RefCell", &string()),
        wrapper("RefCell", &vec(&number("u8"))),
        mutex(&vec(&number("u8"))),
        mutex(&leaf()),
        wrapper("RwLock", &string()),
        wrapper("RwLock", &map(&string(), &vec(&number("u8")))),
        boxed(&mutex(&string())),
        emptied("OnceCell<{}>", &[&number("u32")], "OnceCell::new()").not_wiped(),
        emptied("OnceLock<{}>", &[&string()], "OnceLock::new()").not_wiped(),
    ];
    for width in ["8", "16", "32", "64", "size"] {
        for sign in ["I", "U"] {
            let name = format!("Atomic{sign}{width}");
            all.push(Ty::new(&name, &format!("{name}::new(0)")).wiped());
        }
    }
    all.push(Ty::new("AtomicBool", "AtomicBool::new(false)").wiped());
    all.push(Ty::new("AtomicPtr<u8>", "AtomicPtr::new(ptr::null_mut())"));
    all
}

fn pointers() -> Vec<Ty> {
    vec![
        cursor(&vec(&number("u8"))),
        cursor(&boxed_slice(&number("u8"))),
        phantom(&string()),
        slice("&'static [u16]"),
        emptied("rc::Weak<{}>", &[&string()], "rc::Weak::new()").not_wiped().local(),
        emptied("sync::Weak<{}>", &[&vec(&number("u8"))], "sync::Weak::new()").not_wiped(),
        Ty::new("*const u8", "ptr::null()").local().default_is(None),
        Ty::new("*mut String", "ptr::null_mut()").local().default_is(None),
        Ty::new("Pooled<Seat>", "Pooled::attach(Seat { label: String::new(), row: 0 })").wiped(),
    ]
}

pub(crate) fn leaf() -> Ty {
    Ty::new("Leaf", "Leaf { name: String::new(), count: 0 }")
        .wiped()
        .default_is(Some("Leaf { name: String::from(\"leaf\"), count: 9 }".into()))
}

fn branch() -> Ty {
    let blank = |kept: &str| {
        let leaf = leaf().blank;
        format!("Branch {{ leaf: {leaf}, limit: 3, kept: {kept} }}")
    };
    Ty::new("Branch", &blank("0"))
        .wiped()
        .default_is(Some(String::from("Branch::default()")))
        .becomes(move |path, wiped| {
            // A wipe covers all fields, whatever the reset does to them.
            if wiped { blank("0") } else { blank(&format!("({path}).kept")) }
        })
}

pub(crate) fn handle() -> Ty {
    Ty::new("Handle", "Handle { id: 0 }").foreign().default_is(None)
}

fn nested() -> Vec<Ty> {
    let vault = Ty::new("Vault", "Vault { key: [0; 16], pin: String::new() }").wiped();
    let gauge = Ty::new("Gauge", "Gauge(0)").foreign();
    let reel = Ty::new("Reel", "Reel(Vec::new())").foreign().wiped().governed();
    vec![
        leaf(),
        branch(),
        vault.default_is(Some(String::from("Vault::default()"))),
        Ty::new("Mode", "Mode::Idle(String::new())")
            .wiped()
            .default_is(Some(String::from("Mode::Off"))),
        gauge.default_is(Some(String::from("Gauge(7)"))),
        handle(),
        reel.default_is(None),
    ]
}
