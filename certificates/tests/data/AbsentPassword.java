import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.security.KeyStore;

/** Writes a PFX again with the password that is absent, of which PKCS#12's derivation hashes nothing. */
class AbsentPassword {
    public static void main(String[] arguments) throws Exception {
        char[] password = arguments[1].toCharArray();
        KeyStore from = KeyStore.getInstance("PKCS12");
        from.load(new FileInputStream(arguments[0]), password);
        String alias = from.aliases().nextElement();
        char[] absent = {0};
        KeyStore to = KeyStore.getInstance("PKCS12");
        to.load(null, null);
        to.setKeyEntry(alias, from.getKey(alias, password), absent, from.getCertificateChain(alias));
        to.store(new FileOutputStream(arguments[2]), absent);
    }
}
