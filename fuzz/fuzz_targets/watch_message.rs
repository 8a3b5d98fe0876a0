#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    strongroom_fuzz::node::watch::watch_message(input);
});
