// pgjdbc in ordinary use, once for each combination of settings that changes what it sends; prints what it saw, step by step.
import java.io.ByteArrayInputStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.*;
import java.util.*;
import java.util.concurrent.*;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

public class Jdbc {
  interface Work { void run() throws Exception; }

  static void step(String name) { System.out.println("== " + name); }
  static void show(Object... values) { System.out.println(Arrays.deepToString(values)); }

  static void failure(Work work) throws Exception {
    try {
      work.run();
      show("no error");
    } catch (SQLException e) {
      SQLException cause = e instanceof BatchUpdateException && e.getNextException() != null ? e.getNextException() : e;
      ServerErrorMessage m = cause instanceof PSQLException p ? p.getServerErrorMessage() : null;
      if (m == null) show(e.getSQLState());
      else show(m.getSeverity(), m.getSQLState(), m.getSchema(), m.getTable(), m.getColumn(), m.getConstraint(), m.getDetail(), m.getPosition());
      if (e instanceof BatchUpdateException b) show(b.getUpdateCounts());
    }
  }

  static String rows(ResultSet found) throws SQLException {
    StringBuilder text = new StringBuilder();
    int columns = found.getMetaData().getColumnCount();
    while (found.next()) {
      for (int n = 1; n <= columns; n++) text.append(found.getString(n)).append(n == columns ? "; " : ", ");
    }
    return text.toString();
  }

