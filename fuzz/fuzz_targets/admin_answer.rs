#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    strongroom_fuzz::answers::admin::admin_answer(input);
});
