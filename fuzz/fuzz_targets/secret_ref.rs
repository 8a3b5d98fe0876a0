#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    strongroom_fuzz::node::secret_ref::secret_ref(input);
});
