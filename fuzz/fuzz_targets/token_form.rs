#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    strongroom_fuzz::identity::form::token_form(input);
});