  static Connection connect(String settings) throws SQLException {
    String url = "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE");
    return DriverManager.getConnection(url + "?sslmode=disable&" + settings, System.getenv("PGUSER"), "");
  }

  static String digest(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes), 0, 8);
  }

  static void queries(Connection connection) throws Exception {
    try (Statement s = connection.createStatement()) {
      show(rows(s.executeQuery("SELECT 1::int2, 2::int4, 3::int8, 4.5::float4, 5.5::float8, 6.25::numeric, true, 'text', 'x'::bytea, "
          + "'2024-02-29'::date, '2024-02-29 12:34:56.789'::timestamp, '{1,NULL,3}'::int[], '{\"a\": [1, null]}'::jsonb, "
          + "'00000000-0000-0000-0000-000000000001'::uuid, NULL::int, '1 day 02:03:04'::interval, '[1,5)'::int4range")));
      boolean more = s.execute("SELECT 1; UPDATE item SET amount = amount WHERE id < 4; SELECT 2");
      show(more, rows(s.getResultSet()), s.getMoreResults(), s.getUpdateCount(), s.getMoreResults(), rows(s.getResultSet()));
    }
    try (PreparedStatement s = connection.prepareStatement("SELECT ?::int + 1, ?::text, ?::bytea, ?::text[], ?::timestamp")) {
      for (int n = 0; n < 8; n++) {
        s.setInt(1, 41 + n);
        s.setString(2, "it's");
        s.setBytes(3, new byte[] {0, -1});
        s.setArray(4, connection.createArrayOf("text", new String[] {"x", null, "\""}));
        s.setTimestamp(5, Timestamp.valueOf("2024-02-29 12:34:56.789"));
        show(rows(s.executeQuery()));
      }
    }
    try (PreparedStatement s = connection.prepareStatement("INSERT INTO item (name, amount) VALUES (?, ?)", Statement.RETURN_GENERATED_KEYS)) {
      s.setString(1, "generated");
      s.setInt(2, 1);
      show(s.executeUpdate(), s.getGeneratedKeys().next());
    }
    try (Statement s = connection.createStatement()) {
      show(s.executeUpdate("DELETE FROM item WHERE name = 'generated'"));
    }
  }

  static void batches(Connection connection) throws Exception {
    try (PreparedStatement s = connection.prepareStatement("INSERT INTO item (name, amount) VALUES (?, ?)")) {
      for (int n = 0; n < 1000; n++) {
        s.setString(1, "batched " + n);
        s.setInt(2, n);
        s.addBatch();
      }
      int[] counts = s.executeBatch();
      show(counts.length, Arrays.stream(counts).distinct().toArray());
      failure(() -> {
        for (String name : List.of("fine", "item 1", "behind it")) {
          s.setString(1, name);
          s.setInt(2, 1);
          s.addBatch();
        }
        s.executeBatch();
      });
    }
    try (Statement s = connection.createStatement()) {
      s.addBatch("UPDATE item SET amount = 1 WHERE name = 'batched 1'");
      s.addBatch("DELETE FROM item WHERE name LIKE 'batched %'");
      s.addBatch("DELETE FROM item WHERE name IN ('fine', 'behind it')");
      show(s.executeBatch());
    }
  }

  static void errors(Connection connection) throws Exception {
    for (String sql : List.of("INSERT INTO item (name) VALUES ('item 1')", "INSERT INTO item (name, amount) VALUES ('negative', -1)",
        "INSERT INTO item (amount) VALUES (1)", "INSERT INTO part VALUES (-1)", "SELECT * FROM missing", "SELEC")) {
      try (Statement s = connection.createStatement()) {
        failure(() -> s.execute(sql));
      }
    }
    try (PreparedStatement s = connection.prepareStatement("INSERT INTO item (name) VALUES (?)")) {
      for (int n = 0; n < 7; n++) {
        s.setString(1, "item 2");
        failure(s::executeUpdate);
      }
    }
  }

  static void transactions(Connection connection) throws Exception {
    connection.setAutoCommit(false);
    try (Statement s = connection.createStatement();
        PreparedStatement insert = connection.prepareStatement("INSERT INTO item (name) VALUES (?)")) {
      s.executeUpdate("INSERT INTO item (name) VALUES ('in a block')");
      Savepoint savepoint = connection.setSavepoint("own");
      for (int n = 0; n < 7; n++) {  // with autosave=always the block goes on
        insert.setString(1, "in a block");
        failure(insert::executeUpdate);
        failure(() -> show(rows(s.executeQuery("SELECT count(*) FROM item WHERE name = 'in a block'"))));
      }
      connection.rollback(savepoint);
      show(rows(s.executeQuery("SELECT count(*) FROM item WHERE name = 'in a block'")));
      connection.rollback();
      connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
      s.executeUpdate("INSERT INTO part VALUES (-2)");
      failure(connection::commit);
      connection.rollback();
      connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
      connection.commit();
      s.setFetchSize(30);  // portals that are fetched in parts
      int seen = 0;
      try (ResultSet found = s.executeQuery("SELECT id FROM item ORDER BY id")) {
        while (found.next()) seen++;
      }
      show(seen);
      connection.commit();
    }
    connection.setAutoCommit(true);
  }

  static void copies(Connection connection) throws Exception {
    CopyManager copy = connection.unwrap(PGConnection.class).getCopyAPI();
    StringBuilder data = new StringBuilder();
    for (int n = 0; n < 5000; n++) data.append("copied ").append(n).append('\t').append(n).append('\n');
    show(copy.copyIn("COPY item (name, amount) FROM STDIN", new StringReader(data.toString())));
    failure(() -> copy.copyIn("COPY item (name, amount) FROM STDIN", new StringReader("copied 1\t1\n")));
    failure(() -> copy.copyIn("COPY item (name, amount) FROM STDIN", new ByteArrayInputStream("bad\t-1\n".getBytes())));
    StringWriter out = new StringWriter();
    show(copy.copyOut("COPY (SELECT name FROM item ORDER BY id) TO STDOUT", out), out.toString().length());
    try (Statement s = connection.createStatement()) {
      show(s.executeUpdate("DELETE FROM item WHERE name LIKE 'copied %'"));
    }
  }

  static void bigValues(Connection connection) throws Exception {
    String big = "ä".repeat(4_000_000);
    try (PreparedStatement s = connection.prepareStatement("SELECT ?::text, decode(repeat('00ff', 8000000), 'hex')")) {
      s.setString(1, big);
      ResultSet found = s.executeQuery();
      found.next();
      byte[] bytes = found.getBytes(2);
      show(found.getString(1).equals(big), bytes.length, digest(bytes));
    }
  }

  static void notifications(Connection connection, Connection other) throws Exception {
    try (Statement listen = connection.createStatement(); Statement notify = other.createStatement()) {
      listen.execute("LISTEN channel");
      notify.execute("SELECT pg_notify('channel', 'other')");
      for (var heard : connection.unwrap(PGConnection.class).getNotifications(10_000)) show(heard.getName(), heard.getParameter());
    }
  }

  static void cancels(Connection connection) throws Exception {
    try (Statement s = connection.createStatement()) {
      s.setQueryTimeout(1);  // which sends a cancel request
      failure(() -> s.execute("SELECT pg_sleep(60)"));
      s.setQueryTimeout(0);
      show(rows(s.executeQuery("SELECT 1")));
    }
  }

  static void ordinary(String settings) throws Exception {
    try (Connection connection = connect(settings); Connection other = connect(settings)) {
      String of = settings + ": ";
      step(of + "queries");
      queries(connection);
      step(of + "batches");
      batches(connection);
      step(of + "errors");
      errors(connection);
      step(of + "transactions");
      transactions(connection);
      step(of + "copies");
      copies(connection);
      step(of + "notify");
      notifications(connection, other);
    }
  }

  public static void main(String[] arguments) throws Exception {
    for (String autosave : List.of("never", "always", "conservative")) {
      for (int threshold : new int[] {0, 1, 5}) ordinary("autosave=" + autosave + "&prepareThreshold=" + threshold);
    }
    ordinary("autosave=always&cleanupSavepoints=true&prepareThreshold=1");
    ordinary("reWriteBatchedInserts=true");
    ordinary("reWriteBatchedInserts=true&autosave=always&prepareThreshold=1");
    ordinary("binaryTransfer=false&prepareThreshold=1");
    ordinary("prepareThreshold=-1");  // everything in binary from the first time on
    for (String mode : List.of("simple", "extended", "extendedForPrepared", "extendedCacheEverything")) ordinary("preferQueryMode=" + mode);
    try (Connection connection = connect("")) {
      step("big values");
      bigValues(connection);
      step("cancel");
      cancels(connection);
    }
  }
}
