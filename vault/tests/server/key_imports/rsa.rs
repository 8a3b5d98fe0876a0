//! An RSA key of 2048 bits that openssl made for these tests, and that nothing else uses. Its primes go with the public
//! exponents 65537 and 3. Each number is in base64url.

/// The modulus.
pub(super) const N: &str = concat!(
    "p0ZgCYxyh8cjht4VVX1oP06PcXafEEt6geGDjLnArxOcDDW2cLcO1f3XL1-KxFV4rVtj94jJ2yHZda1o9fqXk7gZt0-KAxzR2UyY",
    "W2jLJWlfAwdkdxRIJNgOouaD4BNUyZ4IKYbMHTgkdNcdWXj7kwR-73MBzNg8-Q7PqkiP8j-WiQkR6JyNAsxsihaeWfpbyEZ_lgY9",
    "Tdsmj6tzyPaCh8nN88kqtw1mEbFSXlZVk7ccQC-xXuZlT3TL3nminOBszJrBDkm9pFLBC3yKKM6XoNoHNW0pHQVQSnC4fgF3kT3C",
    "fasAiTpRHgOy9lQlOnwyvY96_Gw5ovilixVLZBTkXQ",
);

/// A prime.
pub(super) const P: &str = concat!(
    "29tlYLc7GYvSIlP2y2W42FYQ3RVkL9lx8wXRP7lwprwcVO-qrf05LuNShBCh4hVWSwIiiHcGy3O4uia6YGDOVLv7QL442kQ8rLWV",
    "T_6tmjyzslU4U6tvbHTFdZAa4VoW1nYxXPRIAm5kTH5OHr8a7qhSq5rqvWBAufw9goXG9FM",
);

/// The other prime.
pub(super) const Q: &str = concat!(
    "wsYUZ0oNHSaSD9ilt17lE-0I7BrJdlW70GGBMNwqv58GtxDH-VkybGRCgF-oYGSI_hs5XdeYAdBO7gzEI5QuS6RMhXMPxL8mmJmQ",
    "kGPb4XJgpLZiQOV4DSpDnucUOwRuG-o_WLx4gjeSZaBzeKdmcEJhnBelyt9rzECQN7RWro8",
);

/// The private exponent of 65537.
pub(super) const D: &str = concat!(
    "BUt-fb7i3zZoAvxjq32ZP6vCcaKCHXduLM9RJTK6DTCvN1m56S56Oz7aQWciUt2rwL0MWIkNbrDPG-D92g9xHd1tfvZ3FWsjn1_D",
    "0Nzr1UbVGZjxzq0nLXdjWze1w_GItQsaEgpwypn82W_3v13LhNdXF0hKLcxIfc_AthCu8cmRX9SSz85FHy11b4EOf3daFlqYeXfW",
    "LMPrSBstNUJ0jVtH92ZtKTFl5Gjp9JeQQTiqN8eBfYXuo6n0P5TMXx8gWOt1gmpnKEv8XDVYEW0dmdUaovBGAHtvUKSqtgaRmXTt",
    "LYerV9ffJ4ut06URdTzS2LFUmclo_44ozYcJas0nVw",
);

/// The private exponent of 3.
pub(super) const D_OF_3: &str = concat!(
    "G-EQAZdoa_aF68-uOOo8Co0X6D5v2AyUavrrQh71coNErLOeaB6CeP-j3TqXILjpcjnl_pbMTzBO6PI8KP8ZQ0lZno1Bqy94TuIZ",
    "ZJF3MOblKyvmE9i2sM6tGyZrUAM4zEUBXEEiBN6wviPaOZQp7dYVJ-iATM601C0inGFtUwpT--02--NjuBFfD5RZ7joSljIeZk7D",
    "2nI7MWQrMznaB3EgUzkV5XBMdwS3p6yt2aP4hc33LWFEAeeF8dSFG_tMvLh_JNWFGtKUn2PG9mDZ_aDysaMYwgT5HJFGASMPMx7N",
    "WjRhzr73aVeAI-3CTf8jTc8zNvny5eIFN7aYMak1lQ",
);
