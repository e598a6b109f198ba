import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.MalformedURLException;
import java.net.ProtocolException;
import java.net.Proxy;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * The Java driver of wireproof: drives java.net.http.HttpClient, or java.net.HttpURLConnection.
 *
 * <p>Run as {@code java JavaDriver.java} by any JDK from 11 on, without any dependency. It speaks the driver protocol,
 * version 1, over standard input and output.
 *
 * <p>In five parts: JSON; recipes to bodies; the two clients; what exceptions are in terms of Python; the protocol.
 *
 * <p>The driver uses the clients as their documentation says, with the settings that they have of themselves. A url is
 * put behind http://host:port, as text, and the client's own class of URIs takes or refuses it. Only what these classes
 * have no place for (another authority, a target that begins with neither /, ? nor #) is "unsupported".
 */
public final class JavaDriver {
    private static final int PROTOCOL = 1;
    private static final String VERSION = "1";

    /** After so many bytes an endless body ends, should nobody hang up. */
    private static final int ENDLESS = 8 * 1024 * 1024;

    /** So many characters of an exception's message are kept. */
    private static final int MESSAGE = 2000;

    private JavaDriver() {
    }

    // JSON --------------------------------------------------------------------------------------------------------

    /** Reads one JSON value: objects are maps, arrays lists, whole numbers longs; a string may hold lone surrogates. */
    static final class Json {
        private static final String ESCAPED = "\"\\/bfnrt";
        private static final String MEANT = "\"\\/\b\f\n\r\t";
        private static final Map<String, Object> WORDS = words();

        private final String text;
        private int at;

        private Json(String text) {
            this.text = text;
        }

        /** Returns the value that {@code text} is; IllegalArgumentException where it is none. */
        static Object read(String text) {
            Json json = new Json(text);
            Object value = json.value();
            if (json.next() != 0) {
                throw json.wrong();
            }
            return value;
        }

        private static Map<String, Object> words() {
            Map<String, Object> words = new LinkedHashMap<>();
            words.put("true", Boolean.TRUE);
            words.put("false", Boolean.FALSE);
            words.put("null", null);
            return words;
        }

        private IllegalArgumentException wrong() {
            return new IllegalArgumentException("no JSON at character " + at);
        }

        /** Skips white space and returns the character there, or 0 at the end. */
        private char next() {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
            return at < text.length() ? text.charAt(at) : 0;
        }

        private boolean takes(char wanted) {
            if (next() != wanted) {
                return false;
            }
            at++;
            return true;
        }

        private void expect(char wanted) {
            if (!takes(wanted)) {
                throw wrong();
            }
        }

        private Object value() {
            char first = next();
            if (first == '{') {
                return object();
            }
            if (first == '[') {
                return array();
            }
            return first == '"' ? string() : word();
        }

        private Map<String, Object> object() {
            Map<String, Object> members = new LinkedHashMap<>();
            expect('{');
            if (takes('}')) {
                return members;
            }
            do {
                next();
                String name = string();
                expect(':');
                members.put(name, value());
            } while (takes(','));
            expect('}');
            return members;
        }

        private List<Object> array() {
            List<Object> items = new ArrayList<>();
            expect('[');
            if (takes(']')) {
                return items;
            }
            do {
                items.add(value());
            } while (takes(','));
            expect(']');
            return items;
        }

        private String string() {
            expect('"');
            int start = at;
            while (charAt(at) != '"' && charAt(at) != '\\') {
                at++;
            }
            if (charAt(at) == '"') {
                return text.substring(start, at++);
            }
            StringBuilder chars = new StringBuilder(text.length() - start < 4096 ? 64 : 4096);
            chars.append(text, start, at);
            for (char each = charAt(at++); each != '"'; each = charAt(at++)) {
                chars.append(each == '\\' ? escape() : each);
            }
            return chars.toString();
        }

        private char escape() {
            char kind = charAt(at++);
            if (kind == 'u') {
                at += 4;
                charAt(at);
                return (char) Integer.parseInt(text.substring(at - 4, at), 16);
            }
            int index = ESCAPED.indexOf(kind);
            if (index < 0) {
                throw wrong();
            }
            return MEANT.charAt(index);
        }

        private char charAt(int index) {
            if (index >= text.length()) {
                throw wrong();
            }
            return text.charAt(index);
        }

        private Object word() {
            int start = at;
            while (at < text.length() && ",]} \t\r\n".indexOf(text.charAt(at)) < 0) {
                at++;
            }
            String word = text.substring(start, at);
            if (WORDS.containsKey(word)) {
                return WORDS.get(word);
            }
            try {
                return word.matches("-?[0-9]+") ? (Object) Long.valueOf(word) : (Object) Double.valueOf(word);
            } catch (NumberFormatException error) {
                throw wrong();
            }
        }

        /** Appends a value to {@code out}, in ASCII. */
        static void write(StringBuilder out, Object value) {
            if (value instanceof Map) {
                String between = "{";
                for (Map.Entry<?, ?> member : ((Map<?, ?>) value).entrySet()) {
                    out.append(between);
                    write(out, member.getKey());
                    out.append(':');
                    write(out, member.getValue());
                    between = ",";
                }
                out.append(between.equals("{") ? "{}" : "}");
            } else if (value instanceof Collection) {
                String between = "[";
                for (Object item : (Collection<?>) value) {
                    out.append(between);
                    write(out, item);
                    between = ",";
                }
                out.append(between.equals("[") ? "[]" : "]");
            } else if (value instanceof String) {
                quote(out, (String) value);
            } else {
                out.append(value);
            }
        }

        private static void quote(StringBuilder out, String text) {
            out.append('"');
            for (int index = 0; index < text.length(); index++) {
                char each = text.charAt(index);
                if (each < ' ' || each > '~' || each == '"' || each == '\\') {
                    out.append(String.format("\\u%04x", (int) each));
                } else {
                    out.append(each);
                }
            }
            out.append('"');
        }
    }

    /** Returns an object of members that are given as name, value, name, value. */
    static Map<String, Object> members(Object... namesAndValues) {
        Map<String, Object> made = new LinkedHashMap<>();
        for (int index = 0; index < namesAndValues.length; index += 2) {
            made.put((String) namesAndValues[index], namesAndValues[index + 1]);
        }
        return made;
    }

    // recipes → bodies --------------------------------------------------------------------------------------------

    /** Java, or this client, cannot express that; the text says why. */
    static final class Unsupported extends Exception {
        private static final long serialVersionUID = 1;

        Unsupported(String why) {
            super(why);
        }
    }

    /** A recipe as it comes over the wire. */
    static final class Recipe {
        final String kind;
        private final Map<?, ?> fields;

        Recipe(Object value) {
            fields = (Map<?, ?>) value;
            kind = (String) fields.get("kind");
        }

        boolean has(String name) {
            return fields.get(name) != null;
        }

        String text() {
            return (String) fields.get("text");
        }

        byte[] data() {
            return ((String) fields.get("data")).getBytes(StandardCharsets.ISO_8859_1);
        }

        int number(String name) {
            return fields.containsKey(name) ? ((Long) fields.get(name)).intValue() : 0;
        }

        List<Recipe> recipes(String name) {
            List<Recipe> made = new ArrayList<>();
            for (Object each : (List<?>) fields.get(name)) {
                made.add(new Recipe(each));
            }
            return made;
        }

        List<List<Recipe>> pairs() {
            List<List<Recipe>> made = new ArrayList<>();
            for (Object each : (List<?>) fields.get("items")) {
                List<?> pair = (List<?>) each;
                made.add(List.of(new Recipe(pair.get(0)), new Recipe(pair.get(1))));
            }
            return made;
        }

        /** Returns start and end of the part of {@code length} bytes that a memoryview shows. */
        int[] slice(int length) throws Unsupported {
            List<?> numbers = has("slice") ? (List<?>) fields.get("slice") : List.of();
            if (has("format") || has("shape") || (numbers.size() > 2 && !Long.valueOf(1).equals(numbers.get(2)))) {
                throw new Unsupported("a view in Java is a part of an array, without format, shape and step");
            }
            int start = numbers.isEmpty() ? 0 : bound((Long) numbers.get(0), length);
            int end = numbers.size() < 2 ? length : bound((Long) numbers.get(1), length);
            return new int[] {start, Math.max(start, end)};
        }

        private static int bound(long number, int length) {
            return (int) Math.max(0, Math.min(length, number < 0 ? number + length : number));
        }
    }

    /** What a body raises in the place of a piece, by the name that it has in Python. */
    interface BodyError {
        String python();
    }

    /** Raised by iterators, and by streams where the error has nothing to do with input and output. */
    static final class RaisedByBody extends RuntimeException implements BodyError {
        private static final long serialVersionUID = 1;
        private final String name;

        RaisedByBody(String name) {
            super("raised by the body: " + name);
            this.name = name;
        }

        @Override
        public String python() {
            return name;
        }
    }

    /** Raised by streams, for which an error of reading is an IOException. */
    static final class RaisedByStream extends IOException implements BodyError {
        private static final long serialVersionUID = 1;
        private final String name;

        RaisedByStream(String name) {
            super("raised by the body: " + name);
            this.name = name;
        }

        @Override
        public String python() {
            return name;
        }
    }

    /** One piece of a body: its bytes, or what is raised in its place. */
    static final class Piece {
        private static final List<String> OF_STREAMS = List.of("OSError", "EOFError");
        private static final List<String> BYTES = List.of("bytes", "bytearray");

        private final byte[] data;
        private final String raises;

        /** Makes a piece; only what ends a series of reads may be none. */
        Piece(Recipe recipe, boolean mayEnd) throws Unsupported {
            boolean ends = mayEnd && recipe.kind.equals("none");
            raises = recipe.kind.equals("raise") ? (String) recipe.fields.get("name") : null;
            if (raises == null && !ends && !BYTES.contains(recipe.kind)) {
                throw new Unsupported("a piece of a body is a byte[], not " + recipe.kind);
            }
            data = ends || raises != null ? new byte[0] : recipe.data();
        }

        static List<Piece> all(List<Recipe> recipes, boolean mayEnd) throws Unsupported {
            List<Piece> made = new ArrayList<>();
            for (Recipe each : recipes) {
                made.add(new Piece(each, mayEnd));
            }
            return made;
        }

        /** Returns the bytes for an iterator. */
        byte[] taken() {
            if (raises != null) {
                throw new RaisedByBody(raises);
            }
            return data;
        }

        /** Returns the bytes for a stream. */
        byte[] read() throws IOException {
            if (raises != null && OF_STREAMS.contains(raises)) {
                throw new RaisedByStream(raises);
            }
            return taken();
        }
    }

    /** A body: how each of the clients is given it, and what can be seen of it afterwards. */
    abstract static class Body {
        /** Returns it as an argument of HttpRequest.Builder.method. */
        abstract BodyPublisher publisher();

        /** Writes it to the stream of an HttpURLConnection. */
        abstract void write(OutputStream out) throws IOException;

        /** Says whether its length is not known in advance. */
        boolean isStreamed() {
            return true;
        }

        /** Returns what can be seen of it, by the names of effects. */
        Map<String, Object> effects() {
            return members();
        }

        /** Releases what it holds. */
        void close() throws IOException {
        }
    }

    /** Text: of the two clients only HttpClient takes it. */
    static final class Text extends Body {
        private final String text;

        Text(Recipe recipe) {
            text = recipe.text();
        }

        @Override
        BodyPublisher publisher() {
            return BodyPublishers.ofString(text);
        }

        @Override
        void write(OutputStream out) {
            throw new IllegalStateException("text is not announced for this client");
        }
    }

    /** An array, or a part of one. */
    static final class Bytes extends Body {
        private final byte[] data;
        private final byte[] before;
        private final int start;
        private final int end;

        Bytes(byte[] data, int start, int end, boolean isWatched) {
            this.data = data;
            this.start = start;
            this.end = end;
            before = isWatched ? data.clone() : null;
        }

        static Body whole(Recipe recipe) {
            byte[] data = recipe.data();
            return new Bytes(data, 0, data.length, recipe.kind.equals("bytearray"));
        }

        static Body part(Recipe recipe) throws Unsupported {
            byte[] data = recipe.data();
            int[] slice = recipe.slice(data.length);
            return new Bytes(data, slice[0], slice[1], false);
        }

        @Override
        BodyPublisher publisher() {
            boolean isWhole = start == 0 && end == data.length;
            return isWhole ? BodyPublishers.ofByteArray(data) : BodyPublishers.ofByteArray(data, start, end - start);
        }

        @Override
        void write(OutputStream out) throws IOException {
            out.write(data, start, end - start);
        }

        @Override
        boolean isStreamed() {
            return false;
        }

        @Override
        Map<String, Object> effects() {
            return before == null ? members() : content(Arrays.equals(before, data));
        }
    }

    static Map<String, Object> content(boolean isUnchanged) {
        return members("body.content", isUnchanged ? "unchanged" : "changed");
    }

    /** An InputStream, as it stands; knows where it stands, if it has positions, and whether it was closed. */
    static final class Streamed extends Body {
        private final InputStream stream;
        private final Seen seen;

        Streamed(InputStream stream, IntSupplier position) {
            this.stream = stream;
            seen = new Seen(stream, position);
        }

        @Override
        BodyPublisher publisher() {
            return BodyPublishers.ofInputStream(() -> seen);
        }

        @Override
        void write(OutputStream out) throws IOException {
            seen.transferTo(out);
        }

        @Override
        Map<String, Object> effects() {
            return seen.effects();
        }

        @Override
        void close() throws IOException {
            stream.close();
        }

        /** Sees what is done to a stream. */
        private static final class Seen extends FilterInputStream {
            private final IntSupplier position;
            private volatile boolean isClosed; // by a thread of the client

            Seen(InputStream stream, IntSupplier position) {
                super(stream);
                this.position = position;
            }

            Map<String, Object> effects() {
                Map<String, Object> effects = members("body.closed", isClosed);
                if (!isClosed && position != null) {
                    effects.put("body.position", position.getAsInt());
                }
                return effects;
            }

            @Override
            public void close() throws IOException {
                isClosed = true;
                super.close();
            }
        }

        static Body bytesio(Recipe recipe) {
            byte[] data = recipe.data();
            ByteArrayInputStream stream = new ByteArrayInputStream(data);
            stream.skip(recipe.number("position"));
            return new Streamed(stream, () -> data.length - stream.available());
        }

        static Body file(Recipe recipe) throws IOException {
            Path path = Files.createTempFile("wireproof-", ".body");
            try {
                Files.write(path, recipe.data());
                FileInputStream stream = new FileInputStream(path.toFile());
                stream.getChannel().position(recipe.number("position"));
                return new Streamed(stream, () -> position(stream));
            } finally {
                Files.delete(path); // the open file lives on without its name
            }
        }

        private static int position(FileInputStream stream) {
            try {
                return (int) stream.getChannel().position();
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }

        static Body gzip(Recipe recipe) throws IOException {
            ByteArrayOutputStream compressed = new ByteArrayOutputStream();
            try (OutputStream into = new GZIPOutputStream(compressed)) {
                into.write(recipe.data());
            }
            InputStream stream = new GZIPInputStream(new ByteArrayInputStream(compressed.toByteArray()));
            stream.readNBytes(recipe.number("position"));
            return new Streamed(stream, null);
        }
    }

    /** A stream whose reads give pieces in turn; an empty one is an end of the stream, as it is in Python. */
    static final class Scripted extends InputStream {
        private final Iterator<Piece> pieces;
        private ByteBuffer rest = ByteBuffer.allocate(0);

        Scripted(List<Piece> pieces) {
            this.pieces = pieces.iterator();
        }

        static Body body(Recipe recipe) throws Unsupported {
            return new Streamed(new Scripted(Piece.all(recipe.recipes("reads"), true)), null);
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            if (!rest.hasRemaining() && pieces.hasNext()) {
                rest = ByteBuffer.wrap(pieces.next().read());
            }
            int size = Math.min(length, rest.remaining());
            rest.get(into, offset, size);
            return size == 0 && length > 0 ? -1 : size;
        }
    }

    /** An Iterable of arrays. */
    static final class Iterated extends Body {
        private final Iterable<byte[]> pieces;
        private final Supplier<Map<String, Object>> effects;

        Iterated(Iterable<byte[]> pieces, Supplier<Map<String, Object>> effects) {
            this.pieces = pieces;
            this.effects = effects;
        }

        @Override
        BodyPublisher publisher() {
            return BodyPublishers.ofByteArrays(pieces);
        }

        @Override
        void write(OutputStream out) throws IOException {
            for (byte[] piece : pieces) {
                out.write(piece);
            }
        }

        @Override
        Map<String, Object> effects() {
            return effects.get();
        }

        /** Returns a maker of bodies that are collections, and can be seen to be changed. */
        static Maker collection(Function<List<byte[]>, Collection<byte[]>> make) {
            return recipe -> {
                List<byte[]> arrays = new ArrayList<>();
                for (Piece piece : Piece.all(recipe.recipes("items"), false)) {
                    if (piece.raises != null) {
                        throw new Unsupported("a collection of arrays raises nothing when it is iterated over");
                    }
                    arrays.add(piece.data);
                }
                Collection<byte[]> made = make.apply(arrays);
                List<byte[]> before = new ArrayList<>(made);
                return new Iterated(made, () -> content(before.equals(new ArrayList<>(made))));
            };
        }

        /** Makes a body of an iterator: it can be gone through once, whoever asks for it again gets the same one. */
        static Body once(Iterator<byte[]> iterator, IntSupplier pulled) {
            return new Iterated(() -> iterator, () -> members("body.pulled", pulled.getAsInt()));
        }

        static Body generator(Recipe recipe) throws Unsupported {
            Lazy lazy = new Lazy(Piece.all(recipe.recipes("items"), false));
            return once(lazy.iterator(), () -> lazy.pulled);
        }

        static Body endless(Recipe recipe) {
            byte[] piece = recipe.data();
            return repeated(piece, (ENDLESS + piece.length - 1) / piece.length);
        }

        static Body blocks(Recipe recipe) {
            return repeated(recipe.data(), recipe.number("count"));
        }

        private static Body repeated(byte[] piece, int times) {
            int[] pulled = {0};
            return once(new Iterator<>() {
                @Override
                public boolean hasNext() {
                    return pulled[0] < times;
                }

                @Override
                public byte[] next() {
                    if (!hasNext()) {
                        throw new NoSuchElementException();
                    }
                    pulled[0]++;
                    return piece;
                }
            }, () -> pulled[0]);
        }

        static Body sequence(Recipe recipe) throws Unsupported {
            Lazy lazy = new Lazy(Piece.all(recipe.recipes("items"), false));
            return new Iterated(lazy, lazy::effects);
        }
    }

    /** A list of its own, which counts how many pieces were taken, and how often iteration began. */
    static final class Lazy extends AbstractList<byte[]> {
        private final List<Piece> pieces;
        private volatile int pulled; // by threads of the client
        private volatile int iterated;

        Lazy(List<Piece> pieces) {
            this.pieces = pieces;
        }

        @Override
        public Iterator<byte[]> iterator() {
            iterated++;
            return super.iterator();
        }

        @Override
        public byte[] get(int index) {
            byte[] data = pieces.get(index).taken();
            pulled = Math.max(pulled, index + 1);
            return data;
        }

        @Override
        public int size() {
            return pieces.size();
        }

        Map<String, Object> effects() {
            return members("body.pulled", pulled, "body.iterated", iterated);
        }
    }

    /** Makes a body of a recipe. */
    interface Maker {
        Body make(Recipe recipe) throws Unsupported, IOException;
    }

    private static final Map<String, Maker> BODIES = bodies();

    private static Map<String, Maker> bodies() {
        Map<String, Maker> makers = new LinkedHashMap<>();
        makers.put("none", recipe -> null);
        makers.put("str", Text::new);
        makers.put("bytes", Bytes::whole);
        makers.put("bytearray", Bytes::whole);
        makers.put("memoryview", Bytes::part);
        makers.put("bytesio", Streamed::bytesio);
        makers.put("binary-file", Streamed::file);
        makers.put("gzip", Streamed::gzip);
        makers.put("reader", Scripted::body);
        makers.put("raw-reader", Scripted::body);
        makers.put("list", Iterated.collection(ArrayList::new));
        makers.put("tuple", Iterated.collection(Collections::unmodifiableList));
        makers.put("set", Iterated.collection(LinkedHashSet::new));
        makers.put("frozenset", Iterated.collection(items -> Collections.unmodifiableSet(new LinkedHashSet<>(items))));
        makers.put("deque", Iterated.collection(ArrayDeque::new));
        makers.put("generator", Iterated::generator);
        makers.put("iterator", Iterated::generator);
        makers.put("iterable", Iterated::sequence);
        makers.put("sequence", Iterated::sequence);
        makers.put("endless", Iterated::endless);
        makers.put("blocks", Iterated::blocks);
        return makers;
    }

    // the clients -------------------------------------------------------------------------------------------------

    /** The arguments of a call, made. */
    static final class Call {
        final String method;
        final String url;
        final List<String[]> fields;
        /** Says that a field replaces the one of the same name. */
        final boolean areUnique;
        final Body body;

        Call(String base, Map<?, ?> arguments, List<String> kinds) throws Unsupported, IOException {
            method = text(arguments, "method");
            url = base + target(text(arguments, "url"));
            Recipe headers = arguments.containsKey("headers") ? new Recipe(arguments.get("headers")) : null;
            areUnique = headers != null && headers.kind.equals("dict");
            fields = headers == null ? List.of() : fields(headers);
            body = arguments.containsKey("body") ? body(new Recipe(arguments.get("body")), kinds) : null;
        }

        private static String text(Map<?, ?> arguments, String name) throws Unsupported {
            if (!arguments.containsKey(name)) {
                throw new Unsupported("a request in Java always has a " + name);
            }
            return text(new Recipe(arguments.get(name)), "a " + name);
        }

        private static String text(Recipe recipe, String what) throws Unsupported {
            if (!recipe.kind.equals("str")) {
                throw new Unsupported(what + " is a String in Java, not " + recipe.kind);
            }
            return recipe.text();
        }

        private static String target(String url) throws Unsupported {
            if (!url.isEmpty() && "/?#".indexOf(url.charAt(0)) < 0) {
                throw new Unsupported("a URI has no place for a request-target that does not begin with /");
            }
            return url;
        }

        private static List<String[]> fields(Recipe headers) throws Unsupported {
            if (!List.of("dict", "message").contains(headers.kind)) {
                throw new Unsupported("fields are added one by one in Java, not as " + headers.kind);
            }
            List<String[]> made = new ArrayList<>();
            for (List<Recipe> pair : headers.pairs()) {
                made.add(new String[] {text(pair.get(0), "a field name"), text(pair.get(1), "a field value")});
            }
            return made;
        }

        private static Body body(Recipe recipe, List<String> kinds) throws Unsupported, IOException {
            if (!kinds.contains(recipe.kind)) {
                throw new Unsupported("the client takes no body that is the equal of " + recipe.kind);
            }
            return BODIES.get(recipe.kind).make(recipe);
        }

        void release() throws IOException {
            if (body != null) {
                body.close();
            }
        }
    }

    /** What plays the part of a connection object. */
    interface Connection {
        /** Makes what the requests have in common, where that is not there yet. */
        void open() throws Exception;

        /** Makes the request and reads the response to its end. */
        void request(Call call) throws Exception;

        /** Closes all connections that are open. */
        void close() throws Exception;
    }

    /** A java.net.http.HttpClient of its own for each connection object, so that no two of them share connections. */
    static final class ModernConnection implements Connection {
        /** The threads of all clients: those of a client's own outlive it by a minute. */
        private static final Executor THREADS = Executors.newCachedThreadPool(work -> {
            Thread thread = new Thread(work, "client");
            thread.setDaemon(true);
            return thread;
        });

        private HttpClient client;

        @Override
        public void open() {
            if (client == null) {
                // With HTTP_2, the default, each request on a connection without TLS asks for an upgrade to h2c, in
                // three fields that have nothing to do with the request. HTTP/1.1 is what is tested here.
                client = HttpClient.newBuilder()
                    .version(HttpClient.Version.HTTP_1_1)
                    .followRedirects(HttpClient.Redirect.NEVER)
                    .proxy(HttpClient.Builder.NO_PROXY)
                    .executor(THREADS)
                    .build();
            }
        }

        @Override
        public void request(Call call) throws Exception {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(call.url));
            request.method(call.method, call.body == null ? BodyPublishers.noBody() : call.body.publisher());
            for (String[] field : call.fields) {
                if (call.areUnique) {
                    request.setHeader(field[0], field[1]);
                } else {
                    request.header(field[0], field[1]);
                }
            }
            client.send(request.build(), BodyHandlers.ofByteArray());
        }

        @Override
        public void close() throws Exception {
            if (client != null) {
                HttpClient closed = client;
                client = null;
                SHUTDOWN.of(closed);
            }
        }

        /** Closes a client and its idle connections. */
        interface Shutdown {
            void of(HttpClient client) throws Exception;
        }

        private static final Shutdown SHUTDOWN = shutdown();

        private static Shutdown shutdown() {
            try {
                return Runtime.version().feature() < 21 ? internal() : official();
            } catch (Throwable error) {
                System.err.println("a HttpClient of this Java is closed by the garbage collector only: " + error);
                return client -> System.gc();
            }
        }

        /** From JDK 21 on there is a method. */
        private static Shutdown official() throws Exception {
            MethodHandle now = MethodHandles.lookup()
                .findVirtual(HttpClient.class, "shutdownNow", MethodType.methodType(void.class));
            MethodHandle close = MethodHandles.lookup()
                .findVirtual(HttpClient.class, "close", MethodType.methodType(void.class));
            return client -> {
                try {
                    now.invoke(client);
                    close.invoke(client);
                } catch (Throwable error) {
                    throw new IllegalStateException(error);
                }
            };
        }

        /**
         * Before JDK 21 a client keeps an idle connection for 20 minutes. All that the API offers is to drop the client
         * and wait: once it is collected, its thread finds that out within three seconds. So the method is called that
         * this thread calls then. It lies in a package that is not open, and what opens it lies in jdk.unsupported.
         */
        private static Shutdown internal() throws Exception {
            Class<?> unsafeClass = Class.forName("sun.misc.Unsafe");
            Field unsafeField = unsafeClass.getDeclaredField("theUnsafe");
            unsafeField.setAccessible(true);
            Object unsafe = unsafeField.get(null);
            Field trusted = MethodHandles.Lookup.class.getDeclaredField("IMPL_LOOKUP");
            Object base = unsafeClass.getMethod("staticFieldBase", Field.class).invoke(unsafe, trusted);
            Object offset = unsafeClass.getMethod("staticFieldOffset", Field.class).invoke(unsafe, trusted);
            MethodHandles.Lookup lookup = (MethodHandles.Lookup) unsafeClass
                .getMethod("getObject", Object.class, long.class)
                .invoke(unsafe, base, offset);
            Class<?> facade = Class.forName("jdk.internal.net.http.HttpClientFacade");
            Class<?> implementation = Class.forName("jdk.internal.net.http.HttpClientImpl");
            Class<?> manager = Class.forName("jdk.internal.net.http.HttpClientImpl$SelectorManager");
            MethodHandle inside = lookup.findGetter(facade, "impl", implementation);
            MethodHandle managerOf = lookup.findGetter(implementation, "selmgr", manager);
            MethodHandle shutdown = lookup.findVirtual(manager, "shutdown", MethodType.methodType(void.class));
            return client -> {
                try {
                    shutdown.invoke(managerOf.invoke(inside.invoke(client)));
                } catch (Throwable error) {
                    throw new IllegalStateException(error);
                }
            };
        }
    }

    /**
     * HttpURLConnections to one address, one for each request. A body whose length is not known in advance is written
     * in chunked streaming mode, which is there for that; every other one in the default mode.
     *
     * <p>Idle connections lie in a cache that all of them share, by address: each connection object has one of its own.
     */
    static final class ClassicConnection implements Connection {
        private HttpURLConnection connection;
        /** Says that an idle connection is in the cache that disconnect() does not find: there was no content. */
        private boolean isLeftIdle;

        @Override
        public void open() {
            // there is nothing that its requests have in common
        }

        @Override
        @SuppressWarnings("deprecation") // from Java 20 on a URL is to be made of a URI, which refuses more
        public void request(Call call) throws Exception {
            connection = (HttpURLConnection) new URL(call.url).openConnection(Proxy.NO_PROXY);
            isLeftIdle = false;
            connection.setInstanceFollowRedirects(false);
            connection.setRequestMethod(call.method);
            for (String[] field : call.fields) {
                if (call.areUnique) {
                    connection.setRequestProperty(field[0], field[1]);
                } else {
                    connection.addRequestProperty(field[0], field[1]);
                }
            }
            try {
                send(call.body);
                receive();
            } catch (Throwable error) {
                connection.disconnect(); // to close the body's stream instead would end the body as if it were complete
                throw error;
            }
        }

        private void send(Body body) throws IOException {
            if (body == null) {
                return;
            }
            connection.setDoOutput(true);
            if (body.isStreamed()) {
                connection.setChunkedStreamingMode(0);
            }
            OutputStream out = connection.getOutputStream();
            body.write(out);
            out.close();
        }

        /** Reads the response; its stream is not closed, since disconnect() finds nothing to close any more then. */
        private void receive() throws IOException {
            boolean isError = connection.getResponseCode() >= 400;
            InputStream content = isError ? connection.getErrorStream() : connection.getInputStream();
            boolean hasContent = content != null && content.transferTo(OutputStream.nullOutputStream()) > 0;
            boolean isKept = connection.getHeaderField(0).startsWith("HTTP/1.1")
                && !"close".equalsIgnoreCase(connection.getHeaderField("Connection"));
            isLeftIdle = isKept && !hasContent;
        }

        @Override
        public void close() throws IOException {
            if (connection == null) {
                return;
            }
            connection.disconnect();
            if (isLeftIdle) {
                isLeftIdle = false;
                // the next one takes it from the cache, and closes it unused
                HttpURLConnection next = (HttpURLConnection) connection.getURL().openConnection(Proxy.NO_PROXY);
                next.connect();
                next.disconnect();
            }
            connection = null;
        }
    }

    /** A client: its name, what makes connection objects, and what it can be asked for beside what both can. */
    static final class Client {
        private static final String MODERN = "java.net.http.HttpClient";
        private static final String CLASSIC = "java.net.HttpURLConnection";
        private static final Map<String, Client> ALL = Map.of(
            MODERN, new Client(MODERN, ModernConnection::new, List.of(), List.of(
                "body.closed", "body.content", "body.iterated", "body.position", "body.pulled")),
            // it takes no text, and it is the driver that reads streams and iterates
            CLASSIC, new Client(CLASSIC, ClassicConnection::new, List.of("str"), List.of()));

        final String name;
        final Supplier<Connection> make;
        final List<String> bodies;
        final List<String> effects;

        private Client(String name, Supplier<Connection> make, List<String> without, List<String> effects) {
            this.name = name;
            this.make = make;
            this.effects = effects;
            bodies = new ArrayList<>(BODIES.keySet());
            bodies.removeAll(without);
        }

        Map<String, Object> can() {
            return members(
                "arguments", members(
                    "method", List.of("str"),
                    "url", List.of("str"),
                    "body", bodies,
                    "headers", List.of("dict", "message")),
                "pieces", List.of("bytes", "bytearray", "none", "raise"),
                "fields", List.of("str"),
                "hosts", List.of("ipv4", "ipv6", "ipv6-bracketed", "localhost"),
                "ports", List.of("int", "str", "in-host", "default", "default-given", "default-as-str"),
                "named", List.of(),
                "passed", List.of("usual"),
                "effects", effects,
                "features", List.of("sequences", "waits"));
        }
    }

    /** A connection object, and where it leads to. */
    static final class Site {
        final Connection connection;
        final String base;
        /** Says why it cannot be made, or is null. */
        final String unsupported;

        Site(Map<?, ?> recipe, Client client) {
            String host = (String) recipe.get("host");
            Object port = recipe.get("port");
            String authority = bracketed(host) + (port == null ? "" : ":" + port);
            connection = client.make.get();
            base = "http://" + authority;
            unsupported = why(recipe, host, authority);
        }

        private static String bracketed(String host) {
            boolean isBare = host.indexOf(':') != host.lastIndexOf(':') && !host.startsWith("[");
            return isBare ? "[" + host + "]" : host;
        }

        /** Java asks the system for the address of a name: only what leads to the server of itself can be reached. */
        private static String why(Map<?, ?> recipe, String host, String authority) {
            if (!((Map<?, ?>) recipe.get("named")).isEmpty()) {
                return "the client has no such constructor";
            }
            String port = String.valueOf(((List<?>) recipe.get("address")).get(1));
            boolean isRight = authority.endsWith(":" + port) || (port.equals("80") && recipe.get("port") == null);
            boolean isKnown = host.startsWith("localhost") || host.contains("::1");
            boolean isElsewhere = Boolean.TRUE.equals(recipe.get("resolve")) && !(isRight && isKnown);
            return isElsewhere ? "names and ports cannot be led elsewhere for one client in Java" : null;
        }
    }

    // exceptions --------------------------------------------------------------------------------------------------

    /** An exception in terms of Python: the classes of each are those of the first entry that it is of. */
    private static final Map<Class<?>, List<String>> EQUALS = equals();

    private static Map<Class<?>, List<String>> equals() {
        Map<Class<?>, List<String>> names = new LinkedHashMap<>();
        names.put(ConnectException.class, List.of("ConnectionRefusedError", "ConnectionError", "OSError"));
        // these two are IOExceptions, but what they mean is that an argument is refused
        names.put(MalformedURLException.class, List.of("ValueError"));
        names.put(ProtocolException.class, List.of("ValueError"));
        names.put(URISyntaxException.class, List.of("ValueError"));
        names.put(IllegalArgumentException.class, List.of("ValueError"));
        names.put(IOException.class, List.of("OSError"));
        names.put(UncheckedIOException.class, List.of("OSError"));
        names.put(NullPointerException.class, List.of("TypeError"));
        names.put(ClassCastException.class, List.of("TypeError"));
        names.put(OutOfMemoryError.class, List.of("MemoryError"));
        names.put(StackOverflowError.class, List.of("RecursionError", "RuntimeError"));
        return names;
    }

    /** What of a connection that failed is told in messages alone. */
    private static final Map<String, List<String>> SAID = Map.of(
        "Connection reset", List.of("ConnectionResetError", "ConnectionError"),
        "Broken pipe", List.of("BrokenPipeError", "ConnectionError"),
        "header parser received no bytes", List.of("RemoteDisconnected", "ConnectionResetError", "ConnectionError"),
        "Unexpected end of file", List.of("RemoteDisconnected", "ConnectionResetError", "ConnectionError"));

    private static final Map<String, List<String>> BASES = Map.of(
        "IndexError", List.of("LookupError"), "KeyError", List.of("LookupError"),
        "ZeroDivisionError", List.of("ArithmeticError"));

    /** Returns what is kept of something that the client let out. */
    static Map<String, Object> raised(Throwable error, String phase) {
        LinkedHashSet<String> classes = new LinkedHashSet<>();
        for (Class<?> each = error.getClass(); each != Object.class; each = each.getSuperclass()) {
            classes.add(each.getSimpleName().isEmpty() ? each.getName() : each.getSimpleName());
        }
        for (Map.Entry<Class<?>, List<String>> entry : EQUALS.entrySet()) {
            if (entry.getKey().isInstance(error)) {
                classes.addAll(entry.getValue());
                break;
            }
        }
        // a checked exception is wrapped again and again on its way through the client
        for (Throwable each = error; each != null; each = each.getCause()) {
            if (each instanceof BodyError) {
                String name = ((BodyError) each).python();
                classes.add(name);
                classes.addAll(BASES.getOrDefault(name, List.of()));
            } else if (each instanceof IOException) {
                String message = String.valueOf(each.getMessage());
                SAID.forEach((part, names) -> {
                    if (message.contains(part)) {
                        classes.addAll(names);
                    }
                });
            }
        }
        String message = String.valueOf(error.getMessage());
        return members(
            "classes", new ArrayList<>(classes),
            "message", message.substring(0, Math.min(MESSAGE, message.length())),
            "phase", phase);
    }

    // the protocol ------------------------------------------------------------------------------------------------

    /** Lines of JSON over two streams that nobody else knows of. */
    static final class Wire {
        private final InputStream in;
        private final OutputStream out;
        private final StringBuilder line = new StringBuilder();
        private final byte[] read = new byte[1 << 16];
        private int from;
        private int to;

        Wire(InputStream in, OutputStream out) {
            this.in = in;
            this.out = out;
        }

        /** Returns the next message, or null at the end. */
        Map<?, ?> receive() throws IOException {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
            int end = lineEnd();
            while (end < 0) {
                bytes.write(read, from, to - from);
                from = 0;
                to = Math.max(0, in.read(read));
                if (to == 0) {
                    return null;
                }
                end = lineEnd();
            }
            bytes.write(read, from, end - from);
            from = end + 1;
            return (Map<?, ?>) Json.read(bytes.toString(StandardCharsets.UTF_8));
        }

        /** Returns where the line ends in what was read, or -1. */
        private int lineEnd() {
            for (int index = from; index < to; index++) {
                if (read[index] == '\n') {
                    return index;
                }
            }
            return -1;
        }

        void send(Map<String, Object> message) throws IOException {
            line.setLength(0);
            Json.write(line, message);
            line.append('\n');
            out.write(line.toString().getBytes(StandardCharsets.US_ASCII));
            out.flush();
        }
    }

    /** Does what messages ask for. */
    static final class Driver {
        private final Wire wire;
        private final Map<String, Site> sites = new LinkedHashMap<>();
        private final List<Call> calls = new ArrayList<>();
        private Client client;

        Driver(Wire wire) {
            this.wire = wire;
        }

        void serve() throws IOException {
            Map<?, ?> order = wire.receive();
            if (order == null || !start(order)) {
                return;
            }
            Map<String, Handler> handlers = Map.of(
                "request", this::request,
                "close", this::close,
                "end", this::end,
                "response", message -> unsupported(message, "the client reads the response before its call returns"),
                "collect", message -> unsupported(message, "nothing can be released at will"));
            for (Map<?, ?> message = wire.receive(); message != null; message = wire.receive()) {
                Handler handler = handlers.get(String.valueOf(message.get("type")));
                if (handler != null) {
                    handler.handle(message);
                }
            }
        }

        /** Answers one message. */
        interface Handler {
            void handle(Map<?, ?> message) throws IOException;
        }

        private boolean start(Map<?, ?> order) throws IOException {
            Object name = order.get("candidate") == null ? Client.MODERN : order.get("candidate");
            if (!Long.valueOf(PROTOCOL).equals(order.get("protocol"))) {
                return broken("version " + order.get("protocol") + " of the protocol is not known", "use " + PROTOCOL);
            }
            client = Client.ALL.get(name);
            if (client == null) {
                return broken("there is no driver for " + name, "give " + Client.MODERN + " or " + Client.CLASSIC);
            }
            wire.send(members(
                "type", "hello",
                "protocol", PROTOCOL,
                "driver", members(
                    "name", "wireproof-java", "version", VERSION,
                    "language", "Java " + System.getProperty("java.version")),
                "client", members("name", client.name, "version", System.getProperty("java.version")),
                "can", client.can(),
                "probes", members()));
            return true;
        }

        private boolean broken(String why, String hint) throws IOException {
            wire.send(members("type", "broken", "why", why, "hint", hint));
            return false;
        }

        private void calling(Map<?, ?> message) throws IOException {
            wire.send(members("type", "calling", "id", message.get("id")));
        }

        private void unsupported(Map<?, ?> message, String why) throws IOException {
            wire.send(members("type", "unsupported", "id", message.get("id"), "why", why));
        }

        private void done(Map<?, ?> message, Map<String, Object> raised, Map<String, Object> effects)
            throws IOException {
            wire.send(members("type", "done", "id", message.get("id"), "raised", raised, "effects", effects));
        }

        /** Returns the connection object that a message names, which the message may make. */
        private Site site(Map<?, ?> message) throws Unsupported {
            String on = (String) message.get("on");
            Map<?, ?> recipe = (Map<?, ?>) message.get("new");
            if (recipe != null) {
                sites.put(on, new Site(recipe, client));
            }
            Site site = sites.get(on);
            if (site == null || site.unsupported != null) {
                throw new Unsupported(site == null ? "there is no connection object " + on : site.unsupported);
            }
            return site;
        }

        private void request(Map<?, ?> message) throws IOException {
            boolean isLast = Boolean.TRUE.equals(message.get("last"));
            Site site;
            Call call;
            try {
                site = site(message);
                call = new Call(site.base, (Map<?, ?>) message.get("arguments"), client.bodies);
            } catch (Unsupported error) {
                forget(isLast);
                unsupported(message, error.getMessage());
                return;
            }
            calls.add(call);
            calling(message);
            Map<String, Object> raised = tried("construct", site.connection::open);
            if (raised == null) {
                raised = tried("request", () -> site.connection.request(call));
            }
            Map<String, Object> effects = call.body == null ? members() : call.body.effects();
            effects.keySet().retainAll(client.effects);
            forget(isLast);
            done(message, raised, effects);
        }

        private void close(Map<?, ?> message) throws IOException {
            Site site;
            try {
                site = site(message);
            } catch (Unsupported error) {
                unsupported(message, error.getMessage());
                return;
            }
            calling(message);
            done(message, tried("close", site.connection::close), members());
        }

        private void end(Map<?, ?> message) throws IOException {
            calling(message);
            forget(true);
            done(message, null, members());
        }

        /** Closes and forgets everything that belongs to the exchange, if it {@code isLast}. */
        private void forget(boolean isLast) throws IOException {
            if (isLast) {
                for (Site site : sites.values()) {
                    tried("close", site.connection::close);
                }
                sites.clear();
                for (Call call : calls) {
                    call.release();
                }
                calls.clear();
            }
        }

        /** What a client is asked to do. */
        interface Action {
            void run() throws Exception;
        }

        /** Runs a part of the client; returns what it let out, or null. */
        private static Map<String, Object> tried(String phase, Action action) {
            try {
                action.run();
                return null;
            } catch (Throwable error) {
                return raised(error, phase);
            }
        }
    }

    /** Moves the protocol off the streams that everybody shares, and serves it. */
    public static void main(String[] arguments) throws IOException {
        InputStream in = new FileInputStream(FileDescriptor.in);
        OutputStream out = new FileOutputStream(FileDescriptor.out);
        System.setIn(InputStream.nullInputStream());
        System.setOut(new PrintStream(new FileOutputStream(FileDescriptor.err), true));
        new Driver(new Wire(in, out)).serve();
        System.exit(0); // whatever threads a client has left behind
    }
}
