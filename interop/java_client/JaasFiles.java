import com.sun.security.auth.login.ConfigFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.TreeMap;
import javax.security.auth.login.AppConfigurationEntry;
import javax.security.auth.login.Configuration;

/** What the JDK makes of JAAS files: for each a line, with the modules of the section Server in hex, or `refused`. */
public class JaasFiles {
    public static void main(String[] paths) {
        for (String path : paths) {
            System.out.println(modules(path));
        }
    }

    static String modules(String path) {
        StringBuilder text = new StringBuilder();
        try {
            Configuration found = new ConfigFile(Path.of(path).toUri());
            AppConfigurationEntry[] entries = found.getAppConfigurationEntry("Server");
            for (AppConfigurationEntry entry : entries == null ? new AppConfigurationEntry[0] : entries) {
                String flag = entry.getControlFlag().toString().replace("LoginModuleControlFlag: ", "");
                text.append(entry.getLoginModuleName()).append(' ').append(flag);
                new TreeMap<>(entry.getOptions()).forEach((name, value) -> text.append(' ').append(name).append('=').append(value));
                text.append(';');
            }
        } catch (SecurityException refusal) {
            return "refused";
        }
        return HexFormat.of().formatHex(text.toString().getBytes(StandardCharsets.UTF_8));
    }
}
