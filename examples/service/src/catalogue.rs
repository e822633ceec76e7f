//! The articles, and how they are taxed. In a real service, a table that is loaded.

/// How much tax there is on an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tax {
    /// What most articles bear.
    Standard,
    /// Food and books.
    Reduced,
}

impl Tax {
    /// The rate, in hundredths of a percent.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(service::catalogue::Tax::Reduced.rate(), 700);
    /// ```
    pub const fn rate(self) -> u64 {
        match self {
            Self::Standard => 1900,
            Self::Reduced => 700,
        }
    }
}

/// How an article is taxed; `None` if there is no such article.
///
/// # Examples
///
/// ```
/// use service::catalogue::{Tax, find};
///
/// assert_eq!(find("grocery/coffee-beans-dark-roast-whole-1kg"), Some(Tax::Reduced));
/// assert_eq!(find("grocery/coffee"), None);
/// ```
pub fn find(sku: &str) -> Option<Tax> {
    let place = ARTICLES.binary_search_by_key(&sku, |(sku, _)| sku).ok()?;
    Some(ARTICLES[place].1)
}

/// All articles, by name.
pub const ARTICLES: [(&str, Tax); 28] = [
    ("books/a-field-guide-to-mosses-hardcover", Tax::Reduced),
    ("books/bread-and-how-it-rises-2nd-edition", Tax::Reduced),
    ("books/letters-from-the-lighthouse-paperback", Tax::Reduced),
    ("books/sailing-knots-illustrated-pocket", Tax::Reduced),
    ("garden/hose-reel-wall-mounted-30m-green", Tax::Standard),
    ("garden/pruning-shears-bypass-steel-21cm", Tax::Standard),
    ("garden/rain-barrel-recycled-plastic-210l", Tax::Standard),
    ("garden/watering-can-galvanised-9l-rose", Tax::Standard),
    ("grocery/coffee-beans-dark-roast-whole-1kg", Tax::Reduced),
    ("grocery/honey-lime-blossom-glass-500g", Tax::Reduced),
    ("grocery/olive-oil-extra-virgin-tin-3l", Tax::Reduced),
    ("grocery/tea-assam-loose-leaf-second-flush", Tax::Reduced),
    ("kitchen/dutch-oven-cast-iron-5l-blue", Tax::Standard),
    ("kitchen/kettle-electric-gooseneck-900ml", Tax::Standard),
    ("kitchen/knife-santoku-stainless-18cm", Tax::Standard),
    ("kitchen/scale-digital-1g-to-5kg-black", Tax::Standard),
    ("lighting/bulb-led-e27-warm-white-806lm", Tax::Standard),
    ("lighting/desk-lamp-swing-arm-clamp-brass", Tax::Standard),
    ("lighting/floor-lamp-paper-shade-150cm", Tax::Standard),
    ("lighting/string-lights-outdoor-solar-12m", Tax::Standard),
    ("office/chair-ergonomic-mesh-back-black", Tax::Standard),
    ("office/desk-height-adjustable-160x80-oak", Tax::Standard),
    ("office/notebook-dotted-a5-hardcover-grey", Tax::Standard),
    ("office/pencil-graphite-hb-box-of-twelve", Tax::Standard),
    ("workshop/clamp-bar-quick-release-60cm", Tax::Standard),
    ("workshop/drill-cordless-18v-two-batteries", Tax::Standard),
    ("workshop/screws-countersunk-4x40-box-200", Tax::Standard),
    ("workshop/spirit-level-aluminium-80cm", Tax::Standard),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_article_is_found() {
        assert!(ARTICLES.is_sorted_by_key(|(sku, _)| sku));
        assert!(ARTICLES.iter().all(|(sku, tax)| find(sku) == Some(*tax)));
    }
}
