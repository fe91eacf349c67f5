package shop;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Scanner;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.hibernate.Session;
import org.hibernate.SessionFactory;
import org.hibernate.cfg.Configuration;

/** What Hibernate and JDBC see of a key that is taken, call by call: one line of JSON each. */
public class Operations {
  static final String INSERT = "INSERT INTO products (sku, name, stock) VALUES (?, ?, ?)";
  // The line that changes: JDBC_URL names pgconcord's host and port instead of the server's.
  static final String URL = System.getenv("JDBC_URL");
  static final Scanner STEPS = new Scanner(System.in);
  static int number = 0;

  interface Work {
    String on(String sku) throws Exception;
  }

  static void report(String operation, String call, Work work) {
    String sku = "sku-" + number++;
    String result;
    try {
      result = work.on(sku);
    } catch (Exception error) {
      result = "\"error\": \"" + error.getClass().getSimpleName() + "\", \"sqlstate\": \"" + sqlState(error) + "\"";
    }
    System.out.printf("{\"operation\": \"%s\", \"call\": \"%s\", \"sku\": \"%s\", %s}%n", operation, call, sku, result);
    if (System.getenv("STEP") != null) STEPS.nextLine();
  }

  static String sqlState(Throwable error) {
    for (; error != null; error = error.getCause()) {
      if (error instanceof SQLException refused) return refused.getSQLState();
    }
    return "";
  }

  static String object(Long id, String sku, String name) {
    return "{\"id\": " + id + ", \"sku\": \"" + sku + "\", \"name\": \"" + name + "\"}";
  }

  static String objects(Product... products) {
    return Arrays.stream(products)
        .map(each -> object(each.id, each.sku, each.name))
        .collect(Collectors.joining(", ", "\"objects\": [", "]"));
  }

  static PreparedStatement bind(PreparedStatement statement, String sku, String name, int stock) throws SQLException {
    statement.setString(1, sku);
    statement.setString(2, name);
    statement.setInt(3, stock);
    return statement;
  }

  /** Another session stores the row first. */
  static void rival(String sku) throws SQLException {
    try (Connection connection = DriverManager.getConnection(URL)) {
      bind(connection.prepareStatement(INSERT), sku, "stored", 1).executeUpdate();
    }
  }

  static String inTransaction(SessionFactory factory, Function<Session, Product[]> work) {
    return objects(factory.fromTransaction(work));
  }

  static void withHibernate(SessionFactory factory) {
    report("create", "Hibernate persist()", sku -> {
      rival(sku);
      return inTransaction(factory, session -> {
        Product product = new Product(sku);
        session.persist(product);
        return new Product[] {product};
      });
    });
    report("save", "Hibernate merge()", sku -> {
      rival(sku);
      return inTransaction(factory, session -> new Product[] {session.merge(new Product(sku))});
    });
    report("bulk create", "Hibernate persist(), many", sku -> {
      rival(sku);
      return inTransaction(factory, session -> {
        Product[] products = {new Product(sku + "-new"), new Product(sku)};
        for (Product each : products) session.persist(each);
        return products;
      });
    });
    report("raw SQL", "Hibernate createNativeMutationQuery()", sku -> {
      rival(sku);
      return "\"count\": " + factory.<Integer>fromTransaction(session -> session
          .createNativeMutationQuery("INSERT INTO products (sku, name, stock) VALUES (?1, 'sent', 2)")
          .setParameter(1, sku).executeUpdate());
    });
  }

  static void withJdbc(Connection connection) {
    report("raw SQL", "JDBC executeUpdate()", sku -> {
      rival(sku);
      return "\"count\": " + bind(connection.prepareStatement(INSERT), sku, "sent", 2).executeUpdate();
    });
    report("raw SQL", "JDBC RETURN_GENERATED_KEYS", sku -> {
      rival(sku);
      PreparedStatement statement = connection.prepareStatement(INSERT, PreparedStatement.RETURN_GENERATED_KEYS);
      bind(statement, sku, "sent", 2).executeUpdate();
      ResultSet keys = statement.getGeneratedKeys();
      Long id = keys.next() ? keys.getLong("id") : null;
      return "\"objects\": [" + object(id, sku, id == null ? "" : keys.getString("name")) + "]";
    });
    report("bulk create", "JDBC executeBatch()", sku -> {
      rival(sku);
      PreparedStatement statement = connection.prepareStatement(INSERT);
      bind(statement, sku + "-new", "sent", 2).addBatch();
      bind(statement, sku, "sent", 2).addBatch();
      return "\"count\": " + Arrays.stream(statement.executeBatch()).sum();
    });
  }

  public static void main(String[] arguments) throws Exception {
    Configuration configuration = new Configuration().addAnnotatedClass(Product.class);
    configuration.setProperty("hibernate.connection.url", URL);
    try (SessionFactory factory = configuration.buildSessionFactory()) {
      withHibernate(factory);
    }
    try (Connection connection = DriverManager.getConnection(URL)) {
      withJdbc(connection);
    }
  }
}
