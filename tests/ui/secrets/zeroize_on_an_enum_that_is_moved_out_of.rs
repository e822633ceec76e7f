use poolable::Poolable;

#[derive(Poolable)]
enum Login {
    #[pool(blank)]
    None,
    Password {
        user: String,
        #[pool(zeroize)]
        password: String,
    },
}

fn user(login: Login) -> Option<String> {
    match login {
        Login::Password { user, .. } => Some(user),
        Login::None => None,
    }
}

fn main() {
    assert_eq!(user(Login::None), None);
}
