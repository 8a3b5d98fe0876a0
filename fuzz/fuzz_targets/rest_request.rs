#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    strongroom_fuzz::vault::rest::rest_request(input);
});
