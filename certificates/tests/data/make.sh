#!/bin/sh
# Makes the files of this directory again, with new keys: openssl 3 with its legacy provider, keytool and javac of JDK 17, Python
# with `cryptography`. See README.md.
set -eu
cd "$(dirname "$0")"
rm -rf pkcs12 pem && mkdir pkcs12 pem
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# A private key, its certificate, and that of the authority.
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$scratch/ca.key"
openssl req -x509 -new -key "$scratch/ca.key" -subj "/CN=Authority" -days 36500 -out "$scratch/ca.pem"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$scratch/leaf.key"
openssl req -new -key "$scratch/leaf.key" -subj "/CN=leaf" -out "$scratch/leaf.csr"
openssl x509 -req -in "$scratch/leaf.csr" -CA "$scratch/ca.pem" -CAkey "$scratch/ca.key" -CAcreateserial -days 36500 \
    -out "$scratch/leaf.pem" 2>/dev/null
openssl pkcs8 -topk8 -nocrypt -in "$scratch/leaf.key" -outform DER -out key.der
openssl x509 -in "$scratch/leaf.pem" -outform DER -out leaf.der
openssl x509 -in "$scratch/ca.pem" -outform DER -out ca.der

# PFX: name, password, options of openssl.
pfx() {
    name=$1 password=$2
    shift 2
    openssl pkcs12 -export -inkey "$scratch/leaf.key" -in "$scratch/leaf.pem" -certfile "$scratch/ca.pem" \
        -passout "pass:$password" -out "pkcs12/$name.pfx" "$@"
}
pfx openssl-legacy 1234 -legacy
pfx openssl-legacy-empty "" -legacy
pfx openssl-default 1234
pfx openssl-default-empty ""
pfx openssl-3des 1234 -descert -keypbe PBE-SHA1-3DES -macalg sha1
pfx openssl-2des 1234 -keypbe PBE-SHA1-2DES -certpbe PBE-SHA1-2DES -macalg sha1
pfx openssl-rc2-128 1234 -legacy -certpbe PBE-SHA1-RC2-128 -keypbe PBE-SHA1-RC2-128
pfx openssl-aes-128-192 1234 -keypbe AES-128-CBC -certpbe AES-192-CBC -macalg sha512
pfx openssl-pbes2-3des 1234 -keypbe DES-EDE3-CBC -certpbe DES-EDE3-CBC -macalg sha384
pfx openssl-mac-sha224 1234 -macalg sha224
pfx openssl-plain 1234 -keypbe NONE -certpbe NONE
pfx openssl-plain-no-mac "" -keypbe NONE -certpbe NONE -nomac
pfx openssl-no-mac 1234 -nomac
pfx openssl-no-mac-3des-empty "" -descert -keypbe PBE-SHA1-3DES -nomac
pfx openssl-one-round 1234 -noiter -nomaciter
pfx openssl-unicode 'pä55wörd-€-😀'
pfx openssl-legacy-unicode 'pä55wörd-€-😀' -legacy
pfx openssl-unsupported-rc4 1234 -legacy -keypbe PBE-SHA1-RC4-128 -certpbe PBE-SHA1-RC4-128
pfx openssl-windows-attributes 1234 -keyex -LMK -CSP "Microsoft Software Key Storage Provider" -descert -keypbe PBE-SHA1-3DES \
    -macalg sha1
openssl pkcs8 -topk8 -in "$scratch/leaf.key" -v2 aes-256-cbc -v2prf hmacWithSHA1 -passout pass:1234 -outform DER \
    -out "$scratch/prf-sha1.der"
openssl pkcs12 -export -nokeys -in "$scratch/leaf.pem" -certfile "$scratch/ca.pem" -passout pass:1234 \
    -out pkcs12/openssl-no-key.pfx

# Java's: keytool, and the password that is absent (a single zero, to Java).
keytool -importkeystore -noprompt -srckeystore pkcs12/openssl-default.pfx -srcstorepass 1234 -deststorepass 123456 \
    -destkeystore pkcs12/java-default.pfx -deststoretype PKCS12 2>/dev/null
keytool -J-Dkeystore.pkcs12.legacy -importkeystore -noprompt -srckeystore pkcs12/openssl-default.pfx -srcstorepass 1234 \
    -deststorepass 123456 -destkeystore pkcs12/java-legacy.pfx -deststoretype PKCS12 2>/dev/null
javac -d "$scratch" AbsentPassword.java
java -Dkeystore.pkcs12.legacy -cp "$scratch" AbsentPassword pkcs12/openssl-default.pfx 1234 pkcs12/java-absent.pfx

# Windows' form, and those that Python writes; BER.
python3 make.py "$scratch"

chmod 644 key.der pkcs12/*

# PEM.
{ cat "$scratch/leaf.key" "$scratch/leaf.pem" "$scratch/ca.pem"; } > pem/key-first.pem
{ openssl x509 -in "$scratch/leaf.pem" -text; cat "$scratch/ca.pem" "$scratch/leaf.key"; } > pem/text-and-key-last.pem
sed 's/$/\r/' pem/key-first.pem > pem/crlf.pem
{ openssl ecparam -name prime256v1; openssl ec -in "$scratch/leaf.key" 2>/dev/null; cat "$scratch/leaf.pem"; } > pem/sec1.pem
openssl genrsa -traditional -out "$scratch/rsa.key" 2048 2>/dev/null
openssl req -x509 -new -key "$scratch/rsa.key" -subj "/CN=rsa" -days 36500 -out "$scratch/rsa.pem"
cat "$scratch/rsa.key" "$scratch/rsa.pem" > pem/pkcs1.pem
openssl pkcs8 -topk8 -in "$scratch/leaf.key" -passout pass:1234 > "$scratch/encrypted.key"
cat "$scratch/encrypted.key" "$scratch/leaf.pem" > pem/encrypted.pem
openssl rsa -in "$scratch/rsa.key" -aes256 -traditional -passout pass:1234 > "$scratch/encrypted-rsa.key" 2>/dev/null
cat "$scratch/encrypted-rsa.key" "$scratch/rsa.pem" > pem/encrypted-in-the-old-form.pem
